package io.vicinal.loss.tuple;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.Compat;
import io.vicinal.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs and oracles against the values that are known ({@link TupleGolden}). */
class TupleGoldenTest {
  /** Of a float32 value. */
  private static final double SINGLE = 1e-5;

  @AutoClose private static final Backend backend = TestDevice.open();

  static List<TupleGolden> goldens() {
    return TupleGolden.ALL;
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void valuesAndGradients(TupleGolden golden) {
    TupleLoss loss = golden.create();
    TupleCase in = golden.batch(loss);
    assertClose(golden, "oracle", TupleOracle.value(golden.loss(), in), golden.value(), 0);
    try (TupleRun run = new TupleRun(backend, loss, in.mined(), in.normalized())) {
      Map<String, double[]> out = run.gradient(in, DType.F64);
      double[] gradient = out.get("gradient.embedding");
      assertClose(golden, "loss", out.get("loss")[0], golden.value(), 0);
      assertClose(
          golden, "gradient", TupleCase.length(gradient), golden.gradient(), 10 * golden.digits());
      assertClose(golden, "first entry", gradient[0], golden.first(), 10 * golden.digits());
      double single = run.gradient(in, DType.F32).get("loss")[0];
      assertClose(golden, "float32", single, golden.value(), SINGLE);
    }
  }

  static List<Compat> defects() {
    return Stream.of(Compat.values())
        .filter(one -> one.kind() == Compat.Kind.LOSS && TupleLosses.has(one.owner()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("defects")
  void everyDefectHasAValueThatItsCodeGave(Compat one) {
    assertThat(TupleGolden.ALL)
        .anyMatch(
            golden -> {
              Map<String, Object> params = TupleLosses.params(golden.create());
              TupleLoss compat = TupleLosses.create(one.owner(), one.params());
              Map<String, Object> wanted = TupleLosses.params(compat);
              wanted.keySet().retainAll(one.params().keySet());
              return golden.loss().equals(one.owner())
                  && params.entrySet().containsAll(wanted.entrySet());
            });
  }

  private static void assertClose(
      TupleGolden golden, String what, double value, double known, double least) {
    double allowed = Math.max(golden.digits(), least) * (1 + Math.abs(known));
    assertThat(Double.isNaN(known) || Math.abs(value - known) <= allowed)
        .as("%s: %s %s, known is %s", golden, what, value, known)
        .isTrue();
  }
}
