package io.vicinal.explain;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.Names;
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
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Turns confusions into queries, by what is to be measured of them. For one thread. */
public final class Queries {
  private final Subject subject;
  private final ConfusionMeasure measure;
  private final TestSet test;
  private final long[] labels;

  private Queries(Subject subject, ConfusionMeasure measure, TestSet test) {
    this.subject = subject;
    this.measure = measure;
    this.test = test;
    labels = test.labels();
  }

  /**
   * @param subject whose test samples are confused
   * @throws InputException if there are no test samples, or the measure looks at more neighbours
   *     than a test sample has
   */
  public static Queries of(Backend backend, Subject subject, ConfusionMeasure measure) {
    long others = subject.testSamples().samples() - 1;
    if (measure.k() > others) {
      throw new InputException(
          "measure: recall@"
              + measure.k()
              + " looks at "
              + measure.k()
              + " neighbours, but a test sample has "
              + others
              + " others; lower K");
    }
    return new Queries(subject, measure, subject.testSet(backend));
  }

  /** Of pairs, in their order, the same once. */
  public List<Query> ofPairs(List<Pair> pairs) {
    return distinct(pairs.stream().map(this::query));
  }

  /** Of the classes that are confused, in their order. */
  public List<Query> ofGroups(List<Group> groups) {
    return distinct(groups.stream().map(this::query));
  }

  private static List<Query> distinct(Stream<Query> queries) {
    Map<String, Query> all = new LinkedHashMap<>();
    queries.forEach(query -> all.putIfAbsent(query.id(), query));
    return List.copyOf(all.values());
  }

  private static Query query(
      String id,
      Measurement measurement,
      List<Pair> pairs,
      List<String> names,
      String name,
      String subject,
      Map<String, Object> facts) {
    String called = names.isEmpty() ? id : id + " (" + Names.listed(names) + ")";
    return new Query(id, measurement, pairs, called, name, subject, facts);
  }

  private static Map<String, Object> text(String text) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("text", text);
    return facts;
  }

  /** A test sample in a sentence. */
  private String query(long row) {
    return "query " + subject.testNames().sampleText(row);
  }

  /** The names of some test samples where they have any. */
  private List<String> samples(long... rows) {
    return subject.testNames().known()
        ? LongStream.of(rows).mapToObj(subject.testNames()::shown).toList()
        : List.of();
  }

  /** The same of classes. */
  private List<String> classes(List<Long> ids) {
    return subject.classNames().known() ? ids.stream().map(subject::classText).toList() : List.of();
  }

  /** Classes in a sentence. */
  private String classText(List<Long> ids) {
    return Names.listed(ids.stream().map(subject::classText).toList());
  }

  private String label(long row) {
    return subject.classText(labels[(int) row]);
  }

  /** A test sample with its class. */
  private String said(long row) {
    long label = labels[(int) row];
    return subject.testNames().sampleText(row)
        + (subject.classNames().known()
            ? " of class " + subject.classText(label)
            : " (class " + label + ")");
  }

  private Query query(Pair pair) {
    long i = pair.i();
    long j = pair.j();
    List<Pair> pairs = List.of(pair);
    String ids = said(i);
    String other = said(j);
    switch (measure.kind()) {
      case DISTANCE -> {
        Map<String, Object> facts =
            text(
                "squared distance of the unit embeddings of test samples " + ids + " and " + other);
        facts.put("i", i);
        facts.put("j", j);
        facts.put("label_i", labels[(int) i]);
        facts.put("label_j", labels[(int) j]);
        String name = query(i);
        PairDistance distance = new PairDistance(i, j);
        return query("pair " + i + "-" + j, distance, pairs, samples(i, j), name, name, facts);
      }
      case TRIPLET -> {
        twoClasses(pair);
        long positive = nearestOfItsClass(i);
        Map<String, Object> facts =
            text(
                "margin of test sample "
                    + ids
                    + ": squared distance to "
                    + other
                    + " less that to "
                    + subject.testNames().sampleText(positive)
                    + ", the nearest of its class");
        facts.put("anchor", i);
        facts.put("positive", positive);
        facts.put("negative", j);
        String id = "triplet " + i + "-" + positive + "-" + j;
        TripletMargin margin = new TripletMargin(i, positive, j);
        String name = query(i);
        return query(
            id, margin, pairs, samples(i, positive, j), name, "the margin of " + name, facts);
      }
      case CLASS_CONFUSION -> {
        twoClasses(pair);
        return apart(labels[(int) i], List.of(labels[(int) j]), pairs);
      }
      default -> {
        String name = query(i);
        Map<String, Object> facts = text(recall() + " of test sample " + ids);
        facts.put("i", i);
        facts.put("k", measure.k());
        return recall("query " + i, new long[] {i}, pairs, samples(i), name, facts);
      }
    }
  }

  private Query query(Group group) {
    String named = subject.classText(group.label());
    switch (measure.kind()) {
      case DISTANCE -> {
        Map<String, Object> facts =
            text(
                "mean squared distance of "
                    + group.pairs().size()
                    + (group.pairs().size() == 1 ? " wrong pair of " : " wrong pairs of ")
                    + named
                    + " with "
                    + classText(group.confusionClasses()));
        facts.put("class", group.label());
        facts.put("confused_with", group.confusionClasses());
        facts.put("pairs", group.pairs().stream().map(p -> List.of(p.i(), p.j())).toList());
        return query(
            "group " + group.label(),
            GroupDistance.of(group),
            group.pairs(),
            classes(List.of(group.label())),
            named + ", " + confusions(group.pairs().size()),
            (group.pairs().size() == 1 ? "the wrong query of " : "the wrong queries of ") + named,
            facts);
      }
      case TRIPLET -> throw new IllegalStateException("a class has no triplet");
      case CLASS_CONFUSION -> {
        return apart(group.label(), group.confusionClasses(), group.pairs());
      }
      default -> {
        Map<String, Object> facts = text(recall() + " of test samples of " + named);
        facts.put("class", group.label());
        facts.put("k", measure.k());
        long[] rows = test.rowsOfClass(group.label());
        List<String> names = classes(List.of(group.label()));
        return recall("class " + group.label(), rows, group.pairs(), names, named, facts);
      }
    }
  }

  /** The mean distance of a class and others. */
  private Query apart(long first, List<Long> others, List<Pair> pairs) {
    String second = others.stream().map(String::valueOf).collect(Collectors.joining(", "));
    long[] rows =
        others.stream().flatMapToLong(c -> LongStream.of(test.rowsOfClass(c))).sorted().toArray();
    String id = "classes " + first + "-" + second.replace(", ", "-");
    Map<String, Object> facts =
        text(
            "mean squared distance of all test samples of "
                + subject.classText(first)
                + " and "
                + classText(others));
    facts.put("class", first);
    facts.put("confused_with", others);
    String names = subject.classText(first) + " and " + classText(others);
    return query(
        id,
        new ClassConfusion(id, test.rowsOfClass(first), rows),
        pairs,
        classes(Stream.concat(Stream.of(first), others.stream()).toList()),
        names,
        "the mean distance of " + names,
        facts);
  }

  private static String confusions(int count) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? "confusion" : "confusions");
  }

  private String recall() {
    return "smoothed recall at " + measure.k();
  }

  private Query recall(
      String who,
      long[] rows,
      List<Pair> pairs,
      List<String> names,
      String name,
      Map<String, Object> facts) {
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
      throw new InputException("measure: " + alone(pairs.get(0).i()), e);
    }
    String id = "recall@" + measure.k() + " " + who;
    return query(id, measurement, pairs, names, name, "the " + recall() + " of " + name, facts);
  }

  private String alone(long row) {
    return "test sample "
        + subject.testNames().sampleText(row)
        + " is the only one of "
        + label(row)
        + ", so nothing right can be found; use --measure distance, or name other pairs";
  }

  private void twoClasses(Pair pair) {
    if (labels[(int) pair.i()] == labels[(int) pair.j()]) {
      throw new InputException(
          "measure: test samples "
              + subject.testNames().sampleText(pair.i())
              + " and "
              + subject.testNames().sampleText(pair.j())
              + " are both of "
              + label(pair.i())
              + "; name pairs of two classes, or use --measure distance");
    }
  }

  /** By cosine at the delivered head; equal ones by lower row. */
  private long nearestOfItsClass(long row) {
    long[] rows = test.rowsOfClass(labels[(int) row]);
    if (rows.length < 2) {
      throw new InputException("measure: " + alone(row));
    }
    Embedded embedded = test.embed(subject.model().head(), rows);
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
