package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.CsvReader;
import io.vicinal.data.FeatureOrigin;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.data.onnx.TinyOnnx;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  private static final int[] SHADES = {0xff0000, 0x00ff00, 0x0000ff};
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

  /** Pictures that nobody could read are told by whatever is made of the others. */
  @Test
  void whatWasLeftOutIsCounted() throws IOException {
    Path photos = folder.resolve("with a bad one");
    Random random = new Random(1);
    for (int c = 0; c < CLASSES.size(); c++) {
      for (int i = 0; i < 6; i++) {
        picture(photos.resolve(CLASSES.get(c) + "/" + i + ".png"), random, SHADES[c]);
      }
    }
    Files.writeString(photos.resolve(CLASSES.get(0) + "/6.png"), "no picture");
    Path without = folder.resolve("without");
    Path model = folder.resolve("model.onnx");
    String line = "features --images % --model % --preset timm --resize 12 --skip-bad --run %";
    assertThat(Outcome.of(line, photos, model, without).code()).isZero();
    String said = "1 sample was left out when the features were made";
    Path to = folder.resolve("run without");
    Outcome trained =
        Outcome.of("train --features % --run % --set epochs=1 --set head.embedding=4", without, to);
    assertThat(trained.code()).isZero();
    assertThat(trained.out() + trained.err()).contains(said);
    JsonObject facts = json(to.resolve("config.json")).getAsJsonObject("run");
    assertThat(facts.get("samplesLeftOut").getAsInt()).isEqualTo(1);
    Path suspects = folder.resolve("suspects without");
    String look = "explain mislabel --features % --out %";
    assertThat(Outcome.of(look, without, suspects).code()).isZero();
    JsonObject data = json(suspects.resolve("summary.json")).getAsJsonObject("data");
    assertThat(data.get("left_out").getAsInt()).isEqualTo(1);
    assertThat(suspects.resolve("report.html"))
        .content()
        .contains("Samples left out when the features were made");
    JsonObject all = json(run.resolve("config.json")).getAsJsonObject("run");
    assertThat(all.has("samplesLeftOut")).as("where nothing was").isFalse();
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

    Path pairs = folder.resolve("pairs.csv");
    Files.writeString(
        pairs, "i,j\n" + quoted(testing.get(3)) + ",5\n7," + quoted(testing.get(1)) + "\n");
    Outcome.of("explain pair --run % --out % --check 0 --pairs %", run, blame, pairs).succeeded();
    assertThat(Files.readString(blame.resolve("queries.json")))
        .contains("\"id\": \"pair 3-5\"", "\"id\": \"pair 7-1\"");
    Files.writeString(pairs, "i,j\nnobody,5\n");
    Outcome.of("explain pair --run % --out % --check 0 --pairs %", run, blame, pairs)
        .failed(2, "pairs.csv: line 2: i 'nobody' is no test sample's name or position");

    Path tuples = folder.resolve("tuples.csv");
    Outcome.of("mine batch-hard --embeddings % --out %", features + ":test", tuples).succeeded();
    named(tuples, "anchor", testing::get);
    named(tuples, "negative", testing::get);
    Path proxies = folder.resolve("P.npy");
    NpyBytes.random(proxies, 1, 3, TinyOnnx.WIDTH);
    Path loss = folder.resolve("loss");
    Outcome.of(
            "loss normalized-softmax --embeddings % --proxies % --out %",
            features + ":test", proxies, loss)
        .succeeded();
    named(loss.resolve("per_sample.csv"), "sample", testing::get);
    named(loss.resolve("per_sample.csv"), "class", CLASSES::get);

    Path wrong = folder.resolve("confusions");
    Outcome.of("explain confusions --run % --out %", run, wrong).succeeded();
    named(wrong.resolve("confusions.csv"), "i", testing::get);
    named(wrong.resolve("confusions.csv"), "j", testing::get);
    named(wrong.resolve("confusions.csv"), "label_j", CLASSES::get);
    assertThat(cells(wrong.resolve("worst-classes.csv"), "confused_with_name").toString())
        .contains("owl\nx");
  }

  @Test
  void repairedLabelsJoinBackOnThePath() throws IOException {
    List<String> training = samples("train");
    Path out = folder.resolve("repaired");
    Outcome.of("explain relabel --features % --out % --suspects 6 --rule knn", features, out)
        .succeeded();
    for (String table : List.of("suspects.csv", "proposals.csv")) {
      named(out.resolve(table), "sample", training::get);
      named(out.resolve(table), "label", CLASSES::get);
      named(out.resolve(table), "proposed", CLASSES::get);
    }
    assertThat(pictures(out.resolve("report.html"))).isGreaterThanOrEqualTo(6);
    assertThat(Files.readString(out.resolve("report.html")))
        .contains("--labels " + features + ":train --decisions decisions.csv --out cleaned.csv");
    List<List<String>> changed = new ArrayList<>();
    for (List<String> row : cells(out.resolve("proposals.csv"), "decision", "sample_name")) {
      if (row.get(0).equals("accept")) {
        changed.add(row);
      }
    }
    assertThat(changed).isNotEmpty();
    String[] before = Files.readString(features.resolve("samples.csv")).split("(?<=,true\n)");
    String[] after = Files.readString(out.resolve("labels.csv")).split("(?<=,true\n)");
    assertThat(after).hasSameSizeAs(before);
    assertThat(IntStream.range(0, after.length).filter(r -> !after[r].equals(before[r])).count())
        .isEqualTo(changed.size());

    // The user's own table: other order and columns, quotes, semicolons, a byte order mark.
    List<String> rows = new ArrayList<>(List.of("\uFEFFnote;path;\"label\""));
    for (int i = training.size() - 1; i >= 0; i--) {
      String spelt =
          i % 2 == 0 ? training.get(i) : folder.resolve("my photos") + "/./" + training.get(i);
      rows.add("\"x;\";" + quoted(spelt) + ";" + quoted(CLASSES.get(i / TRAINING)));
    }
    Path own = folder.resolve("my photos/list.csv");
    Files.writeString(own, String.join("\r\n", rows) + "\r\n");
    Path cleaned = folder.resolve("cleaned.csv");
    String apply = "labels apply --labels % --decisions % --out % --overwrite";
    Outcome.of(apply + " --join path", own + ":label", out.resolve("proposals.csv"), cleaned)
        .succeeded();
    List<String> expected = new ArrayList<>(rows);
    for (List<String> row :
        cells(out.resolve("proposals.csv"), "decision", "sample", "proposed_name")) {
      if (row.get(0).equals("accept")) {
        int at = training.size() - Integer.parseInt(row.get(1));
        String old = expected.get(at);
        expected.set(at, old.substring(0, old.lastIndexOf(";\"")) + ";" + quoted(row.get(2)));
      }
    }
    assertThat(Files.readString(cleaned)).isEqualTo(String.join("\r\n", expected) + "\r\n");
    Outcome.of(apply + " --join note", own + ":label", out.resolve("proposals.csv"), cleaned)
        .failed(2, "proposals.csv: line ", "has no such row");

    Path moves = folder.resolve("moves.csv");
    Outcome.of(
            "labels apply --labels % --decisions % --moves %",
            features + ":train", out.resolve("proposals.csv"), moves)
        .succeeded();
    List<List<String>> listed = cells(moves, "from", "to");
    assertThat(listed).hasSameSizeAs(changed);
    for (List<String> move : listed) {
      assertThat(Path.of(move.get(0))).isRegularFile();
      assertThat(Path.of(move.get(1))).doesNotExist();
      assertThat(Path.of(move.get(1)).getParent()).isDirectory();
    }
    assertThat(listed.stream().map(move -> Path.of(move.get(1)).getParent().getFileName() + ""))
        .containsExactlyInAnyOrderElementsOf(
            cells(out.resolve("proposals.csv"), "decision", "proposed_name").stream()
                .filter(row -> row.get(0).equals("accept"))
                .map(row -> row.get(1))
                .toList());
    Outcome.of("labels apply --labels % --decisions % --moves %", own + ":label", own, moves)
        .failed(2, "--moves: needs a folder of 'features'");
  }

  @Test
  void tablesOfAFolderHaveItsNamesAndLabels() {
    Path table = folder.resolve("n.csv");
    Outcome.of("neighbours --embeddings % --k 1 --out %", features + ":test", table).succeeded();
    assertThat(cells(table, "query_name").stream().map(row -> row.get(0)))
        .containsExactlyElementsOf(samples("test"));
    Outcome.of("convert % --out % --overwrite", features + ":test", table).succeeded();
    assertThat(cells(table, "name").stream().map(row -> row.get(0)))
        .containsExactlyElementsOf(samples("test"));
    assertThat(cells(table, "label").get(11)).containsExactly(CLASSES.get(2));
    Outcome.of("convert % --out %", features + ":test", folder.resolve("n.npy")).succeeded();
  }

  /** What somebody wrote into features.json is no reason to fail. */
  @Test
  void factsThatAreNoneAreNotKnown() throws IOException {
    Path own = Files.createDirectory(folder.resolve("edited"));
    for (String name : List.of("features.npy", "samples.csv")) {
      Files.copy(features.resolve(name), own.resolve(name));
    }
    for (String facts :
        List.of(
            "{'space': {}, 'model': 'm'}",
            "{'space': 's', 'model': 'm', 'samples_left_out': 'two', 'params': {'a': {}}}",
            "{'space': 's', 'model': 'm', 'samples_left_out': [], 'root': {}}",
            "[1]",
            "")) {
      Files.writeString(own.resolve("features.json"), facts.replace('\'', '"'));
      assertThat(FeatureOrigin.leftOut(own.resolve("features.npy"))).isZero();
      Outcome outcome =
          Outcome.of(
              "neighbours --embeddings % --k 1 --out % --overwrite",
              own + ":test", folder.resolve("e.csv"));
      assertThat(outcome.err()).doesNotContain("unexpected");
    }
  }

  @Test
  void aClassMayBeCalledAsItsSplit() throws IOException {
    Random random = new Random(3);
    Path photos = folder.resolve("twins");
    for (String name : List.of("train/dog/1", "train/dog/2", "test/test/1", "test/dog/1")) {
      picture(photos.resolve(name + ".png"), random, SHADES[0]);
    }
    Path moves = folder.resolve("twins.csv");
    Path decisions = folder.resolve("twins decisions.csv");
    Files.writeString(decisions, "sample,label,decision,new_label\n1,test,other,dog\n");
    Outcome.of(
            "labels apply --labels % --decisions % --moves %",
            extracted(photos, "of twins") + ":test", decisions, moves)
        .succeeded();
    assertThat(cells(moves, "to").get(0).get(0)).endsWith("/twins/test/dog/1-1.png");
  }

  private static String quoted(String cell) {
    return '"' + cell.replace("\"", "\"\"") + '"';
  }

  @Test
  void aPictureThatIsGoneIsAFrameWithItsName() throws IOException {
    Random random = new Random(1);
    Path photos = folder.resolve("there");
    for (String kind : List.of("a", "b")) {
      for (int i = 0; i < 8; i++) {
        picture(photos.resolve(kind + "/" + i + ".png"), random, SHADES[kind.charAt(0) - 'a']);
      }
    }
    Path of = extracted(photos, "gone");
    Path moved = folder.resolve("moved");
    Files.move(photos, moved);
    Files.writeString(moved.resolve("a/1.png"), "no picture");
    String words = "explain mislabel --features % --suspects 16 --detectors loss,knn --out %";
    Path nothing = folder.resolve("nothing");
    Outcome.of(words, of, nothing).succeeded();
    String page = Files.readString(nothing.resolve("report.html"));
    assertThat(page).contains("a/1.png").contains("Pictures that could not be read");
    assertThat(pictures(nothing.resolve("report.html"))).isZero();
    Path most = folder.resolve("most");
    Outcome.of(words + " --images %", of, most, moved).succeeded();
    assertThat(pictures(most.resolve("report.html"))).isEqualTo(15);
    Outcome.of(
            "explain mislabel --features % --labels % --images % --out %",
            of.resolve("features.npy"), of, moved, folder.resolve("no"))
        .failed(2, "--images: says where the pictures of a folder of features are");
  }

  @Test
  void rowsOfASplitNeedNotLieTogether() throws IOException {
    Path of = Files.createDirectories(folder.resolve("by hand"));
    NpyBytes.floats(of.resolve("features.npy"), new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 5, 2);
    Files.writeString(of.resolve("features.json"), "{\"root\": \"/nowhere\"}");
    String table = "label,path,split\n7,/nowhere/x y,a\n8,/else/y,b\n7,z,a\n007,w,b\n8,v,b\n";
    Files.writeString(of.resolve("samples.csv"), table);
    try (Arena arena = Arena.host()) {
      assertThat(ArrayFile.read(Path.of(of + ":b"), arena, null, note -> {}).toFloats())
          .containsExactly(2, 3, 6, 7, 8, 9);
      assertThat(ArrayFile.read(of, arena, null, note -> {}).toFloats()).hasSize(10);
      assertThat(Names.read(Path.of(of + ":a")).list()).containsExactly("x y", "z");
      Labels labels = Labels.read(Path.of(of + ":b"), arena, Names.none(), note -> {});
      assertThat(labels.classes().list()).containsExactly("007", "8"); // a name is no number
      Outcome.of("train --features % --run %", of, folder.resolve("run 4"))
          .failed(2, "by hand: has the splits a, b; name one, such as ");
      Files.writeString(of.resolve("samples.csv"), table + "8,u,b\n");
      Outcome.of("evaluate --embeddings %", of + ":b")
          .failed(2, "features.npy: has shape [5, 2] where samples.csv has 6 samples");
    }
  }

  @Test
  void splitsAreWhatTheyAreFor() throws IOException {
    Random random = new Random(2);
    Path photos = folder.resolve("shop");
    for (String part : List.of("train", "val", "query", "gallery")) {
      for (int c = 0; c < 2; c++) {
        for (int i = 0; i < (part.equals("train") ? 6 : 3); i++) {
          // Classes of the test split are none of those trained on.
          String kind = (part.equals("train") || part.equals("val") ? "k" : "t") + c;
          picture(photos.resolve(part + "/" + kind + "/" + i + ".png"), random, SHADES[c]);
        }
      }
    }
    Path of = extracted(photos, "shop features");
    Path json = folder.resolve("shop.json");
    Outcome.of("evaluate --embeddings % --metrics r@1 --out %", of, json).succeeded();
    assertThat(json(json).get("protocol").getAsString()).isEqualTo("query-gallery");
    assertThat(json(json).get("gallery").getAsInt()).isEqualTo(6);
    assertThat(Names.read(Path.of(of + ":query")).list())
        .containsExactly(
            "query/t0/0.png",
            "query/t0/1.png",
            "query/t0/2.png",
            "query/t1/0.png",
            "query/t1/1.png",
            "query/t1/2.png");
    Path out = folder.resolve("shop run");
    Outcome.of("train --features % --run % --set epochs=1 --set head.embedding=2", of, out)
        .succeeded();
    JsonObject config = json(out.resolve("config.json"));
    assertThat(config.getAsJsonObject("validation").toString())
        .isEqualTo("{\"features\":\"" + of + ":validation\"}");
    assertThat(config.getAsJsonObject("run").get("trainingSamples").getAsInt()).isEqualTo(12);
    assertThat(config.getAsJsonObject("run").get("validationSamples").getAsInt()).isEqualTo(6);

    // Rows that do not lie together are those of the array; other data are other labels, too.
    try (Arena arena = Arena.host()) {
      float[] all = Npy.read(of.resolve("features.npy"), arena).toFloats();
      Path embedded = folder.resolve("q.npy");
      Path unit = folder.resolve("unit.safetensors");
      int width = TinyOnnx.WIDTH;
      float[] identity = new float[width * width];
      IntStream.range(0, width).forEach(i -> identity[i * width + i] = 1);
      Safetensors.write(unit, Map.of("weight", arena.of(identity, width, width)), Map.of());
      Outcome.of("embed --features % --head % --out %", of + ":test", unit, embedded).succeeded();
      float[] some = Npy.read(embedded, arena).toFloats();
      assertThat(some).hasSize(12 * width);
      List<List<String>> table = cells(of.resolve("samples.csv"), "split");
      int at = 0;
      for (int row = 0; row < table.size(); row++) {
        for (int k = 0; table.get(row).get(0).equals("test") && k < width; k++) {
          assertThat(some[at++]).isEqualTo(all[row * width + k]);
        }
      }
    }
    Path other = folder.resolve("other run");
    Outcome moved =
        Outcome.of(
            "train --config % --features % --run % --set epochs=0",
            out.resolve("config.json"), features, other);
    assertThat(moved.code()).isZero();
    assertThat(moved.err()).contains("validation.features (" + of + ":validation)");
    assertThat(
            json(other.resolve("config.json")).getAsJsonObject("run").getAsJsonArray("classNames"))
        .hasSize(3);
    Outcome.of("evaluate --embeddings %", of + ":tests")
        .failed(2, "has no split 'tests'; choose one of test, train, validation");
    Outcome.of("train --features % --run %", of + ":test", folder.resolve("run 3")).succeeded();
    Outcome.of("labels apply --labels % --decisions % --out %", of, of, of.resolve("samples.csv"))
        .failed(2, "samples.csv: is an input of this command");
  }

  /** Beside the numbers of what comes out, and never among them when that is read again. */
  @Test
  void tablesOfRowsKeepNamesAndLabels() {
    Path test = folder.resolve("features:test");
    Path numbers = folder.resolve("rows.npy");
    Outcome.of("embed --features % --head % --out %", test, run, numbers).succeeded();
    List<String> labels = IntStream.range(0, 12).mapToObj(i -> CLASSES.get(i / 4)).toList();
    for (String ending : List.of("csv", "tsv", "parquet")) {
      Path table = folder.resolve("rows." + ending);
      Outcome.of("embed --features % --head % --out %", test, run, table).succeeded();
      assertThat(Names.read(Path.of(table + ":name")).list()).isEqualTo(samples("test"));
      Path back = folder.resolve("back." + ending);
      Outcome.of("convert % --labels % --out %", test, table + ":label", back).succeeded();
      assertThat(Names.read(Path.of(back + ":name")).list()).isEqualTo(samples("test"));
      try (Arena arena = Arena.host()) {
        assertThat(Labels.read(Path.of(table + ":label"), arena, Names.none(), note -> {}).texts())
            .isEqualTo(labels);
        assertThat(Labels.read(Path.of(back + ":label"), arena, Names.none(), note -> {}).texts())
            .isEqualTo(labels);
        assertThat(ArrayFile.read(table, arena, DType.F32, note -> {}).toFloats())
            .isEqualTo(Npy.read(numbers, arena).toFloats());
      }
    }
  }
}
