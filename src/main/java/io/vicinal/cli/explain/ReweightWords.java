package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.reweight.BeforeAfter;
import io.vicinal.curate.reweight.Reweighted;
import io.vicinal.influence.query.Query;
import io.vicinal.report.Chart;
import io.vicinal.report.Fact;
import io.vicinal.report.Section;
import io.vicinal.report.Series;
import io.vicinal.report.Words;
import io.vicinal.statistics.PairedComparison;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** What a re-weighting did: as files, parts of a report, and lines for a terminal. */
final class ReweightWords {
  private final List<Query> queries;
  private final Reweighted found;
  private final List<Reweighted.Comparison> comparisons;

  /**
   * @param seed of the bootstrap
   */
  ReweightWords(List<Query> queries, Reweighted found, long seed) {
    this.queries = queries;
    this.found = found;
    comparisons = found.comparisons(seed);
  }

  CsvFile csv(ModelInputs model) {
    CsvFile csv =
        model.csv(
            queries,
            "method",
            "query",
            "before",
            "after",
            "change",
            "recall_before",
            "recall_after");
    found
        .rows()
        .forEach(
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

  /** What a test compares. */
  private static String name(Reweighted.Comparison one) {
    return one.other() == null
        ? one.method() + ": after against before"
        : one.method() + " against " + one.other();
  }

  void addTo(JsonObject summary) {
    JsonArray tests = new JsonArray();
    for (Reweighted.Comparison one : comparisons) {
      PairedComparison c = one.result();
      JsonObject json = new JsonObject();
      json.addProperty("compared", name(one));
      json.addProperty("mean_change", c.mean().estimate());
      json.addProperty("low", c.mean().low());
      json.addProperty("high", c.mean().high());
      json.addProperty("level", Reweighted.LEVEL);
      json.addProperty("t", c.t().statistic());
      json.addProperty("t_p_value", c.t().pValue());
      json.addProperty("wilcoxon", c.wilcoxon().statistic());
      json.addProperty("wilcoxon_p_value", c.wilcoxon().pValue());
      json.addProperty("wilcoxon_exact", c.wilcoxon().exact());
      json.addProperty("cohen_dz", c.cohen());
      json.addProperty("rank_biserial", c.rankBiserial());
      tests.add(json);
    }
    summary.addProperty("alternative", "greater");
    summary.addProperty("sides", 1);
    summary.addProperty("n", queries.size());
    summary.addProperty("unit", unit());
    summary.add("tests", tests);
  }

  /** What changed, as parts of a report. */
  void addTo(Page page, String finding) {
    List<Section.Metric> recall = new ArrayList<>();
    List<Series> curves = new ArrayList<>();
    List<Fact> figures = new ArrayList<>();
    String first = found.first();
    curves.add(Series.counted("before", found.values(first, BeforeAfter::before)));
    for (String method : found.rows().keySet()) {
      String grew = found.grew(method) + " of " + queries.size() + " grew";
      figures.add(new Fact(method, Words.signed(found.mean(method, BeforeAfter::change)), grew));
      recall.add(
          new Section.Metric(
              "R@1, " + method,
              List.of(recallBefore(method), found.mean(method, BeforeAfter::recallAfter))));
      double[] after = found.values(method, BeforeAfter::after);
      curves.add(Series.counted("after, " + method, after));
    }
    List<String> findings = new ArrayList<>();
    comparisons.forEach(one -> findings.add(name(one) + ": " + tested(one.result()) + "."));
    if (!finding.isEmpty()) {
      findings.add(finding);
    }
    page.headline(
        Text.say(
            "Training on with other weights moves the confusions' mean %s: %s (%s).",
            unit(),
            Words.change(
                found.mean(first, BeforeAfter::before), found.mean(first, BeforeAfter::change)),
            first),
        findings,
        figures);
    page.add(
        new Section.RetrievalSection(
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

  /** The same for all queries of a method. */
  private double recallBefore(String method) {
    return found.rows().get(method).get(0).recallBefore();
  }

  void print(PrintWriter writer) {
    Table table = new Table("method", "queries", "mean change", "grew", "R@1 before", "R@1 after");
    for (String method : found.rows().keySet()) {
      table.row(
          method,
          Integer.toString(queries.size()),
          signed(found.mean(method, BeforeAfter::change)),
          Long.toString(found.grew(method)),
          Text.percent(recallBefore(method)),
          Text.percent(found.mean(method, BeforeAfter::recallAfter)));
    }
    table.print(writer);
    comparisons.forEach(one -> writer.println(name(one) + ": " + tested(one.result())));
  }

  private String unit() {
    return queries.get(0).measurement().unit();
  }

  /** A comparison in words: its mean, in the unit, and what the tests say of "grew". */
  private String tested(PairedComparison c) {
    return Text.say(
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
    return p < 1e-4 ? "below 0.0001" : Text.say("%.2g", p);
  }

  private static String signed(double value) {
    return Text.say("%+.4g", value);
  }
}
