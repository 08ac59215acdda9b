package io.vicinal.program;

import io.vicinal.program.Expr.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where expressions are made. The same operation on the same operands is the same expression, so
 * what is written twice is computed once. Expressions of two graphs do not mix.
 *
 * <p>Thread safety: none; one thread at a time builds a graph.
 */
public final class Graph {
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][^\\s=#]*");

  private record Content(Operation operation, Attributes attributes, List<Expr> operands) {}

  private final Map<Content, Expr> nodes = new HashMap<>();
  private final Map<String, Expr> inputs = new HashMap<>();
  private int next;
  private Site site;

  /**
   * An input of real numbers.
   *
   * @param name without blanks
   * @param sizes a name for the size of each axis; axes with one name have one size in every run,
   *     and a number is itself
   */
  public Expr real(String name, String... sizes) {
    return input(name, Type.REAL, new Sizes(List.of(sizes)));
  }

  /**
   * An input of whole numbers: labels or indices.
   *
   * @param name without blanks
   * @param sizes as those of {@link #real}
   */
  public Expr integer(String name, String... sizes) {
    return input(name, Type.INT, new Sizes(List.of(sizes)));
  }

  /** A finite number, of rank 0. */
  public Expr constant(double value) {
    return node(Operation.CONSTANT, Attributes.of("value", value));
  }

  /** The distance from 1 to the next number of the run's type, of rank 0. */
  public Expr epsilon() {
    return node(Operation.EPSILON, Attributes.NONE);
  }

  /** 0, 1 and so on, as many as are asked for: of rank 1. */
  public Expr range(int count) {
    Expr some = constant(0).expand(0);
    for (int have = 1; have < count; have *= 2) {
      some = some.concat(some, 0);
    }
    return some.slice(0, 0, count).index(0); // of which only the shape is read
  }

  Expr input(String name, Type type, Sizes sizes) {
    requireName("input", name);
    Expr known = inputs.get(name);
    if (known == null) {
      Attributes attributes = Attributes.of("type", type).and("rank", sizes.rank());
      known =
          new Expr(this, next++, Operation.INPUT, List.of(), attributes, type, sizes, here(), name);
      inputs.put(name, known);
    }
    if (known.type() != type || !known.sizes().equals(sizes)) {
      throw refused(
          "input %s of %s %s: it is already %s %s", name, type, sizes, known.type(), known.sizes());
    }
    return known;
  }

  /** A name of an input or output stands in a program's text. */
  static void requireName(String kind, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          kind + " \"" + name + "\": a name starts with a letter and has no blank, = or #");
    }
  }

  /** The node, or one that is known to have the same value. */
  Expr node(Operation operation, Attributes attributes, Expr... operands) {
    return Simplification.of(this, operation, attributes, List.of(operands));
  }

  /** The node as it stands. */
  Expr intern(Operation operation, Attributes attributes, List<Expr> operands) {
    Expr known = nodes.get(new Content(operation, attributes, operands));
    if (known != null) {
      return known;
    }
    Sizes sizes = sizes(operation, attributes, operands);
    Type type = operation.signature().result(operands);
    Expr added =
        new Expr(this, next, operation, operands, attributes, type, sizes.of(next), here(), null);
    next++;
    nodes.put(new Content(operation, attributes, operands), added);
    return added;
  }

  /** The result's sizes; refuses operands and attributes that the operation does not take. */
  Sizes sizes(Operation operation, Attributes attributes, List<Expr> operands) {
    try {
      operation.signature().check(operands, attributes);
      if (operands.stream().anyMatch(operand -> operand.graph() != this)) {
        throw new IllegalArgumentException("expressions of two graphs do not mix");
      }
      return operation.sizes().of(operands.stream().map(Expr::sizes).toList(), attributes);
    } catch (IllegalArgumentException e) {
      List<String> given = operands.stream().map(Expr::described).toList();
      String of = given.isEmpty() ? "" : " of " + String.join(" and ", given);
      throw refused("%s%s: %s", operation.text(), of, e.getMessage());
    }
  }

  /** Builds as if it had been written at the site of another expression. */
  void at(Site other, Runnable build) {
    Site outer = site;
    site = other;
    try {
      build.run();
    } finally {
      site = outer;
    }
  }

  private IllegalArgumentException refused(String sentence, Object... values) {
    return new IllegalArgumentException(
        here() + ": " + String.format(Locale.ROOT, sentence, values));
  }

  private Site here() {
    return site == null ? Site.caller() : site;
  }

  /** These expressions and all that they need, operands first. */
  static List<Expr> order(Collection<Expr> outputs) {
    Set<Expr> reached = new HashSet<>(outputs);
    List<Expr> open = new ArrayList<>(reached);
    while (!open.isEmpty()) {
      Expr last = open.remove(open.size() - 1);
      last.operands().stream().filter(reached::add).forEach(open::add);
    }
    return reached.stream().sorted(Comparator.comparingInt(Expr::number)).toList();
  }

  /** The expressions through which the values depend on others, operands first. */
  static Set<Expr> between(Collection<Expr> others, Collection<Expr> values) {
    Set<Expr> active = new LinkedHashSet<>();
    for (Expr node : order(values)) {
      Derivative derivative = node.operation().derivative();
      boolean moves = others.contains(node);
      for (int k = 0; k < node.operands().size() && !moves; k++) {
        moves = derivative.has(k) && active.contains(node.operand(k));
      }
      if (moves) {
        active.add(node);
      }
    }
    return active;
  }
}
