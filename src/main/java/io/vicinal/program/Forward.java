package io.vicinal.program;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Directional derivatives, as expressions. Those of a gradient are exact Hessian-vector products.
 */
public final class Forward {
  private Forward() {}

  /**
   * The derivatives of values along a direction; zeros where one does not depend on what moves.
   *
   * @param values real expressions
   * @param directions what moves, usually inputs, and where to: expressions of the same sizes
   */
  public static List<Expr> tangents(List<Expr> values, Map<Expr, Expr> directions) {
    directions.forEach(
        (moving, direction) -> {
          if (direction.type() != Expr.Type.REAL || direction.rank() != moving.rank()) {
            throw new IllegalArgumentException(
                direction.site()
                    + ": direction "
                    + direction.described()
                    + " of "
                    + moving.described()
                    + ": type and rank differ");
          }
        });
    Map<Expr, Expr> tangents = new HashMap<>(directions);
    for (Expr node : Graph.between(directions.keySet(), values)) {
      if (!tangents.containsKey(node)) {
        List<Expr> moving = new ArrayList<>();
        node.operands().forEach(operand -> moving.add(tangents.get(operand)));
        Derivative derivative = node.operation().derivative();
        node.graph().at(node.site(), () -> tangents.put(node, derivative.push(node, moving)));
      }
    }
    return values.stream()
        .map(value -> tangents.get(value) == null ? value.zeros() : tangents.get(value))
        .toList();
  }

  /**
   * The program with derivatives of outputs as more outputs, {@code tangent.OUTPUT}, along
   * directions that are more inputs, {@code direction.INPUT}.
   *
   * @param program a program
   * @param outputs names of real outputs
   * @param inputs names of real inputs
   */
  public static Program of(Program program, Collection<String> outputs, Collection<String> inputs) {
    Map<Expr, Expr> directions = new LinkedHashMap<>();
    for (String name : inputs) {
      Expr input = program.input(name);
      input.requireReal("direction");
      Graph graph = input.graph();
      directions.put(input, graph.input("direction." + name, input.type(), input.sizes()));
    }
    List<String> names = new ArrayList<>(outputs);
    List<Expr> tangents = tangents(names.stream().map(program::output).toList(), directions);
    Map<String, Expr> more = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      more.put("tangent." + names.get(i), tangents.get(i));
    }
    return program.with(more);
  }
}
