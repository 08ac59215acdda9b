package io.vicinal.data;

import io.vicinal.InputException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What to call classes or samples, by id from 0; empty where nothing is known. Names are any text,
 * need not differ, and are kept as they were given: {@link #shown} makes one fit for a line.
 * Immutable, so safe for any thread.
 */
public final class Names {
  private static final Names NONE = new Names(List.of());
  private static final int SHOWN = 80;

  private final List<String> names;
  private final Map<String, Integer> ids = new HashMap<>();
  private final Set<String> repeated = new HashSet<>();

  private Names(List<String> names) {
    this.names = names;
    for (int i = 0; i < names.size(); i++) {
      if (ids.putIfAbsent(names.get(i), i) != null) {
        repeated.add(names.get(i));
      }
    }
  }

  /** No names. */
  public static Names none() {
    return NONE;
  }

  /** Name i is that of id i. */
  public static Names of(List<String> names) {
    return names.isEmpty() ? NONE : new Names(List.copyOf(names));
  }

  /**
   * Reads a list of names; null gives {@link #none}.
   *
   * @param path a {@code .txt} with a name a line, a column {@code FILE.csv:COLUMN} (no column if
   *     there is one only), a folder that {@code vicinal features} wrote, or a {@code .npy} or
   *     {@code FILE.npz:NAME} of texts
   * @throws InputException if it cannot be read or holds no texts
   */
  public static Names read(Path path) {
    if (path == null) {
      return NONE;
    }
    List<String> names = ArrayFile.texts(path);
    if (names == null) {
      throw InputFile.problem(
          path, "holds no texts", "give a .txt with a name a line, or a column FILE.csv:COLUMN");
    }
    if (names.isEmpty()) {
      throw InputFile.problem(path, "has no names", "write a name a line");
    }
    return of(names);
  }

  /** As {@link #read}; where there are any, there must be exactly {@code count}. */
  public static Names read(Path path, long count, String ofWhat) {
    Names names = read(path);
    if (names.known() && names.size() != count) {
      throw InputFile.problem(
          path,
          names.size() + " names for " + count + " " + ofWhat,
          "give one name for each, in their order");
    }
    return names;
  }

  /** Whether there are any. */
  public boolean known() {
    return !names.isEmpty();
  }

  public int size() {
    return names.size();
  }

  /** All of them. */
  public List<String> list() {
    return names;
  }

  /** The name of an id as it was given, or null if it has none. */
  public String get(long id) {
    return id >= 0 && id < names.size() ? names.get((int) id) : null;
  }

  /** The first id of this name, -1 if there is none. */
  public int idOf(String name) {
    return ids.getOrDefault(name, -1);
  }

  /** A name on a line of its own length, or null: no line breaks, nothing that turns the line. */
  public String shown(long id) {
    String name = get(id);
    if (name == null) {
      return null;
    }
    StringBuilder line = new StringBuilder();
    name.codePoints()
        .limit(SHOWN)
        .forEach(
            c ->
                line.appendCodePoint(
                    switch (Character.getType(c)) {
                      case Character.CONTROL,
                          Character.FORMAT,
                          Character.LINE_SEPARATOR,
                          Character.PARAGRAPH_SEPARATOR,
                          Character.SURROGATE ->
                          ' ';
                      default -> c;
                    }));
    if (name.codePointCount(0, name.length()) > SHOWN) {
      line.append("...");
    }
    return line.toString().strip();
  }

  /** A class in a sentence or a cell: its name, with its id if others are called so; or its id. */
  public String classText(long id) {
    String name = shown(id);
    if (name == null || name.isEmpty()) {
      return "class " + id;
    }
    return repeated.contains(get(id)) ? name + " (class " + id + ")" : name;
  }

  /** A sample in a sentence or a cell: its position, which scores have, and its name. */
  public String sampleText(long id) {
    String name = shown(id);
    return name == null || name.isEmpty() ? Long.toString(id) : id + " (" + name + ")";
  }

  /** The names of some ids, in the given order; none if there are none. */
  public Names subset(long... chosen) {
    return known() ? of(Arrays.stream(chosen).mapToObj(this::get).toList()) : NONE;
  }

  /** Names in a line, those with a comma in quotes: "a, b, 'c, d'". */
  public static String listed(List<String> names) {
    return names.stream()
        .map(name -> name.indexOf(',') < 0 ? name : "'" + name + "'")
        .collect(Collectors.joining(", "));
  }

  /** "a", "a or b", "a, b or c". */
  public static String or(List<String> choices) {
    int last = choices.size() - 1;
    return last < 1
        ? String.join("", choices)
        : String.join(", ", choices.subList(0, last)) + " or " + choices.get(last);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Names n && names.equals(n.names);
  }

  @Override
  public int hashCode() {
    return names.hashCode();
  }

  @Override
  public String toString() {
    return names.size() + " names";
  }
}
