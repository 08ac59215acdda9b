package io.vicinal.influence.attribution;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.DampingUnit;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.ArcFace;
import io.vicinal.loss.Loss;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Data and settings that leave little to explain, and losses that not every estimator knows. */
class EdgeCasesTest {
  private static final int D = 4;
  private static final int WIDTH = 3;
  private static final List<Query> QUERIES = List.of(new Query("pair", new PairDistance(0, 1)));

  @AutoClose private final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();
  private final Xoshiro random = new Xoshiro(6);
  private FeatureSet test;

  @BeforeEach
  void open() {
    test = set(SmallProblem.normal(random, 5 * D), new long[] {7, 8, 9, 7, 8});
  }

  private FeatureSet set(double[] x, long[] y) {
    return new FeatureSet(arena.of(x, y.length, D), arena.of(y, y.length), "x.npy");
  }

  private HeadTensors head(int classes) {
    return new HeadTensors(
        arena.of(SmallProblem.normal(random, WIDTH * D), WIDTH, D),
        null,
        arena.of(SmallProblem.normal(random, classes * WIDTH), classes, WIDTH));
  }

  private HeadProblem problem(Loss loss, FeatureSet training, int classes) {
    return HeadProblem.open(
        backend,
        new HeadModel(loss, training, head(classes)),
        ProblemOptions.defaults().with(DType.F64));
  }

  @Test
  void duplicatesShareTheirScore() {
    double[] x = SmallProblem.normal(random, 12 * D);
    System.arraycopy(x, 2 * D, x, 8 * D, D);
    long[] y = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
    try (HeadProblem problem = problem(new NormalizedSoftmax(0.2), set(x, y), 3);
        Explanation e =
            Explanation.open(
                problem, test, Damping.parse("10x", problem), ExplanationOptions.defaults())) {
      for (String name : List.of("if", "ekfac", "eif", "newton-loo", "self")) {
        double[] scores = Estimators.of(name).scores(e, QUERIES, Progress.NONE).values()[0];
        assertThat(scores[8]).as(name).isCloseTo(scores[2], offset(1e-3 * Math.abs(scores[2])));
        assertThat(scores[2]).as(name).isNotEqualTo(0);
      }
    }
  }

  @Test
  void oneClassTeachesNothing() {
    FeatureSet training = set(SmallProblem.normal(random, 6 * D), new long[6]);
    try (HeadProblem problem = problem(new NormalizedSoftmax(0.2), training, 1)) {
      refused(() -> Damping.parse("auto", problem), "give a number");
      try (Explanation e =
          Explanation.open(
              problem, test, Damping.absolute(0.1, problem), ExplanationOptions.defaults())) {
        for (String name : Estimators.names()) {
          if (!name.equals("tracin")) {
            Scores scores = Estimators.of(name).scores(e, QUERIES, Progress.NONE);
            assertThat(scores.values()[0]).as(name).containsOnly(0);
            assertThat(scores.sets(0).harmful()).isEmpty();
          }
        }
      }
    }
  }

  /** What is said to work for a loss works, and nothing else does. */
  @Test
  void namesOfALossAreThoseThatWork() {
    FeatureSet training = set(SmallProblem.normal(random, 6 * D), new long[] {0, 1, 0, 1, 0, 1});
    for (Loss loss :
        List.of(
            new NormalizedSoftmax(0.2),
            new ArcFace(20, 4),
            new ProxyAnchor(0.1, 4, false, false, false, false))) {
      try (HeadProblem problem = problem(loss, training, 2);
          Explanation e =
              Explanation.open(
                  problem, test, Damping.absolute(10, problem), ExplanationOptions.defaults())) {
        List<String> working =
            Estimators.names().stream()
                .filter(name -> name.equals("tracin") || works(Estimators.of(name), e))
                .toList();
        assertThat(Estimators.names(loss.spec())).as(loss.name()).isEqualTo(working);
      }
    }
  }

  private static boolean works(Estimator estimator, Explanation e) {
    try {
      return !estimator.scores(e, QUERIES, Progress.NONE).diagnostics().get(0).failed();
    } catch (InputException notForIt) {
      return false;
    }
  }

  @Test
  void badTestRowsAreNamed() {
    FeatureSet training = set(SmallProblem.normal(random, 6 * D), new long[] {0, 1, 0, 1, 0, 1});
    try (HeadProblem problem = problem(new NormalizedSoftmax(0.2), training, 2)) {
      Damping damping = Damping.absolute(0.1, problem);
      double[] x = SmallProblem.normal(random, 2 * D);
      x[5] = Double.NaN;
      refused(
          () ->
              Explanation.open(
                  problem, set(x, new long[2]), damping, ExplanationOptions.defaults()),
          "test features");
      FeatureSet narrow =
          new FeatureSet(arena.of(new double[] {1, 2}, 2, 1), arena.of(new long[2], 2), "narrow");
      refused(
          () -> Explanation.open(problem, narrow, damping, ExplanationOptions.defaults()),
          "test features");
      try (Explanation e =
          Explanation.open(problem, test, damping, ExplanationOptions.defaults())) {
        refused(
            () ->
                Estimators.of("gradient")
                    .scores(e, List.of(new Query("q", new PairDistance(0, 17))), Progress.NONE),
            "no test row 17");
        assertThat(Estimators.of("if").scores(e, List.of(), Progress.NONE).values()).isEmpty();
      }
    }
  }

  @Test
  void namesAreChecked() {
    refused(() -> Estimators.of("magic"), "newton-loo");
    refused(() -> Estimators.of("tracin"), "checkpoints");
    for (String name : Estimators.names()) {
      if (!name.equals("tracin")) {
        assertThat(Estimators.of(name).name()).isEqualTo(name);
      }
    }
  }

  /** Indefinite at the delivered weights: an error that says what works, or a raised damping. */
  @Test
  void indefiniteDamping() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 14, false)) {
      Damping tiny = Damping.multiple(1e-4, p.problem);
      try (Explanation e =
          Explanation.open(p.problem, p.test, tiny, ExplanationOptions.defaults())) {
        assertThatThrownBy(
                () ->
                    e.responses(
                        CurvatureKind.HESSIAN, ReferencePoint.DELIVERED, p.queries, Progress.NONE))
            .isInstanceOf(NegativeCurvatureException.class)
            .hasMessageContaining("or auto");
      }
      Damping auto = new Damping(tiny.lambda(), tiny.multiple(), DampingUnit.MEAN, true);
      try (Explanation e =
          Explanation.open(p.problem, p.test, auto, ExplanationOptions.defaults())) {
        e.responses(CurvatureKind.HESSIAN, ReferencePoint.DELIVERED, p.queries, Progress.NONE);
        assertThat(e.damping().lambda()).isGreaterThan(tiny.lambda());
        Scores scores = Estimators.of("gradient").scores(e, p.queries, Progress.NONE);
        assertThat(scores.diagnostics().get(0).lambda()).isEqualTo(e.damping().lambda());
      }
    }
  }

  @Test
  void otherLossesGoThroughTheirHessian() {
    double[] x = SmallProblem.normal(random, 15 * D);
    long[] y = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
    try (HeadProblem problem = problem(new ArcFace(), set(x, y), 3);
        Explanation e =
            Explanation.open(
                problem, test, Damping.absolute(200, problem), ExplanationOptions.defaults())) {
      for (String name : List.of("if", "newton-loo", "fisher", "gradient")) {
        double[] scores = Estimators.of(name).scores(e, QUERIES, Progress.NONE).values()[0];
        assertThat(scores).as(name).doesNotContain(Double.NaN);
        assertThat(Arrays.stream(scores).map(Math::abs).max().orElseThrow()).isPositive();
      }
      for (String name : List.of("if-gn", "ekfac", "if-seed", "self")) {
        assertThatThrownBy(() -> Estimators.of(name).scores(e, QUERIES, Progress.NONE))
            .as(name)
            .isInstanceOf(InputException.class)
            .hasMessageContaining("cosine softmax");
      }
    }
    try (HeadProblem problem = problem(new ProxyAnchor(), set(x, y), 3);
        Explanation e =
            Explanation.open(
                problem, test, Damping.absolute(200, problem), ExplanationOptions.defaults())) {
      double[] scores = Estimators.of("if").scores(e, QUERIES, Progress.NONE).values()[0];
      assertThat(scores).doesNotContain(Double.NaN, 0.0);
      for (String name : List.of("newton-loo", "fisher", "if-seed", "eif")) {
        assertThatThrownBy(() -> Estimators.of(name).scores(e, QUERIES, Progress.NONE))
            .as(name)
            .isInstanceOf(InputException.class);
      }
    }
  }

  @Test
  void aThreadThatIsInterruptedStops() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 14, false);
        Explanation e = p.explain(3)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> Estimators.of("eif").scores(e, p.queries, Progress.NONE))
          .isInstanceOf(CancelledException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
