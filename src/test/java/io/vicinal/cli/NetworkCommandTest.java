package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.data.WeightFile;
import io.vicinal.nn.network.Layers.Statistics;
import io.vicinal.nn.network.Network;
import io.vicinal.nn.network.NetworkProgram;
import io.vicinal.nn.network.Networks;
import io.vicinal.nn.network.Variable;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkCommandTest {
  private static final int BATCH = 3;

  @TempDir private Path folder;

  private final Arena arena = Arena.host();
  private final Map<String, Tensor> weights = new LinkedHashMap<>();
  private final Random random = new Random(4);
  private NetworkProgram program;

  @BeforeEach
  void inputs() {
    Network network = Networks.named("convnet-28");
    program = new NetworkProgram(network, network.images(), Statistics.RUNNING);
    for (Variable variable : program.variables()) {
      weights.put(variable.name(), variable.create(arena, DType.F32, 7));
    }
    weights.put("fc.weight", normal(5, program.width()));
    weights.put("fc.bias", normal(5));
    Safetensors.write(at("W.safetensors"), weights, Map.of());
    Npy.write(at("X.npy"), normal(BATCH, 28, 28, 1));
    Npy.write(at("G.npy"), normal(BATCH, program.width()));
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private Tensor normal(long... shape) {
    Tensor tensor = arena.allocate(DType.F32, shape);
    float[] values = new float[(int) tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    tensor.set(values);
    return tensor;
  }

  private Path at(String name) {
    return folder.resolve(name);
  }

  private Outcome network(String name, String options, Object... more) {
    Object[] first = {at("W.safetensors"), at("X.npy"), at("out")};
    Object[] all = new Object[first.length + more.length];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return Outcome.of(
        Outcome.words("network " + name + " --weights % --images % --out % " + options, all));
  }

  private Tensor written(String name) {
    return Npy.read(at("out").resolve(name), arena);
  }

  @Test
  void writesFeaturesAndWhatTheLastLayerMakesOfThem() {
    assertThat(network("convnet-28", "--threads 1").succeeded().out())
        .isEqualTo("convnet-28 [3, 128]: " + at("out") + "\n");
    float[] features = written("features.npy").toFloats();
    Tensor embeddings = written("embeddings.npy");
    assertThat(embeddings.shape().dims()).containsExactly(BATCH, 5);
    double expected = weights.get("fc.bias").at(2);
    for (int k = 0; k < program.width(); k++) {
      expected += features[program.width() + k] * weights.get("fc.weight").at(2L * 128 + k);
    }
    assertThat(embeddings.at(5 + 2)).isCloseTo(expected, Offset.offset(1e-4));
    assertThat(at("out").resolve("gradients.safetensors")).doesNotExist();
  }

  @Test
  void wordsBehindTheNameFreezeAndNormalise() {
    network("convnet-28", "--threads 1").succeeded();
    float[] features = written("features.npy").toFloats();
    float[] embeddings = written("embeddings.npy").toFloats();
    network("convnet-28_normalize_frozen", "--train --overwrite").succeeded();
    assertThat(written("features.npy").toFloats()).isEqualTo(features);
    assertThat(Safetensors.read(at("out").resolve("running.safetensors"), arena)).isEmpty();
    float[] unit = written("embeddings.npy").toFloats();
    for (int row = 0; row < BATCH; row++) {
      double length = 0;
      for (int k = 0; k < 5; k++) {
        length = Math.hypot(length, embeddings[5 * row + k]);
      }
      for (int k = 0; k < 5; k++) {
        double expected = embeddings[5 * row + k] / length;
        assertThat((double) unit[5 * row + k]).isCloseTo(expected, Offset.offset(1e-6));
      }
    }
  }

  /** The Hessian's product is the slope of the gradient, the tangent that of the features. */
  @Test
  void derivativesAreSlopes() {
    Map<String, Tensor> direction = Map.of("conv2.weight", normal(64, 32, 3, 3));
    Safetensors.write(at("D.safetensors"), direction, Map.of());
    network("convnet-28", "--cotangent % --direction % --train --dtype float64", g(), d())
        .succeeded();
    Map<String, Tensor> product = Safetensors.read(at("out").resolve("hvp.safetensors"), arena);
    Tensor tangent = written("tangent.npy");
    double step = 1e-6;
    Tensor[] features = new Tensor[2];
    Tensor[] gradients = new Tensor[2];
    for (int side = 0; side < 2; side++) {
      Map<String, Tensor> moved = new LinkedHashMap<>(weights);
      moved.put("conv2.weight", moved(side == 0 ? -step : step, direction.get("conv2.weight")));
      Safetensors.write(at("W.safetensors"), moved, Map.of());
      network("convnet-28", "--cotangent % --train --dtype float64 --overwrite", g()).succeeded();
      features[side] = written("features.npy");
      gradients[side] =
          Safetensors.read(at("out").resolve("gradients.safetensors"), arena).get("conv3.weight");
    }
    assertSlope(tangent, features, step);
    assertSlope(product.get("conv3.weight"), gradients, step);
    assertThat(at("out").resolve("hvp.safetensors")).doesNotExist();
    assertThat(Safetensors.read(at("out").resolve("running.safetensors"), arena))
        .containsOnlyKeys(
            "bn1.running_mean",
            "bn1.running_var",
            "bn2.running_mean",
            "bn2.running_var",
            "bn3.running_mean",
            "bn3.running_var");
  }

  /** The same values from PyTorch's file, within a checkpoint's wrapper. */
  @Test
  void takesWeightsThatTorchSaved() throws IOException {
    network("convnet-28", "--threads 1").succeeded();
    float[] features = written("features.npy").toFloats();
    Map<String, Tensor> wrapped = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> wrapped.put("module." + name, tensor));
    WeightFile.write(at("W.pth"), wrapped);
    Files.move(at("W.pth"), at("W.safetensors"), StandardCopyOption.REPLACE_EXISTING);
    assertThat(network("convnet-28", "--threads 1 --overwrite").err())
        .endsWith("every name without its module. in front\n");
    assertThat(written("features.npy").toFloats()).isEqualTo(features);
  }

  private Object g() {
    return at("G.npy");
  }

  private Object d() {
    return at("D.safetensors");
  }

  private Tensor moved(double step, Tensor direction) {
    Tensor moved = arena.allocate(DType.F64, direction.shape().dims());
    double[] values = weights.get("conv2.weight").toDoubles();
    double[] along = direction.toDoubles();
    for (int i = 0; i < values.length; i++) {
      values[i] += step * along[i];
    }
    moved.set(values);
    return moved;
  }

  private static void assertSlope(Tensor derivative, Tensor[] values, double step) {
    double error = 0;
    double size = 0;
    for (long i = 0; i < derivative.size(); i++) {
      double slope = (values[1].at(i) - values[0].at(i)) / (2 * step);
      error += Math.pow(slope - derivative.at(i), 2);
      size += slope * slope;
    }
    assertThat(size).isPositive();
    assertThat(Math.sqrt(error / size)).isLessThan(1e-4);
  }

  @Test
  void wrongInputsAreNamed() {
    network("resnet19", "--threads 1").failed(2, "network: 'resnet19' is unknown; choose resnet18");
    network("resnet18", "--threads 1")
        .failed(2, "W.safetensors: lacks layer1.0.conv1.weight [64, 64, 3, 3]");
    Safetensors.write(at("D.safetensors"), Map.of("conv9.weight", normal(2)), Map.of());
    network("convnet-28", "--direction %", d())
        .failed(2, "D.safetensors: convnet-28 has no weight conv9.weight");
    Npy.write(at("G.npy"), normal(BATCH, 5));
    network("convnet-28", "--cotangent %", g())
        .failed(2, "G.npy: has shape [3, 5]; it must be [3, 128]");
    Npy.write(at("X.npy"), normal(1, 48, 48, 3));
    network("bn-inception", "--threads 1")
        .failed(2, "X.npy: bn-inception cannot take images of 48 x 48 x 3: BnInception.java");
    Npy.write(at("X.npy"), normal(BATCH, 28));
    network("convnet-28", "--threads 1")
        .failed(2, "X.npy: has shape [3, 28]; save images as [images, height, width, channels]");
    assertThat(Files.exists(at("out"))).isFalse();
  }
}
