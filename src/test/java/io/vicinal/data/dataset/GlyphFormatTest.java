package io.vicinal.data.dataset;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GlyphFormatTest {
  private static final Path DEJAVU = Path.of("/usr/share/fonts/truetype/dejavu");
  private static final int PIXELS = 28 * 28;

  @TempDir Path folder;

  @BeforeEach
  void fonts() throws IOException {
    assumeTrue(Files.isDirectory(DEJAVU), "fonts-dejavu-core is not installed");
    for (String name : List.of("DejaVuSans.ttf", "DejaVuSerif-Bold.ttf")) {
      Files.copy(DEJAVU.resolve(name), folder.resolve(name));
    }
  }

  private Dataset read(Map<String, String> params) {
    return new DatasetTree(folder).read("glyphs", params);
  }

  private static byte[] picture(Dataset data, int id) {
    PixelArray pixels = data.pixels();
    byte[] picture = new byte[pixels.height() * pixels.width()];
    pixels.read(data.row(id), picture);
    return picture;
  }

  private static int find(Dataset data, String name) {
    return IntStream.range(0, data.size())
        .filter(id -> data.name(id).equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Rows and columns of the first and last pixel with ink. */
  private static int[] extent(byte[] picture, int size) {
    int[] at = {size, -1, size, -1};
    for (int i = 0; i < picture.length; i++) {
      if ((picture[i] & 0xff) > 100) {
        at[0] = Math.min(at[0], i / size);
        at[1] = Math.max(at[1], i / size);
        at[2] = Math.min(at[2], i % size);
        at[3] = Math.max(at[3], i % size);
      }
    }
    return at;
  }

  @Test
  void alphabetsAreSplits() {
    Dataset data = Datasets.open(folder);
    assertThat(data.formatName()).isEqualTo("glyphs");
    assertThat(data.splits()).containsExactly("train", "cyrillic", "greek");
    assertThat(data.ids("train")).hasSize(2 * 52);
    assertThat(data.ids("greek")).hasSize(2 * 24);
    assertThat(data.ids("cyrillic")).hasSize(2 * 32);
    assertThat(data.classes().size()).isEqualTo(52 + 24 + 32);
    assertThat(data.superClasses().list()).containsExactly("latin", "greek", "cyrillic");
    int omega = find(data, "DejaVuSerif-Bold.ttf:\u03c9");
    assertThat(data.classes().get(data.label(omega))).isEqualTo("\u03c9");
    assertThat(data.split(omega)).isEqualTo("greek");
    assertThat(data.notes().get(0)).startsWith("2 of 2 fonts give letters; left out: 0 that");
  }

  /** White on black, in the middle, on one baseline; capitals stay larger. */
  @Test
  void lettersLookLikeLetters() {
    Dataset data = Datasets.open(folder);
    byte[] o = picture(data, find(data, "DejaVuSans.ttf:o"));
    byte[] large = picture(data, find(data, "DejaVuSans.ttf:O"));
    byte[] p = picture(data, find(data, "DejaVuSans.ttf:p"));
    int[] small = extent(o, 28);
    int[] capital = extent(large, 28);
    assertThat(capital[1] - capital[0]).isGreaterThan(small[1] - small[0] + 2);
    assertThat(Math.abs(capital[1] - small[1])).isLessThanOrEqualTo(1);
    assertThat(extent(p, 28)[1]).isGreaterThan(small[1] + 2);
    assertThat(Math.abs(small[2] + small[3] - 27)).isLessThanOrEqualTo(1);
    assertThat(large[14 * 28 + 14]).isZero(); // its hole
    assertThat(IntStream.range(0, PIXELS).map(i -> large[i] & 0xff).max()).hasValue(255);
    assertThat(IntStream.range(0, PIXELS).filter(i -> large[i] != 0 && large[i] != -1).count())
        .isGreaterThan(10); // grey borders
    for (int id = 0; id < data.size(); id++) {
      byte[] any = picture(data, id);
      for (int k = 0; k < 28; k++) {
        assertThat(any[k] + any[PIXELS - 28 + k] + any[28 * k] + any[28 * k + 27])
            .as(data.name(id))
            .isZero();
      }
    }
  }

  @Test
  void theSameFilesGiveTheSamePictures() {
    Dataset once = Datasets.open(folder);
    Dataset again = Datasets.open(folder);
    Set<List<Byte>> different = new HashSet<>();
    for (int id = 0; id < once.size(); id++) {
      byte[] picture = picture(once, id);
      assertThat(picture).isEqualTo(picture(again, id));
      different.add(IntStream.range(0, PIXELS).mapToObj(i -> picture[i]).toList());
    }
    assertThat(different.size()).isGreaterThan(once.size() * 9 / 10); // o is in three alphabets
    assertThat(read(Map.of("size", "40")).pixels().height()).isEqualTo(40);
  }

  /** A font that is there twice adds nothing, and a broken one is counted. */
  @Test
  void copiesAndBrokenFontsAreLeftOutAndSaid() throws IOException {
    Files.copy(DEJAVU.resolve("DejaVuSans.ttf"), folder.resolve("Other.TTF"));
    Files.writeString(folder.resolve("broken.otf"), "no font");
    Dataset data = Datasets.open(folder);
    assertThat(data.size()).isEqualTo(2 * 108);
    assertThat(data.notes())
        .containsExactly(
            "2 of 4 fonts give letters; left out: 0 that their font lacks, 0 that are empty, 108"
                + " that look exactly like another",
            "1 font file cannot be read");
  }

  @Test
  void aSeedChoosesFonts() throws IOException {
    for (String name : List.of("DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf")) {
      if (Files.exists(DEJAVU.resolve(name))) {
        Files.copy(DEJAVU.resolve(name), folder.resolve(name));
      }
    }
    Set<String> chosen = new HashSet<>();
    for (int seed = 0; seed < 8; seed++) {
      Map<String, String> params = Map.of("fonts", "1", "seed", Integer.toString(seed));
      Dataset data = read(params);
      assertThat(DatasetTree.rows(read(params))).isEqualTo(DatasetTree.rows(data));
      assertThat(data.ids("greek").length).isBetween(1, 24);
      chosen.add(data.name(0));
    }
    assertThat(chosen).hasSizeGreaterThan(1);
  }

  @Test
  void foldersWithoutFonts(@TempDir Path empty) {
    refused(() -> new DatasetTree(empty).read("glyphs"), "has no .ttf, .otf or .ttc", "fonts-");
    refused(() -> read(Map.of("size", "4")), "glyphs: size '4' is outside");
  }
}
