package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossCommandTest {
  private static final double STEP = 1e-5;

  @TempDir private Path folder;

  @Test
  void valueIsTheFormulas() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(fixture.loss("normalized-softmax", "--dtype", "float64")).succeeded();
    double[] perSample = normalizedSoftmax(numbers("E.npy"), numbers("P.npy"), 0.05);
    double mean = 0;
    for (double value : perSample) {
      mean += value / perSample.length;
    }
    JsonObject json = json();
    assertThat(json.get("loss").getAsDouble()).isCloseTo(mean, within(1e-12));
    assertThat(json.get("name").getAsString()).isEqualTo("normalized-softmax");
    assertThat(json.getAsJsonObject("params").get("temperature").getAsDouble()).isEqualTo(0.05);
    assertThat(json.get("decomposes").getAsBoolean()).isTrue();
    assertThat(json.get("empty").getAsLong()).isZero();
    assertThat(json.get("dtype").getAsString()).isEqualTo("float64");
    assertThat(numbers("out/per_sample.npy")).containsExactly(perSample, within(1e-12));
  }

  @Test
  void typeIsTheEmbeddingsUnlessToldOtherwise() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(fixture.loss("cosface")).succeeded();
    assertThat(json().get("dtype").getAsString()).isEqualTo("float32");
    assertThat(type("grad_embeddings.npy")).isEqualTo(DType.F32);
    NpyBytes.doubles(fixture.at("E.npy"), numbers("E.npy"), Fixture.SAMPLES, Fixture.WIDTH);
    Outcome.of(fixture.loss("cosface")).succeeded();
    assertThat(json().get("dtype").getAsString()).isEqualTo("float64");
    assertThat(type("grad_proxies.npy")).isEqualTo(DType.F64);
    Outcome.of(fixture.loss("cosface", "--dtype", "float32")).succeeded();
    assertThat(type("grad_proxies.npy")).isEqualTo(DType.F32);
  }

  @Test
  void proxyAnchorHasNoPerSampleValues() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(fixture.loss("cosface")).succeeded();
    assertThat(folder.resolve("out/per_sample.npy")).exists();
    Files.writeString(folder.resolve("out/mine.txt"), "mine");
    Outcome.of(fixture.loss("proxy-anchor", "--param", "alpha=16")).succeeded();
    assertThat(json().get("decomposes").getAsBoolean()).isFalse();
    assertThat(json().getAsJsonObject("params").get("alpha").getAsDouble()).isEqualTo(16);
    assertThat(names("out"))
        .containsExactlyInAnyOrder(
            "loss.json",
            "grad_embeddings.npy",
            "grad_proxies.npy",
            "mine.txt",
            "vicinal-outputs.json");
  }

  /** The gradient by the loss's differences, the Hessian-vector product by the gradient's. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "proxy-nca",
        "proxy-nca-pp",
        "proxy-anchor",
        "soft-triple",
        "normalized-softmax",
        "cosface",
        "arcface"
      })
  void derivativesAreThoseOfTheValue(String name) throws IOException {
    Fixture fixture = Fixture.in(folder);
    double[] e = numbers("E.npy");
    double[] v = new double[e.length];
    for (int i = 0; i < v.length; i++) {
      v[i] = Math.sin(i + 1.0);
    }
    NpyBytes.doubles(fixture.at("V.npy"), v, Fixture.SAMPLES, Fixture.WIDTH);
    List<Object> more = new ArrayList<>();
    if (name.equals("soft-triple")) {
      NpyBytes.random(fixture.at("P.npy"), 2, 2 * Fixture.CLASSES, Fixture.WIDTH);
      more.addAll(List.of("--param", "centers=2"));
    }
    double above = at(fixture, name, e, v, STEP, more);
    double[] gradientAbove = numbers("out/grad_embeddings.npy");
    double below = at(fixture, name, e, v, -STEP, more);
    double[] gradientBelow = numbers("out/grad_embeddings.npy");
    more.addAll(List.of("--hvp-embeddings", fixture.text("V.npy")));
    at(fixture, name, e, v, 0, more);
    double[] gradient = numbers("out/grad_embeddings.npy");
    double[] product = numbers("out/hvp_embeddings.npy");
    double slope = 0;
    for (int i = 0; i < v.length; i++) {
      slope += gradient[i] * v[i];
    }
    double scale = Math.max(1, Math.abs(slope));
    assertThat((above - below) / (2 * STEP)).isCloseTo(slope, within(1e-6 * scale));
    for (int i = 0; i < v.length; i++) {
      double difference = (gradientAbove[i] - gradientBelow[i]) / (2 * STEP);
      assertThat(product[i]).isCloseTo(difference, within(1e-5 * Math.max(1, max(product))));
    }
    assertThat(folder.resolve("out/hvp_proxies.npy")).exists();
  }

  private double at(
      Fixture fixture, String name, double[] e, double[] v, double step, List<Object> more)
      throws IOException {
    double[] moved = e.clone();
    for (int i = 0; i < e.length; i++) {
      moved[i] += step * v[i];
    }
    NpyBytes.doubles(fixture.at("E.npy"), moved, Fixture.SAMPLES, Fixture.WIDTH);
    List<Object> arguments = new ArrayList<>(List.of(fixture.loss(name)));
    arguments.addAll(more);
    Outcome.of(arguments.toArray()).succeeded();
    return json().get("loss").getAsDouble();
  }

  @Test
  void weightsScaleTheirSamples() throws IOException {
    Fixture fixture = Fixture.in(folder);
    float[] w = new float[Fixture.SAMPLES];
    w[4] = 3;
    NpyBytes.floats(fixture.at("w.npy"), w, Fixture.SAMPLES);
    Outcome.of(fixture.loss("arcface", "--weights", fixture.text("w.npy"))).succeeded();
    double[] perSample = numbers("out/per_sample.npy");
    assertThat(json().get("loss").getAsDouble())
        .isCloseTo(3 * perSample[4] / Fixture.SAMPLES, within(1e-5));
    double[] gradient = numbers("out/grad_embeddings.npy");
    assertThat(gradient[0]).isZero();
    assertThat(gradient[4 * Fixture.WIDTH]).isNotZero();
  }

  @Test
  void softLabelsOfOneClassAreThatLabel() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(fixture.loss("proxy-nca")).succeeded();
    double hard = json().get("loss").getAsDouble();
    float[] soft = new float[Fixture.SAMPLES * Fixture.CLASSES];
    for (int i = 0; i < Fixture.SAMPLES; i++) {
      soft[i * Fixture.CLASSES + i % Fixture.CLASSES] = 1;
    }
    NpyBytes.floats(fixture.at("T.npy"), soft, Fixture.SAMPLES, Fixture.CLASSES);
    Outcome.of(fixture.loss("proxy-nca", "--soft-labels", fixture.text("T.npy"))).succeeded();
    assertThat(json().get("loss").getAsDouble()).isCloseTo(hard, within(1e-5));
  }

  @Test
  void aRefusalLeavesTheFolderAsItWas() throws IOException {
    Fixture fixture = Fixture.in(folder);
    Outcome.of(fixture.loss("cosface")).succeeded();
    String before = Files.readString(folder.resolve("out/loss.json"));
    NpyBytes.longs(fixture.at("y.npy"), 0, 1);
    Outcome.of(fixture.loss("arcface")).failed(2, "y.npy");
    assertThat(folder.resolve("out/loss.json")).hasContent(before);
    Outcome.of(fixture.loss("arcface", "--out", fixture.text("new/deep"))).failed(2, "y.npy");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  private JsonObject json() throws IOException {
    String text = Files.readString(folder.resolve("out/loss.json"));
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private double[] numbers(String name) {
    try (Arena arena = Arena.host()) {
      Tensor tensor = Npy.read(folder.resolve(name), arena);
      return tensor.toDoubles();
    }
  }

  private DType type(String name) {
    try (Arena arena = Arena.host()) {
      return Npy.read(folder.resolve("out").resolve(name), arena).dtype();
    }
  }

  private List<String> names(String child) throws IOException {
    try (var files = Files.list(folder.resolve(child))) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  private static double max(double[] values) {
    double max = 0;
    for (double value : values) {
      max = Math.max(max, Math.abs(value));
    }
    return max;
  }

  /** Zhai and Wu 2019, by its formula. */
  private static double[] normalizedSoftmax(double[] e, double[] p, double temperature) {
    int d = Fixture.WIDTH;
    double[] losses = new double[Fixture.SAMPLES];
    for (int i = 0; i < losses.length; i++) {
      double[] logits = new double[Fixture.CLASSES];
      double sum = 0;
      for (int c = 0; c < logits.length; c++) {
        logits[c] = cosine(e, i * d, p, c * d, d) / temperature;
        sum += Math.exp(logits[c]);
      }
      losses[i] = Math.log(sum) - logits[i % Fixture.CLASSES];
    }
    return losses;
  }

  private static double cosine(double[] a, int i, double[] b, int j, int d) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int k = 0; k < d; k++) {
      ab += a[i + k] * b[j + k];
      aa += a[i + k] * a[i + k];
      bb += b[j + k] * b[j + k];
    }
    return ab / Math.sqrt(aa * bb);
  }
}
