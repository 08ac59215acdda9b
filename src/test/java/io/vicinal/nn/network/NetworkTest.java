package io.vicinal.nn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.Safetensors;
import io.vicinal.nn.network.Layers.Statistics;
import io.vicinal.program.Executable;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks against torch's in float64, as bench/peers/networks.py wrote it down. */
class NetworkTest {
  private static final double CLOSE = 1e-10;
  // that of ResNet-50 by the batch's statistics is 10^12 here
  private static final double PRODUCT = 1e-9;
  // of the largest: a bias in front of batch normalisation has no gradient but rounding
  private static final double ROUNDING = 1e-12;

  private final Arena arena = Arena.host();
  private final Backend backend = Backend.cpu();

  @AfterEach
  void close() {
    arena.close();
    backend.close();
  }

  static Stream<JsonObject> golden() throws IOException {
    try (InputStream file = NetworkTest.class.getResourceAsStream("/golden/networks.jsonl")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> JsonParser.parseString(line).getAsJsonObject());
    }
  }

  /** Features, gradients of every weight and of the images, and the Hessian along a direction. */
  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithTorch(JsonObject golden) {
    NetworkProgram program = program(golden);
    Map<String, Tensor> inputs = made(program, golden.get("side").getAsInt());
    try (Executable run = new Executable(backend, program.product())) {
      Map<String, Tensor> results = run.run(arena, inputs);
      Tensor features = results.get("features");
      JsonArray first = golden.getAsJsonArray("features");
      for (int i = 0; i < first.size(); i++) {
        assertClose("features", features.at(i), first.get(i).getAsDouble(), CLOSE, 0);
      }
      assertClose(golden, "features_norm", norm(features));
      assertClose(golden, "images_norm", norm(results.get("gradient.images")));
      assertNorms(results, "gradient.", golden.getAsJsonObject("gradients"), CLOSE);
      assertNorms(results, "tangent.gradient.", golden.getAsJsonObject("products"), PRODUCT);
      double along = 0;
      for (String name : program.learned()) {
        along += dot(results.get("gradient." + name), inputs.get("direction." + name));
      }
      assertClose(golden, "along", along);
      assertClose(
          golden, "along", dot(results.get("tangent.features"), inputs.get("adjoint.features")));
      if (golden.has("running")) {
        assertNorms(results, "next.", golden.getAsJsonObject("running"), CLOSE);
      }
    }
  }

  private static NetworkProgram program(JsonObject golden) {
    int side = golden.get("side").getAsInt();
    return new NetworkProgram(
        network(golden.get("network").getAsString()),
        new Network.Images(side, side, 3),
        golden.get("train").getAsBoolean() ? Statistics.BATCH : Statistics.RUNNING);
  }

  /** The deepest ones are small here. */
  private static Network network(String name) {
    return switch (name) {
      case "pyramidnet-29" -> new PyramidNet(29, 24);
      case "preact-resnet-12" -> new PreActResNet(1, 2);
      case "resnetv2-12-bit" -> new ResNetV2(128, 1, 2);
      case "resnetv2-12-bit_max_layernorm" ->
          new ModifiedNetwork(new ResNetV2(128, 1, 2), Set.of(Modifier.MAX, Modifier.LAYERNORM));
      default -> Networks.named(name);
    };
  }

  private static void assertNorms(
      Map<String, Tensor> results, String prefix, JsonObject golden, double close) {
    double largest =
        golden.entrySet().stream().mapToDouble(one -> one.getValue().getAsDouble()).max().orElse(0);
    for (String name : golden.keySet()) {
      double expected = golden.get(name).getAsDouble();
      double found = norm(results.get(prefix + name));
      assertClose(prefix + name, found, expected, close, close / CLOSE * ROUNDING * largest);
    }
  }

  private static void assertClose(JsonObject golden, String name, double found) {
    assertClose(name, found, golden.get(name).getAsDouble(), CLOSE, 0);
  }

  private static void assertClose(
      String name, double found, double expected, double relative, double absolute) {
    assertThat(found)
        .as(name)
        .isCloseTo(expected, Offset.offset(relative * Math.abs(expected) + absolute));
  }

  private static double norm(Tensor tensor) {
    return Math.sqrt(dot(tensor, tensor));
  }

  private static double dot(Tensor a, Tensor b) {
    double[] x = a.toDoubles();
    double[] y = b.toDoubles();
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** What bench/peers/networks.py makes of every entry's place. */
  private Map<String, Tensor> made(NetworkProgram program, int side) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    int number = 0;
    List<Variable> byName =
        program.variables().stream()
            .filter(one -> one.kind() != Variable.Kind.COUNT)
            .sorted(Comparator.comparing(Variable::name))
            .toList();
    for (Variable variable : byName) {
      int j = number++;
      inputs.put(variable.name(), of(variable, k -> value(variable, Math.sin(0.7 * k + j))));
      if (variable.kind() == Variable.Kind.LEARNED) {
        inputs.put(
            "direction." + variable.name(), of(variable, k -> 0.01 * Math.cos(0.23 * k + j)));
      }
    }
    inputs.put("images", of(k -> Math.cos(0.31 * k), 2, side, side, 3));
    inputs.put("adjoint.features", of(k -> Math.cos(0.17 * k + 1), 2, program.width()));
    return inputs;
  }

  private static double value(Variable variable, double wave) {
    long[] shape = variable.shape();
    if (shape.length > 1) {
      return wave * Math.sqrt(2.0 * shape[1] / Shape.of(shape).size());
    }
    boolean one = variable.name().endsWith(".weight") || variable.name().endsWith("running_var");
    return one ? 1 + 0.3 * wave : 0.2 * wave;
  }

  private Tensor of(Variable variable, LongToDoubleFunction value) {
    return of(value, variable.shape());
  }

  private Tensor of(LongToDoubleFunction value, long... shape) {
    Tensor tensor = arena.allocate(DType.F64, shape);
    double[] values = new double[(int) tensor.size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = value.applyAsDouble(k);
    }
    tensor.set(values);
    return tensor;
  }

  /** Numbers of weights as published, less the layer for so many classes. */
  @ParameterizedTest
  @CsvSource({
    "resnet18, 11689512, 512, 1000",
    "resnet34, 21797672, 512, 1000",
    "resnet50, 25557032, 2048, 1000",
    "resnet101, 44549160, 2048, 1000",
    "resnext101-32x8d, 88791336, 2048, 1000",
    "googlenet, 6624904, 1024, 1000",
    "bn-inception, 11295240, 1024, 1000",
    "resnetv2-50-bit, 25549352, 2048, 1000",
    "efficientnet-b0, 5288548, 1280, 1000",
    "pyramidnet-200, 26752702, 1024, 10",
    "preact-resnet18, 11171146, 512, 10"
  })
  void hasThePublishedWeights(String name, long all, int features, int classes) {
    Network network = Networks.named(name);
    NetworkProgram program = new NetworkProgram(network, network.images(), Statistics.RUNNING);
    assertThat(program.width()).isEqualTo(features);
    assertThat(program.weights()).isEqualTo(all - (long) classes * features - classes);
  }

  @Test
  void firstValuesDependOnTheNameAloneAndSpreadAsTheySay() {
    Variable first = new Variable("a", Variable.Kind.LEARNED, new long[] {64, 32, 3, 3}, kaiming());
    Variable second =
        new Variable("b", Variable.Kind.LEARNED, new long[] {64, 32, 3, 3}, kaiming());
    double[] drawn = first.create(arena, DType.F64, 3).toDoubles();
    assertThat(first.create(arena, DType.F64, 3).toDoubles()).isEqualTo(drawn);
    assertThat(second.create(arena, DType.F64, 3).toDoubles()).isNotEqualTo(drawn);
    assertThat(first.create(arena, DType.F64, 4).toDoubles()).isNotEqualTo(drawn);
    double variance = DoubleStream.of(drawn).map(x -> x * x).average().orElseThrow();
    assertThat(variance).isCloseTo(2.0 / 576, Percentage.withPercentage(5));
  }

  private static Start kaiming() {
    return Start.kaiming(576);
  }

  @Test
  void weightsOfAnotherNetworkAreNamed(@TempDir Path folder) {
    List<Variable> small = variables("resnet18");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    small.forEach(one -> tensors.put(one.name(), one.create(arena, DType.F32, 0)));
    Path file = folder.resolve("w.safetensors");
    Safetensors.write(file, tensors, Map.of());
    NetworkWeights same = NetworkWeights.read(file, arena, DType.F32, small, "fc");
    assertThat(same.values().keySet()).containsExactlyElementsOf(tensors.keySet());
    assertThat(same.classifier()).isNull();
    assertThat(same.others()).isEmpty();
    Map<String, Tensor> classified = new LinkedHashMap<>(tensors);
    classified.put("fc.weight", arena.allocate(DType.F32, 10, 512, 1, 1));
    Safetensors.write(file, classified, Map.of());
    assertThat(NetworkWeights.read(file, arena, DType.F32, small, "fc").classifier().shape().dims())
        .containsExactly(10, 512);
    assertThatThrownBy(
            () -> NetworkWeights.read(file, arena, DType.F32, variables("resnet50"), "fc"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("w.safetensors: lacks layer1.0.conv3.weight [256, 64, 1, 1]")
        .hasMessageContaining("layer1.0.conv1.weight [64, 64, 3, 3] in place of [64, 64, 1, 1]")
        .hasMessageContaining("name the network that these weights are of");
    tensors.get("bn1.weight").set(nanAt(3, 64));
    Safetensors.write(file, tensors, Map.of());
    assertThatThrownBy(() -> NetworkWeights.read(file, arena, DType.F32, small, "fc"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("w.safetensors: bn1.weight has NaN at entry 3");
  }

  private static float[] nanAt(int place, int length) {
    float[] values = new float[length];
    values[place] = Float.NaN;
    return values;
  }

  private static List<Variable> variables(String name) {
    Network network = Networks.named(name);
    return new NetworkProgram(network, network.images(), Statistics.RUNNING).variables();
  }
}
