package io.vicinal.program;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Gradients, as expressions: the graph is walked backwards, and only towards what is wanted. */
public final class Reverse {
  private Reverse() {}

  /**
   * The gradient of a number with respect to each of these expressions; zeros where it does not
   * depend on one.
   *
   * @param value real, of rank 0
   * @param wanted real expressions that the value is made of, usually inputs
   */
  public static List<Expr> gradients(Expr value, List<Expr> wanted) {
    if (value.type() != Expr.Type.REAL || value.rank() != 0) {
      throw new IllegalArgumentException(
          value.site() + ": gradient of " + value.described() + ": it must be real, of rank 0");
    }
    for (Expr one : wanted) {
      one.requireReal("gradient");
    }
    Graph graph = value.graph();
    Set<Expr> active = Graph.between(wanted, List.of(value));
    Map<Expr, Expr> adjoints = new HashMap<>(Map.of(value, graph.constant(1)));
    List<Expr> backwards = new ArrayList<>(active);
    Collections.reverse(backwards);
    for (Expr node : backwards) {
      Expr adjoint = adjoints.get(node);
      if (adjoint != null) {
        graph.at(node.site(), () -> pull(node, adjoint, active, adjoints));
      }
    }
    return wanted.stream()
        .map(one -> adjoints.get(one) == null ? one.zeros() : adjoints.get(one))
        .toList();
  }

  private static void pull(Expr node, Expr adjoint, Set<Expr> active, Map<Expr, Expr> adjoints) {
    for (int k = 0; k < node.operands().size(); k++) {
      Expr operand = node.operand(k);
      if (active.contains(operand)) {
        Expr part = node.operation().derivative().pull(node, k, adjoint);
        adjoints.put(operand, Expr.added(adjoints.get(operand), part));
      }
    }
  }

  /**
   * The program with the gradients of an output as more outputs, {@code gradient.INPUT}.
   *
   * @param program a program
   * @param output the name of an output of rank 0
   * @param inputs names of real inputs
   */
  public static Program of(Program program, String output, Collection<String> inputs) {
    List<String> names = new ArrayList<>(inputs);
    List<Expr> gradients =
        gradients(program.output(output), names.stream().map(program::input).toList());
    Map<String, Expr> more = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      more.put("gradient." + names.get(i), gradients.get(i));
    }
    return program.with(more);
  }
}
