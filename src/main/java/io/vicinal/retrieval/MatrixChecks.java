package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/** Checks of arguments, with errors that name the argument and the remedy. */
final class MatrixChecks {
  private MatrixChecks() {}

  /** A floating-point matrix with at least one row and one column. */
  static void matrix(String name, Tensor x) {
    if (x.shape().rank() != 2 || x.dim(0) < 1 || x.dim(1) < 1 || x.dtype() == DType.I64) {
      throw new InputException(
          name + ": needs a floating-point matrix [rows, d] that is not empty, got " + x);
    }
  }

  /** A matrix F32, as native searches take it. */
  static void matrixF32(String name, Tensor x) {
    matrix(name, x);
    if (x.dtype() != DType.F32) {
      throw new InputException(name + ": needs float32, got " + x + "; convert it first");
    }
  }

  static void sameWidth(String nameA, Tensor a, String nameB, Tensor b) {
    if (a.dim(1) != b.dim(1)) {
      throw new InputException(
          nameB + ": has width " + b.dim(1) + ", but " + nameA + " has width " + a.dim(1));
    }
  }

  /** One int64 label per row. */
  static void labels(String name, Tensor labels, String rowsName, Tensor rows) {
    if (labels.dtype() != DType.I64 || labels.shape().rank() != 1 || labels.dim(0) != rows.dim(0)) {
      throw new InputException(
          name
              + ": needs one int64 label for each of the "
              + rows.dim(0)
              + " rows of "
              + rowsName
              + ", got "
              + labels);
    }
  }

  /** Java arrays index rows here. */
  static int rowCount(String name, Tensor x) {
    if (x.dim(0) > Integer.MAX_VALUE - 8) {
      throw new InputException(
          name + ": has " + x.dim(0) + " rows; at most " + (Integer.MAX_VALUE - 8) + " are taken");
    }
    return (int) x.dim(0);
  }

  /** A search's failure, as a sentence where a value of {@code what} was not finite. */
  static RuntimeException finite(String what, RuntimeException e) {
    return String.valueOf(e.getMessage()).endsWith("is not finite")
        ? new InputException(what + e.getMessage() + ": remove NaN and infinity first", e)
        : e;
  }

  static void checkInterrupt(String what) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(what);
    }
  }
}
