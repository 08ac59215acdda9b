package io.vicinal.program;

import io.vicinal.program.Expr.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The types of an operation's operands and result, and its attributes: {@code real real? -> real |
 * axes}. A question mark follows what may be absent; {@code any} is real or int, and as a result
 * the type of the first operand.
 */
record Signature(List<String> operands, String result, List<String> attributes) {
  static Signature parse(String text) {
    String[] halves = text.split("\\|");
    String[] sides = halves[0].split("->");
    return new Signature(
        words(sides[0]), sides[1].strip(), halves.length == 1 ? List.of() : words(halves[1]));
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : Arrays.asList(text.strip().split(" +"));
  }

  /** Refuses what does not fit, with the reason. */
  void check(List<Expr> given, Attributes named) {
    long least = operands.stream().filter(type -> !type.endsWith("?")).count();
    require(
        given.size() >= least && given.size() <= operands.size(), "it has operands " + operands);
    for (int k = 0; k < given.size(); k++) {
      String type = operands.get(k).replace("?", "");
      require(
          type.equals("any") || type.equals(given.get(k).type().toString()),
          "operand " + (k + 1) + " is " + type);
    }
    for (String name : attributes) {
      require(name.endsWith("?") || named.text(name) != null, "attribute " + name + " is missing");
    }
    named
        .texts()
        .forEach(
            (name, text) -> {
              require(
                  attributes.contains(name) || attributes.contains(name + "?"),
                  "there is no attribute " + name);
              require(!text.matches("NaN|-?Infinity"), name + " is " + text);
            });
  }

  Type result(List<Expr> given) {
    return result.equals("any")
        ? given.get(0).type()
        : Type.valueOf(result.toUpperCase(Locale.ROOT));
  }

  private static void require(boolean holds, String reason) {
    if (!holds) {
      throw new IllegalArgumentException(reason);
    }
  }
}
