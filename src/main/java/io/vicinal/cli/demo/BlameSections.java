package io.vicinal.cli.demo;

import io.vicinal.influence.Query;
import io.vicinal.influence.confusion.Pair;
import io.vicinal.influence.measure.GroupDistance;
import io.vicinal.influence.relabel.Proposal;
import io.vicinal.influence.relabel.Relabelling;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Verification;
import io.vicinal.report.Badge;
import io.vicinal.report.Chart;
import io.vicinal.report.Effect;
import io.vicinal.report.Fact;
import io.vicinal.report.Section;
import io.vicinal.report.Series;
import io.vicinal.report.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** Whom the noisy head's confusions are blamed on, as parts of the page. */
final class BlameSections {
  private static final int EFFECTS = 6; // shown of each sign
  private static final int PAIRS = 6; // shown of a group
  private static final int ENDS = 400; // eigenvalues, from the largest on

  private final Blame blame;
  private final Gallery gallery;
  private final Map<Integer, String> proposed = new HashMap<>();

  BlameSections(Blame blame, Gallery gallery, Relabelling relabelling) {
    this.blame = blame;
    this.gallery = gallery;
    for (Proposal p : relabelling.proposals()) {
      if (p.decision() == Proposal.Decision.RELABEL) {
        proposed.put(p.id(), Gallery.name(p.best()));
      }
    }
  }

  long verified() {
    return blame.miniature().queries().stream()
        .filter(line -> line.badge() == io.vicinal.influence.verify.Badge.VERIFIED)
        .count();
  }

  /** The first pair's largest effect, in words. */
  String example() {
    for (int q = 0; q < blame.queries().size(); q++) {
      List<Effect> harmful = effects(q, 1);
      if (blame.pairs().get(q).size() == 1 && !harmful.isEmpty()) {
        return sentence(q, harmful.get(0));
      }
    }
    return null;
  }

  Section confusions() {
    List<Section.Confusion> items = new ArrayList<>();
    for (int q = 0; q < blame.queries().size(); q++) {
      Query query = blame.queries().get(q);
      List<Section.Pair> pairs = new ArrayList<>();
      for (int p = 0; p < Math.min(PAIRS, blame.pairs().get(q).size()); p++) {
        Pair pair = blame.pairs().get(q).get(p);
        pairs.add(
            new Section.Pair(
                gallery.test(pair.i()), gallery.test(pair.j()), blame.distances().get(q)[p]));
      }
      List<Effect> harmful = effects(q, 1);
      List<String> sentences = new ArrayList<>();
      for (Effect effect : harmful.subList(0, Math.min(2, harmful.size()))) {
        sentences.add(sentence(q, effect));
      }
      items.add(
          new Section.Confusion(
              name(q), pairs, query.measurement().unit(), sentences, harmful, effects(q, -1)));
    }
    return new Section.Confusions(
        "A test image of each of the worst classes, its wrong neighbour, and the training images"
            + " that pull them together or keep them apart. Effects are predicted for the removal of"
            + " one image; the largest were checked by solving again without it.",
        items);
  }

  private String name(int q) {
    List<Pair> pairs = blame.pairs().get(q);
    String label = Gallery.name(gallery.test().labels().longAt(pairs.get(0).i()));
    return blame.queries().get(q).measurement() instanceof GroupDistance
        ? label + ", " + pairs.size() + " confusions"
        : "query " + pairs.get(0).i();
  }

  private String sentence(int q, Effect effect) {
    boolean pair = blame.pairs().get(q).size() == 1;
    String what = pair ? name(q) : "the class's wrong queries, on average,";
    return Words.removal(effect, what, blame.queries().get(q).measurement().unit());
  }

  private List<Effect> effects(int q, int sign) {
    double[] scores = blame.scores().values()[q];
    Miniature.Line line = blame.miniature().queries().get(q);
    return IntStream.range(0, scores.length)
        .filter(i -> sign * scores[i] > 0)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -sign * scores[i]))
        .limit(EFFECTS)
        .map(i -> effect(i, scores[i], line))
        .toList();
  }

  private Effect effect(int id, double predicted, Miniature.Line line) {
    Double measured = null;
    for (int r = 0; r < line.top().length; r++) {
      if (line.top()[r] == id && !Double.isNaN(line.actual()[r])) {
        measured = line.actual()[r];
      }
    }
    Badge badge =
        measured != null
            ? Badge.VERIFIED
            : line.stability() != null && line.stability().isStable()
                ? Badge.STABLE
                : Badge.UNSTABLE;
    return new Effect(gallery.train(id), predicted, measured, badge, proposed.get(id));
  }

  /** What was checked, and the linear algebra's health. */
  List<Section> proof() {
    List<Section> sections = new ArrayList<>();
    Verification verification = blame.miniature().verification();
    if (verification != null) {
      sections.add(verification(verification));
    }
    sections.add(health());
    return sections;
  }

  private Section verification(Verification verification) {
    double[] predicted =
        Arrays.stream(verification.predicted()).flatMapToDouble(Arrays::stream).toArray();
    double[] actual =
        Arrays.stream(verification.actual()).flatMapToDouble(Arrays::stream).toArray();
    List<String> names = new ArrayList<>();
    for (Query query : blame.queries()) {
      verification.edits().forEach(edit -> names.add(edit + ", " + query.id()));
    }
    return new Section.Verification(
        blame.miniature().outcomes().size()
            + " images were really left out, one by one, and the head solved again.",
        "squared distance",
        predicted,
        actual,
        names,
        List.of(
            new Fact("Pearson", number(verification.pearson()), "mean over the confusions"),
            new Fact("Spearman", number(verification.spearman())),
            new Fact("Size error", number(verification.sizeError()), "sum |a - p| / sum |a|"),
            new Fact(
                "Verified", verified() + " of " + blame.queries().size(), "explained confusions")),
        List.of());
  }

  private Section health() {
    double[] residuals =
        blame.scores().facts().stream().mapToDouble(f -> Math.max(f.residual(), 1e-16)).toArray();
    double[] spectrum = blame.spectrum();
    double largest = spectrum[0];
    double lambda = blame.damping().lambda();
    return new Section.Health(
        "The head is held to its delivered weights by the damping, and solved exactly.",
        List.of(
            new Fact(
                "Damping",
                String.format(Locale.ROOT, "%.3g", lambda),
                String.format(
                    Locale.ROOT, "%.3g times the mean eigenvalue", blame.damping().multiple())),
            new Fact(
                "Condition number",
                String.format(Locale.ROOT, "%.0f", (largest + lambda) / lambda),
                "at most, by EK-FAC"),
            new Fact("Largest residual", String.format(Locale.ROOT, "%.1e", blame.residual())),
            new Fact(
                "Curvature products",
                Long.toString(blame.products()),
                blame.miniature().products() + " more for solving again")),
        List.of(
            new Chart(
                "Spectrum of the Hessian, by EK-FAC",
                "rank",
                "eigenvalue",
                true,
                true,
                List.of(
                    Series.counted(
                        "eigenvalue",
                        Arrays.stream(spectrum).limit(ENDS).map(v -> Math.max(v, 1e-16)).toArray()),
                    Series.counted(
                        "damping",
                        IntStream.range(0, Math.min(ENDS, spectrum.length))
                            .mapToDouble(i -> lambda)
                            .toArray()))),
            new Chart(
                "True residual by confusion",
                "confusion",
                "relative residual",
                false,
                true,
                List.of(Series.counted("residual", residuals)))),
        List.of("Features are pixels: what another feature extractor would do is not seen here."));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
