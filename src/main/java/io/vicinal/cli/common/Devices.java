package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;

/** Opens the device that a command computes on. */
public final class Devices {
  private static final int MAX_THREADS = 4096;

  private Devices() {}

  /**
   * A device's backend.
   *
   * @param device "cpu", "cuda" or "cuda:N"
   * @param threads worker threads; 0 for all that the process may use
   */
  public static Backend open(String device, int threads) {
    if (threads < 0 || threads > MAX_THREADS) {
      throw new InputException(
          "--threads: " + threads + " is not in 0.." + MAX_THREADS + "; 0 means all processors");
    }
    BackendOptions defaults = BackendOptions.defaults();
    return Backend.open(
        device, new BackendOptions(threads, defaults.workspaceBytes(), defaults.isa()));
  }
}
