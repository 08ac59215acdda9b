package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.Patience;
import io.vicinal.cli.common.Text;
import io.vicinal.data.CsvReader;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.onnx.TinyOnnx;
import io.vicinal.report.Chromium;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.awt.image.RescaleOp;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each fault that the doctor knows, made on purpose beside pictures that have none. */
class DoctorDataTest {
  private static final int SIDE = 96;

  @TempDir private Path folder;

  /** Coloured shapes, another scene for another seed. */
  private static BufferedImage scene(long seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(SIDE + 32, SIDE, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    for (int i = 0; i < 40; i++) {
      g.setColor(new Color(random.nextInt(1 << 24)));
      int x = random.nextInt(SIDE + 32) - 20;
      int y = random.nextInt(SIDE) - 20;
      g.fillOval(x, y, 10 + random.nextInt(40), 10 + random.nextInt(40));
    }
    g.dispose();
    return image;
  }

  private static BufferedImage flat(int rgb, int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(new Color(rgb));
    g.fillRect(0, 0, width, height);
    g.dispose();
    return image;
  }

  private Path at(String name) throws IOException {
    Path file = folder.resolve("photos").resolve(name);
    Files.createDirectories(file.getParent());
    return file;
  }

  private void png(String name, BufferedImage image) throws IOException {
    try (OutputStream out = Files.newOutputStream(at(name))) {
      ImageIO.write(image, "png", out);
    }
  }

  private void jpeg(String name, BufferedImage image, float quality) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(at(name).toFile())) {
      writer.setOutput(out);
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality(quality);
      writer.write(null, new IIOImage(image, null, null), param);
    } finally {
      writer.dispose();
    }
  }

  /** Nothing wrong: three classes of eight scenes in training, four in the test. */
  private void sound() throws IOException {
    int seed = 0;
    for (String kind : List.of("cat", "dog", "snowy owl")) {
      for (int i = 0; i < 8; i++) {
        png("train/" + kind + "/" + i + ".png", scene(seed++));
      }
      for (int i = 0; i < 4; i++) {
        jpeg("test/" + kind + "/" + i + ".jpg", scene(seed++), 0.9f);
      }
    }
  }

  private Outcome doctor(String... more) {
    List<Object> words = new ArrayList<>(List.of("doctor", "data", folder.resolve("photos")));
    words.addAll(List.of("--out", folder.resolve("out"), "--show", "1"));
    words.addAll(Arrays.asList(more));
    return Outcome.of(words.toArray());
  }

  /** What findings.csv says of a kind: its path, class, other path and detail. */
  private List<Map<String, String>> found(String kind) {
    List<Map<String, String>> rows = new ArrayList<>();
    try (CsvReader in = new CsvReader(folder.resolve("out/findings.csv"), false)) {
      List<String> header = in.next();
      for (List<String> row = in.next(); row != null; row = in.next()) {
        Map<String, String> cells = new LinkedHashMap<>();
        for (int c = 0; c < header.size(); c++) {
          cells.put(header.get(c), row.get(c));
        }
        if (cells.get("finding").equals(kind)) {
          rows.add(cells);
        }
      }
    }
    return rows;
  }

  private List<String> paths(String kind) {
    return found(kind).stream().map(row -> row.get("path")).toList();
  }

  private List<String> classes(String kind) {
    return found(kind).stream().map(row -> row.get("class")).toList();
  }

  @Test
  void aSoundFolderHasNoFindings() throws IOException {
    sound();
    Outcome outcome = doctor("--per-class", "4").succeeded();
    assertThat(outcome.out())
        .contains("36 samples, 3 classes, format folder; every picture can be read")
        .contains("No errors and no warnings.", "clean.csv (36 of 36 samples)");
    assertThat(folder.resolve("out/findings.csv")).content().hasLineCount(1);
    assertThat(folder.resolve("out/report.html")).content().contains("No errors and no warnings");
  }

  @Test
  void filesThatAreNoPicturesOrOthers() throws IOException {
    sound();
    byte[] whole = Files.readAllBytes(at("test/cat/0.jpg"));
    Files.write(at("train/cat/cut.jpg"), Arrays.copyOf(whole, whole.length / 2));
    byte[] png = Files.readAllBytes(at("train/dog/0.png"));
    Files.write(at("train/cat/cut.png"), Arrays.copyOf(png, png.length / 2));
    Files.writeString(at("train/cat/page.jpg"), "<html>not found</html>");
    Files.write(at("train/cat/none.png"), new byte[0]);
    png("train/dog/really png.jpg", scene(100));
    png("train/dog/unnamed", scene(101));
    ImageIO.write(scene(102), "gif", at("train/dog/a.gif").toFile());
    Files.writeString(at("train/dog/notes.txt"), "not a picture at all");
    Files.copy(Path.of("src/test/resources/images/orientation6.jpg"), at("train/dog/turned.jpg"));
    png("train/dog/tiny.png", scene(103).getSubimage(0, 0, 31, 40));
    png("train/dog/huge.png", scene(104));
    Outcome outcome = doctor("--huge", "0.0122", "--tiny", "32");
    assertThat(outcome.code()).isOne();
    assertThat(outcome.err()).isEmpty();
    assertThat(paths("truncated")).containsExactly("train/cat/cut.jpg", "train/cat/cut.png");
    assertThat(paths("unreadable")).containsExactly("train/cat/none.png", "train/cat/page.jpg");
    assertThat(found("unreadable").get(0)).containsEntry("detail", "is empty");
    assertThat(found("unreadable").get(1).get("detail")).contains("a web page");
    assertThat(paths("misnamed")).containsExactly("train/dog/really png.jpg");
    assertThat(paths("left-out")).containsExactly("train/dog/a.gif", "train/dog/unnamed");
    assertThat(paths("rotated")).containsExactly("train/dog/turned.jpg");
    assertThat(paths("tiny")).contains("train/dog/tiny.png").doesNotContain("train/dog/huge.png");
    assertThat(found("huge")).hasSize(24 + 12 + 2); // all scenes have 12,288 pixels
    assertThat(outcome.out()).contains("truncated:", "  train/cat/cut.jpg: ", "  and 1 more");
    assertThat(Datasets.open(folder.resolve("out/clean.csv")).size()).isEqualTo(36 + 4);
  }

  @Test
  void samePicturesByBytesOrPixelsAcrossLabelsAndSplits() throws IOException {
    sound();
    Files.copy(at("train/cat/0.png"), at("train/cat/copy.png"));
    BufferedImage image = ImageIO.read(at("train/cat/1.png").toFile());
    png("train/dog/other file.png", image);
    Files.write( // other bytes, the same pixels: what follows the end is not looked at
        at("train/dog/other file.png"),
        concat(Files.readAllBytes(at("train/cat/1.png")), new byte[] {1, 2, 3}));
    Files.copy(at("test/dog/0.jpg"), at("train/dog/leak.jpg"));
    Outcome outcome = doctor();
    assertThat(outcome.code()).isOne();
    assertThat(paths("same")).containsExactly("train/cat/copy.png");
    assertThat(found("same").get(0))
        .containsEntry("other_path", "train/cat/0.png")
        .containsEntry("detail", "byte for byte")
        .containsEntry("leave_out", "true")
        .containsEntry("file", at("train/cat/copy.png").toString());
    assertThat(found("same-other-label")).hasSize(1);
    assertThat(found("same-other-label").get(0))
        .containsEntry("path", "train/dog/other file.png")
        .containsEntry("class", "dog")
        .containsEntry("other_class", "cat")
        .containsEntry("leave_out", "false")
        .containsEntry("detail", "pixel for pixel, in another file");
    assertThat(found("same-other-split").get(0))
        .containsEntry("path", "train/dog/leak.jpg")
        .containsEntry("other_path", "test/dog/0.jpg");
    assertThat(outcome.out())
        .contains("train/dog/other file.png (dog) - train/cat/1.png (cat): pixel for pixel")
        .contains("train/dog/leak.jpg (train) - test/dog/0.jpg (test): byte for byte");
    assertThat(found("near")).isEmpty();
    assertThat(Datasets.open(folder.resolve("out/clean.csv")).size()).isEqualTo(37);
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  /** Recompressed, brighter, smaller: the same scene; of two labels the lonely one is told. */
  @Test
  void nearPicturesByTheirLooks() throws IOException {
    sound();
    jpeg("train/cat/again.jpg", scene(0), 0.6f);
    jpeg("train/dog/wrong.jpg", new RescaleOp(0.8f, 10, null).filter(scene(0), null), 0.8f);
    BufferedImage small = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = small.createGraphics();
    g.drawImage(
        scene(9).getScaledInstance(64, 48, java.awt.Image.SCALE_AREA_AVERAGING), 0, 0, null);
    g.dispose();
    png("train/cat/from test.png", small); // scene 8 to 11 are the test's cats
    assertThat(doctor("--fail-on", "error").code()).isZero();
    assertThat(paths("near")).containsExactly("train/cat/again.jpg");
    assertThat(paths("near-other-label")).containsExactly("train/dog/wrong.jpg");
    assertThat(paths("near-other-split")).containsExactly("train/cat/from test.png");
    assertThat(doctor().code()).isOne();
    assertThat(doctor("--fail-on", "never").code()).isZero();
  }

  @Test
  void darkBlurredAndEmptyPictures() throws IOException {
    sound();
    png("train/cat/dark.png", new RescaleOp(0.04f, 0, null).filter(scene(200), null));
    float[] box = new float[81];
    Arrays.fill(box, 1f / 81);
    ConvolveOp blur = new ConvolveOp(new Kernel(9, 9, box), ConvolveOp.EDGE_ZERO_FILL, null);
    BufferedImage soft = blur.filter(blur.filter(scene(201), null), null);
    png("train/cat/soft.png", soft.getSubimage(10, 10, SIDE, SIDE - 20));
    png("train/cat/blank.png", flat(0x777777, 64, 64));
    BufferedImage grey = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    grey.createGraphics().drawImage(scene(202), 0, 0, null);
    png("train/cat/grey.png", grey);
    doctor("--fail-on", "never").succeeded();
    assertThat(paths("dark")).containsExactly("train/cat/dark.png");
    assertThat(paths("blurred")).containsExactly("train/cat/soft.png");
    assertThat(paths("empty")).containsExactly("train/cat/blank.png");
    assertThat(paths("grey")).containsExactly("train/cat/blank.png", "train/cat/grey.png");
  }

  @Test
  void classesByNamesAndSizes() throws IOException {
    sound();
    for (int i = 0; i < 20; i++) {
      png("train/Labrador/" + i + ".png", scene(300 + i));
    }
    png("train/Labardor/1.png", scene(400));
    png("train/Snowy_Owl/1.png", scene(401));
    png("train/Snowy_Owl/2.png", scene(402));
    png("train/husky 1/1.png", scene(403)); // numbers tell classes apart
    png("train/cut/1.png", scene(404)); // too short to be a slip of cat
    png("test/lion/1.png", scene(405));
    doctor("--fail-on", "never", "--per-class", "3").succeeded();
    assertThat(classes("label-typo")).containsExactly("Labardor");
    assertThat(found("label-typo").get(0).get("detail")).contains("'Labrador'", "1 letter away");
    assertThat(classes("label-spelling")).containsExactly("Snowy_Owl");
    assertThat(classes("one-sample")).contains("Labardor", "husky 1", "cut", "lion");
    assertThat(classes("few-samples")).contains("Labardor", "Snowy_Owl").doesNotContain("lion");
    assertThat(classes("test-only")).containsExactly("lion");
    assertThat(classes("train-only")).contains("Labrador");
    assertThat(found("imbalance").get(0).get("detail")).contains("20 times");
  }

  @Test
  void splitsThatShareNoClassAreAFact() throws IOException {
    for (int i = 0; i < 3; i++) {
      png("train/a/" + i + ".png", scene(i));
      png("test/b/" + i + ".png", scene(10 + i));
    }
    doctor().succeeded();
    assertThat(found("splits").get(0).get("detail")).contains("train and test share no class");
    assertThat(found("test-only")).isEmpty();
  }

  @Test
  void featuresThatSayNothingOrDoNotBelongTogether() throws IOException {
    sound();
    Random random = new Random(5);
    float[] x = new float[36 * 16];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian() * (i / 16 < 20 ? 1 : 30);
    }
    for (int row = 0; row < 36; row++) {
      x[row * 16 + 3] = 0;
      x[row * 16 + 4] = 2.5f;
    }
    x[2 * 16 + 7] = Float.NaN;
    Arrays.fill(x, 5 * 16, 6 * 16, 0);
    System.arraycopy(x, 8 * 16, x, 9 * 16, 16); // of one class
    System.arraycopy(x, 14 * 16, x, 30 * 16, 16); // of two classes
    Path features = folder.resolve("f.npy");
    NpyBytes.floats(features, x, 36, 16);
    Outcome outcome = doctor("--features", features.toString());
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.code()).isOne();
    List<String> names = new ArrayList<>();
    var data = Datasets.open(folder.resolve("photos"));
    for (int id = 0; id < data.size(); id++) {
      names.add(data.name(id));
    }
    assertThat(paths("feature-not-finite")).containsExactly(names.get(2));
    assertThat(paths("feature-zero")).containsExactly(names.get(5));
    // row 5 is zero, so the second is not constant
    assertThat(found("feature-constant")).hasSize(1);
    assertThat(found("feature-constant").get(0).get("detail"))
        .isEqualTo("feature 3: is 0 in all rows: dead");
    assertThat(found("feature-mixed")).hasSize(1);
    assertThat(found("feature-mixed").get(0).get("detail")).contains("none lies between");
    assertThat(found("feature-norms")).hasSize(1);
    assertThat(paths("near")).containsExactly(names.get(9));
    assertThat(paths("near-other-label")).containsExactly(names.get(30));
    assertThat(found("near").get(0)).containsEntry("detail", "features of cosine 1.0000");
    float[] fewer = Arrays.copyOf(x, 35 * 16);
    NpyBytes.floats(features, fewer, 35, 16);
    doctor("--features", features.toString());
    assertThat(found("feature-count").get(0).get("detail"))
        .contains("35 rows of features, and the dataset has 36 samples");
  }

  /** Many equal pictures have equal features: they would be all the pairs that are looked at. */
  @Test
  void equalPicturesLeaveRoomForNearOnes() throws IOException {
    sound();
    BufferedImage blank = scene(99);
    for (int i = 0; i < 20; i++) {
      png("train/dog/blank " + i + ".png", blank);
    }
    List<String> names = new ArrayList<>();
    var data = Datasets.open(folder.resolve("photos"));
    Random random = new Random(5);
    float[] x = new float[data.size() * 16];
    for (int id = 0; id < data.size(); id++) {
      names.add(data.name(id));
      for (int k = 0; k < 16; k++) {
        x[id * 16 + k] = names.get(id).contains("blank") ? k : (float) random.nextGaussian();
      }
    }
    int train = names.indexOf("train/cat/3.png");
    int test = names.indexOf("test/cat/1.jpg");
    System.arraycopy(x, train * 16, x, test * 16, 16);
    x[test * 16] += 0.01f;
    Path features = folder.resolve("f.npy");
    NpyBytes.floats(features, x, data.size(), 16);
    doctor("--features", features.toString(), "--pairs", "5");
    assertThat(paths("near-other-split")).containsExactly("train/cat/3.png");
    assertThat(found("same")).hasSize(19);
  }

  @Test
  void namesOfAnyKindComeOutRight() throws IOException {
    sound();
    String odd = "train/cat/new\nline <b>&\"ümläut\" 名.png";
    Files.copy(at("train/cat/0.png"), at(odd));
    Files.createSymbolicLink(at("train/cat/circle"), Path.of("."));
    Files.createSymbolicLink(at("train/cat/gone.png"), Path.of("nowhere.png"));
    Outcome outcome = doctor();
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.code()).isOne();
    assertThat(paths("same")).containsExactly(odd);
    assertThat(outcome.out()).contains("new?line <b>&\"ümläut\" 名.png - train/cat/0.png");
    assertThat(paths("no-sample"))
        .containsExactly(at("train/cat/circle").toString(), at("train/cat/gone.png").toString());
    JsonObject json =
        JsonParser.parseString(Files.readString(folder.resolve("out/doctor.json")))
            .getAsJsonObject();
    JsonObject copy = null;
    for (JsonElement kind : json.getAsJsonArray("findings")) {
      boolean same = kind.getAsJsonObject().get("finding").getAsString().equals("same");
      JsonArray all = kind.getAsJsonObject().getAsJsonArray("findings");
      copy = same ? all.get(0).getAsJsonObject() : copy;
    }
    assertThat(copy.get("path").getAsString()).isEqualTo(odd);
    assertThat(json.getAsJsonObject("counts").get("error").getAsInt()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("out/report.html"))).doesNotContain("<b>&");
  }

  @Test
  void aListWithBadRowsIsToldRowByRow() throws IOException {
    sound();
    Path list = folder.resolve("photos/list.csv");
    Files.writeString(
        list,
        "label,path\ncat,train/cat/0.png\n,train/cat/1.png\ndog,none.png\ncat,train/cat/2.png\n"
            + "dog,train/dog/0.png\ndog,train/dog/1.png\n");
    Outcome outcome = Outcome.of("doctor data % --show 9", list);
    assertThat(outcome.code()).isOne();
    assertThat(outcome.out())
        .contains("4 samples, 2 classes, format csv", "no-sample ", "line 3", "line 4");
  }

  /** Of the dataset whose pictures became more, and of the folder by itself. */
  @Test
  void aFolderOfFeaturesIsJoinedByPath() throws IOException {
    sound();
    jpeg("train/snowy owl/again.jpg", scene(24), 0.8f); // of the first owl
    Path model = folder.resolve("model.onnx");
    TinyOnnx.single(model, "Relu", 1, new long[] {-1, 3, 16, 16}, 1);
    Path features = folder.resolve("features");
    Outcome.of(
            "features --images % --model % --pool flatten --mean .5,.5,.5 --std .5,.5,.5 --run %",
            folder.resolve("photos"), model, features)
        .succeeded();
    png("train/cat/00 new.png", scene(500)); // rows behind it are no places any more
    Outcome outcome = doctor("--features", features.toString());
    assertThat(outcome.code()).isOne();
    assertThat(found("feature-count").get(0).get("detail")).endsWith("1 sample has no features");
    assertThat(paths("near")).containsExactly("train/snowy owl/again.jpg");
    assertThat(found("near").get(0))
        .containsEntry("other_path", "train/snowy owl/0.png")
        .containsEntry("file", at("train/snowy owl/again.jpg").toString());
    assertThat(found("near").get(0).get("detail")).startsWith("features of cosine 0.9");

    Outcome.of("doctor data % --out %", features, folder.resolve("out")).succeeded();
    assertThat(found("feature-count")).isEmpty();
    assertThat(paths("near")).containsExactly("train/snowy owl/again.jpg");
    Files.delete(at("train/cat/0.png"));
    Outcome gone = doctor("--features", features.toString());
    assertThat(gone.code()).isOne();
    assertThat(found("feature-count").get(0).get("detail"))
        .contains("1 row of features is of no sample, ", "train/cat/0.png");
  }

  /** A list of parts of one picture takes minutes: the signal comes before the end. */
  @Test
  @Timeout(Patience.SECONDS)
  void interruptedItLeavesEarlierFilesAlone() throws Exception {
    sound();
    doctor("--fail-on", "never").succeeded();
    Path out = folder.resolve("out");
    Map<Path, String> before = contents(out);
    BufferedImage large = new BufferedImage(1500, 1500, BufferedImage.TYPE_INT_RGB);
    large.createGraphics().drawImage(scene(1), 0, 0, 1500, 1500, null);
    png("large.png", large);
    StringBuilder rows = new StringBuilder("label,path,x_1,y_1,x_2,y_2\n");
    for (int i = 0; i < 30_000; i++) {
      rows.append(Text.say("a,large.png,%d,%d,%d,1500\n", i % 200, i / 200, 1400));
    }
    Files.writeString(at("list.csv"), rows);
    for (Path to : List.of(out, folder.resolve("new"))) {
      try (CliProcess process =
          CliProcess.start(
              folder.resolve("work"), List.of(), "doctor", "data", at("list.csv"), "--out", to)) {
        while (!Files.isDirectory(to) || contents(to).size() == (to == out ? before.size() : 0)) {
          assertThat(process.runs()).isTrue();
          Thread.sleep(20);
        }
        assertThat(process.signal("TERM").code()).isEqualTo(143);
      }
    }
    assertThat(contents(out)).isEqualTo(before);
    assertThat(folder.resolve("new")).doesNotExist();
  }

  /** Everything below a folder, hidden folders and files too. */
  private static Map<Path, String> contents(Path of) throws IOException {
    Map<Path, String> all = new LinkedHashMap<>();
    try (Stream<Path> files = Files.list(of)) {
      for (Path file : files.sorted().toList()) {
        all.put(file, Files.isRegularFile(file) ? Files.readString(file) : "a folder");
      }
    } catch (NoSuchFileException e) {
      // it went while it was listed
    }
    return all;
  }

  @Test
  @Timeout(2 * Patience.SECONDS)
  void thePageShowsBothPicturesAndNamesOfAPair() throws Exception {
    sound();
    String longer = "train/cat/" + "long_name_without_a_blank".repeat(5) + ".png";
    Files.copy(at("train/cat/0.png"), at(longer));
    Files.copy(at("train/dog/0.png"), at("test/dog/new\nline \"x\" <i>.png"));
    jpeg("train/dog/wrong.jpg", scene(2), 0.7f);
    doctor("--fail-on", "never").succeeded();
    Optional<Path> browser = Chromium.find();
    assumeTrue(browser.isPresent(), "no Chromium on the path: install Debian's package chromium");
    Path pictures = Files.createDirectories(Path.of("target", "report"));
    try (Chromium page = new Chromium(browser.get())) {
      for (int width : new int[] {1280, 390}) {
        page.open(folder.resolve("out/report.html"), width, 844, "light");
        page.screenshot(pictures.resolve("doctor-" + width + ".png"), true);
        assertThat(
                page.is(
                    "document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
            .as("overflows at " + width)
            .isTrue();
        assertThat(page.text("document.querySelectorAll('figure.card.two').length")).isEqualTo("3");
        assertThat(
                page.text(
                    """
                    JSON.stringify([...document.querySelectorAll('figure.card.two')].flatMap(card => {
                      const box = card.getBoundingClientRect();
                      const looks = [...card.querySelectorAll('img')];
                      const names = [...card.querySelectorAll('figcaption b')];
                      const inside = x => {
                        const b = x.getBoundingClientRect();
                        return b.width > 8 && b.height > 8 && b.left >= box.left && b.right <= box.right + 1
                            && box.left >= 0 && box.right <= innerWidth;
                      };
                      return looks.length === 2 && names.length === 2
                          && looks.every(x => x.naturalWidth > 0) && [...looks, ...names].every(inside)
                          && names.every(x => x.textContent.trim()) ? [] : [card.innerText];
                    }))"""))
            .as("cards at " + width)
            .isEqualTo("[]");
        assertThat(page.text("document.querySelector('main').innerText"))
            .contains(longer.substring(longer.length() - 20), "new?line \"x\" <i>.png")
            .contains("train/dog/wrong.jpg", "train/cat/2.png", "cat, train", "dog, train");
      }
      assertThat(page.complaints()).isEmpty();
    }
  }

  @Test
  void argumentsThatMakeNoSense() throws IOException {
    sound();
    Path photos = folder.resolve("photos");
    Outcome.of("doctor data % --fail-on blue", photos).failed(2, "--fail-on", "blue");
    Outcome.of("doctor data % --bits 99", photos).failed(2, "--bits", "0 to 32");
    Outcome.of("doctor data % --split val", photos).failed(2, "--split", "val");
    Outcome.of("doctor data % --features none.npy", photos).failed(2, "none.npy: does not exist");
    Outcome.of("doctor data none").failed(2, "none: does not exist");
    Outcome.of("doctor").succeeded();
  }
}
