package io.vicinal.statistics;

import org.apache.commons.statistics.inference.AlternativeHypothesis;

/** What a test of paired differences a - b is meant to show. */
public enum Alternative {
  /** The differences are centred elsewhere than at 0. */
  TWO_SIDED(AlternativeHypothesis.TWO_SIDED),
  /** The differences are centred above 0: a is larger than b. */
  GREATER(AlternativeHypothesis.GREATER_THAN),
  /** The differences are centred below 0. */
  LESS(AlternativeHypothesis.LESS_THAN);

  private final AlternativeHypothesis hypothesis;

  Alternative(AlternativeHypothesis hypothesis) {
    this.hypothesis = hypothesis;
  }

  AlternativeHypothesis hypothesis() {
    return hypothesis;
  }
}
