package io.vicinal.backend.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One daemon thread per process that looks, twenty times a second, whether a thread inside a native
 * call was interrupted, and if so cancels that call. It sleeps while no engine exists. Safe for any
 * thread.
 */
final class InterruptWatch implements Runnable {
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final Set<PooledEngine> ENGINES = ConcurrentHashMap.newKeySet();
  private static final Thread THREAD = start();

  private InterruptWatch() {}

  private static Thread start() {
    Thread thread = new Thread(new InterruptWatch(), "vicinal-interrupt-watch");
    thread.setDaemon(true);
    thread.setContextClassLoader(null);
    thread.start();
    return thread;
  }

  static void add(PooledEngine engine) {
    ENGINES.add(engine);
    LockSupport.unpark(THREAD);
  }

  static void remove(PooledEngine engine) {
    ENGINES.remove(engine);
  }

  @Override
  public void run() {
    while (true) {
      if (ENGINES.isEmpty()) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, PERIOD_NANOS);
      }
      Thread.interrupted(); // nobody has a reason to interrupt this thread; parking must go on
      ENGINES.forEach(PooledEngine::cancelIfInterrupted);
    }
  }
}
