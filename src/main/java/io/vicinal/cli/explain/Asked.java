package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Query;
import java.util.ArrayList;
import java.util.List;

/**
 * What is asked, and each query in words.
 *
 * @param questions one per row of scores
 * @param words one per question: id, text, what it is made of, value at the delivered head
 */
record Asked(List<Question> questions, List<JsonObject> words) {

  /**
   * @param embedded all rows that the questions read, at the delivered head
   */
  static Asked of(List<Question> questions, Embedded embedded) {
    List<JsonObject> words = new ArrayList<>();
    for (Question question : questions) {
      Measurement measurement = question.query().measurement();
      JsonObject json = new JsonObject();
      json.addProperty("row", words.size());
      json.addProperty("id", question.query().id());
      question.facts().asMap().forEach(json::add);
      json.addProperty("unit", measurement.unit());
      json.add("value", Summary.number(measurement.value(embedded)));
      words.add(json);
    }
    return new Asked(questions, words);
  }

  /** The queries, one per row of scores. */
  List<Query> queries() {
    return questions.stream().map(Question::query).toList();
  }

  /** What to call a query: its id, and its name where it has one. */
  String called(String id) {
    return questions.stream()
        .filter(question -> question.query().id().equals(id))
        .findFirst()
        .map(Question::called)
        .orElse(id);
  }

  int size() {
    return questions.size();
  }

  /** The first few. */
  Asked first(int most) {
    int kept = Math.min(most, size());
    return new Asked(questions.subList(0, kept), words.subList(0, kept));
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
