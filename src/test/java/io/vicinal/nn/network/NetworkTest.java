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
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks against torchvision's in float64, as bench/peers/networks.py wrote it down. */
class NetworkTest {
  private static final int SIDE = 48;
  private static final Percentage CLOSE = Percentage.withPercentage(1e-8);
  // that of ResNet-50 by the batch's statistics is 10^12 here
  private static final Percentage PRODUCT = Percentage.withPercentage(1e-7);

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
  void agreesWithTorchvision(JsonObject golden) {
    NetworkProgram program = program(golden);
    Map<String, Tensor> inputs = made(program);
    try (Executable run = new Executable(backend, program.product())) {
      Map<String, Tensor> results = run.run(arena, inputs);
      Tensor features = results.get("features");
      JsonArray first = golden.getAsJsonArray("features");
      for (int i = 0; i < first.size(); i++) {
        assertThat(features.at(i)).isCloseTo(first.get(i).getAsDouble(), CLOSE);
      }
      assertThat(norm(features)).isCloseTo(golden.get("features_norm").getAsDouble(), CLOSE);
      assertThat(norm(results.get("gradient.images")))
          .isCloseTo(golden.get("images_norm").getAsDouble(), CLOSE);
      assertNorms(results, "gradient.", golden.getAsJsonObject("gradients"), CLOSE);
      assertNorms(results, "tangent.gradient.", golden.getAsJsonObject("products"), PRODUCT);
      double along = 0;
      for (String name : program.learned()) {
        along += dot(results.get("gradient." + name), inputs.get("direction." + name));
      }
      assertThat(along).isCloseTo(golden.get("along").getAsDouble(), CLOSE);
      assertThat(dot(results.get("tangent.features"), inputs.get("adjoint.features")))
          .isCloseTo(along, CLOSE);
      if (golden.has("running")) {
        assertNorms(results, "next.", golden.getAsJsonObject("running"), CLOSE);
      }
    }
  }

  private static NetworkProgram program(JsonObject golden) {
    return new NetworkProgram(
        Networks.named(golden.get("network").getAsString()),
        new Network.Images(SIDE, SIDE, 3),
        golden.get("train").getAsBoolean() ? Statistics.BATCH : Statistics.RUNNING);
  }

  private static void assertNorms(
      Map<String, Tensor> results, String prefix, JsonObject golden, Percentage close) {
    for (String name : golden.keySet()) {
      assertThat(norm(results.get(prefix + name)))
          .as(prefix + name)
          .isCloseTo(golden.get(name).getAsDouble(), close);
    }
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
  private Map<String, Tensor> made(NetworkProgram program) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    int number = 0;
    for (Variable variable : program.variables()) {
      if (variable.kind() == Variable.Kind.COUNT) {
        continue;
      }
      int j = number++;
      inputs.put(variable.name(), of(variable, k -> value(variable, Math.sin(0.7 * k + j))));
      if (variable.kind() == Variable.Kind.LEARNED) {
        inputs.put(
            "direction." + variable.name(), of(variable, k -> 0.01 * Math.cos(0.23 * k + j)));
      }
    }
    inputs.put("images", of(k -> Math.cos(0.31 * k), 2, SIDE, SIDE, 3));
    inputs.put("adjoint.features", of(k -> Math.cos(0.17 * k + 1), 2, program.width()));
    return inputs;
  }

  private static double value(Variable variable, double wave) {
    long[] shape = variable.shape();
    if (shape.length == 4) {
      return wave * Math.sqrt(2.0 / (shape[0] * shape[2] * shape[3]));
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

  /** Numbers of weights as torchvision's documentation has them, less the 1000-way layer. */
  @ParameterizedTest
  @CsvSource({
    "resnet18, 11689512, 512",
    "resnet34, 21797672, 512",
    "resnet50, 25557032, 2048",
    "resnet101, 44549160, 2048",
    "resnext101-32x8d, 88791336, 2048"
  })
  void hasTheWeightsOfTorchvision(String name, long all, int features) {
    Network network = Networks.named(name);
    NetworkProgram program = new NetworkProgram(network, network.images(), Statistics.RUNNING);
    assertThat(program.width()).isEqualTo(features);
    assertThat(program.weights()).isEqualTo(all - 1000L * features - 1000);
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
