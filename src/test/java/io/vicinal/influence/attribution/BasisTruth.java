package io.vicinal.influence.attribution;

import io.vicinal.backend.HeadTensors;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The naive truth of a small problem in the basis where EK-FAC is diagonal; theta is W. */
final class BasisTruth {
  private final DenseTruth truth;
  private final double[] theta;

  /**
   * @param at parameters in the delivered basis
   */
  BasisTruth(SmallProblem small, double[] at) {
    HeadTensors head = small.problem.headToBasis(small.head(at), small.arena);
    theta = SmallProblem.flat(head);
    truth =
        new DenseTruth(
            SmallProblem.SCALE,
            SmallProblem.CLASSES,
            SmallProblem.WIDTH,
            small.problem.features().toDoubles(),
            small.truth.y,
            small.truth.weights,
            IntStream.range(0, SmallProblem.WIDTH * SmallProblem.D).toArray());
  }

  /** The Hessian's diagonal, which is EK-FAC's Lambda by definition. */
  double[] diagonal() {
    double[][] hessian = truth.hessian(theta, truth.weights);
    return IntStream.range(0, hessian.length).mapToDouble(k -> hessian[k][k]).toArray();
  }

  double[] gradient(int i) {
    return truth.pick(truth.gradient(theta, i, truth.y[i]));
  }

  double[] effects(double[] direction) {
    return IntStream.range(0, truth.n)
        .mapToDouble(i -> truth.weights[i] / truth.n * Dense.dot(gradient(i), direction))
        .toArray();
  }

  double[] slope(Explanation e, Query query) {
    double[] rows = e.test().features().toDoubles();
    double[][] differences =
        truth.differences(
            theta,
            t -> {
              double[][] z = new double[SmallProblem.TEST][];
              for (int r = 0; r < z.length; r++) {
                z[r] = truth.embedding(t, rows, r);
              }
              long[] ids = LongStream.range(0, z.length).toArray();
              return new double[] {
                query.measurement().value(new Embedded(SmallProblem.WIDTH, ids, z))
              };
            });
    return Arrays.stream(differences).mapToDouble(row -> row[0]).toArray();
  }
}
