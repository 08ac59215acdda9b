package io.vicinal.program;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A program and its gradients in two runs ({@link Reverse#split}).
 *
 * @param forward the program, with what the other one needs as outputs {@code saved.0} and so on
 * @param backward from {@code adjoint.OUTPUT}, the saved values and some of the program's inputs to
 *     {@code gradient.INPUT}
 */
public record Split(Program forward, Program backward) {
  static Split of(
      Program program, Program joint, Collection<String> outputs, Collection<String> inputs) {
    Set<Expr> late = new HashSet<>(); // what depends on adjoints
    outputs.forEach(name -> late.add(find(joint, Reverse.ADJOINT + name)));
    Set<Expr> needed = new LinkedHashSet<>(); // of the rest, what those read
    List<Expr> gradients =
        inputs.stream().map(name -> joint.output(Reverse.GRADIENT + name)).toList();
    for (Expr node : Graph.order(gradients)) {
      if (node.operands().stream().anyMatch(late::contains)) {
        late.add(node);
      }
    }
    for (Expr node : Graph.order(gradients)) {
      if (late.contains(node)) {
        node.operands().stream().filter(x -> !late.contains(x)).forEach(needed::add);
      } else if (gradients.contains(node)) {
        needed.add(node);
      }
    }
    Copy copy = new Copy();
    Map<String, Expr> saved = new LinkedHashMap<>();
    for (Expr value : Graph.order(needed)) {
      if (needed.contains(value) && !copy.follows(value)) {
        String name = "saved." + saved.size();
        saved.put(name, value);
        copy.made.put(value, copy.graph.input(name, value.type(), value.sizes()));
      }
    }
    Map<String, Expr> results = new LinkedHashMap<>();
    for (Expr node : Graph.order(gradients)) {
      if (late.contains(node)) {
        copy.make(node);
      }
    }
    inputs.forEach(
        name ->
            results.put(
                Reverse.GRADIENT + name, copy.made.get(joint.output(Reverse.GRADIENT + name))));
    return new Split(program.with(saved), new Program(results));
  }

  private static Expr find(Program program, String input) {
    return program.inputs().stream().filter(x -> x.name().equals(input)).findFirst().orElse(null);
  }

  /** The nodes of another graph, with other leaves. */
  private static final class Copy {
    private final Graph graph = new Graph();
    private final Map<Expr, Expr> made = new HashMap<>();

    /** Whether the value is there, or one cheap step from what is: it is not saved, too. */
    boolean follows(Expr value) {
      boolean simple =
          switch (value.operation()) {
            case EXPAND,
                DROP,
                JOIN,
                SPLIT,
                STOP,
                FLIP,
                REAL,
                INDEX,
                SIZE,
                BROADCAST_LIKE,
                UNIFORM,
                NORMAL ->
                true;
            default -> value.operation().isElementWise();
          };
      if (isLeaf(value) || simple && value.operands().stream().allMatch(this::isThere)) {
        value.operands().stream().filter(x -> !made.containsKey(x)).forEach(this::make);
        make(value);
        return true;
      }
      return false;
    }

    private boolean isThere(Expr value) {
      return made.containsKey(value) || isLeaf(value);
    }

    private static boolean isLeaf(Expr value) {
      return value.operands().isEmpty();
    }

    void make(Expr node) {
      if (node.operation() == Operation.INPUT) {
        made.put(node, graph.input(node.name(), node.type(), node.sizes()));
      } else {
        List<Expr> operands = new ArrayList<>();
        node.operands().forEach(x -> operands.add(made.get(x)));
        graph.at(
            node.site(),
            () -> made.put(node, graph.intern(node.operation(), node.attributes(), operands)));
      }
    }
  }
}
