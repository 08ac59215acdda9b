package io.vicinal.sample;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Standard;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Batches from few super-classes, whose classes are hard to tell apart.
 *
 * @param classes of a batch, shared out evenly over its super-classes; default 8
 * @param samples of each; default 4
 * @param supers super-classes of a batch; default 2
 */
@Sampling.Facts(
    name = "hierarchical",
    rule =
        "each batch has any supers super-classes, of each its share of classes, and of each class"
            + " samples, none twice",
    source = "Cakir et al., CVPR 2019; pytorch-metric-learning",
    needs = {Sampling.Need.LABELS, Sampling.Need.SUPER_CLASSES})
public record HierarchicalSampling(
    @Standard(value = "8", least = 1) int classes,
    @Standard(value = "4", least = 1) int samples,
    @Standard(value = "2", least = 1) int supers)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    if (classes < supers) {
      throw new InputException(
          "sampler.classes: "
              + classes
              + " of "
              + supers
              + " super-classes; give one of each at least, or lower sampler.supers");
    }
    int[][][] members = members(of);
    if (members.length < supers) {
      throw new InputException(
          "sampler.supers: "
              + supers
              + " super-classes per batch, but the training samples have "
              + members.length
              + "; lower it");
    }
    return DrawnSampler.over(
        of, (long) classes * samples, seed, (number, generator) -> draw(of, members, generator));
  }

  @Override
  public String remark(Population of) {
    int[][][] members = members(of);
    int share = (classes + supers - 1) / supers;
    long small = Arrays.stream(members).filter(own -> own.length < share).count();
    return small == 0
        ? null
        : "sampler.classes: "
            + small
            + " of the "
            + members.length
            + " super-classes have fewer than "
            + share
            + " classes, their share of a batch, and give all they have";
  }

  /** Samples by super-class and class, both in the order of their labels. */
  private static int[][][] members(Population of) {
    int[][] bySuper = Population.grouped(Population.numbered(of.superClasses()));
    return Arrays.stream(bySuper)
        .map(
            own ->
                IntStream.of(own)
                    .boxed()
                    .collect(Collectors.groupingBy(of::classOf, TreeMap::new, Collectors.toList()))
                    .values()
                    .stream()
                    .map(HierarchicalSampling::array)
                    .toArray(int[][]::new))
        .toArray(int[][][]::new);
  }

  private static int[] array(List<Integer> numbers) {
    return numbers.stream().mapToInt(Integer::intValue).toArray();
  }

  private long[] draw(Population of, int[][][] members, Xoshiro generator) {
    Chosen chosen = new Chosen(of, classes * samples);
    int extra = classes % supers; // the first so many get one class more
    for (long s : generator.distinct(members.length, supers)) {
      int[][] own = members[(int) s];
      int share = classes / supers + (extra-- > 0 ? 1 : 0);
      for (long c : generator.distinct(own.length, Math.min(share, own.length))) {
        int[] samplesOf = own[(int) c];
        int count = Math.min(samples, samplesOf.length);
        for (long k : generator.distinct(samplesOf.length, count)) {
          chosen.add(samplesOf[(int) k]);
        }
      }
    }
    return chosen.ids();
  }
}
