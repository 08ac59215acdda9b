package io.vicinal.curate.noise;

import java.util.function.Supplier;

/** A value that is computed when it is first asked for, and kept. Safe for any thread. */
final class Once<T> implements Supplier<T> {
  private final Supplier<T> compute;
  private boolean done;
  private T value;

  Once(Supplier<T> compute) {
    this.compute = compute;
  }

  @Override
  public synchronized T get() {
    if (!done) {
      value = compute.get();
      done = true;
    }
    return value;
  }

  /** Frees it; it is computed again when it is asked for. */
  synchronized void forget() {
    done = false;
    value = null;
  }
}
