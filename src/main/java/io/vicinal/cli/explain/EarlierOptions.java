package io.vicinal.cli.explain;

import io.vicinal.cli.common.Text;
import io.vicinal.data.LabelDecisions;
import io.vicinal.explain.Labelled;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Option;

/** What was decided in an earlier round is not asked again. */
final class EarlierOptions {
  @Option(
      names = "--decisions",
      paramLabel = "CSV",
      description = {
        "Decisions of an earlier round, as 'labels apply' takes them: labels that are what was",
        "decided are no suspects any more."
      })
  Path decisions;

  private int open; // decided otherwise than the label still is
  private int strange; // neither what was doubted nor what was decided

  /** Rows whose label is the decided one. */
  Set<Integer> rows(ModelInputs model) {
    Set<Integer> rows = new HashSet<>();
    if (decisions == null) {
      return rows;
    }
    Map<Long, String> decided = new HashMap<>();
    LabelDecisions earlier = LabelDecisions.read(decisions, model.labelClasses());
    int count = model.subject().usedLabels().length;
    if (earlier.madeFor() != null && !earlier.madeFor().startsWith(count + " labels ")) {
      throw Text.wrong(
          "%s: decides for %s labels, and there are %s; name the decisions of this" + " data set",
          decisions, earlier.madeFor().split(" ")[0], count);
    }
    long[] used = model.subject().usedLabels();
    for (LabelDecisions.DecidedLine row : earlier.rows()) {
      decided.put(row.sample(), row.after());
      boolean is = row.sample() < count;
      String label = is ? model.labelText(used[(int) row.sample()]) : null;
      if (!row.after().equals(label)) {
        open += row.before().equals(label) ? 1 : 0;
        strange += row.before().equals(label) ? 0 : 1;
      }
    }
    if (strange == earlier.rows().size()) {
      throw Text.wrong(
          "%s: none of its %s decided labels is what it was or what was decided; name"
              + " the decisions of this data set",
          decisions, strange);
    }
    Labelled labelled = model.subject().labelled();
    long[] labels = labelled.data().labels().toLongs();
    for (int i = 0; i < labels.length; i++) {
      String label = model.labelText(labelled.classIds()[(int) labels[i]]);
      if (label.equals(decided.get(labelled.positions()[i]))) {
        rows.add(i);
      }
    }
    return rows;
  }

  /** For the reader. */
  List<String> remarks(Set<Integer> rows) {
    if (decisions == null) {
      return List.of();
    }
    List<String> remarks = new ArrayList<>();
    remarks.add(
        Text.count(rows.size(), "label is", "labels are")
            + " what "
            + decisions
            + " decided, and not suspected again.");
    if (open > 0) {
      remarks.add(
          Text.count(open, "label is", "labels are")
              + " not yet what it decided: 'labels apply' changes them.");
    }
    if (strange > 0) {
      remarks.add(
          Text.count(strange, "label is", "labels are")
              + " neither what it doubted nor what it decided, and asked again: see whether it is of"
              + " this data set.");
    }
    return remarks;
  }
}
