package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The class of every sample as a program has it: a number from 0, or a name. Names get the numbers
 * 0, 1, 2, ... in the order of {@link String#compareTo}.
 *
 * <p>Immutable, so safe for any thread.
 */
public final class ClassLabels {
  private final long[] ids;
  private final List<String> names;

  private ClassLabels(long[] ids, List<String> names) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0) {
        throw new InputException(
            "labels: sample " + i + " has label " + ids[i] + "; number the classes from 0");
      }
    }
    if (ids.length == 0) {
      throw new InputException("labels: there are none; give one for each row of features");
    }
    this.ids = ids;
    this.names = names;
  }

  /**
   * @param labels [N], each 0 or more; gaps do not matter
   * @throws InputException if one is negative, or there is none
   */
  public static ClassLabels of(int... labels) {
    return new ClassLabels(Arrays.stream(labels).asLongStream().toArray(), List.of());
  }

  /** As {@link #of(int...)}. */
  public static ClassLabels of(long... labels) {
    return new ClassLabels(labels.clone(), List.of());
  }

  /**
   * @param labels [N] class names
   * @throws InputException if one is null or empty, or there is none
   */
  public static ClassLabels of(String... labels) {
    return of(Arrays.asList(labels));
  }

  /** As {@link #of(String...)}. */
  public static ClassLabels of(List<String> labels) {
    checkNames(labels);
    return of(labels, List.copyOf(new TreeSet<>(labels)));
  }

  /**
   * Names numbered as those of other data: of test data as of the training data, for example.
   *
   * @param labels [N] class names
   * @param classes the name of class 0, 1, 2, ...; see {@link #names()}
   * @throws InputException if a label is none of them
   */
  public static ClassLabels of(List<String> labels, List<String> classes) {
    checkNames(labels);
    Map<String, Long> number = new TreeMap<>();
    for (int c = 0; c < classes.size(); c++) {
      if (number.put(classes.get(c), (long) c) != null) {
        throw new InputException(
            "classes: \"" + classes.get(c) + "\" is named twice; name each class once");
      }
    }
    long[] ids = new long[labels.size()];
    for (int i = 0; i < ids.length; i++) {
      Long id = number.get(labels.get(i));
      if (id == null) {
        throw new InputException(
            "labels: sample "
                + i
                + " has label \""
                + labels.get(i)
                + "\", which is none of the "
                + classes.size()
                + " classes; add it to them");
      }
      ids[i] = id;
    }
    return new ClassLabels(ids, List.copyOf(classes));
  }

  private static void checkNames(List<String> labels) {
    for (int i = 0; i < labels.size(); i++) {
      if (labels.get(i) == null || labels.get(i).isEmpty()) {
        throw new InputException(
            "labels: sample " + i + " has no label; give it one, or leave it out");
      }
    }
  }

  /** N. */
  public int count() {
    return ids.length;
  }

  /** The class number of every sample: a copy. */
  public long[] ids() {
    return ids.clone();
  }

  /** The name of class 0, 1, 2, ...; empty where the labels were numbers. */
  public List<String> names() {
    return names;
  }

  /** A copy as a tensor I64 [N]. */
  public Tensor to(Arena arena) {
    return arena.of(ids, ids.length);
  }
}
