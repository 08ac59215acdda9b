package io.vicinal.mine;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/** Tuples that a miner found, in the order in which it found them. Not for several threads. */
public final class Mined {
  private static final int FIRST = 64;

  private final Tuples shape;
  private int[] values = new int[4 * FIRST];
  private final int width;
  private int size;
  private int skipped;

  /**
   * @param shape of the tuples
   */
  public Mined(Tuples shape) {
    this.shape = shape;
    width = shape == Tuples.QUADRUPLETS ? 4 : 3;
  }

  /** Adds an anchor, a positive and a negative. */
  public void triplet(int anchor, int positive, int negative) {
    require(shape == Tuples.TRIPLETS);
    add(anchor, positive, negative);
  }

  /** Adds an anchor, a positive, a negative and one more negative. */
  public void quadruplet(int anchor, int positive, int negative, int fourth) {
    require(shape == Tuples.QUADRUPLETS);
    add(anchor, positive, negative, fourth);
  }

  /** Adds an anchor and another sample; of sets too. */
  public void pair(int anchor, int other, boolean positive) {
    require(shape == Tuples.PAIRS || shape == Tuples.SETS);
    add(anchor, other, positive ? 1 : -1);
  }

  /** Counts an anchor for which there is nothing. */
  public void skip() {
    skipped++;
  }

  private void require(boolean fits) {
    if (!fits) {
      throw new IllegalStateException("a miner of " + words(shape) + " adds none of these");
    }
  }

  private void add(int... tuple) {
    int at = width * size;
    if (at + width > values.length) {
      if (at > Integer.MAX_VALUE / 2) {
        throw new InputException(
            "more than " + size + " tuples; mine a smaller batch, or fewer with other parameters");
      }
      values = Arrays.copyOf(values, 2 * at);
    }
    System.arraycopy(tuple, 0, values, at, width);
    size++;
  }

  /** What the tuples are. */
  public Tuples shape() {
    return shape;
  }

  /** How many tuples there are: triplets, or pairs. */
  public int size() {
    return size;
  }

  /** Anchors for which there was nothing. */
  public int skipped() {
    return skipped;
  }

  /**
   * Column 0 (anchor), 1 (positive, or other), 2 (negative, or 1 and -1 as sign) or 3 (of a
   * quadruplet) of a tuple.
   */
  public int get(int tuple, int column) {
    return values[width * tuple + column];
  }

  /**
   * I64 [m, 3]: anchor, positive, negative; or anchor, other, and 1 or -1; of quadruplets [m, 4].
   */
  public Tensor matrix(Arena arena) {
    return tensor(arena, k -> values[k], size, width);
  }

  /**
   * The inputs of a {@link io.vicinal.loss.tuple.TupleProgram}.
   *
   * @param as the shape that it was made for: the own one, or sets of pairs, or pairs of sets
   * @param type of the embeddings
   * @param in what the tuples are of
   */
  public Map<String, Tensor> inputs(Arena arena, Tuples as, DType type, Candidates in) {
    return inputs(arena, as, type, in.size(), in.references());
  }

  /**
   * The same of tuples that are of a batch alone.
   *
   * @param batch the samples, B
   */
  public Map<String, Tensor> inputs(Arena arena, Tuples as, DType type, int batch) {
    return inputs(arena, as, type, batch, batch);
  }

  private Map<String, Tensor> inputs(
      Arena arena, Tuples as, DType type, int anchors, int references) {
    if (as != shape
        && (as != Tuples.SETS || shape != Tuples.PAIRS)
        && (as != Tuples.PAIRS || shape != Tuples.SETS)) {
      throw new IllegalArgumentException(words(shape) + " are no " + words(as));
    }
    if (as == Tuples.SETS) {
      return Map.of(
          "positives",
          mask(arena, type, 1, anchors, references),
          "negatives",
          mask(arena, type, -1, anchors, references));
    }
    List<String> names =
        as == Tuples.PAIRS
            ? List.of("anchors", "others", "signs")
            : List.of("anchors", "positives", "negatives", "fourths").subList(0, width);
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (String name : names) {
      inputs.put(name, column(arena, inputs.size()));
    }
    return inputs;
  }

  private Tensor mask(Arena arena, DType type, int sign, int anchors, int references) {
    float[] mask = new float[anchors * references];
    for (int t = 0; t < size; t++) {
      if (get(t, 2) == sign) {
        mask[get(t, 0) * references + get(t, 1)] = 1;
      }
    }
    Tensor tensor = arena.allocate(type, anchors, references);
    tensor.set(mask);
    return tensor;
  }

  private Tensor column(Arena arena, int column) {
    return tensor(arena, t -> get(t, column), size);
  }

  private static Tensor tensor(Arena arena, IntUnaryOperator value, long... dims) {
    Tensor tensor = arena.allocate(DType.I64, dims);
    long[] values = new long[(int) tensor.size()];
    Arrays.setAll(values, value::applyAsInt);
    tensor.set(values);
    return tensor;
  }

  static String words(Tuples shape) {
    return switch (shape) {
      case PAIRS -> "pairs";
      case TRIPLETS -> "triplets";
      case SETS -> "sets";
      case QUADRUPLETS -> "quadruplets";
    };
  }
}
