package io.vicinal.influence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.Loss;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.nn.Head;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What TracIn records of a training, and that it adds up to what the training did. */
class TrajectoryTest {
  @AutoClose private static final Backend BACKEND = Backend.cpu();
  @AutoClose private static final Arena ARENA = Arena.host();
  private static final int D = 5;
  private static final int CLASSES = 3;
  private static final Loss LOSS = new NormalizedSoftmax(0.2);
  private static final List<Query> QUERIES = List.of(new Query("pair", new PairDistance(0, 1)));
  private static final FeatureSet TEST =
      new FeatureSet(ARENA.of(random(2, 9), 2, D), ARENA.of(new long[2], 2), "test");

  private static double[] random(int rows, long seed) {
    Xoshiro random = new Xoshiro(seed);
    double[] x = new double[rows * D];
    for (int k = 0; k < x.length; k++) {
      x[k] = random.nextGaussian();
    }
    return x;
  }

  private static RunConfig config(String... more) {
    List<String> all = new ArrayList<>();
    all.add("head.embedding=3");
    all.add("optimizer.name=sgd");
    all.add("optimizer.momentum=0");
    all.add("optimizer.weightDecay=0");
    all.add("compute.threads=1");
    all.addAll(List.of(more));
    return RunConfig.defaults(all.toArray(String[]::new));
  }

  private static Trajectory train(FeatureSet data, RunConfig config, Trajectory trajectory) {
    HeadTraining.of(BACKEND, config)
        .withLoss(LOSS)
        .watchedBy(trajectory)
        .train(data.features(), Supervision.hard(CLASSES, data.labels().toLongs()), ARENA);
    return trajectory;
  }

  private static FeatureSet data(int n) {
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % CLASSES;
    }
    return new FeatureSet(ARENA.of(random(n, 3), n, D), ARENA.of(labels, n), "training");
  }

  /**
   * Three batches an epoch; the rate falls to a tenth after two epochs; the first only warms up.
   */
  @Test
  void ratesAreThoseOfTheSteps() {
    RunConfig config =
        config(
            "epochs=5",
            "sampler.batch=8",
            "optimizer.lr=0.5",
            "optimizer.groups.proxies.lr=2",
            "schedule.name=step",
            "schedule.milestones=[2]",
            "schedule.factor=0.1",
            "warmup.epochs=1",
            "warmup.groups=[\"weight\",\"bias\"]");
    List<TracIn.TracedHead> kept =
        train(data(24), config, Trajectory.everyEpochs(2, ARENA)).checkpoints();
    assertThat(kept).hasSize(3); // epochs 1 and 2, 3 and 4, 5
    double[] weight = {3 * 0.5, 6 * 0.05, 3 * 0.05};
    double[] proxies = {6 * 2.0, 6 * 0.2, 3 * 0.2};
    for (int t = 0; t < 3; t++) {
      Map<String, Double> rates = kept.get(t).learningRates();
      assertThat(rates.get("weight")).isCloseTo(weight[t], offset(1e-12));
      assertThat(rates.get("bias")).isCloseTo(weight[t], offset(1e-12));
      assertThat(rates.get("proxies")).isCloseTo(proxies[t], offset(1e-12));
    }
    assertThat(kept.get(0).head().weight().toDoubles())
        .isNotEqualTo(kept.get(1).head().weight().toDoubles());
  }

  /**
   * An average is where training began and of every step a share, which is what the rates have of
   * it: here each is found by averaging a number that moves in that step alone.
   */
  @Test
  void ofAnAverageEachStepCountsByItsShare() {
    RunConfig config =
        config(
            "epochs=8",
            "sampler.batch=8",
            "optimizer.lr=0.5",
            "average.decay=0.8",
            "compute.dtype=float64");
    FeatureSet data = data(24);
    Trajectory trajectory = Trajectory.everyStep(ARENA);
    List<double[]> way = new ArrayList<>();
    HeadTraining.Listener both =
        new HeadTraining.Listener() {
          @Override
          public void stepping(HeadTraining.Step step) {
            trajectory.stepping(step);
            way.add(step.head().weight().toDoubles());
          }

          @Override
          public void ended(int epoch, Head head) {
            if (epoch == 8) {
              way.add(head.weight().toDoubles());
            }
          }
        };
    Head head =
        HeadTraining.of(BACKEND, config)
            .withLoss(LOSS)
            .watchedBy(both)
            .train(data.features(), Supervision.hard(CLASSES, data.labels().toLongs()), ARENA);
    List<TracIn.TracedHead> kept = trajectory.checkpoints();
    assertThat(kept).hasSize(24);
    double[] expected = way.get(0).clone();
    for (int s = 0; s < 24; s++) {
      double share = 0;
      for (int t = 0; t < 24; t++) {
        double decay = Math.min(0.8, (1.0 + t) / (10.0 + t));
        share = decay * share + (1 - decay) * (t < s ? 0 : 1);
      }
      double rate = kept.get(s).learningRates().get("weight");
      assertThat(rate).isCloseTo(0.5 * share, offset(1e-12));
      for (int k = 0; k < expected.length; k++) {
        expected[k] += rate / 0.5 * (way.get(s + 1)[k] - way.get(s)[k]);
      }
    }
    assertThat(head.weight().toDoubles()).containsExactly(expected, offset(1e-12));
  }

  /**
   * One sample a step: its score is what the query's distance lost along the way, by differences.
   */
  @Test
  void oneSampleAStep() {
    alongTheWay(1, "sampler.batch=1");
  }

  /** All samples a step: the scores sum to it. */
  @Test
  void allSamplesAStep() {
    alongTheWay(12, "sampler.batch=12");
  }

  private static void alongTheWay(int n, String batch) {
    FeatureSet data = data(n);
    RunConfig config =
        config(
            batch,
            "epochs=6",
            "optimizer.lr=0.3",
            "optimizer.groups.bias.lr=0.1",
            "schedule.name=step",
            "schedule.milestones=[2,4]",
            "schedule.factor=0.5");
    Trajectory trajectory = Trajectory.everyStep(ARENA);
    HeadTraining.of(BACKEND, config)
        .withLoss(LOSS)
        .watchedBy(trajectory)
        .train(data.features(), Supervision.hard(CLASSES, data.labels().toLongs()), ARENA);
    // The head after the last step is the one before a further epoch.
    Trajectory further = Trajectory.everyStep(ARENA);
    train(data, config.withEpochs(7), further);
    List<HeadTensors> heads = further.checkpoints().stream().map(TracIn.TracedHead::head).toList();
    assertThat(trajectory.checkpoints()).hasSize(6);
    double change = 0;
    for (int t = 0; t < 6; t++) {
      change += slopeAlong(heads.get(t), heads.get(t + 1));
    }
    HeadTensors last = heads.get(6);
    try (HeadProblem problem =
            HeadProblem.open(
                BACKEND,
                new HeadModel(LOSS, data, last),
                null,
                ProblemOptions.defaults().with(ParameterSubset.W_B).with(DType.F64));
        Explanation e =
            Explanation.open(
                problem, TEST, Damping.absolute(0.1, problem), ExplanationOptions.defaults())) {
      double[] scores =
          new TracIn(trajectory.checkpoints()).scores(e, QUERIES, Progress.NONE).values()[0];
      double sum = 0;
      for (double score : scores) {
        sum += score;
      }
      assertThat(Math.abs(change)).isGreaterThan(1e-3);
      assertThat(sum).isCloseTo(-change, offset(1e-7 * Math.abs(change)));
    }
  }

  /** Of the distance of the two test rows, from one head in the direction of the next. */
  private static double slopeAlong(HeadTensors from, HeadTensors to) {
    double h = 1e-5;
    return (distance(from, to, h) - distance(from, to, -h)) / (2 * h);
  }

  private static double distance(HeadTensors from, HeadTensors to, double share) {
    double[] x = TEST.features().toDoubles();
    double[] w = between(from.weight().toDoubles(), to.weight().toDoubles(), share);
    double[] b = between(from.bias().toDoubles(), to.bias().toDoubles(), share);
    double[][] z = new double[2][b.length];
    for (int i = 0; i < 2; i++) {
      double norm = 0;
      for (int a = 0; a < b.length; a++) {
        z[i][a] = b[a];
        for (int k = 0; k < D; k++) {
          z[i][a] += w[a * D + k] * x[i * D + k];
        }
        norm += z[i][a] * z[i][a];
      }
      for (int a = 0; a < b.length; a++) {
        z[i][a] /= Math.sqrt(norm);
      }
    }
    double sum = 0;
    for (int a = 0; a < b.length; a++) {
      sum += (z[0][a] - z[1][a]) * (z[0][a] - z[1][a]);
    }
    return sum;
  }

  private static double[] between(double[] from, double[] to, double share) {
    double[] at = from.clone();
    for (int k = 0; k < at.length; k++) {
      at[k] += share * (to[k] - from[k]);
    }
    return at;
  }
}
