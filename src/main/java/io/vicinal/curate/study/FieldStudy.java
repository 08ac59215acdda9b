package io.vicinal.curate.study;

import io.vicinal.InputException;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.relabel.RelabelRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Recommended labels of a whole training set, counted by class: how much of each class is
 * recommended another label, and whether those recommendations agree. A class's own label is taken
 * as its most frequent recommendation. Immutable.
 *
 * @param classes those with at least one sample, by ascending label
 */
public record FieldStudy(List<ClassRecommendations> classes) {

  /**
   * Counts.
   *
   * @param labels [N], the labels as they are
   * @param recommended [N], the label that each sample is recommended, or -1 for none, which counts
   *     as its own
   * @throws InputException if the lengths differ or there is no sample
   */
  public static FieldStudy of(long[] labels, long[] recommended) {
    if (labels.length == 0 || labels.length != recommended.length) {
      throw new InputException(
          "recommended: "
              + recommended.length
              + " labels for "
              + labels.length
              + " samples; give one per sample, and at least one sample");
    }
    SortedMap<Long, Map<Long, Long>> counts = new TreeMap<>();
    for (int i = 0; i < labels.length; i++) {
      long towards = recommended[i] < 0 ? labels[i] : recommended[i];
      counts.computeIfAbsent(labels[i], c -> new HashMap<>()).merge(towards, 1L, Long::sum);
    }
    List<ClassRecommendations> classes = new ArrayList<>();
    counts.forEach((label, towards) -> classes.add(classOf(label, new TreeMap<>(towards))));
    return new FieldStudy(List.copyOf(classes));
  }

  /**
   * Counts what a rule guesses without a look at the labels: the likeliest class, the lower of
   * equals.
   */
  public static FieldStudy of(Evidence evidence, RelabelRule rule) {
    double[][] p = rule.probabilities(evidence, IntStream.range(0, evidence.samples()).toArray());
    long[] recommended = new long[p.length];
    for (int i = 0; i < p.length; i++) {
      for (int c = 1; c < p[i].length; c++) {
        recommended[i] = p[i][c] > p[i][(int) recommended[i]] ? c : recommended[i];
      }
    }
    return of(evidence.labels(), recommended);
  }

  private static ClassRecommendations classOf(long label, SortedMap<Long, Long> towards) {
    long samples = towards.values().stream().mapToLong(Long::longValue).sum();
    long changed = 0;
    long other = -1;
    long most = 0;
    double entropy = 0;
    for (Map.Entry<Long, Long> e : towards.entrySet()) {
      if (e.getKey() == label) {
        continue;
      }
      long count = e.getValue();
      double frequency = (double) count / samples;
      entropy -= frequency * Math.log(frequency);
      changed += count;
      if (count > most) {
        most = count;
        other = e.getKey();
      }
    }
    return new ClassRecommendations(label, samples, changed, other, most, entropy);
  }

  /** How many classes fall into a category. */
  public long count(Category category, Category.Rule rule) {
    return classes.stream().filter(c -> c.category(rule) == category).count();
  }

  /** How many classes have at least one sample with another recommendation. */
  public long classesWithSuggestion() {
    return classes.stream().filter(c -> c.changed() > 0).count();
  }

  /** How many samples are recommended another class. */
  public long changed() {
    return classes.stream().mapToLong(ClassRecommendations::changed).sum();
  }

  /** {@link #changed} in percent of all samples. */
  public double percentOfAll() {
    return 100.0 * changed() / classes.stream().mapToLong(ClassRecommendations::samples).sum();
  }

  /**
   * {@link #changed} in percent of the samples of the classes that have a suggestion, the
   * denominator of the published percentages; 0 if no class has one.
   */
  public double percentOfAffected() {
    long affected =
        classes.stream()
            .filter(c -> c.changed() > 0)
            .mapToLong(ClassRecommendations::samples)
            .sum();
    return affected == 0 ? 0 : 100.0 * changed() / affected;
  }
}
