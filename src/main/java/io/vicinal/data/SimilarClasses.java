package io.vicinal.data;

import io.vicinal.InputException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which classes a person takes for which, the likeliest first. Given, or those whose mean features
 * lie nearest. Immutable as long as nobody writes to its arrays; safe for any thread then.
 *
 * @param others for each class the ones it is taken for, at least one
 */
public record SimilarClasses(SortedMap<Long, long[]> others) {
  private static final int NEAREST = 2;
  private static final long CELLS = 1 << 22; // of a block of rows that is read at once

  /**
   * @throws InputException if a class is taken for itself, or for none
   */
  public SimilarClasses {
    for (Map.Entry<Long, long[]> entry : others.entrySet()) {
      boolean itself = false;
      for (long other : entry.getValue()) {
        itself |= other == entry.getKey();
      }
      if (itself || entry.getValue().length == 0) {
        throw new InputException(
            "noise: class "
                + entry.getKey()
                + " is taken for "
                + (itself ? "itself" : "no other")
                + "; name other classes");
      }
    }
  }

  /**
   * The two classes whose mean features lie nearest, by Euclidean distance; of two classes each is
   * taken for the other.
   *
   * @throws InputException if there is but one class
   */
  public static SimilarClasses of(FeatureSet data) {
    SortedMap<Long, double[]> means = means(data);
    if (means.size() < 2) {
      throw new InputException("noise: the labels have one class; noise needs at least two");
    }
    SortedMap<Long, long[]> others = new TreeMap<>();
    means.forEach(
        (y, mean) -> {
          List<Long> near = new ArrayList<>(means.keySet());
          near.remove(y);
          near.sort(Comparator.comparingDouble(c -> distance(mean, means.get(c))));
          others.put(y, near.stream().limit(NEAREST).mapToLong(c -> c).toArray());
        });
    return new SimilarClasses(others);
  }

  private static SortedMap<Long, double[]> means(FeatureSet data) {
    long[] labels = data.labels().toLongs();
    int width = Math.toIntExact(data.width());
    SortedMap<Long, Long> counts = data.classCounts();
    SortedMap<Long, double[]> means = new TreeMap<>();
    counts.keySet().forEach(y -> means.put(y, new double[width]));
    int block = (int) Math.max(1, CELLS / width);
    for (int from = 0; from < labels.length; from += block) {
      int to = Math.min(labels.length, from + block);
      double[] rows = data.features().rows(from, to).toDoubles();
      for (int i = from; i < to; i++) {
        double[] mean = means.get(labels[i]);
        double share = 1.0 / counts.get(labels[i]);
        for (int j = 0; j < width; j++) {
          mean[j] += share * rows[(i - from) * width + j];
        }
      }
    }
    return means;
  }

  private static double distance(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += (a[j] - b[j]) * (a[j] - b[j]);
    }
    return sum;
  }
}
