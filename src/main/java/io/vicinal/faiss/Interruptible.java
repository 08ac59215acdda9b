package io.vicinal.faiss;

import io.vicinal.CancelledException;
import io.vicinal.process.Turns;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Runs a native FAISS call so that {@link Thread#interrupt()} stops it. One daemon looks at the
 * threads that are inside such a call twenty times a second and raises the {@link Interrupt} of
 * those that were interrupted; FAISS asks for it between blocks.
 *
 * <pre>{@code
 * Interruptible.run("search", stop -> index.search(n, x, k, distances, ids, threads, stop));
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class Interruptible {
  private static final long POLL_MILLIS = 50;
  private static final Set<Call> CALLS = ConcurrentHashMap.newKeySet();

  private Interruptible() {}

  /** A thread and the flag of the native call that it is in. */
  private static final class Call {
    final Thread thread = Thread.currentThread();
    final Interrupt stop = new Interrupt();
  }

  /** Started with the first call, ends with the process. */
  private static final class Watcher {
    static {
      Thread watcher = new Thread(Watcher::watch, "vicinal-faiss-interrupts");
      watcher.setDaemon(true);
      watcher.start();
    }

    static void ensureStarted() {}

    private static void watch() {
      while (true) {
        for (Call call : CALLS) {
          if (call.thread.isInterrupted()) {
            synchronized (call) {
              if (CALLS.contains(call)) {
                call.stop.request();
              }
            }
          }
        }
        try {
          Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
          return;
        }
      }
    }
  }

  /** As {@link #run(String, int, Consumer)}, for a call with all threads. */
  public static void run(String what, Consumer<Interrupt> call) {
    run(what, 0, call);
  }

  /**
   * Runs a native call on this thread, when its turn has come: few calls are under way at once in
   * the process ({@link Turns}), the others wait.
   *
   * @param what the operation, for the exception's text
   * @param threads worker threads that the call uses, 0 for all
   * @param call receives the flag to hand to the native call
   * @throws CancelledException if the thread was interrupted before or during the call; its
   *     interrupt flag stays set
   * @throws RuntimeException any other failure, with FAISS's text
   */
  public static void run(String what, int threads, Consumer<Interrupt> call) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(what);
    }
    Turns.Turn turn = Turns.ofThisProcess().take(what, threads);
    Watcher.ensureStarted();
    Call entry = new Call();
    CALLS.add(entry);
    try {
      call.accept(entry.stop);
    } catch (RuntimeException e) {
      if (entry.stop.requested()) {
        throw new CancelledException(what);
      }
      throw e;
    } finally {
      synchronized (entry) {
        CALLS.remove(entry);
        entry.stop.close();
      }
      turn.close();
    }
  }
}
