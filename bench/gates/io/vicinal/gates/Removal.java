package io.vicinal.gates;

import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Gate 9: the samples that are predicted to harm most, against random ones and the nearest ones.
 */
final class Removal {
  private static final int TOP = 20;
  private static final int RANDOM_DRAWS = 5;

  private Removal() {}

  static void check(Laboratory lab, String scene, Consumer<GateResult> hear) {
    int all = lab.group();
    double[] scores = lab.scores("if")[all];
    long[] harmful = top(scores);
    List<Outcome> single =
        lab.retraining().run(Arrays.stream(harmful).mapToObj(Edit::remove).toList());
    double right =
        single.stream().filter(outcome -> outcome.change(all) > 0).count() / (double) TOP;
    hear.accept(
        GateResult.atLeast(scene, 9, "sign of the top-20 harmful, one by one", right, 0.95));

    Outcome byPrediction = lab.retraining().run(Edit.remove("harmful", harmful));
    Outcome nearest = lab.retraining().run(Edit.remove("nearest", nearest(lab)));
    double most = Double.NEGATIVE_INFINITY;
    double mean = 0;
    Xoshiro random = Xoshiro.of(0, "removal");
    for (int draw = 0; draw < RANDOM_DRAWS; draw++) {
      long[] rows = LongStream.range(0, scores.length).toArray();
      random.shuffle(rows, 0, rows.length);
      Outcome outcome = lab.retraining().run(Edit.remove("random", Arrays.copyOf(rows, TOP)));
      most = Math.max(most, outcome.change(all));
      mean += outcome.change(all) / RANDOM_DRAWS;
    }
    double gain = byPrediction.change(all);
    hear.accept(
        GateResult.atLeast(
            scene, 9, "distance gained by harmful less best random", gain - most, 0));
    hear.accept(GateResult.info(scene, 9, "distance gained, 20 harmful removed", gain));
    hear.accept(GateResult.info(scene, 9, "distance gained, 20 random, mean", mean));
    hear.accept(
        GateResult.info(scene, 9, "distance gained, 20 nearest removed", nearest.change(all)));
    hear.accept(
        GateResult.info(
            scene, 9, "recall gained, 20 harmful removed", byPrediction.change(lab.recall())));
  }

  private static long[] top(double[] scores) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]))
        .limit(TOP)
        .mapToLong(i -> i)
        .toArray();
  }

  /** The training samples whose features are nearest to any row of the pairs, by cosine. */
  private static long[] nearest(Laboratory lab) {
    double[] train = lab.scene().training().features().toDoubles();
    double[] test = lab.scene().test().features().toDoubles();
    int width = (int) lab.scene().training().width();
    double[] best = new double[train.length / width];
    Arrays.fill(best, Double.NEGATIVE_INFINITY);
    for (long row : lab.queryRows()) {
      for (int i = 0; i < best.length; i++) {
        best[i] = Math.max(best[i], cosine(train, i, test, (int) row, width));
      }
    }
    return top(best);
  }

  private static double cosine(double[] a, int i, double[] b, int j, int width) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int k = 0; k < width; k++) {
      ab += a[i * width + k] * b[j * width + k];
      aa += a[i * width + k] * a[i * width + k];
      bb += b[j * width + k] * b[j * width + k];
    }
    return ab / Math.sqrt(aa * bb);
  }
}
