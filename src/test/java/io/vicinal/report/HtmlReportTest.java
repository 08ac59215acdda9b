package io.vicinal.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.influence.verify.Badge;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlReportTest {
  @TempDir Path folder;

  private static ReportData of(Section... sections) {
    return new ReportData("t", null, List.of(sections), new Pictures(), List.of());
  }

  @Test
  void everythingIsInsideAndNothingElseIsAsked() throws Exception {
    Path file = folder.resolve("report.html");
    HtmlReport.write(DigitsReport.build(), file);
    String html = Files.readString(file);
    assertThat(Files.size(file)).isLessThan(3 << 20);
    assertThat(html).contains("default-src 'none'").doesNotContain("/*DATA*/", "STYLE_HASH");
    assertThat(html).doesNotContainPattern("(src|href)=\"(?!data:)[^\"]");
    Matcher scripts = Pattern.compile("<script").matcher(html);
    assertThat(scripts.results().count()).as("data and code").isEqualTo(2);
  }

  @Test
  void textIsNeverMarkup() {
    String html =
        HtmlReport.html(
            of(
                new Section.Headline(
                    "</script><script>alert(1)</script>", List.of("<b>"), List.of())));
    assertThat(html).doesNotContain("alert(1)</script>").doesNotContain("<b>");
    assertThat(html).contains("\\u003c/script\\u003e");
  }

  @Test
  void onlyGivenSectionsAreThereAndNumbersAreNumbers() {
    JsonObject root =
        JsonParser.parseString(
                HtmlReport.json(
                    of(
                        new Section.VerificationSection(
                            null,
                            "u",
                            new double[] {1.0 / 3, Double.NaN},
                            new double[] {Double.POSITIVE_INFINITY, -2},
                            List.of("a", "b"),
                            List.of(),
                            List.of()))))
            .getAsJsonObject();
    JsonArray sections = root.getAsJsonArray("sections");
    assertThat(sections).hasSize(1);
    JsonObject section = sections.get(0).getAsJsonObject();
    assertThat(section.get("type").getAsString()).isEqualTo("Verification");
    JsonArray predicted = section.getAsJsonArray("predicted");
    assertThat(predicted.get(0).getAsDouble()).isEqualTo(1.0 / 3, within(1e-6));
    assertThat(predicted.get(1).isJsonNull()).isTrue();
    assertThat(section.getAsJsonArray("actual").get(0).isJsonNull()).isTrue();
  }

  @Test
  void everyKindOfSectionHasItsDrawing() {
    String html = HtmlReport.html(of());
    for (Class<?> kind : Section.class.getPermittedSubclasses()) {
      String name = Section.type(kind);
      assertThat(html.contains("  " + name + ": {") || html.contains("draw." + name + " = {"))
          .as(name)
          .isTrue();
    }
  }

  @Test
  void picturesAreSmallPngsStoredOnce() throws Exception {
    Pictures pictures = new Pictures();
    float[] grey = new float[200 * 100];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = i % 200 < 100 ? -1 : 0.5f;
    }
    pictures.put("a", grey, 200, 100, 1).put("a", new float[1], 1, 1, 1);
    BufferedImage a = decode(pictures.uris().get("a"));
    assertThat(a.getWidth()).isEqualTo(67);
    assertThat(a.getHeight()).isEqualTo(34);
    assertThat(a.getRaster().getSample(0, 0, 0)).isZero();
    assertThat(a.getRaster().getSample(60, 20, 0)).isEqualTo(128);
    pictures.put("rgb", new float[] {1, 0, 0, 0, 0, 2}, 2, 1, 3);
    BufferedImage rgb = decode(pictures.uris().get("rgb"));
    assertThat(rgb.getRGB(0, 0)).isEqualTo(0xffff0000);
    assertThat(rgb.getRGB(1, 0)).isEqualTo(0xff0000ff);
    assertThatThrownBy(() -> pictures.put("b", new float[3], 2, 2, 1))
        .hasMessageContaining("b: 3 values");
  }

  private static BufferedImage decode(String uri) throws Exception {
    byte[] png = Base64.getDecoder().decode(uri.substring(uri.indexOf(',') + 1));
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  @Test
  void effectsInWordsAndUnits() {
    Sample image = new Sample("train/1234", "image 1234", "3");
    assertThat(
            Words.removal(
                new Effect(image, 0.0712, 0.0803, Badge.VERIFIED, null),
                "query 412",
                "squared distance",
                0.116))
        .isEqualTo(
            "Removing image 1234 moves query 412 away from its wrong neighbour: squared distance"
                + " 0.116 \u2192 0.196 (verified).");
    assertThat(
            Words.removal(
                new Effect(image, -0.5, null, Badge.STABLE, null),
                "query 1",
                "squared distance",
                1.25))
        .isEqualTo(
            "Removing image 1234 would move query 1 towards its wrong neighbour: squared"
                + " distance 1.25 \u2192 0.75 (predicted, stable).");
    assertThat(Words.raising(new Effect(image, 0.0012, null, Badge.UNSTABLE, null), "recall", 0.5))
        .isEqualTo(
            "Unstable, do not act on it: removing image 1234 was predicted to raise recall: 0.5000"
                + " \u2192 0.5012.");
    assertThat(
            Words.raising(new Effect(image, 0.0006, 0.0075, Badge.MEASURED, null), "recall", 0.5))
        .isEqualTo(
            "Removing image 1234 raises recall: 0.5000 \u2192 0.5075 (measured; predicted"
                + " +0.00060).");
    assertThat(Words.change(0.1163, 3e-5)).isEqualTo("0.116300 \u2192 0.116330");
    assertThat(Words.change(0.1163, -1e-7)).isEqualTo("0.116, by less than 0.000001");
    assertThat(Words.moved("squared distance", 0.6604, 0.1163))
        .isEqualTo(
            "Re-convergence moved the squared distance from 0.660 (as delivered) to 0.116; effects"
                + " start there.");
    assertThat(Words.moved("squared distance", 0.66, 0.6601)).isNull();
    assertThat(List.of(Words.signed(123.4), Words.signed(-1.27), Words.signed(3.44e-4)))
        .containsExactly("+123", "-1.3", "+0.00034");
    assertThat(List.of(Words.signed(2e-9), Words.signed(0), Words.signed(Double.NaN)))
        .containsExactly("less than 0.000001", "0", "unknown");
  }

  @Test
  void longCurvesKeepTheirEnds() {
    double[] x = IntStream.rangeClosed(0, 10_000).asDoubleStream().toArray();
    Series thin = new Series("s", x, x);
    assertThat(thin.x()).hasSize(Series.MOST).startsWith(0).endsWith(10_000).isSorted();
    assertThatThrownBy(() -> new Series("s", x, new double[2])).hasMessageContaining("2 y");
  }
}
