package io.vicinal.sample;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Standard;

/**
 * Classes without replacement, and of each the next samples of a shuffled list.
 *
 * @param classes of a batch; default 8
 * @param samples of each; default 4
 */
@Sampling.Facts(
    name = "balanced",
    rule =
        "each batch has that many classes and that many samples of each; none of a class repeats"
            + " until the class is used up",
    source = "P x K batches of Hermans, Beyer, Leibe, arXiv:1703.07737",
    needs = Sampling.Need.LABELS)
public record BalancedSampling(
    @Standard(value = "8", least = 1) int classes, @Standard(value = "4", least = 1) int samples)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    long[] labels = new long[of.size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = of.classOf(i);
    }
    return new BalancedSampler(of.ids(), labels, classes, samples, seed);
  }

  /** Refuses more classes in a batch than there are. */
  static void requireClasses(int classes, Population of) {
    if (of.classes() < classes) {
      throw new InputException(
          "sampler.classes: "
              + classes
              + " classes per batch, but the training samples have "
              + of.classes()
              + "; lower it");
    }
  }
}
