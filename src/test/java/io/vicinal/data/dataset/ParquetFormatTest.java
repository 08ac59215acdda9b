package io.vicinal.data.dataset;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** As {@link CsvFormatTest}; src/test/resources/parquet/make.py made the files. */
class ParquetFormatTest {
  @TempDir Path folder;

  @BeforeEach
  void pictures() {
    new DatasetTree(folder).images("p/1.jpg", "p/2.jpg", "p/3.jpg", "p/4.jpg");
  }

  private Path given(String name) throws IOException {
    return Files.copy(
        Path.of("src/test/resources/parquet").resolve(name), folder.resolve("t.parquet"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dataset-polars.parquet", "dataset-pandas.parquet"})
  void columnsOfOml(String name) throws IOException {
    Dataset data = Datasets.open(given(name));
    assertThat(DatasetTree.rows(data))
        .containsExactly(
            "train dog p/1.jpg",
            "train cat p/2.jpg",
            "validation car p/3.jpg",
            "validation car p/4.jpg");
    assertThat(data.classes().list()).containsExactly("car", "cat", "dog");
    assertThat(data.isQuery(0) && data.isGallery(0)).isTrue(); // nothing is said of train
    assertThat(data.isQuery(2) && !data.isGallery(2)).isTrue();
    assertThat(data.isGallery(3) && !data.isQuery(3)).isTrue();
    assertThat(data.box(0)).isNull();
    assertThat(data.box(1)).isEqualTo(new Dataset.Box(10, 30, 20, 50.5f));
    assertThat(data.superClasses().list()).containsExactly("animal", "thing");
    assertThat(data.columns()).containsExactly("photographer");
    assertThat(data.cell("photographer", 1)).isEqualTo("bob");
    assertThat(data.cell("photographer", 2)).isEmpty();
    assertThat(data.formatName()).isEqualTo("parquet");
    assertThat(data.notes()).contains("columns that are not kept: embedding");
  }

  @Test
  void badRowsAreNamed() throws IOException {
    Path file = given("dataset-bad.parquet");
    refused(() -> Datasets.open(file), "t.parquet: row 1 has no label", "1 more");
    Dataset data = Datasets.open(file, new ParquetFormat(), true);
    assertThat(DatasetTree.rows(data)).containsExactly("all dog p/1.jpg");
    assertThat(data.notes().get(0)).contains("2", "left out with --skip-bad", "row 1 has no label");
  }

  @Test
  void missingColumnsAreNamed() throws IOException {
    refused(
        () -> Datasets.open(given("polars.parquet")),
        "t.parquet: has no column 'path'; call two of its columns label and path; it has: label, id, weight, test");
  }

  @Test
  void filesThatEndTooEarlyAreNamed() throws IOException {
    byte[] all = Files.readAllBytes(Path.of("src/test/resources/parquet/dataset-polars.parquet"));
    Path file = folder.resolve("t.parquet");
    Files.write(file, java.util.Arrays.copyOf(all, all.length - 100));
    refused(
        () -> Datasets.open(file),
        "t.parquet: is truncated: it does not end as a Parquet file does; write or copy it again");
  }
}
