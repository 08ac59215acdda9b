package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/** What losses share that compare a batch with classes; scores are [B, C]. */
final class ClassScores {
  private ClassScores() {}

  /** The score of each sample's own class, [B, 1]. */
  static Expr own(Batch in, Expr scores) {
    return scores.pick(in.labels().column(), 1);
  }

  /** log sum exp over the other classes, [B, 1]; 0 if there is none. */
  static Expr others(Batch in, Expr scores) {
    return scores.logSumExp(mask(in, scores), 0, 1);
  }

  /** 1 at the classes that are not the sample's own, [B, C]. */
  static Expr mask(Batch in, Expr scores) {
    return scores.index(1).equalTo(in.labels().column().toReal()).not();
  }

  /** The mean over the samples; 0 if there is but one class. */
  static Expr mean(Batch in, Expr scores, Expr values) {
    Expr counted = in.any(mask(in, scores));
    return new Terms(in, counted.select(values, 0), null, in.one().broadcastLike(counted)).mean();
  }

  /** The mean cross-entropy of a softmax in which {@code own} is the score of the own class. */
  static Expr crossEntropy(Batch in, Expr scores, Expr own) {
    return mean(in, scores, others(in, scores).minus(own).softplus());
  }
}
