package io.vicinal.curate.reweight;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.curate.noise.NoisyDigits;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.Scores;
import io.vicinal.influence.attribution.SignedSets;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** F-26 on digits: trained on classes 0..5, explained on 6..9, which the head never saw. */
class ReweightTest {
  @AutoClose private static final Backend BACKEND = Backend.cpu();
  @AutoClose private static final Arena ARENA = Arena.host();
  private static final int PAIRS = 20;
  private static HeadModel model;
  private static Head head;
  private static FeatureSet unseen;
  private static TestSet test;
  private static List<Query> queries;
  private static Scores scores;

  @BeforeAll
  static void prepare() {
    FeatureSet all = NoisyDigits.clean(ARENA, 0, 1_797);
    FeatureSet training = all.subset(ARENA, "0..5", all.idsOf(0, 1, 2, 3, 4, 5));
    unseen = all.subset(ARENA, "6..9", all.idsOf(6, 7, 8, 9));
    Loss loss = Losses.create("normalized-softmax", Map.of("temperature", "0.1"));
    head =
        HeadTraining.of(BACKEND, NoisyDigits.TRAINING)
            .withLoss(loss)
            .train(training.features(), Supervision.hard(6, training.labels().toLongs()), ARENA);
    model = new HeadModel(loss, training, head.tensors());
    test = new TestSet(BACKEND, unseen.features(), unseen.labels());
    Tensor z = head.embed(BACKEND, unseen.features(), ARENA);
    List<Pair> pairs = Confusions.find(BACKEND, z, unseen.labels(), Neighbouring.COSINE).pairs();
    assertThat(pairs).hasSizeGreaterThanOrEqualTo(PAIRS);
    queries =
        pairs.stream()
            .limit(PAIRS)
            .map(p -> new Query(p.i() + "-" + p.j(), new PairDistance(p.i(), p.j())))
            .toList();
    try (HeadProblem problem = HeadProblem.open(BACKEND, model, ProblemOptions.defaults());
        Explanation explanation =
            Explanation.open(
                problem, unseen, Damping.multiple(1, problem), ExplanationOptions.defaults())) {
      scores = Estimators.of("gradient").scores(explanation, queries, Progress.NONE);
    }
  }

  @Test
  void whatHelpsMovesConfusedPairsApartAndTheSwappedSetsDoNot() {
    double grown = 0;
    double swapped = 0;
    try (Arena arena = Arena.host()) {
      for (int q = 0; q < PAIRS; q++) {
        List<Query> one = List.of(queries.get(q));
        int n = (int) model.samples();
        FineTune.FineTuneOptions options = FineTune.FineTuneOptions.defaults().withSeed(q);
        double[] weights = weights(n, scores.sets(q), 2, 0);
        Head better = FineTune.run(BACKEND, model, weights, options, arena);
        double[] control = weights(n, scores.sets(q), 0, 2);
        Head worse = FineTune.run(BACKEND, model, control, options, arena);
        grown += BeforeAfter.of(BACKEND, test, one, head, better).get(0).change() / PAIRS;
        swapped += BeforeAfter.of(BACKEND, test, one, head, worse).get(0).change() / PAIRS;
        assertThat(better.bias().toFloats()).isEqualTo(head.bias().toFloats());
        assertThat(better.proxies().toFloats()).isEqualTo(head.proxies().toFloats());
        assertThat(better.weight().toFloats()).isNotEqualTo(head.weight().toFloats());
      }
    }
    assertThat(grown).isPositive().isGreaterThan(swapped);
  }

  @Test
  void theExactAnswerAgrees() {
    try (HeadProblem problem = HeadProblem.open(BACKEND, model, ProblemOptions.defaults());
        Arena arena = Arena.host()) {
      double lambda = Damping.multiple(10, problem).lambda();
      ReconvergenceOptions options = ReconvergenceOptions.defaults().withTolerance(1e-3);
      Head own = Refit.run(problem, lambda, null, options, arena);
      int n = (int) model.samples();
      double grown = 0;
      double swapped = 0;
      for (int q = 0; q < 4; q++) {
        List<Query> one = List.of(queries.get(q));
        double[] weights = weights(n, scores.sets(q), 2, 0);
        Head better = Refit.run(problem, lambda, weights, options, arena);
        double[] control = weights(n, scores.sets(q), 0, 2);
        Head worse = Refit.run(problem, lambda, control, options, arena);
        grown += BeforeAfter.of(BACKEND, test, one, own, better).get(0).change();
        swapped += BeforeAfter.of(BACKEND, test, one, own, worse).get(0).change();
      }
      assertThat(grown).isPositive().isGreaterThan(swapped);
      double[] few = new double[3];
      refused(() -> Refit.run(problem, lambda, few, options, arena), "3 for");
    }
  }

  @Test
  void fractionsOfWeightsCount() {
    int n = (int) model.samples();
    double[] ones = new double[n];
    Arrays.fill(ones, 1);
    double[] fractions = ones.clone();
    Arrays.fill(fractions, 0, n / 2, 1.7);
    Arrays.fill(fractions, n / 2, n, 0.5);
    double[] twice = Arrays.stream(fractions).map(w -> 2 * w).toArray();
    try (Arena arena = Arena.host()) {
      FineTune.FineTuneOptions options = FineTune.FineTuneOptions.defaults();
      float[] plain = FineTune.run(BACKEND, model, ones, options, arena).weight().toFloats();
      float[] some = FineTune.run(BACKEND, model, fractions, options, arena).weight().toFloats();
      assertThat(some).isNotEqualTo(plain); // truncated to 1 and 0 they would not differ by half
      double[] truncated = Arrays.stream(fractions).map(Math::floor).toArray();
      float[] cut = FineTune.run(BACKEND, model, truncated, options, arena).weight().toFloats();
      assertThat(some).isNotEqualTo(cut);
      FineTune.FineTuneOptions mean = options.normalised();
      float[] a = FineTune.run(BACKEND, model, fractions, mean, arena).weight().toFloats();
      float[] b = FineTune.run(BACKEND, model, twice, mean, arena).weight().toFloats();
      for (int i = 0; i < a.length; i++) {
        assertThat(a[i]).isCloseTo(b[i], within(1e-6f));
      }
    }
  }

  /** A head of which two rows are left retrieves worse, and the table says so in its columns. */
  @Test
  void distancesAndRecallAreThoseOfBothHeads() {
    try (Arena arena = Arena.host()) {
      float[] weight = head.weight().toFloats();
      Arrays.fill(weight, 2 * 64, weight.length, 0);
      float[] bias = head.bias().toFloats();
      Arrays.fill(bias, 2, bias.length, 0);
      Head poor =
          new Head(arena.of(weight, bias.length, 64), arena.of(bias, bias.length), head.proxies());
      BeforeAfter row = BeforeAfter.of(BACKEND, test, queries.subList(0, 1), head, poor).get(0);
      double[][] z = units(head);
      double[][] poorer = units(poor);
      PairDistance pair = (PairDistance) queries.get(0).measurement();
      assertThat(row.before()).isCloseTo(distance(z, pair), within(1e-5));
      assertThat(row.after()).isCloseTo(distance(poorer, pair), within(1e-5));
      assertThat(row.change()).isCloseTo(row.after() - row.before(), within(1e-12));
      assertThat(row.recallBefore()).isCloseTo(recall(z), within(1e-3));
      assertThat(row.recallAfter()).isCloseTo(recall(poorer), within(1e-2));
      assertThat(row.recallAfter()).isLessThan(row.recallBefore() - 0.1);
    }
  }

  private static double[][] units(Head of) {
    float[] w = of.weight().toFloats();
    float[] b = of.bias().toFloats();
    float[] x = unseen.features().toFloats();
    double[][] z = new double[x.length / 64][b.length];
    for (int i = 0; i < z.length; i++) {
      double square = 0;
      for (int a = 0; a < b.length; a++) {
        z[i][a] = b[a];
        for (int k = 0; k < 64; k++) {
          z[i][a] += (double) w[a * 64 + k] * x[i * 64 + k];
        }
        square += z[i][a] * z[i][a];
      }
      for (int a = 0; a < b.length; a++) {
        z[i][a] /= Math.sqrt(square);
      }
    }
    return z;
  }

  private static double distance(double[][] z, PairDistance pair) {
    return 2 - 2 * Dense.dot(z[(int) pair.i()], z[(int) pair.j()]);
  }

  private static double recall(double[][] z) {
    long[] labels = unseen.labels().toLongs();
    double right = 0;
    for (int i = 0; i < z.length; i++) {
      int nearest = i == 0 ? 1 : 0;
      for (int j = 0; j < z.length; j++) {
        nearest = j != i && Dense.dot(z[i], z[j]) > Dense.dot(z[i], z[nearest]) ? j : nearest;
      }
      right += labels[i] == labels[nearest] ? 1.0 / z.length : 0;
    }
    return right;
  }

  @Test
  void weightsFollowTheSets() {
    double[] weights = SampleWeights.of(5, new long[] {4, 0}, new long[] {2}, 1.5, 0.25);
    assertThat(weights).containsExactly(1.5, 1, 0.25, 1, 1.5);
    assertThat(SampleWeights.normalised(new double[] {1, 3})).containsExactly(0.5, 1.5);
    refused(
        () -> SampleWeights.of(5, new long[] {1}, new long[] {1}, 2, 0), "sample 1 is named twice");
    refused(() -> SampleWeights.of(5, new long[] {5}, new long[0], 2, 0), "outside 0..4");
    refused(() -> SampleWeights.normalised(new double[2]), "nothing is left");
  }

  /** The negative control: what helps is left out, what harms counts twice. */
  private static double[] weights(int samples, SignedSets sets, double helpful, double harmful) {
    return SampleWeights.of(samples, sets.helpful(), sets.harmful(), helpful, harmful);
  }

  /**
   * Nine samples and batches of eight make one step, and as the five of class 1 are one sample, it
   * does not matter who stays out. Adam's first step is lr g / (|g| + 1e-8) in every entry, g the
   * gradient of (1/B) sum w_i L_i, here by differences of a loss that is written down once more.
   */
  @Test
  void theDefaultIsOneStepOfAdamOnTheWeightAlone() {
    double[] x = new double[9 * 3];
    long[] y = {0, 0, 0, 0, 1, 1, 1, 1, 1};
    double[] weights = {1.9, 0.3, 0.8, 1.6, 1.3, 1.3, 1.3, 1.3, 1.3};
    double[] cut = {1, 0, 0, 1, 1, 1, 1, 1, 1};
    for (int k = 0; k < x.length; k++) {
      x[k] = Math.sin(1 + Math.min(k, 12 + k % 3) * 1.7);
    }
    double[] w = {0.4, -0.3, 0.8, 0.1, 0.9, -0.5};
    double[] b = {0.2, -0.1};
    double[] p = {1, 0.2, -0.4, 0.7};
    try (Arena arena = Arena.host()) {
      HeadModel small =
          new HeadModel(
              new NormalizedSoftmax(0.5),
              new FeatureSet(arena.of(x, 9, 3), arena.of(y, 9), "nine"),
              new HeadTensors(arena.of(w, 2, 3), arena.of(b, 2), arena.of(p, 2, 2)));
      Head after =
          FineTune.run(BACKEND, small, weights, FineTune.FineTuneOptions.defaults(), arena);
      assertThat(after.bias().toDoubles()).isEqualTo(b);
      assertThat(after.proxies().toDoubles()).isEqualTo(p);
      double[] moved = after.weight().toDoubles();
      int turned = 0;
      for (int k = 0; k < w.length; k++) {
        double g = slope(k, w, b, p, x, y, weights);
        assertThat(Math.abs(g)).isGreaterThan(1e-3);
        assertThat(moved[k] - w[k]).isCloseTo(-4e-5 * Math.signum(g), within(1e-9));
        turned += g * slope(k, w, b, p, x, y, cut) < 0 ? 1 : 0;
      }
      assertThat(turned).as("weights cut to whole numbers would go elsewhere").isPositive();
    }
  }

  private static double slope(
      int k, double[] w, double[] b, double[] p, double[] x, long[] y, double[] weights) {
    double[] above = w.clone();
    double[] below = w.clone();
    above[k] += 1e-5;
    below[k] -= 1e-5;
    return (loss(above, b, p, x, y, weights) - loss(below, b, p, x, y, weights)) / 2e-5;
  }

  /** (1/8) sum of w_i L_i of the first eight. */
  private static double loss(
      double[] w, double[] b, double[] p, double[] x, long[] y, double[] weights) {
    double sum = 0;
    for (int i = 0; i < 8; i++) {
      double[] z = b.clone();
      for (int k = 0; k < w.length; k++) {
        z[k / 3] += w[k] * x[i * 3 + k % 3];
      }
      double[] logits = new double[2];
      for (int c = 0; c < 2; c++) {
        double dot = z[0] * p[2 * c] + z[1] * p[2 * c + 1];
        logits[c] = dot / Math.hypot(z[0], z[1]) / Math.hypot(p[2 * c], p[2 * c + 1]) / 0.5;
      }
      double all = Math.log(Math.exp(logits[0]) + Math.exp(logits[1]));
      sum += weights[i] * (all - logits[(int) y[i]]) / 8;
    }
    return sum;
  }
}
