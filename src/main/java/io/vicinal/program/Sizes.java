package io.vicinal.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The sizes of an array's axes, by name: axes with one name have one size in every run, and a
 * number is that size. Others are known only when a program runs.
 */
record Sizes(List<String> names) {
  static final String ONE = "1";

  /** A size that no other axis is known to share; the graph gives it a name of its own. */
  static final String OWN = "?";

  static final Sizes SCALAR = new Sizes(List.of());

  Sizes {
    names = List.copyOf(names);
  }

  /** The size that a name says, {@code null} if it is known only when a program runs. */
  static Long number(String name) {
    return name.matches("\\d{1,18}") ? Long.valueOf(name) : null;
  }

  /** The size of two axes that are joined. */
  static String product(String first, String second) {
    Long a = number(first);
    Long b = number(second);
    return a != null && b != null ? Long.toString(a * b) : first + "*" + second;
  }

  /** The size of two axes one behind the other. */
  static String sum(String first, String second) {
    Long a = number(first);
    Long b = number(second);
    return a != null && b != null ? Long.toString(a + b) : OWN;
  }

  /** The size of a part of an axis; negative positions and {@code end} count from its end. */
  static String part(String size, String from, String to) {
    long first = Long.parseLong(from);
    long last = to.equals("end") ? 0 : Long.parseLong(to);
    boolean lastFromEnd = to.equals("end") || last < 0;
    Long all = first < 0 == lastFromEnd ? Long.valueOf(0) : number(size);
    if (all == null) {
      return OWN;
    }
    return Long.toString(Math.max(0, lastFromEnd ? all + last - first : last - first - all));
  }

  int rank() {
    return names.size();
  }

  String get(int axis) {
    return names.get(axis);
  }

  Sizes with(int axis, String name) {
    List<String> changed = new ArrayList<>(names);
    changed.set(axis, name);
    return new Sizes(changed);
  }

  Sizes expand(int axis) {
    List<String> changed = new ArrayList<>(names);
    changed.add(axis, ONE);
    return new Sizes(changed);
  }

  Sizes drop(int axis) {
    List<String> changed = new ArrayList<>(names);
    changed.remove(axis);
    return new Sizes(changed);
  }

  /** Own sizes become sizes of the node with this number. */
  Sizes of(int number) {
    return each(rank(), k -> get(k).equals(OWN) ? OWN + number + "." + k : get(k));
  }

  /** The sizes of an element-wise result, {@code null} if the ranks do not fit. */
  static Sizes broadcast(List<Sizes> operands) {
    int rank = operands.stream().mapToInt(Sizes::rank).max().orElse(0);
    List<Sizes> arrays = operands.stream().filter(sizes -> sizes.rank() > 0).toList();
    return arrays.stream().allMatch(sizes -> sizes.rank() == rank)
        ? each(rank, k -> join(arrays.stream().map(sizes -> sizes.get(k)).toList()))
        : null;
  }

  private static String join(List<String> sizes) {
    List<String> distinct = sizes.stream().filter(size -> !size.equals(ONE)).distinct().toList();
    return distinct.isEmpty() ? ONE : distinct.size() == 1 ? distinct.get(0) : OWN;
  }

  private static Sizes each(int rank, IntFunction<String> name) {
    return new Sizes(IntStream.range(0, rank).mapToObj(name).map(Objects::toString).toList());
  }

  @Override
  public String toString() {
    return names.toString();
  }
}
