package io.vicinal.loss;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a loss's parameters from text; every error names the loss and the parameter. One per call,
 * for one thread.
 */
final class Parameters {
  private final String loss;
  private final Map<String, String> given;

  /**
   * @param known every parameter that the loss has
   * @throws InputException if {@code given} has another one
   */
  Parameters(String loss, Map<String, String> given, Iterable<String> known) {
    this.loss = loss;
    this.given = new LinkedHashMap<>(given);
    Map<String, String> unknown = new LinkedHashMap<>(given);
    known.forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new InputException(
          loss
              + ": unknown parameter '"
              + unknown.keySet().iterator().next()
              + "'; it has "
              + String.join(", ", known));
    }
  }

  /** Beyond any use; what the native library accepts (capi/checks.cpp), as a test holds. */
  static final double LARGEST = 1e4;

  /** What multiplies similarities, or divides them: from {@link #LARGEST}'s inverse on. */
  double positive(String name, double fallback) {
    return within(name, fallback, 1 / LARGEST, LARGEST);
  }

  double nonNegative(String name, double fallback) {
    return within(name, fallback, 0, LARGEST);
  }

  double margin(String name, double fallback) {
    return within(name, fallback, -LARGEST, LARGEST);
  }

  /** Both included. */
  double within(String name, double fallback, double least, double most) {
    double value = number(name, fallback);
    boolean below = least == 0 && value < 0;
    String problem = below ? " is below 0" : " is outside " + least + ".." + most;
    check(name, value >= least && value <= most, value + problem);
    return value;
  }

  private double number(String name, double fallback) {
    String text = given.get(name);
    if (text == null) {
      return fallback;
    }
    try {
      double value = Double.parseDouble(text);
      check(name, Double.isFinite(value), "'" + text + "' is not finite");
      return value;
    } catch (NumberFormatException e) {
      throw new InputException(
          loss + ": " + name + " '" + text + "' is not a number; give one such as " + fallback, e);
    }
  }

  int integer(String name, int fallback, int least, int most) {
    String text = given.get(name);
    if (text == null) {
      return fallback;
    }
    try {
      int value = Integer.parseInt(text);
      check(name, value >= least && value <= most, value + " is outside " + least + ".." + most);
      return value;
    } catch (NumberFormatException e) {
      throw new InputException(
          loss + ": " + name + " '" + text + "' is not an integer in " + least + ".." + most, e);
    }
  }

  boolean flag(String name) {
    return choice(name, "false", "true").equals("true");
  }

  /** The first option is the default. */
  String choice(String name, String... options) {
    String text = given.getOrDefault(name, options[0]);
    List<String> all = Arrays.asList(options);
    check(name, all.contains(text), "'" + text + "' is none of " + String.join(", ", all));
    return text;
  }

  private void check(String name, boolean ok, String problem) {
    if (!ok) {
      throw new InputException(loss + ": " + name + " " + problem);
    }
  }

  /** Pairs in the given order. */
  static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return Collections.unmodifiableMap(map);
  }
}
