package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Random numbers of programs: which they are, their laws, and that nothing else decides them. */
class RandomTest {
  @AutoClose private static final Backend backend = TestDevice.open();

  private final Graph graph = new Graph();
  private final Expr x = graph.real("x", "B", "d");
  private final Expr key = graph.integer("key");
  private final Expr ids = graph.integer("ids", "B").column();

  /** The vectors of Random123's kat_vectors, philox4x32 10. */
  @Test
  void theGeneratorIsPhilox() {
    assertThat(Philox.words(new long[4], new long[2]))
        .containsExactly(0x6627e8d5L, 0xe169c58dL, 0xbc57ac4cL, 0x9b00dbd8L);
    long ones = 0xffffffffL;
    assertThat(Philox.words(new long[] {ones, ones, ones, ones}, new long[] {ones, ones}))
        .containsExactly(0x408f276dL, 0x41c83b0eL, 0xa20bc7c6L, 0x6d5451fdL);
    long[] pi = {0x243f6a88L, 0x85a308d3L, 0x13198a2eL, 0x03707344L};
    assertThat(Philox.words(pi, new long[] {0xa4093822L, 0x299f31d0L}))
        .containsExactly(0xd16cfe09L, 0x94fdccebL, 0x5001e420L, 0x24126ea1L);
  }

  @Test
  void numbersAreThoseThatTheirPlacesSay() {
    long[] samples = {5, -1, 1L << 40};
    long seed = Xoshiro.derive(3, "dropout");
    double[] uniform = draw(DType.F64, seed, samples, 70, "uniform");
    double[] single = draw(DType.F32, seed, samples, 70, "uniform");
    double[] normal = draw(DType.F64, seed, samples, 70, "normal");
    double[] singleNormal = draw(DType.F32, seed, samples, 70, "normal");
    for (int i = 0; i < uniform.length; i++) {
      double u = Philox.uniform(seed, samples[i / 70], i % 70, 2);
      assertThat(uniform[i]).isEqualTo(u);
      assertThat(single[i]).isEqualTo(Math.floor(u * 0x1p24) * 0x1p-24);
      double z = Philox.normal(seed, samples[i / 70], i % 70, 2);
      assertThat(normal[i]).isCloseTo(z, within(1e-14 * (1 + Math.abs(z))));
      assertThat(singleNormal[i]).isCloseTo(z, within(1e-7 * (1 + Math.abs(z))));
    }
  }

  /** A batch in another order, or in parts, gives each sample what it had. */
  @Test
  void aSampleSeesTheSameNumbersInAnyBatch() {
    double[] all = draw(DType.F32, 9, new long[] {11, 12, 13, 14}, 300, "normal");
    double[] turned = draw(DType.F32, 9, new long[] {14, 12}, 300, "normal");
    double[] alone = draw(DType.F32, 9, new long[] {12}, 300, "normal");
    assertThat(Arrays.copyOfRange(turned, 0, 300)).isEqualTo(Arrays.copyOfRange(all, 900, 1200));
    assertThat(Arrays.copyOfRange(turned, 300, 600)).isEqualTo(alone);
    assertThat(Arrays.copyOfRange(all, 300, 600)).isEqualTo(alone);
    assertThat(draw(DType.F32, 10, new long[] {12}, 300, "normal")).isNotEqualTo(alone);
  }

  /** Counts of sixteen cells, and moments, within five of their standard deviations. */
  @Test
  void lawsAreUniformAndNormal() {
    long[] samples = new long[64];
    Arrays.setAll(samples, i -> i);
    int width = 1000;
    double n = samples.length * (double) width;
    double[] u = draw(DType.F32, 1, samples, width, "uniform");
    double[] counts = new double[16];
    Arrays.stream(u).forEach(v -> counts[(int) (16 * v)]++);
    double chi = Arrays.stream(counts).map(c -> Math.pow(c - n / 16, 2) / (n / 16)).sum();
    assertThat(chi).isLessThan(15 + 5 * Math.sqrt(30));
    double[] z = draw(DType.F32, 1, samples, width, "normal");
    double[] moments = {0, 1, 0, 3};
    double[] variances = {1, 2, 15, 96};
    for (int k = 0; k < 4; k++) {
      int power = k + 1;
      double mean = Arrays.stream(z).map(v -> Math.pow(v, power)).sum() / n;
      assertThat(mean).isCloseTo(moments[k], within(5 * Math.sqrt(variances[k] / n)));
    }
    double[][] pairs = { // neighbours, samples, streams, laws
      product(z, z, 1),
      product(z, z, width),
      product(z, draw(DType.F32, 1, samples, width, "other"), 0),
      product(z, u, 0)
    };
    for (double[] products : pairs) {
      assertThat(Arrays.stream(products).average().orElseThrow())
          .isCloseTo(0, within(5 / Math.sqrt(n)));
    }
  }

  private static double[] product(double[] a, double[] b, int shift) {
    double mean = Arrays.stream(b).average().orElseThrow();
    double[] products = new double[a.length - shift];
    Arrays.setAll(products, i -> a[i] * (b[i + shift] - mean));
    return products;
  }

  /** Dropout as a user writes it: what is kept is scaled, and the gradient has the same mask. */
  @Test
  void dropout() {
    double keep = 0.75;
    Expr kept = x.uniform(key, ids, 0).lessThan(keep);
    Expr dropped = kept.select(x.over(keep), 0);
    Program value = new Program(Map.of("dropped", dropped, "loss", dropped.square().total()));
    Program gradient = Reverse.of(value, "loss", List.of("x"));
    Program product = Forward.of(gradient, List.of("gradient.x"), List.of("x"));
    double[] values = Values.random(4, 0.5, 1, 3, 200).data();
    double[] before = null;
    try (Executable run = new Executable(backend, product);
        Arena arena = Arena.host()) {
      for (long step = 0; step < 4; step++) { // from the third on a GPU's graph
        Map<String, Tensor> in = inputs(arena, DType.F64, step, new long[] {7, 8, 9}, values);
        in.put("direction.x", in.get("x"));
        Map<String, Tensor> out = run.run(arena, in);
        double[] made = out.get("dropped").toDoubles();
        double[] slopes = out.get("gradient.x").toDoubles();
        double[] curves = out.get("tangent.gradient.x").toDoubles();
        for (int i = 0; i < made.length; i++) {
          boolean stays = Philox.uniform(step, 7 + i / 200, i % 200, 0) < keep;
          assertThat(made[i]).isEqualTo(stays ? values[i] / keep : 0);
          assertThat(slopes[i]).isCloseTo(stays ? 2 * made[i] / keep : 0, within(1e-14));
          assertThat(curves[i]).isCloseTo(slopes[i], within(1e-14));
        }
        assertThat(made).isNotEqualTo(before);
        before = made;
      }
    }
  }

  private double[] draw(DType type, long seed, long[] samples, int width, String what) {
    Expr drawn =
        switch (what) {
          case "uniform" -> x.uniform(key, ids, 2);
          case "normal" -> x.normal(key, ids, 2);
          default -> x.normal(key, ids, 5);
        };
    try (Executable run = new Executable(backend, new Program(Map.of("drawn", drawn)));
        Arena arena = Arena.host()) {
      double[] some = new double[samples.length * width];
      return run.run(arena, inputs(arena, type, seed, samples, some)).get("drawn").toDoubles();
    }
  }

  private static Map<String, Tensor> inputs(
      Arena arena, DType type, long seed, long[] samples, double[] values) {
    Tensor rows = arena.allocate(type, samples.length, values.length / samples.length);
    rows.set(values);
    Map<String, Tensor> in = new HashMap<>();
    in.put("x", rows);
    in.put("key", arena.of(new long[] {seed}));
    in.put("ids", arena.of(samples, samples.length));
    return in;
  }
}
