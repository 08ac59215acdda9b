package io.vicinal.backend;

import static io.vicinal.Refusal.refused;
import static io.vicinal.Refusal.refusedAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The operations other than losses, against values worked out by hand, in both types. */
class BackendOperationsTest {
  @AutoClose private static final Backend backend = TestDevice.open();
  @AutoClose private final Arena arena = Arena.host();

  private Tensor tensor(DType type, double[] values, long... shape) {
    return Filled.of(arena, type, values, shape);
  }

  private static void near(Tensor actual, double... expected) {
    double relative = actual.dtype() == DType.F32 ? 2e-6 : 1e-14;
    assertThat(actual.toDoubles()).containsExactly(expected, within(relative * 4));
  }

  @Test
  void describesItself() {
    assertThat(backend.name()).isEqualTo(TestDevice.name());
    boolean cpu = TestDevice.name().equals("cpu");
    assertThat(backend.isa()).matches(cpu ? "base|avx2|avx512" : "sm_\\d+");
    assertThat(backend.threads()).isPositive();
    assertThat(backend.blas()).containsIgnoringCase(cpu ? "openblas" : "cublas");
    refused(() -> Backend.open("tpu", BackendOptions.defaults()), "tpu");
    refused(() -> new BackendOptions(-1, 0, "auto"), "threads");
    refused(() -> new BackendOptions(0, 5, "auto"), "workspace");
    refused(() -> new BackendOptions(0, 0, "sse9"), "avx2");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void embedIsXTimesWTransposedPlusB(DType type) {
    Tensor x = tensor(type, new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor w = tensor(type, new double[] {1, 0, -1, 0.5, 0.5, 0.5}, 2, 3);
    Tensor b = tensor(type, new double[] {10, -1}, 2);
    Tensor z = arena.allocate(type, 2, 2);
    backend.embed(x, new HeadTensors(w, b, null), z);
    near(z, 8, 2, 8, 6.5);
    backend.embed(x, new HeadTensors(w, null, null), z);
    near(z, -2, 3, -2, 7.5);
  }

  private static Update update(
      Tensor p, long step, double lr, double weightDecay, double momentum, Tensor... rest) {
    List<Tensor> tensors = new ArrayList<>(List.of(p));
    tensors.addAll(Arrays.asList(rest));
    List<String> names = List.of("weight", "gradient of weight", "first", "second", "third");
    return new Update(
        names.subList(0, tensors.size()),
        tensors,
        step,
        lr,
        weightDecay,
        1.0,
        momentum,
        0.9,
        0.999,
        Update.Clip.NONE);
  }

  private void step(UpdateRule rule, Update update) {
    assertThat(backend.update(rule, List.of(update)).nonFinite()).isNull();
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void sgdWithMomentumAndDecay(DType type) {
    Tensor p = tensor(type, new double[] {1, -2}, 2);
    Tensor g = tensor(type, new double[] {0.5, 0.25}, 2);
    Tensor v = tensor(type, new double[] {99, 99}, 2);
    step(UpdateRule.SGD, update(p, 1, 0.1, 0.01, 0.9, g, v));
    near(v, 0.51, 0.23);
    near(p, 0.949, -2.023);
    step(UpdateRule.SGD, update(p, 2, 0.1, 0, 0.9, g, v));
    near(v, 0.959, 0.457);
    near(p, 0.8531, -2.0687);
    step(UpdateRule.SGD, update(p, 1, 1, 0, 0, g, null));
    near(p, 0.3531, -2.3187);
    near(g, 0.5, 0.25);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void adamAndAdamW(DType type) {
    Tensor p = tensor(type, new double[] {1, -2}, 2);
    Tensor g = tensor(type, new double[] {0.5, -0.25}, 2);
    Tensor m = arena.allocate(type, 2);
    Tensor v = arena.allocate(type, 2);
    // First step without decay and eps 1: update = lr g / (|g| + 1).
    step(UpdateRule.ADAM, update(p, 1, 0.1, 0, 0, g, m, v));
    near(m, 0.05, -0.025);
    near(v, 0.00025, 0.0000625);
    near(p, 1 - 0.1 * 0.5 / 1.5, -2 + 0.1 * 0.25 / 1.25);
    // AdamW shrinks the parameter first: p (1 - lr wd), then the same update from fresh moments.
    p.set(new double[] {1, -2});
    m.set(new double[2]);
    v.set(new double[2]);
    step(UpdateRule.ADAMW, update(p, 1, 0.1, 0.5, 0, g, m, v));
    near(p, 0.95 - 0.1 * 0.5 / 1.5, -1.9 + 0.1 * 0.25 / 1.25);
    // Adam adds wd p to the gradient: 0.5 + 0.5 and -0.25 - 1.
    p.set(new double[] {1, -2});
    m.set(new double[2]);
    v.set(new double[2]);
    step(UpdateRule.ADAM, update(p, 1, 0.1, 0.5, 0, g, m, v));
    near(p, 1 - 0.1 * 1 / 2, -2 + 0.1 * 1.25 / 2.25);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void manyParametersAreOneStepAndWhatIsNotFiniteIsNamed(DType type) {
    List<Update> updates = new ArrayList<>();
    List<Tensor> parameters = new ArrayList<>();
    for (int i = 0; i < 40; i++) { // more arrays than an engine has places for at first
      Tensor p = tensor(type, new double[] {i, 1}, 2);
      parameters.add(p);
      updates.add(update(p, 1, 0.1, 0, 0, tensor(type, new double[] {3, 4}, 2), null));
    }
    UpdateResult result = backend.update(UpdateRule.SGD, updates);
    assertThat(result.gradientNorm()).isEqualTo(5 * Math.sqrt(40), within(1e-9));
    assertThat(result.taken()).isTrue();
    for (int i = 0; i < 40; i++) {
      near(parameters.get(i), i - 0.3, 0.6);
    }
    updates.get(7).tensors().get(1).set(new double[] {0, Double.NaN});
    result = backend.update(UpdateRule.SGD, updates);
    assertThat(result.nonFinite()).isEqualTo("gradient of weight");
    assertThat(result.taken()).isFalse();
    near(parameters.get(8), 8 - 0.3, 0.6);
    Tensor large = tensor(type, new double[] {3e38, 3e38}, 2);
    Tensor p = tensor(type, new double[] {0, 0}, 2);
    result = backend.update(UpdateRule.SGD, List.of(update(p, 1, 1e290, 0, 0, large, null)));
    assertThat(result.nonFinite()).isEqualTo("weight");
    assertThat(result.taken()).isTrue();
    assertThat(backend.update(UpdateRule.SGD, List.of()).taken()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void averagesMoveTowardsValues(DType type) {
    Tensor average = tensor(type, new double[] {1, -2}, 2);
    Tensor value = tensor(type, new double[] {2, 2}, 2);
    backend.average(0.25, List.of(average), List.of(value));
    near(average, 1.25, -1);
    backend.average(0.25, List.of(), List.of());
    refusedAt(() -> backend.average(0.25, List.of(average), List.of()), "average: 1 averages");
    refusedAt(() -> backend.average(2, List.of(average), List.of(value)), "average: weight is 2");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void clipAndFindNonFinite(DType type) {
    Tensor x = tensor(type, new double[] {-5, -1, 0, 3, 11}, 5);
    assertThat(backend.findNonFinite(x)).isEqualTo(-1);
    backend.clip(x, -2.5, 2.5);
    near(x, -2.5, -1, 0, 2.5, 2.5);
    x.set(new double[] {1, 2, Double.NEGATIVE_INFINITY, Double.NaN, 0});
    assertThat(backend.findNonFinite(x)).isEqualTo(2);
    assertThat(backend.findNonFinite(x.rows(3, 5))).isZero();
    backend.clip(x, -1, 1);
    assertThat(x.at(3)).isNaN();
    assertThat(x.at(2)).isEqualTo(-1);
    refusedAt(() -> backend.clip(x, 0, 0), "clip: ");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void lowestAndReciprocal(DType type) {
    Tensor x = tensor(type, new double[] {5, -1, 0, 3}, 2, 2);
    assertThat(backend.lowest(x)).isEqualTo(-1);
    Tensor out = arena.allocate(type, 2, 2);
    backend.reciprocal(3, x, out);
    near(out, 0.125, 0.5, 1 / 3.0, 1 / 6.0);
    refusedAt(() -> backend.reciprocal(3, x, out.reshape(4)), "reciprocal: out has shape");
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void gatherAndNormalize(DType type) {
    Tensor x = tensor(type, new double[] {3, 4, 0, 0, 0, -2}, 3, 2);
    Tensor out = arena.allocate(type, 4, 2);
    backend.gatherRows(x, arena.of(new long[] {2, 0, 0, 1}, 4), out);
    near(out, 0, -2, 3, 4, 3, 4, 0, 0);
    Tensor unit = arena.allocate(type, 3, 2);
    backend.normalizeRows(x, unit);
    near(unit, 0.6, 0.8, 0, 0, 0, -1);
    backend.normalizeRows(x, x);
    near(x, 0.6, 0.8, 0, 0, 0, -1);
    for (long bad : new long[] {-1, 3, Long.MAX_VALUE}) {
      refused(
          () -> backend.gatherRows(x, arena.of(new long[] {0, bad, 0, 0}, 4), out), "gather rows");
    }
  }

  @Test
  void argumentsAreNamedWhenTheyDoNotFit() {
    LossSpec spec = new LossSpec("normalized-softmax", Map.of("temperature", 0.05));
    Tensor e = arena.of(new float[] {1, 0, 0, 1, 1, 1}, 3, 2);
    Tensor p = arena.of(new float[] {1, 0, 0, 1}, 2, 2);
    Targets y = Targets.of(arena.of(new long[] {0, 1, 1}, 3));
    refused(() -> backend.loss(spec, 2, null, y, p, null, null, null), "embeddings");
    refused(
        () -> backend.loss(spec, 2, e.reshape(6), y, p, null, null, null),
        "embeddings has shape [6]");
    refused(
        () -> backend.loss(spec, 3, e, y, p, null, null, null),
        "proxies has shape [2, 2] where [3, 2]");
    refused(
        () -> backend.loss(spec, 2, e, y, arena.allocate(DType.F64, 2, 2), null, null, null),
        "proxies is F64");
    refused(() -> backend.loss(spec, 0, e, y, p, null, null, null), "classes");
    refused(
        () ->
            backend.loss(spec, 2, e, Targets.of(arena.allocate(DType.F32, 3)), p, null, null, null),
        "labels is F32");
    refused(
        () ->
            backend.loss(spec, 2, e, Targets.of(arena.allocate(DType.I64, 2)), p, null, null, null),
        "labels has shape [2]");
    refused(
        () ->
            backend.loss(
                spec,
                2,
                e,
                new Targets(y.labels(), arena.allocate(DType.F32, 4), null),
                p,
                null,
                null,
                null),
        "weights");
    refused(
        () ->
            backend.loss(
                spec,
                2,
                e,
                new Targets(y.labels(), null, arena.allocate(DType.F32, 3, 3)),
                p,
                null,
                null,
                null),
        "soft labels");
    refused(
        () -> backend.loss(spec, 2, e, y, p, null, arena.allocate(DType.F32, 2, 3), null),
        "embedding gradient has shape");
    refused(
        () -> backend.loss(spec, 2, e, y, p, null, e, null),
        "embedding gradient overlaps embeddings");
    refused(() -> backend.loss(spec, 2, e, y, p, null, null, e.rows(1, 3)), "overlaps");
    refused(
        () -> backend.lossHvp(spec, 2, e, y, p, null, null, null, null), "direction is missing");
    refused(
        () ->
            backend.loss(
                spec, 2, e, Targets.of(arena.of(new long[] {0, 2, 1}, 3)), p, null, null, null),
        "label");
    refused(
        () ->
            backend.loss(
                spec, 2, e, Targets.of(arena.of(new long[] {0, -1, 1}, 3)), p, null, null, null),
        "label");
    refused(
        () ->
            backend.loss(
                spec,
                2,
                e,
                new Targets(y.labels(), arena.of(new float[] {1, -1, 1}, 3), null),
                p,
                null,
                null,
                null),
        "weight");
    LossSpec anchor = new LossSpec("proxy-anchor", Map.of("alpha", 32.0, "margin", 0.1));
    refused(
        () -> backend.loss(anchor, 2, e, y, p, arena.allocate(DType.F32, 3), null, null),
        "per-sample");
    refused(
        () ->
            backend.loss(
                anchor,
                2,
                e,
                new Targets(y.labels(), null, arena.allocate(DType.F32, 3, 2)),
                p,
                null,
                null,
                null),
        "soft");
    refused(
        () -> backend.loss(new LossSpec("unknown", Map.of()), 2, e, y, p, null, null, null),
        "loss: 'unknown' is no loss; choose proxy-nca, ");
    Tensor like = arena.allocate(DType.F32, 3, 2);
    refused(() -> step(UpdateRule.SGD, update(e, 1, 1, 0, 0.9, like, null)), "velocity");
    refused(() -> step(UpdateRule.SGD, update(e, 1, 1, 0, 0, p, null)), "gradient");
    refused(
        () -> step(UpdateRule.ADAM, update(e, 1, 1, 0, 0, like, null)),
        "update: 3 arrays of weight where 4 are needed: parameter, gradient, first moment");
    HeadTensors head = new HeadTensors(arena.allocate(DType.F32, 2, 2), null, p);
    refused(
        () ->
            backend.headGradient(
                spec,
                2,
                e,
                y,
                head,
                null,
                new HeadTensors(null, arena.allocate(DType.F32, 2), null)),
        "bias");
    refused(
        () -> backend.headGradient(spec, 2, e, y, new HeadTensors(null, null, p), null, head),
        "weight");
  }

  @Test
  void closedTensorsAreAnIllegalState() {
    Tensor x = arena.of(new float[] {1}, 1, 1);
    Tensor gone;
    try (Arena other = Arena.host()) {
      gone = other.of(new float[] {1}, 1, 1);
    }
    assertThatThrownBy(() -> backend.normalizeRows(gone, x))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> backend.findNonFinite(gone)).isInstanceOf(IllegalStateException.class);
  }
}
