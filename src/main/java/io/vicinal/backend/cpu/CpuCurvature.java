package io.vicinal.backend.cpu;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.backend.WeightChanges;
import io.vicinal.backend.jni.CurvatureHandle;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Arena;
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
    run(
        a,
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
                    At.f64(out.proxies())));
  }

  @Override
  public void products(
      CurvatureKind kind, Directions direction, WeightChanges changes, Directions out) {
    Arguments a = new Arguments("products", "features", features);
    long m = directions(a, direction);
    a.optionalOut("output of the weight", out.weight(), m, d, features.dim(1))
        .optionalOut("output of the proxies", out.proxies(), m, proxyRows, d);
    try (Arena arena = Arena.host()) {
      NativeChanges given = NativeChanges.of(a, changes, m, arena);
      run(
          a,
          a.type() == DType.F32
              ? e ->
                  Vicinal.vicinal_curvature_products_f32(
                      e.handle(),
                      handle,
                      kind.ordinal(),
                      m,
                      At.f32(direction.weight()),
                      At.f32(direction.proxies()),
                      At.i64(given.offsets()),
                      At.i64(given.ids()),
                      At.f64(given.deltas()),
                      At.f32(out.weight()),
                      At.f32(out.proxies()))
              : e ->
                  Vicinal.vicinal_curvature_products_f64(
                      e.handle(),
                      handle,
                      kind.ordinal(),
                      m,
                      At.f64(direction.weight()),
                      At.f64(direction.proxies()),
                      At.i64(given.offsets()),
                      At.i64(given.ids()),
                      At.f64(given.deltas()),
                      At.f64(out.weight()),
                      At.f64(out.proxies())));
    }
  }

  /** {@link WeightChanges} in native memory; all null for none. */
  private record NativeChanges(Tensor offsets, Tensor ids, Tensor deltas) {
    static NativeChanges of(Arguments a, WeightChanges changes, long m, Arena arena) {
      if (changes == null) {
        return new NativeChanges(null, null, null);
      }
      int listed = changes.ids().length;
      if (changes.offsets().length != m + 1
          || changes.offsets()[(int) m] != listed
          || changes.deltas().length != listed) {
        throw a.problem(
            "weight changes",
            "have "
                + changes.offsets().length
                + " offsets, "
                + listed
                + " ids and "
                + changes.deltas().length
                + " deltas; give "
                + (m + 1)
                + " offsets of which the last counts ids and deltas");
      }
      return new NativeChanges(
          arena.of(changes.offsets(), m + 1),
          listed == 0 ? null : arena.of(changes.ids(), listed),
          listed == 0 ? null : arena.of(changes.deltas(), listed));
    }
  }

  @Override
  public void scores(Directions direction, Tensor scores) {
    Arguments a = new Arguments("scores", "features", features);
    long m = directions(a, direction);
    a.doublesOut("scores", scores, m, features.dim(0));
    run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_scores_f32(
                    e.handle(),
                    handle,
                    m,
                    At.f32(direction.weight()),
                    At.f32(direction.proxies()),
                    At.f64(scores))
            : e ->
                Vicinal.vicinal_curvature_scores_f64(
                    e.handle(),
                    handle,
                    m,
                    At.f64(direction.weight()),
                    At.f64(direction.proxies()),
                    At.f64(scores)));
  }

  @Override
  public void sampleGradients(Tensor units, Tensor gradients) {
    Arguments a = new Arguments("sample gradients", "features", features);
    long n = features.dim(0);
    a.optionalOut("units", units, n, d).optionalOut("gradients", gradients, n, d);
    run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_sample_gradients_f32(
                    e.handle(), handle, At.f32(units), At.f32(gradients))
            : e ->
                Vicinal.vicinal_curvature_sample_gradients_f64(
                    e.handle(), handle, At.f64(units), At.f64(gradients)));
  }

  @Override
  public void factors(Tensor featureFactor, Tensor outputFactor) {
    Arguments a = new Arguments("factors", "features", features);
    long width = features.dim(1);
    a.optionalOut("feature factor", featureFactor, width, width)
        .optionalOut("output factor", outputFactor, d, d);
    run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_factors_f32(
                    e.handle(), handle, At.f32(featureFactor), At.f32(outputFactor))
            : e ->
                Vicinal.vicinal_curvature_factors_f64(
                    e.handle(), handle, At.f64(featureFactor), At.f64(outputFactor)));
  }

  @Override
  public void diagonal(CurvatureKind kind, Tensor weight, Tensor proxies) {
    Arguments a = new Arguments("diagonal", "features", features);
    a.optionalOut("weight", weight, d, features.dim(1))
        .optionalOut("proxies", proxies, proxyRows, d);
    run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_diagonal_f32(
                    e.handle(), handle, kind.ordinal(), At.f32(weight), At.f32(proxies))
            : e ->
                Vicinal.vicinal_curvature_diagonal_f64(
                    e.handle(), handle, kind.ordinal(), At.f64(weight), At.f64(proxies)));
  }

  @Override
  public void selfInfluence(Tensor inverse, Tensor out) {
    Arguments a = new Arguments("self influence", "features", features);
    a.in("inverse", inverse, d, features.dim(1)).doublesOut("out", out, features.dim(0));
    run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_self_influence_f32(
                    e.handle(), handle, At.f32(inverse), At.f64(out))
            : e ->
                Vicinal.vicinal_curvature_self_influence_f64(
                    e.handle(), handle, At.f64(inverse), At.f64(out)));
  }

  @Override
  public void seedRecursion(double damping, double scale, Tensor v, Tensor h) {
    Arguments a = new Arguments("seed recursion", "features", features);
    long m = v != null && v.shape().rank() == 3 ? v.dim(0) : 1; // another rank is refused below
    a.in("v", v, m, d, features.dim(1)).out("h", h, m, d, features.dim(1));
    run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_seed_recursion_f32(
                    e.handle(), handle, damping, scale, m, At.f32(v), At.f32(h))
            : e ->
                Vicinal.vicinal_curvature_seed_recursion_f64(
                    e.handle(), handle, damping, scale, m, At.f64(v), At.f64(h)));
  }

  /** Checks m directions, and counts them. */
  private long directions(Arguments a, Directions direction) {
    Tensor some = direction.weight() != null ? direction.weight() : direction.proxies();
    if (some == null) {
      throw a.problem("direction", "is missing; give one for weight or proxies");
    }
    long m = some.shape().rank() == 3 ? some.dim(0) : 1; // another rank has no expected shape
    a.optionalIn("direction of the weight", direction.weight(), m, d, features.dim(1))
        .optionalIn("direction of the proxies", direction.proxies(), m, proxyRows, d);
    return m;
  }

  /** Runs a call while the curvature is open and its tensors are held. */
  private void run(Arguments a, EnginePool.Call call) {
    Lease lease = a.lease();
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
