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
    if (known == null) {
      known = masked(graph, operation, x, sizes);
    }
    return known == null ? graph.intern(operation, attributes, x) : known;
  }

  /**
   * What is 0 where a mask is says so in front: what is made of it is computed there only.
   *
   * @return null if it is not such a thing
   */
  private static Expr masked(Graph graph, Operation operation, List<Expr> x, Sizes sizes) {
    int factors =
        switch (operation) {
          case NEG, DIV -> 1;
          case ADD, SUB, MUL -> 2;
          default -> 0;
        };
    for (Expr factor : x.subList(0, factors)) {
      if (!isMasked(factor, sizes)) {
        continue;
      }
      Expr mask = factor.operand(0);
      List<Expr> inside =
          x.stream().map(one -> isMaskedBy(one, mask, sizes) ? one.operand(1) : one).toList();
      boolean all = inside.stream().noneMatch(x::contains);
      if (all || operation == Operation.MUL || operation == Operation.DIV) {
        Expr there = graph.node(operation, Attributes.NONE, inside.toArray(Expr[]::new));
        return mask.select(there, factor.operand(2));
      }
    }
    return null;
  }

  private static boolean isMaskedBy(Expr x, Expr mask, Sizes sizes) {
    return isMasked(x, sizes) && x.operand(0) == mask;
  }

  private static boolean isMasked(Expr x, Sizes sizes) {
    return x.operation() == Operation.SELECT
        && isConstant(x.operand(2), 0)
        && x.sizes().equals(sizes);
  }

  private static Expr known(Operation operation, Attributes attributes, List<Expr> x, Sizes sizes) {
    Expr first = x.isEmpty() ? null : x.get(0);
    Expr second = x.size() < 2 ? null : x.get(1);
    return switch (operation) {
      case NEG -> first.operation() == Operation.NEG ? first.operand(0) : null;
      case SELECT -> isConstant(x.get(2), 0) && isMaskedBy(second, first, sizes) ? second : null;
      case STOP -> first.operation() == Operation.STOP ? first : null;
      case ADD ->
          isConstant(second, 0)
              ? first
              : isConstant(first, 0) ? second : ProxyLosses.sum(first, second);
      case SUB -> isConstant(second, 0) ? first : null;
      case MUL -> isConstant(second, 1) ? first : isConstant(first, 1) ? second : null;
      case DIV -> isConstant(second, 1) ? first : null;
      case SUM_LIKE, BROADCAST_LIKE -> first.sizes().equals(sizes) ? first : null;
      case TRANSPOSE ->
          !Axes.isSwap(attributes, first.rank())
              ? null
              : first.isTransposed() ? first.operand(0) : Symmetry.of(first) ? first : null;
      default -> null;
    };
  }

  static boolean isConstant(Expr x, double value) {
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
