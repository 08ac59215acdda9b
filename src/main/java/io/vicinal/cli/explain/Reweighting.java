package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.reweight.BeforeAfter;
import io.vicinal.curate.reweight.FineTune;
import io.vicinal.curate.reweight.Refit;
import io.vicinal.curate.reweight.SampleWeights;
import io.vicinal.explain.Attribution;
import io.vicinal.explain.Explainer;
import io.vicinal.influence.attribution.SignedSets;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.nn.Head;
import io.vicinal.report.Chart;
import io.vicinal.report.Fact;
import io.vicinal.report.Section;
import io.vicinal.report.Series;
import io.vicinal.report.Words;
import io.vicinal.statistics.Alternative;
import io.vicinal.statistics.Bootstrap;
import io.vicinal.statistics.PairedComparison;
import io.vicinal.tensor.Arena;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Retrains under other weights, a head per method and query, and measures before and after. */
final class Reweighting {
  /** Weights by sign, and how they are used. */
  record Options(double helpful, double harmful, boolean resolve, FineTune.Options fineTune) {}

  /** A piece of work. */
  private record Measured(List<BeforeAfter> rows) {}

  private static final double LEVEL = 0.95;
  private static final int RESAMPLES = 10_000;
  private static final String GIVEN = "given weights";

  private final Explainer explainer;
  private final List<Query> queries;
  private final Options options;
  private final TestSet test;
  private final Map<String, List<BeforeAfter>> rows = new LinkedHashMap<>();

  Reweighting(Explainer explainer, List<Query> queries, Options options) {
    this.explainer = explainer;
    this.queries = queries;
    this.options = options;
    test = explainer.subject().testSet(explainer.backend());
  }

  /** A head for all queries. */
  void add(double[] weights) {
    rows.put(GIVEN, measured("given", weights, queries));
  }

  /** A head for each query, by the signs of its scores. */
  void add(Attribution result) {
    double[][] scores = result.values();
    List<BeforeAfter> own = new ArrayList<>();
    for (int q = 0; q < queries.size(); q++) {
      explainer
          .progress()
          .at("re-weighting by " + result.method(), q, queries.size(), 0, Double.NaN);
      SignedSets sets = SignedSets.of(scores[q]);
      double[] weights =
          SampleWeights.of(
              scores[q].length,
              sets.helpful(),
              sets.harmful(),
              options.helpful(),
              options.harmful());
      String name = result.method() + "-after-" + q;
      own.addAll(measured(name, weights, List.of(queries.get(q))));
    }
    rows.put(result.method(), own);
  }

  private List<BeforeAfter> measured(String name, double[] weights, List<Query> queries) {
    return explainer.pieces().piece(name, Measured.class, () -> retrain(weights, queries)).rows();
  }

  private Measured retrain(double[] weights, List<Query> queries) {
    try (Arena arena = new Arena(explainer.backend().memory())) {
      Head before = explainer.subject().head();
      Head after;
      if (options.resolve()) {
        before = solved(null, arena);
        after = solved(weights, arena);
      } else {
        after =
            FineTune.run(
                explainer.backend(),
                explainer.subject().model(),
                weights,
                options.fineTune(),
                arena);
      }
      return new Measured(BeforeAfter.of(explainer.backend(), test, queries, before, after));
    }
  }

  private Head solved(double[] weights, Arena arena) {
    return Refit.run(
        explainer.problem(),
        explainer.damping().lambda(),
        weights,
        ReconvergenceOptions.defaults(),
        arena);
  }

  CsvFile csv() {
    CsvFile csv =
        new CsvFile(
            "method", "query", "before", "after", "change", "recall_before", "recall_after");
    rows.forEach(
        (method, own) ->
            own.forEach(
                row ->
                    csv.row(
                        method,
                        row.query(),
                        row.before(),
                        row.after(),
                        row.change(),
                        row.recallBefore(),
                        row.recallAfter())));
    return csv;
  }

  private static double[] after(List<BeforeAfter> own) {
    return own.stream().mapToDouble(BeforeAfter::after).toArray();
  }

  private static double[] before(List<BeforeAfter> own) {
    return own.stream().mapToDouble(BeforeAfter::before).toArray();
  }

  /** After against before of every method, and the first method's changes against the others'. */
  private Map<String, PairedComparison> comparisons(long seed) {
    Map<String, PairedComparison> all = new LinkedHashMap<>();
    if (queries.size() < 2) {
      return all;
    }
    Bootstrap bootstrap = new Bootstrap(RESAMPLES, LEVEL, seed);
    rows.forEach(
        (method, own) ->
            all.put(
                method + ": after against before",
                PairedComparison.of(after(own), before(own), Alternative.GREATER, bootstrap)));
    String first = rows.keySet().iterator().next();
    rows.forEach(
        (method, own) -> {
          if (!method.equals(first)) {
            all.put(
                first + " against " + method,
                PairedComparison.of(
                    after(rows.get(first)), after(own), Alternative.GREATER, bootstrap));
          }
        });
    return all;
  }

  void addTo(JsonObject summary, long seed) {
    JsonArray tests = new JsonArray();
    comparisons(seed)
        .forEach(
            (name, c) -> {
              JsonObject json = new JsonObject();
              json.addProperty("compared", name);
              json.add("mean_change", Summary.number(c.mean().estimate()));
              json.add("low", Summary.number(c.mean().low()));
              json.add("high", Summary.number(c.mean().high()));
              json.addProperty("level", LEVEL);
              json.add("t", Summary.number(c.t().statistic()));
              json.add("t_p_value", Summary.number(c.t().pValue()));
              json.add("wilcoxon", Summary.number(c.wilcoxon().statistic()));
              json.add("wilcoxon_p_value", Summary.number(c.wilcoxon().pValue()));
              json.addProperty("wilcoxon_exact", c.wilcoxon().exact());
              json.add("cohen_dz", Summary.number(c.cohen()));
              json.add("rank_biserial", Summary.number(c.rankBiserial()));
              tests.add(json);
            });
    summary.addProperty("alternative", "greater");
    summary.addProperty("sides", 1);
    summary.addProperty("n", queries.size());
    summary.addProperty("unit", unit());
    summary.add("tests", tests);
  }

  /** What changed, as parts of a report. */
  void addTo(Page page, String finding, long seed) {
    List<Section.Metric> recall = new ArrayList<>();
    List<Series> curves = new ArrayList<>();
    List<Fact> figures = new ArrayList<>();
    rows.forEach(
        (method, own) -> {
          double mean = mean(own, BeforeAfter::change);
          long grew = own.stream().filter(row -> row.change() > 0).count();
          figures.add(new Fact(method, Words.signed(mean), grew + " of " + own.size() + " grew"));
          recall.add(
              new Section.Metric(
                  "R@1, " + method,
                  List.of(own.get(0).recallBefore(), mean(own, BeforeAfter::recallAfter))));
          if (curves.isEmpty()) {
            curves.add(Series.counted("before", before(own)));
          }
          curves.add(Series.counted("after, " + method, after(own)));
        });
    String first = rows.keySet().iterator().next();
    List<String> findings = new ArrayList<>();
    comparisons(seed).forEach((name, c) -> findings.add(name + ": " + tested(c) + "."));
    if (!finding.isEmpty()) {
      findings.add(finding);
    }
    page.headline(
        String.format(
            Locale.ROOT,
            "Training on with other weights moves the confusions' mean %s: %s (%s).",
            unit(),
            Words.change(
                mean(rows.get(first), BeforeAfter::before),
                mean(rows.get(first), BeforeAfter::change)),
            first),
        findings,
        figures);
    page.add(
        new Section.Retrieval(
            "The test set before and after; each confusion has a head of its own, recall is their"
                + " mean.",
            List.of("before", "after"),
            recall,
            List.of(
                Chart.bars(
                    "Each confusion before and after",
                    queries.get(0).measurement().unit(),
                    queries.stream().map(Query::name).toList(),
                    curves))));
  }

  private static double mean(List<BeforeAfter> own, ToDoubleFunction<BeforeAfter> value) {
    return own.stream().mapToDouble(value).average().orElse(0);
  }

  void print(PrintWriter writer, long seed) {
    Table table = new Table("method", "queries", "mean change", "grew", "R@1 before", "R@1 after");
    rows.forEach(
        (method, own) ->
            table.row(
                method,
                Integer.toString(own.size()),
                signed(mean(own, BeforeAfter::change)),
                Long.toString(own.stream().filter(row -> row.change() > 0).count()),
                Text.percent(own.get(0).recallBefore()),
                Text.percent(mean(own, BeforeAfter::recallAfter))));
    table.print(writer);
    comparisons(seed).forEach((name, c) -> writer.println(name + ": " + tested(c)));
  }

  private String unit() {
    return queries.get(0).measurement().unit();
  }

  /** A comparison in words: its mean, in the unit, and what the tests say of "grew". */
  private String tested(PairedComparison c) {
    return String.format(
        Locale.ROOT,
        "%s %s (95 %% interval %s to %s); one-sided, for an increase, n = %d: t-test p %s,"
            + " Wilcoxon p %s",
        Words.signed(c.mean().estimate()),
        unit(),
        Words.signed(c.mean().low()),
        Words.signed(c.mean().high()),
        queries.size(),
        probability(c.t().pValue()),
        probability(c.wilcoxon().pValue()));
  }

  private static String probability(double p) {
    return p < 1e-4 ? "below 0.0001" : String.format(Locale.ROOT, "%.2g", p);
  }

  private static String signed(double value) {
    return String.format(Locale.ROOT, "%+.4g", value);
  }
}
