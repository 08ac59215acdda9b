package io.vicinal;

/**
 * A long call stopped because its thread was interrupted. The interrupt flag of the thread is left
 * set.
 *
 * <p>Immutable, hence thread-safe.
 */
public class CancelledException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param what the operation that stopped
   */
  public CancelledException(String what) {
    super(what + " was interrupted");
  }
}
