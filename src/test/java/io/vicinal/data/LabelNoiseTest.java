package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.LabelNoise.Kind;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** F-13: noise that is seeded, counted, saved and read back. */
class LabelNoiseTest {
  private static final long[] LABELS = LongStream.range(0, 1_797).map(i -> i * 7 % 10).toArray();

  @TempDir Path folder;

  @Test
  void theShiftMovesEveryChosenLabelByFiveInTheRightDirection() {
    LabelNoise noise = LabelNoise.inject(Kind.SHIFT, 0.1, LABELS, 3);
    assertThat(noise.count()).isEqualTo(179); // floor(179.7)
    for (int i = 0; i < noise.count(); i++) {
      long y = LABELS[(int) noise.ids()[i]];
      assertThat(noise.clean()[i]).isEqualTo(y);
      assertThat(noise.noisy()[i]).isEqualTo(y <= 4 ? y + 5 : y - 5);
    }
    long[] seven = Arrays.stream(LABELS).map(y -> Math.min(y, 6)).toArray(); // 5 and 6 move down
    LabelNoise few = LabelNoise.inject(Kind.SHIFT, 0, seven, 0);
    assertThat(few.count()).isZero();
    long[] tooFew = {0, 1, 2, 3};
    refused(
        () -> LabelNoise.inject(Kind.SHIFT, 1, tooFew, 0),
        "class 0 cannot be shifted by 5",
        "symmetric");
  }

  @Test
  void equalSeedsGiveEqualNoiseAndOthersDoNot() {
    try (Arena arena = Arena.host()) {
      FeatureSet data = onALine(arena, LABELS);
      for (Kind kind : Kind.values()) {
        LabelNoise a = LabelNoise.inject(kind, 0.1, data, 5);
        LabelNoise b = LabelNoise.inject(kind, 0.1, data, 5);
        LabelNoise c = LabelNoise.inject(kind, 0.1, data, 6);
        assertThat(a.ids()).isEqualTo(b.ids()).isSorted().doesNotHaveDuplicates();
        assertThat(a.noisy()).isEqualTo(b.noisy());
        assertThat(a.ids()).isNotEqualTo(c.ids());
        assertThat(Kind.parse(kind.text())).isEqualTo(kind);
      }
    }
  }

  /** Samples of class y lie around y squared, so that the nearest classes are known. */
  private static FeatureSet onALine(Arena arena, long[] labels) {
    float[] x = new float[2 * labels.length];
    for (int i = 0; i < labels.length; i++) {
      x[2 * i] = labels[i] * labels[i];
      x[2 * i + 1] = i % 3 - 1; // no class's mean
    }
    return new FeatureSet(arena.of(x, labels.length, 2), arena.of(labels, labels.length), "line");
  }

  @Test
  void similarClassesAreConfusedTheMostSimilarTwiceAsOften() {
    try (Arena arena = Arena.host()) {
      FeatureSet data = onALine(arena, LABELS);
      LabelNoise noise = LabelNoise.inject(Kind.SIMILAR, 1, data, 1);
      long[][] counts = new long[10][10];
      for (int i = 0; i < noise.count(); i++) {
        counts[(int) noise.clean()[i]][(int) noise.noisy()[i]]++;
      }
      for (int y = 0; y < 10; y++) { // below y lies nearer than above
        int first = y == 0 ? 1 : y - 1;
        int second = y == 0 ? 2 : y == 1 ? 2 : y == 9 ? 7 : 2 * y + 1 < 4 * y - 4 ? y + 1 : y - 2;
        long both = counts[y][first] + counts[y][second];
        assertThat(both).as("class " + y).isEqualTo(Arrays.stream(counts[y]).sum());
        // 120 of 180 expected; five standard deviations
        assertThat(counts[y][first]).as("class " + y).isBetween(88L, 152L);
      }
    }
  }

  @Test
  void similarClassesCanBeGiven() {
    SimilarClasses pairs =
        new SimilarClasses(new TreeMap<>(Map.of(2L, new long[] {9}, 9L, new long[] {2})));
    long[] labels = {2, 9, 9, 2};
    assertThat(LabelNoise.inject(pairs, 1, labels, 0).noisy()).containsExactly(9, 2, 2, 9);
    refused(
        () -> LabelNoise.inject(pairs, 1, new long[] {2, 5}, 0),
        "nothing says what class 5 is taken for");
    refused(
        () -> new SimilarClasses(new TreeMap<>(Map.of(2L, new long[] {1, 2}))),
        "class 2 is taken for itself");
    refused(
        () -> new SimilarClasses(new TreeMap<>(Map.of(2L, new long[0]))),
        "class 2 is taken for no other");
    refused(() -> LabelNoise.inject(Kind.SIMILAR, 0.5, labels, 0), "similar needs the features");
    try (Arena arena = Arena.host()) {
      FeatureSet one = onALine(arena, new long[] {3, 3});
      refused(() -> LabelNoise.inject(Kind.SIMILAR, 0.5, one, 0), "one class");
    }
  }

  @Test
  void symmetricNoiseReachesEveryOtherClassEvenly() {
    LabelNoise noise = LabelNoise.inject(Kind.SYMMETRIC, 1, LABELS, 1);
    long[][] counts = new long[10][10];
    for (int i = 0; i < noise.count(); i++) {
      counts[(int) noise.clean()[i]][(int) noise.noisy()[i]]++;
    }
    for (int from = 0; from < 10; from++) {
      assertThat(counts[from][from]).isZero();
      for (int to = 0; to < 10; to++) {
        if (to != from) { // 20 expected; six standard deviations
          assertThat(counts[from][to]).isBetween(1L, 46L);
        }
      }
    }
  }

  @Test
  void pairFlipGoesToTheNextClassThatOccurs() {
    long[] labels = {2, 5, 9, 2, 5, 9};
    LabelNoise noise = LabelNoise.inject(Kind.PAIR_FLIP, 1, labels, 0);
    assertThat(noise.noisy()).containsExactly(5, 9, 2, 5, 9, 2);
  }

  @Test
  void theListIsWrittenAndReadBack() throws IOException {
    LabelNoise noise = LabelNoise.inject(Kind.SYMMETRIC, 0.1, LABELS, 2);
    Path file = folder.resolve("noise.csv");
    noise.write(file);
    assertThat(Files.readAllLines(file).get(0)).isEqualTo("id,clean,noisy");
    LabelNoise read = LabelNoise.read(file);
    assertThat(read.ids()).isEqualTo(noise.ids());
    assertThat(read.clean()).isEqualTo(noise.clean());
    assertThat(read.noisy()).isEqualTo(noise.noisy());
    long[] noisy = read.apply(LABELS);
    assertThat(read.revert(noisy)).isEqualTo(LABELS);
    boolean[] mask = read.mask(LABELS.length);
    for (int i = 0; i < LABELS.length; i++) {
      assertThat(noisy[i] != LABELS[i]).isEqualTo(mask[i]);
    }
  }

  @Test
  void aNumpyListOfIdsIsShifted() {
    Path file = folder.resolve("ids.npy");
    try (Arena arena = Arena.host()) {
      Npy.write(file, arena.of(new long[] {40, 3, 11}, 3));
    }
    LabelNoise noise = LabelNoise.shiftAt(file, LABELS);
    assertThat(noise.ids()).containsExactly(3, 11, 40);
    assertThat(noise.clean()).containsExactly(LABELS[3], LABELS[11], LABELS[40]);
    assertThat(noise.noisy())
        .containsExactly((LABELS[3] + 5) % 10, (LABELS[11] + 5) % 10, (LABELS[40] + 5) % 10);
  }

  @Test
  void badListsAreNamed() throws IOException {
    Path file = folder.resolve("noise.csv");
    refusedList(file, "id,label\n1,2\n", "does not start with the line id,clean,noisy");
    refusedList(file, "id,clean,noisy\n1,2\n", "line 2 is '1,2'");
    refusedList(file, "id,clean,noisy\n1,2,3\n1,2,4\n", "line 3 repeats sample 1");
    refusedList(file, "id,clean,noisy\n1,2,2\n", "leaves its label as it was");
    Files.writeString(file, "id,clean,noisy\n2,9,1\n0,7,8\n");
    LabelNoise other = LabelNoise.read(file);
    assertThat(other.ids()).containsExactly(0, 2);
    refused(
        () -> other.apply(new long[] {7, 7, 7}),
        "sample 2 has label 7, but the list's clean label is 9");
    refused(() -> other.apply(new long[] {7}), "outside 0..0");
    refused(
        () -> LabelNoise.inject(Kind.SYMMETRIC, 1.5, LABELS, 0), "rate must be between 0 and 1");
    refused(() -> LabelNoise.inject(Kind.SYMMETRIC, 0.5, new long[] {1, 1}, 0), "one class");
  }

  @Test
  void classesMayBeNamed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("noise.csv");
    Names names = Names.of(List.of("rot", "süß, gelb", "7"));
    Files.writeString(file, "id;clean;noisy\n4;\"süß, gelb\";rot\n2;rot;7\n");
    LabelNoise read = LabelNoise.read(file, names);
    assertThat(read.ids()).containsExactly(2, 4);
    assertThat(read.clean()).containsExactly(0, 1);
    assertThat(read.noisy()).containsExactly(2, 0);
    Files.writeString(file, "id,clean,noisy\n4,rot,blau\n");
    refused(
        () -> LabelNoise.read(file, names),
        "line 2 is '4,rot,blau'; write three whole numbers, or a number and");
  }

  private static void refusedList(Path file, String text, String message) throws IOException {
    Files.writeString(file, text);
    refused(() -> LabelNoise.read(file), file.toString(), message);
  }
}
