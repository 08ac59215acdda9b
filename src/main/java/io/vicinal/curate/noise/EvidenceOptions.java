package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.config.RunConfig;

/**
 * How evidence is gathered. Immutable.
 *
 * @param training how a head is trained to watch margins, and where none is delivered: loss (unless
 *     a head is), head, optimizer, sampler, epochs; its data section is not used
 * @param folds k of the out-of-fold predictions; no more than samples are made
 * @param predictor what predicts the held-out folds
 * @param neighbours K of the votes
 * @param axes principal axes in which frozen features are compared, 0 for the features themselves
 * @param randomFeatures of {@link Predictor#FOURIER_RIDGE}
 * @param seed of folds, random features and the random detector
 */
public record EvidenceOptions(
    RunConfig training,
    int folds,
    Predictor predictor,
    int neighbours,
    int axes,
    int randomFeatures,
    long seed) {
  /** Predicts held-out folds from frozen features. */
  public enum Predictor {
    /** Ridge regression on random features of the Gaussian kernel, in closed form. */
    FOURIER_RIDGE,
    /** A head per fold, trained as the configuration says. */
    HEAD
  }

  /** Checks ranges. */
  public EvidenceOptions {
    if (folds < 2 || neighbours < 1 || axes < 0 || randomFeatures < 16) {
      throw new InputException(
          "evidence: needs at least 2 folds, 1 neighbour, 16 random features and no negative"
              + " number of axes");
    }
  }

  /** 5 folds, 50 neighbours in 50 axes, 2,048 random features. */
  public static EvidenceOptions of(RunConfig training, long seed) {
    return new EvidenceOptions(training, 5, Predictor.FOURIER_RIDGE, 50, 50, 2_048, seed);
  }

  /** The same with another predictor. */
  public EvidenceOptions with(Predictor other) {
    return new EvidenceOptions(training, folds, other, neighbours, axes, randomFeatures, seed);
  }

  /** The same with other neighbours. */
  public EvidenceOptions withNeighbours(int k) {
    return new EvidenceOptions(training, folds, predictor, k, axes, randomFeatures, seed);
  }
}
