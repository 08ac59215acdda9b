package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.influence.Query;
import io.vicinal.influence.estimate.Estimator;
import io.vicinal.influence.estimate.Explanation;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.MiniatureOptions;
import io.vicinal.influence.verify.Stability;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Gives explanations their badges: the scores again at other dampings, and the head solved again
 * without the samples that matter most. What is done is kept in the work folder.
 */
final class Check {
  private final Scoring scoring;
  private final List<Query> queries;
  private final double[][] scores;
  private final WorkFolder work;
  private final Progress progress;

  /**
   * @param scores of the queries, [Q][N trained]
   */
  Check(
      Scoring scoring, List<Query> queries, double[][] scores, WorkFolder work, Progress progress) {
    this.scoring = scoring;
    this.queries = queries;
    this.scores = scores;
    this.work = work;
    this.progress = progress;
  }

  /** At all dampings that a stability names. */
  Miniature full(Estimator estimator, MiniatureOptions options, Experiments experiments) {
    return run(Stability.of(scores, factor -> scoresAt(estimator, factor)), options, experiments);
  }

  /** At the two dampings that badges look at. */
  Miniature brief(Estimator estimator, MiniatureOptions options, Experiments experiments) {
    return run(Stability.near(scores, factor -> scoresAt(estimator, factor)), options, experiments);
  }

  private Miniature run(
      List<Stability> stability, MiniatureOptions options, Experiments experiments) {
    List<String> ids = queries.stream().map(Query::id).toList();
    boolean inRange = scoring.damping().isWithinSpectrum();
    return Miniature.run(ids, scores, stability, inRange, options, experiments::run);
  }

  private double[][] scoresAt(Estimator estimator, double factor) {
    String name = "stability-" + estimator.name() + "-" + factor;
    try (Arena scratch = Arena.host()) {
      Tensor found = work.piece(name, scratch, a -> atDamping(estimator, factor, a)).numbers();
      if (found == null) {
        return null;
      }
      double[][] rows = new double[queries.size()][];
      Arrays.setAll(rows, q -> found.rows(q, q + 1L).toDoubles());
      return rows;
    }
  }

  private WorkFolder.Piece atDamping(Estimator estimator, double factor, Arena arena) {
    Damping other = scoring.damping().times(factor).fixed();
    try (Explanation explanation = scoring.open(other)) {
      double[][] values = estimator.scores(explanation, queries, progress).values();
      Tensor rows = arena.allocate(DType.F64, values.length, values[0].length);
      for (int q = 0; q < values.length; q++) {
        rows.rows(q, q + 1L).set(values[q]);
      }
      return new WorkFolder.Piece(rows, new JsonObject());
    } catch (NegativeCurvatureException e) {
      return new WorkFolder.Piece(null, new JsonObject()); // cannot be solved there
    }
  }

  /** The badges for a summary, one per query. */
  static JsonArray json(Miniature miniature) {
    JsonArray badges = new JsonArray();
    for (Miniature.Line line : miniature.queries()) {
      JsonObject json = new JsonObject();
      json.addProperty("query", line.query());
      json.addProperty("badge", line.badge().toString());
      JsonArray doubts = new JsonArray();
      line.verdict().doubts().stream().sorted().map(Doubt::toString).forEach(doubts::add);
      json.add("doubts", doubts);
      json.add("largest_size_error", Summary.number(line.largestSizeError()));
      JsonArray stability = new JsonArray();
      for (double value : line.stability().spearman()) {
        stability.add(Summary.number(value));
      }
      json.add("stability_spearman", stability);
      badges.add(json);
    }
    return badges;
  }
}
