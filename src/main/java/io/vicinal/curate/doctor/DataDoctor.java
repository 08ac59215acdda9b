package io.vicinal.curate.doctor;

import io.vicinal.backend.Backend;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.DatasetFormat;
import io.vicinal.data.dataset.Datasets;
import io.vicinal.data.image.DatasetImages;
import io.vicinal.data.image.ImageMeasures;
import io.vicinal.tensor.Arena;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;

/**
 * Looks a dataset over: its list, every picture once, its classes, its features. Stateless, so safe
 * for any thread.
 */
public final class DataDoctor {
  private DataDoctor() {}

  /**
   * Looks.
   *
   * @param chosen which samples of the dataset are looked at
   * @param features an array or a folder of features; null for none
   * @param backend compares features; null only where there are none
   * @param progress is told how many pictures are done
   * @throws io.vicinal.InputException if there is no dataset, or no array
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  public static Diagnosis look(
      Path path,
      DatasetFormat format,
      UnaryOperator<Dataset> chosen,
      Path features,
      DoctorOptions options,
      Backend backend,
      IntConsumer progress) {
    List<Finding> findings = new ArrayList<>();
    Dataset all = Datasets.open(path, format, true);
    for (String sentence : all.leftOut()) {
      findings.add(leftOut(path, sentence, findings.size()));
    }
    Dataset data = chosen.apply(all);
    // the first is about those that were left out, which are told one by one
    for (String note : data.notes().subList(all.leftOut().isEmpty() ? 0 : 1, data.notes().size())) {
      findings.add(Finding.of(FindingKind.DATASET, "dataset", note, Double.NaN, findings.size()));
    }
    if (data.formatName().equals("folder")) {
      findings.addAll(LeftOutFiles.of(all));
    }
    findings.addAll(ClassChecks.of(data, options));
    PictureScan scan = PictureScan.of(new DatasetImages(data), options.threads(), progress);
    DoctorOptions settled = PictureChecks.settled(options, scan);
    findings.addAll(PictureChecks.of(data, scan, settled));
    DuplicateSearch duplicates = new DuplicateSearch(data, scan.measures());
    duplicates.equal();
    boolean compared =
        features != null && features(features, data, scan, options, backend, duplicates, findings);
    if (!compared) {
      duplicates.nearByHash(options.bits(), options.alike(), options.pairs());
    }
    findings.addAll(duplicates.findings());
    return new Diagnosis(
        data,
        settled,
        (int) Arrays.stream(scan.why()).filter(why -> why == null).count(),
        Diagnosis.byKind(findings),
        compared ? "features" : "perceptual hash",
        duplicates.near(),
        duplicates.keptNear(),
        measures(scan));
  }

  /** A sentence begins with a file, whose name may have colons. */
  private static Finding leftOut(Path path, String sentence, int order) {
    String file = path.toString();
    String what = sentence;
    for (int at = sentence.indexOf(": "); at > 0; at = sentence.indexOf(": ", at + 1)) {
      if (Files.exists(Path.of(sentence.substring(0, at)), LinkOption.NOFOLLOW_LINKS)) {
        file = sentence.substring(0, at);
        what = sentence.substring(at + 2);
        break;
      }
    }
    return Finding.of(FindingKind.NO_SAMPLE, file, what, Double.NaN, order);
  }

  /** Whether near samples were found by features. */
  private static boolean features(
      Path path,
      Dataset data,
      PictureScan scan,
      DoctorOptions options,
      Backend backend,
      DuplicateSearch duplicates,
      List<Finding> findings) {
    boolean[] unreadable = new boolean[data.size()];
    for (int id = 0; id < unreadable.length; id++) {
      unreadable[id] = scan.measures()[id] == null;
    }
    try (Arena arena = Arena.host()) {
      SampleFeatures features = SampleFeatures.read(path, data, unreadable, arena);
      if (features.problem() != null) {
        findings.add(
            Finding.of(
                FindingKind.FEATURE_COUNT, path.toString(), features.problem(), Double.NaN, 0));
      }
      FeatureChecks checks = new FeatureChecks(features);
      findings.addAll(checks.findings());
      if (features.ids() == null) {
        return false;
      }
      boolean[] compared = checks.usable();
      for (int row = 0; row < compared.length; row++) {
        int id = features.ids()[row];
        compared[row] &= id >= 0 && duplicates.stays(id);
      }
      SampleFeatures usable = features.kept(compared, arena);
      duplicates.nearByFeatures(
          usable.rows(), usable.ids(), options.cosine(), options.pairs(), backend);
      return true;
    }
  }

  private static Map<String, double[]> measures(PictureScan scan) {
    Map<String, double[]> all = new LinkedHashMap<>();
    all.put("luminance", PictureChecks.quantiles(scan, ImageMeasures::luminance));
    all.put("sharpness", PictureChecks.quantiles(scan, ImageMeasures::sharpness));
    all.put("entropy", PictureChecks.quantiles(scan, ImageMeasures::entropy));
    all.put(
        "shorter_side",
        PictureChecks.quantiles(
            scan, picture -> Math.min(picture.header().width(), picture.header().height())));
    return all;
  }
}
