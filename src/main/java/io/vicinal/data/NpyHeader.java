package io.vicinal.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Parses the one Python literal that heads a {@code .npy} file: a dict with exactly the keys descr,
 * fortran_order and shape (NumPy Enhancement Proposal 1). Anything else is an {@link
 * IllegalArgumentException} whose message completes "the header ...".
 */
final class NpyHeader {
  /** NumPy's own limit is 64; more than this helps nobody here. */
  private static final int MAX_RANK = 32;

  private final String text;
  private int at;

  private String descr;
  private Boolean fortranOrder;
  private long[] shape;

  private NpyHeader(String text) {
    this.text = text;
  }

  record Fields(String descr, boolean fortranOrder, long[] shape) {}

  static Fields parse(String text) {
    return new NpyHeader(text).dict();
  }

  private Fields dict() {
    expect('{');
    while (!accept('}')) {
      String key = string();
      expect(':');
      entry(key);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skipSpace();
    if (at < text.length()) {
      throw new IllegalArgumentException("has something after its dict");
    }
    if (descr == null || fortranOrder == null || shape == null) {
      throw new IllegalArgumentException("must have the keys descr, fortran_order and shape");
    }
    return new Fields(descr, fortranOrder, shape);
  }

  private void entry(String key) {
    boolean repeated =
        switch (key) {
          case "descr" -> {
            boolean again = descr != null;
            descr = descr();
            yield again;
          }
          case "fortran_order" -> {
            boolean again = fortranOrder != null;
            fortranOrder = bool();
            yield again;
          }
          case "shape" -> {
            boolean again = shape != null;
            shape = tuple();
            yield again;
          }
          default ->
              throw new IllegalArgumentException(
                  "has the unknown key '" + InputFile.printable(key) + "'");
        };
    if (repeated) {
      throw new IllegalArgumentException("has the key '" + key + "' twice");
    }
  }

  private String descr() {
    skipSpace();
    if (at < text.length() && text.charAt(at) == '[') {
      throw new IllegalArgumentException("describes a structured array; save one plain column");
    }
    return string();
  }

  private boolean bool() {
    skipSpace();
    for (String word : new String[] {"True", "False"}) {
      if (text.startsWith(word, at)) {
        at += word.length();
        return word.equals("True");
      }
    }
    throw new IllegalArgumentException("must have True or False as fortran_order");
  }

  private long[] tuple() {
    List<Long> dims = new ArrayList<>();
    expect('(');
    boolean comma = false;
    while (!accept(')')) {
      dims.add(integer());
      if (dims.size() > MAX_RANK) {
        throw new IllegalArgumentException("has a shape of more than " + MAX_RANK + " dimensions");
      }
      comma = accept(',');
      if (!comma) {
        expect(')');
        break;
      }
    }
    if (dims.size() == 1 && !comma) {
      throw new IllegalArgumentException("has a shape that is not a tuple");
    }
    return dims.stream().mapToLong(Long::longValue).toArray();
  }

  private long integer() {
    skipSpace();
    int start = at;
    if (at < text.length() && text.charAt(at) == '-') {
      throw new IllegalArgumentException("has a negative length in its shape");
    }
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (start == at) {
      throw new IllegalArgumentException("has a shape that is not a tuple of integers");
    }
    String digits = text.substring(start, at);
    if (at < text.length() && text.charAt(at) == 'L') {
      at++; // a long of Python 2
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("has a length in its shape that does not fit 64 bits", e);
    }
  }

  private String string() {
    skipSpace();
    char quote = at < text.length() ? text.charAt(at) : 0;
    if (quote != '\'' && quote != '"') {
      throw new IllegalArgumentException(
          "is not a Python dict of three entries (a string is missing at column " + at + ")");
    }
    int end = text.indexOf(quote, at + 1);
    if (end < 0 || text.substring(at, end).indexOf('\\') >= 0) {
      throw new IllegalArgumentException("has a string without end, or with escapes");
    }
    String value = text.substring(at + 1, end);
    at = end + 1;
    return value;
  }

  private void expect(char c) {
    if (!accept(c)) {
      throw new IllegalArgumentException(
          "is not a Python dict of three entries ('" + c + "' is missing at column " + at + ")");
    }
  }

  private boolean accept(char c) {
    skipSpace();
    if (at < text.length() && text.charAt(at) == c) {
      at++;
      return true;
    }
    return false;
  }

  private void skipSpace() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }
}
