package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * The vectors of a problem: m directions at once, each with a part for every analysed parameter.
 * One row of a block is one vector; operations with one factor per row keep the rows' recurrences
 * independent. Immutable, safe for any thread; what it writes to belongs to the caller.
 *
 * @param parts the shapes of the analysed parameters by name, in a fixed order
 */
public record ParameterSpace(Backend backend, DType dtype, Map<String, Shape> parts) {

  /** Number of parameters. */
  public long dimension() {
    return parts.values().stream().mapToLong(Shape::size).sum();
  }

  /** Bytes of one vector. */
  public long bytes() {
    return dimension() * dtype.bytes();
  }

  /** The same space in another type. */
  ParameterSpace as(DType other) {
    return new ParameterSpace(backend, other, parts);
  }

  /** m vectors of zeros. */
  public Directions zeros(Arena arena, long m) {
    return Directions.of(each((name, shape) -> arena.allocate(dtype, block(m, shape))));
  }

  /** What a function makes for every part. */
  Map<String, Tensor> each(BiFunction<String, Shape, Tensor> made) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    parts.forEach((name, shape) -> all.put(name, made.apply(name, shape)));
    return all;
  }

  private static long[] block(long m, Shape shape) {
    long[] dims = new long[1 + shape.rank()];
    dims[0] = m;
    System.arraycopy(shape.dims(), 0, dims, 1, shape.rank());
    return dims;
  }

  /** A view of vectors {@code from} (inclusive) to {@code to} (exclusive). */
  public static Directions rows(Directions block, long from, long to) {
    Map<String, Tensor> rows = block.named();
    rows.replaceAll((name, tensor) -> tensor.rows(from, to));
    return Directions.of(rows);
  }

  /** Number of vectors of a block. */
  public static long count(Directions block) {
    return block.named().values().iterator().next().dim(0);
  }

  /** Whether a block has all parts, in this space's type. */
  public boolean holds(Directions block) {
    return block.named().keySet().containsAll(parts.keySet())
        && block.named().values().stream().allMatch(tensor -> tensor.dtype() == dtype);
  }

  /** Copies a block, converting its type; a missing part is zero. */
  public void copy(Directions from, Directions to) {
    Map<String, Tensor> given = from.named();
    to.named()
        .forEach(
            (name, tensor) -> {
              if (given.containsKey(name)) {
                tensor.copyFrom(given.get(name));
              } else {
                clear(tensor);
              }
            });
  }

  private static void clear(Tensor to) {
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(64 << 10, to.byteSize()));
    for (long at = 0; at < to.byteSize(); at += zeros.limit()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), to.byteSize() - at));
      to.write(at, zeros);
    }
  }

  private interface Both {
    void of(Tensor x, Tensor y);
  }

  private void both(Directions x, Directions y, Both both) {
    Map<String, Tensor> ofX = x.named();
    Map<String, Tensor> ofY = y.named();
    parts.keySet().forEach(name -> both.of(ofX.get(name), ofY.get(name)));
  }

  /** Inner products of the rows of two blocks. */
  public double[] dots(Directions a, Directions b) {
    double[] sums = new double[(int) count(a)];
    both(
        a,
        b,
        (x, y) -> {
          double[] more = backend.dots(x, y);
          Arrays.setAll(sums, q -> sums[q] + more[q]);
        });
    return sums;
  }

  /** Euclidean norms of the rows. */
  public double[] norms(Directions a) {
    return Arrays.stream(dots(a, a)).map(Math::sqrt).toArray();
  }

  /** y_q += alpha_q x_q. */
  public void axpy(double[] alpha, Directions x, Directions y) {
    both(x, y, (ofX, ofY) -> backend.axpy(alpha, ofX, ofY));
  }

  /** y_q += alpha x_q. */
  public void axpy(double alpha, Directions x, Directions y) {
    double[] all = new double[(int) count(x)];
    Arrays.fill(all, alpha);
    axpy(all, x, y);
  }

  /** y_q = x_q + beta_q y_q. */
  public void xpby(Directions x, double[] beta, Directions y) {
    both(x, y, (ofX, ofY) -> backend.xpby(ofX, beta, ofY));
  }

  /** out_q = diagonal * x_q element by element; out may be x. */
  public void multiply(Diagonal diagonal, Directions x, Directions out) {
    Map<String, Tensor> from = x.named();
    Map<String, Tensor> to = out.named();
    diagonal.parts().forEach((name, d) -> backend.multiply(d, from.get(name), to.get(name)));
  }

  /** A head moved along one vector: parameters + scale * step; what is not analysed is shared. */
  public HeadTensors moved(HeadTensors from, Directions step, double scale, Arena arena) {
    Map<String, Tensor> moved = from.named();
    step.named()
        .forEach((name, part) -> moved.put(name, moved(moved.get(name), part, scale, arena)));
    return HeadTensors.of(moved);
  }

  private Tensor moved(Tensor from, Tensor step, double scale, Arena arena) {
    Tensor to = arena.allocate(dtype, from.shape());
    to.copyFrom(from);
    long[] dims = block(1, from.shape());
    backend.axpy(new double[] {scale}, step.reshape(dims), to.reshape(dims));
    return to;
  }

  /** A head's analysed parameters as a block of one vector, sharing their memory. */
  public Directions vector(HeadTensors head) {
    Map<String, Tensor> named = head.named();
    return Directions.of(each((name, shape) -> named.get(name).reshape(block(1, shape))));
  }
}
