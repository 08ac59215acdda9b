package io.vicinal.data.dataset;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.dataset.Holdout.By;
import io.vicinal.data.dataset.Holdout.Stay;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HoldoutTest {
  /** Class c has c + 1 samples; the last class tests. */
  private static Dataset data(int classes, String split) {
    DatasetBuilder builder = new DatasetBuilder("folder", Path.of("photos"), false);
    for (int c = 0; c < classes; c++) {
      for (int i = 0; i <= c; i++) {
        String name = "c" + c;
        boolean test = c == classes - 1 && split.equals("train");
        builder.add(name + "/" + i + ".jpg", builder.classOf(name), test ? "test" : split);
      }
    }
    return builder.build();
  }

  private static int[] classes(Dataset data, String split) {
    return IntStream.of(data.ids(split)).map(data::label).distinct().sorted().toArray();
  }

  private static long validation(Dataset data, int label) {
    return IntStream.of(data.ids("validation")).filter(id -> data.label(id) == label).count();
  }

  /** The first floor(0.8 * 10) classes train. */
  @Test
  void classesInTheirOrder() {
    Dataset data = new Holdout(0.2, By.CLASS, Stay.FIRST, 0).of(data(11, "train"));
    assertThat(data.splits()).containsExactly("train", "validation", "test");
    assertThat(classes(data, "train")).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(classes(data, "validation")).containsExactly(8, 9);
    assertThat(classes(data, "test")).containsExactly(10);
    Dataset half = new Holdout(0.5, By.CLASS, Stay.FIRST, 0).of(data(100 + 1, "train"));
    assertThat(classes(half, "train")).hasSize(50).endsWith(49); // as CUB's 0-49 and 50-99
    Dataset most = new Holdout(0.9, By.CLASS, Stay.FIRST, 0).of(data(21, "train"));
    assertThat(classes(most, "train")).containsExactly(0, 1); // though (1 - 0.9) * 20 < 2
  }

  @Test
  void classesByChanceFollowTheSeed() {
    Dataset all = data(41, "train");
    int[] once = classes(new Holdout(0.25, By.CLASS, Stay.RANDOM, 3).of(all), "validation");
    assertThat(once).hasSize(10);
    assertThat(classes(new Holdout(0.25, By.CLASS, Stay.RANDOM, 3).of(all), "validation"))
        .containsExactly(once);
    assertThat(classes(new Holdout(0.25, By.CLASS, Stay.RANDOM, 4).of(all), "validation"))
        .isNotEqualTo(once);
  }

  @Test
  void aPartOfEachClass() {
    Dataset all = data(11, "train");
    for (Stay stay : Stay.values()) {
      Dataset data = new Holdout(0.3, By.SAMPLE, stay, 1).of(all);
      for (int c = 0; c < 10; c++) {
        int n = c + 1;
        assertThat(validation(data, c)).isEqualTo(n - Math.max(1, n * 7 / 10));
      }
      assertThat(validation(data, 10)).isZero(); // it tests
    }
    Dataset first = new Holdout(0.3, By.SAMPLE, Stay.FIRST, 1).of(all);
    int[] last = IntStream.of(first.ids("validation")).filter(i -> first.label(i) == 9).toArray();
    assertThat(last).hasSize(3);
    assertThat(first.name(last[0])).isEqualTo("c9/7.jpg");
  }

  /** numpy.round(numpy.linspace(0, 9, 7)) is 0, 2 (1.5), 3, 4 (4.5), 6, 8 (7.5), 9. */
  @Test
  void evenlySpacedStay() {
    Dataset even = new Holdout(0.3, By.SAMPLE, Stay.EVEN, 0).of(data(11, "train"));
    assertThat(
            IntStream.of(even.ids("train")).filter(id -> even.label(id) == 9).mapToObj(even::name))
        .containsExactly(
            "c9/0.jpg", "c9/2.jpg", "c9/3.jpg", "c9/4.jpg", "c9/6.jpg", "c9/8.jpg", "c9/9.jpg");
  }

  @Test
  void datasetsWithoutSplitsGetTwo() {
    Dataset data = new Holdout(0.5, By.SAMPLE, Stay.RANDOM, 0).of(data(4, "all"));
    assertThat(data.splits()).containsExactly("train", "validation");
    assertThat(data.ids("validation")).hasSize(5); // of 1, 2, 3, 4: 0, 1, 2, 2
  }

  @Test
  void refusals() {
    refused(() -> new Holdout(1, By.CLASS, Stay.FIRST, 0), "1.0 is not between 0 and 1");
    refused(() -> new Holdout(Double.NaN, By.CLASS, Stay.FIRST, 0), "NaN");
    Holdout holdout = new Holdout(0.5, By.CLASS, Stay.FIRST, 0);
    refused(() -> holdout.of(holdout.of(data(4, "train"))), "has a validation split already");
    refused(() -> holdout.of(data(2, "train")), "one class to train on");
    refused(() -> holdout.of(data(3, "test")), "has no train split");
  }
}
