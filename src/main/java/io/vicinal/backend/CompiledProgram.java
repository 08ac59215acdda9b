package io.vicinal.backend;

import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.util.List;

/**
 * A program that a device has read (docs/programs.md): inputs in, outputs out, in the order of its
 * text. Real arrays of one run are all F32 or all F64, arrays of rank 0 always F64, labels and
 * indices I64.
 *
 * <p>Thread safety: any number of threads may run it, and a close waits for them.
 */
public interface CompiledProgram extends AutoCloseable {
  /** Type and shape of an array. */
  record Form(DType type, Shape shape) {}

  /**
   * What a run writes.
   *
   * @param outputs forms of the outputs
   * @param temporaryBytes of memory that the run takes beside them
   */
  record Needs(List<Form> outputs, long temporaryBytes) {}

  /**
   * What a run with such inputs writes.
   *
   * @throws io.vicinal.InputException if the inputs do not fit the program or each other; the
   *     sentence names the operation, the shapes and the line that built it
   */
  Needs needs(List<Tensor> inputs);

  /**
   * Runs the program.
   *
   * @param outputs of the forms that {@link #needs} gives; overwritten
   */
  void run(List<Tensor> inputs, List<Tensor> outputs);

  @Override
  void close();
}
