package io.vicinal.explain;

import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.MiniatureOptions;
import io.vicinal.influence.verify.Stability;
import io.vicinal.influence.verify.Verdict;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Gives explanations their badges: the scores again at other dampings, and the head solved again
 * without the samples that matter most. What is done is kept.
 */
final class Check {
  private final Scoring scoring;
  private final Estimator estimator;
  private final List<Query> queries;
  private final List<Set<Doubt>> known;
  private final double[][] scores; // [Q][N]

  /**
   * @param delivered value of each query's measurement
   * @param attribution of the queries, by the estimator
   */
  Check(
      Scoring scoring,
      Estimator estimator,
      List<Query> queries,
      double[] delivered,
      Attribution attribution) {
    this.scoring = scoring;
    this.estimator = estimator;
    this.queries = queries;
    this.scores = attribution.onHeap();
    this.known =
        IntStream.range(0, queries.size())
            .mapToObj(q -> known(attribution.diagnostics().get(q), delivered[q]))
            .toList();
  }

  private Set<Doubt> known(Diagnostics diagnostics, double delivered) {
    boolean recall = diagnostics.unit().equals("recall"); // 0 is where it starts
    return Verdict.known(
        diagnostics.failed(),
        scoring.damping().isWithinSpectrum(),
        recall ? Double.NaN : delivered,
        diagnostics.value());
  }

  /** At all dampings that a stability names. */
  Miniature full(MiniatureOptions options, Experiments experiments) {
    return run(Stability.of(scores, this::scoresAt), options, experiments);
  }

  /** At the two dampings that badges look at. */
  Miniature brief(MiniatureOptions options, Experiments experiments) {
    return run(Stability.near(scores, this::scoresAt), options, experiments);
  }

  private Miniature run(
      List<Stability> stability, MiniatureOptions options, Experiments experiments) {
    List<String> ids = queries.stream().map(Query::id).toList();
    return Miniature.run(ids, scores, stability, known, options, experiments::run);
  }

  /** null where there is nothing to compare, or no solution. */
  private double[][] scoresAt(double factor) {
    if (known.stream().allMatch(doubts -> doubts.contains(Doubt.FAILED))) {
      return null;
    }
    String name = "stability-" + estimator.name() + "-" + factor;
    Pieces pieces = scoring.setup().pieces();
    return pieces
        .piece(name, Moved.class, () -> new Moved(scoring.scoresAt(factor, estimator, queries)))
        .scores();
  }

  /**
   * @param scores [Q][N]; null if nothing can be solved there
   */
  private record Moved(double[][] scores) {}
}
