package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.Npy;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.onnx.TinyOnnx;
import io.vicinal.tensor.Arena;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeaturesCommandTest {
  private static final int SIDE = 12;
  private static final int FLOAT = 1; // ONNX's numbers of types
  private static final int DOUBLE = 11;
  private static final double[] MEAN = {0.5, 0.25, 0.125};
  private static final double[] STD = {0.5, 0.2, 0.4};
  private static final String PIXELS = "--mean 0.5,0.25,0.125 --std 0.5,0.2,0.4";

  @TempDir private Path folder;

  /** Pictures of the size that the network takes: nothing is resized. */
  private Path photos(int each) throws IOException {
    Random random = new Random(0);
    for (String name : List.of("cat", "dög")) {
      Path of = Files.createDirectories(folder.resolve("photos").resolve(name));
      for (int i = 0; i < each; i++) {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < SIDE * SIDE; p++) {
          int shade = name.equals("cat") ? 0xffffff : 0x7f7f7f;
          image.setRGB(p % SIDE, p / SIDE, random.nextInt() & shade);
        }
        ImageIO.write(image, "png", of.resolve(i + " a.png").toFile());
      }
    }
    return folder.resolve("photos");
  }

  private Path model() {
    Path file = folder.resolve("model.onnx");
    TinyOnnx.network(file, -1, SIDE, true);
    return file;
  }

  private static double[] values(Path picture) throws IOException {
    BufferedImage image = ImageIO.read(picture.toFile());
    double[] values = new double[3 * SIDE * SIDE];
    for (int k = 0; k < values.length; k++) {
      int c = k % 3;
      int rgb = image.getRGB(k / 3 % SIDE, k / 3 / SIDE);
      values[k] = ((rgb >> 8 * (2 - c) & 255) / 255.0 - MEAN[c]) / STD[c];
    }
    return values;
  }

  private static double[][] read(Path run) {
    try (Arena arena = Arena.host()) {
      var x = Npy.read(run.resolve("features.npy"), arena);
      double[][] rows = new double[(int) x.dim(0)][(int) x.dim(1)];
      for (int i = 0; i < rows.length; i++) {
        for (int k = 0; k < rows[i].length; k++) {
          rows[i][k] = x.at((long) i * rows[i].length + k);
        }
      }
      return rows;
    }
  }

  private static JsonObject facts(Path run) throws IOException {
    return JsonParser.parseString(Files.readString(run.resolve("features.json"))).getAsJsonObject();
  }

  @Test
  void theFeaturesAreThoseOfTheNetwork() throws IOException {
    Path photos = photos(5);
    Path run = folder.resolve("f");
    Outcome done =
        Outcome.of(
                "features --images % --model % --run % --batch 4 " + PIXELS, photos, model(), run)
            .succeeded();
    assertThat(done.out())
        .containsPattern("[0-9.]+ images/s\\R")
        .contains("10 pictures: 5 features each of model.onnx, output 'features': ");
    double[][] rows = read(run);
    Dataset table = Datasets.open(run.resolve("samples.csv"));
    assertThat(rows).hasDimensions(10, TinyOnnx.WIDTH);
    assertThat(table.classes().list()).containsExactly("cat", "dög");
    for (int id = 0; id < 10; id++) {
      double[] expected = TinyOnnx.features(values(table.file(id)), SIDE);
      assertThat(rows[id]).containsExactly(expected, within(1e-5));
    }
    JsonObject facts = facts(run);
    assertThat(facts.get("width").getAsInt()).isEqualTo(TinyOnnx.WIDTH);
    assertThat(facts.get("layout").getAsString()).isEqualTo("nchw");
    assertThat(
            Outcome.of(
                    "evaluate --embeddings % --labels % --metrics r@1 --per-class",
                    run.resolve("features.npy"), run.resolve("samples.csv") + ":label")
                .out())
        .contains("cat", "dög", "r@1");
  }

  @Test
  void placesArePooled() throws IOException {
    Path photos = photos(1);
    Path run = folder.resolve("f");
    String words = "features --images % --model % --run % --output places " + PIXELS;
    Outcome.of(words, photos, model(), run)
        .failed(2, "model.onnx: output 'places' has shape [N, 4, 12, 12]", "--pool mean, max");
    double[][] all = TinyOnnx.places(values(photos.resolve("cat/0 a.png")), SIDE);
    for (String how : List.of("mean", "max", "flatten")) {
      Outcome.of(words + " --pool " + how, photos, model(), run).succeeded();
      double[] expected =
          how.equals("flatten")
              ? Stream.of(all).flatMapToDouble(java.util.Arrays::stream).toArray()
              : Stream.of(all)
                  .map(java.util.Arrays::stream)
                  .mapToDouble(
                      one ->
                          how.equals("max") ? one.max().getAsDouble() : one.average().getAsDouble())
                  .toArray();
      assertThat(read(run)[0]).containsExactly(expected, within(1e-5));
    }
    Outcome.of(words + " --pool cls", photos, model(), run).failed(2, "no list of tokens");
  }

  /** Whole batches that a killed process has written stay, and the end is the same bit for bit. */
  @ParameterizedTest
  @CsvSource({
    "begun,,18", // before the first batch
    "8,8 pictures were there from an earlier attempt,18",
    "features,18 pictures were there from an earlier attempt,0", // before features.npy is written
    "written,18 pictures were there from an earlier attempt,0", // before the files get their names
    "committed,the features are there already,0"
  })
  void aKilledCommandGoesOn(String place, String says, int computed) throws IOException {
    Path photos = photos(9);
    Path whole = folder.resolve("whole");
    Path killed = folder.resolve("killed");
    String line = "features --images % --model % --run % --batch 4 --threads 1 " + PIXELS;
    Outcome.of(line, photos, model(), whole).succeeded();
    try (CliProcess process =
        CliProcess.start(
            folder.resolve("work"),
            List.of("-Dio.vicinal.halt=" + place),
            Outcome.words(line, photos, model(), killed))) {
      assertThat(process.await().code()).isEqualTo(137);
    }
    boolean done = place.equals("committed");
    assertThat(Files.exists(killed.resolve("features.npy"))).isEqualTo(done);
    Path rows = rows(killed);
    if (place.equals("8")) { // and half a batch
      Files.write(rows, new byte[] {1, 0, 0}, java.nio.file.StandardOpenOption.APPEND);
    }
    Outcome again = Outcome.of(line, photos, model(), killed).succeeded();
    assertThat(again.out()).contains("18 pictures: 5 features");
    if (says != null) {
      assertThat(again.out()).contains(says);
    }
    assertThat(again.out().contains("images/s")).isEqualTo(computed > 0);
    for (String name : List.of("features.npy", "samples.csv", "features.json")) {
      assertThat(killed.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
    }
    assertThat(rows).doesNotExist();
  }

  private static Path rows(Path run) throws IOException {
    try (Stream<Path> all = Files.walk(run)) {
      return all.filter(file -> file.endsWith("piece-rows")).findFirst().orElseThrow();
    }
  }

  /** Numbers of an input that are not float32, channels last, and outputs that are not rows. */
  @ParameterizedTest
  @CsvSource({"1,true", "1,false", "2,true", "2,false", "10,true", "10,false"})
  void otherModels(int type, boolean channelsLast) throws IOException {
    Path photos = photos(2);
    Path file = folder.resolve("other.onnx");
    TinyOnnx.variant(file, type, channelsLast, SIDE);
    Path run = folder.resolve("f");
    String line =
        "features --images % --model % --run % --batch 3 --output %"
            + (type == 2 ? "" : " " + PIXELS);
    double[][] pictures = new double[4][];
    for (int id = 0; id < 4; id++) {
      Path picture =
          photos.resolve(List.of("cat/0 a", "cat/1 a", "dög/0 a", "dög/1 a").get(id) + ".png");
      pictures[id] = values(picture);
      for (int k = 0; k < pictures[id].length; k++) {
        double value = pictures[id][k];
        pictures[id][k] =
            type == 2
                ? Math.rint(255 * (value * STD[k % 3] + MEAN[k % 3]))
                : type == 10 ? half(value) : value;
      }
    }
    double off = type == 2 ? 1e-3 : 1e-5; // of numbers around 200, and around 1
    Outcome.of(line, photos, file, run, "features").succeeded();
    for (int id = 0; id < 4; id++) {
      double[] expected = TinyOnnx.features(pictures[id], SIDE);
      double rounded = type == 10 ? 1.0 / 1024 : off; // the output is float16, too
      assertThat(read(run)[id]).containsExactly(expected, within(rounded));
    }
    assertThat(facts(run).get("layout").getAsString()).isEqualTo(channelsLast ? "nhwc" : "nchw");
    assertThat(facts(run).get("pictures").getAsString().endsWith(", 0..255")).isEqualTo(type == 2);
    double[][] places = TinyOnnx.places(pictures[3], SIDE);
    double[] first = Stream.of(places).mapToDouble(one -> one[0]).toArray();
    double[] mean =
        Stream.of(places)
            .mapToDouble(one -> java.util.Arrays.stream(one).average().getAsDouble())
            .toArray();
    for (String how : List.of("tokens cls", "tokens mean", "last mean")) {
      String[] words = how.split(" ");
      Outcome.of(line + " --pool " + words[1], photos, file, run, words[0]).succeeded();
      assertThat(read(run)).hasDimensions(4, 4);
      assertThat(read(run)[3])
          .as(how)
          .containsExactly(words[1].equals("cls") ? first : mean, within(10 * off));
    }
    Outcome.of(line, photos, file, run, "tokens")
        .failed(2, "several vectors a picture", "cls, mean");
    if (type == 2) {
      Outcome.of(line + " " + PIXELS, photos, file, run, "features")
          .failed(2, "takes pixels as they are, 0 to 255; leave them out");
    }
  }

  /** Rounded to the 11 bits of a float16, which are enough for numbers of this size. */
  private static double half(double value) {
    double step = value == 0 ? 1 : Math.scalb(1.0, Math.max(-14, Math.getExponent(value)) - 10);
    return Math.rint(value / step) * step;
  }

  @Test
  void theKeyIsModelPicturesAndPreparation() throws IOException {
    Path photos = photos(2);
    Path model = model();
    Path other = folder.resolve("other.onnx");
    TinyOnnx.other(other, SIDE);
    String line = "features --images % --model % --run % " + PIXELS;
    String key = key(line, photos, model);
    for (String same :
        List.of("--batch 1", "--threads 1", "--skip-bad", "--device cpu", "--size 12")) {
      assertThat(key(line + " " + same, photos, model)).as(same).isEqualTo(key);
    }
    Path renamed = Files.copy(model, folder.resolve("renamed.onnx"));
    assertThat(key(line, photos, renamed)).isEqualTo(key);
    assertThat(key(line, photos, other)).isNotEqualTo(key);
    for (String changed :
        List.of(
            "--output places --pool mean",
            "--output places --pool max",
            "--resize 14",
            "--crop squash --resize 14")) {
      assertThat(key(line + " " + changed, photos, model)).as(changed).isNotEqualTo(key);
    }
    assertThat(key(line.replace("0.125", "0.12"), photos, model)).isNotEqualTo(key);
    assertThat(key(line.replace("0.2,0.4", "0.2,0.5"), photos, model)).isNotEqualTo(key);
    Path one = photos.resolve("cat/0 a.png");
    FileTime time = Files.getLastModifiedTime(one);
    Files.setLastModifiedTime(one, FileTime.fromMillis(time.toMillis() + 1000));
    assertThat(key(line, photos, model)).isNotEqualTo(key);
    Files.setLastModifiedTime(one, time);
    assertThat(key(line, photos, model)).isEqualTo(key);
    Files.move(one, photos.resolve("cat/2 a.png"));
    assertThat(key(line, photos, model)).isNotEqualTo(key);
  }

  /** Whatever the files are called that a model keeps weights in, and wherever it says so. */
  @Test
  void theKeyIsTheWeightsBesideAModel() throws IOException {
    Path photos = photos(1);
    Path model = folder.resolve("m.onnx");
    TinyOnnx.outside(model, SIDE, "the weights.bin");
    String line = "features --images % --model % --run % " + PIXELS;
    String key = key(line, photos, model);
    Files.writeString(folder.resolve("m.onnx.data"), "of another model");
    assertThat(key(line, photos, model)).isEqualTo(key);
    Path weights = folder.resolve("the weights.bin");
    byte[] other = Files.readAllBytes(weights);
    other[1] ^= 1;
    Files.write(weights, other);
    assertThat(key(line, photos, model)).isNotEqualTo(key);
  }

  /** Of features in a folder of their own. */
  private String key(String line, Path photos, Path model) throws IOException {
    Path run = Files.createTempDirectory(folder, "key");
    assertThat(Outcome.of(line, photos, model, run).code()).isZero();
    return facts(run).get("key").getAsString();
  }

  @Test
  void withoutALibraryForGpusTheProcessorComputes() throws IOException {
    Path photos = photos(1);
    Path run = folder.resolve("f");
    String line = "features --images % --model % --run % --device % " + PIXELS;
    String jar = "com.microsoft.onnxruntime:onnxruntime_gpu:";
    Outcome.of(line, photos, model(), run, "cuda").failed(2, "--device: cuda: this ONNX", jar);
    Outcome.of(line, photos, model(), run, "cuda:1").failed(2, "--device: cuda:1: ", jar);
    Outcome.of(line, photos, model(), run, "tpu")
        .failed(2, "--device: 'tpu' is unknown; choose cpu");
    assertThat(run).doesNotExist();
    Outcome auto = Outcome.of(line, photos, model(), run, "auto");
    assertThat(auto.code()).isZero();
    assertThat(auto.err()).startsWith("note: the processor computes: ").contains(jar);
    assertThat(facts(run).get("device").getAsString()).isEqualTo("cpu");
  }

  @Test
  void whatIsThereIsNotComputedAgain() throws IOException {
    Path photos = photos(2);
    Path run = folder.resolve("f");
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, model(), run).succeeded();
    byte[] first = Files.readAllBytes(run.resolve("features.npy"));
    assertThat(Outcome.of(line, photos, model(), run).succeeded().out())
        .contains("the features are there already")
        .doesNotContain("images/s");
    Files.copy(photos.resolve("cat/0 a.png"), photos.resolve("cat/7.png"));
    assertThat(Outcome.of(line, photos, model(), run).succeeded().out())
        .contains("images/s", "5 pictures");
    Files.delete(photos.resolve("cat/7.png"));
    assertThat(Outcome.of(line + " --batch 1", photos, model(), run).succeeded().out())
        .contains("images/s");
    Outcome.of(line, photos, model(), run).succeeded();
    assertThat(run.resolve("features.npy")).hasBinaryContent(first);
  }

  @Test
  void featuresOfTwoModelsAreNotMixed() throws IOException {
    Path photos = photos(2);
    Path a = folder.resolve("a");
    Path b = folder.resolve("b");
    Path other = folder.resolve("other.onnx");
    TinyOnnx.other(other, SIDE);
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, model(), a).succeeded();
    Outcome.of(line, photos, other, b).succeeded();
    String evaluate =
        "evaluate --embeddings % --labels % --gallery-embeddings % --gallery-labels %";
    Outcome.of(
            evaluate,
            a.resolve("features.npy"),
            a.resolve("samples.csv:label"),
            b.resolve("features.npy"),
            b.resolve("samples.csv:label"))
        .failed(2, "features of other.onnx, and ", "those of model.onnx, which cannot be compared");
    Outcome.of(
            "train --features % --labels % --run % --set % --set %",
            a.resolve("features.npy"),
            a.resolve("samples.csv:label"),
            folder.resolve("run"),
            "validation.features=" + b.resolve("features.npy"),
            "validation.labels=" + b.resolve("samples.csv:label"))
        .failed(2, "features of other.onnx, and ", "those of model.onnx, which cannot be compared");
    Path run = folder.resolve("run");
    Path head = run.resolve("head.safetensors");
    Path features = b.resolve("features.npy");
    String labels = a.resolve("samples.csv:label").toString();
    Outcome.of(
        "train --features % --labels % --run % --set epochs=1 --set sampler.batch=2",
        a.resolve("features.npy"), labels, run);
    assertThat(head).exists();
    String trained = "head.safetensors was trained on those of model.onnx";
    Outcome.of("embed --features % --head % --out %", features, run, folder.resolve("e.npy"))
        .failed(2, "features of other.onnx, and ", trained);
    Outcome.of("embed --features % --head %", a.resolve("features.npy"), head)
        .failed(2, "--out"); // only that is missing
    Path out = folder.resolve("out");
    String tests = " --test-features % --test-labels % --out %";
    Outcome.of("explain confusions --run %" + tests, run, features, labels, out)
        .failed(2, "features of other.onnx, and ", trained);
    Outcome.of(
            "explain confusions --features % --labels % --head % --loss proxy-anchor" + tests,
            a.resolve("features.npy"),
            labels,
            head,
            features,
            labels,
            out)
        .failed(2, "features of other.onnx, and ", "those of model.onnx");
    Outcome.of(
            "explain mislabel --features % --labels %" + tests,
            a.resolve("features.npy"),
            labels,
            features,
            labels,
            out)
        .failed(2, "features of other.onnx, and ", "those of model.onnx");
    assertThat(out).doesNotExist();
  }

  @Test
  void aFixedBatchIsFilledUp() throws IOException {
    Path photos = photos(2);
    Path three = folder.resolve("three.onnx");
    TinyOnnx.network(three, 3, SIDE, false);
    Path run = folder.resolve("f");
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, three, run).succeeded();
    double[] expected = TinyOnnx.features(values(photos.resolve("dög/1 a.png")), SIDE);
    assertThat(read(run)).hasDimensions(4, TinyOnnx.WIDTH);
    assertThat(read(run)[3]).containsExactly(expected, within(1e-5));
    Outcome.of(line + " --batch 2", photos, three, run).failed(2, "--batch: 2, but", "takes 3");
  }

  @Test
  void picturesThatCannotBeReadAreCounted() throws IOException {
    Path photos = photos(3);
    Files.write(photos.resolve("cat/1 a.png"), new byte[] {1, 2, 3});
    Path run = folder.resolve("f");
    String line = "features --images % --model % --run % " + PIXELS;
    Outcome.of(line, photos, model(), run).failed(2, "cat/1 a.png: ");
    assertThat(run).doesNotExist();
    Outcome skipped = Outcome.of(line + " --skip-bad", photos, model(), run);
    assertThat(skipped.code()).isZero();
    assertThat(skipped.err()).startsWith("left out: ").contains("cat/1 a.png");
    assertThat(skipped.out()).contains("5 pictures, 1 left out: 5 features");
    assertThat(read(run)).hasDimensions(5, TinyOnnx.WIDTH);
    Dataset table = Datasets.open(run.resolve("samples.csv"));
    assertThat(read(run)[1])
        .containsExactly(TinyOnnx.features(values(table.file(1)), SIDE), within(1e-5));
    assertThat(facts(run).getAsJsonArray("left_out").get(0).getAsInt()).isEqualTo(1);
  }

  @Test
  void thePreprocessorBesideTheModelIsRead() throws IOException {
    Path photos = photos(2);
    Path run = folder.resolve("f");
    Path open = folder.resolve("open.onnx");
    TinyOnnx.network(open, -1, -1, false);
    String line = "features --images % --model % --run %";
    Outcome.of(line, photos, open, run)
        .failed(2, "--mean, --std: are not known for", "clip, dinov2");
    Outcome.of(line + " " + PIXELS, photos, open, run)
        .failed(2, "--size: input 'x' of", "has no height and width");
    Path json = folder.resolve("preprocessor_config.json");
    Files.writeString(
        json,
        """
        {"do_resize": true, "size": {"shortest_edge": 12}, "resample": 3, "do_center_crop": true,
        "crop_size": {"height": 12, "width": 12}, "image_mean": [0.5, 0.25, 0.125],
        "image_std": [0.5, 0.2, 0.4], "rescale_factor": 0.00392156862745098}
        """);
    Outcome.of(line, photos, open, run).succeeded();
    assertThat(read(run)[0])
        .containsExactly(
            TinyOnnx.features(values(photos.resolve("cat/0 a.png")), SIDE), within(1e-5));
    assertThat(facts(run).get("pictures").getAsString())
        .isEqualTo(
            "shorter side 12, centre crop 12, bicubic, mean [0.5, 0.25, 0.125], std [0.5, 0.2, 0.4]");
    Outcome.of(line + " --preset siglip", photos, open, run).succeeded();
    assertThat(facts(run).get("pictures").getAsString()).startsWith("made square, 224, bicubic");
    Outcome.of(line + " --preset dinov2 --size 112", photos, open, run).succeeded();
    assertThat(facts(run).get("pictures").getAsString())
        .startsWith("shorter side 128, centre crop 112");
    Files.writeString(json, "{\"size\": {\"height\": 2, \"width\": 3}}");
    Outcome.of(line, photos, open, run).failed(2, "preprocessor_config.json: size is no square");
  }

  @Test
  void modelsThatTakeNoPicturesAreOneLine() throws IOException {
    Path photos = photos(1);
    Path bad = folder.resolve("bad.onnx");
    String line = "features --images % --model % --run % " + PIXELS;
    Path run = folder.resolve("f");
    Files.writeString(bad, "no model");
    Outcome.of(line, photos, bad, run).failed(2, "bad.onnx: cannot be opened as an ONNX model (");
    Map<String, Runnable> cases = new LinkedHashMap<>();
    cases.put(
        "has 2 inputs (x, z)",
        () -> TinyOnnx.single(bad, "Add", FLOAT, new long[] {-1, 3, 8, 8}, 2));
    cases.put(
        "input 'x' has shape [N, 7], which is no batch of pictures",
        () -> TinyOnnx.single(bad, "Relu", FLOAT, new long[] {-1, 7}, 1));
    cases.put(
        "input 'x' is double; export the model with an input of float32, float16 or uint8",
        () -> TinyOnnx.single(bad, "Relu", DOUBLE, new long[] {-1, 3, 8, 8}, 1));
    cases.put(
        "input 'x' has shape [N, 1, 8, 8] without 3 channels",
        () -> TinyOnnx.single(bad, "Relu", FLOAT, new long[] {-1, 1, 8, 8}, 1));
    cases.put(
        "output 'y' has shape [N, 3, 8, 8], several vectors a picture",
        () -> TinyOnnx.single(bad, "Relu", FLOAT, new long[] {-1, 3, 8, 8}, 1));
    cases.forEach(
        (says, write) -> {
          write.run();
          Outcome.of(line, photos, bad, run).failed(2, "bad.onnx: " + says);
        });
    Outcome.of(line, photos, folder.resolve("none.onnx"), run)
        .failed(2, "none.onnx: does not exist");
    Outcome.of(line + " --output z", photos, model(), run)
        .failed(2, "has no output 'z'", "features [N, 5]");
    Outcome.of(line + " --layout nhwc", photos, model(), run).failed(2, "--layout: nhwc, but");
    Outcome.of(line + " --size 8", photos, model(), run).failed(2, "--size: 8, but");
    Outcome.of(line + " --split x", photos, model(), run).failed(2, "--split: 'x' is unknown");
    assertThat(run).doesNotExist();
  }
}
