package io.vicinal.cli.explain;

import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.Text;
import io.vicinal.influence.relabel.LabelAudit;
import io.vicinal.influence.relabel.Proposal.Decision;
import io.vicinal.report.Gallery;
import io.vicinal.report.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The suspects of an audit as somebody works with them: a table to fill in, and the page's review.
 * What is decided in either goes to {@code vicinal labels apply}. Stateless.
 */
final class Suspects {
  /** More of them would make the page larger than browsers like; the others are named. */
  private static final int PICTURES = 2000;

  private Suspects() {}

  /** A row per suspect, the most suspicious first, with empty columns for a decision. */
  static CsvFile csv(Model model, LabelAudit audit) {
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
                "new_label"));
    audit.detectors().forEach(name -> header.add("rank_" + name));
    CsvFile csv = model.csv(header.toArray(new String[0]));
    for (int sample : audit.suspects()) {
      LabelAudit.Entry entry = audit.entry(sample);
      List<Object> row = new ArrayList<>();
      row.add(entry.suspect());
      row.add(entry.position());
      row.add(entry.label());
      row.add(hasProposal(entry) ? entry.proposed() : null);
      row.add(hasProposal(entry) ? entry.probability() : null);
      row.add(entry.decision().text());
      row.add(null);
      row.add(null);
      entry.ranks().values().forEach(rank -> row.add(rank == 0 ? null : rank));
      csv.row(row.toArray());
    }
    return csv;
  }

  /**
   * The review.
   *
   * @param labels the file of labels, or null if the reader has to name it
   */
  static Section.Review review(Model model, LabelAudit audit, Gallery gallery, Path labels) {
    int[] suspects = audit.suspects();
    List<Section.Doubted> doubted = new ArrayList<>();
    IntStream.range(0, suspects.length)
        .boxed()
        .sorted(Comparator.comparing(i -> !isOpen(audit.entry(suspects[i]))))
        .forEach(
            i -> {
              int row = suspects[i];
              LabelAudit.Entry entry = audit.entry(row);
              doubted.add(
                  new Section.Doubted(
                      doubted.size() < PICTURES ? gallery.train(row) : gallery.named(row),
                      entry.position(),
                      Long.toString(entry.label()),
                      hasProposal(entry) ? Long.toString(entry.proposed()) : null,
                      entry.probability(),
                      isOpen(entry)));
            });
    List<Section.ClassLabel> classes =
        Arrays.stream(model.labelled().classIds())
            .mapToObj(
                id ->
                    new Section.ClassLabel(
                        Long.toString(id), model.testClass(id), model.classNames().get(id)))
            .toList();
    return new Section.Review(
        doubted.size() > PICTURES && gallery.training().look() != null
            ? "The first " + PICTURES + " have their picture."
            : null,
        model.trainingHash(),
        classes,
        doubted,
        "vicinal labels apply --labels "
            + (labels == null ? "LABELS" : Text.quoted(labels.toString()))
            + " --decisions decisions.csv --out cleaned.npy");
  }

  /** A sample of no class, and one whose label is the likeliest, has no other label proposed. */
  private static boolean hasProposal(LabelAudit.Entry entry) {
    return entry.decision() != Decision.NONE_OF_THESE && entry.proposed() != entry.label();
  }

  private static boolean isOpen(LabelAudit.Entry entry) {
    return entry.decision() == Decision.ABSTAIN || entry.decision() == Decision.NONE_OF_THESE;
  }
}
