package io.vicinal.data.dataset;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvFormatTest {
  @TempDir Path folder;
  private DatasetTree tree;

  @BeforeEach
  void pictures() {
    tree = new DatasetTree(folder);
    tree.images("p/1.jpg", "p/2.jpg", "p/3.jpg", "p/4.jpg", "p/a b, c.jpg", "p/line\nbreak.jpg");
  }

  private Dataset read(String... lines) {
    tree.text("t.csv", lines);
    return Datasets.open(folder.resolve("t.csv"));
  }

  private Dataset skipping(String... lines) {
    tree.text("t.csv", lines);
    return Datasets.open(folder.resolve("t.csv"), new CsvFormat(), true);
  }

  /** As OML's documentation has it. */
  @Test
  void columnsOfOml() {
    Dataset data =
        read(
            ",label,path,split,is_query,is_gallery,photographer,category,x_1,x_2,y_1,y_2",
            "0,dog,p/1.jpg,train,,,ann,animal,,,,",
            "1,cat,p/2.jpg,train,,,bob,animal,10,20,30,50.5",
            "2,car,p/3.jpg,validation,True,False,,thing,,,,",
            "3,car,p/4.jpg,validation,False,True,ann,thing,,,,");
    assertThat(DatasetTree.rows(data))
        .containsExactly(
            "train dog p/1.jpg",
            "train cat p/2.jpg",
            "validation car p/3.jpg",
            "validation car p/4.jpg");
    assertThat(data.classes().list()).containsExactly("car", "cat", "dog");
    assertThat(DatasetTree.labels(data)).containsExactly(2, 1, 0, 0);
    assertThat(data.isQuery(0) && data.isGallery(0)).isTrue(); // nothing is said of train
    assertThat(data.isQuery(2) && !data.isGallery(2)).isTrue();
    assertThat(data.isGallery(3) && !data.isQuery(3)).isTrue();
    assertThat(data.box(0)).isNull();
    assertThat(data.box(1)).isEqualTo(new Dataset.Box(10, 30, 20, 50.5f));
    assertThat(data.superClasses().list()).containsExactly("animal", "thing");
    assertThat(data.superClass(3)).isEqualTo(1);
    assertThat(data.columns()).containsExactly("", "photographer");
    assertThat(data.cell("photographer", 1)).isEqualTo("bob");
    assertThat(data.cell("photographer", 2)).isEmpty();
    assertThat(data.formatName()).isEqualTo("csv");
  }

  @Test
  void marksSeparatorsAndQuotes() {
    assertThat(
            DatasetTree.rows(
                read("\ufefflabel;path", "\"a;\"\"b\"\"\";p/1.jpg", "c , d;\"p/a b, c.jpg\"")))
        .containsExactly("all a;\"b\" p/1.jpg", "all c , d p/a b, c.jpg");
    assertThat(DatasetTree.rows(read("path,label", "\"p/line\nbreak.jpg\",x", "p/1.jpg,y")))
        .containsExactly("all x p/line\nbreak.jpg", "all y p/1.jpg");
    tree.text("t.tsv", "path\tlabel", "p/1.jpg\tx y");
    assertThat(DatasetTree.rows(Datasets.open(folder.resolve("t.tsv"))))
        .containsExactly("all x y p/1.jpg");
    Path absolute = folder.resolve("p/1.jpg").toAbsolutePath();
    assertThat(read("label,path", "x," + absolute).file(0)).isEqualTo(absolute);
  }

  @Test
  void numbersAreOrderedAsNumbers() {
    Dataset data = read("label,path", "10,p/1.jpg", "9,p/2.jpg", "b,p/3.jpg", "-1,p/4.jpg");
    assertThat(data.classes().list()).containsExactly("-1", "9", "10", "b");
  }

  @Test
  void badRowsAreNamedByFileAndLine() {
    String file = folder.resolve("t.csv").toString();
    refused(() -> read("label,path", "a,p/1.jpg", "b,p/none.jpg"), file + ": line 3: '")
        .hasMessageContaining("p/none.jpg' does not exist");
    refused(() -> read("label,path", "a,p/1.jpg", ",p/2.jpg"), file + ": line 3 has no label");
    refused(() -> read("label,path", "a,"), file + ": line 2 has no path");
    refused(() -> read("label,path", "a,p"), "line 2: '", "p' is a folder");
    refused(
        () -> read("label,path", "a,p/1.jpg", "\"b\nb\",p/2.jpg", "a,./p/1.jpg"),
        file + ": line 5 has './p/1.jpg' again, which line 2 has");
    refused(
        () -> read("label,path", "a,p/1.jpg,3"), "line 2 has 3 cells where the first line has 2");
    refused(
        () -> read("label,path,is_query", "a,p/1.jpg,maybe"),
        "line 2: is_query 'maybe' is neither true nor false");
    refused(
        () -> read("label,path,x_1,y_1,x_2,y_2", "a,p/1.jpg,5,1,5,9"),
        "line 2: x_1, y_1, x_2, y_2");
    refused(
        () -> read("label,path,x_1,y_1,x_2,y_2", "a,p/1.jpg,5,,6,9"), "line 2: x_1, y_1, x_2, y_2");
    refused(() -> read("label,path", "a,\0.jpg"), "line 2: '?.jpg' is no path");
  }

  /** OML refuses them too: who of a split says nothing where others do would be nobody. */
  @Test
  void rowsWithoutAFlagWhereOthersHaveOneAreNamed() {
    String header = "label,path,split,is_query,is_gallery";
    String[] lines = {
      header,
      "a,p/1.jpg,train,,",
      "a,p/2.jpg,test,True,False",
      "b,p/3.jpg,test,,",
      "b,p/4.jpg,test,0,1"
    };
    refused(() -> read(lines), "t.csv: line 4 of split test has no is_query, where others have it");
    Dataset data = skipping(lines);
    assertThat(DatasetTree.rows(data))
        .containsExactly("train a p/1.jpg", "test a p/2.jpg", "test b p/4.jpg");
    assertThat(data.leftOut()).hasSize(2); // both flags
    assertThat(data.isQuery(0) && data.isGallery(0)).isTrue();
    assertThat(data.isQuery(2)).isFalse();
    // One column alone says nothing of the other.
    Dataset asked = read("label,path,is_query", "a,p/1.jpg,1", "a,p/2.jpg,0");
    assertThat(asked.isQuery(0) && asked.isGallery(0) && asked.isGallery(1)).isTrue();
    assertThat(asked.isQuery(1)).isFalse();
    // Neither may be said.
    assertThat(read(header, "a,p/1.jpg,test,1,1", "b,p/2.jpg,test,0,0").notes())
        .containsExactly("1 sample is neither query nor gallery, and not evaluated");
  }

  /** Readers decode far ahead: the line is that of the wrong byte. */
  @Test
  void aLineThatIsNotTextIsNamed() {
    StringBuilder text = new StringBuilder("label,path\r\n");
    for (int i = 0; i < 9000; i++) {
      text.append(i == 6998 ? "b\u00e4" : "b").append(",p/1.jpg\r\n");
    }
    tree.bytes("t.csv", text.toString().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    refused(
        () -> Datasets.open(folder.resolve("t.csv")),
        "t.csv: line 7000 is not text in UTF-8; save");
    tree.bytes(
        "t.csv",
        "label,path\na,p/1.jpg\nb,\u00c3".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    refused(() -> Datasets.open(folder.resolve("t.csv")), "line 3 is not text in UTF-8");
  }

  /** Several parts of one picture are several samples. */
  @Test
  void boxesTellRowsApart() {
    String header = "label,path,x_1,y_1,x_2,y_2";
    assertThat(read(header, "a,p/1.jpg,0,0,5,5", "b,p/1.jpg,5,0,9,9").size()).isEqualTo(2);
    refused(() -> read(header, "a,p/1.jpg,0,0,5,5", "b,p/1.jpg,0,0,5,5.0"), "line 3", "again");
  }

  @Test
  void badRowsAreLeftOutAndCountedWhenAsked() {
    String[] lines = {"label,path", ",p/1.jpg", "a,p/2.jpg", "a,p/2.jpg", "b,p/9.jpg", "b,p/3.jpg"};
    refused(() -> read(lines), "line 2 has no label (and 2 more like it)", "--skip-bad");
    Dataset data = skipping(lines);
    assertThat(DatasetTree.rows(data)).containsExactly("all a p/2.jpg", "all b p/3.jpg");
    assertThat(data.notes())
        .containsExactly(
            "3 samples are left out with --skip-bad, the first: "
                + folder.resolve("t.csv")
                + ": line 2 has no label");
    refused(() -> skipping("label,path", ",p/1.jpg"), "has no samples left");
  }

  @Test
  void tablesThatAreNone() {
    refused(() -> read("path,class", "p/1.jpg,a"), "has no column 'label'", "path, class");
    refused(() -> read("label,path,path", "a,p/1.jpg,x"), "two columns 'path'");
    refused(() -> read("label,path", "a,\"p/1.jpg"), "quote that is never closed");
    refused(() -> read("label,path"), "t.csv: has no rows; check the file");
    tree.bytes("t.csv");
    refused(() -> Datasets.open(folder.resolve("t.csv")), "t.csv: is empty");
    assertThat(read("label,path", "a,p/1.jpg").notes())
        .containsExactly("there is one class, a: there is nothing to tell apart");
    tree.bytes("t.parquet");
    refused(
        () -> Datasets.open(folder.resolve("t.parquet")),
        "t.parquet: is not a Parquet file (0 bytes)");
    refused(
        () -> tree.read("csv", Map.of("separator", ";")),
        "csv: unknown parameter 'separator'; it has none");
  }
}
