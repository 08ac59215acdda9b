package io.vicinal.cli.explain;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.SampleTables;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.verify.Brittleness;
import io.vicinal.influence.verify.Edit;
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

/** Makes the experiments of {@code explain verify} for the scores of its first method. */
final class Verifier {
  /**
   * Experiments of one kind.
   *
   * @param kind in words, for tables
   * @param outcomes of the edits
   * @param predicted change of each query's measurement by each edit, by method
   */
  record Part(String kind, List<Outcome> outcomes, Map<String, double[][]> predicted) {}

  private final Scoring scoring;
  private final List<Question> questions;
  private final List<Query> queries;
  private final Progress progress;
  private final Map<String, double[][]> scores; // by method, [Q][N trained]
  private final double[][] first;

  Verifier(Scoring scoring, Asked asked, Progress progress, Map<String, double[][]> scores) {
    this.scoring = scoring;
    this.questions = asked.questions();
    this.queries = asked.queries();
    this.progress = progress;
    this.scores = scores;
    this.first = scores.values().iterator().next();
  }

  /** Edits that keep labels: predictions are sums of scores. */
  Part part(String kind, List<Edit> edits, Experiments experiments) {
    return part(kind, experiments.run(edits));
  }

  /** Whether some method predicts small changes of weights. */
  boolean hasRates() {
    return scores.keySet().stream().anyMatch(Verifier::isRate);
  }

  /** Edits that change weights a little, by the methods that predict such changes. */
  Part rates(String kind, List<Edit> edits, Experiments experiments) {
    Part all = part(kind, edits, experiments);
    Map<String, double[][]> rates = new LinkedHashMap<>(all.predicted());
    rates.keySet().removeIf(method -> !isRate(method));
    return new Part(kind, all.outcomes(), rates);
  }

  /** A full removal's size, as newton-loo has it, is not proportional to the weight. */
  private static boolean isRate(String method) {
    return !method.equals("newton-loo");
  }

  Part part(String kind, List<Outcome> outcomes) {
    Map<String, double[][]> predicted = new LinkedHashMap<>();
    scores.forEach(
        (method, rows) -> {
          double[][] own = new double[rows.length][];
          Arrays.setAll(
              own, q -> outcomes.stream().mapToDouble(o -> o.edit().predicted(rows[q])).toArray());
          predicted.put(method, own);
        });
    return new Part(kind, outcomes, predicted);
  }

  /** Each query's most harmful samples together. */
  List<Edit> groups(int most) {
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
  List<Edit> reweightings(int most, double percent) {
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
  Part relabellings(int most, Experiments experiments) {
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
                  progress)
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
    return new Part("relabel", experiments.run(edits), Map.of("relabel table", predicted));
  }

  List<Edit> subsets(VerifyOptions options) {
    return Subsets.random(first[0].length, options.kept, options.subsets, options.seed);
  }

  /** How few removals turn each pair's first sample right. */
  List<Brittleness> brittleness(int most, WorkFolder folder) {
    List<Probe> gauges = new ArrayList<>();
    for (Question query : questions) {
      gauges.add(Probe.rightNeighbour(scoring.explanation().test(), query.pairs().get(0).i()));
    }
    List<Brittleness> all = new ArrayList<>();
    try (Experiments experiments = new Experiments(scoring, gauges, folder, progress)) {
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
