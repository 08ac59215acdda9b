package io.vicinal.mine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.tuple.Batch;
import io.vicinal.loss.tuple.Standard;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.program.Executable;
import io.vicinal.program.Expr;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.StringJoiner;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every registered miner: facts, parameters, batches that break carelessness, fit to losses. */
class MinersTest {
  /** Their tuples are not those that the labels say, on purpose. */
  private static final Set<String> CONTROLS =
      Set.of(
          "rho-distance",
          "random-distance",
          "intra-random",
          "shared-negative-distance",
          "shared-full-distance");

  private static Backend backend;

  @BeforeAll
  static void open() {
    backend = TestDevice.open();
  }

  @AfterAll
  static void close() {
    backend.close();
  }

  static List<String> names() {
    return Miners.names();
  }

  /** Every miner, and a batch with its name. */
  static List<Arguments> hardBatches() {
    Map<String, MiningBatch> batches = new HashMap<>();
    double[][] x = random(9, 5, 1);
    batches.put("plain", MiningBatch.of(x, i -> i % 3).unit());
    batches.put("no positives", MiningBatch.of(x, i -> i));
    batches.put("no negatives", MiningBatch.of(x, i -> 4));
    batches.put("two classes, one alone", MiningBatch.of(x, i -> i == 3 ? 1 : 0));
    batches.put("one sample", MiningBatch.of(random(1, 5, 1), i -> 0));
    batches.put("a positive pair", MiningBatch.of(random(2, 5, 1), i -> 0));
    batches.put("long vectors", MiningBatch.of(random(9, 5, 100), i -> i % 3));
    batches.put("short vectors", MiningBatch.of(random(9, 5, 1e-20), i -> i % 3));
    batches.put("distances that overflow", MiningBatch.of(random(9, 5, 1e30), i -> i % 3));
    batches.put("zero vectors", MiningBatch.of(new double[9][5], i -> i % 3));
    double[][] twins = random(9, 5, 1);
    Arrays.setAll(twins, i -> twins[i / 3 * 3]);
    batches.put("duplicates", MiningBatch.of(twins, i -> i % 2));
    double[][] opposite = random(8, 3, 1);
    Arrays.setAll(opposite, i -> i % 2 == 0 ? opposite[i] : minus(opposite[i - 1]));
    batches.put("opposite", MiningBatch.of(opposite, i -> i % 3).unit());
    batches.put("one dimension", MiningBatch.of(random(9, 1, 1), i -> i % 3));
    batches.put("labels with gaps", MiningBatch.of(x, i -> (i % 3 - 1) * 1_000_000_000_000L));
    List<Arguments> all = new ArrayList<>();
    for (String name : Miners.names()) {
      batches.forEach((what, batch) -> all.add(Arguments.of(name, what, batch)));
    }
    return all;
  }

  private static double[] minus(double[] x) {
    return Arrays.stream(x).map(v -> -v).toArray();
  }

  private static double[][] random(int rows, int width, double scale) {
    Random random = new Random(8);
    double[][] x = new double[rows][width];
    for (double[] row : x) {
      Arrays.setAll(row, k -> scale * random.nextGaussian());
    }
    return x;
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("hardBatches")
  void mineAnything(String name, String what, MiningBatch batch) {
    for (boolean normalized : new boolean[] {false, true}) {
      for (DType type : new DType[] {DType.F32, DType.F64}) {
        check(name, batch, mine(backend, name, batch, type, normalized));
      }
    }
  }

  private static Mined mine(
      Backend backend, String name, MiningBatch batch, DType type, boolean normalized) {
    try (Arena arena = Arena.host()) {
      Tensor e = arena.allocate(type, batch.size(), batch.x()[0].length);
      e.set(Arrays.stream(batch.x()).flatMapToDouble(Arrays::stream).toArray());
      Candidates candidates = Candidates.of(backend, e, batch.y(), normalized);
      return Miners.mine(Miners.create(name, Map.of()), candidates, Miners.generator(1));
    }
  }

  private static void check(String name, MiningBatch batch, Mined mined) {
    assertThat(mined.shape()).isEqualTo(Miners.facts(Miners.create(name, Map.of())).yields());
    assertThat(mined.skipped()).isBetween(0, batch.size());
    if (mined.skipped() == batch.size()) {
      assertThat(mined.size()).isZero();
    }
    for (List<Integer> t : MiningBatch.rows(mined)) {
      assertThat(t.get(0)).isBetween(0, batch.size() - 1);
      assertThat(t.get(1)).isBetween(0, batch.size() - 1);
      if (mined.shape() != Tuples.TRIPLETS) {
        assertThat(t.get(0)).isNotEqualTo(t.get(1));
        assertThat(t.get(2)).isEqualTo(batch.positive(t.get(0), t.get(1)) ? 1 : -1);
      } else {
        assertThat(t.get(2)).isBetween(0, batch.size() - 1);
        if (!CONTROLS.contains(name)) {
          assertThat(batch.positive(t.get(0), t.get(1))).isTrue();
          assertThat(batch.negative(t.get(0), t.get(2))).isTrue();
        }
      }
    }
  }

  /** Threads share only the product that distances are made of. */
  @ParameterizedTest
  @MethodSource("names")
  void threadsAndRunsFindTheSame(String name) {
    // Every three rows are a triplet, for those who want that.
    MiningBatch batch = MiningBatch.of(random(60, 32, 1), i -> (i + i % 3 / 2 * 3) / 3 % 15).unit();
    List<List<Integer>> first = MiningBatch.rows(mine(backend, name, batch, DType.F32, false));
    assertThat(first).isNotEmpty();
    for (int threads = 1; threads <= 3; threads++) {
      BackendOptions options = BackendOptions.defaults().withThreads(threads);
      try (Backend other = Backend.open(TestDevice.name(), options)) {
        assertThat(MiningBatch.rows(mine(other, name, batch, DType.F32, false))).isEqualTo(first);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void factsAreComplete(String name) {
    Miner miner = Miners.create(name, Map.of());
    assertThat(name).matches("[a-z]+(-[a-z]+)*");
    assertThat(Miners.facts(miner).rule()).isNotBlank();
    assertThat(Miners.facts(miner).source()).isNotBlank();
    for (RecordComponent component : miner.getClass().getRecordComponents()) {
      assertThat(component.isAnnotationPresent(Standard.class)).as(component.toString()).isTrue();
    }
    assertThat(Miners.params(miner)).hasSize(miner.getClass().getRecordComponents().length);
  }

  @ParameterizedTest
  @MethodSource("names")
  void thePageHasIt(String name) throws IOException {
    Miner miner = Miners.create(name, Map.of());
    StringJoiner params = new StringJoiner(" ");
    Miners.params(miner).forEach((key, value) -> params.add("`" + key + "=" + value + "`"));
    String row =
        "| `%s` | %s | %s |"
            .formatted(name, Mined.words(Miners.facts(miner).yields()), params)
            .replace("|  |", "| |");
    assertThat(Path.of("docs/miners.md")).content().contains(row);
  }

  @Test
  void parametersAreRead() {
    assertThat(Miners.create("distance", Map.of("upper-cutoff", "1.4")))
        .isEqualTo(new DistanceMiner(0.5, 1.4));
    refused("nearest", Map.of(), "miner: 'nearest' is unknown; choose random, semihard");
    refused("random", Map.of("margin", "1"), "random: unknown parameter 'margin'; it has none");
    refused("rho-distance", Map.of("p-switch", "1.5"), "p-switch '1.5' is outside 0.0..1.0");
    refused(
        "triplet-margin", Map.of("type-of-triplets", "soft"), "none of all, hard, semihard, easy");
    refused(
        "parametric",
        Map.of("support-low", "3"),
        "parametric: support-low 3.0 is not below support-high 1.9");
    refused(
        "batch-easy-hard",
        Map.of("pos-strategy", "semihard"),
        "batch-easy-hard: pos-strategy and neg-strategy are both semihard");
  }

  @ParameterizedTest
  @MethodSource("names")
  void cutoffsLeaveSomething(String name) {
    if (!Miners.params(Miners.create(name, Map.of())).containsKey("lower-cutoff")) {
      return;
    }
    Map<String, String> crossed = Map.of("lower-cutoff", "1.5", "upper-cutoff", "1.4");
    refused(name, crossed, name + ": lower-cutoff 1.5 is above upper-cutoff 1.4");
    Miners.create(name, Map.of("lower-cutoff", "1.4", "upper-cutoff", "1.4"));
  }

  private static void refused(String name, Map<String, String> params, String sentence) {
    assertThatThrownBy(() -> Miners.create(name, params))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(sentence);
  }

  @TupleLoss.Facts(name = "whole", formula = "", source = "")
  record Whole() implements TupleLoss {
    @Override
    public Expr value(Batch in) {
      return in.constant(0);
    }
  }

  @Test
  void whatDoesNotFitIsSaidBefore() {
    TupleLoss triplet = TupleLosses.create("triplet", Map.of());
    assertThat(Miners.fit(triplet, new SofthardMiner())).isEqualTo(Tuples.TRIPLETS);
    TupleLoss contrastive = TupleLosses.create("contrastive", Map.of());
    assertThat(Miners.fit(contrastive, new LiftedMiner())).isEqualTo(Tuples.SETS);
    assertThat(Miners.fit(contrastive, new HdcMiner(0.5))).isEqualTo(Tuples.PAIRS);
    TupleLoss nPair = TupleLosses.create("n-pair", Map.of());
    assertThat(Miners.fit(nPair, new HdcMiner(0.5))).isEqualTo(Tuples.SETS);
    TupleLoss margin = TupleLosses.create("margin", Map.of());
    assertThat(Miners.fit(margin, new LiftedMiner())).isEqualTo(Tuples.PAIRS);
    assertThatThrownBy(() -> Miners.fit(triplet, new NPairMiner()))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(
            "miner: n-pair yields sets, but triplet takes triplets; choose one of random, semihard,")
        .hasMessageNotContaining("lifted");
    assertThatThrownBy(() -> Miners.fit(new Whole(), new NPairMiner()))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "miner: whole sees the whole batch and takes no mined tuples; leave the miner out");
  }

  /** Every shape reaches a loss: the mean over mined pairs by hand. */
  @ParameterizedTest
  @MethodSource("names")
  void lossesTakeWhatIsMined(String name) {
    MiningBatch batch = MiningBatch.waves();
    Miner miner = Miners.create(name, Map.of());
    Mined mined = Miners.mine(miner, batch.candidates(backend), Miners.generator(4));
    TupleLoss loss = TupleLosses.create("contrastive", Map.of());
    List<Tuples> shapes =
        mined.shape() == Tuples.TRIPLETS
            ? List.of(Tuples.TRIPLETS)
            : List.of(Tuples.PAIRS, Tuples.SETS);
    for (Tuples as : shapes) {
      try (Arena arena = Arena.host();
          Executable run = new TupleProgram(loss, as, false).gradient(backend)) {
        Map<String, Tensor> inputs =
            new HashMap<>(mined.inputs(arena, as, DType.F64, batch.size()));
        double[] flat = Arrays.stream(batch.x()).flatMapToDouble(Arrays::stream).toArray();
        inputs.put("embedding", arena.of(flat, batch.size(), 8));
        inputs.put("labels", arena.of(batch.y(), batch.size()));
        assertThat(run.run(arena, inputs).get("loss").at(0))
            .isCloseTo(byHand(batch, mined), within(1e-12));
      }
    }
  }

  private static double byHand(MiningBatch batch, Mined mined) {
    double[] sums = new double[2];
    int[] counts = new int[2];
    for (List<Integer> t : MiningBatch.rows(mined)) {
      if (mined.shape() == Tuples.TRIPLETS || t.get(2) == 1) {
        sums[0] += batch.distance(t.get(0), t.get(1));
        counts[0]++;
      }
      if (mined.shape() == Tuples.TRIPLETS || t.get(2) == -1) {
        int n = mined.shape() == Tuples.TRIPLETS ? t.get(2) : t.get(1);
        sums[1] += Math.max(0, 1 - batch.distance(t.get(0), n));
        counts[1]++;
      }
    }
    return sums[0] / Math.max(1, counts[0]) + sums[1] / Math.max(1, counts[1]);
  }

  /** What rounding leaves between equal rows, and what it takes from nearly equal ones. */
  @Test
  void equalEmbeddingsAreAtNoDistance() {
    double[][] x = random(6, 300, 10);
    x[3] = x[1];
    x[5] = Arrays.stream(x[1]).map(v -> 7 * v).toArray();
    for (boolean normalized : new boolean[] {false, true}) {
      try (Arena arena = Arena.host()) {
        Tensor e = arena.allocate(DType.F32, 6, 300);
        e.set(Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray());
        Candidates in = Candidates.of(backend, e, new long[6], normalized);
        assertThat(in.distance(1, 3)).isZero();
        assertThat(in.distance(5, 1) == 0).isEqualTo(normalized);
        for (int i = 0; i < 6; i++) {
          assertThat(in.distance(i, i)).isZero();
          for (int j = 0; j < 6; j++) {
            assertThat(in.distance(i, j)).isEqualTo(in.distance(j, i));
          }
        }
      }
    }
  }

  @Test
  void generatorsGoOn() {
    Candidates batch = MiningBatch.waves().candidates(backend);
    Xoshiro generator = Miners.generator(1);
    Miner random = new RandomMiner();
    List<List<Integer>> first = MiningBatch.rows(Miners.mine(random, batch, generator));
    long[] state = generator.state();
    List<List<Integer>> second = MiningBatch.rows(Miners.mine(random, batch, generator));
    assertThat(second).isNotEqualTo(first);
    assertThat(MiningBatch.rows(Miners.mine(random, batch, Xoshiro.restore(state))))
        .isEqualTo(second);
  }
}
