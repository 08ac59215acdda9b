package io.vicinal.influence.verify;

import io.vicinal.InputException;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Reconvergence;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.SolveOutcome;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;

/**
 * Solves the head again after an {@link Edit} of the training set, from cached features: the
 * minimum of
 *
 * <pre>
 *   (1/N) sum_i w'_i L(x_i, y'_i; theta) + (lambda/2) |theta - theta_ref|^2
 * </pre>
 *
 * with edited weights w' and labels y', N unchanged and theta_ref the delivered parameters, started
 * from the minimum for the unedited set. This is the experiment that influence scores predict: the
 * head's response with frozen features. It says nothing about what a backbone would have become.
 *
 * <p>Differences of nearly equal numbers are taken: single samples want a problem in double
 * precision ({@link #options()}'s tolerance); groups can do with single precision.
 *
 * <p>One edit at a time: for one thread. {@link Thread#interrupt} stops it.
 */
public final class Retraining implements AutoCloseable {
  private final HeadProblem problem;
  private final TestSet test;
  private final double lambda;
  private final List<Probe> probes;
  private final ReconvergenceOptions options;
  private final Arena arena;
  private final SolveOutcome base;
  private final double[] before;
  private final double[] slopes; // norms of the probes' gradients there

  /**
   * Finds the minimum for the unedited training set.
   *
   * @param problem borrowed
   * @param test test rows in the problem's basis, such as {@link Explanation#test}; borrowed
   * @param lambda above 0
   * @param probes what is read off, at least one
   * @param start parameters in the problem's basis that may be nearer to that minimum than the
   *     delivered ones, or null
   */
  public Retraining(
      HeadProblem problem,
      TestSet test,
      double lambda,
      List<Probe> probes,
      HeadTensors start,
      ReconvergenceOptions options) {
    if (probes.isEmpty()) {
      throw new InputException("retraining: there is nothing to measure; give a query");
    }
    this.problem = problem;
    this.test = test;
    this.lambda = lambda;
    this.probes = List.copyOf(probes);
    this.options = options;
    arena = new Arena(problem.backend().memory());
    try {
      base = Reconvergence.run(problem, lambda, null, start, options, arena);
      Embedded embedded = embed(base.head());
      before = measure(embedded);
      slopes = probes.stream().mapToDouble(probe -> slope(probe, embedded)).toArray();
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Prepares retraining for what an explanation explains, under its damping. It starts from the
   * delivered parameters whatever the explanation has computed so far, so that an interrupted
   * command ends with the same bytes as one that was not.
   *
   * @param explanation borrowed, as is its problem
   */
  public static Retraining of(
      Explanation explanation, List<Probe> probes, ReconvergenceOptions options) {
    return new Retraining(
        explanation.problem(),
        explanation.test(),
        explanation.damping().lambda(),
        probes,
        null,
        options);
  }

  /** A relative gradient of 1e-6, for problems in double precision. */
  public static ReconvergenceOptions options() {
    return ReconvergenceOptions.defaults().withTolerance(1e-6);
  }

  /** What is measured, in the order of {@link Outcome}'s arrays. */
  public List<Probe> probes() {
    return probes;
  }

  /** The minimum for the unedited training set; its tensors live as long as this. */
  public SolveOutcome base() {
    return base;
  }

  /** The probes there; not to be changed. */
  public double[] before() {
    return before;
  }

  /**
   * Solves with an edit.
   *
   * @throws InputException if a sample or label of the edit does not exist
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  public Outcome run(Edit edit) {
    return solve(edit, options);
  }

  /**
   * The same, given up early.
   *
   * @param enough asked at every product; once it says yes, what is not solved is given up
   * @return null if it was
   */
  public Outcome run(Edit edit, BooleanSupplier enough) {
    Outcome outcome = solve(edit, options.until(enough));
    return outcome.converged() || !enough.getAsBoolean() ? outcome : null;
  }

  private Outcome solve(Edit edit, ReconvergenceOptions how) {
    long start = System.nanoTime();
    try (Arena scratch = new Arena(problem.backend().memory())) {
      SolveOutcome solved =
          Reconvergence.run(problem, lambda, targets(edit, scratch), base.head(), how, scratch);
      double[] after = measure(embed(solved.head()));
      double off = base.distance() + solved.distance();
      return new Outcome(
          edit,
          before,
          after,
          Arrays.stream(slopes).map(slope -> slope * off).toArray(),
          solved.steps(),
          solved.products(),
          solved.gradientNorm(),
          solved.converged(),
          (System.nanoTime() - start) / 1e9);
    }
  }

  /** Solves with each edit in turn. */
  public List<Outcome> run(List<Edit> edits) {
    return edits.stream().map(this::run).toList();
  }

  private Targets targets(Edit edit, Arena scratch) {
    int n = Math.toIntExact(problem.samples());
    double[] weights = new double[n];
    Arrays.fill(weights, 1);
    if (problem.sampleWeights() != null) {
      weights = problem.sampleWeights().toDoubles();
    }
    long[] labels = problem.labels().toLongs();
    for (Edit.Change change : edit.changes()) {
      int id = edit.checked(change.id(), n);
      weights[id] *= change.factor();
      if (change.label() != Edit.OWN_LABEL) {
        labels[id] = known(edit, change);
      }
    }
    Tensor weightTensor = scratch.allocate(problem.dtype(), n);
    weightTensor.set(weights);
    return new Targets(scratch.of(labels, n), weightTensor, null);
  }

  private long known(Edit edit, Edit.Change change) {
    if (change.label() < 0 || change.label() >= problem.classes()) {
      throw new InputException(
          edit.name()
              + ": sample "
              + change.id()
              + " gets label "
              + change.label()
              + ", but the head has proxies for classes 0.."
              + (problem.classes() - 1)
              + "; give one of those");
    }
    return change.label();
  }

  private double slope(Probe probe, Embedded embedded) {
    return probe.gradient() == null ? Double.NaN : test.norm(probe.gradient().apply(embedded));
  }

  private Embedded embed(HeadTensors inBasis) {
    long[] rows =
        probes.stream()
            .flatMapToLong(probe -> LongStream.of(probe.rows()))
            .sorted()
            .distinct()
            .toArray();
    return test.embed(inBasis, rows);
  }

  private double[] measure(Embedded embedded) {
    return probes.stream().mapToDouble(g -> g.value().applyAsDouble(embedded)).toArray();
  }

  /** Frees the minimum that it keeps. Idempotent. */
  @Override
  public void close() {
    arena.close();
  }
}
