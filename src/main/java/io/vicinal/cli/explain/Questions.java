package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.Text;
import io.vicinal.influence.query.ClassConfusion;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Group;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.SmoothedRecall;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.query.TripletMargin;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Turns confusions into questions, by what is to be measured of them. */
final class Questions {
  private final TestSet test;
  private final Measure measure;
  private final ModelInputs model;
  private final long[] labels;
  private final Map<String, Question> all = new LinkedHashMap<>(); // the same is asked once

  Questions(ModelInputs model, Measure measure) {
    this.model = model;
    this.measure = measure;
    test = new TestSet(model.backend(), model.test().features(), model.test().labels());
    labels = test.labels();
  }

  /** Of pairs, in their order. */
  Asked ofPairs(List<Pair> pairs) {
    pairs.forEach(this::add);
    return asked();
  }

  /** Of the classes that are confused, in their order. */
  Asked ofGroups(List<Group> groups) {
    groups.forEach(this::add);
    return asked();
  }

  private Asked asked() {
    List<Question> questions = List.copyOf(all.values());
    List<Measurement> measurements = questions.stream().map(q -> q.query().measurement()).toList();
    return Asked.of(questions, test.embed(model.model().head(), test.rowsOf(measurements)));
  }

  private void add(
      String id,
      Measurement measurement,
      List<Pair> pairs,
      List<String> names,
      String name,
      String subject,
      JsonObject facts) {
    boolean raised = measure.kind() != Measure.Kind.DISTANCE;
    Query query = new Query(id, measurement);
    String called = names.isEmpty() ? id : id + " (" + Text.names(names) + ")";
    all.putIfAbsent(id, new Question(query, pairs, called, name, subject, raised, facts));
  }

  private static JsonObject text(String text) {
    JsonObject json = new JsonObject();
    json.addProperty("text", text);
    return json;
  }

  /** A test sample in a sentence. */
  private String query(long row) {
    return "query " + model.testNames().sampleText(row);
  }

  /** The names of some test samples where they have any. */
  private List<String> samples(long... rows) {
    return model.testNames().known()
        ? LongStream.of(rows).mapToObj(model.testNames()::shown).toList()
        : List.of();
  }

  /** The same of classes. */
  private List<String> classes(List<Long> ids) {
    return model.classNames().known() ? ids.stream().map(model::testClass).toList() : List.of();
  }

  /** Classes in a sentence. */
  private String classText(List<Long> ids) {
    return Text.names(ids.stream().map(model::testClass).toList());
  }

  private String label(long row) {
    return model.testClass(labels[(int) row]);
  }

  /** A test sample with its class. */
  private String said(long row) {
    long label = labels[(int) row];
    return model.testNames().sampleText(row)
        + (model.classNames().known()
            ? " of class " + model.testClass(label)
            : " (class " + label + ")");
  }

  private void add(Pair pair) {
    long i = pair.i();
    long j = pair.j();
    List<Pair> pairs = List.of(pair);
    String ids = said(i);
    String other = said(j);
    switch (measure.kind()) {
      case DISTANCE -> {
        JsonObject facts =
            text(
                "squared distance of the unit embeddings of test samples " + ids + " and " + other);
        facts.addProperty("i", i);
        facts.addProperty("j", j);
        facts.addProperty("label_i", labels[(int) i]);
        facts.addProperty("label_j", labels[(int) j]);
        String name = query(i);
        PairDistance distance = new PairDistance(i, j);
        add("pair " + i + "-" + j, distance, pairs, samples(i, j), name, name, facts);
      }
      case TRIPLET -> {
        twoClasses(pair);
        long positive = nearestOfItsClass(i);
        JsonObject facts =
            text(
                "margin of test sample "
                    + ids
                    + ": squared distance to "
                    + other
                    + " less that to "
                    + model.testNames().sampleText(positive)
                    + ", the nearest of its class");
        facts.addProperty("anchor", i);
        facts.addProperty("positive", positive);
        facts.addProperty("negative", j);
        String id = "triplet " + i + "-" + positive + "-" + j;
        TripletMargin margin = new TripletMargin(i, positive, j);
        String name = query(i);
        add(id, margin, pairs, samples(i, positive, j), name, "the margin of " + name, facts);
      }
      case CLASS_CONFUSION -> {
        twoClasses(pair);
        apart(labels[(int) i], List.of(labels[(int) j]), pairs);
      }
      default -> {
        String name = query(i);
        JsonObject facts = text(recall() + " of test sample " + ids);
        facts.addProperty("i", i);
        facts.addProperty("k", measure.k());
        recall("query " + i, new long[] {i}, pairs, samples(i), name, facts);
      }
    }
  }

  private void add(Group group) {
    String named = model.testClass(group.label());
    switch (measure.kind()) {
      case DISTANCE -> {
        JsonObject facts =
            text(
                "mean squared distance of "
                    + group.pairs().size()
                    + (group.pairs().size() == 1 ? " wrong pair of " : " wrong pairs of ")
                    + named
                    + " with "
                    + classText(group.confusionClasses()));
        facts.addProperty("class", group.label());
        facts.add("confused_with", Summary.fact(group.confusionClasses()));
        JsonArray pairs = new JsonArray();
        group.pairs().forEach(pair -> pairs.add(Summary.fact(List.of(pair.i(), pair.j()))));
        facts.add("pairs", pairs);
        add(
            "group " + group.label(),
            GroupDistance.of(group),
            group.pairs(),
            classes(List.of(group.label())),
            named + ", " + Text.count(group.pairs().size(), "confusion", "confusions"),
            (group.pairs().size() == 1 ? "the wrong query of " : "the wrong queries of ") + named,
            facts);
      }
      case TRIPLET -> throw new IllegalStateException("a class has no triplet");
      case CLASS_CONFUSION -> apart(group.label(), group.confusionClasses(), group.pairs());
      default -> {
        JsonObject facts = text(recall() + " of test samples of " + named);
        facts.addProperty("class", group.label());
        facts.addProperty("k", measure.k());
        long[] rows = test.rowsOfClass(group.label());
        List<String> names = classes(List.of(group.label()));
        recall("class " + group.label(), rows, group.pairs(), names, named, facts);
      }
    }
  }

  /** The mean distance of a class and others. */
  private void apart(long first, List<Long> others, List<Pair> pairs) {
    String second = others.stream().map(String::valueOf).collect(Collectors.joining(", "));
    long[] rows =
        others.stream().flatMapToLong(c -> LongStream.of(test.rowsOfClass(c))).sorted().toArray();
    String id = "classes " + first + "-" + second.replace(", ", "-");
    JsonObject facts =
        text(
            "mean squared distance of all test samples of "
                + model.testClass(first)
                + " and "
                + classText(others));
    facts.addProperty("class", first);
    facts.add("confused_with", Summary.fact(others));
    String names = model.testClass(first) + " and " + classText(others);
    add(
        id,
        new ClassConfusion(id, test.rowsOfClass(first), rows),
        pairs,
        classes(Stream.concat(Stream.of(first), others.stream()).toList()),
        names,
        "the mean distance of " + names,
        facts);
  }

  private String recall() {
    return "smoothed recall at " + measure.k();
  }

  private void recall(
      String who,
      long[] rows,
      List<Pair> pairs,
      List<String> names,
      String name,
      JsonObject facts) {
    long[] gallery = LongStream.range(0, test.rows()).toArray();
    SmoothedRecall measurement;
    try {
      measurement =
          new SmoothedRecall(
              measure.k(),
              SmoothedRecall.TEMPERATURE,
              SmoothedRecall.RANK_TEMPERATURE,
              rows,
              gallery,
              labels);
    } catch (InputException e) {
      throw new InputException("--measure: " + alone(pairs.get(0).i()), e);
    }
    String id = "recall@" + measure.k() + " " + who;
    add(id, measurement, pairs, names, name, "the " + recall() + " of " + name, facts);
  }

  private String alone(long row) {
    return "test sample "
        + model.testNames().sampleText(row)
        + " is the only one of "
        + label(row)
        + ", so nothing right can be found; use --measure distance, or name other pairs";
  }

  private void twoClasses(Pair pair) {
    if (labels[(int) pair.i()] == labels[(int) pair.j()]) {
      throw new InputException(
          "--measure: test samples "
              + model.testNames().sampleText(pair.i())
              + " and "
              + model.testNames().sampleText(pair.j())
              + " are both of "
              + label(pair.i())
              + "; name pairs of two classes, or use --measure distance");
    }
  }

  /** By cosine at the delivered head; equal ones by lower row. */
  private long nearestOfItsClass(long row) {
    long[] rows = test.rowsOfClass(labels[(int) row]);
    if (rows.length < 2) {
      throw new InputException("--measure: " + alone(row));
    }
    Embedded embedded = test.embed(model.model().head(), rows);
    long best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (long other : rows) {
      double distance =
          other == row ? Double.POSITIVE_INFINITY : new PairDistance(row, other).value(embedded);
      if (distance < least) {
        least = distance;
        best = other;
      }
    }
    return best;
  }
}
