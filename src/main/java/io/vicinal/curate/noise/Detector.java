package io.vicinal.curate.noise;

import io.vicinal.influence.solve.Damping;
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

  /**
   * What it found.
   *
   * @param scores one per sample, higher = more suspicious; NaN where it has no opinion
   * @param damping under which curvature was inverted, or null if none was
   */
  record Found(double[] scores, Damping damping) {}

  /** Looks at all samples. */
  Found find(Evidence evidence);

  /** The scores alone. */
  default double[] scores(Evidence evidence) {
    return find(evidence).scores();
  }
}
