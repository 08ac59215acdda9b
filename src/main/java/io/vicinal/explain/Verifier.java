package io.vicinal.explain;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.SampleTables;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.verify.Brittleness;
import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Probe;
import io.vicinal.influence.verify.Subsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Makes the experiments of a verification, for the scores of its main method. */
final class Verifier {
  private final Scoring scoring;
  private final Attributions found;
  private final List<Query> queries;
  private final Map<String, double[][]> scores = new LinkedHashMap<>(); // by method, [Q][N trained]
  private final double[][] first;

  Verifier(Scoring scoring, Attributions found) {
    this.scoring = scoring;
    this.found = found;
    this.queries = found.queries();
    found.answering().forEach(one -> scores.put(one.method(), one.onHeap()));
    this.first = scores.values().iterator().next();
  }

  /**
   * All experiments that a plan asks for.
   *
   * @param main the estimator of the main method
   */
  Verified run(VerifyPlan plan, Estimator main) {
    Check check = new Check(scoring, main, queries, found.delivered(), found.main());
    List<Probe> probes = queries.stream().map(Probe::of).toList();
    try (Experiments runs = new Experiments(scoring, probes)) {
      Miniature miniature = check.full(plan.miniature(), runs);
      List<Verified.Part> parts = new ArrayList<>();
      parts.add(part("leave out", miniature.outcomes()));
      if (plan.remove() > 0) {
        parts.add(part("remove group", groups(plan.remove()), runs));
      }
      if (plan.reweight() > 0 && hasRates()) {
        parts.add(rates("re-weight", reweightings(plan.leaveOut(), plan.reweight()), runs));
      }
      if (plan.relabel() > 0 && scoring.problem().spec().isCosineSoftmax()) {
        parts.add(relabellings(plan.relabel(), runs));
      }
      if (plan.subsets() > 0) {
        int n = first[0].length;
        List<Edit> subsets = Subsets.random(n, plan.kept(), plan.subsets(), plan.seed());
        parts.add(part("subsets", subsets, runs));
      }
      List<Brittleness> brittleness =
          plan.brittleness() > 0 ? brittleness(plan.brittleness()) : List.of();
      return new Verified(
          miniature, parts, brittleness, runs.size(), runs.products(), runs.seconds());
    }
  }

  /** Edits that keep labels: predictions are sums of scores. */
  private Verified.Part part(String kind, List<Edit> edits, Experiments experiments) {
    return part(kind, experiments.run(edits));
  }

  /** Whether some method predicts small changes of weights. */
  private boolean hasRates() {
    return scores.keySet().stream().anyMatch(Verifier::isRate);
  }

  /** Edits that change weights a little, by the methods that predict such changes. */
  private Verified.Part rates(String kind, List<Edit> edits, Experiments experiments) {
    Verified.Part all = part(kind, edits, experiments);
    Map<String, double[][]> rates = new LinkedHashMap<>(all.predicted());
    rates.keySet().removeIf(method -> !isRate(method));
    return new Verified.Part(kind, all.outcomes(), rates);
  }

  /** A full removal's size, as newton-loo has it, is not proportional to the weight. */
  private static boolean isRate(String method) {
    return !method.equals("newton-loo");
  }

  private Verified.Part part(String kind, List<Outcome> outcomes) {
    Map<String, double[][]> predicted = new LinkedHashMap<>();
    scores.forEach(
        (method, rows) -> {
          double[][] own = new double[rows.length][];
          Arrays.setAll(
              own, q -> outcomes.stream().mapToDouble(o -> o.edit().predicted(rows[q])).toArray());
          predicted.put(method, own);
        });
    return new Verified.Part(kind, outcomes, predicted);
  }

  /** Each query's most harmful samples together. */
  private List<Edit> groups(int most) {
    List<Edit> edits = new ArrayList<>();
    for (int q = 0; q < first.length; q++) {
      double[] row = first[q];
      long[] top = largest(row, most, 1);
      if (top.length > 0) {
        edits.add(Edit.remove("top " + top.length + " of " + queries.get(q).id(), top));
      }
    }
    return edits;
  }

  /** Weights of each query's largest removals, up and down. */
  private List<Edit> reweightings(int most, double percent) {
    Set<Long> ids = new LinkedHashSet<>();
    for (double[] row : first) {
      Arrays.stream(largest(row, most, 0)).forEach(ids::add);
    }
    List<Edit> edits = new ArrayList<>();
    for (long id : ids) {
      edits.add(Edit.reweight("weight " + id + " +" + percent + "%", 1 + percent / 100, id));
      edits.add(Edit.reweight("weight " + id + " -" + percent + "%", 1 - percent / 100, id));
    }
    return edits;
  }

  /** The largest entries of each query's relabel table, judged by all tables. */
  private Verified.Part relabellings(int most, Experiments experiments) {
    int n = first[0].length;
    int classes = Math.toIntExact(scoring.problem().classes());
    double[][][] tables = new double[queries.size()][][];
    scoring.solve(queries);
    for (int q = 0; q < tables.length; q++) {
      tables[q] =
          SampleTables.of(
                  scoring.explanation(),
                  CurvatureKind.HESSIAN,
                  ReferencePoint.RECONVERGED,
                  queries.get(q),
                  0,
                  n,
                  scoring.setup().progress())
              .relabel();
    }
    Set<Integer> cells = new LinkedHashSet<>();
    for (double[][] table : tables) {
      IntStream.range(0, n * classes)
          .boxed()
          .sorted(
              Comparator.comparingDouble((Integer c) -> -Math.abs(table[c / classes][c % classes])))
          .limit(most)
          .forEach(cells::add);
    }
    List<Edit> edits = new ArrayList<>();
    double[][] predicted = new double[tables.length][cells.size()];
    for (int cell : cells) {
      int id = cell / classes;
      int label = cell % classes;
      for (int q = 0; q < tables.length; q++) {
        predicted[q][edits.size()] = tables[q][id][label];
      }
      edits.add(Edit.relabel("relabel " + id + " to " + label, Map.of((long) id, (long) label)));
    }
    return new Verified.Part("relabel", experiments.run(edits), Map.of("relabel table", predicted));
  }

  /** How few removals turn each pair's first sample right. */
  private List<Brittleness> brittleness(int most) {
    List<Probe> probes = new ArrayList<>();
    for (Query query : queries) {
      probes.add(Probe.rightNeighbour(scoring.explanation().test(), query.pairs().get(0).i()));
    }
    List<Brittleness> all = new ArrayList<>();
    try (Experiments experiments = new Experiments(scoring, probes)) {
      for (int q = 0; q < queries.size(); q++) {
        all.add(Brittleness.search(q, first[q], most, experiments::run, Brittleness.above(q, 0.5)));
      }
    }
    return all;
  }

  /** Rows with the largest scores: of one sign, or by size if {@code sign} is 0. */
  private static long[] largest(double[] row, int most, int sign) {
    return IntStream.range(0, row.length)
        .filter(i -> sign == 0 ? Math.abs(row[i]) > 0 : sign * row[i] > 0)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -Math.abs(row[i])))
        .limit(most)
        .mapToLong(i -> i)
        .toArray();
  }
}
