package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The delivered head is an average of those on the way. */
class AveragingTest extends QuickRuns {
  @Test
  void theAverageIsDeliveredAndMeasured() {
    RunConfig config =
        quick("average.decay=0.9", "compute.dtype=float64", "validation.fraction=0", "epochs=2");
    FeatureSet clouds = Samples.clouds(arena, 240, 12, 6);
    List<double[]> way = way(config, clouds);
    double[] average = way.get(0).clone();
    for (int t = 0; t + 1 < way.size(); t++) {
      double decay = Math.min(0.9, (1.0 + t) / (10.0 + t));
      for (int i = 0; i < average.length; i++) {
        average[i] = decay * average[i] + (1 - decay) * way.get(t + 1)[i];
      }
    }
    TrainResult result =
        Trainer.train(config, clouds, folder.resolve("run"), RunMode.NEW, TrainingListener.NONE);
    double[] delivered = Head.load(result.head(), arena).weight().toDoubles();
    double[] last = way.get(way.size() - 1);
    assertThat(distance(delivered, last)).isGreaterThan(0.01);
    for (int i = 0; i < average.length; i++) {
      assertThat(delivered[i]).isCloseTo(average[i], within(1e-12));
    }
    double[] trained = lastState(folder.resolve("run")).get("weight").toDoubles();
    assertThat(distance(trained, last)).isZero();
  }

  /** The weights before the first step and after every step, of the same training. */
  private List<double[]> way(RunConfig config, FeatureSet clouds) {
    List<double[]> way = new ArrayList<>();
    long[] rows = Arrays.stream(clouds.labels().toLongs()).map(y -> y - 10).toArray();
    HeadTraining.Listener listener =
        new HeadTraining.Listener() {
          @Override
          public void stepping(HeadTraining.Step step) {
            way.add(step.head().weight().toDoubles());
          }

          @Override
          public void ended(int epoch, Head head) {
            if (epoch == config.epochs()) {
              way.add(head.weight().toDoubles());
            }
          }
        };
    try (Backend backend = Backend.cpu()) {
      HeadTraining.of(backend, config)
          .watchedBy(listener)
          .train(doubles(clouds), Supervision.hard(6, rows), arena);
    }
    return way;
  }

  private Tensor doubles(FeatureSet clouds) {
    Tensor x = arena.allocate(DType.F64, clouds.features().shape());
    x.copyFrom(clouds.features());
    return x;
  }

  private static double distance(double[] x, double[] y) {
    double most = 0;
    for (int i = 0; i < x.length; i++) {
      most = Math.max(most, Math.abs(x[i] - y[i]));
    }
    return most;
  }
}
