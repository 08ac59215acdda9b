package io.vicinal.loss;

import io.vicinal.InputException;
import io.vicinal.backend.LossList;
import io.vicinal.backend.LossParameter;
import io.vicinal.backend.LossSpec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a loss is set: the parameters that are given as text, checked against the list of the native
 * library, the others at their defaults. Every error names the loss and the parameter. One per
 * call, for one thread.
 */
final class Settings {
  private final String loss;
  private final Map<String, String> given;
  private final Map<String, LossParameter> known = new LinkedHashMap<>();

  /**
   * @throws InputException if the loss has no parameter of a given name
   */
  Settings(String loss, Map<String, String> given) {
    this.loss = loss;
    this.given = given;
    listed(loss).forEach(parameter -> known.put(parameter.name(), parameter));
    for (String name : given.keySet()) {
      if (!known.containsKey(name)) {
        throw new InputException(
            loss
                + ": unknown parameter '"
                + name
                + "'; it has "
                + String.join(", ", known.keySet()));
      }
    }
  }

  private static List<LossParameter> listed(String loss) {
    List<LossParameter> listed = LossList.losses().get(loss);
    if (listed == null) {
      throw new InputException(
          "loss: '"
              + loss
              + "' is none that the native library computes; it has "
              + String.join(", ", LossList.losses().keySet()));
    }
    return listed;
  }

  /** All defaults. */
  Settings(String loss) {
    this(loss, Map.of());
  }

  double number(String name) {
    LossParameter p = known.get(name);
    String text = given.get(name);
    if (text == null) {
      return p.standard();
    }
    double value;
    try {
      value = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new InputException(
          loss + ": " + name + " '" + text + "' is not a number; give one such as " + p.standard(),
          e);
    }
    check(name, Double.isFinite(value), "'" + text + "' is not finite");
    boolean below = p.least() == 0 && value < 0;
    String problem = below ? " is below 0" : " is outside " + p.least() + ".." + p.most();
    check(name, value >= p.least() && value <= p.most(), value + problem);
    return value;
  }

  int whole(String name) {
    LossParameter p = known.get(name);
    String text = given.get(name);
    if (text == null) {
      return (int) p.standard();
    }
    String range = (int) p.least() + ".." + (int) p.most();
    int value;
    try {
      value = Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new InputException(
          loss + ": " + name + " '" + text + "' is not an integer in " + range, e);
    }
    check(name, value >= p.least() && value <= p.most(), value + " is outside " + range);
    return value;
  }

  /** Whether the other choice than the default is made. */
  boolean other(String name) {
    List<String> choices = known.get(name).choices();
    String text = given.getOrDefault(name, choices.get(0));
    check(name, choices.contains(text), "'" + text + "' is none of " + String.join(", ", choices));
    return choices.indexOf(text) == 1;
  }

  private void check(String name, boolean ok, String problem) {
    if (!ok) {
      throw new InputException(loss + ": " + name + " " + problem);
    }
  }

  /**
   * The loss with its parameters as numbers: a choice by its place.
   *
   * @throws InputException if the native library has no such loss, or {@code params()} lacks a
   *     parameter of it
   */
  static LossSpec spec(Loss loss) {
    Map<String, Object> values = loss.params();
    Map<String, Double> numbers = new LinkedHashMap<>();
    for (LossParameter p : listed(loss.name())) {
      numbers.put(p.name(), number(loss.name(), p, values.get(p.name())));
    }
    return new LossSpec(loss.name(), numbers);
  }

  private static double number(String loss, LossParameter p, Object value) {
    int choice = p.choices().indexOf(String.valueOf(value));
    if (choice >= 0) {
      return choice;
    }
    if (p.choices().isEmpty() && value instanceof Number number) {
      return number.doubleValue();
    }
    throw new InputException(
        loss + ": " + p.name() + " is " + value + " in params(); give it its value there");
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
