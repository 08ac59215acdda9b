package io.vicinal.kit;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One of two sides that run the same operation: a backend, inputs drawn from a seed (the same on
 * both sides), outputs that are poisoned before the call and remembered. On a device, tensors lie
 * there or on the host by a coin of their own. Not thread-safe.
 */
final class Side implements AutoCloseable {
  /** Elements before and after every output that nobody may write. */
  private static final int GUARD = 64;

  /** A remembered result: floating-point values with a tolerance, or integers that must agree. */
  record Result(String name, double[] values, long[] integers) {}

  private record Output(String name, Tensor values, Tensor whole) {}

  private final Backend backend;
  private final SplittableRandom random;
  private final SplittableRandom coin;
  private final Arena host = Arena.host();
  private final Arena there;
  private final List<Output> outputs = new ArrayList<>();
  private final List<Result> results = new ArrayList<>();
  private final int largest;
  private final DType type;
  private String shapes = "";
  private boolean settled;

  /**
   * @param largest size that {@link #size} draws
   * @param mixed whether tensors may lie on the backend's device
   * @param type in place of the one that the operation asks for, its values those of F32; or null
   */
  Side(Backend backend, long seed, int largest, boolean mixed, DType type) {
    this.backend = backend;
    this.random = new SplittableRandom(seed);
    this.coin = new SplittableRandom(~seed);
    this.largest = largest;
    this.type = type;
    this.there = mixed ? new Arena(backend.memory()) : null;
  }

  Backend backend() {
    return backend;
  }

  /** A size that is often at or beside a tile's edge: 1 to the largest, at least {@code least}. */
  int size(String letter, int least) {
    int[] edges = {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257};
    int edge = edges[random.nextInt(edges.length)];
    int drawn = random.nextBoolean() && edge <= largest ? edge : 1 + random.nextInt(largest);
    return said(letter, Math.max(least, drawn));
  }

  /** A whole number in low..high. */
  int pick(String letter, int low, int high) {
    return said(letter, low + random.nextInt(high - low + 1));
  }

  /** Notes a size for the line of a failure. */
  int said(String letter, int value) {
    shapes += (shapes.isEmpty() ? "" : " ") + letter + "=" + value;
    return value;
  }

  String shapes() {
    return shapes;
  }

  /** An arena for the next tensor: of the device or of the host. */
  Arena place() {
    return there != null && (settled || coin.nextBoolean()) ? there : host;
  }

  /** From now on everything lies on the device, if there is one. */
  void settle() {
    settled = true;
  }

  Arena host() {
    return host;
  }

  double uniform(double low, double high) {
    return random.nextDouble(low, high);
  }

  double[] gaussian(long count, double deviation) {
    double[] values = new double[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i += 2) {
      // Box and Muller's pair.
      double radius = deviation * Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
      double angle = 2 * Math.PI * random.nextDouble();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < values.length) {
        values[i + 1] = radius * Math.sin(angle);
      }
    }
    return values;
  }

  /** Independent normal values. */
  Tensor normal(DType type, long... shape) {
    return normal(place(), type, shape);
  }

  Tensor normal(Arena arena, DType type, long... shape) {
    return of(arena, type, gaussian(Shape.of(shape).size(), 1), shape);
  }

  Tensor of(DType type, double[] values, long... shape) {
    return of(place(), type, values, shape);
  }

  private Tensor of(Arena arena, DType asked, double[] values, long... shape) {
    Tensor tensor = arena.allocate(type == null ? asked : type, shape);
    double[] taken = values;
    if (type != null) {
      taken = Arrays.stream(values).map(v -> (float) v).toArray();
    }
    tensor.set(taken);
    return tensor;
  }

  /** A tensor that is F32 whatever the type. */
  Tensor single(double[] values, long... shape) {
    Tensor tensor = place().allocate(DType.F32, shape);
    tensor.set(values);
    return tensor;
  }

  /** Ids in 0..bound-1. */
  Tensor ids(int count, int bound) {
    long[] values = new long[count];
    Arrays.setAll(values, i -> random.nextInt(bound));
    return place().of(values, count);
  }

  /** An output: NaN inside and around it until it is written. */
  Tensor out(String name, DType asked, long... shape) {
    return guarded(name, type == null ? asked : type, shape);
  }

  /** An output that is F64 whatever the type. */
  Tensor doubles(String name, long... shape) {
    return guarded(name, DType.F64, shape);
  }

  /** An output of integers, the least one inside and around it until it is written. */
  Tensor integers(String name, long... shape) {
    return guarded(name, DType.I64, shape);
  }

  private Tensor guarded(String name, DType stored, long... shape) {
    long size = Shape.of(shape).size();
    Tensor whole = place().allocate(stored, size + 2 * GUARD);
    poison(whole);
    Tensor inside = whole.rows(GUARD, GUARD + size).reshape(shape);
    outputs.add(new Output(name, inside, whole));
    return inside;
  }

  private static void poison(Tensor tensor) {
    int count = Math.toIntExact(tensor.size());
    if (tensor.dtype() == DType.I64) {
      long[] values = new long[count];
      Arrays.fill(values, Long.MIN_VALUE);
      tensor.set(values);
    } else {
      double[] values = new double[count];
      Arrays.fill(values, Double.NaN);
      tensor.set(values);
    }
  }

  /** Remembers a tensor that was changed in place. */
  void keep(String name, Tensor tensor) {
    outputs.add(new Output(name, tensor, null));
  }

  /** Remembers numbers. */
  void keep(String name, double... values) {
    results.add(new Result(name, values.clone(), null));
  }

  /** Remembers integers, which must be the same. */
  void keepExact(String name, long... values) {
    results.add(new Result(name, null, values.clone()));
  }

  /**
   * What the operation left.
   *
   * @throws IllegalStateException if it wrote beside an output
   */
  List<Result> results() {
    List<Result> all = new ArrayList<>(results);
    for (Output output : outputs) {
      Tensor values = output.values;
      boolean integers = values.dtype() == DType.I64;
      all.add(
          new Result(
              output.name,
              integers ? null : values.toDoubles(),
              integers ? values.toLongs() : null));
      if (output.whole != null) {
        guard(output.name, output.whole.rows(0, GUARD));
        guard(output.name, output.whole.rows(output.whole.size() - GUARD, output.whole.size()));
      }
    }
    return all;
  }

  private static void guard(String name, Tensor edge) {
    boolean clean =
        edge.dtype() == DType.I64
            ? Arrays.stream(edge.toLongs()).allMatch(v -> v == Long.MIN_VALUE)
            : Arrays.stream(edge.toDoubles()).allMatch(Double::isNaN);
    if (!clean) {
      throw new IllegalStateException("elements beside " + name + " were written");
    }
  }

  @Override
  public void close() {
    host.close();
    if (there != null) {
      there.close();
    }
  }
}
