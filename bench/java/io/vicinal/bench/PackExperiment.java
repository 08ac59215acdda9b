package io.vicinal.bench;

import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.image.ImagePacker;
import io.vicinal.data.image.ImageReader;
import io.vicinal.data.image.ImageRecipe;
import io.vicinal.data.image.ImageSource;
import io.vicinal.data.image.PackedForm;
import io.vicinal.data.image.PackedImages;
import io.vicinal.data.image.PixelScale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The epoch of {@link ImageWork} from packed files against the folder, in turns: files as they are,
 * pixels, pixels whose shorter side is 256, and JPEG of quality 90 with that side.
 */
final class PackExperiment implements Experiment {
  private static final double LEAST = 1.5;
  private static final String[] NAMES = {"folder", "files", "pixels", "pixels-256", "jpeg-256"};
  private static final PackedForm[] FORMS = {
    null,
    PackedForm.FILES,
    new PackedForm(true, 0, 0),
    new PackedForm(true, 256, 0),
    new PackedForm(false, 256, 90)
  };

  @Override
  public String name() {
    return "images-packed";
  }

  @Override
  public Outcome run(Backend backend, boolean quick, Path folder) throws Exception {
    int count = quick ? 32 : 512;
    int rounds = quick ? 2 : 7;
    Path photos = folder.resolve("photos");
    ImageFiles files = new ImageFiles(photos, Photographs.write(photos, count, 60));
    List<ImageSource> sources = new ArrayList<>(List.of(files));
    List<ImageReader> readers = new ArrayList<>();
    double[][] ms = new double[NAMES.length][rounds];
    JsonObject json = new JsonObject();
    try {
      for (int k = 1; k < NAMES.length; k++) {
        Path out = folder.resolve(NAMES[k] + ".pack");
        new ImagePacker(files, out, FORMS[k], false).run(backend.threads(), done -> {});
        sources.add(new PackedImages(out));
        json.addProperty(NAMES[k] + "_bytes", Files.size(out));
      }
      for (ImageSource source : sources) {
        readers.add(
            new ImageReader(
                source,
                ImageRecipe.named("base").training(),
                PixelScale.named("imagenet"),
                backend.threads(),
                2));
      }
      for (int round = -1; round < rounds; round++) { // the first one is not counted
        for (int k = 0; k < NAMES.length; k++) {
          long start = System.nanoTime();
          ImageReader.Batches batches =
              readers.get(k).epoch(1, round + 1, ImageWork.order(count).iterator());
          while (batches.hasNext()) {
            batches.next();
          }
          batches.close();
          if (round >= 0) {
            ms[k][round] = (System.nanoTime() - start) / 1e6;
          }
        }
      }
    } finally {
      readers.forEach(ImageReader::close);
      sources.forEach(ImageSource::close);
    }
    List<String> table = new ArrayList<>();
    double base = median(ms[0]);
    for (int k = 0; k < NAMES.length; k++) {
      double ratio = base / median(ms[k]);
      json.addProperty(NAMES[k] + "_ms", median(ms[k]));
      json.addProperty(NAMES[k] + "_ratio", ratio);
      table.add(
          String.format(
              Locale.ROOT,
              "  %-11s %6.0f pictures/s, %.2f x the folder%s",
              NAMES[k],
              1000 * count / median(ms[k]),
              ratio,
              k == 2 ? String.format(Locale.ROOT, " (at least %.1f)", LEAST) : ""));
    }
    json.addProperty("ratio_target", LEAST);
    return new Outcome(table, json, base / median(ms[2]) >= LEAST);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
