package io.vicinal.config;

import io.vicinal.InputException;

/** Errors stay one line, whatever text a file brought into them. */
final class OneLine {

  private static final int MAX_LENGTH = 500;

  private OneLine() {}

  static InputException error(String sentence) {
    return error(sentence, null);
  }

  static InputException error(String sentence, Throwable cause) {
    String line = sentence.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
    return new InputException(
        line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH) + "...", cause);
  }
}
