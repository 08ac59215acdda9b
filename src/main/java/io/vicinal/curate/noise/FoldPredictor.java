package io.vicinal.curate.noise;

/** Predicts each sample's class from the samples of the other folds. */
interface FoldPredictor {
  /**
   * @param labels the given ones, [N], in 0..C-1
   * @return [N] rows of C scores, higher = likelier; no scale is promised
   */
  double[][] scores(long[] labels, int classes, Folds folds);
}
