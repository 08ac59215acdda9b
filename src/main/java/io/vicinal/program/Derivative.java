package io.vicinal.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * How the result of an operation moves with each of its operands; {@code null} where it does not.
 * Both directions are expressions of the same operations, so that they can be differentiated again.
 */
record Derivative(List<Slot> slots) {
  static final Derivative NONE = new Derivative(List.of());

  /**
   * One operand's part. {@code push} takes (node, tangent of the operand) to the tangent of the
   * node, {@code pull} takes (node, adjoint of the node) to the adjoint of the operand.
   */
  record Slot(BinaryOperator<Expr> push, BinaryOperator<Expr> pull) {}

  /**
   * Element by element the derivative is a factor: one rule, which multiplies by it, serves in both
   * directions. What was repeated on the way there is summed on the way back.
   */
  @SafeVarargs
  static Derivative factors(BinaryOperator<Expr>... rules) {
    List<Slot> slots = new ArrayList<>();
    for (int k = 0; k < rules.length; k++) {
      BinaryOperator<Expr> rule = rules[k];
      int operand = k;
      slots.add(
          rule == null
              ? null
              : new Slot(
                  (y, t) -> rule.apply(y, t).broadcastLike(y),
                  (y, g) -> rule.apply(y, g).sumLike(y.operand(operand))));
    }
    return new Derivative(slots);
  }

  /** Linear in each operand that has a rule: the tangent is the operation at the tangent. */
  @SafeVarargs
  static Derivative linear(BinaryOperator<Expr>... pulls) {
    List<Slot> slots = new ArrayList<>();
    for (int k = 0; k < pulls.length; k++) {
      int operand = k;
      slots.add(pulls[k] == null ? null : new Slot((y, t) -> y.withOperand(operand, t), pulls[k]));
    }
    return new Derivative(slots);
  }

  static Derivative of(Slot... slots) {
    return new Derivative(Arrays.asList(slots));
  }

  boolean has(int operand) {
    return operand < slots.size() && slots.get(operand) != null;
  }

  /** What operand k is given of the node's adjoint, {@code null} for nothing. */
  Expr pull(Expr node, int k, Expr adjoint) {
    return has(k) ? slots.get(k).pull().apply(node, adjoint) : null;
  }

  /** The node's tangent from its operands', {@code null} where there is none. */
  Expr push(Expr node, List<Expr> tangents) {
    Expr sum = null;
    for (int k = 0; k < tangents.size(); k++) {
      if (has(k) && tangents.get(k) != null) {
        sum = Expr.added(sum, slots.get(k).push().apply(node, tangents.get(k)));
      }
    }
    return sum;
  }
}
