package io.vicinal.report;

import io.vicinal.influence.query.Pair;
import io.vicinal.influence.verify.Badge;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Verdict;
import io.vicinal.influence.verify.Verification;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** Whom confusions are blamed on, as parts of the page. Immutable but for the gallery. */
public final class BlameSections {
  private static final int EFFECTS = 6; // shown of each sign
  private static final int PAIRS = 6; // shown of a group

  private final Blame blame;
  private final Gallery gallery;
  private final Map<Integer, String> proposed;

  /**
   * @param proposed label by training row, where another one is proposed
   */
  public BlameSections(Blame blame, Gallery gallery, Map<Integer, String> proposed) {
    this.blame = blame;
    this.gallery = gallery;
    this.proposed = Map.copyOf(proposed);
  }

  /** How many explanations earned a badge. */
  public long count(Badge badge) {
    return IntStream.range(0, blame.items().size()).filter(q -> badge(q) == badge).count();
  }

  /**
   * The largest harmful effect in words: of an explanation as far to be trusted as there is, of a
   * single pair if there is one among them.
   */
  public String example() {
    return IntStream.range(0, blame.items().size())
        .filter(q -> !effects(q, 1, 1).isEmpty())
        .boxed()
        .min(
            Comparator.<Integer, Badge>comparing(this::badge)
                .thenComparing(q -> blame.items().get(q).pairs().size() > 1))
        .map(q -> sentence(q, effects(q, 1, 1).get(0)))
        .orElse(null);
  }

  /** The training rows that are shown as harmful (1) or helpful (-1). */
  public List<Integer> shown(int sign) {
    return IntStream.range(0, blame.items().size())
        .boxed()
        .flatMap(q -> largest(q, sign, EFFECTS).stream())
        .distinct()
        .toList();
  }

  /** Every confusion with its training samples. */
  public Section confusions(String lead) {
    List<Section.Confusion> items = new ArrayList<>();
    for (int q = 0; q < blame.items().size(); q++) {
      Blame.Item item = blame.items().get(q);
      List<Section.WrongNeighbour> pairs = new ArrayList<>();
      for (int p = 0; p < Math.min(PAIRS, item.pairs().size()); p++) {
        Pair pair = item.pairs().get(p);
        pairs.add(
            new Section.WrongNeighbour(
                gallery.query(pair.i()), gallery.query(pair.j()), item.distances()[p]));
      }
      List<Effect> harmful = effects(q, 1, EFFECTS);
      List<String> sentences = new ArrayList<>();
      for (Effect effect : harmful.subList(0, Math.min(2, harmful.size()))) {
        sentences.add(sentence(q, effect));
      }
      items.add(
          new Section.Confusion(
              item.name(),
              pairs,
              item.pairs().size(),
              item.unit(),
              sentences,
              harmful,
              effects(q, -1, EFFECTS),
              item.raised() ? item.subject() : null,
              Words.moved(item.unit(), item.delivered(), item.start()),
              badge(q),
              blame.miniature() == null ? null : verdict(q).detail()));
    }
    return new Section.ConfusionsSection(lead, items);
  }

  private String sentence(int q, Effect effect) {
    Blame.Item item = blame.items().get(q);
    if (item.raised()) {
      return Words.raising(effect, item.subject(), item.start());
    }
    return item.pairs().size() > 1
        ? Words.removalOfMany(effect, item.subject(), item.unit(), item.start())
        : Words.removal(effect, item.subject(), item.unit(), item.start());
  }

  private List<Integer> largest(int q, int sign, int most) {
    double[] scores = blame.items().get(q).scores();
    return IntStream.range(0, scores.length)
        .filter(i -> sign * scores[i] > 0)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -sign * scores[i]))
        .limit(most)
        .toList();
  }

  private List<Effect> effects(int q, int sign, int most) {
    return largest(q, sign, most).stream().map(i -> effect(q, i)).toList();
  }

  private Effect effect(int q, int row) {
    Double measured = null;
    if (blame.miniature() != null) {
      Miniature.Line line = blame.miniature().queries().get(q);
      for (int r = 0; r < line.top().length; r++) {
        if (line.top()[r] == row && !Double.isNaN(line.actual()[r])) {
          measured = line.actual()[r];
        }
      }
    }
    double predicted = blame.items().get(q).scores()[row];
    Badge badge = blame.miniature() == null ? Badge.PREDICTED : verdict(q).of(measured != null);
    return new Effect(gallery.train(row), predicted, measured, badge, proposed.get(row));
  }

  private Verdict verdict(int q) {
    return blame.miniature().queries().get(q).verdict();
  }

  /** Of an explanation as a whole. */
  private Badge badge(int q) {
    return blame.miniature() == null ? Badge.PREDICTED : verdict(q).badge();
  }

  /**
   * What was checked, and the linear algebra's health.
   *
   * @param warnings what the reader should know before acting
   */
  public List<Section> proof(List<String> warnings) {
    List<Section> sections = new ArrayList<>();
    if (blame.miniature() != null && blame.miniature().verification() != null) {
      sections.add(verification(blame.miniature()));
    }
    sections.add(health(warnings));
    return sections;
  }

  private Section verification(Miniature miniature) {
    Verification verification = miniature.verification();
    List<String> names = new ArrayList<>();
    List<Double> predicted = new ArrayList<>();
    List<Double> actual = new ArrayList<>();
    for (int q = 0; q < blame.items().size(); q++) {
      for (int e = 0; e < miniature.outcomes().size(); e++) {
        if (!Double.isNaN(verification.predicted()[q][e])) {
          long row = miniature.outcomes().get(e).edit().changes().get(0).id();
          names.add("without " + gallery.training().name(row) + ", " + blame.items().get(q).name());
          predicted.add(verification.predicted()[q][e]);
          actual.add(verification.actual()[q][e]);
        }
      }
    }
    return new Section.VerificationSection(
        miniature.outcomes().size()
            + " samples were really left out, one by one, and the head solved again.",
        blame.items().get(0).unit(),
        predicted.stream().mapToDouble(v -> v).toArray(),
        actual.stream().mapToDouble(v -> v).toArray(),
        names,
        List.of(
            new Fact("Pearson", number(verification.pearson()), "mean over the confusions"),
            new Fact("Spearman", number(verification.spearman())),
            new Fact(
                "Pooled size error", number(verification.sizeError()), "sum |a - p| / sum |a|"),
            new Fact(
                "Verified",
                count(Badge.VERIFIED) + " of " + blame.items().size(),
                "explanations, by what was solved again")),
        List.of());
  }

  private Section health(List<String> warnings) {
    double lambda = blame.damping().lambda();
    double[] residuals =
        blame.items().stream().mapToDouble(Blame.Item::residual).filter(r -> r >= 0).toArray();
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact("Damping", size(lambda), blame.damping().inUnits()));
    List<Chart> charts = new ArrayList<>();
    if (blame.spectrum() != null) {
      double[] top = blame.spectrum().top();
      facts.add(new Fact("Largest eigenvalue", size(blame.spectrum().largest()), "by EK-FAC"));
      facts.add(new Fact("Smallest eigenvalue", size(blame.spectrum().smallest()), "by EK-FAC"));
      double condition = blame.spectrum().condition(lambda);
      facts.add(
          new Fact(
              "Condition number",
              Double.isInfinite(condition)
                  ? "not positive"
                  : String.format(Locale.ROOT, "%.3g", condition),
              "with the damping"));
      double[] positive = Arrays.stream(top).filter(v -> v > 0).toArray();
      double[] line = new double[positive.length];
      Arrays.fill(line, lambda);
      if (positive.length > 0) {
        charts.add(
            new Chart(
                "The " + positive.length + " largest eigenvalues of the Hessian, by EK-FAC",
                "rank",
                "eigenvalue",
                true,
                true,
                List.of(Series.counted("eigenvalue", positive), Series.counted("damping", line))));
      }
    }
    if (!Double.isNaN(blame.moved())) {
      facts.add(
          new Fact(
              "Moved by re-convergence",
              String.format(Locale.ROOT, "%.2g %%", 100 * blame.moved()),
              "of the delivered weights' norm, before any effect"));
    }
    if (residuals.length > 0) {
      double worst = Arrays.stream(residuals).max().getAsDouble();
      facts.add(new Fact("Largest residual", String.format(Locale.ROOT, "%.1e", worst)));
    }
    if (residuals.length == blame.items().size() && residuals.length > 1) {
      charts.add(
          Chart.bars(
              "True residual of each confusion's solve",
              "relative",
              blame.items().stream().map(Blame.Item::name).toList(),
              List.of(Series.counted("residual", residuals))));
    }
    facts.add(
        new Fact(
            "Curvature products",
            Long.toString(blame.products()),
            blame.miniature() == null
                ? null
                : blame.miniature().products() + " more for solving again"));
    return new Section.Health(
        "The head is held to its delivered weights by the damping.", facts, charts, warnings);
  }

  private static String size(double value) {
    return value == 0 ? "0" : String.format(Locale.ROOT, "%.3g", value);
  }

  private static String number(double value) {
    return Double.isNaN(value)
        ? "\u2013"
        : value > 1000 ? "over 1000" : String.format(Locale.ROOT, "%.3f", value);
  }
}
