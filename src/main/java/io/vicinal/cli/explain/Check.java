package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.NegativeCurvatureException;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.MiniatureOptions;
import io.vicinal.influence.verify.Stability;
import io.vicinal.influence.verify.Verdict;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Gives explanations their badges: the scores again at other dampings, and the head solved again
 * without the samples that matter most. What is done is kept in the work folder.
 */
final class Check {
  private final Scoring scoring;
  private final List<Query> queries;
  private final List<Set<Doubt>> known;
  private final double[][] scores;
  private final WorkFolder work;
  private final Progress progress;

  /**
   * @param result whose first rows are asked
   * @param scores of the queries, [Q][N trained]
   */
  Check(
      Scoring scoring,
      Asked asked,
      Scoring.Result result,
      double[][] scores,
      WorkFolder work,
      Progress progress) {
    this.scoring = scoring;
    this.queries = asked.queries();
    this.known = known(scoring, asked, result);
    this.scores = scores;
    this.work = work;
    this.progress = progress;
  }

  private static List<Set<Doubt>> known(Scoring scoring, Asked asked, Scoring.Result result) {
    List<Set<Doubt>> known = new ArrayList<>();
    for (int q = 0; q < asked.size(); q++) {
      JsonObject facts = result.facts().get(q);
      boolean recall = facts.get("unit").getAsString().equals("recall"); // 0 is where it starts
      double delivered = recall ? Double.NaN : Summary.number(asked.words().get(q).get("value"));
      boolean inRange = scoring.damping().isWithinSpectrum();
      double start = Summary.number(facts.get("value"));
      known.add(Verdict.known(result.failed(q), inRange, delivered, start));
    }
    return known;
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
    return Miniature.run(ids, scores, stability, known, options, experiments::run);
  }

  /** null where there is nothing to compare, or no solution. */
  private double[][] scoresAt(Estimator estimator, double factor) {
    if (known.stream().allMatch(doubts -> doubts.contains(Doubt.FAILED))) {
      return null;
    }
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

  /**
   * The badges for a summary, one per query.
   *
   * @param positions of the training samples in the dataset
   */
  static JsonArray json(Miniature miniature, long[] positions) {
    JsonArray badges = new JsonArray();
    for (Miniature.Line line : miniature.queries()) {
      JsonObject json = new JsonObject();
      json.addProperty("query", line.query());
      json.addProperty("badge", line.badge().toString());
      json.addProperty("rests_on", line.verdict().detail());
      JsonArray doubts = new JsonArray();
      line.verdict().doubts().stream().sorted().map(Doubt::toString).forEach(doubts::add);
      json.add("doubts", doubts);
      JsonArray removals = new JsonArray();
      for (int r = 0; r < line.top().length; r++) {
        if (line.solved(r)) {
          JsonObject removal = new JsonObject();
          removal.addProperty("sample", positions[(int) line.top()[r]]);
          removal.add("predicted", Summary.number(line.predicted()[r]));
          removal.add("actual", Summary.number(line.actual()[r]));
          removals.add(removal);
        }
      }
      json.add("solved_again", removals);
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

  /** The badges for a terminal, one per query, each with what it rests on. */
  static void print(Miniature miniature, Asked asked, PrintWriter writer) {
    Table table =
        new Table("query", "size error", "at damping/3", "at 3 damping", "badge, and why")
            .withSentences();
    for (Miniature.Line line : miniature.queries()) {
      table.row(
          asked.called(line.query()),
          Text.short3(upwards(line.largestSizeError())),
          Text.short3(-upwards(-line.stability().spearman()[1])),
          Text.short3(-upwards(-line.stability().spearman()[2])),
          line.verdict().toString());
    }
    table.print(writer);
  }

  /** To three decimals, so that a number above a limit is not printed as the limit. */
  static double upwards(double value) {
    return Math.ceil(1000 * value) / 1000;
  }
}
