package io.vicinal.backend;

import io.vicinal.InputException;

/**
 * A kind of device, found by {@link java.util.ServiceLoader}: {@link Backend#open} asks the
 * providers in turn, so that the interface knows none of its implementations. Safe for any thread.
 */
public interface BackendProvider {
  /** Whether a device's name is of this kind; the machine need not have it. */
  boolean knows(String device);

  /**
   * Opens a device that it knows.
   *
   * @throws InputException one sentence, if this machine does not have it
   */
  Backend open(String device, BackendOptions options);
}
