package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.influence.Query;
import io.vicinal.influence.confusion.Group;
import io.vicinal.influence.confusion.Pair;
import io.vicinal.influence.measure.Embedded;
import io.vicinal.influence.measure.GroupDistance;
import io.vicinal.influence.measure.Measurement;
import io.vicinal.influence.measure.PairDistance;
import io.vicinal.influence.measure.TestSet;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What is asked, and each query in words.
 *
 * @param queries one per row of scores
 * @param words one per query: id, text, what it is made of, value at the delivered head
 */
record Asked(List<Query> queries, List<JsonObject> words) {

  /** One query per pair, in their order. */
  static Asked pairs(Model model, List<Pair> pairs) {
    long[] labels = model.test().labels().toLongs();
    return of(
        model,
        pairs,
        pair ->
            new Query("pair " + pair.i() + "-" + pair.j(), new PairDistance(pair.i(), pair.j())),
        pair -> {
          JsonObject json = new JsonObject();
          long first = labels[(int) pair.i()];
          long second = labels[(int) pair.j()];
          json.addProperty(
              "text",
              "squared distance of the unit embeddings of test samples "
                  + pair.i()
                  + " (class "
                  + first
                  + ") and "
                  + pair.j()
                  + " (class "
                  + second
                  + ")");
          json.addProperty("i", pair.i());
          json.addProperty("j", pair.j());
          json.addProperty("label_i", first);
          json.addProperty("label_j", second);
          return json;
        });
  }

  /** One query per class that is confused, in their order. */
  static Asked groups(Model model, List<Group> groups) {
    return of(
        model,
        groups,
        group -> new Query("group " + group.label(), GroupDistance.of(group)),
        group -> {
          JsonObject json = new JsonObject();
          json.addProperty(
              "text",
              "mean squared distance of "
                  + group.pairs().size()
                  + " wrong pairs of test class "
                  + group.label()
                  + " with class "
                  + group.confusionClasses().stream()
                      .map(String::valueOf)
                      .collect(Collectors.joining(", ")));
          json.addProperty("class", group.label());
          json.add("confused_with", Summary.fact(group.confusionClasses()));
          JsonArray pairs = new JsonArray();
          group.pairs().forEach(pair -> pairs.add(Summary.fact(List.of(pair.i(), pair.j()))));
          json.add("pairs", pairs);
          return json;
        });
  }

  private static <T> Asked of(
      Model model, List<T> all, Function<T, Query> query, Function<T, JsonObject> words) {
    List<Query> queries = all.stream().map(query).toList();
    List<Measurement> measurements = queries.stream().map(Query::measurement).toList();
    TestSet test = new TestSet(model.backend(), model.test().features(), model.test().labels());
    Embedded embedded = test.embed(model.model().head(), test.rowsOf(measurements));
    List<JsonObject> said = new ArrayList<>();
    for (int row = 0; row < queries.size(); row++) {
      JsonObject json = new JsonObject();
      json.addProperty("row", row);
      json.addProperty("id", queries.get(row).id());
      words.apply(all.get(row)).asMap().forEach(json::add);
      json.addProperty("unit", measurements.get(row).unit());
      json.add("value", Summary.number(measurements.get(row).value(embedded)));
      said.add(json);
    }
    return new Asked(queries, said);
  }

  int size() {
    return queries.size();
  }

  /** The value of a query at the delivered head. */
  double value(int row) {
    return words.get(row).get("value").getAsDouble();
  }

  /** The queries as a file. */
  JsonObject json() {
    JsonObject json = new JsonObject();
    JsonArray rows = new JsonArray();
    words.forEach(rows::add);
    json.add("queries", rows);
    return json;
  }

  /** Adds what the queries are. */
  void addTo(Key key) {
    key.add("queries", words);
  }
}
