package io.vicinal.influence.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.problem.Toy;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a solve must not depend on. The question is always gradient' (M + lambda)^-1 gradient. */
class InvarianceTest {
  @AutoClose private static final Backend CPU = Backend.cpu();
  private static final SolveOptions TIGHT = SolveOptions.defaults().withTolerance(1e-10);

  /**
   * Scores of every sample for the measurement "mean loss of the first ten samples", re-converged
   * and solved at 1x the mean eigenvalue with the full Hessian.
   */
  private static double[] scores(Backend backend, HeadModel model, ProblemOptions options) {
    try (Arena arena = Arena.host();
        HeadProblem problem = HeadProblem.open(backend, model, options.with(DType.F64))) {
      double lambda = Damping.parse("1x", problem).lambda();
      SolveOutcome converged =
          Reconvergence.run(
              problem,
              lambda,
              null,
              null,
              ReconvergenceOptions.defaults().withTolerance(1e-10),
              arena);
      double[] weights = new double[(int) problem.samples()];
      java.util.Arrays.fill(weights, 0, 10, 1);
      Tensor first = arena.of(weights, weights.length);
      try (CurvaturePoint point = problem.at(converged.head(), null);
          CurvaturePoint question =
              problem.at(converged.head(), new Targets(problem.labels(), first, null))) {
        Directions b = question.space().zeros(arena, 1);
        question.loss().gradient(question.at(), b);
        Solution solution =
            ConjugateGradient.solve(point, CurvatureKind.HESSIAN, lambda, b, null, TIGHT, arena);
        assertThat(solution.requireDefinite().converged()).isTrue();
        Tensor scores = arena.allocate(DType.F64, 1, problem.samples());
        point.curvature().scores(solution.x(), scores);
        return scores.toDoubles();
      }
    }
  }

  private static void same(double[] found, double[] expected) {
    assertThat(Dense.distance(found, expected)).isLessThan(1e-6);
  }

  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void rotatingTheFrameOrTheEmbeddingChangesNothing(ParameterSubset theta) {
    try (Arena arena = Arena.host()) {
      HeadModel model = Toy.small().model(arena);
      ProblemOptions options = ProblemOptions.defaults().with(theta);
      double[] expected = scores(CPU, model, options);
      same(scores(CPU, model, options.unrotated()), expected);
      // A plane rotation of the embedding's first two axes.
      HeadTensors head = model.head();
      HeadTensors turned =
          new HeadTensors(
              turned(head.weight(), arena, true),
              turned(head.bias().reshape(4, 1), arena, true).reshape(4),
              turned(head.proxies(), arena, false));
      same(scores(CPU, new HeadModel(model.loss(), model.training(), turned), options), expected);
    }
  }

  private static Tensor turned(Tensor matrix, Arena arena, boolean rows) {
    int m = (int) matrix.dim(1);
    double[] values = matrix.toDoubles();
    double c = Math.cos(0.7);
    double s = Math.sin(0.7);
    int count = rows ? m : (int) matrix.dim(0);
    for (int k = 0; k < count; k++) {
      int i = rows ? k : k * m;
      int j = rows ? m + k : k * m + 1;
      double a = values[i];
      double b = values[j];
      values[i] = c * a - s * b;
      values[j] = s * a + c * b;
    }
    return arena.of(values, matrix.shape().dims());
  }

  @Test
  void permutingSamplesPermutesScores() {
    try (Arena arena = Arena.host()) {
      HeadModel model = Toy.small().model(arena);
      double[] expected = scores(CPU, model, ProblemOptions.defaults());
      // The question's ten samples stay in front.
      long[] order = new long[60];
      for (int i = 0; i < 60; i++) {
        order[i] = i;
      }
      Xoshiro.of(3, "order").shuffle(order, 0, 10);
      Xoshiro.of(4, "order").shuffle(order, 10, 60);
      FeatureSet permuted = model.training().subset(arena, "permuted", order);
      double[] found =
          scores(
              CPU, new HeadModel(model.loss(), permuted, model.head()), ProblemOptions.defaults());
      double[] back = new double[60];
      for (int i = 0; i < 60; i++) {
        back[(int) order[i]] = found[i];
      }
      same(back, expected);
    }
  }

  @Test
  void rescalingTheHeadChangesNothingWhenDampingIsInMeanEigenvalues() {
    try (Arena arena = Arena.host()) {
      HeadModel model = Toy.small().bias(false).model(arena);
      double[] expected = scores(CPU, model, ProblemOptions.defaults());
      double[] weight = model.head().weight().toDoubles();
      for (int i = 0; i < weight.length; i++) {
        weight[i] *= 3;
      }
      HeadTensors scaled =
          new HeadTensors(
              arena.of(weight, model.head().weight().shape().dims()), null, model.head().proxies());
      HeadModel other = new HeadModel(model.loss(), model.training(), scaled);
      same(scores(CPU, other, ProblemOptions.defaults()), expected);
      try (HeadProblem a = HeadProblem.open(CPU, model, ProblemOptions.defaults());
          HeadProblem b = HeadProblem.open(CPU, other, ProblemOptions.defaults())) {
        assertThat(9 * b.meanEigenvalue() / a.meanEigenvalue()).isCloseTo(1, within(1e-5));
      }
    }
  }

  @Test
  void threadsAndWorkspaceChangeNothing() {
    try (Arena arena = Arena.host();
        Backend one = Backend.open("cpu", new BackendOptions(1, 1 << 20, "auto"))) {
      HeadModel model = Toy.small().size(3000, 20, 8, 10).model(arena);
      double[] expected = scores(CPU, model, ProblemOptions.defaults());
      same(scores(one, model, ProblemOptions.defaults()), expected);
      assertThat(scores(CPU, model, ProblemOptions.defaults())).isEqualTo(expected);
    }
  }

  @Test
  void rotationsOfWeightAndProxiesTogetherAreNeverEntered() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W_B_P)) {
      double lambda = Damping.parse("0.1x", problem).lambda();
      HeadTensors at = problem.reference();
      int d = 4;
      int wide = (int) at.weight().dim(1);
      // A question that is invariant: the distance of two embeddings, through the weight alone.
      double[] w = at.weight().toDoubles();
      double[] p = at.proxies().toDoubles();
      double[] question = Toy.distanceGradient(problem, 0, 1);
      Directions b = problem.space().zeros(arena, 1);
      double[] rhs = new double[(int) problem.space().dimension()];
      System.arraycopy(question, 0, rhs, 0, question.length);
      Dense.set(b, new double[][] {rhs});
      Solution solution =
          ConjugateGradient.solve(
              problem.delivered(),
              CurvatureKind.GAUSS_NEWTON,
              lambda,
              b,
              null,
              SolveOptions.defaults().withTolerance(1e-8),
              arena);
      double[] found = Dense.get(solution.x())[0];
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < i; j++) {
          // The null direction (Omega W, P Omega') with Omega = e_i e_j' - e_j e_i'.
          double[] nothing = new double[rhs.length];
          for (int k = 0; k < wide; k++) {
            nothing[i * wide + k] = w[j * wide + k];
            nothing[j * wide + k] = -w[i * wide + k];
          }
          for (int c = 0; c < 5; c++) {
            nothing[d * wide + c * d + i] = p[c * d + j];
            nothing[d * wide + c * d + j] = -p[c * d + i];
          }
          assertThat(Dense.cosine(nothing, rhs)).isCloseTo(0, within(1e-12));
          assertThat(Dense.cosine(nothing, found)).isCloseTo(0, within(1e-8));
        }
      }
    }
  }
}
