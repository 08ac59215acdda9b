package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.verify.Miniature;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;

/** The badges of explanations as JSON and as a table. Stateless. */
final class Badges {
  private Badges() {}

  /**
   * The badges for a summary, one per query.
   *
   * @param positions of the training samples in the dataset
   */
  static JsonArray json(Miniature miniature, long[] positions) {
    JsonArray badges = new JsonArray();
    for (Miniature.Line line : miniature.queries()) {
      JsonObject json = new JsonObject();
      json.addProperty("query", line.query());
      json.addProperty("badge", line.badge().toString());
      json.addProperty("rests_on", line.verdict().detail());
      json.add("doubts", JsonFile.tree(line.verdict().doubts().stream().sorted().toList()));
      JsonArray removals = new JsonArray();
      for (int r = 0; r < line.top().length; r++) {
        if (line.solved(r)) {
          JsonObject removal = new JsonObject();
          removal.addProperty("sample", positions[(int) line.top()[r]]);
          removal.addProperty("predicted", line.predicted()[r]);
          removal.addProperty("actual", line.actual()[r]);
          removals.add(removal);
        }
      }
      json.add("solved_again", removals);
      json.addProperty("largest_size_error", line.largestSizeError());
      List<Double> stability = Arrays.stream(line.stability().spearman()).boxed().toList();
      json.add("stability_spearman", JsonFile.tree(stability));
      badges.add(json);
    }
    return badges;
  }

  /** The badges for a terminal, one per query, each with what it rests on. */
  static void print(Miniature miniature, List<Query> queries, PrintWriter writer) {
    Table table =
        new Table("query", "size error", "at damping/3", "at 3 damping", "badge, and why")
            .withSentences();
    for (int q = 0; q < miniature.queries().size(); q++) {
      Miniature.Line line = miniature.queries().get(q);
      table.row(
          queries.get(q).called(),
          Text.short3(upwards(line.largestSizeError())),
          Text.short3(-upwards(-line.stability().spearman()[1])),
          Text.short3(-upwards(-line.stability().spearman()[2])),
          line.verdict().toString());
    }
    table.print(writer);
  }

  /** To three decimals, so that a number above a limit is not printed as the limit. */
  static double upwards(double value) {
    return Math.ceil(1000 * value) / 1000;
  }
}
