package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.cli.common.Text;
import io.vicinal.data.LabelDecisions;
import java.nio.file.Path;
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

  /** Rows whose label is the decided one. */
  Set<Integer> rows(Model model) {
    Set<Integer> rows = new HashSet<>();
    if (decisions == null) {
      return rows;
    }
    Map<Long, String> decided = new HashMap<>();
    LabelDecisions earlier = LabelDecisions.read(decisions, model.labelClasses());
    int count = model.usedLabels().length;
    if (earlier.madeFor() != null && !earlier.madeFor().startsWith(count + " labels ")) {
      throw new InputException(
          decisions
              + ": decides for "
              + earlier.madeFor().split(" ")[0]
              + " labels, and there are "
              + count
              + "; name the decisions of this data set");
    }
    earlier.rows().forEach(row -> decided.put(row.sample(), row.after()));
    Labelled labelled = model.labelled();
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
    return decisions == null
        ? List.of()
        : List.of(
            Text.count(rows.size(), "label is", "labels are")
                + " what "
                + decisions
                + " decided, and not suspected again.");
  }
}
