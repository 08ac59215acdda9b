package io.vicinal.curate.noise;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * Features in the directions of their largest variance: distances lose little, and lose the noise
 * of the other directions. Stateless, safe for any thread.
 */
final class PrincipalAxes {
  private static final int BLOCK = 8_192; // rows

  private PrincipalAxes() {}

  /**
   * @param x F32 [N, D]
   * @param axes how many, at most D
   * @return F32 [N, axes], a rotation of x's most varying part; not centred
   */
  static Tensor project(Backend backend, Tensor x, int axes, Arena arena) {
    int n = (int) x.dim(0);
    int d = (int) x.dim(1);
    try (Arena own = new Arena(backend.memory())) {
      Tensor covariance = own.allocate(DType.F32, d, d);
      covariance.set(covariance(backend, x));
      backend.symmetricEigen(covariance, own.allocate(DType.F32, d));
      Tensor projected = arena.allocate(DType.F32, n, axes);
      backend.gemm(N, T, x, covariance.rows(d - axes, d), projected); // eigenvalues ascend
      return projected;
    }
  }

  private static double[] covariance(Backend backend, Tensor x) {
    int n = (int) x.dim(0);
    int d = (int) x.dim(1);
    double[] sums = new double[d];
    double[] products = new double[d * d];
    for (int from = 0; from < n; from += BLOCK) {
      int rows = Math.min(BLOCK, n - from);
      try (Arena arena = new Arena(backend.memory())) {
        Tensor some = x.rows(from, from + rows);
        float[] values = some.toFloats();
        for (int i = 0; i < values.length; i++) {
          sums[i % d] += values[i];
        }
        Tensor product = arena.allocate(DType.F32, d, d);
        backend.gemm(T, N, some, some, product);
        float[] block = product.toFloats();
        for (int i = 0; i < block.length; i++) {
          products[i] += block[i];
        }
      }
    }
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        products[i * d + j] = products[i * d + j] / n - sums[i] / n * (sums[j] / n);
      }
    }
    return products;
  }
}
