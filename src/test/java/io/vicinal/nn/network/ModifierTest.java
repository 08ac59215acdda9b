package io.vicinal.nn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.nn.network.Layers.Statistics;
import io.vicinal.program.Executable;
import io.vicinal.program.Expr;
import io.vicinal.program.Program;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Modifiers on the smallest network: batch normalisation of the images. */
class ModifierTest {
  private static final int SIDE = 3;
  private static final int CHANNELS = 4;
  private static final int LAST = CHANNELS - 1; // of zeros
  private static final Offset<Double> CLOSE = Offset.offset(1e-12);

  private record Normed() implements Network {
    @Override
    public Expr map(Layers net, Expr images) {
      return net.batchNorm("bn", images);
    }

    @Override
    public String source() {
      return "here";
    }
  }

  private final Arena arena = Arena.host();
  private final Backend backend = Backend.cpu();

  @AfterEach
  void close() {
    arena.close();
    backend.close();
  }

  private static NetworkProgram program(Statistics statistics, Set<Modifier> modifiers) {
    return new NetworkProgram(
        new ModifiedNetwork(new Normed(), modifiers),
        new Network.Images(SIDE, SIDE, CHANNELS),
        statistics);
  }

  private Map<String, Tensor> run(Program program, double[]... statistics) {
    Map<String, Tensor> inputs = new HashMap<>();
    inputs.put("images", tensor(images(), 2, SIDE, SIDE, CHANNELS));
    inputs.put("bn.weight", tensor(constant(1), CHANNELS));
    inputs.put("bn.bias", tensor(constant(0), CHANNELS));
    inputs.put("bn.running_mean", tensor(statistics[0], CHANNELS));
    inputs.put("bn.running_var", tensor(statistics[1], CHANNELS));
    inputs.put("adjoint.features", tensor(new double[] {1, 2, -1, 3, 2, 1, 2, 1}, 2, CHANNELS));
    inputs.keySet().retainAll(program.inputs().stream().map(Expr::name).toList());
    try (Executable run = new Executable(backend, program)) {
      return run.run(arena, inputs);
    }
  }

  private Tensor tensor(double[] values, long... shape) {
    Tensor tensor = arena.allocate(DType.F64, shape);
    tensor.set(values);
    return tensor;
  }

  private static double[] constant(double value) {
    double[] values = new double[CHANNELS];
    Arrays.fill(values, value);
    return values;
  }

  private static double[] images() {
    return IntStream.range(0, 2 * SIDE * SIDE * CHANNELS)
        .mapToDouble(k -> k % CHANNELS == LAST ? 0 : Math.sin(1.3 * k) + k % CHANNELS)
        .toArray();
  }

  /** Of image and channel: mean, largest entry, 2-norm, 3-norm. */
  private static double[] pooled(int image, int channel) {
    double[] found = {0, Double.NEGATIVE_INFINITY, 0, 0};
    for (int place = 0; place < SIDE * SIDE; place++) {
      double x = images()[(image * SIDE * SIDE + place) * CHANNELS + channel];
      found[0] += x / (SIDE * SIDE);
      found[1] = Math.max(found[1], x);
      found[2] += x * x;
      found[3] += Math.abs(x * x * x);
    }
    found[2] = Math.sqrt(found[2]);
    found[3] = Math.cbrt(found[3]);
    return found;
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MAX", "DOUBLE", "LP2", "LP3", "DOUBLE LP2 LP3", "MAX LP3"})
  void poolsTheMapAsItsNameSays(String words) {
    Set<Modifier> modifiers = modifiers(words);
    NetworkProgram program = program(Statistics.RUNNING, modifiers);
    double[] variance = constant(1 - Layers.EPSILON);
    Map<String, Tensor> results = run(program.gradient(), constant(0), variance);
    for (int k = 0; k < 2 * CHANNELS; k++) {
      double[] pools = pooled(k / CHANNELS, k % CHANNELS);
      double expected = modifiers.contains(Modifier.MAX) ? pools[1] : pools[0];
      expected += modifiers.contains(Modifier.DOUBLE) ? pools[1] : 0;
      expected += modifiers.contains(Modifier.LP2) ? pools[2] : 0;
      expected += modifiers.contains(Modifier.LP3) ? pools[3] : 0;
      assertThat(results.get("features").at(k)).isCloseTo(expected, CLOSE);
    }
    assertThat(results.get("gradient.images").toDoubles()).doesNotContain(Double.NaN);
  }

  private static Set<Modifier> modifiers(String words) {
    return words.isEmpty()
        ? Set.of()
        : Set.copyOf(Arrays.stream(words.split(" ")).map(Modifier::valueOf).toList());
  }

  @Test
  void layerNormHasMeanZeroAndVarianceOneInEachImage() {
    NetworkProgram program = program(Statistics.RUNNING, Set.of(Modifier.MAX, Modifier.LAYERNORM));
    double[] found =
        run(program.features(), constant(0), constant(1 - Layers.EPSILON))
            .get("features")
            .toDoubles();
    for (int image = 0; image < 2; image++) {
      double[] row = Arrays.copyOfRange(found, image * CHANNELS, (image + 1) * CHANNELS);
      assertThat(Arrays.stream(row).sum()).isCloseTo(0, CLOSE);
      double squares = Arrays.stream(row).map(x -> x * x).sum() / CHANNELS;
      assertThat(squares).isCloseTo(1, Percentage.withPercentage(0.01));
      assertThat(row[2]).isGreaterThan(row[0]).isGreaterThan(row[LAST]);
    }
  }

  @Test
  void frozenStatisticsStayWhileScaleAndShiftLearn() {
    double[] mean = {0.2, -1, 3, 0.5};
    double[] variance = {2, 0.5, 1, 4};
    NetworkProgram free = program(Statistics.BATCH, Set.of());
    NetworkProgram frozen = program(Statistics.BATCH, Set.of(Modifier.FROZEN));
    NetworkProgram evaluated = program(Statistics.RUNNING, Set.of());
    Map<String, Tensor> results = run(frozen.gradient(), mean, variance);
    assertThat(results.get("features").toDoubles())
        .isEqualTo(run(evaluated.features(), mean, variance).get("features").toDoubles())
        .isNotEqualTo(run(free.features(), mean, variance).get("features").toDoubles());
    assertThat(run(free.features(), mean, variance)).containsKey("next.bn.running_mean");
    assertThat(results.keySet()).noneMatch(name -> name.startsWith("next."));
    assertThat(results.get("gradient.bn.weight").toDoubles()).doesNotContain(0.0);
    assertThat(results.get("gradient.bn.bias").toDoubles()).doesNotContain(0.0);
    assertThat(frozen.variables().stream().map(Variable::name).toList())
        .isEqualTo(free.variables().stream().map(Variable::name).toList());
  }

  @Test
  void theLayerBehindTheFeaturesStartsAsTheNameSays() {
    List<Variable> plain = Networks.named("bn-inception").head(1024, 128);
    assertThat(plain.get(0).toString()).isEqualTo("last_linear.weight [128, 1024]");
    assertThat(plain.get(1).toString()).isEqualTo("last_linear.bias [128]");
    double bound = 1.0 / 32;
    for (Variable one : plain) {
      double[] values = one.create(arena, DType.F64, 3).toDoubles();
      assertThat(Arrays.stream(values).map(Math::abs).max().orElseThrow())
          .isBetween(0.9 * bound, bound);
    }
    List<Variable> he = Networks.named("bn-inception_he").head(1024, 128);
    double[] values = he.get(0).create(arena, DType.F64, 3).toDoubles();
    double variance = Arrays.stream(values).map(x -> x * x).average().orElseThrow();
    assertThat(variance).isCloseTo(2.0 / 128, Percentage.withPercentage(5));
    assertThat(he.get(1).create(arena, DType.F64, 3).toDoubles()).containsOnly(0.0);
  }

  @Test
  void namesAreReadInAnyOrderAndWrongWordsAreNamed() {
    Network network = Networks.named("resnet50_normalize_frozen");
    assertThat(network.normalised()).isTrue();
    assertThat(network).isEqualTo(Networks.named("resnet50_frozen_normalize"));
    assertThat(Networks.named("resnet50_frozen").normalised()).isFalse();
    refused(
        "resnet50_frozn", "network: 'resnet50_frozn' has 'frozn' behind its name; choose frozen");
    refused("resnet50_", "network: 'resnet50_' has '' behind its name; choose frozen");
    refused("resnet50_he_he", "network: 'resnet50_he_he' has he twice");
    refused("resnet50_max_double", "network: 'resnet50_max_double' has max and double");
    refused("resnet51_frozen", "network: 'resnet51_frozen' is unknown; choose resnet18");
  }

  private static void refused(String name, String message) {
    assertThatThrownBy(() -> Networks.named(name))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(message);
  }
}
