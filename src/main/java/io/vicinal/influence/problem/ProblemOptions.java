package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.tensor.DType;
import java.util.Objects;

/**
 * How a {@link HeadProblem} is set up. A value, safe for any thread.
 *
 * @param theta the analysed parameters
 * @param dtype F32 or F64, the type of its arithmetic; features of the other type are converted
 * @param rotate whether features are copied into the basis where EK-FAC is diagonal; without it
 *     systems are solved by plain conjugate gradients. Has no effect for losses that are not a
 *     cosine softmax
 * @param memoryBytes what it may hold; 0 for four fifths of the machine's memory
 */
public record ProblemOptions(ParameterSubset theta, DType dtype, boolean rotate, long memoryBytes) {
  /**
   * @throws InputException if a value is outside its range
   */
  public ProblemOptions {
    Objects.requireNonNull(theta, "theta");
    if (!dtype.isFloat()) {
      throw new InputException("dtype: " + dtype + " has no fractions; choose F32 or F64");
    }
    if (memoryBytes < 0) {
      throw new InputException("memory: " + memoryBytes + " bytes is negative; 0 means automatic");
    }
  }

  /** W, single precision, rotated, automatic memory. */
  public static ProblemOptions defaults() {
    return new ProblemOptions(ParameterSubset.W, DType.F32, true, 0);
  }

  /** The same with other parameters analysed. */
  public ProblemOptions with(ParameterSubset other) {
    return new ProblemOptions(other, dtype, rotate, memoryBytes);
  }

  /** The same with another type. */
  public ProblemOptions with(DType other) {
    return new ProblemOptions(theta, other, rotate, memoryBytes);
  }

  /** The same without the rotation, hence without EK-FAC. */
  public ProblemOptions unrotated() {
    return new ProblemOptions(theta, dtype, false, memoryBytes);
  }

  /** The same with another limit. */
  public ProblemOptions withMemory(long bytes) {
    return new ProblemOptions(theta, dtype, rotate, bytes);
  }
}
