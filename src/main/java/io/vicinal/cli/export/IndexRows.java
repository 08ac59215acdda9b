package io.vicinal.cli.export;

import io.vicinal.backend.Backend;
import io.vicinal.cli.common.Text;
import io.vicinal.cli.export.HeadOptions.Opened;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/** The rows of an index. Stateless. */
final class IndexRows {
  private IndexRows() {}

  /**
   * F32 [N, d].
   *
   * @throws io.vicinal.InputException also where a unit vector is asked of an embedding of length 0
   */
  static Tensor of(Opened opened, boolean unit, Backend backend, Arena arena) {
    Tensor exact = opened.head().embed(opened.from(), opened.rows(), backend, arena);
    if (unit) {
      backend.normalizeRows(exact, exact);
    }
    Tensor rows = exact;
    if (exact.dtype() != DType.F32) {
      rows = arena.allocate(DType.F32, exact.shape());
      rows.copyFrom(exact);
    }
    for (long i = 0; unit && i < rows.dim(0); i++) {
      if (rows.at(i * rows.dim(1)) == 0 && isZero(rows.rows(i, i + 1).toFloats())) {
        throw Text.wrong(
            "%s: row %d has an embedding of length 0, which has no direction; remove that row, or"
                + " give --no-normalize",
            opened.from(), i);
      }
    }
    return rows;
  }

  private static boolean isZero(float[] row) {
    for (float value : row) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }
}
