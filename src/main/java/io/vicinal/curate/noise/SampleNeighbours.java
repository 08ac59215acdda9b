package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * The nearest samples of each sample, in frozen features and in the raw embedding of a head. Each
 * piece is computed when it is first asked for, and kept. Safe for any thread.
 */
public final class SampleNeighbours {
  private static final double FAR = 1e12; // from 1: squares and sums of them stay in float32
  private static final int WIDEST_ROTATION = 4_096; // features whose principal axes are sought

  private final Backend backend;
  private final FeatureSet data;
  private final Supplier<Head> head;
  private final EvidenceOptions options;
  private final Arena arena;
  private final Once<Tensor> single = new Once<>(this::toSingle);
  private final Once<NeighbourList> frozen = new Once<>(this::searchFrozen);
  private final Once<Tensor> embeddings = new Once<>(this::embed);
  private final Once<NeighbourList> embedded = new Once<>(() -> within(embeddings()));

  /**
   * @param arena holds features in single precision, and embeddings
   */
  SampleNeighbours(
      Backend backend, FeatureSet data, Supplier<Head> head, EvidenceOptions options, Arena arena) {
    this.backend = backend;
    this.data = data;
    this.head = head;
    this.options = options;
    this.arena = arena;
  }

  /** In frozen features, each sample left out of its own list. */
  public NeighbourList frozen() {
    return frozen.get();
  }

  private NeighbourList searchFrozen() {
    Tensor x = single();
    int axes = options.axes();
    boolean rotate = axes > 0 && axes < x.dim(1) && x.dim(1) <= WIDEST_ROTATION;
    try (Arena own = new Arena(backend.memory())) {
      return within(rotate ? PrincipalAxes.project(backend, x, axes, own) : x);
    }
  }

  /** In the raw embedding, each sample left out of its own list. */
  public NeighbourList embedded() {
    return embedded.get();
  }

  private NeighbourList within(Tensor rows) {
    int samples = (int) rows.dim(0);
    if (samples < 2) {
      throw new InputException(data.name() + ": has one sample, which has no neighbour");
    }
    int k = Math.min(options.neighbours(), samples - 1);
    long[] self = LongStream.range(0, samples).toArray();
    return Neighbours.search(rows, rows, k, self, backend);
  }

  /** Raw embeddings of the head, F32 [N, d]. */
  public Tensor embeddings() {
    return embeddings.get();
  }

  private Tensor embed() {
    return asSingle(head.get().embed(backend, data.features(), arena));
  }

  /**
   * The features in single precision, [N, D]; in another unit, a power of two, where float32
   * distances of the given numbers would overflow or vanish.
   */
  public Tensor single() {
    return single.get();
  }

  private Tensor toSingle() {
    double factor = unit(data.features());
    return factor == 1 ? asSingle(data.features()) : scaled(data.features(), factor);
  }

  /** 1, or what brings the largest number into 1..2. */
  private static double unit(Tensor x) {
    double largest = 0;
    for (long i = 0; i < x.dim(0); i++) {
      for (double value : x.rows(i, i + 1).toDoubles()) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    boolean inReach = largest == 0 || largest > 1 / FAR && largest < FAR;
    return inReach ? 1 : Math.scalb(1.0, -Math.max(-1022, Math.getExponent(largest)));
  }

  private Tensor scaled(Tensor x, double factor) {
    Tensor scaled = arena.allocate(DType.F32, x.shape());
    for (long i = 0; i < x.dim(0); i++) {
      double[] row = x.rows(i, i + 1).toDoubles();
      Arrays.setAll(row, j -> row[j] * factor);
      scaled.rows(i, i + 1).set(row);
    }
    return scaled;
  }

  private Tensor asSingle(Tensor tensor) {
    if (tensor.dtype() == DType.F32) {
      return tensor;
    }
    Tensor converted = arena.allocate(DType.F32, tensor.shape());
    converted.copyFrom(tensor);
    return converted;
  }
}
