package io.vicinal.sample;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Standard;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Samples as likely as their weights say.
 *
 * @param batch samples of a batch; default 128
 * @param replacement whether a sample may be in a batch several times; default true
 */
@Sampling.Facts(
    name = "weighted",
    rule =
        "each batch has batch samples, each draw as likely as the sample's weight among those that"
            + " may be drawn",
    source = "torch.utils.data.WeightedRandomSampler; Efraimidis and Spirakis 2006",
    needs = Sampling.Need.WEIGHTS)
public record WeightedSampling(
    @Standard(value = "128", least = 1) int batch, @Standard("true") boolean replacement)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    double[] weights = IntStream.range(0, of.size()).mapToDouble(of::weight).toArray();
    for (int i = 0; i < weights.length; i++) {
      if (!(weights[i] >= 0 && weights[i] < Double.POSITIVE_INFINITY)) {
        throw new InputException(
            "sampler.file: the weight of sample "
                + of.id(i)
                + " is "
                + weights[i]
                + "; give finite numbers of 0 or more");
      }
    }
    int[] drawable = IntStream.range(0, weights.length).filter(i -> weights[i] > 0).toArray();
    int least = replacement ? 1 : batch;
    if (drawable.length < least) {
      throw new InputException(
          "sampler.file: "
              + drawable.length
              + " training samples have weights above 0, and a batch needs "
              + least
              + (replacement ? "; give some" : "; lower sampler.batch"));
    }
    double largest = IntStream.of(drawable).mapToDouble(i -> weights[i]).max().orElseThrow();
    double[] scaled = IntStream.of(drawable).mapToDouble(i -> weights[i] / largest).toArray();
    double[] sums = scaled.clone();
    for (int k = 1; k < sums.length; k++) {
      sums[k] += sums[k - 1];
    }
    return DrawnSampler.over(
        of,
        batch,
        seed,
        (number, generator) ->
            of.ids(
                IntStream.of(replacement ? any(sums, generator) : distinct(scaled, generator))
                    .map(k -> drawable[k])
                    .toArray()));
  }

  private int[] any(double[] sums, Xoshiro generator) {
    double all = sums[sums.length - 1];
    int[] chosen = new int[batch];
    for (int k = 0; k < batch; k++) {
      int at = Arrays.binarySearch(sums, generator.nextDouble() * all);
      chosen[k] = Math.min(at < 0 ? -at - 1 : at + 1, sums.length - 1);
    }
    return chosen;
  }

  /** The first of a race in which each arrives after an exponential time of its rate. */
  private int[] distinct(double[] rates, Xoshiro generator) {
    double[] arrivals = new double[rates.length];
    for (int i = 0; i < rates.length; i++) {
      arrivals[i] = -StrictMath.log(1 - generator.nextDouble()) / rates[i];
    }
    return IntStream.range(0, rates.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> arrivals[i]))
        .limit(batch)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
