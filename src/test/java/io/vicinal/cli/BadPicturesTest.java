package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.image.PackedImages;
import io.vicinal.data.onnx.TinyOnnx;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that is wrong with people's pictures and lists, before every command that takes them:
 * named with file and line, left out only when that is asked for, and then counted in every output.
 */
class BadPicturesTest {
  private static final int SIDE = 12;
  private static final String PREPARED = " --mean 0.5,0.5,0.5 --std 1,1,1";

  @TempDir static Path shared;
  private static Path model;

  @TempDir private Path folder;

  /**
   * A thing that cannot be a sample.
   *
   * @param make puts it into the pictures' folder, or writes the list
   * @param file how its message begins, below that folder
   * @param says what it says
   * @param early whether it shows before a picture is opened
   */
  private record Bad(String name, Consumer<Path> make, String file, String says, boolean early) {
    @Override
    public String toString() {
      return name;
    }
  }

  @BeforeAll
  static void network() {
    model = shared.resolve("model.onnx");
    TinyOnnx.network(model, -1, SIDE, true);
  }

  private static byte[] png(int seed, String format) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(seed);
    for (int p = 0; p < SIDE * SIDE; p++) {
      image.setRGB(p % SIDE, p / SIDE, random.nextInt());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, format, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Path write(Path photos, String name, byte[] bytes) {
    try {
      Path file = photos.resolve(name);
      Files.createDirectories(file.getParent());
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void link(Path photos, String name, String to) {
    try {
      Files.createSymbolicLink(photos.resolve(name), photos.resolve(to));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Two classes of three pictures. */
  private static void good(Path photos) {
    for (int i = 0; i < 6; i++) {
      write(photos, (i < 3 ? "cat/" : "dog/") + i + ".png", png(i, "png"));
    }
  }

  private static Bad file(String name, byte[] bytes, String says) {
    String shown = name.replaceAll("\\p{Cntrl}", "?");
    return new Bad(name, photos -> write(photos, name, bytes), shown, says, false);
  }

  private static Bad row(String name, String row, String says) {
    return new Bad(
        name,
        photos -> write(photos, "list.csv", text(LIST + row + "\ncat,cat/2.png\ndog,dog/5.png\n")),
        "list.csv",
        "line 6" + says,
        true);
  }

  private static final String LIST =
      "label,path\ncat,cat/0.png\ncat,cat/1.png\ndog,dog/3.png\ndog,dog/4.png\n";

  static Stream<Bad> bad() {
    byte[] picture = png(9, "png");
    byte[] broken = picture.clone();
    for (int i = 60; i < 90; i++) {
      broken[i] ^= 0x55;
    }
    byte[] bomb = picture.clone();
    ByteBuffer.wrap(bomb).putInt(16, 60_000).putInt(20, 60_000);
    byte[] large = picture.clone();
    ByteBuffer.wrap(large).putInt(16, 20_000).putInt(20, 20_000); // fits an array of Java
    byte[] jpeg = png(8, "jpg");
    return Stream.of(
        file("cat/zero.jpg", new byte[0], "is empty"),
        file("cat/truncated.jpg", Arrays.copyOf(jpeg, jpeg.length - 60), "ends too early"),
        file("cat/half.png", Arrays.copyOf(picture, picture.length / 2), "ends too early"),
        file("cat/corrupt.png", broken, "cannot be decoded as PNG"),
        file("cat/gigantic.png", bomb, "has 60000 x 60000 pixels, more than the"),
        file("cat/large.png", large, "has 20000 x 20000 pixels, more than the"),
        file("cat/page.jpg", text("<!DOCTYPE html><p>"), "but a web page"),
        file("cat/in a/sp ace/x.webp", text("GIF89a"), "but a GIF picture"),
        file("dog/line\nbreak.png", new byte[0], "is empty"),
        file("dog/日本語 é.png", new byte[0], "is empty"),
        new Bad(
            "circle",
            photos -> link(photos, "cat/again", "."),
            "cat/again",
            "is a link to a folder that it lies in",
            true),
        new Bad(
            "a link to itself",
            photos -> link(photos, "cat/self.jpg", "cat/self.jpg"),
            "cat/self.jpg",
            "is a link to nothing",
            true),
        new Bad(
            "a link to nothing",
            photos -> link(photos, "cat/gone.jpg", "nowhere.jpg"),
            "cat/gone.jpg",
            "is a link to nothing",
            true),
        row("missing", "dog,dog/none.png", ": '"),
        row("twice", "dog,./cat/1.png", " has './cat/1.png' again, which line 3 has"),
        row("no label", ",dog/none.png", " has no label"),
        row("blank label", "\"\",dog/none.png", " has no label"),
        row("no path", "dog,", " has no path"),
        row("a folder", "dog,cat", ": '"),
        row("cells", "dog,dog/a, b.png", " has 3 cells where the first line has 2"));
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  @ParameterizedTest
  @MethodSource
  void bad(Bad one) throws IOException {
    Path photos = folder.resolve("photos");
    good(photos);
    one.make().accept(photos);
    Path list = photos.resolve("list.csv");
    Path data = Files.exists(list) ? list : photos;
    String named = photos + "/" + one.file() + ": ";
    Path pack = folder.resolve("a.pack");
    Path run = folder.resolve("features");
    Path counts = folder.resolve("d.json");
    String packing = "pack % --out %";
    String features = "features --images % --model % --run %" + PREPARED;
    String counting = "dataset % --out %";

    Outcome.of(packing, data, pack).failed(2, named, one.says());
    assertThat(pack).doesNotExist();
    Outcome refused = Outcome.of(features, data, model, run);
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err().lines().filter(line -> !line.startsWith("note: "))).hasSize(1);
    assertThat(refused.err()).contains(named, one.says());
    assertThat(run).doesNotExist();
    if (one.early()) {
      Outcome.of(counting, data, counts).failed(2, named, one.says(), "--skip-bad");
      assertThat(counts).doesNotExist();
    }

    Outcome packed = Outcome.of(packing + " --skip-bad", data, pack);
    assertThat(packed.code()).as(packed.err()).isZero();
    assertThat(packed.out()).contains("6 pictures as files, 1 left out, ");
    assertThat(packed.err()).contains(named, one.says());
    try (PackedImages images = new PackedImages(pack)) {
      assertThat(images.size()).isEqualTo(6);
      assertThat(images.countLeftOut()).isEqualTo(1);
    }

    Outcome extracted = Outcome.of(features + " --skip-bad", data, model, run);
    assertThat(extracted.code()).as(extracted.err()).isZero();
    assertThat(extracted.out()).contains("6 pictures, 1 left out: ");
    assertThat(extracted.err()).contains(named, one.says());
    assertThat(json(run.resolve("features.json")).get("samples_left_out").getAsInt()).isEqualTo(1);

    Path metrics = folder.resolve("m.json");
    Outcome evaluated =
        Outcome.of(
            "evaluate --embeddings % --labels % --metrics r@1 --out %",
            run.resolve("features.npy"), run.resolve("samples.csv:label"), metrics);
    assertThat(evaluated.code()).as(evaluated.err()).isZero();
    assertThat(evaluated.out()).contains("1 sample was left out when ");
    assertThat(json(metrics).get("left_out").getAsInt()).isEqualTo(1);

    Outcome counted = Outcome.of(counting + " --skip-bad", data, counts);
    assertThat(counted.code()).as(counted.err()).isZero();
    assertThat(json(counts).get("left_out").getAsInt()).isEqualTo(one.early() ? 1 : 0);
    assertThat(json(counts).get("samples").getAsInt()).isEqualTo(one.early() ? 6 : 7);
    if (one.early()) {
      assertThat(counted.out().replace("\n", " "))
          .contains("note: 1 sample is left out with --skip-bad, the first: ");
    }
  }

  /** What is strange and right: nothing is lost, and nothing said to be wrong. */
  @Test
  void strangeListsAndNamesAreRead() throws IOException {
    Path photos = folder.resolve("photos");
    String[] names = {"a b.png", "q\"u;o,te.png", "line\nbreak.png", "日本.png", "deep/er/x.png"};
    StringBuilder list = new StringBuilder("\ufeff\"label\";path;\"note\"\r\n");
    for (int i = 0; i < names.length; i++) {
      write(photos, "c " + i % 2 + "/" + names[i], png(i, "png"));
      String cell = '"' + "c " + i % 2 + "/" + names[i].replace("\"", "\"\"") + '"';
      list.append("\"la;bel, \"\"" + i % 2 + "\"\"\";" + cell + ";\r\n\r\n");
    }
    Path csv = write(folder, "photos/list.csv", text(list.toString()));
    List<Path> all = new ArrayList<>(List.of(photos, csv));
    for (Path data : all) {
      Path pack = folder.resolve("a.pack");
      Outcome.of("pack % --out %", data, pack).succeeded();
      try (PackedImages images = new PackedImages(pack)) {
        assertThat(images.size()).isEqualTo(names.length);
        images.compareAll();
      }
      Path run = folder.resolve("f" + all.indexOf(data));
      Path table = run.resolve("samples.csv");
      Outcome done =
          Outcome.of("features --images % --model % --run %" + PREPARED, data, model, run);
      assertThat(done.out()).as(done.err()).contains(names.length + " pictures: ");
      assertThat(Outcome.of("dataset", table).succeeded().out()).contains("5 samples, 2 classes");
    }
  }

  @Test
  void oneClassIsSaid() {
    Path photos = folder.resolve("photos");
    for (int i = 0; i < 3; i++) {
      write(photos, "only/" + i + ".png", png(i, "png"));
    }
    String note = "note: there is one class, only: there is nothing to tell apart";
    assertThat(Outcome.of("dataset", photos).succeeded().out()).contains(note);
    Path run = folder.resolve("f");
    assertThat(
            Outcome.of("features --images % --model % --run %" + PREPARED, photos, model, run)
                .err())
        .contains(note);
  }
}
