package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import picocli.CommandLine.Option;

/** Where a command computes. */
public final class DeviceOptions {
  private static final int MAX_THREADS = 4096;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description = "Where to compute: cpu, cuda or cuda:N; default: cpu.")
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Worker threads; default: all processors.")
  private int threads;

  /** Opens the backend. */
  public Backend open() {
    if (threads < 0 || threads > MAX_THREADS) {
      throw new InputException(
          "--threads: " + threads + " is not in 0.." + MAX_THREADS + "; 0 means all processors");
    }
    BackendOptions defaults = BackendOptions.defaults();
    return Backend.open(
        device, new BackendOptions(threads, defaults.workspaceBytes(), defaults.isa()));
  }
}
