package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.ArrayFile;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.Npy;
import io.vicinal.data.TableFile;
import io.vicinal.data.WeightFile;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code neighbours} and {@code convert}. */
class TableCommandsTest {
  @TempDir private Path folder;
  private Path points;
  private Path names;

  @BeforeEach
  void four() throws IOException {
    points = folder.resolve("E.npy");
    names = Files.writeString(folder.resolve("n.txt"), "a\nb,c\nd\ne\n");
    try (Arena arena = Arena.host()) {
      Npy.write(points, arena.of(new float[] {0, 0, 0, 1, 3, 0, 0, -1}, 4, 2));
    }
  }

  @Test
  void neighboursAreRows() {
    Path csv = folder.resolve("N.csv");
    Outcome outcome =
        Outcome.of(
            "neighbours", "--embeddings", points, "--sample-names", names, "--k", 2, "--out", csv);
    assertThat(outcome.succeeded().out()).isEqualTo("2 neighbours of 4 rows: " + csv + "\n");
    assertThat(csv)
        .hasContent(
            """
            query,rank,neighbour,distance,query_name,neighbour_name
            0,1,1,1.0,a,"b,c"
            0,2,3,1.0,a,e
            1,1,0,1.0,"b,c",a
            1,2,3,4.0,"b,c",e
            2,1,0,9.0,d,a
            2,2,1,10.0,d,"b,c"
            3,1,0,1.0,e,a
            3,2,1,4.0,e,"b,c"
            """);
    Path columns = folder.resolve("N.parquet");
    Outcome.of(
            "neighbours",
            "--embeddings",
            points,
            "--gallery-embeddings",
            points,
            "--gallery-names",
            names,
            "--k",
            1,
            "--out",
            columns)
        .succeeded();
    try (Arena arena = Arena.host()) {
      Path numbers = Path.of(columns + ":neighbour,distance");
      assertThat(ArrayFile.read(numbers, arena, DType.F64, note -> {}).toDoubles())
          .containsExactly(0, 0, 1, 0, 2, 0, 3, 0);
    }
    assertThat(Names.read(Path.of(columns + ":neighbour_name")).list())
        .containsExactly("a", "b,c", "d", "e");
  }

  @Test
  void badNeighboursAreNamed() {
    Path out = folder.resolve("N.csv");
    Outcome.of("neighbours", "--embeddings", points, "--k", 4, "--out", out)
        .failed(2, "--k: must be in 1..3", "E.npy", "got 4");
    Outcome.of("neighbours", "--embeddings", points, "--gallery-names", names, "--out", out)
        .failed(2, "--gallery-names", "no gallery");
    Outcome.of("neighbours", "--embeddings", points, "--out", folder.resolve("N.npy"))
        .failed(2, ".parquet or .csv or .tsv");
  }

  @Test
  void whatIsNotFiniteIsNamedWithItsColumn() throws IOException {
    for (String ending : List.of("parquet", "csv")) {
      Path table = folder.resolve("t." + ending);
      new TableFile(3)
          .wholes("id", row -> row)
          .numbers("a score", row -> row == 2 ? Double.NaN : row)
          .wholes("y", row -> row % 2)
          .write(table);
      Outcome.of("convert % --out %", table, folder.resolve("x.npy"))
          .failed(2, "t." + ending + ": NaN at [2, 1] (column a score)");
      Outcome.of(
              "train --set % --set % --run %",
              "data.features=" + table, "data.labels=" + table + ":y", folder.resolve("run"))
          .failed(2, "features[2, 1] (column a score) is NaN or infinite");
    }
  }

  @Test
  void arraysAreConvertedThereAndBack() throws IOException {
    Path labels = Files.writeString(folder.resolve("y.txt"), "dog\ncat\ndog\ndog\n");
    for (String ending : new String[] {".parquet", ".csv", ".tsv"}) {
      Path table = folder.resolve("t" + ending);
      Outcome.of("convert", points, "--labels", labels, "--sample-names", names, "--out", table)
          .succeeded();
      Path back = folder.resolve("back.npy");
      Path array = ending.equals(".parquet") ? Path.of(table + ":embedding") : table;
      Outcome.of("convert", array, "--labels", table + ":label", "--out", back)
          .failed(2, "back.npy", "no room for labels");
      Outcome.of("convert", array, "--out", back).succeeded();
      try (Arena arena = Arena.host()) {
        assertThat(Npy.read(back, arena).toDoubles()).containsExactly(0, 0, 0, 1, 3, 0, 0, -1);
        assertThat(Labels.read(Path.of(table + ":label"), arena, Names.none(), note -> {}).texts())
            .containsExactly("dog", "cat", "dog", "dog");
      }
      assertThat(Names.read(Path.of(table + ":name")).get(1)).isEqualTo("b,c");
    }
  }

  @Test
  void weightsAreConvertedThereAndBack() throws IOException {
    Path there = folder.resolve("w.pth");
    Path back = folder.resolve("w.safetensors");
    try (Arena arena = Arena.host()) {
      Tensor weight = arena.of(new float[] {1, 2, 3, 4}, 2, 2);
      WeightFile.write(back, Map.of("module.fc.weight", weight));
      Outcome converted = Outcome.of("convert", back, "--out", there);
      assertThat(converted.out()).isEqualTo("1 tensor: " + there + "\n");
      assertThat(converted.err())
          .contains("w.safetensors: every name without its module. in front");
      Files.delete(back);
      Outcome.of("convert", there, "--out", back).succeeded();
      Map<String, Tensor> tensors = WeightFile.read(back, arena, note -> {});
      assertThat(tensors).containsOnlyKeys("fc.weight");
      assertThat(tensors.get("fc.weight").toFloats()).containsExactly(1, 2, 3, 4);
    }
    Outcome.of("convert", points, "--out", back, "--overwrite")
        .failed(2, "E.npy: is neither a .safetensors file nor one that torch.save wrote");
    Outcome.of("convert", there, "--out", there, "--overwrite")
        .failed(2, "w.pth: is an input of this command, which is never replaced");
    Outcome.of("convert", there, "--out", back, "--labels", names)
        .failed(2, "w.safetensors: weights have no labels");
  }

  /** Labels and names that look like numbers are no features of a table that Vicinal wrote. */
  @Test
  void numbersBesideAMatrixAreNoFeatures() throws IOException {
    Path labels = Files.writeString(folder.resolve("y.txt"), "7\n3\n7\n7\n");
    Path codes = Files.writeString(folder.resolve("codes.txt"), "11\n12\n13\n14\n");
    Path table = folder.resolve("t.csv");
    Outcome.of("convert", points, "--labels", labels, "--sample-names", codes, "--out", table)
        .succeeded();
    assertThat(table).content().startsWith("name,label,e0,e1\n11,7,0.0,0.0\n");
    Path own = Files.writeString(folder.resolve("own.csv"), "label,e0,x\n1,2,3\n4,5,6\n");
    try (Arena arena = Arena.host()) {
      assertThat(ArrayFile.read(table, arena, DType.F32, note -> {}).toDoubles())
          .containsExactly(0, 0, 0, 1, 3, 0, 0, -1);
      assertThat(ArrayFile.read(own, arena, DType.F32, note -> {}).toDoubles())
          .containsExactly(1, 2, 3, 4, 5, 6);
    }
  }
}
