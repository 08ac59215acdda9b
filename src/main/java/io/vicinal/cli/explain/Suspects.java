package io.vicinal.cli.explain;

import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.curate.relabel.Proposal;
import io.vicinal.curate.relabel.Proposal.Decision;
import io.vicinal.data.ArrayPath;
import io.vicinal.data.FeatureFolder;
import io.vicinal.data.LabelDecisions;
import io.vicinal.report.Gallery;
import io.vicinal.report.Sample;
import io.vicinal.report.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The suspects of an audit as somebody works with them: a table to fill in, and the page's review.
 * What is decided in either goes to {@code vicinal labels apply}. Stateless.
 */
final class Suspects {
  /** More of them would make the page larger than browsers like; the others are named. */
  private static final int PICTURES = 2000;

  private Suspects() {}

  /** A row per suspect, the most suspicious first, with empty columns for a decision. */
  static CsvFile csv(ModelInputs model, LabelAudit audit) {
    List<String> header =
        new ArrayList<>(
            List.of(
                "rank",
                "sample",
                "label",
                "proposed",
                "probability",
                "suggestion",
                "decision",
                "new_label",
                "label_probability",
                "second",
                "second_probability",
                "made_for"));
    audit.detectors().forEach(name -> header.add("rank_" + name));
    CsvFile csv = model.csv(header.toArray(new String[0]));
    long[] classIds = model.subject().labelled().classIds();
    String madeFor = LabelDecisions.madeFor(model.subject().usedLabels());
    for (int sample : audit.suspects()) {
      LabelAudit.Entry entry = audit.entry(sample);
      Proposal proposal = audit.proposal(sample);
      List<Object> row = new ArrayList<>();
      row.add(entry.suspect());
      row.add(entry.position());
      row.add(entry.label());
      row.add(hasProposal(entry) ? entry.proposed() : null);
      row.add(hasProposal(entry) ? Text.probability(entry.probability()) : null);
      row.add(entry.decision().text());
      row.add(null);
      row.add(null);
      row.add(Text.probability(entry.labelProbability()));
      row.add(classIds[proposal.second()]);
      row.add(Text.probability(proposal.secondProbability()));
      row.add(madeFor);
      entry.ranks().values().forEach(rank -> row.add(rank == 0 ? null : rank));
      csv.row(row.toArray());
    }
    return csv;
  }

  /**
   * The review: first those that are left to a person, of these first the labels that are least
   * likely to be right.
   *
   * @param labels the file of the labels, or null if the reader has to name it
   */
  static Section.Review review(ModelInputs model, LabelAudit audit, Gallery gallery, Path labels) {
    List<Section.Doubted> doubted = new ArrayList<>();
    Comparator<LabelAudit.Entry> byDoubt =
        Comparator.comparing((LabelAudit.Entry entry) -> !isOpen(entry))
            .thenComparing(entry -> isOpen(entry) ? entry.labelProbability() : 0);
    Arrays.stream(audit.suspects())
        .boxed()
        .sorted(Comparator.comparing(audit::entry, byDoubt))
        .forEach(
            row ->
                doubted.add(
                    doubted(
                        model,
                        audit,
                        row,
                        doubted.size() < PICTURES ? gallery.train(row) : gallery.named(row))));
    List<Section.ClassLabel> classes =
        Arrays.stream(model.subject().labelled().classIds())
            .mapToObj(
                id ->
                    new Section.ClassLabel(
                        Long.toString(id),
                        model.subject().classText(id),
                        model.subject().classNames().get(id)))
            .toList();
    String madeFor = LabelDecisions.madeFor(model.subject().usedLabels());
    return new Section.Review(
        doubted.size() > PICTURES && gallery.training().look() != null
            ? "The first " + PICTURES + " have their picture."
            : null,
        new Key().add("made_for", madeFor).add("classes", classes).hash(),
        madeFor,
        classes,
        doubted,
        apply(labels));
  }

  private static Section.Doubted doubted(
      ModelInputs model, LabelAudit audit, int row, Sample sample) {
    LabelAudit.Entry entry = audit.entry(row);
    Proposal proposal = audit.proposal(row);
    return new Section.Doubted(
        sample,
        entry.position(),
        model.subject().sampleNames().get(entry.position()),
        Long.toString(entry.label()),
        entry.labelProbability(),
        hasProposal(entry) ? Long.toString(entry.proposed()) : null,
        entry.probability(),
        Long.toString(model.subject().labelled().classIds()[proposal.second()]),
        proposal.secondProbability(),
        entry.decision().text());
  }

  private static String apply(Path labels) {
    String file = labels == null ? "LABELS" : labels.toString();
    String name =
        labels == null ? "" : ArrayPath.of(FeatureFolder.labelColumn(labels)).file().toString();
    int dot = name.lastIndexOf('.');
    String ending = dot < 0 ? "" : name.substring(dot).toLowerCase(Locale.ROOT);
    return NextCommand.launcher()
        + " labels apply --labels "
        + (labels == null ? file : Text.quoted(file))
        + " --decisions decisions.csv --out cleaned"
        + (List.of(".csv", ".tsv", ".txt").contains(ending) ? ending : ".npy");
  }

  /** A sample of no class, and one whose label is the likeliest, has no other label proposed. */
  private static boolean hasProposal(LabelAudit.Entry entry) {
    return entry.decision() != Decision.NONE_OF_THESE && entry.proposed() != entry.label();
  }

  private static boolean isOpen(LabelAudit.Entry entry) {
    return entry.decision() == Decision.ABSTAIN || entry.decision() == Decision.NONE_OF_THESE;
  }
}
