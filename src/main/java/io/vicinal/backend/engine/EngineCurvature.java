package io.vicinal.backend.engine;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.backend.WeightChanges;
import io.vicinal.backend.jni.CurvatureHandle;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Tensor;

/** The operations at one point. Safe for any thread. */
final class EngineCurvature implements Backend.Curvature {
  private final NativeCurvature at;
  private final CurvatureHandle handle;

  EngineCurvature(
      EnginePool pool,
      LossSpec spec,
      long classes,
      Tensor features,
      Targets targets,
      HeadTensors head) {
    this.at = NativeCurvature.create(pool, spec, classes, features, targets, head);
    this.handle = at.handle();
  }

  @Override
  public void hvp(HeadTensors direction, HeadTensors out) {
    at.run(
        "hvp",
        e ->
            Vicinal.vicinal_curvature_hvp(
                e.handle(),
                handle,
                e.array("direction of the weight", direction.weight()),
                e.array("direction of the bias", direction.bias()),
                e.array("direction of the proxies", direction.proxies()),
                e.array("output of the weight", out.weight()),
                e.array("output of the bias", out.bias()),
                e.array("output of the proxies", out.proxies())));
  }

  @Override
  public void products(
      CurvatureKind kind, Directions direction, WeightChanges changes, Directions out) {
    boolean none = changes == null;
    if (!none) {
      check(changes, direction);
    }
    long[] offsets = none ? null : changes.offsets();
    long[] ids = none ? null : changes.ids();
    double[] deltas = none ? null : changes.deltas();
    at.run(
        "products",
        e ->
            Vicinal.vicinal_curvature_products(
                e.handle(),
                handle,
                kind.number(),
                e.array("direction of the weight", direction.weight()),
                e.array("direction of the proxies", direction.proxies()),
                offsets,
                ids,
                deltas,
                e.array("output of the weight", out.weight()),
                e.array("output of the proxies", out.proxies())));
  }

  /** The native library cannot see how long they are. */
  private static void check(WeightChanges changes, Directions direction) {
    Tensor some = direction.weight() != null ? direction.weight() : direction.proxies();
    long m = some != null && some.shape().rank() == 3 ? some.dim(0) : 1; // another is refused there
    int listed = changes.ids().length;
    if (changes.offsets().length != m + 1
        || changes.offsets()[(int) m] != listed
        || changes.deltas().length != listed) {
      throw new InputException(
          "products: weight changes have "
              + changes.offsets().length
              + " offsets, "
              + listed
              + " ids and "
              + changes.deltas().length
              + " deltas; give "
              + (m + 1)
              + " offsets of which the last counts ids and deltas");
    }
  }

  @Override
  public void scores(Directions direction, Tensor scores) {
    at.run(
        "scores",
        e ->
            Vicinal.vicinal_curvature_scores(
                e.handle(),
                handle,
                e.array("direction of the weight", direction.weight()),
                e.array("direction of the proxies", direction.proxies()),
                e.array("scores", scores)));
  }

  @Override
  public void sampleGradients(Tensor units, Tensor gradients) {
    at.run(
        "sample gradients",
        e ->
            Vicinal.vicinal_curvature_sample_gradients(
                e.handle(), handle, e.array("units", units), e.array("gradients", gradients)));
  }

  @Override
  public void factors(Tensor featureFactor, Tensor outputFactor) {
    at.run(
        "factors",
        e ->
            Vicinal.vicinal_curvature_factors(
                e.handle(),
                handle,
                e.array("feature factor", featureFactor),
                e.array("output factor", outputFactor)));
  }

  @Override
  public void diagonal(CurvatureKind kind, Tensor weight, Tensor proxies) {
    at.run(
        "diagonal",
        e ->
            Vicinal.vicinal_curvature_diagonal(
                e.handle(),
                handle,
                kind.number(),
                e.array("weight", weight),
                e.array("proxies", proxies)));
  }

  @Override
  public void selfInfluence(Tensor inverse, Tensor out) {
    at.run(
        "self influence",
        e ->
            Vicinal.vicinal_curvature_self_influence(
                e.handle(), handle, e.array("inverse", inverse), e.array("out", out)));
  }

  @Override
  public void tables(Directions direction, long from, Tensor byProxy, Tensor relabel) {
    at.run(
        "tables",
        e ->
            Vicinal.vicinal_curvature_tables(
                e.handle(),
                handle,
                e.array("direction of the weight", direction.weight()),
                e.array("direction of the proxies", direction.proxies()),
                from,
                e.array("split by proxy", byProxy),
                e.array("relabel table", relabel)));
  }

  @Override
  public void lossChange(Tensor left, Tensor right, Tensor change) {
    at.run(
        "loss change",
        e ->
            Vicinal.vicinal_curvature_loss_change(
                e.handle(),
                handle,
                e.array("left", left),
                e.array("right", right),
                e.array("change", change)));
  }

  @Override
  public void seedRecursion(double damping, double scale, Tensor left, Tensor right, Tensor h) {
    at.run(
        "seed recursion",
        e ->
            Vicinal.vicinal_curvature_seed_recursion(
                e.handle(),
                handle,
                damping,
                scale,
                e.array("left", left),
                e.array("right", right),
                e.array("h", h)));
  }

  @Override
  public void close() {
    at.close();
  }
}
