package io.vicinal.curate.noise;

import io.vicinal.backend.Backend;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;

/**
 * Out-of-fold scores by training a head per fold, as the delivered one was trained: the cosines of
 * the held-out samples to the proxies. Costs a training per fold, and speaks of this model, where
 * {@link FourierRidge} speaks of the features.
 */
final class HeadFolds implements FoldPredictor {
  private final Backend backend;
  private final HeadTraining training;
  private final int centers;
  private final Tensor features;

  HeadFolds(Backend backend, HeadTraining training, int centers, Tensor features) {
    this.backend = backend;
    this.training = training;
    this.centers = centers;
    this.features = features;
  }

  @Override
  public double[][] scores(long[] labels, int classes, Folds folds) {
    double[][] scores = new double[labels.length][];
    Supervision supervision = Supervision.hard(classes, labels);
    for (int f = 0; f < folds.count(); f++) {
      try (Arena arena = new Arena(backend.memory())) {
        Head head = training.train(features, supervision, folds.others(f), arena);
        long[] held = folds.held(f);
        Tensor rows = arena.allocate(features.dtype(), held.length, features.dim(1));
        backend.gatherRows(features, arena.of(held, held.length), rows);
        Cosines.each(backend, head, centers, rows, (i, cosines) -> scores[(int) held[i]] = cosines);
      }
    }
    return scores;
  }
}
