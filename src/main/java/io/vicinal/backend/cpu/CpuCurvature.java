package io.vicinal.backend.cpu;

import io.vicinal.backend.Backend;
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
 * A native curvature: products share it, a close waits for them. Holds the memory that it borrows.
 * Safe for any thread.
 */
final class CpuCurvature implements Backend.Curvature {
  private final EnginePool pool;
  private final CurvatureHandle handle = new CurvatureHandle();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Tensor features;
  private final Targets targets;
  private final Lease borrowed;
  private final boolean hasBias;
  private final long d;
  private final long proxyRows;

  private CpuCurvature(EnginePool pool, Tensor features, Targets targets, HeadTensors at) {
    this.pool = pool;
    this.features = features;
    this.targets = targets;
    this.borrowed = Lease.of(features, targets.labels(), targets.weights(), targets.softLabels());
    this.hasBias = at.bias() != null;
    this.d = at.weight().dim(0);
    this.proxyRows = at.proxies().dim(0);
  }

  static CpuCurvature create(
      EnginePool pool,
      LossSpec spec,
      long classes,
      Tensor features,
      Targets targets,
      HeadTensors at,
      Arguments checked) {
    long n = features.dim(0);
    long width = features.dim(1);
    Lease lease = checked.lease();
    try {
      CpuCurvature curvature = new CpuCurvature(pool, features, targets, at);
      EnginePool.Call call =
          checked.type() == DType.F32
              ? e ->
                  Vicinal.vicinal_curvature_create_f32(
                      e.handle(),
                      e.loss(spec),
                      n,
                      width,
                      curvature.d,
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
                      curvature.d,
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

  @Override
  public void hvp(HeadTensors direction, HeadTensors out) {
    Arguments a = new Arguments("hvp", "features", features);
    long width = features.dim(1);
    CpuBackend.headLike(a, "direction", direction, false, hasBias, d, width, proxyRows);
    CpuBackend.headLike(a, "output", out, true, hasBias, d, width, proxyRows);
    if (direction.weight() == null && direction.bias() == null && direction.proxies() == null) {
      throw a.problem("direction", "is missing; give one for weight, bias or proxies");
    }
    Lease lease = a.lease();
    lock.readLock().lock();
    try {
      checkOpen();
      EnginePool.Call call =
          a.type() == DType.F32
              ? e ->
                  Vicinal.vicinal_curvature_hvp_f32(
                      e.handle(),
                      handle,
                      At.f32(direction.weight()),
                      At.f32(direction.bias()),
                      At.f32(direction.proxies()),
                      At.f32(out.weight()),
                      At.f32(out.bias()),
                      At.f32(out.proxies()))
              : e ->
                  Vicinal.vicinal_curvature_hvp_f64(
                      e.handle(),
                      handle,
                      At.f64(direction.weight()),
                      At.f64(direction.bias()),
                      At.f64(direction.proxies()),
                      At.f64(out.weight()),
                      At.f64(out.bias()),
                      At.f64(out.proxies()));
      pool.run("hvp", call);
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
