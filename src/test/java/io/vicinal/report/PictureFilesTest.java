package io.vicinal.report;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.tensor.Arena;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sample's picture is the one that is called like it, small and in its colours. */
class PictureFilesTest {
  private static final int RED = 0xff0000;
  private static final int BLUE = 0x0000ff;

  @TempDir private Path folder;

  private void picture(String name, int rgb, int width, int height, String format)
      throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, rgb);
      }
    }
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    ImageIO.write(image, format, file.toFile());
  }

  private PictureFiles of(Path where) {
    return PictureFiles.of(
        "--pictures",
        where,
        3,
        row -> Long.toString(10 + row),
        row -> row == 2 ? "shoe.png" : null);
  }

  private static BufferedImage shown(Look look, long row) throws IOException {
    Pictures pictures = new Pictures();
    look.addTo(pictures, "k", row);
    String uri = pictures.uris().get("k");
    return uri == null
        ? null
        : ImageIO.read(
            new ByteArrayInputStream(
                Base64.getDecoder().decode(uri.substring(uri.indexOf(',') + 1))));
  }

  private static int colour(BufferedImage image) {
    return image.getRGB(image.getWidth() / 2, image.getHeight() / 2) & 0xffffff;
  }

  @Test
  void aFolderByPositionAndByName() throws IOException {
    picture("10.png", RED, 400, 200, "png");
    picture("deep/shoe.png", BLUE, 20, 30, "png");
    Files.writeString(folder.resolve("11.txt"), "no picture");
    PictureFiles files = of(folder);
    assertThat(shown(files, 0).getWidth()).isEqualTo(Pictures.SIDE);
    assertThat(shown(files, 0).getHeight()).isEqualTo(Pictures.SIDE / 2);
    assertThat(colour(shown(files, 0))).isEqualTo(RED);
    assertThat(shown(files, 1)).isNull();
    assertThat(colour(shown(files, 2))).isEqualTo(BLUE);
    assertThat(shown(files, 2).getWidth()).as("small ones stay").isEqualTo(20);
    assertThat(files.unreadable()).isZero();
  }

  /** A dataset on another disk is often a link; a loop in it is nothing to fail for. */
  @Test
  void linksAreFollowed() throws IOException {
    picture("elsewhere/deep/shoe.png", BLUE, 20, 30, "png");
    Path photos = Files.createDirectory(folder.resolve("photos"));
    Files.createSymbolicLink(photos.resolve("shoes"), folder.resolve("elsewhere/deep"));
    Files.createSymbolicLink(folder.resolve("elsewhere/deep/loop"), photos);
    Path link = Files.createSymbolicLink(folder.resolve("link"), photos);
    assertThat(colour(shown(of(link), 2))).isEqualTo(BLUE);
  }

  @Test
  void aCsvOfPositionsAndPaths() throws IOException {
    picture("photos/a, b.jpg", BLUE, 64, 64, "jpg");
    Path csv = folder.resolve("p.csv");
    Files.writeString(csv, "position,path\n\n11,\"photos/a, b.jpg\"\n");
    BufferedImage image = shown(of(csv), 1);
    assertThat(colour(image) & 0xff).as("blue, as JPEG keeps it").isGreaterThan(240);
    Files.writeString(csv, "12;photos/none.png\n13;photos/gone.png\n11;photos/a, b.jpg\n");
    assertThat(shown(of(csv), 1)).as("what is missing stops nothing").isNotNull();
    assertThat(of(csv).unreadable()).as("the first may be a header").isEqualTo(1);
    Files.writeString(csv, "position,path\n12,photos/none.png\n");
    refused(() -> of(csv), "p.csv:2: there is no file", "relative to the CSV");
    Files.writeString(csv, "11\n");
    assertThatThrownBy(() -> of(csv)).hasMessageContaining("p.csv:1 has one column");
    Files.writeString(csv, "11,photos/a, b.jpg\n");
    assertThatThrownBy(() -> of(csv)).hasMessageContaining("p.csv:1 has more than two columns");
  }

  @Test
  void noneOfThemIsOfASample() throws IOException {
    picture("99.png", RED, 4, 4, "png");
    refused(() -> of(folder), "none of the", "17.png");
    refused(() -> of(folder.resolve("nowhere")), "nowhere: does not exist");
  }

  @Test
  void aBrokenPictureIsLeftOutAndCounted() throws IOException {
    Files.writeString(folder.resolve("10.png"), "not a picture");
    PictureFiles files = of(folder);
    assertThat(shown(files, 0)).isNull();
    assertThat(files.unreadable()).isEqualTo(1);
  }

  /** Colours plane by plane are the same picture as colours together. */
  @Test
  void planesOfColoursBecomeOnePicture() {
    try (Arena arena = Arena.host()) {
      float[] together = {0, .1f, .2f, .3f, .4f, .5f, .6f, .7f, .8f, .9f, 1, .05f};
      float[] planes = {0, .3f, .6f, .9f, .1f, .4f, .7f, 1, .2f, .5f, .8f, .05f};
      Pictures pictures = new Pictures();
      Pixels.of(arena.of(together, 1, 12), 2, 2, 3, false).addTo(pictures, "a", 0);
      Pixels.of(arena.of(planes, 1, 12), 2, 2, 3, true).addTo(pictures, "b", 0);
      assertThat(pictures.uris().get("b")).isEqualTo(pictures.uris().get("a"));
    }
  }

  @Test
  void aPhotographStaysSmall() throws IOException {
    BufferedImage noise = new BufferedImage(500, 500, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int y = 0; y < 500; y++) {
      for (int x = 0; x < 500; x++) {
        noise.setRGB(x, y, random.nextInt());
      }
    }
    Pictures pictures = new Pictures();
    pictures.put("k", noise);
    assertThat(pictures.uris().get("k")).startsWith("data:image/jpeg").hasSizeLessThan(16_000);
  }
}
