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
  static final String ADJOINT = "adjoint.";
  static final String GRADIENT = "gradient.";

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
    return gradients(Map.of(value, value.graph().constant(1)), wanted);
  }

  /** Of expressions of any shape, each times its adjoint and summed. */
  private static List<Expr> gradients(Map<Expr, Expr> values, List<Expr> wanted) {
    Set<Expr> active = Graph.between(wanted, values.keySet());
    Map<Expr, Expr> adjoints = new HashMap<>(values);
    List<Expr> backwards = new ArrayList<>(active);
    Collections.reverse(backwards);
    for (Expr node : backwards) {
      Expr adjoint = adjoints.get(node);
      if (adjoint != null) {
        node.graph().at(node.site(), () -> pull(node, adjoint, active, adjoints));
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
    List<Expr> wanted = inputs.stream().map(program::input).toList();
    return program.with(named(inputs, gradients(program.output(output), wanted)));
  }

  /**
   * The program with gradients, {@code gradient.INPUT}, of the sum of outputs of any shape, each
   * times an input {@code adjoint.OUTPUT} of that shape.
   *
   * @param program a program
   * @param outputs names of real outputs
   * @param inputs names of real inputs
   */
  public static Program of(Program program, Collection<String> outputs, Collection<String> inputs) {
    List<Expr> wanted = inputs.stream().map(program::input).toList();
    wanted.forEach(one -> one.requireReal("gradient"));
    return program.with(named(inputs, gradients(adjoints(program, outputs), wanted)));
  }

  /**
   * The same in two runs, for adjoints that are known only when the outputs are: of embeddings of
   * which tuples are mined before there is a loss. What the second run needs of the first is an
   * output of that and an input of this, {@code saved.0} and so on; the two give the bits of the
   * one program.
   */
  public static Split split(
      Program program, Collection<String> outputs, Collection<String> inputs) {
    return Split.of(program, of(program, outputs, inputs), outputs, inputs);
  }

  private static Map<Expr, Expr> adjoints(Program program, Collection<String> outputs) {
    Map<Expr, Expr> adjoints = new LinkedHashMap<>();
    for (String name : outputs) {
      Expr value = program.output(name);
      value.requireReal("gradient");
      Expr adjoint = value.graph().input(ADJOINT + name, value.type(), value.sizes());
      adjoints.merge(value, adjoint, Expr::plus);
    }
    return adjoints;
  }

  private static Map<String, Expr> named(Collection<String> inputs, List<Expr> gradients) {
    Map<String, Expr> named = new LinkedHashMap<>();
    for (String input : inputs) {
      named.put(GRADIENT + input, gradients.get(named.size()));
    }
    return named;
  }
}
