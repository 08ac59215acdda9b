package io.vicinal.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Formulas on images, and a small network on a device. */
class ImagesTest {
  @AutoClose private static final Backend backend = TestDevice.open();

  private static final Values X = Values.random(61, -1, 1, 2, 4, 5, 3);
  private static final Values SCALE = Values.random(62, 0.5, 1.5, 3);
  private static final Values SHIFT = Values.random(63, -1, 1, 3);

  private final Graph graph = new Graph();
  private final Expr x = graph.real("x", "N", "H", "W", "C");
  private final Expr scale = graph.real("scale", "C");
  private final Expr shift = graph.real("shift", "C");

  @Test
  void poolsAreThoseOfPlainLoops() {
    Slide slide = Slide.by(2).padding(1);
    Map<String, Expr> pools = new LinkedHashMap<>();
    pools.put("average", x.averagePool(3, 2, slide));
    pools.put("inside", x.insideAveragePool(3, 2, slide));
    pools.put("largest", x.maxPool(3, 2, slide));
    pools.put("mean", x.globalAveragePool());
    pools.put("top", x.globalMaxPool());
    Map<String, Values> values = Interpreter.run(new Program(pools), Map.of("x", X));
    assertThat(values.get("average").shape()).containsExactly(2, 2, 3, 3);
    for (int n = 0; n < 2; n++) {
      for (int c = 0; c < 3; c++) {
        double mean = 0;
        double top = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < 4; i++) {
          for (int j = 0; j < 5; j++) {
            mean += X.at(n, i, j, c) / 20;
            top = Math.max(top, X.at(n, i, j, c));
          }
        }
        assertThat(values.get("mean").at(n, c)).isCloseTo(mean, within(1e-15));
        assertThat(values.get("top").at(n, c)).isEqualTo(top);
        for (int p = 0; p < 2; p++) {
          for (int q = 0; q < 3; q++) {
            double sum = 0;
            double largest = Double.NEGATIVE_INFINITY;
            int inside = 0;
            for (int i = Math.max(0, 2 * p - 1); i < Math.min(4, 2 * p + 2); i++) {
              for (int j = Math.max(0, 2 * q - 1); j < Math.min(5, 2 * q + 1); j++) {
                sum += X.at(n, i, j, c);
                largest = Math.max(largest, X.at(n, i, j, c));
                inside++;
              }
            }
            assertThat(values.get("average").at(n, p, q, c)).isCloseTo(sum / 6, within(1e-15));
            assertThat(values.get("inside").at(n, p, q, c)).isCloseTo(sum / inside, within(1e-15));
            assertThat(values.get("largest").at(n, p, q, c)).isEqualTo(largest);
          }
        }
      }
    }
  }

  @Test
  void aNormalisedBatchHasTheMeanAndVarianceOfItsShiftAndScale() {
    NormalisedBatch made = x.normaliseBatch(scale, shift, 1e-3);
    Map<String, Values> values =
        Interpreter.run(
            new Program(
                Map.of("value", made.value(), "mean", made.mean(), "variance", made.variance())),
            Map.of("x", X, "scale", SCALE, "shift", SHIFT));
    for (int c = 0; c < 3; c++) {
      double mean = 0;
      double square = 0;
      for (int i = 0; i < 40; i++) {
        double v = X.data()[i * 3 + c];
        mean += v / 40;
        square += v * v / 40;
      }
      double variance = square - mean * mean;
      assertThat(values.get("mean").data()[c]).isCloseTo(mean, within(1e-14));
      assertThat(values.get("variance").data()[c]).isCloseTo(variance, within(1e-14));
      for (int i = 0; i < 40; i++) {
        double expected =
            (X.data()[i * 3 + c] - mean) / Math.sqrt(variance + 1e-3) * SCALE.data()[c]
                + SHIFT.data()[c];
        assertThat(values.get("value").data()[i * 3 + c]).isCloseTo(expected, within(1e-13));
      }
    }
  }

  @Test
  void derivativesAgreeWithDifferences() {
    Slide slide = Slide.by(2).padding(1);
    for (Expr formula :
        List.of(
            x.averagePool(3, 2, slide),
            x.insideAveragePool(3, 2, slide.toTheEnd()),
            x.globalAveragePool(),
            x.globalMaxPool(),
            x.normaliseBatch(scale, shift, 1e-3).value(),
            x.globalAveragePool().normaliseBatch(scale, shift, 0.1).value())) {
      Program program =
          new Program(Map.of("number", formula.times(formula.index(0).plus(1)).square().total()));
      Differences.check(
          formula.toString(), program, "number", Map.of("x", X, "scale", SCALE, "shift", SHIFT));
    }
  }

  /** As far as they are known; so a sum of branches needs no sizes of its own. */
  @Test
  void sizesFollowFromSizes() {
    Expr image = graph.real("image", "N", "28", "W", "3");
    Expr weights = graph.real("weights", "8", "3", "3", "3");
    Slide same = Slide.PLAIN.padding(1);
    assertThat(image.convolve(weights, same).sizes()).hasToString("[N, 28, W, 8]");
    assertThat(image.convolve(weights, same.stride(2, 1)).sizes()).hasToString("[N, 14, W, 8]");
    assertThat(image.maxPool(3, 3, Slide.by(2).toTheEnd()).sizes().get(1)).isEqualTo("14");
    assertThat(image.maxPool(3, 3, Slide.by(2)).sizes().get(1)).isEqualTo("13");
    Expr half = image.convolve(weights, same.stride(2, 2));
    Expr other = image.convolve(weights.times(2), same.stride(2, 2));
    assertThat(half.plus(other).sizes()).isEqualTo(half.sizes());
  }

  /**
   * Convolution, normalisation, max pool, convolution, global pool, linear map, loss: the gradient
   * by all weights against differences of the loss, and the product with the Hessian against those
   * of the gradient, all computed by the device.
   */
  @Test
  void aNetworkHasTheGradientAndTheHessianOfDifferences() {
    Expr image = graph.real("image", "N", "7", "6", "2");
    Expr first =
        image
            .convolve(graph.real("conv1", "4", "2", "3", "3"), Slide.PLAIN.padding(1))
            .normaliseBatch(graph.real("scale1", "4"), graph.real("shift1", "4"), 1e-2)
            .value()
            .relu();
    Expr second =
        first
            .maxPool(3, 3, Slide.by(2).padding(1))
            .convolve(graph.real("conv2", "6", "2", "3", "3"), Slide.by(2).padding(0, 0, 1, 1), 2)
            .softplus();
    Expr logits = second.globalAveragePool().matmul(graph.real("head", "3", "6").transposed());
    Expr labels = graph.integer("labels", "N");
    Expr right = logits.pick(labels.column(), 1);
    Expr loss = logits.logSumExp(1).minus(right).mean();
    List<String> weights = List.of("conv1", "scale1", "shift1", "conv2", "head");
    Program gradient = Reverse.of(new Program(Map.of("loss", loss)), "loss", weights);
    Program product =
        Forward.of(gradient, weights.stream().map("gradient."::concat).toList(), weights);

    Map<String, Values> inputs = new HashMap<>();
    inputs.put("image", Values.random(71, -1, 1, 5, 7, 6, 2));
    inputs.put("labels", Values.vector(0, 2, 1, 1, 0));
    Map<String, Values> directions = new HashMap<>();
    for (Expr input : gradient.inputs()) {
      if (weights.contains(input.name())) {
        int[] shape = input.sizes().names().stream().mapToInt(Integer::parseInt).toArray();
        inputs.put(input.name(), Values.random(72 + input.name().hashCode() % 7, -1, 1, shape));
        directions.put(input.name(), Values.random(82, -1, 1, shape));
      }
    }
    Map<String, Values> all = new HashMap<>(inputs);
    directions.forEach((name, v) -> all.put("direction." + name, v));
    Map<String, Values> derived = run(product, all);
    double step = 1e-5;
    Map<String, Values> above = run(gradient, moved(inputs, directions, step));
    Map<String, Values> below = run(gradient, moved(inputs, directions, -step));
    double slope = 0;
    double scaleOfAll = 0;
    for (String name : weights) {
      slope += derived.get("gradient." + name).dot(directions.get(name));
      Values tangent = derived.get("tangent.gradient." + name);
      for (int i = 0; i < tangent.data().length; i++) {
        String of = "gradient." + name;
        double expected = (above.get(of).data()[i] - below.get(of).data()[i]) / (2 * step);
        assertThat(tangent.data()[i])
            .as("%s[%s]", name, i)
            .isCloseTo(expected, within(1e-6 * (1 + Math.abs(expected))));
        scaleOfAll += Math.abs(expected);
      }
    }
    double expected = (above.get("loss").scalar() - below.get("loss").scalar()) / (2 * step);
    assertThat(slope).isCloseTo(expected, within(1e-7 * (1 + Math.abs(expected))));
    assertThat(scaleOfAll).isGreaterThan(0.1);
    Map<String, Values> loops = Interpreter.run(product, all);
    loops.forEach(
        (name, v) -> {
          for (int i = 0; i < v.data().length; i++) {
            assertThat(derived.get(name).data()[i])
                .as("%s[%s]", name, i)
                .isCloseTo(v.data()[i], within(1e-10 * (1 + Math.abs(v.data()[i]))));
          }
        });
  }

  private static Map<String, Values> moved(
      Map<String, Values> inputs, Map<String, Values> directions, double step) {
    Map<String, Values> moved = new HashMap<>(inputs);
    directions.forEach((name, v) -> moved.put(name, inputs.get(name).plus(step, v)));
    return moved;
  }

  private static Map<String, Values> run(Program program, Map<String, Values> inputs) {
    try (Executable run = new Executable(backend, program);
        Arena arena = Arena.host()) {
      Map<String, Tensor> given = new HashMap<>();
      for (Expr input : program.inputs()) {
        Values v = inputs.get(input.name());
        long[] shape = LongStream.range(0, v.rank()).map(k -> v.shape()[(int) k]).toArray();
        given.put(
            input.name(),
            input.type() == Expr.Type.INT
                ? arena.of(
                    LongStream.range(0, v.data().length)
                        .map(k -> (long) v.data()[(int) k])
                        .toArray(),
                    shape)
                : Filled.of(arena, DType.F64, v.data(), shape));
      }
      Map<String, Values> values = new HashMap<>();
      run.run(arena, given)
          .forEach(
              (name, tensor) ->
                  values.put(
                      name,
                      Values.of(
                          LongStream.of(tensor.shape().dims()).mapToInt(k -> (int) k).toArray(),
                          tensor.toDoubles())));
      return values;
    }
  }
}
