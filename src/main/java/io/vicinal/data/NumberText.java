package io.vicinal.data;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Whether a cell of a table spells a number, and which. Stateless. */
final class NumberText {
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?([0-9]++(\\.[0-9]*+)?|\\.[0-9]++)([eE][-+]?[0-9]++)?");

  private static final Pattern DECIMAL_COMMA = Pattern.compile("[-+]?[0-9.]*,[0-9]+");

  private static final Map<String, Double> WORDS =
      Map.of(
          "nan", Double.NaN,
          "inf", Double.POSITIVE_INFINITY,
          "+inf", Double.POSITIVE_INFINITY,
          "infinity", Double.POSITIVE_INFINITY,
          "-inf", Double.NEGATIVE_INFINITY,
          "-infinity", Double.NEGATIVE_INFINITY);

  private NumberText() {}

  /** Looked at without trying: a table of texts would throw at every cell. */
  static boolean isNumber(String quoted) {
    String cell = quoted.strip();
    return DECIMAL.matcher(cell).matches() || WORDS.containsKey(cell.toLowerCase(Locale.ROOT));
  }

  static boolean hasDecimalComma(String cell) {
    return DECIMAL_COMMA.matcher(cell).matches();
  }

  /** What nobody could mean for a number: neither nothing nor one with a decimal comma. */
  static boolean isWord(String cell) {
    return !cell.isEmpty() && !isNumber(cell) && !hasDecimalComma(cell);
  }

  /** Java's own parser takes hexadecimal and suffixes, which no table means, and no "nan". */
  static double parsed(String quoted) {
    String cell = quoted.strip();
    if (DECIMAL.matcher(cell).matches()) {
      return Double.parseDouble(cell);
    }
    Double word = WORDS.get(cell.toLowerCase(Locale.ROOT));
    if (word == null) {
      throw new NumberFormatException(cell);
    }
    return word;
  }
}
