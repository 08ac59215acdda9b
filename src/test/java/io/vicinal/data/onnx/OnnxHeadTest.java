package io.vicinal.data.onnx;

import static io.vicinal.data.onnx.OnnxMessage.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.onnx.OnnxModel.Pool;
import io.vicinal.nn.Embedder;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OnnxHeadTest {
  private static final int FEATURES = 7;
  private static final int WIDTH = 3;
  private static final int TINY = 6; // the row of denormal numbers

  @TempDir private Path folder;

  private final Random random = new Random(5);

  private float[] random(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static FloatBuffer direct(float[] values) {
    return ByteBuffer.allocateDirect(4 * values.length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .put(values)
        .flip();
  }

  /** Rows of zeros, of large and of small numbers, denormal ones, and one that cancels. */
  private float[] nasty() {
    float[] rows = random(8 * FEATURES);
    float[] scales = {0, 1, 1e6f, 1e-6f, 1e15f, 1e-15f, 1e-40f, 1};
    for (int i = 0; i < rows.length; i++) {
      rows[i] *= scales[i / FEATURES];
    }
    for (int k = 0; k < FEATURES; k++) {
      rows[7 * FEATURES + k] = k % 2 == 0 ? 1000 : -1000;
    }
    return rows;
  }

  private static double[] embedding(float[] row, float[] weight, float[] bias, boolean unit) {
    double[] embedding = new double[weight.length / row.length];
    double square = 0;
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = bias == null ? 0 : bias[i];
      for (int k = 0; k < row.length; k++) {
        embedding[i] += (double) row[k] * weight[i * row.length + k];
      }
      square += embedding[i] * embedding[i];
    }
    for (int i = 0; unit && square > 0 && i < embedding.length; i++) {
      embedding[i] /= Math.sqrt(square);
    }
    return embedding;
  }

  private static double length(double[] values) {
    double square = 0;
    for (double value : values) {
      square += value * value;
    }
    return Math.sqrt(square);
  }

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,true", "false,false"})
  void aHeadComputesWhatOursDoes(boolean biased, boolean unit) {
    float[] weight = random(WIDTH * FEATURES);
    float[] bias = biased ? random(WIDTH) : null;
    float[] rows = nasty();
    Path file = folder.resolve("head.onnx");
    try (Arena arena = Arena.host();
        Backend backend = Backend.cpu();
        OnnxRunner runner = written(arena, weight, bias, unit, file)) {
      Tensor w = arena.of(weight, WIDTH, FEATURES);
      Tensor b = bias == null ? null : arena.of(bias, WIDTH);
      Tensor ours = new Head(w, b, null).embed(backend, arena.of(rows, 8, FEATURES), arena);
      float[] embedder = ours.toFloats();
      try (Embedder service = Embedder.of(new Head(w, b, null))) {
        float[] row = Arrays.copyOf(rows, FEATURES);
        assertThat(service.embed(row)).containsExactly(Arrays.copyOf(embedder, WIDTH));
      }
      if (unit) {
        backend.normalizeRows(ours, ours);
      }
      var got = runner.run(direct(rows), "embedding", 8, FEATURES);
      assertThat(got.shape()).containsExactly(8, WIDTH);
      for (int i = 0; i < 8; i++) {
        float[] row = Arrays.copyOfRange(rows, i * FEATURES, (i + 1) * FEATURES);
        double[] expected = embedding(row, weight, bias, unit);
        if (unit && bias == null && i == TINY) { // the square of its length is 0 in float32
          assertThat(got.values()[i * WIDTH]).isZero();
          continue;
        }
        double close = 1e-6 * (unit ? 1 : Math.max(length(expected), Float.MIN_NORMAL));
        for (int j = 0; j < WIDTH; j++) {
          assertThat((double) got.values()[i * WIDTH + j])
              .as("row %d", i)
              .isCloseTo(expected[j], within(close))
              .isCloseTo(ours.at(i * WIDTH + j), within(close));
        }
      }
      assertThat(biased || got.values()[0] == 0).as("a row of zeros stays one").isTrue();
    }
  }

  private OnnxRunner written(Arena arena, float[] weight, float[] bias, boolean unit, Path file) {
    Tensor w = arena.of(weight, WIDTH, weight.length / WIDTH);
    Tensor b = bias == null ? null : arena.of(bias, WIDTH);
    new OnnxHead(w, b, unit, Map.of("vicinal.classes", "[\"Käfer\"]")).write(file);
    return new OnnxRunner(file);
  }

  @Test
  void itSaysWhatItIs() throws IOException {
    try (Arena arena = Arena.host()) {
      Path file = folder.resolve("head.onnx");
      written(arena, random(WIDTH * FEATURES), null, true, file).close();
      assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
          .contains("vicinal.classes", "embeddings of length 1", "rows of features");
      Tensor large = arena.of(new double[] {1, 1e39}, 1, 2);
      assertThatThrownBy(() -> new OnnxHead(large, null, true, Map.of()))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("weight has 1.0E39 at 1");
    }
  }

  /** What stands before the head is y = relu(x), of several vectors a sample. */
  @ParameterizedTest
  @CsvSource({
    "3,CLS,11",
    "3,CLS,21",
    "3,MEAN,13",
    "3,MEAN,18",
    "3,MAX,13",
    "3,MAX,20",
    "3,FLATTEN,13",
    "4,MEAN,13",
    "4,MEAN,18",
    "4,MAX,17",
    "4,FLATTEN,18",
    "2,NONE,13"
  })
  void aHeadStandsBehindAModel(int rank, Pool pool, int operators) {
    long[] shape = {4, 3, 2, 5};
    int[] size = {4, 3, rank > 2 ? 2 : 1, rank > 3 ? 5 : 1};
    long[] dims = Arrays.copyOf(shape, rank);
    Path model = folder.resolve("model.onnx");
    TinyOnnx.single(model, "Relu", FLOAT, dims, 1, operators);
    float[] x = random(size[0] * size[1] * size[2] * size[3]);
    for (boolean first : new boolean[] {true, false}) {
      // Where the features are, by how the output lies.
      int places = rank == 2 ? 1 : rank == 3 ? 3 : first ? 10 : 6;
      int each = size[1] * size[2] * size[3];
      boolean rows = pool == Pool.NONE || pool == Pool.FLATTEN;
      int width = rows ? each : each / places;
      float[] weight = random(WIDTH * width);
      float[] bias = random(WIDTH);
      Path file = folder.resolve("whole.onnx");
      try (Arena arena = Arena.host()) {
        OnnxHead head =
            new OnnxHead(
                arena.of(weight, WIDTH, width), arena.of(bias, WIDTH), true, Map.of("a", "b"));
        assertThat(head.append(model, "y", rank, pool, first, file)).isEqualTo("embedding");
      }
      try (OnnxRunner runner = new OnnxRunner(file)) {
        float[] got = runner.run(direct(x), "embedding", dims).values();
        assertThatThrownBy(() -> runner.run(direct(x), "y", dims))
            .as("the only output")
            .isInstanceOf(RuntimeException.class);
        for (int i = 0; i < 4; i++) {
          float[] row = pooled(x, i * each, each, width, pool, rank == 4 && first);
          double[] expected = embedding(row, weight, bias, true);
          for (int j = 0; j < WIDTH; j++) {
            assertThat((double) got[i * WIDTH + j]).isCloseTo(expected[j], within(1e-6));
          }
        }
      }
      // Once more: the names that are taken are left alone.
      try (Arena arena = Arena.host()) {
        OnnxHead second = new OnnxHead(arena.of(random(WIDTH), 1, WIDTH), null, false, Map.of());
        Path twice = folder.resolve("twice.onnx");
        assertThat(second.append(file, "embedding", 2, Pool.NONE, true, twice))
            .isEqualTo("embedding1");
        try (OnnxRunner runner = new OnnxRunner(twice)) {
          assertThat(runner.run(direct(x), "embedding1", dims).shape()).containsExactly(4, 1);
        }
      }
    }
  }

  private static float[] pooled(
      float[] x, int start, int each, int width, Pool pool, boolean planes) {
    float[] row = new float[width];
    int places = each / width;
    for (int d = 0; d < width; d++) {
      double sum = 0;
      double most = 0;
      for (int p = 0; p < places; p++) {
        double value = Math.max(0, x[start + (planes ? d * places + p : p * width + d)]);
        sum += pool == Pool.CLS && p > 0 ? 0 : value;
        most = Math.max(most, value);
      }
      row[d] = (float) (pool == Pool.MAX ? most : pool == Pool.MEAN ? sum / places : sum);
    }
    return row;
  }

  @Test
  void whatCannotBeTakenApartIsRefused() throws IOException {
    Path file = folder.resolve("model.onnx");
    TinyOnnx.single(file, "Relu", FLOAT, new long[] {-1, 3}, 1, 9);
    refused(file, "operator set 9", "opset 11");
    byte[] good = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(good, good.length - 20));
    refused(file, "model.onnx", "export it again");
    Files.writeString(file, "no model");
    refused(file, "model.onnx", "export it again");
    Files.write(file, new byte[0]);
    refused(file, "has no graph");
    refused(folder.resolve("none.onnx"), "does not exist");
    OnnxMessage outside =
        OnnxMessage.tensor("w", new float[0], 3).number(14, 1); // its numbers lie elsewhere
    TinyOnnx.write(file, new OnnxMessage().message(5, outside), 13);
    refused(file, "weights in a file beside it");
  }

  @Test
  void filesBesideAModelAreFoundInGraphsOfNodesToo() throws IOException {
    for (String name : List.of("a.bin", "b.bin", "c.bin")) {
      Files.writeString(folder.resolve(name), name);
    }
    OnnxMessage inner = new OnnxMessage().message(5, TinyOnnx.external("w", "b.bin"));
    OnnxMessage branch = new OnnxMessage().text(1, "then_branch").message(6, inner);
    OnnxMessage constant =
        new OnnxMessage().text(1, "value").message(5, TinyOnnx.external("v", "a.bin"));
    OnnxMessage graph =
        new OnnxMessage()
            .message(1, new OnnxMessage().text(2, "y").message(5, branch))
            .message(1, new OnnxMessage().text(2, "z").message(5, constant))
            .message(5, TinyOnnx.external("u", "none.bin"))
            .message(5, OnnxMessage.tensor("c.bin", new float[] {1}, 1));
    Path file = folder.resolve("model.onnx");
    TinyOnnx.write(file, graph);
    assertThat(ExternalWeights.of(file))
        .containsExactly(folder.resolve("a.bin"), folder.resolve("b.bin"));
    byte[] good = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(good, good.length / 2));
    assertThatThrownBy(() -> ExternalWeights.of(file))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("can be taken apart; export it again");
    OnnxMessage deep = new OnnxMessage();
    for (int i = 0; i < 200; i++) { // each within the last: graph, node, attribute
      deep = new OnnxMessage().message(1, new OnnxMessage().message(5, branch(deep)));
    }
    TinyOnnx.write(file, deep);
    assertThatThrownBy(() -> ExternalWeights.of(file)).isInstanceOf(InputException.class);
  }

  private static OnnxMessage branch(OnnxMessage graph) {
    return new OnnxMessage().message(6, graph);
  }

  private void refused(Path model, String... said) {
    try (Arena arena = Arena.host()) {
      OnnxHead head = new OnnxHead(arena.of(random(6), 2, 3), null, true, Map.of());
      Path file = folder.resolve("out.onnx");
      var refusal =
          assertThatThrownBy(() -> head.append(model, "y", 2, Pool.NONE, true, file))
              .isInstanceOf(InputException.class);
      for (String one : said) {
        refusal.hasMessageContaining(one);
      }
      assertThat(file).doesNotExist();
    }
  }
}
