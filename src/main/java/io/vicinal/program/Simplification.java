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
    if (operation == Operation.MATMUL) {
      return product(graph, x.get(0), attributes.flag("ta"), x.get(1), attributes.flag("tb"));
    }
    Expr known = known(operation, attributes, x, sizes);
    return known == null ? graph.intern(operation, attributes, x) : known;
  }

  private static Expr known(Operation operation, Attributes attributes, List<Expr> x, Sizes sizes) {
    Expr first = x.isEmpty() ? null : x.get(0);
    Expr second = x.size() < 2 ? null : x.get(1);
    return switch (operation) {
      case NEG -> first.operation() == Operation.NEG ? first.operand(0) : null;
      case STOP -> first.operation() == Operation.STOP ? first : null;
      case ADD -> isConstant(second, 0) ? first : isConstant(first, 0) ? second : null;
      case SUB -> isConstant(second, 0) ? first : null;
      case MUL -> isConstant(second, 1) ? first : isConstant(first, 1) ? second : null;
      case DIV -> isConstant(second, 1) ? first : null;
      case SUM_LIKE, BROADCAST_LIKE -> first.sizes().equals(sizes) ? first : null;
      case TRANSPOSE ->
          attributes.text("axes").equals("1,0") && first.isTransposed() ? first.operand(0) : null;
      default -> null;
    };
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
