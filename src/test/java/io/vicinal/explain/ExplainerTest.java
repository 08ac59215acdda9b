package io.vicinal.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Rows;
import io.vicinal.influence.query.Query;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.train.TrainedHead;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingOptions;
import java.util.Arrays;
import java.util.List;
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
      double[] before = gradient.main().values()[0].clone();
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
      assertThat(firm.main().values()[0]).isNotEqualTo(ekfac.main().values()[0]);
      assertThat(gradient.main().values()[0]).containsExactly(before);
      assertThat(ekfac.damping().multiple()).isEqualTo(10);
      explainer.with(methods("ekfac").with(DType.F64));
      assertThat(explainer.problem().dtype()).isEqualTo(DType.F64);
    }
  }
}
