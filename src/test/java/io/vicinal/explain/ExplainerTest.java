package io.vicinal.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Rows;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Forecast;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Memory;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.TrainedHead;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingOptions;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The library's door to explanations, as a program uses it. */
class ExplainerTest {
  private static Arena arena;
  private static TrainedHead head;
  private static FeatureSet data;
  private static FeatureSet test;

  /** Digits in five classes, a little confused. */
  @BeforeAll
  static void train() {
    DigitRows digits = DigitRows.first(200);
    long[] labels = Arrays.stream(digits.labels()).map(y -> y % 5).toArray();
    Rows x = Rows.of(Arrays.copyOf(digits.pixels(), 120 * 64), 64);
    Rows others = Rows.of(Arrays.copyOfRange(digits.pixels(), 120 * 64, 200 * 64), 64);
    ClassLabels y = ClassLabels.of(Arrays.copyOf(labels, 120));
    TrainingOptions options =
        TrainingOptions.of(new NormalizedSoftmax()).embedding(3).batch(32).epochs(2).validation(0);
    arena = Arena.host();
    head = Trainer.train(x, y, options);
    data = FeatureSet.of(arena, x, y, "training");
    test =
        FeatureSet.of(arena, others, ClassLabels.of(Arrays.copyOfRange(labels, 120, 200)), "test");
  }

  @AfterAll
  static void close() {
    head.close();
    arena.close();
  }

  private static ExplainerOptions methods(String... names) {
    return ExplainerOptions.defaults().withMethods(names).withDamping("10x");
  }

  @Test
  void otherOptionsTakeEffectWheneverTheyAreGiven() {
    try (Explainer explainer = Explainer.of(head, data, test).with(methods("gradient"))) {
      List<Query> queries = explainer.confused(2);
      Attributions gradient = explainer.explain(queries);
      double[] before = gradient.main().row(0);
      Attributions ekfac = explainer.with(methods("ekfac")).explain(queries);
      assertThat(ekfac.main().method()).isEqualTo("ekfac");
      assertThat(explainer.scoresAt(3, "ekfac", queries)).hasDimensions(2, 120);
      assertThatThrownBy(() -> explainer.scoresAt(3, "gradient", queries))
          .isInstanceOf(InputException.class)
          .hasMessage(
              "method: gradient is not among ekfac, which the options ask for; name it there");
      explainer.with(methods("ekfac").withDamping("50x"));
      assertThat(explainer.damping().multiple()).isEqualTo(50);
      Attributions firm = explainer.explain(queries);
      assertThat(firm.damping().multiple()).isEqualTo(50);
      assertThat(firm.main().row(0)).isNotEqualTo(ekfac.main().row(0));
      assertThat(gradient.main().row(0)).containsExactly(before);
      assertThat(ekfac.damping().multiple()).isEqualTo(10);
      VerifyPlan plan = new VerifyPlan(1, 1, 0, 0, 0, 0, 0.5, 0, 0);
      assertThatThrownBy(() -> explainer.verify(ekfac, plan))
          .isInstanceOf(InputException.class)
          .hasMessageMatching("damping: the queries were explained at .*10x.* it is .*50x.*again");
      explainer.with(methods("ekfac").with(DType.F64));
      assertThat(explainer.problem().dtype()).isEqualTo(DType.F64);
    }
  }

  @Test
  void selfAnswersNoQuery() {
    try (Explainer explainer = Explainer.of(head, data, test).with(methods("self", "ekfac"))) {
      Attributions found = explainer.explain(explainer.confused(2));
      VerifyPlan plan = new VerifyPlan(1, 1, 0, 0, 0, 0, 0.5, 0, 0);
      Verified verified = explainer.verify(found, plan);
      assertThat(verified.parts().get(0).predicted()).containsOnlyKeys("ekfac");
      assertThat(explainer.reweight(found, ReweightOptions.defaults()).rows())
          .containsOnlyKeys("ekfac")
          .hasEntrySatisfying("ekfac", rows -> assertThat(rows).hasSize(2));
      explainer.with(methods("self"));
      Attributions alone = explainer.explain(found.queries());
      Attribution self = alone.methods().get(0);
      assertThat(self.values().shape()).isEqualTo(Shape.of(1, 120));
      for (ThrowingCallable refused :
          List.<ThrowingCallable>of(
              () -> explainer.verify(alone, plan),
              () -> explainer.reweight(alone, ReweightOptions.defaults()),
              () -> explainer.check(alone, self, 1, plan.miniature()))) {
        assertThatThrownBy(refused)
            .isInstanceOf(InputException.class)
            .hasMessage(
                "method: self has one row, whatever is asked, and answers no query; name another"
                    + " method with it, such as if");
      }
    }
  }

  @Test
  void whatNeedsTestSamplesSaysSo() {
    try (Explainer explainer = Explainer.of(head, data, null)) {
      Relabelling labels =
          explainer.mislabelled(AuditOptions.of(explainer.evidence()).by("knn")).relabelling();
      LabelNoise known = new LabelNoise(new long[] {3}, new long[] {1}, new long[] {2});
      for (ThrowingCallable refused :
          List.<ThrowingCallable>of(
              () -> explainer.confused(1),
              () -> explainer.queries("recall@1"),
              () -> explainer.explain(List.of(new Query("pair", new PairDistance(0, 1)))),
              () -> explainer.relabel(labels, Relabelling.Mode.HARD, explainer.evidence()),
              () -> explainer.study(RelabelRule.KNN, explainer.evidence(), known))) {
        assertThatThrownBy(refused)
            .isInstanceOf(InputException.class)
            .hasMessage(
                "test: there are no test samples, and this needs them; give them with the head and"
                    + " its training samples");
      }
      assertThat(explainer.study(RelabelRule.KNN, explainer.evidence(), null).noise()).isNull();
    }
  }

  @Test
  void testFeaturesAreOfTheTypeOfTheHead() {
    Tensor doubles = arena.allocate(DType.F64, 80, 64);
    doubles.copyFrom(test.features());
    FeatureSet wide = new FeatureSet(doubles, test.labels(), "wide");
    assertThatThrownBy(() -> Explainer.of(head, data, wide))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("wide: the test features are ")
        .hasMessageEndingWith(
            ", but the head takes F32 of 64 columns; give them in the type and width of the"
                + " training features");
  }

  @Test
  void trainingFeaturesAreOfTheTypeOfTheHead() {
    Tensor doubles = arena.allocate(DType.F64, 120, 64);
    doubles.copyFrom(data.features());
    FeatureSet wide = new FeatureSet(doubles, data.labels(), "wide");
    assertThatThrownBy(() -> Explainer.of(head, wide, test))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "wide: the features are F64, but the head is F32; give features of the head's type");
  }

  @Test
  void aClosedExplainerStaysClosed() {
    Explainer owner = Explainer.of(head, data, test).with(methods("gradient"));
    List<Query> queries = owner.confused(1);
    owner.close();
    try (Backend backend = Backend.cpu()) {
      Explainer borrower =
          Explainer.of(backend, Subject.of(head.loss(), head.head(), data, test, arena))
              .with(methods("gradient"));
      borrower.explain(queries);
      borrower.close();
      for (Explainer closed : List.of(owner, borrower)) {
        for (ThrowingCallable late :
            List.<ThrowingCallable>of(
                closed::confusions, () -> closed.explain(queries), () -> closed.values(queries))) {
          assertThatThrownBy(late)
              .isInstanceOf(IllegalStateException.class)
              .hasMessage("the explainer is closed");
        }
        closed.close();
      }
    }
  }

  @Test
  void closingGoesOnAfterAFailure() {
    List<String> called = new ArrayList<>();
    boolean[] broken = {false};
    Backend real = Backend.cpu();
    Memory memory =
        standIn(
            Memory.class,
            real.memory(),
            name -> {
              if (broken[0] && name.equals("release")) {
                broken[0] = false;
                throw new IllegalStateException("broken");
              }
            },
            Map.of());
    Backend backend = standIn(Backend.class, real, called::add, Map.of("memory", memory));
    Arena own = new Arena(memory);
    Subject subject = Subject.of(head.loss(), head.head(), data, test, own);
    Explainer explainer = new Explainer(backend, true, own, subject).with(methods("gradient"));
    explainer.explain(explainer.confused(1));
    broken[0] = true; // for what the scores held
    assertThatThrownBy(explainer::close).hasStackTraceContaining("Scoring.close");
    assertThat(broken[0]).isFalse();
    assertThat(called).contains("close");
    assertThatThrownBy(() -> own.allocate(DType.F32, 1)).isInstanceOf(IllegalStateException.class);
  }

  private static <T> T standIn(
      Class<T> type, T real, Consumer<String> called, Map<String, Object> answers) {
    InvocationHandler handler =
        (self, method, arguments) -> {
          called.accept(method.getName());
          Object answer = answers.get(method.getName());
          return answer != null ? answer : method.invoke(real, arguments);
        };
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  @Test
  void whatCannotBeMeantIsRefusedAtOnce() {
    try (Explainer explainer = Explainer.of(head, data, test)) {
      for (ThrowingCallable refused :
          List.<ThrowingCallable>of(
              () -> explainer.explain(List.of()), () -> explainer.forecast(List.of()))) {
        assertThatThrownBy(refused)
            .isInstanceOf(InputException.class)
            .hasMessage(
                "queries: there are none to explain; where no test sample is confused, give other"
                    + " test samples or queries of your own");
      }
      ExplainerOptions options = ExplainerOptions.defaults();
      assertThatThrownBy(() -> options.withTolerance(-1))
          .isInstanceOf(InputException.class)
          .hasMessage("tolerance: -1.0 is outside (0, 1)");
      assertThatThrownBy(() -> options.withMethods())
          .isInstanceOf(InputException.class)
          .hasMessage("method: there is none; name one or more, such as if");
      assertThatThrownBy(() -> options.withDamping("soft"))
          .isInstanceOf(InputException.class)
          .hasMessage(
              "damping: 'soft' is not auto, a number or a number with x; write 10x or 0.01");
      for (ThrowingCallable refused :
          List.<ThrowingCallable>of(
              () -> explainer.keeping(null),
              () -> explainer.with((Progress) null),
              () -> explainer.with((ExplainerOptions) null))) {
        assertThatThrownBy(refused).isInstanceOf(NullPointerException.class);
      }
    }
  }

  /** One per query and method that solves; newton-loo has its candidates too. */
  @Test
  void systemsAreForecast() {
    try (Explainer explainer = Explainer.of(head, data, test)) {
      List<Query> queries = explainer.confused(2);
      Map<String, Integer> expected =
          Map.of("if", 2, "if,if-gn,fisher,ekfac", 6, "newton-loo", 2 + 120, "fisher,self", 2);
      expected.forEach(
          (names, systems) ->
              assertThat(explainer.with(methods(names.split(","))).forecast(queries))
                  .as(names)
                  .returns(systems, Forecast::rightHandSides));
      String[] others = {"ekfac", "if-seed", "eif", "gradient", "self"};
      assertThat(explainer.with(methods(others)).forecast(queries)).isNull();
    }
  }

  /** A table of N x C probabilities is freed where only detectors look at it. */
  @Test
  void outOfFoldProbabilitiesAreHeldWhileDetectorsWork() {
    double[][][] seen = new double[2][][];
    Evidence[] held = new Evidence[1];
    Detector watching =
        new Detector() {
          @Override
          public String name() {
            return "watching";
          }

          @Override
          public String meaning() {
            return "what detectors share";
          }

          @Override
          public boolean ofHead() {
            return false;
          }

          @Override
          public Optional<String> obstacle(Evidence evidence) {
            return Optional.empty();
          }

          @Override
          public Found find(Evidence evidence) {
            held[0] = evidence;
            seen[0] = evidence.heldOut().outOfFoldProbabilities();
            seen[1] = evidence.heldOut().outOfFoldProbabilities();
            return new Found(new double[evidence.samples()], null);
          }
        };
    try (Explainer explainer = Explainer.of(head, data, test)) {
      explainer.mislabelled(AuditOptions.of(explainer.evidence()).by(List.of(watching)));
    }
    assertThat(seen[1]).isSameAs(seen[0]);
    double[][] again = held[0].heldOut().outOfFoldProbabilities();
    assertThat(again).isNotSameAs(seen[0]).isDeepEqualTo(seen[0]);
  }
}
