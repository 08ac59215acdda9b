package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.config.RunConfig;
import io.vicinal.data.LabelNoise;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Wrong labels that are known, or made. */
final class NoiseOptions {
  @Option(
      names = "--noise",
      paramLabel = "noise.csv",
      description = {
        "The wrong labels that are known (columns id,clean,noisy; classes by number or name): what",
        "is found is judged."
      })
  Path file;

  @Option(
      names = "--inject",
      paramLabel = "KIND",
      description = {
        "Make wrong labels first, and train a head on them: symmetric (any other class), similar",
        "(one of the two classes that look most like it, as people confuse them), pair-flip (the",
        "next class), shift (+-5); or the .npy list of positions to shift."
      })
  String inject;

  @Option(
      names = "--rate",
      paramLabel = "SHARE",
      defaultValue = "0.1",
      description = "Share of the labels that --inject makes wrong; default: 0.1.")
  double rate;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of injected noise, folds and random features; default: 0.")
  long seed;

  /** Refuses combinations that cannot be meant, before anything is read. */
  void check() {
    if (file != null && inject != null) {
      throw new InputException("--noise: excludes --inject; keep one of the two");
    }
    if (!(rate > 0 && rate < 1)) {
      throw new InputException("--rate: " + rate + " is not a share; give one such as 0.1");
    }
    if (inject != null && !inject.endsWith(".npy")) {
      LabelNoise.Kind.parse(inject);
    }
  }

  /** The list in the numbers of the samples whose labels are looked at; made if that is wanted. */
  LabelNoise apply(ModelInputs model, RunConfig training) {
    if (file != null) {
      LabelNoise known = LabelNoise.read(file, model.subject().classNames());
      return model.subject().inRows(model.subject().labelled(), known, file);
    }
    if (inject == null) {
      return null;
    }
    long[] labels = model.subject().labelled().data().labels().toLongs();
    LabelNoise noise =
        inject.endsWith(".npy")
            ? LabelNoise.shiftAt(Path.of(inject), labels)
            : LabelNoise.inject(
                LabelNoise.Kind.parse(inject), rate, model.subject().labelled().data(), seed);
    model.retrain(noise.apply(labels), training);
    return noise;
  }

  void addTo(Key key) {
    key.add("noise", inject == null ? "" : inject + " " + rate).add("noise_seed", seed);
  }
}
