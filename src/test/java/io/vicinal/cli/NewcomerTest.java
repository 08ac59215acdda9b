package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.Patience;
import io.vicinal.data.CsvReader;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.dataset.PixelArray;
import io.vicinal.data.onnx.TinyOnnx;
import io.vicinal.report.Chromium;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way of somebody who has a folder of pictures and a network (docs/data.md): what is wrong with
 * the pictures, their features, how good these are, which labels are wrong, better ones. The
 * pictures are letters of installed fonts, each on its own background, turned a little; a tenth of
 * the labels is wrong, and some of what is tested is nearly what is trained on.
 */
@Timeout(2 * Patience.SECONDS)
class NewcomerTest {
  private static final Path FONTS = Path.of("/usr/share/fonts/truetype/dejavu");
  private static final Path PICTURES = Path.of("target", "report");
  private static final int SIDE = 48;
  private static final String LETTERS = "ABCDEFGHIJ";
  private static final int TRAINED = 24; // of each letter
  private static final int TESTED = 10;

  @TempDir private Path folder;

  private final Random random = new Random(5);
  private final Map<String, String> wrong = new HashMap<>(); // path, the right label
  private final Set<String> near = new HashSet<>();

  // ---- the pictures
  // ------------------------------------------------------------------------------

  private static Map<String, List<BufferedImage>> letters() {
    Dataset fonts =
        Datasets.open(
            FONTS, Datasets.create("glyphs", Map.of("size", Integer.toString(SIDE))), false);
    PixelArray pixels = fonts.pixels();
    Map<String, List<BufferedImage>> all = new HashMap<>();
    byte[] values = new byte[SIDE * SIDE];
    for (int id = 0; id < fonts.size(); id++) {
      String letter = fonts.classes().get(fonts.label(id));
      if (letter.length() != 1 || !LETTERS.contains(letter)) {
        continue;
      }
      pixels.read(fonts.row(id), values);
      BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_ARGB);
      for (int p = 0; p < values.length; p++) {
        image.setRGB(p % SIDE, p / SIDE, (values[p] & 255) << 24 | 0xffffff);
      }
      all.computeIfAbsent(letter, none -> new ArrayList<>()).add(image);
    }
    return all;
  }

  private BufferedImage drawn(List<BufferedImage> of) {
    BufferedImage coarse = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    for (int p = 0; p < 16; p++) {
      int shade = random.nextInt(110);
      coarse.setRGB(p % 4, p / 4, shade << 16 | random.nextInt(110) << 8 | random.nextInt(110));
    }
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    Graphics2D on = image.createGraphics();
    on.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    on.drawImage(coarse, 0, 0, SIDE, SIDE, null);
    AffineTransform turn = new AffineTransform();
    turn.translate(random.nextGaussian(), random.nextGaussian());
    turn.rotate(0.06 * random.nextGaussian(), SIDE / 2.0, SIDE / 2.0);
    on.drawImage(of.get(random.nextInt(of.size())), turn, null);
    on.dispose();
    return image;
  }

  /** The same, brighter and through JPEG. */
  private static void copy(Path from, Path to) throws IOException {
    BufferedImage image = ImageIO.read(from.toFile());
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        int rgb = image.getRGB(x, y);
        int brighter = 0;
        for (int shift = 0; shift < 24; shift += 8) {
          brighter |= Math.min(255, (rgb >> shift & 255) + 9) << shift;
        }
        image.setRGB(x, y, brighter);
      }
    }
    ImageIO.write(image, "jpg", to.toFile());
  }

  private void photographs(Path photos) throws IOException {
    Map<String, List<BufferedImage>> letters = letters();
    for (String split : List.of("train", "test")) {
      for (int c = 0; c < LETTERS.length(); c++) {
        String right = LETTERS.substring(c, c + 1);
        for (int i = 0; i < (split.equals("train") ? TRAINED : TESTED); i++) {
          boolean lies = split.equals("train") && random.nextInt(10) == 0;
          int other = (c + 1 + random.nextInt(LETTERS.length() - 1)) % LETTERS.length();
          String label = lies ? LETTERS.substring(other, other + 1) : right;
          String name = split + "/" + label + "/" + 7919 * (c * 100 + i) % 10_007 + ".png";
          Files.createDirectories(photos.resolve(name).getParent());
          ImageIO.write(drawn(letters.get(right)), "png", photos.resolve(name).toFile());
          if (lies) {
            wrong.put(name, right);
          }
          if (split.equals("train") && !lies && i < 2) {
            String again = "test/" + right + "/again" + i + ".jpg";
            Files.createDirectories(photos.resolve(again).getParent());
            copy(photos.resolve(name), photos.resolve(again));
            near.add(again);
          }
        }
      }
    }
  }

  // ---- the way
  // -----------------------------------------------------------------------------------

  private static List<Map<String, String>> rows(Path csv) {
    List<Map<String, String>> rows = new ArrayList<>();
    try (CsvReader in = new CsvReader(csv, false)) {
      List<String> header = in.next();
      for (List<String> row = in.next(); row != null; row = in.next()) {
        Map<String, String> cells = new HashMap<>();
        for (int k = 0; k < header.size(); k++) {
          cells.put(header.get(k), row.get(k));
        }
        rows.add(cells);
      }
    }
    return rows;
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  /** Of what was found, how much is right, and how much of what is right was found. */
  private static void finds(
      String what, Set<String> found, Set<String> planted, double precision, double recall) {
    Set<String> both = new HashSet<>(found);
    both.retainAll(planted);
    assertThat((double) both.size() / planted.size())
        .as(what + ": recall")
        .isGreaterThanOrEqualTo(recall);
    assertThat((double) both.size() / found.size())
        .as(what + ": precision")
        .isGreaterThanOrEqualTo(precision);
  }

  private static String below(Path photos, String path) {
    return photos.toAbsolutePath().normalize().relativize(Path.of(path)).toString();
  }

  @Test
  void fromAFolderOfPicturesToBetterLabels() throws Exception {
    assumeTrue(Files.isDirectory(FONTS), "fonts-dejavu-core is not installed");
    Path photos = folder.resolve("photos");
    photographs(photos);
    assertThat(wrong).hasSizeBetween(12, 40);

    assertThat(Outcome.of("dataset", photos).succeeded().out())
        .contains("10 classes of picture files", "train and test share 10 classes");

    Path checked = folder.resolve("checked");
    Outcome told = Outcome.of("doctor data % --out %", photos, checked);
    assertThat(told.code()).as("there are findings").isEqualTo(1);
    Set<String> leaks = new HashSet<>();
    for (Map<String, String> row : rows(checked.resolve("findings.csv"))) {
      if (row.get("finding").equals("near-other-split")) {
        leaks.add(row.get("split").equals("test") ? row.get("path") : row.get("other_path"));
      }
    }
    finds("near-duplicates across the split", leaks, near, 0.6, 0.8);

    Path model = folder.resolve("model.onnx");
    TinyOnnx.single(model, "Relu", 1, new long[] {-1, 3, 16, 16}, 1); // bright strokes remain
    String extract =
        "features --images % --model % --pool flatten --mean .45,.45,.45 --std .5,.5,.5 --run %";
    Path features = folder.resolve("features");
    Outcome.of(extract, photos, model, features).succeeded();
    Path train = folder.resolve("features:train");

    Path metrics = folder.resolve("m.json");
    Outcome.of("evaluate --embeddings % --normalize --metrics r@1,map@r --out %", features, metrics)
        .succeeded();
    assertThat(json(metrics).getAsJsonObject("values").get("r@1").getAsDouble())
        .isGreaterThanOrEqualTo(0.8);

    Path suspects = folder.resolve("suspects");
    Outcome.of("explain mislabel --features % --out %", train, suspects).succeeded();
    Set<String> suspected = new HashSet<>();
    rows(suspects.resolve("suspects.csv")).forEach(row -> suspected.add(row.get("sample_name")));
    finds("suspects", suspected, wrong.keySet(), 0.6, 0.7);

    Path proposals = folder.resolve("proposals");
    Outcome.of("explain relabel --features % --out %", train, proposals).succeeded();
    Path cleaned = folder.resolve("cleaned.csv");
    Outcome.of(
            "labels apply --labels % --decisions % --out %",
            train, proposals.resolve("proposals.csv"), cleaned)
        .succeeded();
    assertThat(Outcome.of("dataset", cleaned).succeeded().out()).contains("10 classes of picture");
    int mended = 0;
    int broken = 0;
    List<Map<String, String>> before = rows(features.resolve("samples.csv"));
    List<Map<String, String>> after = rows(cleaned);
    assertThat(after).hasSameSizeAs(before);
    for (int i = 0; i < after.size(); i++) {
      String path = below(photos, before.get(i).get("path"));
      String now = after.get(i).get("label");
      assertThat(after.get(i).get("path")).isEqualTo(before.get(i).get("path"));
      mended += now.equals(wrong.get(path)) ? 1 : 0;
      broken += !wrong.containsKey(path) && !now.equals(before.get(i).get("label")) ? 1 : 0;
    }
    assertThat(mended).as("mended").isGreaterThanOrEqualTo(wrong.size() * 6 / 10);
    assertThat(broken).as("broken").isLessThanOrEqualTo(mended / 4);

    looksRight(
        checked.resolve("report.html"),
        suspects.resolve("report.html"),
        proposals.resolve("report.html"));
  }

  /** Each page, by desktop and by phone. */
  private static void looksRight(Path... pages) throws Exception {
    Optional<Path> browser = Chromium.find();
    assumeTrue(browser.isPresent(), "no Chromium on the path: install Debian's package chromium");
    Files.createDirectories(PICTURES);
    try (Chromium page = new Chromium(browser.get())) {
      for (Path file : pages) {
        String name = "newcomer-" + file.getParent().getFileName();
        for (int width : new int[] {1280, 360}) {
          page.open(file, width, 800, "light");
          page.screenshot(PICTURES.resolve(name + "-" + width + ".png"), true);
          assertThat(
                  page.is(
                      "document.documentElement.scrollWidth <="
                          + " document.documentElement.clientWidth"))
              .as(name + " overflows at " + width)
              .isTrue();
          assertThat(page.is("document.images.length > 5")).as(name + " has photographs").isTrue();
          assertThat(page.is("[...document.images].every(i => i.naturalWidth > 0)")).isTrue();
          assertThat(page.text("document.querySelector('main').innerText"))
              .doesNotContain("undefined", "null", "NaN", "[object");
        }
      }
      assertThat(page.complaints()).isEmpty();
    }
  }
}
