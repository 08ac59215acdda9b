package io.vicinal.program;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collector;
import java.util.stream.Collectors;

/**
 * Named outputs and all that they are made of, in an order in which it can be computed. Its text is
 * what a device is given:
 *
 * <pre>
 * embedding = input type=real rank=2
 * %1 = matmul embedding embedding tb=1          # MultiSimilarity.java:41
 * %2 = sum %1 axes=all                          # MultiSimilarity.java:42
 * output loss %2
 * </pre>
 */
public final class Program {
  private static final int SITE_COLUMN = 46;

  private final Map<String, Expr> outputs;
  private final List<Expr> nodes;
  private final List<Expr> inputs;

  /**
   * @param outputs expressions of one graph by name
   */
  public Program(Map<String, Expr> outputs) {
    this.outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    this.nodes = Graph.order(this.outputs.values());
    this.inputs = nodes.stream().filter(node -> node.operation() == Operation.INPUT).toList();
    outputs.keySet().forEach(name -> Graph.requireName("output", name));
    if (nodes.stream().map(Expr::graph).distinct().count() > 1) {
      throw new IllegalArgumentException("outputs " + outputs.keySet() + " are of several graphs");
    }
  }

  /** The outputs by name, in their order. */
  public Map<String, Expr> outputs() {
    return outputs;
  }

  /** The inputs that the outputs depend on. */
  public List<Expr> inputs() {
    return inputs;
  }

  /** All expressions, operands first. */
  public List<Expr> nodes() {
    return nodes;
  }

  /** The input of that name. */
  public Expr input(String name) {
    return inputs().stream()
        .filter(input -> input.name().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown("input", name, inputs().stream().map(Expr::name).toList()));
  }

  /** The output of that name. */
  public Expr output(String name) {
    Expr output = outputs.get(name);
    if (output == null) {
      throw unknown("output", name, List.copyOf(outputs.keySet()));
    }
    return output;
  }

  /** This program with more outputs. */
  Program with(Map<String, Expr> more) {
    Map<String, Expr> all = new LinkedHashMap<>(outputs);
    more.forEach(
        (name, x) -> {
          if (all.putIfAbsent(name, x) != null) {
            throw new IllegalArgumentException("the program has an output " + name + " already");
          }
        });
    return new Program(all);
  }

  /**
   * Refuses arrays whose ranks or sizes are not as the inputs say: those of one name are one size.
   *
   * @param shapes the shapes of a run's arrays by the names of the inputs
   */
  void requireSizes(Map<String, long[]> shapes) {
    Map<String, Long> known = new HashMap<>();
    for (Expr input : inputs()) {
      long[] shape = shapes.get(input.name());
      List<String> names = input.sizes().names();
      boolean fits = shape.length == names.size();
      for (int k = 0; k < shape.length && fits; k++) {
        Long size = Sizes.number(names.get(k));
        Long before = size == null ? known.putIfAbsent(names.get(k), shape[k]) : size;
        fits = before == null || before == shape[k];
      }
      if (!fits) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "input %s is %s, with %s it must be %s",
                input.name(),
                Arrays.toString(shape),
                new TreeMap<>(known),
                names));
      }
    }
  }

  private static IllegalArgumentException unknown(String kind, String name, List<String> known) {
    return new IllegalArgumentException(
        "the program has no " + kind + " " + name + ": it has " + String.join(", ", known));
  }

  /** The text of the program, one node a line. */
  @Override
  public String toString() {
    Map<Expr, String> names = new LinkedHashMap<>();
    for (Expr node : nodes) {
      names.put(node, node.name() == null ? "%" + names.size() : node.name());
    }
    StringBuilder text = new StringBuilder();
    for (Expr node : nodes) {
      String operands = node.operands().stream().map(x -> " " + names.get(x)).collect(joined());
      String attributes = node.attributes().words().stream().map(" "::concat).collect(joined());
      String line = names.get(node) + " = " + node.operation().text() + operands + attributes;
      text.append(
          node.operation() == Operation.INPUT
              ? line
              : String.format(Locale.ROOT, "%-" + (SITE_COLUMN - 1) + "s # %s", line, node.site()));
      text.append('\n');
    }
    outputs.forEach(
        (name, x) ->
            text.append("output ").append(name).append(' ').append(names.get(x)).append('\n'));
    return text.toString();
  }

  private static Collector<CharSequence, ?, String> joined() {
    return Collectors.joining();
  }
}
