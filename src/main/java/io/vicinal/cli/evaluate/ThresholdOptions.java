package io.vicinal.cli.evaluate;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.ArrayFiles;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.Names;
import io.vicinal.retrieval.OperatingPoint;
import io.vicinal.retrieval.OperatingPoint.Choice;
import io.vicinal.retrieval.OperatingPoint.Rate;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Option;

/** One threshold for all classes: chosen on validation rows, measured on the rows. One thread. */
final class ThresholdOptions {
  @Option(
      names = "--threshold-fmr",
      paramLabel = "F",
      description = {
        "Choose one distance at most which two rows match: the largest at which at most this share",
        "of the pairs of two classes does, 1e-3 for example; report how many pairs of one class are",
        "missed. Looks at all pairs."
      })
  private Double target;

  @Option(
      names = "--threshold",
      paramLabel = "T",
      description = "Measure this distance instead of choosing one.")
  private Double given;

  @Option(
      names = "--validation-embeddings",
      paramLabel = "V.npy",
      description = "[M, d]: choose on these rows; default: on the measured rows themselves.")
  private Path validation;

  @Option(names = "--validation-labels", paramLabel = "vy.npy", description = "[M].")
  private Path validationLabels;

  /**
   * What came of it.
   *
   * @param choice null where the threshold was given
   */
  record Result(Choice choice, OperatingPoint measured, Path chosenOn) {}

  /** Rows that a threshold is chosen on, and the files that they are from. */
  record ChosenOn(Tensor embeddings, Tensor labels, Path file, Path labelsFile) {}

  boolean wanted() {
    check();
    return target != null || given != null;
  }

  private void check() {
    validationLabels = FeatureFolder.or(validationLabels, validation);
    if (target != null && given != null) {
      throw new InputException("--threshold: leaves nothing to choose; leave out --threshold-fmr");
    }
    if (target != null && !(target > 0 && target < 1)) {
      throw new InputException(
          "--threshold-fmr: is a share of pairs, above 0 and below 1, got " + target);
    }
    if (given != null && !(given >= 0 && Double.isFinite(given))) {
      throw new InputException("--threshold: is a distance, 0 or more, got " + given);
    }
    if ((validation == null) != (validationLabels == null)) {
      throw new InputException(
          (validation == null ? "--validation-embeddings" : "--validation-labels")
              + ": is missing; validation rows are a pair of files");
    }
    if (validation != null && target == null) {
      throw new InputException(
          "--validation-embeddings: are for choosing a threshold; add --threshold-fmr 1e-3");
    }
  }

  /** The validation rows, or the measured ones where there are none. */
  ChosenOn read(ArrayFiles files, ChosenOn measured) {
    if (validation == null) {
      return measured;
    }
    Tensor rows = files.matrix(validation, null);
    Tensor labels = files.labels(validationLabels, validation, rows.dim(0), Names.none()).ids();
    if (rows.dim(1) != measured.embeddings().dim(1)) {
      throw Text.wrong(
          "%s: has %s columns, but %s has %s; embed both with the same head",
          validation, rows.dim(1), measured.file(), measured.embeddings().dim(1));
    }
    return new ChosenOn(rows, labels, validation, validationLabels);
  }

  /** Chooses on some rows and measures others. */
  Result run(
      Backend backend, ChosenOn rows, Tensor e, Tensor y, Tensor g, Tensor gy, boolean normalize) {
    Choice choice = null;
    if (target != null) {
      try {
        choice =
            OperatingPoint.choose(backend, rows.embeddings(), rows.labels(), normalize, target);
      } catch (InputException failure) {
        String said = EvaluateCommand.named(failure.getMessage(), "embeddings", rows.file());
        said = EvaluateCommand.named(said, "labels", rows.labelsFile());
        throw new InputException(said, failure);
      }
    }
    double distance = choice == null ? given : choice.distance();
    boolean same = choice != null && validation == null && g == null;
    OperatingPoint measured =
        same ? choice.point() : OperatingPoint.measure(backend, e, y, g, gy, normalize, distance);
    return new Result(choice, measured, choice == null ? null : rows.file());
  }

  static void print(PrintWriter writer, Result result, Path measuredOn) {
    Choice choice = result.choice();
    if (choice != null) {
      writer.printf(
          Locale.ROOT,
          "%nthreshold %s (95 %% interval %s to %s), the largest distance with a false-match rate"
              + " of at most %s on %s%n",
          digits(choice.distance()),
          digits(choice.low()),
          digits(choice.high()),
          Text.number(choice.target()),
          result.chosenOn());
      if (result.chosenOn().equals(measuredOn)) {
        writer.println(
            "chosen on the measured rows themselves, which flatters it: --validation-embeddings");
      }
    } else {
      writer.printf(Locale.ROOT, "%nthreshold %s%n", digits(result.measured().threshold()));
    }
    Table table =
        new Table(
            "rows",
            "false matches %",
            "95 % from",
            "to",
            "missed matches %",
            "95 % from",
            "to",
            "OPIS");
    if (choice != null && choice.point() != result.measured()) {
      row(table, result.chosenOn(), choice.point());
    }
    row(table, measuredOn, result.measured());
    table.print(writer);
  }

  private static void row(Table table, Path file, OperatingPoint point) {
    Rate matches = point.falseMatches();
    Rate misses = point.falseNonMatches();
    table.row(
        file.getFileName().toString(),
        percent(matches.value()),
        percent(matches.low()),
        percent(matches.high()),
        percent(misses.value()),
        percent(misses.low()),
        percent(misses.high()),
        Text.say("%.2e", point.opis()));
  }

  private static String percent(double fraction) {
    return Double.isFinite(fraction) ? Text.say("%.4f", 100 * fraction) : "-";
  }

  private static String digits(double value) {
    return Text.say("%.6f", value);
  }

  static JsonObject json(Result result) {
    JsonObject json = new JsonObject();
    Choice choice = result.choice();
    json.addProperty("distance", result.measured().threshold());
    if (choice != null) {
      json.addProperty("target_fmr", choice.target());
      JsonArray interval = new JsonArray();
      interval.add(choice.low());
      interval.add(choice.high());
      json.add("interval", interval);
      json.addProperty("level", 0.95);
      json.addProperty("resolution", choice.resolution());
      json.addProperty("chosen_on", result.chosenOn().toString());
      json.add("chosen", JsonFile.tree(choice.point()));
    } else {
      json.add("chosen_on", JsonNull.INSTANCE);
    }
    json.add("measured", JsonFile.tree(result.measured()));
    return json;
  }
}
