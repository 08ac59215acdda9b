package io.vicinal.sample;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Standard;

/**
 * Classes at random, and samples of each at random, anew for every batch.
 *
 * @param classes draws of a class in a batch; default 8
 * @param samples of each; default 4
 * @param replacement whether a batch may have nothing twice (none), a sample (samples), or a class
 *     and a sample (all); default none
 * @param split the part of the classes that the same part of the draws is from, the other draws
 *     being from the others; default 1
 * @param twice whether half the draws are made, and the batch lists each sample twice
 */
@Sampling.Facts(
    name = "class-random",
    rule =
        "each batch has classes draws of any class and samples of each, all anew; replacement=all"
            + " as published, samples as in Proxy-Anchor's code; the first split of the classes get"
            + " that part of the draws, twice halves them and repeats the batch",
    source = "Roth et al., ICML 2020 (SPC); Kim et al., CVPR 2020",
    needs = Sampling.Need.LABELS)
public record ClassRandomSampling(
    @Standard(value = "8", least = 1) int classes,
    @Standard(value = "4", least = 1) int samples,
    @Standard(
            value = "none",
            choices = {"none", "samples", "all"})
        String replacement,
    @Standard(value = "1", least = 0, most = 1) double split,
    @Standard("false") boolean twice)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    int draws = twice ? Math.max(1, classes / 2) : classes;
    int border = (int) (of.classes() * split); // classes of the first part
    int first = (int) (draws * split);
    boolean repeats = replacement.equals("all");
    requireClasses(first, border, repeats);
    requireClasses(draws - first, of.classes() - border, repeats);
    long size = (twice ? 2L : 1L) * draws * samples;
    return DrawnSampler.over(
        of,
        size,
        seed,
        (number, generator) -> {
          Chosen batch = new Chosen(of, (int) size);
          take(batch, 0, border, first, generator);
          take(batch, border, of.classes() - border, draws - first, generator);
          if (twice) {
            batch.repeat();
          }
          return batch.ids();
        });
  }

  private static void requireClasses(int draws, int classes, boolean repeats) {
    if (draws > 0 && (repeats ? classes == 0 : classes < draws)) {
      throw new InputException(
          "sampler.classes: "
              + draws
              + " of the "
              + classes
              + " classes that they are drawn from; lower it, or change sampler.split");
    }
  }

  private void take(Chosen batch, int from, int classes, int draws, Xoshiro generator) {
    if (replacement.equals("all")) {
      for (int k = 0; k < draws; k++) {
        batch.addWithReplacement(from + generator.below(classes), samples, generator);
      }
      return;
    }
    for (long c : generator.distinct(classes, draws)) {
      if (replacement.equals("samples")) {
        batch.addWithReplacement(from + (int) c, samples, generator);
      } else {
        batch.add(from + (int) c, samples, generator);
      }
    }
  }
}
