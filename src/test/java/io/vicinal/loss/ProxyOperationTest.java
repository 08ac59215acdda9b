package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.tuple.Batch;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.program.Executable;
import io.vicinal.program.Expr;
import io.vicinal.program.Forward;
import io.vicinal.program.Graph;
import io.vicinal.program.Program;
import io.vicinal.program.Reverse;
import io.vicinal.program.Split;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses against proxies as operations of programs, alone and with others beside them. */
class ProxyOperationTest {
  private static final int CLASSES = 4;
  private static final int WIDTH = 3;
  private static final long[] LABELS = {0, 1, 0, 3, 1};

  private static final double SHARE = 0.1;

  @AutoClose private static final Backend backend = TestDevice.open();

  @AutoClose
  private static final Executable triplets =
      new TupleProgram(triplet(), null, false).product(backend);

  /** As a user writes it: a fused loss, and a share of another one of the same embeddings. */
  private record Mixed(Loss loss) implements TupleLoss {
    @Override
    public Expr value(Batch in) {
      Expr proxies = in.parameter("proxies", "P", "d");
      Expr fused = in.embedding().proxyLoss(in.labels(), proxies, loss.spec().text());
      return fused.plus(triplet().value(in).times(SHARE));
    }

    @Override
    public List<LearnedParameter> learned() {
      return List.of(new LearnedParameter("proxies", List.of("P", "d")));
    }
  }

  private static TupleLoss triplet() {
    return TupleLosses.create("triplet", Map.of("margin", "2"));
  }

  static List<Loss> losses() {
    return Variants.all();
  }

  /**
   * Value, gradients and product of a loss with a share of the triplet loss; from the third run on
   * a graph.
   */
  @ParameterizedTest
  @MethodSource("losses")
  void aFusedLossIsOneOperation(Loss loss) {
    TupleProgram program = new TupleProgram(new Mixed(loss), null, false);
    try (Executable product = program.product(backend)) {
      for (DType type : List.of(DType.F64, DType.F32)) {
        Map<String, double[]> expected = separately(loss, type);
        double tolerance = type == DType.F64 ? 1e-12 : 2e-4;
        try (Arena arena = Arena.host()) {
          Map<String, Tensor> in = inputs(arena, loss, type);
          for (int repeat = type == DType.F64 ? 0 : 2; repeat < 3; repeat++) {
            Map<String, Tensor> out = product.run(arena, in);
            expected.forEach(
                (name, values) ->
                    assertClose(loss + " " + type + " " + name, out.get(name), values, tolerance));
          }
        }
      }
    }
  }

  /** The fused loss by its own calls, the triplet loss by its own program. */
  private static Map<String, double[]> separately(Loss loss, DType type) {
    Map<String, double[]> sums = new LinkedHashMap<>();
    try (Arena arena = Arena.host()) {
      Map<String, Tensor> in = inputs(arena, loss, type);
      Tensor e = in.get("embedding");
      Tensor p = in.get("proxies");
      Map<String, Tensor> fused = new LinkedHashMap<>();
      for (String of : List.of("gradient.", "tangent.gradient.")) {
        fused.put(of + "embedding", arena.allocate(type, e.shape()));
        fused.put(of + "proxies", arena.allocate(type, p.shape()));
      }
      Targets targets = Targets.of(in.get("labels"));
      LossValue value =
          backend.loss(
              loss.spec(),
              CLASSES,
              e,
              targets,
              p,
              null,
              fused.get("gradient.embedding"),
              fused.get("gradient.proxies"));
      backend.lossHvp(
          loss.spec(),
          CLASSES,
          e,
          targets,
          p,
          in.get("direction.embedding"),
          in.get("direction.proxies"),
          fused.get("tangent.gradient.embedding"),
          fused.get("tangent.gradient.proxies"));
      Map<String, Tensor> other = triplets.run(arena, in);
      sums.put("loss", new double[] {value.loss() + SHARE * other.get("loss").at(0)});
      fused.forEach(
          (name, tensor) -> {
            double[] values = tensor.toDoubles();
            Tensor more = other.get(name);
            for (int i = 0; more != null && i < values.length; i++) {
              values[i] += SHARE * more.toDoubles()[i];
            }
            sums.put(name, values);
          });
    }
    return sums;
  }

  /** Behind a layer, in one run and in two, as the formula that it is. */
  @Test
  void derivativesGoThroughIt() {
    Graph graph = new Graph();
    Expr layer = graph.real("layer", "D", "d");
    Expr e = graph.real("embedding", "B", "D").matmul(layer).tanh();
    Expr labels = graph.integer("labels", "B");
    Expr proxies = graph.real("proxies", "P", "d");
    Expr fused = e.proxyLoss(labels, proxies, new NormalizedSoftmax(0.1).spec().text());
    Expr scores = e.cosines(proxies).over(0.1);
    Expr written = scores.logSumExp(1).minus(scores.pick(labels.column(), 1)).mean();
    List<String> inputs = List.of("embedding", "layer", "proxies");
    List<String> gradients = inputs.stream().map("gradient."::concat).toList();
    Map<String, double[]> first = null;
    for (Expr loss : List.of(fused.times(0.5).square(), written.times(0.5).square())) {
      Program gradient = Reverse.of(new Program(Map.of("loss", loss)), "loss", inputs);
      Split split = Reverse.split(new Program(Map.of("loss", loss)), List.of("loss"), inputs);
      try (Arena arena = Arena.host();
          Executable product = new Executable(backend, Forward.of(gradient, gradients, inputs));
          Executable forward = new Executable(backend, split.forward());
          Executable backward = new Executable(backend, split.backward())) {
        Map<String, Tensor> in = inputs(arena, new NormalizedSoftmax(), DType.F64);
        in.put("layer", random(arena, 5, DType.F64, WIDTH, WIDTH));
        in.put("direction.layer", random(arena, 6, DType.F64, WIDTH, WIDTH));
        Map<String, Tensor> out = product.run(arena, in);
        Map<String, double[]> values = new LinkedHashMap<>();
        out.forEach((name, tensor) -> values.put(name, tensor.toDoubles()));
        first = first == null ? values : first;
        first.forEach((name, right) -> assertClose(name, out.get(name), right, 1e-10));
        in.putAll(forward.run(arena, in));
        in.put("adjoint.loss", arena.of(new double[] {1}));
        backward
            .run(arena, in)
            .forEach((name, tensor) -> assertClose(name, tensor, values.get(name), 1e-14));
      }
    }
  }

  @Test
  void whatItDoesNotHaveIsRefusedInOneSentence() {
    Graph graph = new Graph();
    Expr e = graph.real("embedding", "B", "d");
    Expr labels = graph.integer("labels", "N"); // else the names of sizes say it first
    Expr proxies = graph.real("proxies", "P", "d");
    LossSpec spec = new ProxyAnchor().spec();
    refused(
        () -> e.proxyLoss(labels.column(), proxies, spec.text()), "ranks are 2, of the labels 1");
    Expr loss = e.proxyLoss(labels, proxies, spec.text());
    Expr gradient = Reverse.gradients(loss, List.of(e)).get(0);
    Expr product = Forward.tangents(List.of(gradient), Map.of(e, e.stop())).get(0);
    refused(
        () -> Reverse.gradients(product.total(), List.of(proxies)),
        "kernels have no third derivative; the same loss written as a program has");
    Expr best = e.matmul(proxies.transposed()).argmax(1).drop(1);
    refusedAtRun(
        e.proxyLoss(best, proxies, spec.text()), LABELS, 5, "proxy_loss: its labels are computed");
    refusedAtRun(loss, new long[] {0, 1, 2, 4, 0}, 5, "labels[3] is 4; it must be in 0..3");
    refusedAtRun(loss, new long[] {0, 1, -1, 3, 0}, 5, "labels[2] is -1; it must be in 0..3");
    refusedAtRun(loss, LABELS, 4, "proxy_loss: [4, 3] has not one row for each of 5 labels");
    refusedAtRun(loss, new long[0], 0, "[0, 3] and proxies [4, 3]: one of them is empty");
    LossSpec centers = new LossSpec("soft-triple", Map.of("centers", 3.0));
    refusedAtRun(
        e.proxyLoss(labels, proxies, centers.text()),
        LABELS,
        5,
        "proxies [4, 3] are not 3 for each class");
    LossSpec unknown = new LossSpec("proxy-anchovy", Map.of());
    refusedAtRun(
        e.proxyLoss(labels, proxies, unknown.text()),
        LABELS,
        5,
        "'proxy-anchovy' is no loss; choose ");
    LossSpec wild = new LossSpec("cosface", Map.of("scale", -1.0));
    refusedAtRun(
        e.proxyLoss(labels, proxies, wild.text()), LABELS, 5, "proxy_loss: cosface: scale is -1;");
  }

  private static void refused(ThrowingCallable build, String sentence) {
    assertThatThrownBy(build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("ProxyOperationTest\\.java:\\d+: proxy_.*")
        .hasMessageEndingWith(sentence);
  }

  private static void refusedAtRun(Expr loss, long[] labels, int rows, String sentence) {
    assertThatThrownBy(
            () -> {
              Program program = new Program(Map.of("loss", loss));
              try (Arena arena = Arena.host();
                  Executable run = new Executable(backend, program)) {
                Map<String, Tensor> in = inputs(arena, new ProxyAnchor(), DType.F64);
                in.put("embedding", random(arena, 1, DType.F64, rows, WIDTH));
                in.put("labels", arena.of(labels, labels.length));
                run.run(arena, in);
              }
            })
        .hasMessageContaining(sentence);
  }

  private static Map<String, Tensor> inputs(Arena arena, Loss loss, DType type) {
    int rows = CLASSES * loss.centers();
    Map<String, Tensor> in = new HashMap<>();
    in.put("embedding", random(arena, 1, type, LABELS.length, WIDTH));
    in.put("labels", arena.of(LABELS, LABELS.length));
    in.put("proxies", random(arena, 2, type, rows, WIDTH));
    in.put("direction.embedding", random(arena, 3, type, LABELS.length, WIDTH));
    in.put("direction.proxies", random(arena, 4, type, rows, WIDTH));
    return in;
  }

  private static Tensor random(Arena arena, int seed, DType type, int rows, int width) {
    Tensor tensor = arena.allocate(type, rows, width);
    tensor.set(new Random(seed).doubles((long) rows * width, -1, 1).toArray());
    return tensor;
  }

  private static void assertClose(String what, Tensor actual, double[] expected, double tolerance) {
    double largest = 1;
    for (double one : expected) {
      largest = Math.max(largest, Math.abs(one));
    }
    assertThat(actual.toDoubles()).as(what).containsExactly(expected, within(tolerance * largest));
  }
}
