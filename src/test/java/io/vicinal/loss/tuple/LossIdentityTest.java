package io.vicinal.loss.tuple;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.tuple.TupleCase.Learned;
import io.vicinal.tensor.DType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Losses that are each other for some parameters. */
class LossIdentityTest {
  private static final TupleCase BATCH =
      TupleCase.of("random", TupleBatches.random(21, 9, 4), 0, 1, 0, 2, 1, 0, 3, 2, 0)
          .normalized(true);

  @AutoClose private static final Backend backend = TestDevice.open();

  /** The value, and the gradient of what is learned under its name in the first loss. */
  private static Map<String, double[]> run(String name, String params, TupleCase batch) {
    Map<String, String> given = new HashMap<>();
    Arrays.stream(params.split(" "))
        .filter(word -> !word.isEmpty())
        .forEach(word -> given.put(word.split("=")[0], word.split("=")[1]));
    TupleLoss loss = TupleLosses.create(name, given);
    try (TupleRun run = new TupleRun(backend, loss, batch.mined(), batch.normalized())) {
      return run.gradient(TupleLossTest.complete(batch, loss), DType.F64);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "arcface-v2 | margin-degrees=0 scale=8 | softmax | temperature=0.125",
        "arcface-v2 | margin-degrees=0 scale=8 tail=easy | softmax | temperature=0.125",
        "sub-center-arcface | sub-centers=1 | arcface-v2 | scale=64",
        "soft-triple-v2 | centers=1 la=8 margin=0.1 | softmax | temperature=0.125 margin=0.1",
        "proxy-nca-v2 | distance=squared scale=2 | softmax | temperature=0.125",
        "proxy-nca-v2 | distance=product scale=2 | proxy-nca-v2 | distance=squared scale=1.4142135623730951",
        "multi-similarity | mean=separate mining=true eps=9 | multi-similarity | mining=false eps=9",
        "n-pair | reg=0 | angular | weight=0 reg=0",
      })
  void isTheOther(String one, String params, String other, String likewise) {
    TupleCase batch = one.equals("multi-similarity") ? paired() : BATCH;
    Map<String, double[]> first = run(one, params, batch);
    Map<String, double[]> second = run(other, likewise == null ? "" : likewise, batch);
    assertThat(first.get("loss")[0]).isCloseTo(second.get("loss")[0], within(1e-12));
    assertThat(first.get("gradient.embedding"))
        .containsExactly(second.get("gradient.embedding"), within(1e-11));
  }

  /** Every sample has a positive. */
  private static TupleCase paired() {
    return TupleCase.of("paired", TupleBatches.random(22, 6, 4), 0, 1, 0, 2, 1, 2).normalized(true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"labels", "jaccard"})
  void withOneLabelASampleSetsAreClasses(String weights) {
    double[] sets = new double[BATCH.count() * 4];
    for (int i = 0; i < BATCH.count(); i++) {
      sets[i * 4 + (int) BATCH.labels()[i]] = 1;
    }
    Learned given = new Learned(new long[] {BATCH.count(), 4}, sets);
    TupleLoss loss = TupleLosses.create("multi-label-supcon", Map.of("weights", weights));
    TupleCase in = BATCH.with(BATCH.rows(), Map.of("label-sets", given));
    double expected = run("supcon", "", BATCH).get("loss")[0];
    try (TupleRun run = new TupleRun(backend, loss, null, true)) {
      double value = run.gradient(in.params(TupleLosses.params(loss)), DType.F64).get("loss")[0];
      assertThat(value).isPositive().isCloseTo(expected, within(1e-12));
    }
  }

  /** The nodes get all the mass for any number of them: published code loses a third for 11. */
  @ParameterizedTest
  @ValueSource(ints = {2, 11, 21, 51, 65, 101})
  void aHistogramLosesNothing(int bins) {
    TupleCase in = BATCH.params(Map.of("bins", bins));
    assertThat(run("histogram", "bins=" + bins, BATCH).get("loss")[0])
        .isCloseTo(TupleOracle.value("histogram", in), within(1e-12));
    TupleCase alike = TupleCase.of("alike", new double[4][3], 0, 0, 1, 1); // h+ = h-, at one place
    int middle = bins % 2; // between two nodes where their number is even: 1/4 + 1/4 + 1/4
    assertThat(run("histogram", "bins=" + bins, alike).get("loss")[0])
        .isCloseTo(middle == 1 ? 1 : 0.75, within(1e-12));
  }

  @Test
  void aPresentClassCountsOnceOrAsOftenAsItIsThere() {
    String[] params = {"", "repeat-labels=true"};
    double[][] values = new double[2][2];
    for (int k = 0; k < 2; k++) {
      values[k][0] = run("proxy-anchor-v2", params[k], paired()).get("loss")[0];
      values[k][1] = run("proxy-anchor-v2", params[k], BATCH).get("loss")[0];
    }
    assertThat(values[1][0]).as("balanced").isCloseTo(values[0][0], within(1e-12));
    assertThat(Math.abs(values[1][1] - values[0][1])).as("unbalanced").isGreaterThan(0.01);
  }

  @Test
  void proxiesThatAreDetachedHaveNoGradient() {
    Map<String, double[]> held = run("proxy-anchor-v2", "detach-proxies=true", BATCH);
    Map<String, double[]> free = run("proxy-anchor-v2", "", BATCH);
    assertThat(held.get("gradient.proxies")).containsOnly(0);
    assertThat(free.get("gradient.proxies")).doesNotContain(0);
    assertThat(held.get("gradient.embedding")).isEqualTo(free.get("gradient.embedding"));
  }
}
