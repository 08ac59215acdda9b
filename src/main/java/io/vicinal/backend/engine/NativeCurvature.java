package io.vicinal.backend.engine;

import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.backend.jni.CurvatureHandle;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.DType;
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
      HeadTensors at,
      Arguments checked) {
    long n = features.dim(0);
    long width = features.dim(1);
    long d = at.weight().dim(0);
    Lease lease = checked.lease(pool.device());
    try {
      NativeCurvature curvature = new NativeCurvature(pool, features, targets);
      EnginePool.Call call =
          checked.type() == DType.F32
              ? e ->
                  Vicinal.vicinal_curvature_create_f32(
                      e.handle(),
                      e.loss(spec),
                      n,
                      width,
                      d,
                      classes,
                      At.f32(features),
                      At.i64(targets.labels()),
                      At.f32(targets.weights()),
                      At.f32(targets.softLabels()),
                      At.f32(at.weight()),
                      At.f32(at.bias()),
                      At.f32(at.proxies()),
                      curvature.handle)
              : e ->
                  Vicinal.vicinal_curvature_create_f64(
                      e.handle(),
                      e.loss(spec),
                      n,
                      width,
                      d,
                      classes,
                      At.f64(features),
                      At.i64(targets.labels()),
                      At.f64(targets.weights()),
                      At.f64(targets.softLabels()),
                      At.f64(at.weight()),
                      At.f64(at.bias()),
                      At.f64(at.proxies()),
                      curvature.handle);
      try {
        pool.run("curvature", call);
      } catch (RuntimeException e) {
        curvature.close();
        throw e;
      }
      return curvature;
    } finally {
      lease.close();
    }
  }

  /** For {@link #run}'s calls. */
  CurvatureHandle handle() {
    return handle;
  }

  /** Runs a call while the curvature is open and its tensors are held. */
  void run(Arguments a, EnginePool.Call call) {
    Lease lease = a.lease(pool.device());
    lock.readLock().lock();
    try {
      checkOpen();
      pool.run(a.operation(), call);
    } finally {
      lock.readLock().unlock();
      lease.close();
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
