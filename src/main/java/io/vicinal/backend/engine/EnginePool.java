package io.vicinal.backend.engine;

import io.vicinal.CancelledException;
import io.vicinal.backend.BackendOptions;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Lease;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Engines for as many concurrent calls as there are; a few stay idle for the next ones. After a
 * close, an engine in use is freed when its call returns. Safe for any thread.
 */
final class EnginePool implements AutoCloseable {
  /**
   * Idle engines keep thread teams and workspace; calls beyond this many at once make and drop
   * theirs.
   */
  private static final int KEPT = 8;

  private final Device device;
  private final BackendOptions options;
  private final Deque<PooledEngine> idle = new ArrayDeque<>();
  private boolean closed;

  EnginePool(Device device, BackendOptions options) {
    this.device = device;
    this.options = options;
  }

  /** Where the engines work. */
  Device device() {
    return device;
  }

  /** What a call does with its engine: the native status. */
  interface Call {
    int on(PooledEngine engine);
  }

  /** What is read from the engine after a success. */
  interface Result<T> {
    T of(PooledEngine engine);
  }

  void run(String operation, Call call) {
    run(operation, call, engine -> null);
  }

  /** Runs a call while its tensors are held. */
  void run(Arguments arguments, Call call) {
    run(arguments, call, engine -> null);
  }

  /** As {@link #run(Arguments, Call)}. */
  <T> T run(Arguments arguments, Call call, Result<T> result) {
    Lease lease = arguments.lease(device);
    try {
      return run(arguments.operation(), call, result);
    } finally {
      lease.close();
    }
  }

  <T> T run(String operation, Call call, Result<T> result) {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(operation);
    }
    PooledEngine engine = borrow();
    try {
      engine.enter();
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
    PooledEngine engine = new PooledEngine(device.name(), options);
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
  }
}
