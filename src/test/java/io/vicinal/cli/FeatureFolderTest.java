package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.CsvReader;
import io.vicinal.data.Names;
import io.vicinal.data.onnx.TinyOnnx;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a folder of features is to all commands: features, labels and names in one path. */
class FeatureFolderTest {
  private static final int SIDE = 12;
  private static final List<String> CLASSES = List.of("cat, \"big\"", "dög one", "owl\nx");
  private static final int[] SHADES = {0xff3030, 0x30ff30, 0x3030ff};
  private static final int TRAINING = 14; // pictures of a class
  private static final int WRONG = 3; // of the first class, in the folder of the second

  @TempDir private static Path folder;

  private static Path features;
  private static Path run;

  private static String name(String split, int label, int i) {
    return split + "/" + CLASSES.get(label) + "/ph, \"" + i + "\" é\n.png";
  }

  private static Path picture(Path file, Random random, int shade) throws IOException {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    for (int p = 0; p < SIDE * SIDE; p++) {
      image.setRGB(p % SIDE, p / SIDE, random.nextInt() & shade);
    }
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  @BeforeAll
  static void make() throws IOException {
    Random random = new Random(0);
    Path photos = folder.resolve("my photos");
    for (int c = 0; c < CLASSES.size(); c++) {
      for (int i = 0; i < TRAINING; i++) {
        int shown = c == 1 && i < WRONG ? 0 : c;
        picture(photos.resolve(name("train", c, i)), random, SHADES[shown]);
      }
      for (int i = 0; i < 4; i++) {
        int shown = i == 0 ? (c + 1) % 3 : c; // finds a wrong neighbour
        picture(photos.resolve(name("test", c, i)), random, SHADES[shown]);
      }
    }
    TinyOnnx.network(folder.resolve("model.onnx"), -1, SIDE, true);
    features = extracted(photos, "features");
    run = folder.resolve("run");
    Outcome.of("train --features % --run % --set epochs=3 --set head.embedding=4", features, run)
        .succeeded();
  }

  private static Path extracted(Path photos, String name) {
    Path to = folder.resolve(name);
    Outcome.of(
            "features --images % --model % --preset timm --resize 12 --run %",
            photos, folder.resolve("model.onnx"), to)
        .succeeded();
    return to;
  }

  private static List<String> samples(String split) {
    List<String> names = new ArrayList<>();
    for (int c = 0; c < CLASSES.size(); c++) {
      int of = c;
      IntStream.range(0, split.equals("train") ? TRAINING : 4)
          .mapToObj(i -> name(split, of, i))
          .sorted()
          .forEach(names::add);
    }
    return names;
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  /** Every row's cells of some columns, by their names. */
  private static List<List<String>> cells(Path table, String... columns) {
    List<List<String>> rows = new ArrayList<>();
    try (CsvReader in = new CsvReader(table, false)) {
      List<String> header = in.next();
      assertThat(header).as("%s", table).contains(columns);
      for (List<String> row = in.next(); row != null; row = in.next()) {
        List<String> all = row;
        rows.add(List.of(columns).stream().map(c -> all.get(header.indexOf(c))).toList());
      }
    }
    return rows;
  }

  /** Where there is a number, its name stands beside it. */
  private static void named(Path table, String column, Function<Integer, String> called) {
    for (List<String> row : cells(table, column, column + "_name")) {
      String expected = row.get(0).isEmpty() ? "" : called.apply(Integer.parseInt(row.get(0)));
      assertThat(row.get(1)).as("%s of %s", column, table).isEqualTo(expected);
    }
  }

  private static int pictures(Path page) throws IOException {
    return Files.readString(page).split("data:image/", -1).length - 1;
  }

  @Test
  void oneFolderIsFeaturesLabelsAndNames() throws IOException {
    List<String> training = samples("train");
    List<String> testing = samples("test");
    Path out = folder.resolve("uncertain.csv");
    Outcome measured =
        Outcome.of(
                "evaluate --embeddings % --normalize --metrics r@1 --per-class --out-uncertain %",
                features, out)
            .succeeded();
    assertThat(measured.out()).contains("cat, \"big\"", "dög one", "owl x", "12 queries");
    named(out, "row", testing::get);
    named(out, "nearest", testing::get);
    named(out, "class", CLASSES::get);

    JsonObject config = json(run.resolve("config.json"));
    assertThat(config.getAsJsonObject("data").toString())
        .isEqualTo("{\"features\":\"" + features + ":train\"}");
    assertThat(config.getAsJsonObject("run").get("classNames").toString())
        .isEqualTo("[\"cat, \\\"big\\\"\",\"dög one\",\"owl\\nx\"]");
    assertThat(Names.read(Path.of(features + ":train")).list()).isEqualTo(training);

    Path blame = folder.resolve("blame");
    Outcome pair = Outcome.of("explain pair --run % --out % --check 1", run, blame).succeeded();
    assertThat(pair.out()).contains("'test/cat, \"big\"/ph, \"0\" é .png'", "dög one");
    named(blame.resolve("top.csv"), "sample", training::get);
    named(blame.resolve("top.csv"), "class", CLASSES::get);
    assertThat(Files.readString(blame.resolve("top.csv"))).contains("query_name");
    JsonArray queries = json(blame.resolve("queries.json")).getAsJsonArray("queries");
    assertThat(queries).isNotEmpty();
    for (var one : queries) {
      JsonObject query = one.getAsJsonObject();
      assertThat(query.get("i_name").getAsString())
          .isEqualTo(testing.get(query.get("i").getAsInt()));
      assertThat(query.get("label_j_name").getAsString())
          .isEqualTo(CLASSES.get(query.get("label_j").getAsInt()));
    }
    assertThat(Files.readString(blame.resolve("summary.json"))).contains("\"sample_name\"");
    assertThat(pictures(blame.resolve("report.html"))).isGreaterThan(5);
    assertThat(Files.readString(blame.resolve("report.html"))).contains("dög one");

    Path wrong = folder.resolve("confusions");
    Outcome.of("explain confusions --run % --out %", run, wrong).succeeded();
    named(wrong.resolve("confusions.csv"), "i", testing::get);
    named(wrong.resolve("confusions.csv"), "j", testing::get);
    named(wrong.resolve("confusions.csv"), "label_j", CLASSES::get);
    assertThat(cells(wrong.resolve("worst-classes.csv"), "confused_with_name").toString())
        .contains("owl\nx");
  }
}
