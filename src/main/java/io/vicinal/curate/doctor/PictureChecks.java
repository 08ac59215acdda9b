package io.vicinal.curate.doctor;

import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.image.ImageHeader;
import io.vicinal.data.image.ImageMeasures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** What is wrong with single pictures. Stateless. */
final class PictureChecks {
  private static final double MEGA = 1e6;
  private static final double[] HUNDREDTHS = {0.01, 0.05, 0.5, 0.95, 0.99};
  private static final int MEDIAN = 2;

  /** Where most pictures have no colour it is not what tells one from the others. */
  private static final double FEW = 0.5;

  private static final Map<String, ImageHeader.Format> ENDINGS =
      Map.of(
          "jpg", ImageHeader.Format.JPEG,
          "jpeg", ImageHeader.Format.JPEG,
          "jpe", ImageHeader.Format.JPEG,
          "png", ImageHeader.Format.PNG,
          "webp", ImageHeader.Format.WEBP);

  private PictureChecks() {}

  /** The thresholds where none were given: what a whole dataset is like is no finding. */
  static DoctorOptions settled(DoctorOptions o, PictureScan scan) {
    return new DoctorOptions(
        o.perClass(),
        o.cosine(),
        o.bits(),
        o.alike(),
        o.pairs(),
        o.tiny(),
        o.huge(),
        settled(o.dark(), DoctorOptions.DARK, scan, ImageMeasures::luminance),
        settled(o.blurred(), DoctorOptions.BLURRED, scan, ImageMeasures::sharpness),
        settled(o.empty(), DoctorOptions.EMPTY, scan, ImageMeasures::entropy),
        o.imbalance(),
        o.threads());
  }

  private static double settled(
      double given, double standard, PictureScan scan, ToDoubleFunction<ImageMeasures> of) {
    double median = quantiles(scan, of)[MEDIAN];
    return !Double.isNaN(given) ? given : median / 3 < standard ? median / 3 : standard;
  }

  static List<Finding> of(Dataset data, PictureScan scan, DoctorOptions options) {
    List<Finding> findings = new ArrayList<>();
    long grey = 0;
    long read = 0;
    for (ImageMeasures picture : scan.measures()) {
      read += picture == null ? 0 : 1;
      grey += picture != null && picture.isGrey() ? 1 : 0;
    }
    boolean colourful = grey < FEW * read;
    for (int id = 0; id < data.size(); id++) {
      ImageMeasures picture = scan.measures()[id];
      if (picture == null) {
        String why = scan.why()[id];
        boolean cut = why.contains("truncated");
        findings.add(
            Finding.of(
                cut ? FindingKind.TRUNCATED : FindingKind.UNREADABLE, id, why, Double.NaN, id));
        continue;
      }
      file(data.file(id), id, picture, options, findings);
      look(id, picture, options, findings);
      if (colourful && picture.isGrey()) {
        findings.add(Finding.of(FindingKind.GREY, id, "has no colour", picture.colour(), id));
      }
    }
    return findings;
  }

  private static void file(
      Path file, int id, ImageMeasures picture, DoctorOptions options, List<Finding> findings) {
    ImageHeader header = picture.header();
    ImageHeader.Format named = file == null ? null : ENDINGS.get(ending(file));
    if (named != null && named != header.format()) {
      String what = "is a " + header.format() + " picture";
      findings.add(Finding.of(FindingKind.MISNAMED, id, what, Double.NaN, id));
    }
    if (header.orientation() > 1) {
      String what = "EXIF orientation " + header.orientation();
      findings.add(Finding.of(FindingKind.ROTATED, id, what, header.orientation(), id));
    }
    int shorter = Math.min(header.width(), header.height());
    double mega = header.width() * (double) header.height() / MEGA;
    String size = header.uprightWidth() + " x " + header.uprightHeight() + " pixels";
    if (file != null && shorter < options.tiny()) {
      findings.add(Finding.of(FindingKind.TINY, id, size, shorter, shorter));
    }
    if (mega > options.huge()) {
      findings.add(Finding.of(FindingKind.HUGE, id, size, mega, -mega));
    }
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** One thing is said of a picture: a blank one is not blurred as well. */
  private static void look(
      int id, ImageMeasures picture, DoctorOptions options, List<Finding> findings) {
    if (picture.entropy() < options.empty()) {
      add(FindingKind.EMPTY, id, "entropy %.2f bits", picture.entropy(), findings);
    } else if (picture.luminance() < options.dark()) {
      add(FindingKind.DARK, id, "mean luminance %.3f", picture.luminance(), findings);
    } else if (picture.sharpness() < options.blurred()) {
      add(FindingKind.BLURRED, id, "variance of the Laplacian %.1f", picture.sharpness(), findings);
    }
  }

  private static void add(
      FindingKind kind, int id, String format, double value, List<Finding> findings) {
    findings.add(Finding.of(kind, id, String.format(Locale.ROOT, format, value), value, value));
  }

  /** The 1st, 5th, 50th, 95th and 99th hundredth of a measure, for choosing thresholds. */
  static double[] quantiles(PictureScan scan, ToDoubleFunction<ImageMeasures> of) {
    double[] sorted =
        Arrays.stream(scan.measures()).filter(Objects::nonNull).mapToDouble(of).sorted().toArray();
    return Arrays.stream(HUNDREDTHS)
        .map(at -> sorted.length == 0 ? Double.NaN : sorted[(int) (at * (sorted.length - 1))])
        .toArray();
  }
}
