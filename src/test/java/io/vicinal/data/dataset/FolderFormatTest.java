package io.vicinal.data.dataset;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderFormatTest {
  @TempDir Path folder;

  private Dataset skippingBad() {
    return Datasets.open(folder, Datasets.create("folder", Map.of()), true);
  }

  @Test
  void foldersAreClassesInTheOrderOfTheirBytes() {
    new DatasetTree(folder).images("b/2.png", "b/10.PNG", "a/x.jpeg", "Z/1.webp", "ä/1.jpg");
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      Dataset data = Datasets.open(folder);
      assertThat(data.formatName()).isEqualTo("folder");
      assertThat(DatasetTree.rows(data))
          .containsExactly(
              "all Z Z/1.webp",
              "all a a/x.jpeg",
              "all b b/10.PNG",
              "all b b/2.png",
              "all ä ä/1.jpg");
      assertThat(DatasetTree.labels(data)).containsExactly(0, 1, 2, 2, 3);
      assertThat(data.notes()).isEmpty();
      assertThat(data.isQuery(0) && data.isGallery(0)).isTrue();
      assertThat(data.box(0)).isNull();
      assertThat(data.superClass(0)).isEqualTo(-1);
      assertThat(data.pixels()).isNull();
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void splitsAreFoldersWhereAllAreCalledSo() {
    DatasetTree tree = new DatasetTree(folder);
    tree.images("train/a/1.jpg", "train/b/1.jpg", "val/a/2.jpg", "test/b/3.jpg");
    Dataset data = Datasets.open(folder);
    assertThat(data.splits()).containsExactly("train", "validation", "test");
    assertThat(DatasetTree.rows(data))
        .containsExactly(
            "test b test/b/3.jpg",
            "train a train/a/1.jpg",
            "train b train/b/1.jpg",
            "validation a val/a/2.jpg");
    assertThat(data.ids("train")).containsExactly(1, 2);
    tree.images("gallery/a/9.jpg", "query/a/8.jpg");
    Dataset more = Datasets.open(folder);
    assertThat(more.ids("test")).containsExactly(0, 1, 2);
    assertThat(more.isGallery(0) && !more.isQuery(0)).isTrue();
    assertThat(more.isQuery(1) && !more.isGallery(1)).isTrue();
    tree.images("car/a/1.jpg");
    Dataset classes = Datasets.open(folder);
    assertThat(classes.splits()).containsExactly("all");
    assertThat(classes.classes().list())
        .containsExactly("car", "gallery", "query", "test", "train", "val");
    assertThat(tree.read("folder", Map.of("splits", "folders")).splits())
        .containsExactly("train", "validation", "test", "car");
  }

  /** Two classes that happen to be called like splits. */
  @Test
  void picturesRightInSplitFoldersMakeThemClasses() {
    new DatasetTree(folder).images("train/1.jpg", "test/1.jpg");
    assertThat(Datasets.open(folder).classes().list()).containsExactly("test", "train");
  }

  @Test
  void whatIsNoSampleIsCountedAndSaid() throws IOException {
    DatasetTree tree = new DatasetTree(folder);
    tree.images("a/1.jpg", "a/deep/er/2.jpg", "b/3.jpg", "lone.jpg");
    tree.text("a/readme.txt", "x").text("notes.TXT", "x").text("a/Thumbs.db", "x");
    tree.images("a/._1.jpg", ".git/x.jpg", "b/4", "b/5.gif", ".hidden.jpg");
    Files.createDirectories(folder.resolve("empty/er"));
    Dataset data = Datasets.open(folder);
    assertThat(DatasetTree.rows(data))
        .containsExactly("all a a/1.jpg", "all a a/deep/er/2.jpg", "all b b/3.jpg");
    assertThat(data.notes())
        .containsExactly(
            "8 files are left out, which by their names are no JPEG, PNG or WebP pictures: 1 .db,"
                + " 1 .gif, 2 .txt, 2 hidden, 1 in hidden folders, 1 without an ending",
            "1 picture lies beside the folders of classes and is left out, the first: lone.jpg",
            "1 picture lies in folders below that of a class, and counts for that class",
            "1 folder has no pictures and is no class: empty");
  }

  @Test
  void strangeNamesAreKept() {
    String[] names = {"a b/x y.jpg", "a b/line\nbreak.jpg", "日本/写真.png", "q\"u,o;te/'1'.jpg"};
    new DatasetTree(folder).images(names);
    Dataset data = Datasets.open(folder);
    assertThat(DatasetTree.rows(data)).hasSize(4); // each is there
    assertThat(data.classes().list()).containsExactly("a b", "q\"u,o;te", "日本");
  }

  @Test
  void linksAreFollowedAndCirclesNamed() throws IOException {
    DatasetTree tree = new DatasetTree(folder);
    tree.images("photos/a/1.jpg", "elsewhere/2.jpg");
    Path photos = folder.resolve("photos");
    Files.createSymbolicLink(photos.resolve("b"), folder.resolve("elsewhere"));
    Files.createSymbolicLink(photos.resolve("a/link.jpg"), photos.resolve("a/1.jpg"));
    assertThat(DatasetTree.rows(Datasets.open(photos)))
        .containsExactly("all a a/1.jpg", "all a a/link.jpg", "all b b/2.jpg");
    Files.createSymbolicLink(photos.resolve("a/again"), photos);
    refused(() -> Datasets.open(photos), "photos/a/again: is a link to a folder that it lies in")
        .hasMessageContaining("--skip-bad");
    Files.createSymbolicLink(photos.resolve("a/zero.jpg"), folder.resolve("gone.jpg"));
    refused(() -> Datasets.open(photos), "(and 1 more like it)");
    Dataset data = Datasets.open(photos, Datasets.create("folder", Map.of()), true);
    assertThat(data.size()).isEqualTo(3);
    assertThat(data.notes().get(0))
        .startsWith("2 samples are left out with --skip-bad, the first: ");
  }

  @Test
  void oneClassIsSaid() {
    new DatasetTree(folder).images("only/1.jpg", "only/2.jpg");
    assertThat(Datasets.open(folder).notes())
        .containsExactly("there is one class, only: there is nothing to tell apart");
  }

  @Test
  void nothingIsRefused() throws IOException {
    refused(() -> Datasets.open(folder), folder + ": has no samples");
    refused(() -> Datasets.open(folder.resolve("none")), "none: does not exist");
    new DatasetTree(folder).images("1.jpg", "2.jpg");
    refused(() -> Datasets.open(folder), "2 pictures and no folders of classes");
    refused(this::skippingBad, "no folders of classes");
    refused(() -> Datasets.open(folder.resolve("1.jpg")), "1.jpg: is no dataset");
    refused(
        () -> Datasets.create("tar", Map.of()),
        "format: 'tar' is unknown; choose csv, parquet, cub");
  }

  @Test
  void subsetsKeepNumbersAndDropEmptySplits() {
    new DatasetTree(folder).images("train/a/1.jpg", "test/b/2.jpg", "test/c/3.jpg");
    Dataset data = Datasets.open(folder);
    Dataset test = data.subset(data.ids("test"));
    assertThat(test.splits()).containsExactly("test");
    assertThat(DatasetTree.rows(test))
        .containsExactly("test b test/b/2.jpg", "test c test/c/3.jpg");
    assertThat(DatasetTree.labels(test)).containsExactly(1, 2);
    assertThat(test.classCounts(0, 1)).containsExactly(0, 1, 1);
  }

  /** Bytes of UTF-8, not UTF-16: U+FFFD lies before U+10000. */
  @Test
  void theOrderIsThatOfBytes() {
    String[] names = {"\ud800\udc00", "\ufffd", "a", "a/b", "a b", "B", ""};
    Arrays.sort(names, TextColumn.BYTES);
    assertThat(names).containsExactly("", "B", "a", "a b", "a/b", "\ufffd", "\ud800\udc00");
  }

  @Test
  void sixtyThousandSamples() {
    DatasetBuilder builder = new DatasetBuilder("folder", folder, false);
    for (int i = 0; i < 60_000; i++) {
      String name = i % 100 + "/photograph-" + i + ".jpg";
      builder.add(name, builder.classOf(Integer.toString(i % 100)), "train");
    }
    Dataset data = builder.build();
    assertThat(data.name(59_999)).isEqualTo("99/photograph-59999.jpg");
    assertThat(data.ids("train")).hasSize(60_000);
  }
}
