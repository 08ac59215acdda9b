package io.vicinal.sample;

import io.vicinal.InputException;
import java.util.Arrays;

/** Batches that somebody made: an epoch has all of them, in their order. */
@Sampling.Facts(
    name = "listed",
    rule =
        "each epoch the batches of the file in their order, without the samples that are held out",
    needs = Sampling.Need.BATCHES)
public record ListedSampling() implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    long[] known = of.ids();
    Arrays.sort(known);
    long[][] batches =
        Arrays.stream(of.batches())
            .map(
                batch ->
                    Arrays.stream(batch)
                        .filter(id -> Arrays.binarySearch(known, id) >= 0)
                        .toArray())
            .filter(batch -> batch.length > 0)
            .toArray(long[][]::new);
    int most = Arrays.stream(batches).mapToInt(b -> b.length).max().orElse(0);
    if (most == 0) {
      throw new InputException(
          "sampler.file: lists none of the training samples; give their positions in the dataset,"
              + " and hold out others");
    }
    return new DrawnSampler(
        batches.length, most, seed, (number, generator) -> batches[number].clone());
  }
}
