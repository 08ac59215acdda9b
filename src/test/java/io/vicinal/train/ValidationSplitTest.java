package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vicinal.InputException;
import io.vicinal.config.ValidationConfig;
import java.util.Arrays;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ValidationSplitTest {

  private static ValidationConfig config(double fraction, String by) {
    return new ValidationConfig(fraction, true, true, by, null, null, null);
  }

  private static long[] labels(int n, int classes) {
    return LongStream.range(0, n).map(i -> i * i % classes).toArray();
  }

  @Property(tries = 100)
  void everySampleIsOnExactlyOneSide(
      @ForAll @IntRange(min = 40, max = 300) int n,
      @ForAll @IntRange(min = 3, max = 7) int classes,
      @ForAll boolean byClass,
      @ForAll long seed) {
    long[] labels = LongStream.range(0, n).map(i -> i / 2 % classes).toArray();
    long[] ids = LongStream.range(0, n).filter(i -> i % 5 != 0).toArray();
    ValidationSplit split =
        ValidationSplit.of(labels, ids, config(0.3, byClass ? "class" : "sample"), seed);
    long[] both =
        LongStream.concat(Arrays.stream(split.training()), Arrays.stream(split.validation()))
            .sorted()
            .toArray();
    assertThat(both).containsExactly(ids);
    assertThat(split.training()).isSorted().isNotEmpty();
    assertThat(split.validation()).isSorted().isNotEmpty();
    ClassMap training = ClassMap.of(labels, split.training());
    for (long id : split.validation()) {
      assertThat(training.row(labels[(int) id]) == ClassMap.NONE).isEqualTo(byClass);
    }
  }

  @Test
  void classesAreDividedInProportionAndNeverEmptied() {
    long[] labels = new long[31]; // class 0: 20 samples, class 1: 10, class 2: 1
    Arrays.fill(labels, 20, 30, 1);
    labels[30] = 2;
    long[] ids = LongStream.range(0, 31).toArray();
    ValidationSplit split = ValidationSplit.of(labels, ids, config(0.2, "sample"), 1);
    assertThat(Arrays.stream(split.validation()).map(i -> labels[(int) i]).toArray())
        .containsExactly(0, 0, 0, 0, 1, 1);
    assertThat(ValidationSplit.of(labels, ids, config(0.2, "sample"), 1).validation())
        .containsExactly(split.validation());
    assertThat(ValidationSplit.of(labels, ids, config(0.2, "sample"), 2).validation())
        .isNotEqualTo(split.validation());
  }

  @Test
  void splitsThatCannotBeMeasuredAreRefused() {
    long[] labels = labels(20, 10);
    long[] ids = LongStream.range(0, 20).toArray();
    refused(
        () -> ValidationSplit.of(labels, ids, config(0.05, "sample"), 1),
        "validation.fraction: 0.05 leaves no class two validation samples",
        "set it to 0.38 or more (the largest class has 4 samples)",
        "validation.by=class");
    long[] pairs = LongStream.range(0, 20).map(i -> i / 2).toArray(); // one must be trained on
    assertThatThrownBy(() -> ValidationSplit.of(pairs, ids, config(0.3, "sample"), 1))
        .hasMessageNotContaining("or more (the largest")
        .hasMessageContaining("validation.by=class");
    for (int n = 3; n < 40; n++) { // the fraction that is advised works
      long[] one = new long[n + 3];
      Arrays.fill(one, n, n + 3, 1);
      long[] each = LongStream.range(0, n + 3).toArray();
      InputException refused =
          catchThrowableOfType(
              InputException.class, () -> ValidationSplit.of(one, each, config(0.03, "sample"), 1));
      assertThat(refused).hasMessageContaining("has " + n + " samples");
      String advised = refused.getMessage().replaceAll(".*set it to ([0-9.]+) or more.*", "$1");
      ValidationConfig enough = config(Double.parseDouble(advised), "sample");
      assertThat(ValidationSplit.of(one, each, enough, 1).validation()).hasSizeGreaterThan(1);
    }
    long[] lone = LongStream.range(0, 40).map(i -> i < 38 ? i : 38).toArray();
    long[] ids40 = LongStream.range(0, 40).toArray();
    assertThatThrownBy(() -> ValidationSplit.of(lone, ids40, config(0.05, "class"), 1))
        .hasMessageContaining("holds out have one sample each")
        .hasMessageContaining("raise validation.fraction");
    assertThatThrownBy(() -> ValidationSplit.of(new long[20], ids, config(0.5, "class"), 1))
        .hasMessageContaining("validation.by: 1 class cannot be divided");
  }

  /** A shop: many classes of a few samples each. */
  @Test
  void smallClassesAreHeldOutWholeWhereNothingIsSaid() {
    long[] labels = LongStream.range(0, 1000).map(i -> i * i % 7919 % 250).sorted().toArray();
    long[] ids = LongStream.range(0, 1000).toArray();
    ValidationConfig silent = new ValidationConfig(0.1, false, false, "sample", null, null, null);
    for (long seed = 0; seed < 20; seed++) {
      ValidationConfig fitted = ValidationSplit.fitted(labels, ids, silent, seed);
      assertThat(fitted).isEqualTo(config(0.1, "class"));
      assertThat(ValidationSplit.of(labels, ids, fitted, seed).validation()).isNotEmpty();
    }
    assertThat(ValidationSplit.told(silent, config(0.1, "class")))
        .startsWith("validation.by: class in place of sample: ")
        .contains("validation.fraction=0");
    // One large class among them does not make the others worth asking.
    long[] one = labels.clone();
    Arrays.fill(one, 0, 20, 999);
    assertThat(ValidationSplit.fitted(one, ids, silent, 1).by()).isEqualTo("class");
    ValidationConfig bySample = new ValidationConfig(0.1, false, true, "sample", null, null, null);
    assertThat(ValidationSplit.fitted(labels, ids, bySample, 1).by()).isEqualTo("sample");
    long[] large = LongStream.range(0, 1000).map(i -> i % 10).toArray();
    assertThat(ValidationSplit.fitted(large, ids, silent, 1)).isEqualTo(config(0.1, "sample"));
  }
}
