package io.vicinal;

/**
 * The native library failed in a way that is not the caller's doing.
 *
 * <p>Immutable, hence thread-safe.
 */
public class NativeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * @param code the status code of {@code vicinal.h}
   * @param text the native sentence
   */
  public NativeException(int code, String text) {
    super(text);
    this.code = code;
  }

  /** The status code of {@code vicinal.h}. */
  public int code() {
    return code;
  }
}
