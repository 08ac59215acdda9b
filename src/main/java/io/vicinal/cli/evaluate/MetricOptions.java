package io.vicinal.cli.evaluate;

import io.vicinal.InputException;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.retrieval.Grades;
import io.vicinal.retrieval.KMeans;
import io.vicinal.retrieval.MetricCompat;
import io.vicinal.retrieval.MetricSettings;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import picocli.CommandLine.Option;

/** What single metrics need beyond embeddings and labels. For one thread. */
final class MetricOptions {
  @Option(
      names = "--compat",
      paramLabel = "NAMES",
      description = {
        "Reproduce known defects of other code, separated by commas; 'vicinal list metrics' has",
        "them. Every output says so."
      })
  private String compat;

  @Option(
      names = "--relevance",
      paramLabel = "R.npy",
      description =
          "For ndcg@k: [C, C], how relevant class c (column) is to class q (row), from 0.")
  private Path relevance;

  @Option(
      names = "--levels",
      paramLabel = "L.npy",
      description = {
        "For ndcg@k: [C, L], the groups that class c is in, the coarsest first; relevance is the",
        "number of shared ones, and one more within a class."
      })
  private Path levels;

  @Option(
      names = "--uncertainty",
      paramLabel = "U.npy",
      description = "[N], for unc-given and --out-uncertain: larger is less certain.")
  private Path uncertainty;

  @Option(
      names = "--vote-temperature",
      paramLabel = "T",
      defaultValue = "" + MetricSettings.VOTE_TEMPERATURE,
      description = "Of votes, for vote-acc@k and vote-logl@k; default: ${DEFAULT-VALUE}.")
  private double temperature;

  @Option(
      names = "--cluster-seed",
      paramLabel = "S",
      defaultValue = "" + KMeans.SEED,
      description = "Of k-means; default: ${DEFAULT-VALUE}.")
  private int seed;

  @Option(
      names = "--cluster-starts",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of k-means, the best is kept; default: 10, or 1 where it would take long.")
  private int starts;

  @Option(
      names = "--training-classes",
      paramLabel = "N",
      defaultValue = "0",
      description = "How many classes were trained on, for --compat training-clusters.")
  private int trainingClasses;

  /** The defects to reproduce. */
  Set<MetricCompat> compat() {
    return compat == null ? Set.of() : MetricCompat.parse(compat);
  }

  /**
   * @param rows of the queries, from {@code file}
   */
  MetricSettings read(ArrayFiles files, Path file, long rows) {
    if (relevance != null && levels != null) {
      throw new InputException(
          "--levels: grades relevance, as --relevance does; give one of the two");
    }
    if (compat().contains(MetricCompat.TRAINING_CLUSTERS) != (trainingClasses != 0)) {
      throw new InputException(
          trainingClasses == 0
              ? "--compat: training-clusters needs --training-classes; say how many were trained on"
              : "--training-classes: is of --compat training-clusters alone; leave it out");
    }
    MetricSettings settings =
        new MetricSettings(
            compat(), Grades.classes(), null, temperature, seed, starts, trainingClasses);
    if (relevance != null) {
      settings = settings.withGrades(named(relevance, () -> Grades.matrix(rows(files, relevance))));
    }
    if (levels != null) {
      settings = settings.withGrades(named(levels, () -> Grades.levels(whole(files))));
    }
    if (uncertainty != null) {
      String meaning = "one number for each of the rows of " + file;
      settings =
          settings.withUncertainty(
              files.exactly(uncertainty, DType.F64, meaning, rows).toDoubles());
    }
    return settings;
  }

  /** A message about grades, of the file that they are from. */
  String named(String message) {
    String said = EvaluateCommand.named(message, "relevance", relevance);
    return EvaluateCommand.named(said, "levels", levels);
  }

  private interface Reading {
    Grades grades();
  }

  private static Grades named(Path file, Reading reading) {
    try {
      return reading.grades();
    } catch (InputException e) {
      String said = e.getMessage();
      throw said.startsWith(file.toString())
          ? e
          : new InputException(file + ": " + said.replaceFirst("^\\w+: ", ""), e);
    }
  }

  private static double[][] rows(ArrayFiles files, Path file) {
    Tensor matrix = files.matrix(file, DType.F64);
    double[][] rows = new double[(int) matrix.dim(0)][];
    Arrays.setAll(rows, i -> matrix.rows(i, i + 1L).toDoubles());
    return rows;
  }

  private long[][] whole(ArrayFiles files) {
    double[][] rows = rows(files, levels);
    long[][] whole = new long[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      whole[i] = new long[rows[i].length];
      for (int j = 0; j < whole[i].length; j++) {
        whole[i][j] = (long) rows[i][j];
        if (whole[i][j] != rows[i][j]) {
          throw new InputException(
              "levels: [" + i + ", " + j + "] is " + rows[i][j] + "; use whole numbers");
        }
      }
    }
    return whole;
  }
}
