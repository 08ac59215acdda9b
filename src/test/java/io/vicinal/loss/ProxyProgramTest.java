package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.program.Executable;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every loss that has kernels of its own is a program, too: the same values, gradients and
 * Hessian-vector products from another text, on ordinary and on nasty batches.
 */
class ProxyProgramTest {
  private static final int CLASSES = 5;
  private static final int WIDTH = 4;

  /** Of the same arithmetic in another order, by exponents up to 64. */
  private static final double OF_VALUES = 1e-9;

  @AutoClose private static final Backend backend = TestDevice.open();

  /**
   * @param name of the program
   * @param learned what it calls the proxies
   */
  private record Same(String name, String learned, Map<String, String> params) {}

  static List<Loss> losses() {
    return Variants.all();
  }

  private static Same program(Loss loss) {
    Map<String, String> params = new LinkedHashMap<>();
    loss.params().forEach((param, value) -> params.put(param, value.toString()));
    switch (loss.name()) {
      case "proxy-nca" -> {
        params.put("distance", "squared");
        params.computeIfPresent("scale", (k, s) -> "" + Math.sqrt(Double.parseDouble(s)));
        return new Same("proxy-nca-v2", "proxies", params);
      }
      case "proxy-nca-pp" -> {
        params.put("distance", "squared");
        return new Same("proxy-nca-v2", "proxies", params);
      }
      case "proxy-anchor" -> {
        double margin = Double.parseDouble(params.remove("margin"));
        String alpha = params.remove("alpha");
        params.putAll(Map.of("pos-alpha", alpha, "neg-alpha", alpha));
        params.putAll(Map.of("pos-delta", "" + margin, "neg-delta", "" + -margin));
        return new Same("proxy-anchor-v2", "proxies", params);
      }
      case "normalized-softmax" -> {
        return new Same("softmax", "weight", params);
      }
      case "cosface" -> {
        params.put("temperature", "" + 1 / Double.parseDouble(params.remove("scale")));
        return new Same("softmax", "weight", params);
      }
      case "soft-triple" -> {
        return new Same("soft-triple-v2", "weight", params);
      }
      default -> {
        return new Same(loss.name() + "-v2", "proxies", params);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void isAProgramToo(Loss loss) {
    compare("random", loss, random(1, 7), 0, 1, 0, 2, 1, 0, 3);
    compare("one class", loss, random(2, 4), 2, 2, 2, 2);
    compare("one sample", loss, random(3, 1), 4);
    double[] duplicates = random(4, 5);
    System.arraycopy(duplicates, 0, duplicates, 2 * WIDTH, WIDTH);
    compare("duplicates", loss, duplicates, 0, 1, 2, 0, 1);
    double[] zeros = random(5, 5);
    zeros[0] = zeros[1] = zeros[2] = zeros[3] = 0;
    compare("a zero vector", loss, zeros, 0, 1, 2, 0, 1);
  }

  private static double[] random(int seed, int rows) {
    return new Random(seed).doubles((long) rows * WIDTH, -1, 1).toArray();
  }

  private static void compare(String what, Loss loss, double[] x, long... labels) {
    Same same = program(loss);
    TupleProgram program =
        new TupleProgram(TupleLosses.create(same.name(), same.params()), null, true);
    int rows = CLASSES * loss.centers();
    try (Arena arena = Arena.host();
        Executable gradient = program.gradient(backend);
        Executable product = program.product(backend)) {
      Tensor e = real(arena, x, labels.length);
      Tensor p = real(arena, random(6, rows), rows);
      Tensor v = real(arena, random(7, labels.length), labels.length);
      Tensor u = real(arena, random(8, rows), rows);
      Targets targets = new Targets(arena.of(labels, labels.length), null, null);
      Tensor[] fused = new Tensor[4];
      for (int k = 0; k < 4; k++) {
        fused[k] = arena.allocate(DType.F64, k % 2 == 0 ? e.shape() : p.shape());
      }
      LossValue value = backend.loss(loss.spec(), CLASSES, e, targets, p, null, fused[0], fused[1]);
      backend.lossHvp(loss.spec(), CLASSES, e, targets, p, v, u, fused[2], fused[3]);

      boolean centers = same.params().containsKey("centers");
      long[] form = {CLASSES, loss.centers(), WIDTH};
      Map<String, Tensor> in = new HashMap<>();
      in.put("embedding", e);
      in.put("labels", targets.labels());
      in.put(same.learned(), centers ? p.reshape(form) : p);
      in.put("direction.embedding", v);
      in.put("direction." + same.learned(), centers ? u.reshape(form) : u);
      Map<String, Tensor> out = gradient.run(arena, in);
      Map<String, Tensor> tangents = product.run(arena, in);
      String of = what + " of " + loss;
      assertThat(out.get("loss").at(0))
          .as(of)
          .isCloseTo(value.loss(), within(OF_VALUES * (1 + Math.abs(value.loss()))));
      String[] inputs = {"embedding", same.learned()};
      for (int k = 0; k < 4; k++) {
        String output = "gradient." + inputs[k % 2];
        Tensor other = k < 2 ? out.get(output) : tangents.get("tangent." + output);
        assertClose(of + (k < 2 ? ": " : ": product, ") + output, other, fused[k]);
      }
    }
  }

  private static void assertClose(String what, Tensor actual, Tensor expected) {
    double[] a = actual.toDoubles();
    double[] b = expected.toDoubles();
    double largest = 1;
    for (double one : b) {
      largest = Math.max(largest, Math.abs(one));
    }
    assertThat(a).as(what).containsExactly(b, within(OF_VALUES * largest));
  }

  private static Tensor real(Arena arena, double[] values, int rows) {
    Tensor tensor = arena.allocate(DType.F64, rows, values.length / rows);
    tensor.set(values);
    return tensor;
  }
}
