package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.Diagonal;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/**
 * How many steps conjugate gradients would take on a diagonal matrix: they depend on a right-hand
 * side only through its energy per eigenvalue, so a few thousand logarithmic bins stand for
 * millions of parameters. Stateless.
 */
final class SpectralModel {
  private static final int BINS = 4096;
  private static final double RANGE = 1e14; // of eigenvalues, from the largest down

  private SpectralModel() {}

  /**
   * Steps of plain conjugate gradients for (Lambda + lambda) x = b.
   *
   * @param b one vector
   * @return steps to this relative residual, at most {@code limit}
   */
  static int steps(Diagonal diagonal, double lambda, Directions b, double tolerance, int limit) {
    double[] energy = new double[BINS];
    double largest =
        lambda
            + diagonal.parts().values().stream()
                .mapToDouble(SpectralModel::largest)
                .max()
                .orElse(0);
    Map<String, Tensor> parts = b.named();
    diagonal
        .parts()
        .forEach(
            (name, values) -> {
              if (parts.containsKey(name)) {
                add(values, parts.get(name), lambda, largest, energy);
              }
            });
    return simulate(energy, largest, tolerance, limit);
  }

  private static double largest(Tensor tensor) {
    double largest = 0;
    for (double value : tensor.toDoubles()) {
      largest = Math.max(largest, value);
    }
    return largest;
  }

  private static void add(
      Tensor diagonal, Tensor b, double lambda, double largest, double[] energy) {
    double[] values = diagonal.toDoubles();
    double[] rhs = b.toDoubles();
    double perBin = Math.log(RANGE) / (BINS - 1);
    for (int i = 0; i < values.length; i++) {
      double below = Math.log(largest / (values[i] + lambda)) / perBin;
      energy[(int) Math.min(BINS - 1, Math.round(below))] += rhs[i] * rhs[i];
    }
  }

  private static int simulate(double[] energy, double largest, double tolerance, int limit) {
    double[] r = new double[BINS];
    double[] p = new double[BINS];
    double[] eigenvalue = new double[BINS];
    double rr = 0;
    for (int i = 0; i < BINS; i++) {
      eigenvalue[i] = largest * Math.pow(RANGE, -i / (double) (BINS - 1));
      r[i] = Math.sqrt(energy[i]);
      p[i] = r[i];
      rr += energy[i];
    }
    double enough = tolerance * tolerance * rr;
    int steps = 0;
    for (; steps < limit && rr > enough; steps++) {
      double pq = 0;
      for (int i = 0; i < BINS; i++) {
        pq += p[i] * p[i] * eigenvalue[i];
      }
      double alpha = rr / pq;
      double next = 0;
      for (int i = 0; i < BINS; i++) {
        r[i] -= alpha * eigenvalue[i] * p[i];
        next += r[i] * r[i];
      }
      for (int i = 0; i < BINS; i++) {
        p[i] = r[i] + next / rr * p[i];
      }
      rr = next;
    }
    return steps;
  }
}
