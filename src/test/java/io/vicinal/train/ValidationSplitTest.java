package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
    return new ValidationConfig(fraction, true, by, null, null, null);
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
    assertThatThrownBy(() -> ValidationSplit.of(labels, ids, config(0.05, "sample"), 1))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("validation.fraction: no class would have two");
    assertThatThrownBy(() -> ValidationSplit.of(new long[20], ids, config(0.5, "class"), 1))
        .hasMessageContaining("validation.by: 1 class cannot be divided");
  }
}
