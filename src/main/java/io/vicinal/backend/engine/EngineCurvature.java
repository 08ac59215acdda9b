package io.vicinal.backend.engine;

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
import io.vicinal.tensor.Tensor;

/** The operations at one point: checks by name, then the native call. Safe for any thread. */
final class EngineCurvature implements Backend.Curvature {
  private final NativeCurvature at;
  private final CurvatureHandle handle;
  private final Tensor features;
  private final boolean hasBias;
  private final long d;
  private final long proxyRows;

  EngineCurvature(
      EnginePool pool,
      LossSpec spec,
      long classes,
      Tensor features,
      Targets targets,
      HeadTensors head,
      Arguments checked) {
    this.at = NativeCurvature.create(pool, spec, classes, features, targets, head, checked);
    this.handle = at.handle();
    this.features = features;
    this.hasBias = head.bias() != null;
    this.d = head.weight().dim(0);
    this.proxyRows = head.proxies().dim(0);
  }

  @Override
  public void hvp(HeadTensors direction, HeadTensors out) {
    Arguments a = new Arguments("hvp", "features", features);
    long width = features.dim(1);
    EngineBackend.headLike(a, "direction", direction, false, hasBias, d, width, proxyRows);
    EngineBackend.headLike(a, "output", out, true, hasBias, d, width, proxyRows);
    if (direction.weight() == null && direction.bias() == null && direction.proxies() == null) {
      throw a.problem("direction", "is missing; give one for weight, bias or proxies");
    }
    at.run(
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
      at.run(
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
    at.run(
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
    at.run(
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
    at.run(
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
    at.run(
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
    at.run(
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
  public void tables(Directions direction, long from, Tensor byProxy, Tensor relabel) {
    Arguments a = new Arguments("tables", "features", features);
    if (directions(a, direction) != 1) {
      throw a.problem("direction", "has several directions; give one");
    }
    Tensor some = byProxy != null ? byProxy : relabel;
    if (some == null) {
      throw a.problem("output", "is missing; give one for the split by proxy or the relabel table");
    }
    long rows = some.shape().rank() == 2 ? some.dim(0) : 1;
    if (byProxy != null) {
      a.doublesOut("split by proxy", byProxy, rows, proxyRows);
    }
    if (relabel != null) {
      a.doublesOut("relabel table", relabel, rows, proxyRows);
    }
    at.run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_tables_f32(
                    e.handle(),
                    handle,
                    At.f32(direction.weight()),
                    At.f32(direction.proxies()),
                    from,
                    rows,
                    At.f64(byProxy),
                    At.f64(relabel))
            : e ->
                Vicinal.vicinal_curvature_tables_f64(
                    e.handle(),
                    handle,
                    At.f64(direction.weight()),
                    At.f64(direction.proxies()),
                    from,
                    rows,
                    At.f64(byProxy),
                    At.f64(relabel)));
  }

  @Override
  public void lossChange(Tensor left, Tensor right, Tensor change) {
    Arguments a = new Arguments("loss change", "features", features);
    long rank = a.matrix("left", left).dim(0);
    a.in("left", left, rank, d)
        .in("right", right, rank, features.dim(1))
        .doublesOut("change", change, features.dim(0));
    at.run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_loss_change_f32(
                    e.handle(), handle, rank, At.f32(left), At.f32(right), At.f64(change))
            : e ->
                Vicinal.vicinal_curvature_loss_change_f64(
                    e.handle(), handle, rank, At.f64(left), At.f64(right), At.f64(change)));
  }

  @Override
  public void seedRecursion(double damping, double scale, Tensor left, Tensor right, Tensor h) {
    Arguments a = new Arguments("seed recursion", "features", features);
    long m = left != null && left.shape().rank() == 3 ? left.dim(0) : 1; // another rank is refused
    long rank = a.matrix("right", right).dim(0);
    a.in("left", left, m, d, rank)
        .in("right", right, rank, features.dim(1))
        .out("h", h, m, d, features.dim(1));
    at.run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_curvature_seed_recursion_f32(
                    e.handle(),
                    handle,
                    damping,
                    scale,
                    m,
                    rank,
                    At.f32(left),
                    At.f32(right),
                    At.f32(h))
            : e ->
                Vicinal.vicinal_curvature_seed_recursion_f64(
                    e.handle(),
                    handle,
                    damping,
                    scale,
                    m,
                    rank,
                    At.f64(left),
                    At.f64(right),
                    At.f64(h)));
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

  @Override
  public void close() {
    at.close();
  }
}
