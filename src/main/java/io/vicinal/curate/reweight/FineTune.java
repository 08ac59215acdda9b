package io.vicinal.curate.reweight;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;

/**
 * The re-weighted fine-tuning of Liu et al., NeurIPS 2022, on cached features: from the delivered
 * head, Adam on the weight alone, balanced batches, the batch's loss (1/B) sum of w_i L_i. Bias and
 * proxies keep their bytes. Where the original truncates weights to integers, any float counts.
 * Stateless, safe for any thread.
 */
public final class FineTune {
  private FineTune() {}

  /**
   * @param epochs passes of floor((N-1) / B) batches
   * @param lr Adam's learning rate; betas 0.9 and 0.999, eps 1e-8, no weight decay
   * @param classes per batch; as many as there are if that is less
   * @param samples per class and batch
   * @param seed of the batches
   * @param normalise divides the weights by their mean, so that the step size does not depend on
   *     how many samples are helpful
   */
  public record FineTuneOptions(
      int epochs, double lr, int classes, int samples, long seed, boolean normalise) {
    /** The original's: one epoch, 4e-5, 8 x 4, weights as they are. */
    public static FineTuneOptions defaults() {
      return new FineTuneOptions(1, 4e-5, 8, 4, 0, false);
    }

    /** The same with another seed. */
    public FineTuneOptions withSeed(long other) {
      return new FineTuneOptions(epochs, lr, classes, samples, other, normalise);
    }

    /** The same with weights of mean 1. */
    public FineTuneOptions normalised() {
      return new FineTuneOptions(epochs, lr, classes, samples, seed, true);
    }
  }

  /**
   * Trains a copy of the model's head.
   *
   * @param weights [N], 0 or more
   * @param arena owner of the new head
   * @throws InputException if the weights do not fit, or the data cannot fill a batch
   */
  public static Head run(
      Backend backend, HeadModel model, double[] weights, FineTuneOptions options, Arena arena) {
    int present = model.training().classCounts().size();
    RunConfig config =
        RunConfig.defaults(
            "epochs=" + options.epochs(),
            "optimizer.name=adam",
            "optimizer.lr=" + options.lr(),
            "sampler.name=balanced",
            "sampler.classes=" + Math.min(present, options.classes()),
            "sampler.samples=" + options.samples(),
            "seed=" + options.seed());
    Head start = new Head(model.head().weight(), model.head().bias(), model.head().proxies());
    double[] used = options.normalise() ? SampleWeights.normalised(weights) : weights;
    Supervision supervision =
        Supervision.hard((int) model.classes(), model.training().labels().toLongs())
            .withWeights(used);
    return HeadTraining.of(backend, config)
        .withLoss(model.loss())
        .from(start)
        .freezing(Head.BIAS, Head.PROXIES)
        .train(model.training().features(), supervision, arena);
  }
}
