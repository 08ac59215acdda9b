package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@link HeadModel} made ready for solving: the bias is folded into the weight as the column of a
 * feature that is 1, and everything is rotated into the basis where EK-FAC is diagonal: the
 * eigenvectors of the exact Kronecker factors
 *
 * <pre>
 *   Sigma_x = (1/N) X' diag(w) X      A_u = mean of the samples' Gauss-Newton blocks
 * </pre>
 *
 * at the delivered parameters. Rotations are orthogonal, so every loss, score, norm and eigenvalue
 * is what it was; {@link #toBasis} and {@link #toDelivered} translate, and nothing else needs to
 * know. Losses that are not a cosine softmax are not rotated and have no EK-FAC.
 *
 * <p>Owns its arena; borrows the model, and its features where no copy is needed. Safe for any
 * thread once open.
 */
public final class HeadProblem implements AutoCloseable {
  private final Backend backend;
  private final HeadModel model;
  private final ProblemOptions options;
  private final MemoryBudget memory;
  private final Arena arena;
  private final KroneckerBasis basis;
  private final EmpiricalLoss loss;
  private final HeadTensors reference;
  private final MeanEigenvalue unit;
  private CurvaturePoint delivered;
  private double referenceGradient = Double.NaN;

  private HeadProblem(
      Backend backend,
      HeadModel model,
      ProblemOptions options,
      MemoryBudget memory,
      Arena arena,
      Tensor sampleWeights,
      KroneckerBasisFinder found) {
    this.backend = backend;
    this.model = model;
    this.options = options;
    this.memory = memory.holding(arena.bytes());
    this.arena = arena;
    this.basis = found.basis();
    this.loss = model.loss(backend, found.features(), sampleWeights);
    this.reference = found.head();
    this.unit = found.unit();
  }

  /** Prepares a model whose samples all count the same. */
  public static HeadProblem open(Backend backend, HeadModel model, ProblemOptions options) {
    return open(backend, model, null, options);
  }

  /**
   * Prepares a model.
   *
   * @param weights of the samples [N], finite and 0 or more, or null for ones
   * @throws InputException if a feature is NaN or infinite, the features are beyond what the type
   *     can square, or the copies do not fit into memory
   */
  public static HeadProblem open(
      Backend backend, HeadModel model, Tensor weights, ProblemOptions options) {
    model.training().checkFinite(backend);
    model.checkLengths(options.dtype());
    MemoryBudget memory = MemoryBudget.of(options.memoryBytes());
    Arena arena = new Arena(backend.memory());
    try {
      Tensor typed = null;
      if (weights != null) {
        typed = arena.allocate(options.dtype(), weights.shape());
        typed.copyFrom(weights);
      }
      KroneckerBasisFinder found =
          KroneckerBasisFinder.find(backend, model, typed, options, memory, arena);
      return new HeadProblem(backend, model, options, memory, arena, typed, found);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** The device that computes. */
  public Backend backend() {
    return backend;
  }

  /** What was opened. */
  public HeadModel model() {
    return model;
  }

  /** The analysed parameters. */
  public ParameterSubset theta() {
    return options.theta();
  }

  /** Type of the arithmetic. */
  public DType dtype() {
    return options.dtype();
  }

  /** N. */
  public long samples() {
    return model.samples();
  }

  /** C. */
  public long classes() {
    return model.classes();
  }

  /** The loss. */
  public LossSpec spec() {
    return loss.spec();
  }

  /**
   * The delivered parameters in the Kronecker basis: weight [d, D or D+1], bias if constant,
   * proxies.
   */
  public HeadTensors reference() {
    return reference;
  }

  /** Features in the Kronecker basis, [N, D or D+1]. */
  public Tensor features() {
    return loss.features();
  }

  /** Labels [N]. */
  public Tensor labels() {
    return model.training().labels();
  }

  /** Sample weights [N], or null for ones. */
  public Tensor sampleWeights() {
    return loss.targets().weights();
  }

  /**
   * F for a damping.
   *
   * @param targets other labels or weights, or null for the problem's own
   */
  public Objective objective(double lambda, Targets targets) {
    return new Objective(space(), targets == null ? loss : loss.with(targets), reference, lambda);
  }

  /** Labels and sample weights. */
  public Targets targets() {
    return loss.targets();
  }

  /** The vectors of this problem. */
  public ParameterSpace space() {
    Map<String, Shape> parts = new LinkedHashMap<>();
    reference.named().forEach((name, tensor) -> parts.put(name, tensor.shape()));
    parts.keySet().retainAll(theta().names()); // an analysed bias is a column of the weight
    return new ParameterSpace(backend, dtype(), parts);
  }

  /** Whether it was rotated, so that {@link CurvaturePoint#ekfac} exists. */
  public boolean isRotated() {
    return basis.phi() != null;
  }

  /**
   * The unit of damping, at the delivered weights: tr(A_u) tr(Sigma_x) / (d D), the mean eigenvalue
   * of the weight's Gauss-Newton matrix; for losses that are not a cosine softmax the mean
   * eigenvalue of the empirical Fisher matrix; for a loss that does not decompose an estimate of
   * the quadratic mean of the Hessian's, from products, see {@link #meanEigenvalueError}. NaN only
   * where that is zero.
   */
  public double meanEigenvalue() {
    return unit.value();
  }

  /** Which mean {@link #meanEigenvalue} is. */
  public DampingUnit dampingUnit() {
    return unit.kind();
  }

  /** Relative standard error of {@link #meanEigenvalue}; 0 where it is computed, not estimated. */
  public double meanEigenvalueError() {
    return unit.error();
  }

  /** Test features [T, D] in the Kronecker basis; the same tensor if nothing changes. */
  public Tensor toBasis(Tensor testFeatures, Arena target) {
    if (testFeatures.shape().rank() != 2 || testFeatures.dim(1) != model.training().width()) {
      throw new InputException(
          "test features are "
              + testFeatures
              + ", but the head takes "
              + model.training().width()
              + " columns; give features from the same source");
    }
    return basis.features(testFeatures, target);
  }

  /** A head in the delivered basis, such as a re-converged one, in the Kronecker basis. */
  public HeadTensors headToBasis(HeadTensors delivered, Arena target) {
    return basis.head(delivered, target);
  }

  /** A head of the basis in the delivered basis: weight [d, D], bias, proxies. */
  public HeadTensors toDelivered(HeadTensors inBasis, Arena target) {
    return basis.back(inBasis, target);
  }

  /**
   * The curvature at a point.
   *
   * @param at parameters in the problem's basis; copied
   * @param targets other labels or weights, of the problem's type and borrowed, or null for the
   *     problem's own
   */
  public CurvaturePoint at(HeadTensors at, Targets targets) {
    return new CurvaturePoint(
        targets == null ? loss : loss.with(targets), space(), at, memory, noEkfac());
  }

  private String noEkfac() {
    if (isRotated()) {
      return null;
    }
    return spec().isCosineSoftmax()
        ? "the problem was opened without rotation; open it with rotation"
        : "loss "
            + model.loss().name()
            + " is not a cosine softmax and has no Kronecker factors; use if, gradient or"
            + " tracin";
  }

  /** The curvature at the delivered parameters; kept and closed by this problem. */
  public synchronized CurvaturePoint delivered() {
    if (delivered == null) {
      delivered = at(reference, null);
    }
    return delivered;
  }

  /** Norm of the loss's gradient at the delivered parameters: the scale of gradients. */
  public synchronized double referenceGradient() {
    if (Double.isNaN(referenceGradient)) {
      try (Arena scratch = new Arena(backend.memory())) {
        Directions gradient = space().zeros(scratch, 1);
        loss.gradient(reference, gradient);
        referenceGradient = space().norms(gradient)[0];
      }
    }
    return referenceGradient;
  }

  /** Frees its copies; the model stays. Idempotent. */
  @Override
  public synchronized void close() {
    if (delivered != null) {
      delivered.close();
    }
    arena.close();
  }
}
