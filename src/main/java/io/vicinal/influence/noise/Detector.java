package io.vicinal.influence.noise;

import java.util.Optional;

/** Ranks samples by how suspicious their given label is. Implementations are values. */
public interface Detector {
  /** The name that the command line uses. */
  String name();

  /** What it looks at, in one line. */
  String meaning();

  /** Whether it speaks of the delivered head, and so of the samples that it was trained on. */
  boolean ofHead();

  /** Why it cannot work on this evidence, in a sentence's second half; empty if it can. */
  Optional<String> obstacle(Evidence evidence);

  /** One score per sample, higher = more suspicious; NaN where it has no opinion. */
  double[] scores(Evidence evidence);
}
