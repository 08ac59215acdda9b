package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.data.FashionMnist;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo on the first images of the real data, so that it takes seconds. */
class DemoCommandTest {
  private static final int TRAIN = 4000;
  private static final int TEST = 1000;
  private static final int BLUE = 0xff2b6cd4;

  @TempDir private Path folder;

  @Test
  void beatsPixelsOnUnseenImagesAndReportsUnseenClasses() throws IOException {
    assumeThat(FashionMnist.FOLDER).as("dataset-fashion-mnist is not installed").isDirectory();
    for (String part : new String[] {"train", "t10k"}) {
      int count = part.equals("train") ? TRAIN : TEST;
      shorten(part + "-images-idx3-ubyte.gz", 16, 784, count);
      shorten(part + "-labels-idx1-ubyte.gz", 8, 1, count);
    }
    Path run = folder.resolve("run");
    Outcome outcome = Outcome.of("demo", "--run", run, "--data", folder).succeeded();
    assertThat(outcome.out())
        .contains("training on T-shirt/top, Trouser, Pullover, Dress, Coat")
        .contains("raw pixels", "centred pixels", "embedding", "MAP@R", "linear map of pixels")
        .contains("Ankle boot   finds")
        .contains("wrong labels: ", "found: ranked by", "repaired, ", "explained: ");

    String text = Files.readString(run.resolve("demo.json"));
    JsonObject json = JsonParser.parseString(text).getAsJsonObject();
    assertThat(mapAtR(json, "seen", "embedding"))
        .isGreaterThan(mapAtR(json, "seen", "raw pixels") + 0.05)
        .isGreaterThan(mapAtR(json, "seen", "raw pixels, L2") + 0.05);
    assertThat(mapAtR(json, "unseen", "embedding")).isBetween(0.0, 1.0);
    assertThat(json.get("sentence").getAsString()).contains("never saw");
    assertThat(json.get("howChosen").getAsString()).contains("held out");
    JsonObject story = json.getAsJsonObject("story");
    assertThat(story.get("auc").getAsDouble()).isGreaterThan(0.9);
    for (String kind : new String[] {"symmetric", "similar"}) {
      JsonObject repair = story.getAsJsonObject(kind);
      assertThat(repair.get("auc").getAsDouble()).as(kind).isGreaterThan(0.85);
      assertThat(repair.get("restored").getAsDouble()).as(kind).isGreaterThan(0.5);
      double hurt = recall(repair, "noisy", "galleryRecall");
      assertThat(recall(story, "clean", "galleryRecall")).as(kind).isGreaterThan(hurt);
      assertThat(recall(repair, "repaired", "galleryRecall")).as(kind).isGreaterThan(hurt);
      assertThat(outcome.out().replaceAll("\\s+", " ")) // the harder number first, then the other
          .as(kind)
          .containsPattern(
              String.format(
                  Locale.ROOT,
                  "R@1 among the test images, .{0,80}%.1f %% with it and .{0,60} points %s the noisy"
                      + " head.{0,5}The nearest training image carries .{0,80}%.1f %% with it",
                  100 * recall(repair, "noisy", "recall"),
                  recall(repair, "repaired", "recall") < recall(repair, "noisy", "recall")
                      ? "below"
                      : "above",
                  100 * hurt))
          .contains(
              String.format(
                  Locale.ROOT,
                  "%d become right (%.0f expected) and %d had been right (%.0f expected)",
                  repair.get("mended").getAsInt(),
                  repair.getAsJsonObject("expected").get("mended").getAsDouble(),
                  repair.get("broken").getAsInt(),
                  repair.getAsJsonObject("expected").get("broken").getAsDouble()));
    }
    assertThat(story.get("verified").getAsInt()).isPositive();
    assertThat(Files.readString(run.resolve("report.html")))
        .contains("Wrong labels in Fashion-MNIST", "data:image/png;base64", "train/");
    for (String file : new String[] {"config.json", "metrics.jsonl", "head.safetensors"}) {
      assertThat(run.resolve(file)).isNotEmptyFile();
    }
    BufferedImage picture = ImageIO.read(run.resolve("neighbours.png").toFile());
    assertThat(picture.getRGB(7, 7)).as("the first query's frame").isEqualTo(BLUE);

    Outcome.of("demo", "--run", run, "--data", folder).failed(2, "already holds a run");
  }

  @Test
  void withoutTheDataItNamesThePackage() {
    Path none = folder.resolve("none");
    Outcome.of("demo", "--run", folder.resolve("run"), "--data", none)
        .failed(2, "none", "apt-get install dataset-fashion-mnist", "--data");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  private static double mapAtR(JsonObject json, String part, String row) {
    JsonObject values = json.getAsJsonObject(part).getAsJsonObject("values");
    return values.getAsJsonObject(row).get("map@r").getAsDouble();
  }

  private static double recall(JsonObject json, String head, String which) {
    return json.getAsJsonObject(head).get(which).getAsDouble();
  }

  /** Copies the first {@code count} items of an IDX file. */
  private void shorten(String name, int header, int item, int count) throws IOException {
    try (InputStream in =
            new GZIPInputStream(Files.newInputStream(FashionMnist.FOLDER.resolve(name)));
        OutputStream out = new GZIPOutputStream(Files.newOutputStream(folder.resolve(name)))) {
      byte[] bytes = in.readNBytes(header + item * count);
      ByteBuffer.wrap(bytes).putInt(4, count);
      out.write(bytes);
    }
  }
}
