package io.vicinal;

/**
 * Something the caller gave is wrong, or something the machine lacks: the message is one sentence
 * that names the file or argument, the field and the remedy. Commands print it and exit; nothing
 * that existed before is lost.
 *
 * <p>Immutable, hence thread-safe.
 */
public class InputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param sentence one line: what is wrong, where, and what to do
   */
  public InputException(String sentence) {
    super(sentence);
  }

  /**
   * @param sentence one line: what is wrong, where, and what to do
   * @param cause shown only with {@code --verbose}
   */
  public InputException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
