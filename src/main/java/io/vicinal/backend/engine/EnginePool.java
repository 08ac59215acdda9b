package io.vicinal.backend.engine;

import io.vicinal.CancelledException;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.process.Turns;
import io.vicinal.tensor.Device;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.Pointer;

/**
 * Engines for the calls that are under way; {@link Turns} bounds those, the others wait. A few
 * engines stay idle for the next calls. After a close, an engine in use is freed when its call
 * returns. Safe for any thread.
 */
final class EnginePool implements AutoCloseable {
  /** Idle engines keep their workspace; calls beyond this many at once make and drop theirs. */
  private static final int KEPT = Turns.CALLS;

  private final Device device;
  private final BackendOptions options;
  private final Deque<PooledEngine> idle = new ArrayDeque<>();
  private final int threads;
  private boolean closed;

  EnginePool(Device device, BackendOptions options) {
    this.device = device;
    this.options = options;
    this.threads = device.equals(Device.CPU) ? options.threads() : 0;
  }

  /** What a call does with its engine: the native status. */
  interface Call {
    int on(PooledEngine engine);
  }

  /** What is read from the engine after a success. */
  interface Answer<T> {
    T of(PooledEngine engine);
  }

  void run(String operation, Call call) {
    run(operation, call, engine -> null);
  }

  /** Runs a call while its tensors are held. */
  @SuppressWarnings("try") // the turn is held, not used
  <T> T run(String operation, Call call, Answer<T> result) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(operation);
    }
    try (Turns.Turn turn = Turns.ofThisProcess().take(operation, threads)) {
      NativeMemory.refresh();
      PooledEngine engine = borrow();
      try {
        engine.enter(operation);
        int status;
        try {
          status = call.on(engine);
          PooledEngine.check(operation, status);
        } finally {
          engine.exit();
        }
        return result.of(engine);
      } finally {
        giveBack(engine);
        Vicinal.vicinal_threads_trim();
      }
    }
  }

  /** Engines that wait for a call. */
  int idle() {
    synchronized (idle) {
      return idle.size();
    }
  }

  private PooledEngine borrow() {
    synchronized (idle) {
      if (closed) {
        throw new IllegalStateException("this backend is closed");
      }
      PooledEngine engine = idle.pollFirst();
      if (engine != null) {
        return engine;
      }
    }
    PooledEngine engine = new PooledEngine(device, options);
    InterruptWatch.add(engine);
    return engine;
  }

  private void giveBack(PooledEngine engine) {
    synchronized (idle) {
      if (!closed && idle.size() < KEPT) {
        idle.addFirst(engine);
        return;
      }
    }
    drop(engine);
  }

  private static void drop(PooledEngine engine) {
    InterruptWatch.remove(engine);
    engine.destroy();
  }

  @Override
  public void close() {
    Deque<PooledEngine> rest;
    synchronized (idle) {
      closed = true;
      rest = new ArrayDeque<>(idle);
      idle.clear();
    }
    rest.forEach(EnginePool::drop);
    Pointer
        .trimMemory(); // freed memory stays with malloc's arenas, one for each thread that called
  }
}
