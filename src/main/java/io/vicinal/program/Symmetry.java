package io.vicinal.program;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether a matrix is its own transpose whatever the inputs are: made element by element of gram
 * matrices, and of rows and columns of the same values alike, such as labels. What is not seen to
 * be symmetric may be so all the same.
 */
final class Symmetry {
  /** Pairs that are compared before it is given up. */
  private static final int MOST = 400;

  private record Images(Expr x, Expr y) {}

  private final Map<Images, Boolean> known = new HashMap<>();

  private Symmetry() {}

  static boolean of(Expr x) {
    return x.rank() == 2 && new Symmetry().mirror(x, x);
  }

  /** Whether y is x transposed. */
  private boolean mirror(Expr x, Expr y) {
    Images pair = new Images(x, y);
    Boolean before = known.get(pair);
    if (before == null) {
      if (known.size() > MOST) {
        return false;
      }
      known.put(pair, false);
      before = compare(x, y);
      known.put(pair, before);
    }
    return before;
  }

  private boolean compare(Expr x, Expr y) {
    if (x.rank() != 2 || y.rank() != 2) {
      return x == y && x.rank() == 0;
    }
    if (x == y && x.operation() == Operation.MATMUL && Products.isGram(x)) {
      return true;
    }
    if (x.isTransposed() && x.operand(0) == y || y.isTransposed() && y.operand(0) == x) {
      return true;
    }
    if (x.operation() != y.operation()) {
      return false;
    }
    return switch (x.operation()) {
      case EXPAND -> x.operand(0) == y.operand(0) && x.axis() == 1 - y.axis();
      case INDEX -> isSquare(x) && isSquare(y) && x.axis() == 1 - y.axis();
      case BROADCAST_LIKE -> isSquare(x) && isSquare(y) && mirror(x.operand(0), y.operand(0));
      case STOP, FLIP, REAL -> mirror(x.operand(0), y.operand(0));
      default ->
          x.operation().isElementWise()
              && x.attributes().equals(y.attributes())
              && (pairwise(x, y, 0, 1) || isCommutative(x.operation()) && pairwise(x, y, 1, 0));
    };
  }

  /** Operands one by one, or the two of a commutative operation the other way round. */
  private boolean pairwise(Expr x, Expr y, int first, int second) {
    List<Expr> ys = y.operands();
    for (int k = 0; k < ys.size(); k++) {
      if (!mirror(x.operand(k), ys.get(k == 0 && ys.size() > 1 ? first : k == 1 ? second : k))) {
        return false;
      }
    }
    return true;
  }

  /** As many rows as columns, by name. */
  private static boolean isSquare(Expr x) {
    return x.sizes().get(0).equals(x.sizes().get(1));
  }

  private static boolean isCommutative(Operation operation) {
    return switch (operation) {
      case ADD, MUL, EQUAL, SAME -> true;
      default -> false;
    };
  }
}
