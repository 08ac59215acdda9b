package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.data.Names;
import io.vicinal.influence.query.Confusions;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.TestSet;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal explain confusions}: which test samples find a wrong neighbour. */
@Command(
    name = "confusions",
    sortOptions = false,
    header = "List the test samples whose nearest neighbour has another label.",
    description = {
      "",
      "Every test sample's nearest other test sample is looked up exactly; equal distances go to the",
      "lower position. A sample that is the only one of its class can find no right neighbour: it is",
      "counted as 'lone' and enters nothing else, as in 'evaluate'. A class's confusion classes are the fewest that hold more than half of its",
      "wrong neighbours (10 at most).",
      "",
      "Writes confusions.csv (a pairs file for 'explain pair': i, its wrong neighbour j, their labels,",
      "their squared_distance 2 - 2 cos; with --metric raw also raw_squared_distance, by which j was",
      "found), worst-classes.csv, summary.json.",
      ""
    },
    footer = {"", "Example:", "  vicinal explain confusions --run runs/first --out confusions"})
final class ConfusionsCommand implements Callable<Integer> {
  private static final int SHOWN = 10;
  private static final List<String> RESULTS =
      List.of("confusions.csv", "worst-classes.csv", "summary.json");

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Option(
      names = "--metric",
      paramLabel = "HOW",
      defaultValue = "cosine",
      description = "How neighbours are found: cosine, or raw (Euclidean); default: cosine.")
  private String metric;

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    Neighbouring neighbouring = QueryOptions.neighbouring(metric);
    try (ModelInputs model = ModelInputs.openWithTest(inputs);
        OutputFolder folder = new OutputFolder(out.path(), RESULTS, out.outputs())) {
      TestSet test = model.subject().testSet(model.backend());
      Confusions found = model.subject().confusions(model.backend(), neighbouring);
      List<Group> groups = found.groups(Integer.MAX_VALUE);
      pairs(model, test, found).write(folder.file("confusions.csv"));
      classes(model, test, found, groups).write(folder.file("worst-classes.csv"));
      JsonObject summary = Summary.of("confusions", model);
      summary.addProperty("metric", metric);
      summary.addProperty("lone", found.lone());
      summary.addProperty("wrong", found.wrong().length);
      summary.addProperty("recall_at_1", found.recall());
      summary.addProperty("classes_with_wrong", groups.size());
      model.writeJson(summary, folder.file("summary.json"));
      folder.commit();
      print(spec.commandLine().getOut(), model, test, found, groups);
    }
    return 0;
  }

  private static CsvFile pairs(ModelInputs model, TestSet test, Confusions found) {
    List<PairDistance> distances =
        found.pairs().stream().map(pair -> new PairDistance(pair.i(), pair.j())).toList();
    boolean raw = found.neighbouring() == Neighbouring.RAW;
    List<String> header =
        new ArrayList<>(List.of("i", "j", "label_i", "label_j", "squared_distance"));
    if (raw) {
      header.add("raw_squared_distance");
    }
    CsvFile csv = model.csv(header.toArray(String[]::new));
    Embedded embedded = test.embed(model.subject().model().head(), test.rowsOf(distances));
    for (PairDistance pair : distances) {
      List<Object> row =
          new ArrayList<>(
              List.of(
                  pair.i(),
                  pair.j(),
                  found.label(pair.i()),
                  found.label(pair.j()),
                  pair.value(embedded)));
      if (raw) {
        row.add(found.distance(pair.i()));
      }
      csv.row(row.toArray());
    }
    return csv;
  }

  private static CsvFile classes(
      ModelInputs model, TestSet test, Confusions found, List<Group> groups) {
    CsvFile csv =
        model.csv("class", "samples", "wrong", "confused_with", "pairs", "mean_squared_distance");
    for (Group group : groups) {
      GroupDistance distance = GroupDistance.of(group);
      csv.row(
          group.label(),
          test.rowsOfClass(group.label()).length,
          found.wrongCounts().get(group.label()),
          group.confusionClasses(),
          group.pairs().size(),
          test.value(distance, model.subject().model().head()));
    }
    return csv;
  }

  /** What is said of lone samples. */
  private static String left(int lone) {
    return lone == 1
        ? "1 test sample is the only one of its class and left out: it has no right neighbour"
        : lone
            + " test samples are each the only one of their class and left out: they have no right"
            + " neighbour";
  }

  private static String join(List<Long> classes) {
    return classes.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  private static String said(ModelInputs model, long id) {
    return model.subject().classNames().known() ? model.subject().classText(id) : Long.toString(id);
  }

  private void print(
      PrintWriter writer, ModelInputs model, TestSet test, Confusions found, List<Group> groups) {
    if (found.lone() < found.queries()) {
      writer.printf(
          Locale.ROOT,
          "%d of %d test samples find a wrong neighbour (%s); R@1 %s %%%n",
          found.wrong().length,
          found.queries() - found.lone(),
          metric,
          Text.percent(found.recall()));
    }
    if (found.lone() > 0) {
      writer.println(left(found.lone()));
    }
    if (groups.isEmpty()) {
      writer.println("no class is confused with another; the tables are empty");
    } else {
      writer.println();
      Table table = new Table("class", "samples", "wrong", "mostly found");
      groups.stream()
          .limit(SHOWN)
          .forEach(
              group ->
                  table.row(
                      said(model, group.label()),
                      Integer.toString(test.rowsOfClass(group.label()).length),
                      found.wrongCounts().get(group.label()).toString(),
                      model.subject().classNames().known()
                          ? Names.listed(
                              group.confusionClasses().stream()
                                  .map(model.subject()::classText)
                                  .toList())
                          : join(group.confusionClasses())));
      table.print(writer);
    }
    writer.println("written: " + out);
  }
}
