package io.vicinal.influence.attribution;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.backend.Update;
import io.vicinal.backend.UpdateRule;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.nn.ProxyStart;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The handwritten digits, split by class: a head trained out on 0..4 by Adam on the whole set,
 * tested on 5..9, whose classes it never saw. Double precision.
 */
final class Digits implements AutoCloseable {
  static final int WIDTH = 16;
  private static final int PIXELS = 64;
  private static final int SEEN = 5;
  private static final int STEPS = 2000;

  final Backend backend = Backend.cpu();
  final Arena arena = Arena.host();
  final FeatureSet training;
  final FeatureSet test;
  final HeadModel model;
  final Confusions confusions;

  Digits(Loss loss) {
    training = read(true);
    test = read(false);
    Head head = Head.initialise(arena, DType.F64, PIXELS, WIDTH, SEEN, true, ProxyStart.NORMAL, 3);
    train(loss, head.tensors());
    model = new HeadModel(loss, training, head.tensors());
    Tensor embeddings = head.embed(backend, test.features(), arena);
    confusions = Confusions.find(backend, embeddings, test.labels(), Neighbouring.COSINE);
  }

  private FeatureSet read(boolean seen) {
    DigitRows digits = DigitRows.first(Integer.MAX_VALUE);
    int[] chosen =
        IntStream.range(0, digits.samples())
            .filter(i -> digits.labels()[i] < SEEN == seen)
            .toArray();
    double[][] rows = digits.rows();
    Arrays.stream(chosen).forEach(i -> layerNorm(rows[i]));
    double[] x =
        Arrays.stream(chosen).mapToObj(i -> rows[i]).flatMapToDouble(Arrays::stream).toArray();
    long[] y = Arrays.stream(chosen).mapToLong(i -> digits.labels()[i]).toArray();
    return new FeatureSet(
        arena.of(x, y.length, PIXELS), arena.of(y, y.length), seen ? "digits 0-4" : "digits 5-9");
  }

  /** Mean 0 and variance 1 over an image, as the original's backbone ends. */
  private static void layerNorm(double[] row) {
    double mean = Arrays.stream(row).average().orElseThrow();
    double variance = Arrays.stream(row).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    Arrays.setAll(row, k -> (row[k] - mean) / Math.sqrt(variance));
  }

  private void train(Loss loss, HeadTensors head) {
    HeadTensors gradient = like(head);
    HeadTensors first = like(head);
    HeadTensors second = like(head);
    for (int step = 1; step <= STEPS; step++) {
      backend.headGradient(
          loss.spec(),
          SEEN,
          training.features(),
          Targets.of(training.labels()),
          head,
          null,
          gradient);
      adam(head.weight(), gradient.weight(), first.weight(), second.weight(), step);
      adam(head.bias(), gradient.bias(), first.bias(), second.bias(), step);
      adam(head.proxies(), gradient.proxies(), first.proxies(), second.proxies(), step);
    }
  }

  private void adam(Tensor parameter, Tensor gradient, Tensor first, Tensor second, int step) {
    backend.update(
        UpdateRule.ADAM,
        List.of(
            new Update(
                List.of("parameter", "gradient", "first", "second"),
                List.of(parameter, gradient, first, second),
                step,
                0.01,
                0,
                1e-8,
                0,
                0.9,
                0.999,
                Update.Clip.NONE)));
  }

  private HeadTensors like(HeadTensors head) {
    return new HeadTensors(
        arena.allocate(DType.F64, head.weight().shape()),
        arena.allocate(DType.F64, head.bias().shape()),
        arena.allocate(DType.F64, head.proxies().shape()));
  }

  /** The first wrong pairs and the worst classes. */
  List<Query> queries(int pairs, int groups) {
    List<Query> queries = new ArrayList<>();
    for (Pair pair : confusions.pairs().subList(0, pairs)) {
      queries.add(
          new Query("pair " + pair.i() + "-" + pair.j(), new PairDistance(pair.i(), pair.j())));
    }
    confusions
        .groups(groups)
        .forEach(
            group -> queries.add(new Query("group " + group.label(), GroupDistance.of(group))));
    return queries;
  }

  @Override
  public void close() {
    arena.close();
    backend.close();
  }
}
