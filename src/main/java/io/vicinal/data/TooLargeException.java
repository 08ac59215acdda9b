package io.vicinal.data;

import io.vicinal.InputException;

/**
 * A number that float32 cannot hold, where float32 was asked for. Who asked knows the option that
 * asks for float64.
 *
 * <p>Immutable, hence thread-safe.
 */
public final class TooLargeException extends InputException {
  private static final long serialVersionUID = 1L;

  private static final String SCALE = "; scale the numbers down";

  private final String found;

  /**
   * @param found the file, the place and the number
   */
  TooLargeException(String found) {
    super(found + SCALE);
    this.found = found;
  }

  /** The same with what else can be done, such as "use --dtype float64". */
  public InputException or(String remedy) {
    return new InputException(found + SCALE + ", or " + remedy, this);
  }
}
