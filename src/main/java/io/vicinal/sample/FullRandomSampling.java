package io.vicinal.sample;

import io.vicinal.loss.tuple.Standard;
import java.util.stream.IntStream;

/**
 * Any class, any sample of it; the last one is a partner of one that is there.
 *
 * @param batch samples of a batch; default 128
 * @param replacement whether a sample may be in a batch several times; default false
 */
@Sampling.Facts(
    name = "full-random",
    rule =
        "each batch has batch - 1 times any class and any sample of it, and another sample of the"
            + " class of one that is there, so that a positive pair exists",
    source = "Roth et al., ICML 2020 (SPC-R)",
    needs = Sampling.Need.LABELS)
public record FullRandomSampling(
    @Standard(value = "128", least = 1) int batch, @Standard("false") boolean replacement)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    return DrawnSampler.over(of, batch, seed, (number, generator) -> draw(of, generator));
  }

  private long[] draw(Population of, Xoshiro generator) {
    Chosen chosen = new Chosen(of, batch);
    int[] open = IntStream.range(0, of.classes()).toArray(); // the first so many have samples left
    int classes = open.length;
    for (int k = 0; k < batch - 1; k++) {
      int at = generator.below(classes);
      if (replacement) {
        chosen.addWithReplacement(open[at], 1, generator);
      } else {
        chosen.add(open[at], 1, generator);
        if (chosen.left(open[at]) == 0) {
          open[at] = open[--classes];
        }
      }
    }
    int[] partners =
        IntStream.range(0, chosen.size())
            .filter(k -> chosen.left(of.classOf(chosen.get(k))) > 0)
            .toArray();
    if (partners.length > 0) {
      int member = chosen.get(partners[generator.below(partners.length)]);
      chosen.add(of.classOf(member), 1, generator);
    } else if (replacement) {
      chosen.addWithReplacement(generator.below(of.classes()), 1, generator);
    } else {
      chosen.add(open[generator.below(classes)], 1, generator);
    }
    return chosen.ids();
  }
}
