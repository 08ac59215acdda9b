package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.report.Pixels;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What is explained: a run folder, or arrays with a head; and the test samples that it confuses.
 */
final class ModelOptions {
  private static final Pattern SIZE =
      Pattern.compile("(3x)?([1-9]\\d{0,4})x([1-9]\\d{0,4})(x[13])?");

  @Option(
      names = "--run",
      paramLabel = "DIR",
      description = "A run folder of 'train': its data, head and loss, in place of the arrays.")
  Path run;

  @Option(
      names = "--features",
      paramLabel = "X.npy",
      description = {
        "[N, D], trained on. From 1 GiB on it is mapped, not read; see --plain. Or a folder of",
        "'features', which has labels and names: its split train, FOLDER:SPLIT for another."
      })
  Path features;

  @Option(
      names = "--labels",
      paramLabel = "y.npy",
      description = "[N], the proxy row of each sample's class, 0..C-1, or its name.")
  Path labels;

  @Option(
      names = "--head",
      paramLabel = "HEAD",
      description = "head.safetensors with weight [d, D], bias [d] or none, proxies [C*K, d].")
  Path head;

  @Option(names = "--loss", paramLabel = "NAME", description = "The loss it was trained with.")
  String loss;

  @Option(
      names = "--param",
      paramLabel = "KEY=VALUE",
      description = "A parameter of the loss; repeatable.")
  Map<String, String> params = new LinkedHashMap<>();

  @Option(
      names = "--test-features",
      paramLabel = "T.npy",
      description = {
        "[M, D]; their classes need not be those of training. Default, with --run or where a test set",
        "is needed: the split test of a folder of features or of a dataset; with --run and without",
        "such, the samples held out for validation."
      })
  Path testFeatures;

  @Option(names = "--test-labels", paramLabel = "ty.npy", description = "[M].")
  Path testLabels;

  @Option(
      names = "--class-names",
      paramLabel = "LIST",
      description = {
        "What to call class 0, 1, ...: a .txt with a name a line, or FILE.csv:COLUMN. Known where",
        "labels are texts, of runs that have names, and of datasets."
      })
  Path classNames;

  @Option(
      names = "--sample-names",
      paramLabel = "LIST",
      description = "What to call the N samples, likewise.")
  Path sampleNames;

  @Option(
      names = "--test-sample-names",
      paramLabel = "LIST",
      description = "What to call the M test samples, likewise.")
  Path testSampleNames;

  @Option(
      names = "--pixels",
      paramLabel = "HxW",
      description = {
        "The features are pixels, H rows of W, grey or in colour (HxWx3, or 3xHxW plane by plane):",
        "reports show them. Known of runs that were trained on a dataset of images."
      })
  String pixels;

  @Option(
      names = "--pictures",
      paramLabel = "FOLDER|CSV",
      description = {
        "Pictures of the training samples for reports (JPEG, PNG, WebP, GIF, BMP): a folder of files",
        "that are called like the samples or their positions, such as 17.png, or a CSV of positions",
        "and paths. Those of a folder of features are known."
      })
  Path pictures;

  @Option(
      names = "--test-pictures",
      paramLabel = "FOLDER|CSV",
      description = "The same of the test samples.")
  Path testPictures;

  @Option(
      names = "--images",
      paramLabel = "PATH",
      description = {
        "Where the dataset of a folder of features is now, if its pictures were moved since: its",
        "folder, or its table."
      })
  Path images;

  @Mixin DeviceOptions device = new DeviceOptions();

  /** Refuses combinations that cannot be meant, before anything is read. */
  void check(boolean withTest) {
    check(true, withTest);
  }

  /** The same where a head is trained if none is named. */
  void checkLabels(boolean withTest) {
    check(false, withTest);
  }

  /** Takes the split {@code test} of a folder of features where no test set is named. */
  void testDefault(Path trained) {
    if (testFeatures == null && testLabels == null) {
      testFeatures = FeatureFolder.part(trained, Dataset.TEST);
      testLabels = testFeatures;
      testSampleNames = FeatureFolder.or(testSampleNames, testFeatures);
    }
  }

  private void check(boolean headNeeded, boolean withTest) {
    if (withTest) {
      testDefault(features);
    }
    features = FeatureFolder.training(features);
    labels = FeatureFolder.or(labels, features);
    sampleNames = FeatureFolder.or(sampleNames, features, labels);
    testFeatures = FeatureFolder.measured(testFeatures);
    testLabels = FeatureFolder.or(testLabels, testFeatures);
    testSampleNames = FeatureFolder.or(testSampleNames, testFeatures, testLabels);
    if (run != null) {
      refuse("--features", features);
      refuse("--labels", labels);
      refuse("--head", head);
      refuse("--loss", loss);
      refuse("--param", params.isEmpty() ? null : params);
    } else {
      String others =
          headNeeded ? "--features, --labels, --head and --loss" : "--features and --labels";
      require("--features", features, others);
      require("--labels", labels, others);
      if (headNeeded || head != null) {
        require("--head", head, others);
        require("--loss", loss, others);
      }
    }
    if ((testFeatures == null) != (testLabels == null)) {
      throw new InputException(
          (testFeatures == null ? "--test-features" : "--test-labels")
              + ": is missing; a test set is a pair of files");
    }
    if (testSampleNames != null && testFeatures == null && run == null) {
      throw new InputException("--test-sample-names: there is no test set to name; leave it out");
    }
  }

  /**
   * Some features as pictures, or null if they are not said to be any.
   *
   * @param features [N, D]
   */
  Pixels pixels(Tensor features) {
    if (pixels == null) {
      return null;
    }
    Matcher matcher = SIZE.matcher(pixels);
    if (!matcher.matches() || matcher.group(1) != null && matcher.group(4) != null) {
      throw new InputException(
          "--pixels: '" + pixels + "' is no size; give one such as 28x28 or 32x32x3");
    }
    boolean planes = matcher.group(1) != null;
    int height = Integer.parseInt(matcher.group(2));
    int width = Integer.parseInt(matcher.group(3));
    int channels = planes || "x3".equals(matcher.group(4)) ? 3 : 1;
    if ((long) height * width * channels != features.dim(1)) {
      throw new InputException(
          "--pixels: " + pixels + " is another number than the " + features.dim(1) + " features");
    }
    return Pixels.of(features, width, height, channels, planes);
  }

  private static void refuse(String option, Object value) {
    if (value != null) {
      throw new InputException(option + ": --run names it already; keep one of the two");
    }
  }

  private static void require(String option, Object value, String others) {
    if (value == null) {
      throw new InputException(option + ": is missing; name a run folder with --run, or " + others);
    }
  }
}
