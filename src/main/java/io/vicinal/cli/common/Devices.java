package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;

/** Opens the device that a command computes on. */
public final class Devices {
  private static final int MAX_THREADS = 4096;

  private Devices() {}

  /**
   * The processor's backend.
   *
   * @param threads worker threads; 0 for all that the process may use
   */
  public static Backend cpu(int threads) {
    if (threads < 0 || threads > MAX_THREADS) {
      throw new InputException(
          "--threads: " + threads + " is not in 0.." + MAX_THREADS + "; 0 means all processors");
    }
    BackendOptions defaults = BackendOptions.defaults();
    return Backend.open(
        "cpu", new BackendOptions(threads, defaults.workspaceBytes(), defaults.isa()));
  }
}
