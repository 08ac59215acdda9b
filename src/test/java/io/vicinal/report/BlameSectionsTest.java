package io.vicinal.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.influence.query.Pair;
import io.vicinal.influence.verify.Badge;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** What a page says of whom is of that one: order, names, labels, pictures. */
class BlameSectionsTest {
  private static final int ROWS = 20;

  /** Every row is a picture of one grey of its own, and its id is not its row. */
  private static Gallery.Shelf shelf(String word, double offset, long[] right) {
    long[] ids = IntStream.range(0, ROWS).mapToLong(i -> 1000 + 7L * i).toArray();
    long[] labels = IntStream.range(0, ROWS).mapToLong(i -> i % 3).toArray();
    Pixels pixels =
        new Pixels(
            4,
            4,
            row -> {
              float[] grey = new float[16];
              Arrays.fill(grey, (float) (offset + row / 50.0));
              return grey;
            });
    return new Gallery.Shelf(word, ids, labels, right, label -> "class " + label, pixels);
  }

  private static double grey(Gallery gallery, Sample sample) throws IOException {
    String uri = gallery.pictures().uris().get(sample.key());
    byte[] png = Base64.getDecoder().decode(uri.substring(uri.indexOf(',') + 1));
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    return image.getRaster().getSample(image.getWidth() / 2, image.getHeight() / 2, 0) / 255.0;
  }

  @Test
  void samplesAreThoseOfTheirScores() throws IOException {
    long[] right = IntStream.range(0, ROWS).mapToLong(i -> i == 11 ? 0 : i % 3).toArray();
    Gallery gallery = new Gallery(shelf("image", 0, right), shelf("query", 0.5, null));
    double[] scores = new double[ROWS];
    scores[11] = 0.5;
    scores[3] = 0.9;
    scores[17] = 0.1;
    scores[8] = -0.4;
    scores[5] = -0.7;
    scores[2] = Double.NaN;
    Blame blame =
        new Blame(
            List.of(
                new Blame.Item(
                    "a pair",
                    "query 1014",
                    false,
                    "squared distance",
                    List.of(new Pair(2, 6)),
                    new double[] {0.25},
                    0.66,
                    0.25,
                    scores,
                    0)),
            null,
            null,
            null,
            0,
            Double.NaN);
    BlameSections sections = new BlameSections(blame, gallery, Map.of(3, "class 2"));
    assertThat(sections.shown(1)).containsExactly(3, 11, 17);
    assertThat(sections.shown(-1)).containsExactly(5, 8);

    Section.ConfusionsSection page = (Section.ConfusionsSection) sections.confusions("lead");
    Section.Confusion shown = page.items().get(0);
    assertThat(shown.moved()).contains("from 0.660 (as delivered) to 0.250");
    assertThat(shown.harmful())
        .extracting(effect -> effect.sample().name())
        .containsExactly("image 1021", "image 1077", "image 1119");
    assertThat(shown.helpful())
        .extracting(effect -> effect.sample().name())
        .containsExactly("image 1035", "image 1056");
    assertThat(shown.harmful().get(0).predicted()).isEqualTo(0.9);
    assertThat(shown.harmful().get(0).proposed()).isEqualTo("class 2");
    assertThat(shown.harmful().get(1).sample().label()).isEqualTo("class 2");
    assertThat(shown.harmful().get(1).sample().clean()).isEqualTo("class 0");
    assertThat(shown.harmful().get(0).sample().clean()).isNull();
    assertThat(shown.harmful().get(0).badge()).isEqualTo(Badge.PREDICTED);

    assertThat(grey(gallery, shown.harmful().get(0).sample())).isCloseTo(3 / 50.0, within(0.01));
    assertThat(grey(gallery, shown.helpful().get(0).sample())).isCloseTo(5 / 50.0, within(0.01));
    Section.WrongNeighbour pair = shown.pairs().get(0);
    assertThat(grey(gallery, gallery.query(2))).isCloseTo(0.5 + 2 / 50.0, within(0.01));
    assertThat(pair.distance()).isEqualTo(0.25);
  }
}
