package io.vicinal.influence.query;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The test rows that measurements speak of: features and labels. Whatever it computes, it computes
 * for the rows that are asked for only, and embeddings in double, so that small changes of a
 * measurement survive.
 *
 * <p>Its tensors are borrowed. Safe for any thread.
 */
public final class TestSet {
  /** Rows that are converted to double at a time. */
  private static final int BLOCK = 1024;

  private final Backend backend;
  private final Tensor features;
  private final long[] labels;

  /**
   * @param features [T, D], F32 or F64, in the Kronecker basis of the heads that will be given
   * @param labels I64 [T], any values
   * @throws InputException if they do not fit, or a feature is NaN or infinite
   */
  public TestSet(Backend backend, Tensor features, Tensor labels) {
    this.backend = backend;
    this.features = features;
    if (features.shape().rank() != 2 || !features.dtype().isFloat() || features.size() == 0) {
      throw new InputException(
          "test features: are " + features + "; give a non-empty matrix [T, D] of floats");
    }
    if (labels.dtype() != DType.I64 || labels.size() != features.dim(0)) {
      throw new InputException(
          "test labels: are "
              + labels
              + "; give one int64 label for each of "
              + features.dim(0)
              + " rows");
    }
    long bad = backend.findNonFinite(features);
    if (bad >= 0) {
      throw new InputException(
          "test features: ["
              + bad / features.dim(1)
              + ", "
              + bad % features.dim(1)
              + "] is NaN or infinite; repair or remove that row");
    }
    this.labels = labels.toLongs();
  }

  /** T. */
  public long rows() {
    return labels.length;
  }

  /** Features [T, D]. */
  public Tensor features() {
    return features;
  }

  /** The labels, as a fresh array [T]. */
  public long[] labels() {
    return labels.clone();
  }

  /** The rows of a class, ascending. */
  public long[] rowsOfClass(long label) {
    return IntStream.range(0, labels.length)
        .filter(row -> labels[row] == label)
        .asLongStream()
        .toArray();
  }

  /**
   * The rows that some measurements read, each once, ascending.
   *
   * @throws InputException if one of them does not exist
   */
  public long[] rowsOf(Collection<? extends Measurement> measurements) {
    for (Measurement measurement : measurements) {
      for (long row : measurement.rows()) {
        if (row < 0 || row >= rows()) {
          throw new InputException(
              measurement.name()
                  + ": there is no test row "
                  + row
                  + "; rows are 0.."
                  + (rows() - 1));
        }
      }
    }
    return measurements.stream()
        .flatMapToLong(measurement -> Arrays.stream(measurement.rows()))
        .sorted()
        .distinct()
        .toArray();
  }

  /** Features of some rows, [R, D], of the features' type. */
  public Tensor gather(long[] rows, Arena arena) {
    Tensor out = arena.allocate(features.dtype(), rows.length, features.dim(1));
    try (Arena ids = Arena.host()) {
      backend.gatherRows(features, ids.of(rows, rows.length), out);
    }
    return out;
  }

  /**
   * Raw embeddings of some rows under a head.
   *
   * @param rows ascending, each once
   */
  public Embedded embed(HeadTensors head, long[] rows) {
    int d = Math.toIntExact(head.weight().dim(0));
    double[][] values = new double[rows.length][];
    try (Arena heads = Arena.host();
        Arena blocks = Arena.host()) {
      HeadTensors exact =
          new HeadTensors(
              inDouble(head.weight(), heads),
              head.bias() == null ? null : inDouble(head.bias(), heads),
              null);
      for (int from = 0; from < rows.length; from += BLOCK) {
        int to = Math.min(rows.length, from + BLOCK);
        Tensor x = inDouble(gather(Arrays.copyOfRange(rows, from, to), blocks), blocks);
        Tensor z = blocks.allocate(DType.F64, to - from, d);
        backend.embed(x, exact, z);
        double[] flat = z.toDoubles();
        for (int r = from; r < to; r++) {
          values[r] = Arrays.copyOfRange(flat, (r - from) * d, (r - from + 1) * d);
        }
        blocks.reset();
      }
    }
    return new Embedded(d, rows.clone(), values);
  }

  private static Tensor inDouble(Tensor values, Arena arena) {
    if (values.dtype() == DType.F64) {
      return values;
    }
    Tensor copy = arena.allocate(DType.F64, values.shape());
    copy.copyFrom(values);
    return copy;
  }

  /** A measurement's value under a head. */
  public double value(Measurement measurement, HeadTensors head) {
    return measurement.value(embed(head, rowsOf(List.of(measurement))));
  }

  /**
   * A measurement's gradient with respect to the weight of the head that gave these embeddings.
   *
   * @param embeddings of at least the measurement's rows
   */
  public static LowRankGradient gradient(
      Measurement measurement, Measurement.Embeddings embeddings) {
    long[] rows = measurement.rows();
    double[][] coefficients = new double[rows.length][embeddings.width()];
    measurement.gradient(
        embeddings,
        (row, derivative) ->
            UnitRows.addTo(coefficients[Arrays.binarySearch(rows, row)], 1, derivative));
    return new LowRankGradient(rows, coefficients);
  }

  /** Norm of a gradient, without writing it out. */
  public double norm(LowRankGradient gradient) {
    double[][] c = gradient.coefficients();
    try (Arena arena = Arena.host()) {
      double[] f = gather(gradient.rows(), arena).toDoubles();
      int width = f.length / Math.max(1, c.length);
      double sum = 0;
      for (int r = 0; r < c.length; r++) {
        double[] left = Arrays.copyOfRange(f, r * width, (r + 1) * width);
        for (int s = 0; s < c.length; s++) {
          double[] right = Arrays.copyOfRange(f, s * width, (s + 1) * width);
          sum += UnitRows.dot(c[r], c[s]) * UnitRows.dot(left, right);
        }
      }
      return Math.sqrt(Math.max(0, sum));
    }
  }

  /**
   * Writes a gradient out: sum over r of coefficient_r f_r'.
   *
   * @param out [d, D], of the features' type
   */
  public void expand(LowRankGradient gradient, Tensor out) {
    try (Arena arena = new Arena(backend.memory())) {
      Tensor c = arena.allocate(features.dtype(), gradient.rows().length, out.dim(0));
      c.set(Arrays.stream(gradient.coefficients()).flatMapToDouble(Arrays::stream).toArray());
      backend.gemm(T, N, c, gather(gradient.rows(), arena), out);
    }
  }
}
