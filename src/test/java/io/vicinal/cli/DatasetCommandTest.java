package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.Labels;
import io.vicinal.data.Npy;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.DatasetTree;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetCommandTest {
  @TempDir Path folder;

  private Path photos() {
    DatasetTree tree = new DatasetTree(folder);
    for (int i = 0; i < 4; i++) {
      tree.images("photos/train/cat/" + i + ".jpg", "photos/train/dog/" + i + " a,b.jpg");
    }
    tree.images("photos/train/dog/5.jpg", "photos/test/cat/9.jpg", "photos/test/owl/1.jpg");
    tree.text("photos/test/owl/list.txt", "x");
    return folder.resolve("photos");
  }

  @Test
  void countsSplitsAndClasses() {
    Path photos = photos();
    assertThat(Outcome.of("dataset", photos).succeeded().out())
        .isEqualTo(
            photos
                + """
                : 11 samples, 3 classes of picture files, format folder

                split  samples  classes  smallest  median  largest class
                -----  -------  -------  --------  ------  -------------
                train        9        2         4     4.5              5
                test         2        2         1       1              1

                note: 1 file is left out, which by their names are no JPEG, PNG or WebP pictures: 1 .txt
                note: train and test share 1 class
                """);
    assertThat(Outcome.of("dataset", photos, "--split", "test").succeeded().out())
        .contains(": 2 samples, 2 classes", "\ntest ")
        .doesNotContain("\ntrain ", "share");
  }

  @Test
  void theJsonSaysTheSame() throws IOException {
    Path out = folder.resolve("d.json");
    Outcome.of("dataset", photos(), "--out", out).succeeded();
    JsonObject json = JsonParser.parseString(Files.readString(out)).getAsJsonObject();
    assertThat(json.get("samples").getAsInt()).isEqualTo(11);
    assertThat(json.get("format").getAsString()).isEqualTo("folder");
    JsonObject train = json.getAsJsonArray("splits").get(0).getAsJsonObject();
    assertThat(train.get("split").getAsString()).isEqualTo("train");
    assertThat(train.get("median_class").getAsDouble()).isEqualTo(4.5);
    assertThat(train.get("queries").getAsInt()).isEqualTo(9);
    assertThat(json.getAsJsonArray("class_names").get(2).getAsString()).isEqualTo("owl");
    assertThat(json.getAsJsonArray("notes")).hasSize(2);
  }

  /** Whatever the format, what is written is a dataset of the same samples. */
  @Test
  void theTableIsTheSameDataset() {
    Path out = folder.resolve("all.csv");
    Outcome.of("dataset", photos(), "--validation-fraction", "0.5", "--out", out).succeeded();
    Dataset table = Datasets.open(out);
    assertThat(table.formatName()).isEqualTo("csv");
    assertThat(table.splits()).containsExactly("train", "validation", "test");
    assertThat(table.ids("validation")).hasSize(2 + 3);
    assertThat(table.classes().list()).containsExactly("cat", "dog", "owl");
    assertThat(IntStream.range(0, table.size()).mapToObj(table::name))
        .hasSize(11)
        .contains("photos/train/dog/0 a,b.jpg");
    Path again = folder.resolve("again.csv");
    Outcome.of("dataset", out, "--out", again).succeeded();
    assertThat(again).hasSameTextualContentAs(out);
    Path columns = folder.resolve("all.parquet");
    Outcome.of("dataset", out, "--out", columns).succeeded();
    assertThat(Outcome.of("dataset", columns, "--out", again).succeeded().out())
        .contains("11 samples", "format parquet");
    assertThat(again).hasSameTextualContentAs(out);
  }

  @Test
  void columnsAreKept() throws IOException {
    DatasetTree tree = new DatasetTree(folder).images("1.jpg", "2.jpg", "3.jpg");
    String text =
        """
        label,path,split,is_query,is_gallery,category,x_1,y_1,x_2,y_2,place
        7,1.jpg,train,true,true,a,1.0,2.0,3.0,4.5,"x, y"
        11,2.jpg,test,true,false,b,,,,,
        11,3.jpg,test,false,true,b,,,,,z
        """;
    tree.bytes("in.csv", text.getBytes(StandardCharsets.UTF_8));
    Path out = folder.resolve("out.csv");
    assertThat(Outcome.of("dataset", folder.resolve("in.csv"), "--out", out).succeeded().out())
        .contains("split  samples  classes  super-classes  queries  gallery  smallest")
        .contains("test         2        1              1        1        1         2");
    assertThat(out).hasContent(text);
  }

  /** Beside the table, in its order: what 'evaluate' and 'train' take. */
  @Test
  void pixelsAreFeatures() {
    byte[] images = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 51, -1, 102, 0, 50};
    byte[] labels = {0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 7};
    DatasetTree tree = new DatasetTree(folder);
    for (String part : new String[] {"train", "t10k"}) {
      tree.bytes(part + "-images-idx3-ubyte", images).bytes(part + "-labels-idx1-ubyte", labels);
    }
    Path out = folder.resolve("d.csv");
    Path rows = folder.resolve("x.npy");
    Outcome.of("dataset", folder, "--split", "test", "--out", out, "--out-pixels", rows)
        .succeeded();
    try (Arena arena = Arena.host()) {
      Tensor x = Npy.read(rows, arena);
      assertThat(x.dtype()).isEqualTo(DType.F32);
      assertThat(x.shape().dims()).containsExactly(3, 2);
      assertThat(x.toFloats()).containsExactly(0, 0.2f, 1, 0.4f, 0, 50 / 255f);
      assertThat(Labels.read(Path.of(out + ":label"), arena).toLongs()).containsExactly(7, 8, 7);
    }
    Outcome.of("dataset", photos(), "--out-pixels", rows).failed(2, "are files, of any size");
  }

  @Test
  void badSamplesAreOneLineOrCounted() {
    DatasetTree tree = new DatasetTree(folder).images("1.jpg", "2.jpg");
    tree.text("t.csv", "label,path", "a,1.jpg", "b,gone.jpg", "b,2.jpg");
    Path table = folder.resolve("t.csv");
    Outcome.of("dataset", table).failed(2, "t.csv: line 3: '", "--skip-bad");
    assertThat(Outcome.of("dataset", table, "--skip-bad").succeeded().out().replace("\n", " "))
        .contains("2 samples, 2 classes", "note: 1 sample is left out with --skip-bad");
  }

  @Test
  void mistakesAreOneLine() {
    Path photos = photos();
    Outcome.of("dataset", folder.resolve("none")).failed(2, "none: does not exist");
    Outcome.of("dataset", photos, "--format", "zip").failed(2, "format: 'zip' is unknown", "cub");
    Outcome.of("dataset", photos, "--param", "splits=some").failed(2, "folder: splits 'some'");
    Outcome.of("dataset", photos, "--split", "val").failed(2, "'val' is unknown; choose train or");
    Outcome.of("dataset", photos, "--validation-fraction", "2").failed(2, "not between 0 and 1");
    Outcome.of("dataset", photos, "--validation-fraction", ".5", "--validation-by", "split")
        .failed(2, "--validation-by: 'split' is unknown; choose sample or class");
    Outcome.of("dataset", photos, "--out", folder.resolve("x.txt"))
        .failed(2, ".json or .csv or .tsv or .parquet");
    Outcome.of("dataset").failed(2, "PATH");
  }
}
