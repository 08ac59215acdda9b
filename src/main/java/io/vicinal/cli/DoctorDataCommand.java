package io.vicinal.cli;

import io.vicinal.backend.Backend;
import io.vicinal.cli.common.Bar;
import io.vicinal.cli.common.DatasetOptions;
import io.vicinal.cli.common.DeviceOptions;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.SplitOptions;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.doctor.DataDoctor;
import io.vicinal.curate.doctor.Diagnosis;
import io.vicinal.curate.doctor.DoctorOptions;
import io.vicinal.curate.doctor.Severity;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.DatasetFormat;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vicinal doctor data}: what is wrong with a dataset. */
@Command(
    name = "data",
    sortOptions = false,
    header =
        "Find what is wrong with a dataset: files, duplicates, leaks, classes, pictures, features.",
    description = {
      "",
      "Reads and decodes every picture once. Finds files that cannot be read or are not what they",
      "are called; the same and nearly the same picture, first under two labels, then in two",
      "splits; classes of one sample and mistyped names; dark, blurred, blank, tiny and huge",
      "pictures. With --features also rows and features that say nothing or do not belong together.",
      "",
      "Exit code: 0 clean, 1 findings as bad as --fail-on says, 2 the arguments need a change.",
      "",
      "The folder of --out receives findings.csv (a row a finding, for scripts), doctor.json,",
      "report.html (with the pictures) and, for picture files, clean.csv: the dataset without what",
      "cannot be read and what is there twice under one label. No picture is ever changed.",
      ""
    },
    footer = {"", "Example:", "  vicinal doctor data photos --out checked --fail-on never"})
final class DoctorDataCommand implements Callable<Integer> {
  private static final String FINDINGS = "findings.csv";
  private static final String JSON = "doctor.json";
  private static final String PAGE = "report.html";
  private static final String CLEAN = "clean.csv";

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "PATH",
      description =
          "A folder, a .csv or .tsv as 'vicinal dataset' reads it, or a folder of features.")
  private Path path;

  @Mixin private DatasetOptions format;

  @Mixin private SplitOptions splits;

  @Option(
      names = "--features",
      paramLabel = "F",
      description = {
        "An array with a row a sample, or a folder of features: near pictures are found by them",
        "instead of by their looks."
      })
  private Path features;

  @Option(
      names = "--per-class",
      paramLabel = "K",
      description = "Samples of a class in a batch: classes with fewer are told.")
  private int perClass;

  @Option(
      names = "--fail-on",
      paramLabel = "SEVERITY",
      defaultValue = "warning",
      description = "Exit with 1 on: error, warning (or worse), never; default: ${DEFAULT-VALUE}.")
  private String failOn;

  @Option(
      names = "--show",
      paramLabel = "N",
      defaultValue = "3",
      description = "Findings of a kind that are printed; default: ${DEFAULT-VALUE}.")
  private int show;

  @Option(
      names = "--cosine",
      paramLabel = "C",
      defaultValue = "0.995",
      description = "Near by features: at least this; default: ${DEFAULT-VALUE}.")
  private double cosine;

  @Option(
      names = "--bits",
      paramLabel = "B",
      defaultValue = "8",
      description = {
        "Near by looks: at most so many of 64 bits of a perceptual hash differ, and ...",
        "default: ${DEFAULT-VALUE}."
      })
  private int bits;

  @Option(
      names = "--alike",
      paramLabel = "C",
      defaultValue = "0.99",
      description = {
        "... the pictures, reduced to 16 x 16 pixels, correlate by at least this;",
        "default: ${DEFAULT-VALUE}."
      })
  private double alike;

  @Option(
      names = "--pairs",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Near pairs that are looked at, the closest; default: ${DEFAULT-VALUE}.")
  private int pairs;

  @Option(
      names = "--tiny",
      paramLabel = "N",
      defaultValue = "32",
      description = "Tiny: a shorter side of fewer pixels; default: ${DEFAULT-VALUE}.")
  private int tiny;

  @Option(
      names = "--huge",
      paramLabel = "MP",
      defaultValue = "50",
      description = "Huge: more megapixels; default: ${DEFAULT-VALUE}.")
  private double huge;

  @Option(
      names = "--dark",
      paramLabel = "L",
      description = {
        "Dark: a mean luminance (0 to 1) below;",
        "default: 0.05, or a third of the median where that is less."
      })
  private double dark = Double.NaN;

  @Option(
      names = "--blurred",
      paramLabel = "V",
      description = {
        "Blurred: a variance of the Laplacian below, the longer side at most 256;",
        "default: 20, or a third of the median where that is less."
      })
  private double blurred = Double.NaN;

  @Option(
      names = "--empty",
      paramLabel = "BITS",
      description = {
        "Empty: an entropy of grey levels (0 to 8 bits) below;",
        "default: 0.5, or a third of the median where that is less."
      })
  private double empty = Double.NaN;

  @Option(
      names = "--imbalance",
      paramLabel = "R",
      defaultValue = "10",
      description =
          "Tell of a largest class of so many times the smallest; default: ${DEFAULT-VALUE}.")
  private double imbalance;

  @Option(names = "--out", paramLabel = "DIR", description = "Written; see above.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    Severity worst = failing();
    if (show < 0) {
      throw Text.wrong("--show: %d is not 0 or more", show);
    }
    if (features == null && isFeatures(path)) {
      features = path;
    }
    Path list = isFeatures(path) ? path.resolve(FeatureFolder.TABLE) : path;
    try (Backend backend = device.open()) {
      DoctorOptions options =
          new DoctorOptions(
              perClass,
              cosine,
              bits,
              alike,
              pairs,
              tiny,
              huge,
              dark,
              blurred,
              empty,
              imbalance,
              backend.threads());
      DatasetFormat layout = format.of(list);
      if (out == null) {
        return told(look(list, layout, options, backend), worst, spec.commandLine().getOut());
      }
      try (OutputFolder folder =
          new OutputFolder(out, List.of(FINDINGS, JSON, PAGE, CLEAN), outputs)) {
        Diagnosis found = look(list, layout, options, backend);
        DoctorFiles.findings(found, folder.file(FINDINGS));
        DoctorFiles.json(path, found, folder.file(JSON));
        DoctorPage.write(path, found, folder.file(PAGE));
        boolean files = found.data().pixels() == null;
        int[] clean = found.clean();
        if (files && clean.length > 0) {
          DatasetTable.write(
              found.data().subset(clean), folder.file(CLEAN), out.toAbsolutePath().normalize());
        }
        folder.commit(List.of(CLEAN));
        PrintWriter console = spec.commandLine().getOut();
        int code = told(found, worst, console);
        console.println();
        console.println(
            Text.say(
                "written: %s, %s, %s in %s",
                FINDINGS,
                JSON,
                PAGE
                    + (files
                        ? Text.say(
                            ", %s (%s of %s)",
                            CLEAN,
                            Text.say("%,d", clean.length),
                            Text.count(found.data().size(), "sample", "samples"))
                        : ""),
                out));
        return code;
      }
    }
  }

  private static boolean isFeatures(Path folder) {
    return FeatureFolder.of(folder) != null && Files.isDirectory(folder);
  }

  private Diagnosis look(Path list, DatasetFormat layout, DoctorOptions options, Backend backend) {
    try (Bar bar = new Bar("pictures")) {
      int[] all = new int[1];
      return DataDoctor.look(
          list,
          layout,
          data -> {
            Dataset chosen = chosen(data);
            all[0] = chosen.size();
            return chosen;
          },
          features,
          options,
          backend,
          done -> bar.show(done, all[0], "read"));
    }
  }

  /** What is looked at; samples of a folder of features are called as everywhere. */
  private Dataset chosen(Dataset read) {
    Path root = isFeatures(path) ? FeatureFolder.of(path).root() : null;
    Dataset data = root == null ? read : read.below(root);
    return splits.of(data, path);
  }

  /** The mildest severity that fails; null for none. */
  private Severity failing() {
    return switch (failOn) {
      case "error" -> Severity.ERROR;
      case "warning" -> Severity.WARNING;
      case "never" -> null;
      default ->
          throw Text.wrong("--fail-on: '%s' is unknown; choose error, warning or never", failOn);
    };
  }

  private int told(Diagnosis found, Severity mildest, PrintWriter console) {
    DoctorWords.print(path, found, show, console);
    boolean fails =
        mildest != null
            && found.findings().keySet().stream()
                .anyMatch(kind -> kind.severity().compareTo(mildest) <= 0);
    return fails ? ExitCode.SOFTWARE : ExitCode.OK;
  }
}
