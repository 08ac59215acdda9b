package io.vicinal.influence.noise;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which labels are written for which by mistake: a confusion matrix of the noise, estimated from
 * held-out predictions without knowing a wrong label, and what follows for one sample. Immutable.
 *
 * <p>Where the predicted class c of a sample is not the label y that is written, either the label
 * is wrong, or the classes overlap and this sample of y looks like one of c. A mistake of the hand
 * does not ask how much the sample looks like y; overlap does. So of all samples predicted as c,
 *
 * <pre>
 *   P(y is written | x) = T(c, y) + G(c, y) p(y | x) / p(c | x)
 * </pre>
 *
 * and the part that does not vanish where p(y | x) does is the noise: as the counts of confident
 * learning (Northcutt et al., JAIR 2021), but without a threshold, and without taking overlap for
 * noise. G is 1 where predictions are calibrated. T and G maximise the likelihood by expectation
 * and maximisation; T is drawn to the mean rate by one sample's weight, G to 1 by two, so that
 * pairs with few samples, and noise that falls on all pairs alike, need no other rule.
 */
final class ClassNoise {
  private static final int STEPS = 60;
  private static final double OVERLAP_PRIOR = 2; // samples
  private static final double LEAST = 1e-3; // of the noise rate: what nobody could rule out

  private final int classes;
  private final int[] predicted; // samples by predicted class
  private final List<Map<Integer, Pair>> pairs; // by predicted class: those that occur
  private double base; // mean of T over all pairs

  /** Samples that are predicted as one class and labelled as another. */
  private static final class Pair {
    final List<Double> odds = new ArrayList<>(); // p(y | x) / p(c | x)
    double allOdds; // the sum over all samples that are predicted as c
    double noise; // T
    double overlap = 1; // G
  }

  private ClassNoise(int classes) {
    this.classes = classes;
    this.predicted = new int[classes];
    this.base = 0.1 / (classes - 1);
    this.pairs = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      pairs.add(new HashMap<>());
    }
  }

  /**
   * @param labels the given ones, in 0..C-1
   * @param p [N] rows of C probabilities, from models that did not see the sample's label
   */
  static ClassNoise fit(long[] labels, double[][] p) {
    ClassNoise noise = new ClassNoise(p[0].length);
    int[] sizes = new int[p[0].length];
    for (long label : labels) {
      sizes[(int) label]++;
    }
    for (int i = 0; i < p.length; i++) {
      int best = Calibration.best(p[i]);
      int given = (int) labels[i];
      if (sizes[given] == 1) {
        continue; // the only one of its class: no prediction that leaves it out can know the class
      }
      noise.predicted[best]++;
      if (best != given) {
        Pair pair = noise.pairs.get(best).computeIfAbsent(given, y -> new Pair());
        pair.odds.add(p[i][given] / p[i][best]);
        pair.noise = noise.base;
      }
    }
    for (double[] row : p) {
      int best = Calibration.best(row);
      noise.pairs.get(best).forEach((y, pair) -> pair.allOdds += row[y] / row[best]);
    }
    for (int step = 0; step < STEPS; step++) {
      noise.step(p.length);
    }
    return noise;
  }

  private void step(int samples) {
    double total = 0;
    for (int c = 0; c < classes; c++) {
      double drawn = predicted[c] + 1 / base;
      for (Pair pair : pairs.get(c).values()) {
        double wrong = 0;
        for (double odds : pair.odds) {
          wrong += pair.noise / (pair.noise + pair.overlap * odds);
        }
        total += wrong;
        pair.noise = (wrong + 1) / drawn;
        pair.overlap = (pair.odds.size() - wrong + OVERLAP_PRIOR) / (pair.allOdds + OVERLAP_PRIOR);
      }
    }
    base = Math.max(LEAST / (classes - 1), total / ((double) samples * (classes - 1)));
  }

  /** T(c, y): the probability that a sample of class c is labelled y, another class. */
  double rate(int c, int y) {
    Pair pair = pairs.get(c).get(y);
    return pair != null ? pair.noise : 1 / (predicted[c] + 1 / base);
  }

  /** The probability that a sample of class c carries another label. */
  double rate(int c) {
    double sum = pairs.get(c).values().stream().mapToDouble(pair -> pair.noise).sum();
    sum += (classes - 1 - pairs.get(c).size()) / (predicted[c] + 1 / base);
    return Math.min(sum, 1 - LEAST);
  }

  /**
   * Probability of each class being the right one, given also the label that is written.
   *
   * @param p without a look at the label, as in {@link #fit}
   */
  double[] posterior(double[] p, int given) {
    int best = Calibration.best(p);
    Pair pair = pairs.get(best).get(given);
    double[] posterior = new double[classes];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      if (c != given) {
        posterior[c] = p[c] * rate(c, given);
      } else if (best == given) {
        posterior[c] = p[c] * (1 - rate(given));
      } else {
        posterior[c] = p[c] * (pair == null ? 1 : pair.overlap);
      }
      sum += posterior[c];
    }
    for (int c = 0; c < classes; c++) {
      posterior[c] = sum > 0 ? posterior[c] / sum : p[c];
    }
    return posterior;
  }
}
