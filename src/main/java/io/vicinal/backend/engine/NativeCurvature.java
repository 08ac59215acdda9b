package io.vicinal.backend.engine;

import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.backend.jni.CurvatureHandle;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Lease;
import io.vicinal.tensor.Tensor;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The life of a native curvature: calls share it, a close waits for them. Holds the memory that it
 * borrows. Safe for any thread.
 */
final class NativeCurvature implements AutoCloseable {
  private final EnginePool pool;
  private final CurvatureHandle handle = new CurvatureHandle();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Tensor features;
  private final Targets targets;
  private final Lease borrowed;

  private NativeCurvature(EnginePool pool, Tensor features, Targets targets) {
    this.pool = pool;
    this.features = features;
    this.targets = targets;
    this.borrowed = Lease.of(features, targets.labels(), targets.weights(), targets.softLabels());
  }

  static NativeCurvature create(
      EnginePool pool,
      LossSpec spec,
      long classes,
      Tensor features,
      Targets targets,
      HeadTensors at) {
    NativeCurvature curvature = new NativeCurvature(pool, features, targets);
    try {
      pool.run(
          "curvature",
          e ->
              Vicinal.vicinal_curvature_create(
                  e.handle(),
                  e.loss(spec),
                  classes,
                  e.array("features", features),
                  e.array("labels", targets.labels()),
                  e.array("weights", targets.weights()),
                  e.array("soft labels", targets.softLabels()),
                  e.array("weight", at.weight()),
                  e.array("bias", at.bias()),
                  e.array("proxies", at.proxies()),
                  curvature.handle));
      return curvature;
    } catch (RuntimeException e) {
      curvature.close();
      throw e;
    }
  }

  /** For {@link #run}'s calls. */
  CurvatureHandle handle() {
    return handle;
  }

  /** Runs a call while the curvature is open and its tensors are held. */
  void run(String operation, EnginePool.Call call) {
    lock.readLock().lock();
    try {
      checkOpen();
      pool.run(operation, call);
    } finally {
      lock.readLock().unlock();
    }
  }

  private void checkOpen() {
    if (handle.isNull()) {
      throw new IllegalStateException("this curvature is closed");
    }
    for (Tensor tensor :
        new Tensor[] {features, targets.labels(), targets.weights(), targets.softLabels()}) {
      if (tensor != null) {
        tensor.address(); // its contents went with its arena
      }
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!handle.isNull()) {
        Vicinal.vicinal_curvature_destroy(handle);
        handle.setNull();
      }
      borrowed.close();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
