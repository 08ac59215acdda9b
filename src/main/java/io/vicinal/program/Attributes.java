package io.vicinal.program;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a node is told besides its operands, kept as it is written. */
record Attributes(Map<String, String> texts) {
  static final Attributes NONE = new Attributes(Map.of());
  static final String ALL = "all";

  Attributes {
    texts = Collections.unmodifiableMap(new LinkedHashMap<>(texts));
  }

  static Attributes of(String name, Object value) {
    return NONE.and(name, value);
  }

  /** Axes in increasing order. */
  static Attributes axes(int... axes) {
    return of("axes", join(Arrays.stream(axes).sorted().distinct()));
  }

  static Attributes order(int... axes) {
    return of("axes", join(Arrays.stream(axes)));
  }

  Attributes and(String name, Object value) {
    Map<String, String> more = new LinkedHashMap<>(texts);
    more.put(name, value.toString());
    return new Attributes(more);
  }

  /** A flag that is not set is not written. */
  Attributes flag(String name, boolean set) {
    return set ? and(name, 1) : this;
  }

  boolean flag(String name) {
    return texts.getOrDefault(name, "0").equals("1");
  }

  String text(String name) {
    return texts.get(name);
  }

  double number(String name) {
    return Double.parseDouble(text(name));
  }

  /** The attribute {@code axis}, which must be one of an array of this rank. */
  int axis(int rank) {
    int axis = Integer.parseInt(text("axis"));
    if (axis < 0 || axis >= rank) {
      throw new IllegalArgumentException("axis " + axis + " is not one of rank " + rank);
    }
    return axis;
  }

  boolean all() {
    return ALL.equals(text("axes")) || ALL.equals(text("axis"));
  }

  /** The attribute {@code axes}, each of which must be one of an array of this rank. */
  int[] axes(int rank) {
    String text = text("axes");
    if (text.isEmpty()) {
      throw new IllegalArgumentException("no axis is named");
    }
    int[] axes = Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray();
    for (int axis : axes) {
      of("axis", axis).axis(rank);
    }
    return axes;
  }

  private static String join(IntStream axes) {
    return axes.mapToObj(Integer::toString).collect(Collectors.joining(","));
  }

  List<String> words() {
    return texts.entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue()).toList();
  }
}
