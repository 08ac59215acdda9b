package io.vicinal.curate.noise;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.numbers.gamma.RegularizedBeta;

/**
 * A class whose sure predictions are contradicted more often than the expected rate of wrong labels
 * explains: mistakes that strike one class alone leave the rate of all samples nearly what it was.
 * Of the k contradictions among the surest fifth of the n samples that are predicted as the class,
 *
 * <pre>
 *   P(Binomial(n, rate) &gt;= k) &lt; {@value #CHANCE} / C   and   k / n &gt;= rate + {@value #MORE}
 * </pre>
 *
 * the second because some overlap is everywhere. Immutable.
 *
 * @param label the class, in 0..C-1
 * @param sure n
 * @param contradicted k
 * @param predicted samples that are predicted as the class, sure or not
 */
public record DoubtedClass(int label, int sure, int contradicted, int predicted) {
  private static final double SUREST = 0.2;
  private static final double CHANCE = 0.01;
  private static final double MORE = 0.1;

  /** As many labels may be wrong among the samples that are predicted as the class. */
  public long wrong() {
    return Math.round(contradicted / (double) sure * predicted);
  }

  /**
   * @param labels the given ones; a sample that is the only one of its class is left out
   * @param p [N] rows of C probabilities, from models that did not see the sample's label
   * @param rate expected share of wrong labels
   * @return the most contradicted first
   */
  static List<DoubtedClass> of(long[] labels, double[][] p, double rate) {
    int classes = p[0].length;
    int[] sizes = Classes.sizes(labels, classes);
    int[] predicted = new int[classes];
    double[] sureness = new double[p.length];
    for (int i = 0; i < p.length; i++) {
      int c = Classes.likeliest(p[i]);
      sureness[i] = p[i][c];
      predicted[c] += sizes[(int) labels[i]] > 1 ? 1 : 0;
    }
    int[] sure = new int[classes];
    int[] contradicted = new int[classes];
    for (int i : ClassNoise.surestFirst(sureness)) {
      int c = Classes.likeliest(p[i]);
      if (sizes[(int) labels[i]] > 1 && sure[c] < SUREST * predicted[c]) {
        sure[c]++;
        contradicted[c] += labels[i] == c ? 0 : 1;
      }
    }
    List<DoubtedClass> doubted = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      int n = sure[c];
      int k = contradicted[c];
      if (k > 0
          && k >= (rate + MORE) * n
          && RegularizedBeta.value(Math.max(1e-3, rate), k, n - k + 1.0) < CHANCE / classes) {
        doubted.add(new DoubtedClass(c, n, k, predicted[c]));
      }
    }
    doubted.sort(
        (a, b) ->
            Double.compare(b.contradicted / (double) b.sure, a.contradicted / (double) a.sure));
    return doubted;
  }
}
