package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.EnumMap;
import java.util.Map;

/**
 * The curvature of a problem's loss at one point, with its preconditioner: what systems are solved
 * with. EK-FAC diagonals and the double-precision twin are made when they are first asked for. Safe
 * for any thread; keeps nothing of the tensors it was given but a copy.
 */
public final class CurvaturePoint implements AutoCloseable {
  private final HeadProblem problem;
  private final DType dtype;
  private final Arena arena;
  private final HeadTensors at;
  private final Tensor features;
  private final Targets targets;
  private final Backend.Curvature curvature;
  private final Map<CurvatureKind, EkFac> ekfac = new EnumMap<>(CurvatureKind.class);
  private HeadTensors exact;
  private CurvaturePoint twin;
  private boolean closed;

  private CurvaturePoint(
      HeadProblem problem, DType dtype, Tensor features, HeadTensors at, Targets targets) {
    this.problem = problem;
    this.dtype = dtype;
    this.arena = new Arena(problem.backend().memory());
    try {
      this.features = dtype == features.dtype() ? features : copy(features);
      this.at = new HeadTensors(copy(at.weight()), copy(at.bias()), copy(at.proxies()));
      this.targets =
          new Targets(targets.labels(), typed(targets.weights()), typed(targets.softLabels()));
      this.curvature =
          problem
              .backend()
              .curvature(problem.spec(), problem.classes(), this.features, this.targets, this.at);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private Tensor typed(Tensor tensor) {
    return tensor == null || tensor.dtype() == dtype ? tensor : copy(tensor);
  }

  private Tensor copy(Tensor tensor) {
    return tensor == null ? null : copy(tensor, dtype);
  }

  private Tensor copy(Tensor tensor, DType type) {
    Tensor copy = arena.allocate(type, tensor.shape());
    copy.copyFrom(tensor);
    return copy;
  }

  /**
   * Prepares the curvature at a point.
   *
   * @param at parameters in the problem's basis; copied
   * @param targets other labels or weights, of the problem's type and borrowed, or null for the
   *     problem's own
   */
  public static CurvaturePoint open(HeadProblem problem, HeadTensors at, Targets targets) {
    return new CurvaturePoint(
        problem,
        problem.dtype(),
        problem.features(),
        at,
        targets == null ? problem.targets() : targets);
  }

  /** The problem whose basis this is. */
  public HeadProblem problem() {
    return problem;
  }

  /** The parameters, in the Kronecker basis. */
  public HeadTensors at() {
    return at;
  }

  /**
   * Weight and bias in double, for embeddings whose small changes count; made when first asked for.
   */
  public synchronized HeadTensors exact() {
    if (exact == null) {
      exact = new HeadTensors(inDouble(at.weight()), inDouble(at.bias()), null);
    }
    return exact;
  }

  private Tensor inDouble(Tensor tensor) {
    return tensor == null || tensor.dtype() == DType.F64 ? tensor : copy(tensor, DType.F64);
  }

  /** Labels and sample weights. */
  public Targets targets() {
    return targets;
  }

  /** Products, scores and all else that the native library does at this point. */
  public Backend.Curvature curvature() {
    return curvature;
  }

  /** The vectors of this point, in its type. */
  public ParameterSpace space() {
    return problem.space().as(dtype);
  }

  /** Whether {@link #ekfac} exists. */
  public boolean hasEkfac() {
    return problem.isRotated();
  }

  /**
   * The EK-FAC diagonal at this point.
   *
   * @throws InputException if the loss is not a cosine softmax or the problem is not rotated
   */
  public synchronized EkFac ekfac(CurvatureKind kind) {
    if (!hasEkfac()) {
      throw new InputException(
          problem.spec().isCosineSoftmax()
              ? "ekfac: the problem was opened without rotation; open it with rotation"
              : "ekfac: loss "
                  + problem.model().loss().name()
                  + " is not a cosine softmax and has no Kronecker factors; use if, gradient or"
                  + " tracin");
    }
    return ekfac.computeIfAbsent(kind, k -> EkFac.at(this, k, arena));
  }

  /**
   * The gradient of the mean loss at this point.
   *
   * @return one vector of {@link #space}
   */
  public Directions gradient(Arena target) {
    Directions gradient = space().zeros(target, 1);
    Objective.gradient(problem, features, targets, at, gradient);
    return gradient;
  }

  /** The same point of the same data in double precision; kept and closed by this one. */
  public synchronized CurvaturePoint twin() {
    if (dtype == DType.F64) {
      return this;
    }
    if (twin == null) {
      problem
          .memory()
          .check(
              "a double-precision copy of the features",
              problem.bytes() + features.size() * Double.BYTES,
              "allow more, or solve in the problem's own precision");
      twin = new CurvaturePoint(problem, DType.F64, features, at, targets);
    }
    return twin;
  }

  /** Frees what was prepared. Idempotent. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      if (twin != null) {
        twin.close();
      }
      curvature.close();
      arena.close();
    }
  }
}
