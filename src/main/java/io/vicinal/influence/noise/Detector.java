package io.vicinal.influence.noise;

/** Ranks samples by how suspicious their given label is. Implementations are values. */
public interface Detector {
  /** The name that the command line uses. */
  String name();

  /** What it looks at, in one line. */
  String meaning();

  /** One score per sample, higher = more suspicious; NaN where it has no opinion. */
  double[] scores(Evidence evidence);
}
