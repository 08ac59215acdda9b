package io.vicinal.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How much of the machine other processes (and, on a virtual machine, other guests) took while a
 * row was measured. Times from a busy machine are worth less, and the results say how busy it was.
 * Not thread-safe.
 */
final class Bystanders {
  private static final double TICKS_PER_SECOND = 100; // USER_HZ of every Linux on x86-64

  private final List<ProcessHandle> ours;
  private final long start = System.nanoTime();
  private final double busyBefore;
  private final double oursBefore;

  /** Starts counting; {@code ours} are the processes whose time is not held against the machine. */
  Bystanders(ProcessHandle... ours) throws IOException {
    this.ours = List.of(ours);
    this.busyBefore = busySeconds();
    this.oursBefore = ourSeconds();
  }

  /** Share of all cores' time that others took since the start, 0 to 1. */
  double share() throws IOException {
    double elapsed = (System.nanoTime() - start) / 1e9;
    double others = busySeconds() - busyBefore - (ourSeconds() - oursBefore);
    return Math.max(0, others / (elapsed * Runtime.getRuntime().availableProcessors()));
  }

  private double ourSeconds() {
    return ours.stream()
        .map(handle -> handle.info().totalCpuDuration().orElse(Duration.ZERO))
        .mapToDouble(spent -> spent.toNanos() / 1e9)
        .sum();
  }

  /**
   * Everything but idle and waiting for disks; guests' time is already in the first two columns.
   */
  private static double busySeconds() throws IOException {
    String[] columns = Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split("\\s+");
    double ticks = 0;
    for (int column : new int[] {1, 2, 3, 6, 7, 8}) { // user nice system irq softirq steal
      ticks += Double.parseDouble(columns[column]);
    }
    return ticks / TICKS_PER_SECOND;
  }
}
