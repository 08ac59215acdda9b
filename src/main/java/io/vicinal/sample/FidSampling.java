package io.vicinal.sample;

import io.vicinal.backend.Transpose;
import io.vicinal.loss.tuple.Standard;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Batches that are distributed as the pool is, in mean and covariance.
 *
 * @param classes of a batch; default 8
 * @param samples of each; default 4
 * @param pool samples that are to be matched; default 512
 * @param candidates batches that are compared; default 10
 */
@Sampling.Facts(
    name = "fid-batchmatch",
    rule =
        "of candidates batches of classes x samples from a pool the one with the least |m_b - m|^2"
            + " + tr S_b + tr S - 2 tr (S_b S)^(1/2), m and S the means and covariances of batch"
            + " and pool",
    source = "Roth et al., ICML 2020 (FRD); Heusel et al., NeurIPS 2017",
    needs = {Sampling.Need.LABELS, Sampling.Need.EMBEDDINGS})
public record FidSampling(
    @Standard(value = "8", least = 1) int classes,
    @Standard(value = "4", least = 1) int samples,
    @Standard(value = "512", least = 1, most = 16384) int pool,
    @Standard(value = "10", least = 1, most = 1e6) int candidates)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    return Trials.sampler(
        of,
        classes,
        samples,
        pool,
        candidates,
        seed,
        gram -> {
          int[] all = IntStream.range(0, gram.size()).toArray();
          return part -> frechet(gram, part, all);
        });
  }

  /**
   * The Fréchet distance between Gaussians fitted to two sets, from inner products alone: the trace
   * of the root is the sum of the singular values of A B^T, A and B the centred rows over the roots
   * of their numbers less one. A set of one has no covariance.
   */
  static double frechet(Gram gram, int[] a, int[] b) {
    double withinA = mean(gram, a, a);
    double withinB = mean(gram, b, b);
    double apart = Math.max(0, withinA + withinB - 2 * mean(gram, a, b));
    return apart
        + variance(gram, a, withinA)
        + variance(gram, b, withinB)
        - 2 * rootTrace(gram, a, b);
  }

  private static double mean(Gram gram, int[] a, int[] b) {
    double sum = 0;
    for (int i : a) {
      for (int j : b) {
        sum += gram.product(i, j);
      }
    }
    return sum / a.length / b.length;
  }

  private static double variance(Gram gram, int[] a, double within) {
    double squares = Arrays.stream(a).mapToDouble(i -> gram.product(i, i)).sum();
    return a.length < 2 ? 0 : Math.max(0, squares - a.length * within) / (a.length - 1);
  }

  private static double rootTrace(Gram gram, int[] a, int[] b) {
    if (a.length < 2 || b.length < 2) {
      return 0;
    }
    double scale = 1 / Math.sqrt((a.length - 1.0) * (b.length - 1.0));
    double[] cross = new double[a.length * b.length];
    double[] ofA = Arrays.stream(a).mapToDouble(i -> mean(gram, new int[] {i}, b)).toArray();
    double[] ofB = Arrays.stream(b).mapToDouble(j -> mean(gram, a, new int[] {j})).toArray();
    double ofAll = Arrays.stream(ofA).sum() / a.length;
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b.length; j++) {
        cross[i * b.length + j] = (gram.product(a[i], b[j]) - ofA[i] - ofB[j] + ofAll) * scale;
      }
    }
    try (Arena arena = Arena.host()) {
      Tensor m = arena.of(cross, a.length, b.length);
      Tensor squared = arena.allocate(DType.F64, a.length, a.length);
      Tensor values = arena.allocate(DType.F64, a.length);
      gram.backend().gemm(Transpose.N, Transpose.T, m, m, squared);
      gram.backend().symmetricEigen(squared, values);
      double[] roots = values.toDoubles(); // ascending; those that are rounding alone count as 0
      double noise = a.length * 0x1p-50 * roots[a.length - 1];
      return Arrays.stream(roots).filter(v -> v > noise).map(Math::sqrt).sum();
    }
  }
}
