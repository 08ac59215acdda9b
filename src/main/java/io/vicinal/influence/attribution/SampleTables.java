package io.vicinal.influence.attribution;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.List;

/**
 * What one solve says beyond removal, per sample i and class c (cosine softmax losses): with t = (M
 * + lambda)^-1 dm,
 *
 * <pre>
 *   split:   the parts of the removal's effect (w_i/N) &lt;dL_i, t&gt; that go through each proxy; a row
 *            sums to the sample's score
 *   relabel: predicted change of the measurement if sample i is given label c, in its unit,
 *            -(w_i/N) &lt;dL_i(c) - dL_i(y_i), t&gt;; 0 at its own label
 * </pre>
 *
 * Relabelling moves the model farther than a removal: the table ranks, its sizes overstate.
 *
 * @param split [rows][C]
 * @param relabel [rows][C]
 */
public record SampleTables(double[][] split, double[][] relabel) {
  /**
   * Tables of the samples from .. from + rows.
   *
   * @param kind M
   * @param reference where
   * @throws io.vicinal.InputException if the loss has no such tables
   */
  public static SampleTables of(
      Explanation explanation,
      CurvatureKind kind,
      ReferencePoint reference,
      Query query,
      long from,
      int rows,
      Progress progress) {
    HeadProblem problem = explanation.problem();
    Response response = explanation.responses(kind, reference, List.of(query), progress).get(0);
    CurvaturePoint point = explanation.point(reference, progress);
    try (Arena arena = new Arena(problem.backend().memory())) {
      Directions direction = point.space().zeros(arena, 1);
      point.space().copy(response.direction(), direction);
      Tensor split = arena.allocate(DType.F64, rows, problem.classes());
      Tensor relabel = arena.allocate(DType.F64, rows, problem.classes());
      point.curvature().tables(direction, from, split, relabel);
      double[] shares = explanation.shares();
      return new SampleTables(scaled(split, from, shares, 1), scaled(relabel, from, shares, -1));
    }
  }

  private static double[][] scaled(Tensor table, long from, double[] shares, double sign) {
    double[][] rows = new double[Math.toIntExact(table.dim(0))][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = table.rows(i, i + 1L).toDoubles();
      double share = sign * shares[Math.toIntExact(from + i)];
      for (int c = 0; c < rows[i].length; c++) {
        rows[i][c] = rows[i][c] == 0 ? 0 : rows[i][c] * share;
      }
    }
    return rows;
  }
}
