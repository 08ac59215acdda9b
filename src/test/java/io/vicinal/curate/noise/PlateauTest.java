package io.vicinal.curate.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tables of agreement that are made up, the surest samples first. */
class PlateauTest {
  private static final int CLASSES = 10;

  private final double[][] p;
  private final long[] labels;

  PlateauTest() {
    p = new double[2_000][];
    labels = new long[p.length];
  }

  /**
   * @param contradicted share of the labels, by tenth of the samples
   */
  private Plateau plateau(IntToDoubleFunction contradicted) {
    table(contradicted);
    return Plateau.of(labels, p);
  }

  private void table(IntToDoubleFunction contradicted) {
    int n = p.length;
    int[] met = new int[CLASSES];
    double[] due = new double[CLASSES];
    for (int i = 0; i < n; i++) {
      int c = i % CLASSES;
      p[i] = new double[CLASSES];
      double sure = 1 - 0.5 * i / n;
      Arrays.fill(p[i], (1 - sure) / (CLASSES - 1));
      p[i][c] = sure;
      due[c] += contradicted.applyAsDouble(10 * i / n);
      boolean wrong = due[c] >= 1 - 1e-9;
      due[c] -= wrong ? 1 : 0;
      labels[i] = wrong ? (c + 1 + met[c]++ % (CLASSES - 1)) % CLASSES : c;
    }
  }

  @Test
  void wrongLabelsAloneAreAPlateau() {
    for (double rate : new double[] {0, 0.05, 0.2, 0.4}) {
      Plateau plateau = plateau(tenth -> rate);
      assertThat(plateau.isReached()).as("rate " + rate).isTrue();
      assertThat(plateau.accord()).isCloseTo(1 - rate, within(0.01));
      assertThat(plateau.surest()).isCloseTo(1 - rate, within(0.03));
      assertThat(plateau.rise()).isCloseTo(0, within(0.04));
    }
  }

  @Test
  void overlapThatEndsBeforeTheSurestIsOne() {
    assertThat(plateau(tenth -> 0.1 + (tenth < 4 ? 0 : 0.08 * (tenth - 3))).isReached()).isTrue();
    assertThat(plateau(tenth -> 0.02 * tenth).isReached()).as("a slight rise").isTrue();
  }

  /** Of the surest four tenths 60, 50, 40 and 30 % agree. */
  @Test
  void overlapToTheSurestIsNone() {
    Plateau plateau = plateau(tenth -> Math.min(0.9, 0.4 + 0.1 * tenth));
    assertThat(plateau.isReached()).isFalse();
    assertThat(plateau.surest()).isCloseTo(0.6, within(0.01));
    // Lines through eight groups of .6 .6 .5 .5 .4 .4 .3 .3: -7 sum (g - 3.5) a / 42 = 1/3.
    assertThat(plateau.rise()).isCloseTo(1 / 3.0, within(0.02));
    double deviation = 7 * Math.sqrt(0.45 * 0.55 / (100 * 42)); // 100 samples a group
    assertThat(plateau.deviation()).isCloseTo(deviation, within(1e-3));
  }

  @Test
  void whatChanceExplainsIsNoRise() {
    long[] few = Arrays.copyOf(labels, 60);
    table(tenth -> 0);
    double[][] sure = Arrays.copyOf(p, 60);
    for (int i = 0; i < few.length; i++) {
      few[i] = i == 20 || i == 23 ? (i + 1) % CLASSES : i % CLASSES; // two of the last eight groups
    }
    Plateau plateau = Plateau.of(few, sure);
    assertThat(plateau.rise()).isGreaterThan(0.1);
    assertThat(plateau.isReached()).isTrue();
    assertThat(Plateau.of(new long[] {0, 1}, new double[][] {{1, 0}, {0, 1}}).isReached()).isTrue();
  }

  @Test
  void oneClassWithMistakesIsNamed() {
    table(tenth -> 0);
    for (int i = 0, n = 0; i < labels.length; i++) {
      labels[i] = i % CLASSES == 3 && n++ % 5 == 0 ? 7 : labels[i];
    }
    List<DoubtedClass> doubted = DoubtedClass.of(labels, p, 0.02);
    assertThat(doubted).containsExactly(new DoubtedClass(3, 40, 8, 200));
    assertThat(doubted.get(0).wrong()).isEqualTo(40);
    assertThat(DoubtedClass.of(labels, p, 0.15)).as("as expected").isEmpty();
    table(tenth -> 0.2);
    assertThat(DoubtedClass.of(labels, p, 0.2)).as("all alike").isEmpty();
    assertThat(DoubtedClass.of(labels, p, 0.02)).hasSize(CLASSES);
  }

  @Test
  void theOnlySamplesOfTheirClassesDoNotCount() {
    table(tenth -> 0);
    double[][] wider =
        IntStream.range(0, p.length)
            .mapToObj(i -> Arrays.copyOf(p[i], CLASSES + 100))
            .toArray(double[][]::new);
    for (int i = 0; i < 100; i++) {
      labels[i + 100] = CLASSES + i;
    }
    Plateau plateau = Plateau.of(labels, wider);
    assertThat(plateau.accord()).isEqualTo(1);
    assertThat(plateau.isReached()).isTrue();
    assertThat(DoubtedClass.of(labels, wider, 0.01)).isEmpty();
  }
}
