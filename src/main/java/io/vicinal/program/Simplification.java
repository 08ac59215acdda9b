package io.vicinal.program;

import java.util.ArrayList;
import java.util.List;

/**
 * What a node may be replaced by before it is made, because the value is the same: what does
 * nothing, what undoes itself, and repetition that an element-wise operation does anyway.
 */
final class Simplification {
  private Simplification() {}

  static Expr of(Graph graph, Operation operation, Attributes attributes, List<Expr> given) {
    Sizes sizes = graph.sizes(operation, attributes, given); // checked as it was written
    List<Expr> x = operation.isElementWise() ? unrepeated(given, sizes) : given;
    Expr first = x.isEmpty() ? null : x.get(0);
    Expr second = x.size() < 2 ? null : x.get(1);
    switch (operation) {
      case NEG:
        if (first.operation() == Operation.NEG) {
          return first.operand(0);
        }
        break;
      case ADD:
        if (isConstant(second, 0)) {
          return first;
        }
        if (isConstant(first, 0)) {
          return second;
        }
        break;
      case SUB:
        if (isConstant(second, 0)) {
          return first;
        }
        break;
      case MUL:
        if (isConstant(second, 1)) {
          return first;
        }
        if (isConstant(first, 1)) {
          return second;
        }
        break;
      case DIV:
        if (isConstant(second, 1)) {
          return first;
        }
        break;
      case STOP:
        if (first.operation() == Operation.STOP) {
          return first;
        }
        break;
      case SUM_LIKE, BROADCAST_LIKE:
        if (first.sizes().equals(sizes)) {
          return first;
        }
        break;
      case MATMUL:
        return product(graph, first, attributes.flag("ta"), second, attributes.flag("tb"));
      case TRANSPOSE:
        if (first.operation() == Operation.TRANSPOSE && first.rank() == 2) {
          return first.operand(0);
        }
        break;
      default:
    }
    return graph.intern(operation, attributes, x);
  }

  private static boolean isConstant(Expr x, double value) {
    return x.operation() == Operation.CONSTANT && x.attributes().number("value") == value;
  }

  /** Without repetition to sizes that another operand has already. */
  private static List<Expr> unrepeated(List<Expr> given, Sizes sizes) {
    List<Expr> x = new ArrayList<>(given);
    for (int k = 0; k < x.size(); k++) {
      int operand = k;
      boolean another =
          x.stream().anyMatch(other -> other != x.get(operand) && other.sizes().equals(sizes));
      if (another && x.get(k).operation() == Operation.BROADCAST_LIKE) {
        x.set(k, x.get(k).operand(0));
      }
    }
    return List.copyOf(x);
  }

  /** A transposed operand becomes a flag of the product. */
  private static Expr product(Graph graph, Expr a, boolean ta, Expr b, boolean tb) {
    if (a.isTransposed()) {
      return product(graph, a.operand(0), !ta, b, tb);
    }
    if (b.isTransposed()) {
      return product(graph, a, ta, b.operand(0), !tb);
    }
    Attributes attributes = Attributes.NONE.flag("ta", ta).flag("tb", tb);
    return graph.intern(Operation.MATMUL, attributes, List.of(a, b));
  }
}
