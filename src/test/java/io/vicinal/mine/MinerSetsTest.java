package io.vicinal.mine;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What miners without chance find, and what those with chance can find, against loops over all
 * pairs and triplets, and against the facts of pytorch-metric-learning.
 */
class MinerSetsTest {
  private static final MiningBatch WAVES = MiningBatch.waves();
  private static Backend backend;

  @BeforeAll
  static void open() {
    backend = TestDevice.open();
  }

  @AfterAll
  static void close() {
    backend.close();
  }

  private static List<List<Integer>> mine(MiningBatch batch, String name, String... params) {
    return batch.mine(backend, 1, name, params(params));
  }

  private static Map<String, String> params(String... words) {
    return switch (words.length) {
      case 0 -> Map.of();
      case 2 -> Map.of(words[0], words[1]);
      default -> Map.of(words[0], words[1], words[2], words[3]);
    };
  }

  /** Everything that is found with some hundred seeds. */
  private static Set<List<Integer>> everFound(MiningBatch batch, String name, String... params) {
    Set<List<Integer>> found = new HashSet<>();
    for (int seed = 0; seed < 400; seed++) {
      found.addAll(batch.mine(backend, seed, name, params(params)));
    }
    return found;
  }

  private static List<List<Integer>> rows(int[]... columns) {
    return IntStream.range(0, columns[0].length)
        .mapToObj(t -> List.of(columns[0][t], columns[1][t], columns[2][t]))
        .toList();
  }

  @Test
  void hardestOnALine() {
    MiningBatch line = MiningBatch.line(0, 0, 1, 1, 0, 2, 1, 1, 1);
    assertThat(mine(line, "batch-hard"))
        .isEqualTo(
            rows(
                new int[] {0, 1, 2, 3, 4, 6, 7, 8},
                new int[] {4, 4, 8, 8, 0, 2, 2, 2},
                new int[] {2, 2, 1, 4, 3, 5, 5, 5}));
    Mined mined = Miners.mine(new BatchHardMiner(), line.candidates(backend), Miners.generator(0));
    assertThat(mined.skipped()).as("the lone sample").isEqualTo(1);
  }

  @Test
  void hardestOfWaves() {
    assertThat(mine(WAVES, "batch-hard"))
        .isEqualTo(
            rows(
                new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
                new int[] {4, 5, 6, 7, 0, 1, 10, 11, 4, 5, 6, 7},
                new int[] {1, 2, 1, 4, 3, 6, 5, 8, 7, 10, 11, 10}));
  }

  @Test
  void easyPositivesWithSemihardNegativesOfWaves() {
    List<List<Integer>> expected =
        rows(
            new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
            new int[] {8, 9, 10, 11, 8, 9, 2, 3, 0, 1, 2, 3},
            new int[] {9, 10, 7, 10, 6, 11, 4, 0, 2, 4, 5, 2});
    assertThat(mine(WAVES, "epshn")).isEqualTo(expected);
    assertThat(mine(WAVES, "batch-easy-hard")).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "easy, easy",
    "easy, semihard",
    "easy, hard",
    "easy, all",
    "semihard, easy",
    "semihard, hard",
    "semihard, all",
    "hard, easy",
    "hard, semihard",
    "hard, hard",
    "hard, all",
    "all, easy",
    "all, semihard",
    "all, hard",
    "all, all"
  })
  void rulesForBothSides(String positive, String negative) {
    MiningBatch b = WAVES;
    List<List<Integer>> expected =
        b.triplets(
            (a, p, n) ->
                isChosenPositive(b, positive, a, p, n) && isChosenNegative(b, negative, a, p, n));
    assertThat(mine(b, "batch-easy-hard", "pos-strategy", positive, "neg-strategy", negative))
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  private static boolean isChosenPositive(MiningBatch b, String rule, int a, int p, int n) {
    IntStream others = IntStream.range(0, b.size()).filter(q -> b.positive(a, q) && q != p);
    double d = b.distance(a, p);
    return switch (rule) {
      case "easy" -> others.allMatch(q -> b.distance(a, q) > d);
      case "hard" -> others.allMatch(q -> b.distance(a, q) < d);
      case "semihard" ->
          d < b.distance(a, n)
              && others.allMatch(q -> b.distance(a, q) < d || b.distance(a, q) > b.distance(a, n));
      default -> true;
    };
  }

  private static boolean isChosenNegative(MiningBatch b, String rule, int a, int p, int n) {
    IntStream others = IntStream.range(0, b.size()).filter(q -> b.negative(a, q) && q != n);
    double d = b.distance(a, n);
    return switch (rule) {
      case "easy" -> others.allMatch(q -> b.distance(a, q) < d);
      case "hard" -> others.allMatch(q -> b.distance(a, q) > d);
      case "semihard" ->
          d > b.distance(a, p)
              && others.allMatch(q -> b.distance(a, q) > d || b.distance(a, q) < b.distance(a, p));
      default -> true;
    };
  }

  @ParameterizedTest
  @CsvSource({"all, 135", "hard, 95", "semihard, 40", "easy, 81"})
  void tripletsThatViolateAMargin(String type, int count) {
    MiningBatch b = WAVES;
    List<List<Integer>> expected =
        b.triplets(
            (a, p, n) -> {
              double gap = b.distance(a, n) - b.distance(a, p);
              return switch (type) {
                case "hard" -> gap <= 0;
                case "semihard" -> gap > 0 && gap <= 0.2;
                case "easy" -> gap > 0.2;
                default -> gap <= 0.2;
              };
            });
    assertThat(mine(b, "triplet-margin", "type-of-triplets", type))
        .hasSize(count)
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void anglesOfWaves() {
    assertThat(mine(WAVES, "angular")).hasSize(216);
    MiningBatch b = WAVES;
    List<List<Integer>> expected =
        b.triplets(
            (a, p, n) -> {
              double fromMiddle = 0;
              for (int k = 0; k < 8; k++) {
                double gap = b.x()[n][k] - (b.x()[a][k] + b.x()[p][k]) / 2;
                fromMiddle += gap * gap;
              }
              return Math.atan(b.distance(a, p) / (2 * Math.sqrt(fromMiddle))) > Math.toRadians(28);
            });
    assertThat(expected).hasSizeBetween(20, 200);
    assertThat(mine(b, "angular", "angle", "28")).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void pairsWithinMargins() {
    assertThat(mine(WAVES, "pair-margin"))
        .hasSize(24)
        .containsExactlyInAnyOrderElementsOf(WAVES.pairs((a, o, positive) -> positive));
    List<List<Integer>> expected =
        WAVES.pairs(
            (a, o, positive) -> positive ? WAVES.distance(a, o) > 1.3 : WAVES.distance(a, o) < 1.3);
    assertThat(mine(WAVES, "pair-margin", "pos-margin", "1.3", "neg-margin", "1.3"))
        .hasSizeBetween(10, 100)
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @ParameterizedTest
  @CsvSource({"0.1, 24, 68", "-0.5, -1, -1"})
  void pairsHarderThanTheEasiestOfTheOtherKind(double eps, int positives, int negatives) {
    MiningBatch b = WAVES;
    List<List<Integer>> found = mine(b, "multi-similarity", "eps", String.valueOf(eps));
    assertThat(found)
        .containsExactlyInAnyOrderElementsOf(
            b.pairs(
                (a, o, positive) ->
                    IntStream.range(0, b.size())
                        .filter(k -> positive ? b.negative(a, k) : b.positive(a, k))
                        .anyMatch(
                            k ->
                                positive
                                    ? b.product(a, o) - eps < b.product(a, k)
                                    : b.product(a, o) + eps > b.product(a, k))));
    if (positives >= 0) {
      assertThat(found.stream().filter(row -> row.get(2) == 1)).hasSize(positives);
      assertThat(found.stream().filter(row -> row.get(2) == -1)).hasSize(negatives);
    }
  }

  /** Nine rows of Iris, as pytorch-metric-learning 0.9.99 mines them. */
  @Test
  void irisAsPublished() {
    double[][] rows = {
      {5.1, 3.5, 1.4, 0.2}, {4.9, 3.0, 1.4, 0.2}, {4.7, 3.2, 1.3, 0.2},
      {7.0, 3.2, 4.7, 1.4}, {6.4, 3.2, 4.5, 1.5}, {6.9, 3.1, 4.9, 1.5},
      {6.3, 3.3, 6.0, 2.5}, {5.8, 2.7, 5.1, 1.9}, {7.1, 3.0, 5.9, 2.1}
    };
    MiningBatch iris = MiningBatch.of(rows, i -> i / 3).unit();
    List<List<Integer>> pairs = mine(iris, "multi-similarity");
    assertThat(pairs).filteredOn(t -> t.get(2) == 1).hasSize(18);
    assertThat(pairs).filteredOn(t -> t.get(2) == -1).hasSize(36);
    assertThat(mine(iris, "triplet-margin", "margin", "0.1", "type-of-triplets", "semihard"))
        .hasSize(24);
  }

  @Test
  void hardestShare() {
    assertThat(mine(WAVES, "hdc").stream().filter(row -> row.get(2) == 1)).hasSize(12);
    assertThat(mine(WAVES, "hdc").stream().filter(row -> row.get(2) == -1)).hasSize(54);
    MiningBatch line = MiningBatch.line(0, 0, 1, 1, 1, 0);
    assertThat(mine(line, "hdc", "filter-percentage", "0.3"))
        .containsExactlyInAnyOrderElementsOf(
            rows(
                new int[] {0, 5, 1, 5, 1, 2, 4, 5, 0, 2},
                new int[] {5, 0, 5, 1, 2, 1, 5, 4, 2, 0},
                new int[] {1, 1, 1, 1, -1, -1, -1, -1, -1, -1}));
    assertThat(mine(WAVES, "hdc", "filter-percentage", "0")).isEmpty();
    assertThat(mine(WAVES, "hdc", "filter-percentage", "1"))
        .containsExactlyInAnyOrderElementsOf(WAVES.pairs((a, o, positive) -> true));
    double hardest = // of the half that is kept
        mine(WAVES, "hdc").stream()
            .filter(row -> row.get(2) == -1)
            .mapToDouble(row -> WAVES.distance(row.get(0), row.get(1)))
            .max()
            .orElseThrow();
    assertThat(WAVES.pairs((a, o, positive) -> !positive && WAVES.distance(a, o) <= hardest))
        .hasSize(54);
  }

  @Test
  void liftedSetsAreAllPairs() {
    assertThat(mine(WAVES, "lifted"))
        .containsExactlyInAnyOrderElementsOf(WAVES.pairs((a, o, positive) -> true));
  }

  @Test
  void nPairSetsHaveOnePositive() {
    List<List<Integer>> found = mine(WAVES, "n-pair");
    assertThat(found).hasSize(12 * (1 + 9)).doesNotHaveDuplicates();
    assertThat(found.stream().filter(row -> row.get(2) == 1).map(row -> row.get(0)))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(everFound(WAVES, "n-pair"))
        .containsExactlyInAnyOrderElementsOf(WAVES.pairs((a, o, positive) -> true));
  }

  /** A negative inside the margin where there is one, else any. */
  @Test
  void semihardFindsWhatItMayAndNothingElse() {
    MiningBatch b = WAVES;
    MiningBatch.Triplet inside =
        (a, p, n) ->
            b.distance(a, n) > b.distance(a, p) && b.distance(a, n) < b.distance(a, p) + 0.2;
    assertThat(everFound(b, "semihard"))
        .containsExactlyInAnyOrderElementsOf(
            b.triplets(
                (a, p, n) ->
                    inside.test(a, p, n)
                        || IntStream.range(0, b.size())
                            .filter(k -> b.negative(a, k))
                            .noneMatch(k -> inside.test(a, p, k))));
  }

  @Test
  void softhardFindsWhatItMayAndNothingElse() {
    MiningBatch b = MiningBatch.of(WAVES.x(), i -> i / 4); // four of a class
    MiningBatch.Triplet hardPositive =
        (a, p, none) ->
            IntStream.range(0, b.size())
                .anyMatch(k -> b.negative(a, k) && b.distance(a, k) < b.distance(a, p));
    MiningBatch.Triplet hardNegative =
        (a, none, n) ->
            IntStream.range(0, b.size())
                .anyMatch(k -> b.positive(a, k) && b.distance(a, k) > b.distance(a, n));
    List<List<Integer>> expected =
        b.triplets(
            (a, p, n) ->
                (hardPositive.test(a, p, n)
                        || IntStream.range(0, b.size())
                            .noneMatch(k -> b.positive(a, k) && hardPositive.test(a, k, n)))
                    && (hardNegative.test(a, p, n)
                        || IntStream.range(0, b.size())
                            .noneMatch(k -> b.negative(a, k) && hardNegative.test(a, p, k))));
    assertThat(expected).hasSizeLessThan(12 * 3 * 8 - 10);
    assertThat(everFound(b, "softhard")).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void randomFindsAllTripletsAndNoneTwice() {
    assertThat(mine(WAVES, "random")).hasSize(12).doesNotHaveDuplicates();
    assertThat(everFound(WAVES, "random"))
        .containsExactlyInAnyOrderElementsOf(WAVES.triplets((a, p, n) -> true));
    MiningBatch few = MiningBatch.line(0, 0, 1, 2, 3, 4, 5);
    assertThat(mine(few, "random")).as("12 triplets, 7 samples").hasSize(7);
    MiningBatch fewer = MiningBatch.line(0, 0, 1);
    assertThat(mine(fewer, "random")).containsExactlyInAnyOrder(List.of(0, 1, 2), List.of(1, 0, 2));
  }

  @Test
  void easyPositivesAreNearest() {
    MiningBatch b = WAVES;
    assertThat(everFound(b, "easy-positive"))
        .containsExactlyInAnyOrderElementsOf(
            b.triplets((a, p, n) -> isChosenPositive(b, "easy", a, p, n)));
  }

  @ParameterizedTest
  @CsvSource({"shared-negative-distance", "shared-full-distance"})
  void sharedMeansThreeClasses(String name) {
    Set<List<Integer>> found = everFound(WAVES, name);
    assertThat(found)
        .allMatch(t -> WAVES.negative(t.get(0), t.get(1)) && WAVES.negative(t.get(0), t.get(2)))
        .allMatch(t -> WAVES.negative(t.get(1), t.get(2)));
    assertThat(found).hasSizeGreaterThan(500); // of 12 * 9 * 6
  }

  @Test
  void intraRandomStaysInAClass() {
    Set<List<Integer>> found = everFound(WAVES, "intra-random");
    assertThat(found).hasSize(4 * 27);
    assertThat(found)
        .allMatch(t -> !WAVES.negative(t.get(0), t.get(1)) && !WAVES.negative(t.get(0), t.get(2)));
  }

  @Test
  void everyBinOfTheHistogramHasItsPairs() {
    List<List<Integer>> all = mine(WAVES, "uniform-histogram");
    assertThat(all).doesNotHaveDuplicates().allMatch(t -> sign(t) == t.get(2));
    assertThat(mine(WAVES, "uniform-histogram", "pos-per-bin", "500", "neg-per-bin", "500"))
        .containsExactlyInAnyOrderElementsOf(WAVES.pairs((a, o, positive) -> true));
    MiningBatch line = MiningBatch.line(0, 1, 0, 1, 0, 1, 0, 1, 0, 1); // positives 2, 4, 6, 8 apart
    List<List<Integer>> found =
        line.mine(
            backend,
            1,
            "uniform-histogram",
            Map.of("bins", "4", "pos-per-bin", "3", "neg-per-bin", "1"));
    for (int gap : new int[] {2, 4, 6, 8}) {
      assertThat(found)
          .filteredOn(t -> Math.abs(t.get(0) - t.get(1)) == gap)
          .as("distance %d", gap)
          .hasSize(3);
    }
    assertThat(found).filteredOn(t -> t.get(2) == -1).hasSize(4);
  }

  private static int sign(List<Integer> pair) {
    return WAVES.positive(pair.get(0), pair.get(1)) ? 1 : -1;
  }

  /** Of long vectors, the last of which are remembered; one class is among these alone. */
  private static final MiningBatch LONG = MiningBatch.of(scaled(WAVES.x()), i -> i % 4);

  private static final int ANCHORS = 3;

  private static double[][] scaled(double[][] x) {
    double[][] scaled = new double[x.length][];
    Arrays.setAll(scaled, i -> Arrays.stream(x[i]).map(v -> (1 + i) * v).toArray());
    return scaled;
  }

  /** Whoever goes from anchor to anchor finds what it finds of those in a batch of all. */
  @ParameterizedTest
  @MethodSource("names")
  void withAMemoryAnchorsLookAmongAll(String name) {
    List<List<Integer>> found = LONG.mine(backend, ANCHORS, 1, name, Map.of());
    assertThat(found).isNotEmpty().allMatch(t -> t.get(0) < ANCHORS);
    List<List<Integer>> ofAll = mine(WAVES, name);
    boolean chance = !ofAll.equals(WAVES.mine(backend, 2, name, Map.of()));
    if (!chance && !name.equals("hdc")) {
      assertThat(found)
          .containsExactlyInAnyOrderElementsOf(
              ofAll.stream().filter(t -> t.get(0) < ANCHORS).toList());
    }
  }

  static Stream<String> names() {
    return Miners.names().stream().filter(name -> !name.equals("packaged"));
  }

  @Test
  void whatIsRememberedIsInNoPackage() {
    MiningBatch batch = MiningBatch.line(4, 4, 1, 4, 4, 1, 4, 4, 1);
    assertThat(batch.mine(backend, 5, 1, "packaged", Map.of())).containsExactly(List.of(0, 1, 2));
    assertThat(batch.mine(backend, 6, 1, "packaged", Map.of()))
        .containsExactly(List.of(0, 1, 2), List.of(3, 4, 5));
  }

  /** Pairs with the batch, each once: two of the batch in both orders. */
  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.5, 1})
  void hardestShareWithAMemory(double share) {
    List<List<Integer>> expected = new ArrayList<>();
    for (int sign : new int[] {1, -1}) {
      List<List<Integer>> pairs =
          WAVES.pairs((a, o, positive) -> a < ANCHORS && a < o && positive == (sign == 1)).stream()
              .sorted(Comparator.comparing(t -> -sign * WAVES.distance(t.get(0), t.get(1))))
              .toList();
      for (List<Integer> pair : pairs.subList(0, (int) Math.ceil(share * pairs.size()))) {
        expected.add(pair);
        if (pair.get(1) < ANCHORS) {
          expected.add(List.of(pair.get(1), pair.get(0), sign));
        }
      }
    }
    assertThat(LONG.mine(backend, ANCHORS, 1, "hdc", Map.of("filter-percentage", "" + share)))
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void intraRandomStaysInTheClassesOfTheBatch() {
    Set<List<Integer>> found = new HashSet<>();
    for (int seed = 0; seed < 400; seed++) {
      found.addAll(LONG.mine(backend, ANCHORS, seed, "intra-random", Map.of()));
    }
    assertThat(found)
        .hasSize(ANCHORS * 3 * 3)
        .allMatch(t -> t.get(0) < ANCHORS)
        .allMatch(t -> t.get(0) % 4 == t.get(1) % 4 && t.get(0) % 4 == t.get(2) % 4);
  }

  @Test
  void packagedTripletsAreThreeRowsEach() {
    MiningBatch batch = MiningBatch.line(4, 4, 1, 4, 1, 1, 2, 2, 2, 1, 1, 4, 4, 4);
    assertThat(mine(batch, "packaged")).containsExactly(List.of(0, 1, 2), List.of(9, 10, 11));
  }
}
