package io.vicinal.kit;

import io.vicinal.InputException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Options of a command line: {@code --name value} and {@code --flag}. Immutable. */
public final class Options {
  private static final String SET = "";

  private final Map<String, String> given = new HashMap<>();

  private final String known; // how every refusal ends

  private Options(String known) {
    this.known = known;
  }

  /**
   * Reads a command line.
   *
   * @param flags options without a value
   * @param named options with one
   * @throws InputException naming what is unknown or lacks its value
   */
  public static Options parse(List<String> flags, List<String> named, String... arguments) {
    List<String> all = new ArrayList<>(named);
    all.addAll(flags);
    String known = "; the options are " + String.join(", ", all);
    Options options = new Options(known);
    for (int i = 0; i < arguments.length; i++) {
      String option = arguments[i];
      if (flags.contains(option)) {
        options.given.put(option, SET);
      } else if (!named.contains(option)) {
        throw new InputException(option + " is unknown" + known);
      } else if (++i == arguments.length) {
        throw new InputException(option + " needs a value" + known);
      } else {
        options.given.put(option, arguments[i]);
      }
    }
    return options;
  }

  /** Whether an option was given. */
  public boolean has(String option) {
    return given.containsKey(option);
  }

  /** Its value, or another if it was not given. */
  public String text(String option, String otherwise) {
    return given.getOrDefault(option, otherwise);
  }

  /** The values between its commas. */
  public List<String> list(String option, List<String> otherwise) {
    return has(option) ? List.of(given.get(option).split(",")) : otherwise;
  }

  /**
   * Its value, a count.
   *
   * @throws InputException if it is none
   */
  public int number(String option, int otherwise) {
    long value = whole(option, otherwise);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw refused(option, null);
    }
    return (int) value;
  }

  /**
   * Its value, a whole number of either sign.
   *
   * @throws InputException if it is none
   */
  public long whole(String option, long otherwise) {
    if (!has(option)) {
      return otherwise;
    }
    try {
      return Long.parseLong(given.get(option));
    } catch (NumberFormatException e) {
      throw refused(option, e);
    }
  }

  private InputException refused(String option, NumberFormatException e) {
    return new InputException(option + " '" + given.get(option) + "' is no whole number" + known, e);
  }
}
