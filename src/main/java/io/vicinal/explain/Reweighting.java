package io.vicinal.explain;

import io.vicinal.backend.Backend;
import io.vicinal.curate.reweight.BeforeAfter;
import io.vicinal.curate.reweight.FineTune;
import io.vicinal.curate.reweight.Refit;
import io.vicinal.curate.reweight.Reweighted;
import io.vicinal.curate.reweight.SampleWeights;
import io.vicinal.influence.attribution.SignedSets;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Trains again under other weights; what one head shows is a piece. */
final class Reweighting {
  private record Measured(List<BeforeAfter> rows) {}

  private final Setup setup;
  private final Supplier<Scoring> scoring;
  private final ReweightOptions options;

  /**
   * @param scoring where heads are solved again
   */
  Reweighting(Setup setup, Supplier<Scoring> scoring, ReweightOptions options) {
    this.setup = setup;
    this.scoring = scoring;
    this.options = options;
  }

  /** A head for all queries. */
  Reweighted given(List<Query> queries, double[] weights) {
    return new Reweighted(Map.of("given weights", measured("given", weights, queries)));
  }

  /** A head for each query and method that answers queries, by the signs of its scores. */
  Reweighted by(Attributions found) {
    Map<String, List<BeforeAfter>> rows = new LinkedHashMap<>();
    int count = found.queries().size();
    for (Attribution one : found.answering()) {
      List<BeforeAfter> own = new ArrayList<>();
      for (int q = 0; q < count; q++) {
        setup.progress().at("re-weighting by " + one.method(), q, count, 0, Double.NaN);
        SignedSets sets = one.sets(q);
        double[] weights =
            SampleWeights.of(
                one.positions().length,
                sets.helpful(),
                sets.harmful(),
                options.helpful(),
                options.harmful());
        String name = one.method() + "-after-" + q;
        own.addAll(measured(name, weights, found.queries().subList(q, q + 1)));
      }
      rows.put(one.method(), own);
    }
    return new Reweighted(rows);
  }

  private List<BeforeAfter> measured(String name, double[] weights, List<Query> queries) {
    return setup.pieces().piece(name, Measured.class, () -> train(weights, queries)).rows();
  }

  private Measured train(double[] weights, List<Query> queries) {
    Backend backend = setup.backend();
    Subject subject = setup.subject();
    try (Arena arena = new Arena(backend.memory())) {
      Head before = options.resolve() ? solved(null, arena) : subject.head();
      Head after =
          options.resolve()
              ? solved(weights, arena)
              : FineTune.run(backend, subject.model(), weights, options.fineTune(), arena);
      return new Measured(
          BeforeAfter.of(backend, subject.testSet(backend), queries, before, after));
    }
  }

  private Head solved(double[] weights, Arena arena) {
    return Refit.run(
        scoring.get().problem(),
        scoring.get().damping().lambda(),
        weights,
        ReconvergenceOptions.defaults(),
        arena);
  }
}
