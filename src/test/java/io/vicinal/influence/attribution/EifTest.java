package io.vicinal.influence.attribution;

import static io.vicinal.Refusal.refused;
import static io.vicinal.influence.attribution.LinearEstimatorsTest.near;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The walks with a dense weight that is really moved, and losses that are really recomputed: naive,
 * from the paper's description. Gradients are differences, good to about 1e-10 a step.
 */
class EifTest {
  /** A naive walk: the displacement, dD, dL_i and the steps that were made. */
  private record Naive(double[] displacement, double change, double[] losses, int steps) {}

  private static Naive walk(
      SmallProblem p, Query query, double sign, EifOptions o, List<double[]> orthogonal) {
    double[] theta = p.theta;
    double before = p.value(query, p.theta);
    int steps = 0;
    for (; steps < o.steps(); steps++) {
      if (Math.abs(p.value(query, theta) - before) >= o.threshold()) {
        break;
      }
      double[] v = p.slope(query, theta);
      double whole = Math.sqrt(Dense.dot(v, v));
      for (double[] other : orthogonal) {
        DenseTruth.addTo(v, -Dense.dot(v, other) / Dense.dot(other, other), other);
      }
      double length = orthogonal.isEmpty() ? 1 : whole / Math.sqrt(Dense.dot(v, v));
      theta =
          p.truth.moved(theta, Arrays.stream(v).map(g -> sign * o.rate() * length * g).toArray());
    }
    double[] losses = new double[p.n];
    for (int i = 0; i < p.n; i++) {
      losses[i] = p.truth.loss(theta, i, p.truth.y[i]) - p.truth.loss(p.theta, i, p.truth.y[i]);
    }
    double[] displacement = p.truth.pick(theta);
    DenseTruth.addTo(displacement, -1, p.truth.pick(p.theta));
    return new Naive(displacement, p.value(query, theta) - before, losses, steps);
  }

  private static double[] mean(List<Naive> walks, EifOptions.Form form, int n) {
    double[] raw = new double[n];
    for (Naive walk : walks) {
      double length = Math.sqrt(Dense.dot(walk.displacement, walk.displacement));
      for (int i = 0; i < n; i++) {
        raw[i] +=
            switch (form) {
                  case PRODUCT -> walk.losses[i] * walk.change;
                  case RATIO -> walk.losses[i] / (walk.change + 1e-8);
                  case NORMALIZED -> walk.losses[i] * walk.change / length;
                }
                / walks.size();
      }
    }
    return raw;
  }

  /** The original's scores, found again from ours. */
  private static double[] original(SmallProblem p, Scores scores, int query) {
    double factor =
        (double) scores.diagnostics().get(query).more().get(Diagnostics.ORIGINAL_FACTOR);
    double[] original = new double[p.n];
    Arrays.setAll(original, i -> factor * scores.values()[query][i] / p.truth.weights[i]);
    return original;
  }

  @ParameterizedTest
  @EnumSource(EifOptions.Form.class)
  void scoresAreThoseOfADenseWalk(EifOptions.Form form) {
    EifOptions options = new EifOptions(20, 0.02, 1, EifOptions.Ways.ASCENT, 0, form);
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 13, true);
        Explanation e = p.explain(3)) {
      for (int m = 1; m <= 2; m++) {
        Scores scores = new Eif(options.withDirections(m)).scores(e, p.queries, Progress.NONE);
        for (int q = 0; q < p.queries.size(); q++) {
          List<Naive> walks = new ArrayList<>();
          for (int k = 0; k < m; k++) {
            walks.add(walk(p, p.queries.get(q), 1 - 2 * k, options, List.of()));
          }
          near(original(p, scores, q), mean(walks, form, p.n), 1e-6);
          assertThat(scores.diagnostics().get(q).more().get("steps"))
              .isEqualTo(walks.stream().map(Naive::steps).toList());
          assertThat(walks.get(0).change).isPositive(); // uphill
          if (m == 2) {
            assertThat(walks.get(1).change).isNegative();
          }
        }
      }
    }
  }

  @Test
  void furtherWalksAreOrthogonal() {
    EifOptions options =
        new EifOptions(10, 0.02, 1, EifOptions.Ways.ASCENT, 0, EifOptions.Form.PRODUCT)
            .withDirections(4);
    try (SmallProblem p = new SmallProblem(ParameterSubset.W_B, 13, false);
        Explanation e = p.explain(3)) {
      Query query = p.queries.get(1);
      Scores scores = new Eif(options).scores(e, List.of(query), Progress.NONE);
      List<Naive> walks = new ArrayList<>();
      walks.add(walk(p, query, 1, options, List.of()));
      walks.add(walk(p, query, -1, options, List.of()));
      List<double[]> before = new ArrayList<>();
      before.add(walks.get(0).displacement);
      before.add(orthogonalised(walks.get(1).displacement, before));
      for (int k = 0; k < 2; k++) {
        walks.add(walk(p, query, 1, options, before));
        double[] made = walks.get(walks.size() - 1).displacement;
        for (double[] other : before) {
          assertThat(Dense.dot(made, other)).isCloseTo(0, offset(1e-9 * Dense.dot(made, made)));
        }
        before.add(made);
      }
      near(original(p, scores, 0), mean(walks, EifOptions.Form.PRODUCT, p.n), 1e-6);
      assertThat(scores.diagnostics().get(0).more()).containsEntry("walks", 4);
    }
  }

  private static double[] orthogonalised(double[] v, List<double[]> before) {
    double[] result = v.clone();
    for (double[] other : before) {
      DenseTruth.addTo(result, -Dense.dot(result, other) / Dense.dot(other, other), other);
    }
    return result;
  }

  @Test
  void stopsBeforeAStepOnceTheThresholdIsReached() {
    EifOptions options =
        new EifOptions(400, 0.05, 1, EifOptions.Ways.BOTH, 0, EifOptions.Form.PRODUCT);
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 13, false);
        Explanation e = p.explain(3)) {
      Scores scores = new Eif(options).scores(e, p.queries, Progress.NONE);
      boolean stopped = false;
      for (int q = 0; q < p.queries.size(); q++) {
        Naive up = walk(p, p.queries.get(q), 1, options, List.of());
        Naive down = walk(p, p.queries.get(q), -1, options, List.of());
        assertThat(scores.diagnostics().get(q).more())
            .containsEntry("steps", List.of(up.steps, down.steps));
        stopped |= up.steps < options.steps() && up.change >= 1;
      }
      assertThat(stopped).as("some walk overshoots 1 and stops").isTrue();
    }
  }

  /**
   * The unit: a short walk's score is the gradient estimator's, whatever the form and the walks.
   */
  @Test
  void shortWalksGiveTheGradientEstimator() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 13, true);
        Explanation e = p.explain(3)) {
      Scores gradient = Estimators.of("gradient").scores(e, p.queries, Progress.NONE);
      for (EifOptions.Form form : EifOptions.Form.values()) {
        for (EifOptions.Ways ways :
            List.of(EifOptions.Ways.ASCENT, EifOptions.Ways.DESCENT, EifOptions.Ways.BOTH)) {
          EifOptions options = new EifOptions(2, 1e-4, 1, ways, 0, form);
          Scores scores = new Eif(options).scores(e, p.queries, Progress.NONE);
          for (int q = 0; q < p.queries.size(); q++) {
            near(scores.values()[q], gradient.values()[q], 2e-3);
          }
        }
      }
    }
  }

  @Test
  void nothingIsMovedForGood() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 13, false);
        Explanation e = p.explain(3)) {
      double[] weight = p.problem.reference().weight().toDoubles();
      Estimator eif = new Eif(EifOptions.defaults().withDirections(2));
      double[][] first = eif.scores(e, p.queries, Progress.NONE).values();
      double[][] again = eif.scores(e, p.queries, Progress.NONE).values();
      assertThat(p.problem.reference().weight().toDoubles()).isEqualTo(weight);
      assertThat(again).isDeepEqualTo(first);
    }
  }

  @Test
  void optionsThatMakeNoSense() {
    EifOptions options = EifOptions.defaults();
    refused(() -> new EifOptions(0, 1e-3, 1, EifOptions.Ways.ASCENT, 0, EifOptions.Form.PRODUCT));
    refused(() -> options.withDirections(0));
    refused(
        () -> new EifOptions(1, 1, 1, EifOptions.Ways.ASCENT, 1, EifOptions.Form.PRODUCT), "both");
  }
}
