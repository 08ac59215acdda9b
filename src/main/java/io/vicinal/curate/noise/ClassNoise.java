package io.vicinal.curate.noise;

import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.commons.numbers.gamma.LogGamma;

/**
 * Which labels are written for which by mistake: T(c, y), the probability that a sample of class c
 * is labelled y, estimated from held-out predictions without knowing a wrong label. Immutable.
 *
 * <p>Where the predicted class c of a sample is not the label y that is written, either the label
 * is wrong, or the classes overlap and this sample of y looks like one of c. Predictions cannot
 * tell the two apart by their size: a model that learns from labels of which a fifth is wrong gives
 * the wrong class a fifth, as it would give a class that overlaps. But overlap ends away from the
 * border, and mistakes of the hand do not. So the noise is what still contradicts the predictions
 * that are surest:
 *
 * <ul>
 *   <li>its rate is the share of contradictions among the surest tenth of all samples (at least
 *       {@value #FEWEST}, at most half), and of the tenths after it, up to the first that holds
 *       more of them than chance would explain (one deviation): there overlap begins;
 *   <li>how it divides is counted among the surer 30 % of each predicted class, and scaled to that
 *       rate: 30 % hold more samples than 10 %, and more overlap. A class's rate is drawn to the
 *       mean with the weight of {@value #CLASS_PRIOR} samples; among the classes that are written
 *       for c it divides as {@code n(c, y) + k / (C - 1)}, where the concentration k is the
 *       likeliest one of a Dirichlet distribution for all classes together: large where mistakes
 *       fall on all classes alike, small where each class is taken for a few others. Unless it
 *       explains the counts better than equal shares do, by a log-likelihood of 2 (chance does that
 *       once in twenty times), shares are equal.
 * </ul>
 *
 * These are the counts of confident learning (Northcutt et al., JAIR 2021) with ranks in place of
 * thresholds. Noise that only strikes samples near a border passes for overlap.
 */
final class ClassNoise {
  static final int FEWEST = 100;
  private static final double TENTH = 0.1;
  private static final double SUREST = 0.75; // of all samples, at most
  private static final double COUNTED = 0.3;
  static final int CLASS_PRIOR = 100;
  private static final double LEAST_CONCENTRATION = 0.3;
  private static final double MOST_CONCENTRATION = 1e5;
  private static final double GAIN = 2; // of log-likelihood
  private static final double LEAST = 1e-3; // what nobody could rule out
  private static final double MOST = 0.9; // of a class's labels

  private final double[] elsewhere; // T(c, y) of the pairs that were not met
  private final double[] kept; // T(c, c)
  private final List<Map<Integer, Double>> written; // by y: T(c, y) of the others

  private ClassNoise(double[] elsewhere, double[] kept, List<Map<Integer, Double>> written) {
    this.elsewhere = elsewhere;
    this.kept = kept;
    this.written = written;
  }

  /**
   * @param labels the given ones, in 0..C-1
   * @param p [N] rows of C probabilities, from models that did not see the sample's label
   */
  static ClassNoise fit(long[] labels, double[][] p) {
    int classes = p[0].length;
    int[] sizes = Classes.sizes(labels, classes);
    double[] sureness = new double[p.length];
    int[] predicted = new int[p.length];
    int[] surer = new int[classes]; // samples of a predicted class, then those that are counted
    for (int i = 0; i < p.length; i++) {
      predicted[i] = Classes.likeliest(p[i]);
      sureness[i] = p[i][predicted[i]];
      surer[predicted[i]] += sizes[(int) labels[i]] > 1 ? 1 : 0;
    }
    Arrays.setAll(surer, c -> (int) Math.ceil(COUNTED * surer[c]));

    boolean[] contradicts = new boolean[p.length]; // surest first
    int looked = 0;
    int[] rows = new int[classes];
    int counted = 0;
    int off = 0;
    List<Map<Integer, Double>> counts = new ArrayList<>(); // by y, then c
    for (int y = 0; y < classes; y++) {
      counts.add(new HashMap<>());
    }
    for (int i : surestFirst(sureness)) {
      int c = predicted[i];
      int y = (int) labels[i];
      if (sizes[y] == 1) {
        continue; // the only one of its class: no prediction that leaves it out can know the class
      }
      contradicts[looked++] = c != y;
      if (rows[c] < surer[c]) {
        rows[c]++;
        counted++;
        if (c != y) {
          off++;
          counts.get(y).merge(c, 1.0, Double::sum);
        }
      }
    }
    double mean = Math.max(LEAST, off / (double) Math.max(1, counted));
    double rate = Math.max(LEAST, beforeOverlap(contradicts, looked));
    return of(counts, rows, mean, Math.min(1, rate / mean));
  }

  /**
   * The share of contradictions among the surest samples, of which the first {@code n} are told.
   */
  private static double beforeOverlap(boolean[] contradicts, int n) {
    int step = Math.max(FEWEST / 4, (int) (TENTH * n));
    int to = Math.max(Math.min(1, n), Math.min(Math.max(FEWEST, (int) (TENTH * n)), n / 2));
    int found = count(contradicts, 0, to);
    for (; to + step <= SUREST * n; to += step) {
      double rate = (found + 1) / (to + 2.0);
      double deviation = Math.sqrt(rate * (1 - rate) * (1.0 / to + 1.0 / step));
      int more = count(contradicts, to, to + step);
      if (more / (double) step > rate + deviation) {
        break;
      }
      found += more;
    }
    return found / (double) Math.max(1, to);
  }

  /** Equal ones in an order that has nothing to do with that of the data, which may be by class. */
  static int[] surestFirst(double[] sureness) {
    long[] mixed = LongStream.range(0, sureness.length).toArray();
    Xoshiro.of(0, "ties").shuffle(mixed, 0, mixed.length);
    int[] order = Ranking.order(Arrays.stream(mixed).mapToDouble(i -> sureness[(int) i]).toArray());
    return Arrays.stream(order).map(place -> (int) mixed[place]).toArray();
  }

  private static int count(boolean[] flags, int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      count += flags[i] ? 1 : 0;
    }
    return count;
  }

  /**
   * @param counts by y, then c: samples of c that are labelled y, replaced by their rates
   * @param rows samples of c
   * @param mean the counted share of wrong labels
   * @param factor from counted to stated rates
   */
  private static ClassNoise of(
      List<Map<Integer, Double>> counts, int[] rows, double mean, double factor) {
    int classes = rows.length;
    double[] off = new double[classes];
    counts.forEach(column -> column.forEach((c, n) -> off[c] += n));
    double k = concentration(counts, off);
    double[] each = new double[classes]; // of T(c, y) what one counted sample is
    double[] elsewhere = new double[classes];
    double[] kept = new double[classes];
    for (int c = 0; c < classes; c++) {
      double drawn = (off[c] + CLASS_PRIOR * mean) / (rows[c] + CLASS_PRIOR);
      double rate = Math.min(MOST, factor * drawn);
      each[c] = rate / (off[c] + k);
      elsewhere[c] = each[c] * k / (classes - 1);
      kept[c] = 1 - rate;
    }
    for (Map<Integer, Double> column : counts) {
      column.replaceAll((c, n) -> n * each[c] + elsewhere[c]);
    }
    return new ClassNoise(elsewhere, kept, counts);
  }

  /** The likeliest of some, for all classes together, if it is much likelier than the largest. */
  private static double concentration(List<Map<Integer, Double>> counts, double[] off) {
    double best = MOST_CONCENTRATION;
    double most = logLikelihood(best, counts, off) + GAIN;
    for (double k = best / 1.6; k > LEAST_CONCENTRATION; k /= 1.6) {
      double likelihood = logLikelihood(k, counts, off);
      if (likelihood > most) {
        most = likelihood;
        best = k;
      }
    }
    return best;
  }

  /** Of how each class's contradictions divide: Dirichlet-multinomial. */
  private static double logLikelihood(double k, List<Map<Integer, Double>> counts, double[] off) {
    double alpha = k / (off.length - 1);
    return Arrays.stream(off).map(n -> LogGamma.value(k) - LogGamma.value(n + k)).sum()
        + counts.stream()
            .flatMap(column -> column.values().stream())
            .mapToDouble(n -> LogGamma.value(n + alpha) - LogGamma.value(alpha))
            .sum();
  }

  /** T(c, y): the probability that a sample of class c is labelled y. */
  double rate(int c, int y) {
    return c == y ? kept[c] : written.get(y).getOrDefault(c, elsewhere[c]);
  }

  /** The probability that a sample of class c carries another label. */
  double rate(int c) {
    return 1 - kept[c];
  }

  /**
   * Probability of each class being the right one, given also the label that is written.
   *
   * @param p without a look at the label, as in {@link #fit}
   * @param posterior [C], written to: {@code p(c | x) T(c, y)} over their sum
   * @return their sum, the probability of the label
   */
  double posterior(double[] p, int given, double[] posterior) {
    for (int c = 0; c < p.length; c++) {
      posterior[c] = p[c] * elsewhere[c];
    }
    written.get(given).forEach((c, rate) -> posterior[c] = p[c] * rate);
    posterior[given] = p[given] * kept[given];
    double sum = Math.max(Double.MIN_NORMAL, Arrays.stream(posterior).sum());
    for (int c = 0; c < p.length; c++) {
      posterior[c] /= sum;
    }
    return sum;
  }
}
