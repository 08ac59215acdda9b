package io.vicinal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.Refusal;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Parquet files as other programs write them: src/test/resources/parquet/make.py made them. */
class ParquetTest {
  @TempDir Path folder;

  static final int ROWS = 7;

  static Path file(String name) {
    return Path.of("src/test/resources/parquet").resolve(name);
  }

  private static double[] embeddings() {
    return IntStream.range(0, 4 * ROWS).mapToDouble(k -> k / 4 + k % 4 / 8.0 - 2).toArray();
  }

  static List<String> labels() {
    return IntStream.range(0, ROWS)
        .mapToObj(i -> List.of("cat", "dog", "Z\u00fcrich").get(i % 3))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "duckdb",
        "duckdb-array",
        "pandas",
        "polars",
        "polars-array",
        "pyarrow-fixed",
        "pyarrow-gzip",
        "pyarrow-half",
        "pyarrow-lz4",
        "pyarrow-none",
        "pyarrow-pages2",
        "pyarrow-required",
        "pyarrow-snappy",
        "pyarrow-split",
        "pyarrow-two-levels",
        "pyarrow-zstd"
      })
  void listsAreRows(String name) {
    Path file = file(name + ".parquet");
    try (Arena arena = Arena.host()) {
      for (DType type : new DType[] {DType.F32, DType.F64}) {
        Tensor read = ArrayFile.read(file, arena, type, note -> {});
        assertThat(read.dtype()).isEqualTo(type);
        assertThat(read.shape()).isEqualTo(Shape.of(ROWS, 4));
        assertThat(read.toDoubles()).containsExactly(embeddings());
      }
      assertThat(ArrayFile.read(file, arena, null, note -> {}).dtype())
          .isEqualTo(name.equals("pyarrow-pages2") ? DType.F64 : DType.F32);
      assertThat(ArrayFile.shape(file)).isEqualTo(Shape.of(ROWS, 4));
      assertThat(ArrayFile.checkTable(file, DType.F32)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "duckdb",
        "duckdb-array",
        "fastparquet",
        "pandas",
        "polars",
        "polars-array",
        "pyarrow-gzip",
        "pyarrow-none",
        "pyarrow-pages2",
        "pyarrow-split",
        "pyarrow-zstd"
      })
  void columnsAreLabelsAndNumbers(String name) {
    String file = file(name + ".parquet").toString();
    try (Arena arena = Arena.host()) {
      Labels labels = Labels.read(Path.of(file + ":label"), arena, Names.none(), note -> {});
      assertThat(labels.classes().list()).containsExactly("Z\u00fcrich", "cat", "dog");
      assertThat(labels.texts()).isEqualTo(labels());
      assertThat(Labels.read(Path.of(file + ":id"), arena).toLongs())
          .containsExactly(0, 10, 20, 30, 40, 50, 60);
      assertThat(Labels.read(Path.of(file + ":test"), arena).toLongs())
          .containsExactly(0, 1, 0, 1, 0, 1, 0);
      assertThat(Names.read(Path.of(file + ":label")).list()).isEqualTo(labels());
      assertThat(Names.read(Path.of(file + ":id")).get(3)).isEqualTo("30");
      Tensor two = ArrayFile.read(Path.of(file + ":weight,id"), arena, null, note -> {});
      assertThat(two.dtype()).isEqualTo(DType.F64);
      assertThat(two.shape()).isEqualTo(Shape.of(ROWS, 2));
      assertThat(two.rows(3, 4).toDoubles()).containsExactly(0.75, 30);
      assertThat(
              ArrayFile.read(Path.of(file + ":id..test"), arena, DType.F32, note -> {})
                  .rows(5, 6)
                  .toDoubles())
          .containsExactly(50, 1.25, 1);
    }
  }

  @Test
  void numbersWithoutListsAreATable() {
    List<String> notes = new ArrayList<>();
    Path file = file("fastparquet.parquet");
    try (Arena arena = Arena.host()) {
      Tensor read =
          ArrayFile.read(file, arena, DType.F32, notes::add, Path.of(file + ":test"), null);
      assertThat(read.shape()).isEqualTo(Shape.of(ROWS, 2));
      assertThat(read.rows(3, 4).toDoubles()).containsExactly(30, 0.75);
      assertThat(notes)
          .containsExactly(file + ": a table of 7 rows of 2 numbers, its columns id, weight");
      TableColumns columns = ArrayFile.columns(file, new int[] {1}, Path.of(file + ":test"));
      assertThat(columns.names()).containsExactly("weight");
      assertThat(columns.others()).isEqualTo("fastparquet.parquet:id");
      // the index that pandas writes is no feature
      assertThat(ArrayFile.shape(file("pandas-index.parquet"))).isEqualTo(Shape.of(ROWS, 2));
      assertThat(
              Labels.read(Path.of(file("pandas-index.parquet") + ":__index_level_0__"), arena)
                  .toLongs())
          .startsWith(5, 6);
      Tensor whole = ArrayFile.read(file("pyarrow-integers.parquet"), arena, null, notes::add);
      assertThat(whole.dtype()).isEqualTo(DType.F64);
      assertThat(whole.rows(2, 3).toDoubles()).containsExactly(0, 1, 2, 3);
    }
  }

  @Test
  void listsAndNumbersStandSideBySide() {
    try (Arena arena = Arena.host()) {
      Path path = Path.of(file("polars.parquet") + ":id,embedding");
      Tensor read = ArrayFile.read(path, arena, DType.F32, note -> {});
      assertThat(read.shape()).isEqualTo(Shape.of(ROWS, 5));
      assertThat(read.rows(2, 3).toDoubles()).containsExactly(20, 0, 0.125, 0.25, 0.375);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bad-null-list.parquet|row 3 of column 'embedding' has nothing; give it a value or remove"
            + " that row",
        "bad-null-number.parquet|row 3 of column 'embedding' has nothing at number 1; give it a"
            + " value or remove that row",
        "bad-short.parquet|row 5 of column 'embedding' has 3 numbers where the first row has 4;"
            + " write lists of one length",
        "bad-empty.parquet|row 5 of column 'embedding' has 0 numbers where the first row has 4;"
            + " write lists of one length",
        "bad-types.parquet|has no column of numbers or of lists of numbers; its columns are: when,"
            + " nested",
        "bad-types.parquet:when|column 'when' holds times; name columns of numbers or of lists of"
            + " numbers",
        "bad-types.parquet:nested|column 'nested' holds lists of lists or of structs; name columns"
            + " of numbers or of lists of numbers",
        "bad-codec.parquet|is packed with BROTLI; write it with compression='zstd' or 'snappy'",
        "polars.parquet:label|column 'label' holds texts; name columns of numbers or of lists of"
            + " numbers: embedding, id, weight, test",
        "polars.parquet:nothing|has no column 'nothing'; its columns are: embedding, label, id,"
            + " weight, test",
        "polars.parquet:9|has no column '9'; its columns are: embedding, label, id, weight, test",
        "polars.parquet:test..id|'test..id' runs backwards; name the first column first"
      })
  void badColumnsAreNamed(String path, String message) {
    Path file = file(path);
    try (Arena arena = Arena.host()) {
      assertThatThrownBy(() -> ArrayFile.read(file, arena, DType.F32, note -> {}))
          .isInstanceOf(InputException.class)
          .hasMessage(ArrayPath.of(file).file() + ": " + message);
    }
  }

  @Test
  void labelsAreOneColumn() {
    try (Arena arena = Arena.host()) {
      Refusal.refused(
          () -> Labels.read(file("polars.parquet"), arena),
          "polars.parquet: has 5 columns; name one, such as polars.parquet:label");
      Refusal.refused(
          () -> Labels.read(Path.of(file("polars.parquet") + ":embedding"), arena),
          "polars.parquet: column 'embedding' holds lists; name a column with one value a row");
    }
  }

  @Test
  void whatIsNotFiniteIsFound() {
    Path file = file("bad-nan.parquet");
    assertThat(ArrayFile.checkTable(file, DType.F32)).isEqualTo(2 * 4 + 1);
    try (Arena arena = Arena.host()) {
      assertThat(ArrayFile.read(file, arena, DType.F32, note -> {}).toDoubles()[9]).isNaN();
    }
  }

  /** Damage ends in one sentence or in an array. */
  @Test
  void damageIsOneSentence() throws IOException {
    long live = HostMemory.liveBytes();
    SplittableRandom random = new SplittableRandom(20_261_201);
    FileMutator mutator = new FileMutator(random);
    List<String> names = List.of("pyarrow-pages2", "polars", "duckdb", "pandas", "pyarrow-lz4");
    int refused = 0;
    for (int round = 0; round < 1500; round++) {
      String name = names.get(random.nextInt(names.size()));
      Path path = folder.resolve(name + ".parquet");
      byte[] bytes = Files.readAllBytes(file(name + ".parquet"));
      Files.write(path, mutator.mutate(bytes));
      try (Arena arena = Arena.host()) {
        ArrayFile.read(path, arena, DType.F32, note -> {});
        Labels.read(Path.of(path + ":label"), arena);
      } catch (InputException e) {
        refused++;
        assertThat(e.getMessage()).startsWith(path.toString()).doesNotContain("\n");
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + ", " + name, e);
      }
    }
    assertThat(refused).isGreaterThan(500);
    assertThat(HostMemory.liveBytes()).isEqualTo(live);
  }

  @Test
  void whatIsNoParquetFileIsNamed() throws IOException {
    Path path = folder.resolve("x.parquet");
    byte[] bytes = Files.readAllBytes(file("polars.parquet"));
    Files.write(path, Arrays.copyOf(bytes, bytes.length / 2));
    Refusal.refused(
        () -> ArrayFile.shape(path),
        "x.parquet: is truncated: it does not end as a Parquet file does; write or copy it again");
    Files.writeString(path, "label,path\n");
    Refusal.refused(() -> ArrayFile.shape(path), "x.parquet: is not a Parquet file (11 bytes)");
    Files.writeString(path, "");
    Refusal.refused(() -> ArrayFile.shape(path), "x.parquet: is not a Parquet file (0 bytes)");
    bytes[10] ^= 1; // in the first page
    Files.write(path, bytes);
    try (Arena arena = Arena.host()) {
      Refusal.refused(
          () -> ArrayFile.read(path, arena, null, note -> {}),
          "x.parquet: is damaged in column 'embedding', row 0");
    }
  }

  /** Row groups of many rows, of which several are written. */
  @Test
  void tablesComeBackAsTheyWere() {
    int rows = 20_000;
    try (Arena arena = Arena.host()) {
      double[] values = new SplittableRandom(1).doubles(rows * 100L).toArray();
      values[7] = Double.NaN;
      Tensor wide = arena.of(values, rows, 100);
      Path path = folder.resolve("t.parquet");
      new TableFile(rows)
          .texts("name", row -> row % 3 == 0 ? null : "a, \"\u00e9\" " + row)
          .matrix("embedding", wide)
          .wholes("id", row -> Long.MAX_VALUE - row)
          .numbers("score", row -> -row / 3.0)
          .write(path);
      Tensor again = ArrayFile.read(path, arena, null, note -> {});
      assertThat(again.dtype()).isEqualTo(DType.F64);
      assertThat(again.toDoubles()).isEqualTo(values);
      Tensor scores = ArrayFile.read(Path.of(path + ":score"), arena, DType.F64, note -> {});
      assertThat(scores.at(19_999)).isEqualTo(-19_999 / 3.0);
      List<String> names = Names.read(Path.of(path + ":name")).list();
      assertThat(names.get(3)).isEmpty();
      assertThat(names.get(4)).isEqualTo("a, \"\u00e9\" 4");
      assertThat(Names.read(Path.of(path + ":id")).get(5)).isEqualTo("" + (Long.MAX_VALUE - 5));
      try (ParquetFile file = ParquetFile.open(path)) {
        assertThat(file.groups()).isGreaterThan(1);
      }
    }
  }

  @Test
  void aBitThatTurnedIsFoundByThePagesChecksum() throws IOException {
    Path path = folder.resolve("x.parquet");
    new TableFile(1000).numbers("score", row -> row / 3.0).write(path);
    byte[] bytes = Files.readAllBytes(path);
    bytes[4000] ^= 1;
    Files.write(path, bytes);
    try (Arena arena = Arena.host()) {
      Refusal.refused(
          () -> ArrayFile.read(path, arena, null, note -> {}),
          "x.parquet: is damaged in column 'score', row 0 (a page whose checksum is another)");
    }
  }

  @Test
  void arraysAreWrittenAsTheirEndingSays() throws IOException {
    try (Arena arena = Arena.host()) {
      Tensor matrix = arena.of(new float[] {1, 2.5f, -3e-30f, 4}, 2, 2);
      for (String name : List.of("x.npy", "x.parquet", "x.csv", "x.tsv")) {
        Path path = folder.resolve(name);
        ArrayFile.write(path, matrix, "embedding");
        assertThat(ArrayFile.read(path, arena, DType.F32, note -> {}).toFloats())
            .containsExactly(1, 2.5f, -3e-30f, 4);
      }
      assertThat(Files.readString(folder.resolve("x.tsv")))
          .isEqualTo("e0\te1\n1.0\t2.5\n-3.0E-30\t4.0\n");
    }
    Refusal.refused(
        () -> new TableFile(1).wholes("a", row -> 1).wholes("a", row -> 2).write(folder),
        "would have two columns 'a'");
  }

  /** Lists of two levels, as Spark and Hive once wrote them, and fields that only repeat. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void listsOfTwoLevels(boolean list) throws IOException {
    Type field =
        list
            ? Types.optionalGroup()
                .as(LogicalTypeAnnotation.listType())
                .repeated(PrimitiveTypeName.FLOAT)
                .named("array")
                .named("v")
            : Types.repeated(PrimitiveTypeName.FLOAT).named("v");
    MessageType schema = new MessageType("spark_schema", field);
    Path path = folder.resolve("two.parquet");
    int level = list ? 2 : 1;
    AtomicFile.write(
        path,
        out ->
            ParquetWriter.write(
                out,
                schema,
                3,
                2,
                (store, row) -> {
                  ColumnWriter writer = store.getColumnWriter(schema.getColumns().get(0));
                  writer.write((float) row, 0, level);
                  writer.write(0.5f, 1, level);
                }));
    try (Arena arena = Arena.host()) {
      Tensor read = ArrayFile.read(path, arena, DType.F32, note -> {});
      assertThat(read.shape()).isEqualTo(Shape.of(3, 2));
      assertThat(read.toFloats()).containsExactly(0, 0.5f, 1, 0.5f, 2, 0.5f);
    }
  }
}
