package io.vicinal.curate.noise;

import java.util.function.Supplier;

/** A value that is computed when it is first asked for, and kept. Safe for any thread. */
final class Once<T> implements Supplier<T> {
  private Supplier<T> compute; // null: done
  private T value;

  Once(Supplier<T> compute) {
    this.compute = compute;
  }

  @Override
  public synchronized T get() {
    if (compute != null) {
      value = compute.get();
      compute = null;
    }
    return value;
  }
}
