package io.vicinal.retrieval;

import io.vicinal.InputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What kind of index: FAISS's factory strings, those of them whose every call and file is checked
 * here. Immutable.
 *
 * @param kind how it searches
 * @param number cells of IVF, links of HNSW, 0 of Flat
 */
record IndexDescription(Kind kind, int number) {
  /** How an index searches. */
  enum Kind {
    /** Compares with every row. */
    FLAT,
    /** Compares with the rows of the nearest cells; cells are learned from training rows. */
    IVF,
    /** Walks a graph of neighbours. */
    HNSW
  }

  /** FAISS reserves some memory for every cell that a file names. */
  static final int MOST_CELLS = 1 << 20;

  static final int MOST_LINKS = 1024;

  private static final Pattern TEXT =
      Pattern.compile("Flat|IVF(?<cells>[0-9]{1,9}),Flat|HNSW(?<links>[0-9]{1,9})(,Flat)?");

  /**
   * @throws InputException if the text describes no index that is served, or a number is out of
   *     range
   */
  static IndexDescription parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new InputException(
          "index '"
              + text
              + "': is not served; choose Flat, IVF<cells>,Flat such as IVF256,Flat, or HNSW<links>"
              + " such as HNSW32");
    }
    if (matcher.group("cells") != null) {
      return new IndexDescription(
          Kind.IVF, inRange(text, "cells", matcher.group("cells"), 1, MOST_CELLS));
    }
    if (matcher.group("links") != null) {
      return new IndexDescription(
          Kind.HNSW, inRange(text, "links", matcher.group("links"), 2, MOST_LINKS));
    }
    return new IndexDescription(Kind.FLAT, 0);
  }

  private static int inRange(String text, String what, String digits, int least, int most) {
    int number = Integer.parseInt(digits);
    if (number < least || number > most) {
      throw new InputException(
          "index '" + text + "': the number of " + what + " must be " + least + ".." + most);
    }
    return number;
  }

  @Override
  public String toString() {
    return switch (kind) {
      case FLAT -> "Flat";
      case IVF -> "IVF" + number + ",Flat";
      case HNSW -> "HNSW" + number;
    };
  }
}
