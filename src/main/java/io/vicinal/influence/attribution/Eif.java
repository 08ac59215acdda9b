package io.vicinal.influence.attribution;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The empirical influence function of Liu et al. (NeurIPS 2022): walk the weight along the
 * measurement's gradient, and see whose loss moves with the measurement. Per walk with displacement
 * Delta: dL_i = L_i(W + Delta) - L_i(W) for every sample and dD = m(W + Delta) - m(W), both exact;
 * a sample's raw score is the mean over the walks of dL_i dD, or another {@link EifOptions.Form}.
 *
 * <p><b>Unit.</b> Raw scores have none that retraining knows. They are scaled by one positive
 * number kappa per query, chosen so that for a loss linear in W the result is the {@link GradDot}
 * estimator's, (1/lambda)(w_i/N) &lt;dL_i, dm&gt;:
 *
 * <pre>
 *   score_i = (w_i / (N lambda)) kappa raw_i,    kappa = |dm|^2 / raw(dL = dD = &lt;dm, Delta&gt;)
 * </pre>
 *
 * Signs and ranking are the raw score's, and a positive score is a harmful sample in both senses.
 * Original factor: N lambda / kappa, by which the raw score is found again.
 *
 * <p>The weight itself is never changed: see {@link AscentPath}; the losses' change comes from a
 * low-rank displacement. With theta W,b,P the proxies stay where they are, for a measurement's
 * gradient does not move them. Immutable, safe for any thread.
 */
public final class Eif implements Estimator {
  private static final double RATIO_GUARD = 1e-8; // the original's

  private final EifOptions options;

  /** The walks and the form. */
  public Eif(EifOptions options) {
    this.options = options;
  }

  @Override
  public String name() {
    return "eif";
  }

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    HeadProblem problem = explanation.problem();
    if (!problem.spec().decomposes()) {
      throw new InputException(
          "eif: loss "
              + problem.model().loss().name()
              + " is no sum over samples, so none has a loss of its own; use if");
    }
    CurvaturePoint point = explanation.point(ReferencePoint.DELIVERED, progress);
    Embedded embedded = explanation.embeddings(queries, point.exact());
    List<Diagnostics> general =
        explanation.diagnostics(queries, embedded, ReferencePoint.DELIVERED);
    List<Diagnostics> diagnostics = new ArrayList<>();
    double[][] values = new double[queries.size()][];
    double[] shares = explanation.shares();
    for (int q = 0; q < queries.size(); q++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancelledException("eif");
      }
      Raw raw = raw(explanation, queries.get(q), point, embedded);
      double scale = raw.kappa / explanation.damping().lambda();
      values[q] = raw.scores;
      for (int i = 0; i < shares.length; i++) {
        values[q][i] *= shares[i] * scale;
      }
      diagnostics.add(
          general
              .get(q)
              .with("walks", raw.walks.size())
              .with("steps", raw.walks.stream().map(AscentPath.Walk::steps).toList())
              .with("change", raw.walks.stream().map(AscentPath.Walk::change).toList())
              .with("displacement", raw.walks.stream().map(AscentPath.Walk::length).toList())
              .with(Diagnostics.ORIGINAL_FACTOR, shares.length / scale));
      progress.at("eif", q + 1L, queries.size(), 0, Double.NaN);
    }
    return new Scores(name(), values, diagnostics);
  }

  private record Raw(double[] scores, double kappa, List<AscentPath.Walk> walks) {}

  private Raw raw(Explanation explanation, Query query, CurvaturePoint point, Embedded embedded) {
    HeadProblem problem = explanation.problem();
    Embedded start = embedded.only(query.measurement().rows());
    try (AscentPath walker =
        new AscentPath(problem.backend(), explanation.test(), query.measurement(), start)) {
      List<AscentPath.Walk> walks = walks(walker);
      double[] scores = new double[Math.toIntExact(problem.samples())];
      double linear = 0;
      for (AscentPath.Walk walk : walks) {
        double[] change = lossChange(point, walker.features(), walk.displacement());
        for (int i = 0; i < scores.length; i++) {
          scores[i] += form(change[i], walk.change(), walk.length()) / walks.size();
        }
        linear += form(walk.slope(), walk.slope(), walk.length()) / walks.size();
      }
      double slope = walker.slope();
      return new Raw(scores, linear == 0 ? 1 : slope * slope / linear, walks);
    }
  }

  private List<AscentPath.Walk> walks(AscentPath walker) {
    if (options.ways() == EifOptions.Ways.MIDDLE) {
      return List.of(walker.between(walker.along(1, options), walker.along(-1, options)));
    }
    List<AscentPath.Walk> walks = new ArrayList<>();
    if (options.ways() != EifOptions.Ways.DESCENT) {
      walks.add(walker.along(1, options));
    }
    if (options.ways() != EifOptions.Ways.ASCENT) {
      walks.add(walker.along(-1, options));
    }
    for (int k = 0; k < options.further() && walks.get(0).length() > 0; k++) {
      AscentPath.Walk walk = walker.beside(walks, options);
      if (walk == null) {
        break;
      }
      walks.add(walk);
    }
    return walks;
  }

  private double form(double lossChange, double change, double length) {
    return switch (options.form()) {
      case PRODUCT -> lossChange * change;
      case RATIO -> lossChange / (change + RATIO_GUARD);
      case NORMALIZED -> length == 0 ? 0 : lossChange * change / length;
    };
  }

  private static double[] lossChange(CurvaturePoint point, Tensor right, double[][] left) {
    try (Arena arena = new Arena(point.space().backend().memory())) {
      Tensor a = arena.allocate(right.dtype(), left.length, left[0].length);
      a.set(Arrays.stream(left).flatMapToDouble(Arrays::stream).toArray());
      Tensor change = arena.allocate(DType.F64, point.loss().features().dim(0));
      point.curvature().lossChange(a, right, change);
      return change.toDoubles();
    }
  }
}
