package io.vicinal;

/**
 * How long a test waits for what never ends when something is broken: it hangs, and must not hang
 * for ever. Nothing that works takes nearly so long, whatever else the machine does, so no test
 * depends on the clock.
 */
public final class Patience {
  /** Seconds. */
  public static final long SECONDS = 1200;

  private Patience() {}
}
