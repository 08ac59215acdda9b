package io.vicinal.process;

import io.vicinal.CancelledException;
import java.util.concurrent.Semaphore;

/**
 * The queue in which native calls wait for worker threads, one for the process, first come first
 * served. Every thread inside a call costs a stack, a workspace and a buffer of OpenBLAS that is
 * never given back, so they are bounded: four worker threads for each processor, which is four
 * calls at once with all threads, or more with fewer threads each. More callers would only take
 * turns on the same processors. Safe for any thread.
 */
public final class Turns {
  /** Calls with all threads that may be under way at once. */
  public static final int CALLS = 4;

  private static final Turns PROCESS = new Turns(CALLS * Limits.ofThisProcess().processors());

  private final int capacity;
  private final Semaphore permits;

  Turns(int capacity) {
    this.capacity = capacity;
    this.permits = new Semaphore(capacity, true);
  }

  /** The process's queue. */
  public static Turns ofThisProcess() {
    return PROCESS;
  }

  /** Worker threads that may be under way at once. */
  public int capacity() {
    return capacity;
  }

  /** A place among the calls that are under way; closed when the call has returned. */
  public interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Waits for {@code threads} worker threads; with more than there are, for all of them.
   *
   * @param operation for the exception's text
   * @param threads of the call; 0 for as many as there are processors
   * @throws CancelledException if the thread is interrupted before its turn comes; the flag stays
   *     set
   */
  public Turn take(String operation, int threads) {
    int all = Math.max(1, capacity / CALLS);
    int wanted = Math.min(capacity, threads > 0 ? threads : all);
    try {
      permits.acquire(wanted);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(operation);
    }
    return () -> permits.release(wanted);
  }

  /** Callers that wait. */
  public int waiting() {
    return permits.getQueueLength();
  }
}
