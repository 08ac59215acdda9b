package io.vicinal.cli.common;

import io.vicinal.InputException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Plain text on a terminal. */
public final class Text {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./=:,+@%-]+");

  private Text() {}

  /** A text with values in it, by {@link String#format}; the same wherever it is said. */
  public static String say(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** What is wrong with an input, as {@link #say} says it. */
  public static InputException wrong(String format, Object... values) {
    return new InputException(say(format, values));
  }

  /** A fraction as a percentage with two digits; a dash where there is no value. */
  public static String percent(double fraction) {
    return Double.isFinite(fraction) ? say("%.2f", 100 * fraction) : "-";
  }

  /** Three significant digits, without zeros that say nothing: 30, 0.0125, 2.5e-05. */
  public static String number(double value) {
    return Double.isFinite(value) && value != 0
        ? Double.toString(new BigDecimal(value).round(new MathContext(3)).doubleValue())
            .replaceFirst("\\.0$", "")
            .replaceFirst("\\.0E", "E")
            .replace("E-", "e-")
            .replace("E", "e+")
        : Double.toString(value);
  }

  /** Four significant digits and six decimals at most, never with an exponent; NaN is empty. */
  public static String probability(double value) {
    if (!Double.isFinite(value)) {
      return "";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(4));
    BigDecimal plain = rounded.setScale(6, RoundingMode.HALF_EVEN).stripTrailingZeros();
    return plain.toPlainString();
  }

  /** "1 label", "1,204 labels". */
  public static String count(long count, String one, String several) {
    return say("%,d %s", count, count == 1 ? one : several);
  }

  /** Three decimals; a dash where there is no value, and "over 1000" where they say nothing. */
  public static String short3(double value) {
    return !Double.isFinite(value) ? "-" : value > 1000 ? "over 1000" : say("%.3f", value);
  }

  /** A time that somebody may wait: "12 s", "4 min", "2.5 h". */
  public static String duration(double seconds) {
    return seconds < 100
        ? say("%.0f s", Math.max(1, seconds))
        : seconds < 6000 ? say("%.0f min", seconds / 60) : say("%.1f h", seconds / 3600);
  }

  /** A word for a POSIX shell. */
  public static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  /** Lines of at most {@code width} characters, broken at spaces; longer words stay whole. */
  public static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.strip().split("\\s+")) {
      if (line.length() > 0 && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
