package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
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
  private final EmpiricalLoss loss;
  private final ParameterSpace space;
  private final MemoryBudget memory;
  private final String noEkfac;
  private final Arena arena;
  private final HeadTensors at;
  private final Backend.Curvature curvature;
  private final Map<CurvatureKind, EkfacDiagonal> ekfac = new EnumMap<>(CurvatureKind.class);
  private HeadTensors exact;
  private CurvaturePoint twin;
  private boolean closed;

  /**
   * @param space of the vectors; what has another type is copied
   * @param at copied
   * @param noEkfac why there is none, or null if there is
   */
  CurvaturePoint(
      EmpiricalLoss loss,
      ParameterSpace space,
      HeadTensors at,
      MemoryBudget memory,
      String noEkfac) {
    this.space = space;
    this.memory = memory;
    this.noEkfac = noEkfac;
    this.arena = new Arena(space.backend().memory());
    try {
      Tensor features = typed(loss.features());
      Map<String, Tensor> copies = at.named();
      copies.replaceAll((name, tensor) -> copy(tensor, space.dtype()));
      this.at = HeadTensors.of(copies);
      Targets targets = loss.targets();
      this.loss =
          new EmpiricalLoss(
              loss.backend(),
              loss.spec(),
              loss.classes(),
              features,
              new Targets(targets.labels(), typed(targets.weights()), typed(targets.softLabels())));
      this.curvature = this.loss.curvature(this.at);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private Tensor typed(Tensor tensor) {
    return tensor == null || tensor.dtype() == space.dtype() ? tensor : copy(tensor, space.dtype());
  }

  private Tensor copy(Tensor tensor, DType type) {
    Tensor copy = arena.allocate(type, tensor.shape());
    copy.copyFrom(tensor);
    return copy;
  }

  /** The loss whose curvature this is. */
  public EmpiricalLoss loss() {
    return loss;
  }

  /** What everything that works here may hold. */
  public MemoryBudget memory() {
    return memory;
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

  /** Products, scores and all else that the native library does at this point. */
  public Backend.Curvature curvature() {
    return curvature;
  }

  /** The vectors of this point, in its type. */
  public ParameterSpace space() {
    return space;
  }

  /** Whether {@link #ekfac} exists. */
  public boolean hasEkfac() {
    return noEkfac == null;
  }

  /**
   * The EK-FAC diagonal at this point.
   *
   * @throws InputException if the loss is not a cosine softmax or the problem is not rotated
   */
  public synchronized EkfacDiagonal ekfac(CurvatureKind kind) {
    if (!hasEkfac()) {
      throw new InputException("ekfac: " + noEkfac);
    }
    return ekfac.computeIfAbsent(kind, k -> EkfacDiagonal.of(curvature, space, k, arena));
  }

  /** The same point of the same data in double precision; kept and closed by this one. */
  public synchronized CurvaturePoint twin() {
    if (space.dtype() == DType.F64) {
      return this;
    }
    if (twin == null) {
      memory.check(
          "a double-precision copy of the features",
          loss.features().size() * Double.BYTES,
          "allow more, or solve in the problem's own precision");
      twin = new CurvaturePoint(loss, space.as(DType.F64), at, memory, noEkfac);
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
