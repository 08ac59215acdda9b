package io.vicinal.retrieval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Every metric once more, by plain loops over all pairs in double, from the page of metrics; shares
 * no code with the product. Clusters are given. Where there is a gallery, its rows come after the
 * queries.
 */
final class NaiveMetrics {
  private final float[][] x; // as they are compared
  private final float[][] raw;
  private final float[][] unit; // the compared rows, of length 1
  private final long[] y;
  private final int n;
  private final int queries; // n: they are searched in themselves
  private final double[] uncertainty;
  private final long[] clusters;
  private final long[] cosineClusters;

  NaiveMetrics(
      float[][] raw,
      float[][] x,
      float[][] unit,
      long[] y,
      int queries,
      double[] uncertainty,
      long[] clusters,
      long[] cosineClusters) {
    this.raw = raw;
    this.x = x;
    this.unit = unit;
    this.y = y;
    this.uncertainty = uncertainty;
    this.clusters = clusters;
    this.cosineClusters = cosineClusters;
    n = y.length;
    this.queries = queries;
  }

  private double squared(float[] a, float[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += ((double) a[j] - b[j]) * ((double) a[j] - b[j]);
    }
    return sum;
  }

  private static double length(float[] a) {
    double sum = 0;
    for (float v : a) {
      sum += (double) v * v;
    }
    return Math.sqrt(sum);
  }

  private double cosine(int i, int j) {
    double dot = 0;
    for (int k = 0; k < x[i].length; k++) {
      dot += (double) x[i][k] * x[j][k];
    }
    double norms = length(x[i]) * length(x[j]);
    return norms == 0 ? 0 : dot / norms;
  }

  private boolean canMeet(int q, int i) {
    return queries == n ? i != q : i >= queries;
  }

  private boolean pair(int i, int j) {
    return queries == n ? i < j : i < queries && j >= queries;
  }

  /** The others, nearest first. */
  private List<Integer> ranking(int q) {
    List<Integer> others = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      if (canMeet(q, i)) {
        others.add(i);
      }
    }
    others.sort(
        Comparator.<Integer>comparingDouble(i -> squared(x[q], x[i])).thenComparingInt(i -> i));
    return others;
  }

  private int relevant(int q) {
    int count = 0;
    for (int i = 0; i < n; i++) {
      count += canMeet(q, i) && y[i] == y[q] ? 1 : 0;
    }
    return count;
  }

  double of(String name, double number) {
    return switch (name) {
      case "nmi" -> nmi(clusters, false);
      case "nmi/geometric" -> nmi(clusters, true);
      case "ami" -> ami(clusters);
      case "f1" -> f1(clusters);
      case "nmi/cosine" -> nmi(cosineClusters, false);
      case "ami/cosine" -> ami(cosineClusters);
      case "f1/cosine" -> f1(cosineClusters);
      case "intra" -> intra();
      case "inter" -> inter();
      case "intra-over-inter" -> classes().length < 2 ? 0 : intra() / Math.max(1e-8, inter());
      case "rho@m" -> rho((int) number);
      case "norm@q" -> norm(number);
      case "fnmr@f" -> fnmr(number);
      case "opis" -> opis();
      case "unc-cos", "unc-l2", "unc-norm", "unc-given" -> auroc(name);
      default -> mean(name, (int) number);
    };
  }

  private double mean(String name, int k) {
    double sum = 0;
    int counted = 0;
    for (int q = 0; q < queries; q++) {
      if (relevant(q) > 0) {
        sum += query(name, k, q);
        counted++;
      }
    }
    return sum / counted;
  }

  private double query(String name, int k, int q) {
    List<Integer> list = ranking(q);
    int relevant = relevant(q);
    int hits = 0;
    double precisions = 0;
    double gain = 0;
    double best = 0;
    int depth =
        switch (name) {
          case "map@r", "rp" -> relevant;
          case "map@c" -> Math.min(relevant + 1, list.size());
          case "map", "mrr" -> list.size();
          default -> k;
        };
    int first = 0;
    Map<Long, Double> votes = new TreeMap<>();
    double all = 0;
    double nearest = Math.sqrt(squared(x[q], x[list.get(0)]));
    for (int r = 1; r <= depth; r++) {
      int g = list.get(r - 1);
      double vote = Math.exp(-(Math.sqrt(squared(x[q], x[g])) - nearest) / 0.1);
      votes.put(y[g], votes.getOrDefault(y[g], 0.0) + vote);
      all += vote;
      if (y[g] == y[q]) {
        hits++;
        first = first == 0 ? r : first;
        precisions += (double) hits / r;
        gain += Math.log(2) / Math.log(r + 1);
      }
      best += r <= relevant ? Math.log(2) / Math.log(r + 1) : 0;
    }
    double own = votes.getOrDefault(y[q], 0.0);
    long winner = -1;
    double most = 0;
    for (Map.Entry<Long, Double> vote : votes.entrySet()) {
      if (vote.getValue() > most) {
        most = vote.getValue();
        winner = vote.getKey();
      }
    }
    return switch (name) {
      case "r@k" -> hits > 0 ? 1 : 0;
      case "p@k" -> (double) hits / k;
      case "p@k/oml" -> (double) hits / Math.min(k, relevant);
      case "map@k/oml" -> hits == 0 ? 0 : precisions / hits;
      case "map@k/min" -> precisions / Math.min(k, relevant);
      case "map@k/r", "map@r", "map@c", "map" -> precisions / relevant;
      case "rp" -> (double) hits / relevant;
      case "mrr" -> 1.0 / first;
      case "ndcg@k" -> gain / best;
      case "vote-acc@k" -> winner == y[q] ? 1 : 0;
      case "vote-logl@k" -> Math.log(Math.max(1e-4, own / all));
      default -> throw new IllegalArgumentException("no oracle for " + name);
    };
  }

  private double auroc(String name) {
    List<double[]> scored = new ArrayList<>(); // score, sign
    for (int q = 0; q < queries; q++) {
      if (relevant(q) == 0) {
        continue;
      }
      int best = -1;
      for (int i = 0; i < n; i++) {
        if (canMeet(q, i) && (best < 0 || unitSquared(q, i) < unitSquared(q, best))) {
          best = i;
        }
      }
      boolean right = y[best] == y[q];
      scored.add(
          switch (name) {
            case "unc-cos" -> new double[] {cosine(q, best), right ? 1 : 0};
            case "unc-l2" -> new double[] {Math.sqrt(squared(x[q], x[best])), right ? 0 : 1};
            case "unc-norm" -> new double[] {length(raw[q]), right ? 1 : 0};
            default -> new double[] {uncertainty[q], right ? 0 : 1};
          });
    }
    double wins = 0;
    double pairs = 0;
    for (double[] a : scored) {
      for (double[] b : scored) {
        if (a[1] == 1 && b[1] == 0) {
          pairs++;
          wins += a[0] > b[0] ? 1 : a[0] == b[0] ? 0.5 : 0;
        }
      }
    }
    return pairs == 0 ? Double.NaN : wins / pairs;
  }

  /** Of the unit rows in float32, as the nearest by cosine is defined. */
  private double unitSquared(int i, int j) {
    return squared(unit[i], unit[j]);
  }

  private static double entropy(long[] part) {
    double sum = 0;
    for (long c : new TreeSet<>(Arrays.stream(part).boxed().toList())) {
      double p = (double) Arrays.stream(part).filter(v -> v == c).count() / part.length;
      sum -= p * Math.log(p);
    }
    return sum;
  }

  private double information(long[] part) {
    double sum = 0;
    for (long a : new TreeSet<>(Arrays.stream(y).boxed().toList())) {
      for (long b : new TreeSet<>(Arrays.stream(part).boxed().toList())) {
        double both = 0;
        double left = 0;
        double right = 0;
        for (int i = 0; i < n; i++) {
          both += y[i] == a && part[i] == b ? 1 : 0;
          left += y[i] == a ? 1 : 0;
          right += part[i] == b ? 1 : 0;
        }
        sum += both == 0 ? 0 : both / n * Math.log(both * n / (left * right));
      }
    }
    return sum;
  }

  private static boolean single(long[] part) {
    return Arrays.stream(part).distinct().count() == 1;
  }

  private double nmi(long[] part, boolean geometric) {
    if (single(part) || single(y)) {
      return single(part) && single(y) ? 1 : 0;
    }
    double a = entropy(y);
    double b = entropy(part);
    return information(part) / (geometric ? Math.sqrt(a * b) : (a + b) / 2);
  }

  /** The expectation over all arrangements, by the hypergeometric probability of every cell. */
  private double ami(long[] part) {
    if (single(part) || single(y)) {
      return single(part) && single(y) ? 1 : 0;
    }
    double expected = 0;
    for (long a : new TreeSet<>(Arrays.stream(y).boxed().toList())) {
      for (long b : new TreeSet<>(Arrays.stream(part).boxed().toList())) {
        int left = (int) Arrays.stream(y).filter(v -> v == a).count();
        int right = (int) Arrays.stream(part).filter(v -> v == b).count();
        for (int both = 1; both <= Math.min(left, right); both++) {
          double chance =
              Math.exp(choose(left, both) + choose(n - left, right - both) - choose(n, right));
          expected += chance * both / n * Math.log((double) both * n / ((double) left * right));
        }
      }
    }
    double mean = (entropy(y) + entropy(part)) / 2;
    double range = mean - expected;
    return Math.abs(range) < 1e-12 ? 1 : (information(part) - expected) / range;
  }

  private static double choose(int n, int k) {
    if (k < 0 || k > n) {
      return Double.NEGATIVE_INFINITY;
    }
    double sum = 0;
    for (int i = 1; i <= k; i++) {
      sum += Math.log(n - k + i) - Math.log(i);
    }
    return sum;
  }

  private double f1(long[] part) {
    double both = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        both += y[i] == y[j] && part[i] == part[j] ? 1 : 0;
        left += y[i] == y[j] ? 1 : 0;
        right += part[i] == part[j] ? 1 : 0;
      }
    }
    return left + right == 0 ? 1 : 2 * both / (left + right);
  }

  private long[] classes() {
    return Arrays.stream(y).sorted().distinct().toArray();
  }

  private double intra() {
    double sum = 0;
    int counted = 0;
    for (long c : classes()) {
      double distances = 0;
      int pairs = 0;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          if (i != j && y[i] == c && y[j] == c) {
            distances += 1 - cosine(i, j);
            pairs++;
          }
        }
      }
      if (pairs > 0) {
        sum += distances / pairs;
        counted++;
      }
    }
    return counted == 0 ? 0 : sum / counted;
  }

  private double inter() {
    long[] classes = classes();
    int width = x[0].length;
    double[][] means = new double[classes.length][width];
    for (int c = 0; c < classes.length; c++) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; y[i] == classes[c] && j < width; j++) {
          means[c][j] += x[i][j];
        }
      }
    }
    double sum = 0;
    int pairs = 0;
    for (int a = 0; a < classes.length; a++) {
      for (int b = 0; b < classes.length; b++) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int j = 0; j < width; j++) {
          dot += means[a][j] * means[b][j];
          aa += means[a][j] * means[a][j];
          bb += means[b][j] * means[b][j];
        }
        if (a != b) {
          sum += 1 - (aa == 0 || bb == 0 ? 0 : dot / Math.sqrt(aa * bb));
          pairs++;
        }
      }
    }
    return pairs == 0 ? 0 : sum / pairs;
  }

  /** Singular values by one-sided Jacobi rotations of the columns. */
  double[] singular() {
    int width = x[0].length;
    double[][] a = new double[width][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < width; j++) {
        a[j][i] = x[i][j];
      }
    }
    for (int sweep = 0; sweep < 60; sweep++) {
      for (int p = 0; p < width; p++) {
        for (int q = p + 1; q < width; q++) {
          double pp = 0;
          double qq = 0;
          double pq = 0;
          for (int i = 0; i < n; i++) {
            pp += a[p][i] * a[p][i];
            qq += a[q][i] * a[q][i];
            pq += a[p][i] * a[q][i];
          }
          if (pq == 0) {
            continue;
          }
          double tau = (qq - pp) / (2 * pq);
          double t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
          double cos = 1 / Math.sqrt(1 + t * t);
          for (int i = 0; i < n; i++) {
            double left = a[p][i];
            a[p][i] = cos * left - cos * t * a[q][i];
            a[q][i] = cos * t * left + cos * a[q][i];
          }
        }
      }
    }
    double[] values = new double[width];
    for (int j = 0; j < width; j++) {
      for (double v : a[j]) {
        values[j] += v * v;
      }
      values[j] = -Math.sqrt(values[j]);
    }
    Arrays.sort(values);
    double[] kept = new double[Math.min(n, width)];
    for (int j = 0; j < kept.length; j++) {
      kept[j] = values[0] == 0 ? 1 : Math.max(-values[j], -values[0] * Math.pow(2, -26));
    }
    return kept;
  }

  private double rho(int m) {
    double[] s = singular();
    double sum = 0;
    int from = Math.abs(m) - 1;
    for (int j = from; j < s.length; j++) {
      sum += s[j];
    }
    double divergence = 0;
    for (int j = from; j < s.length; j++) {
      double p = s[j] / sum;
      double u = 1.0 / (s.length - from);
      divergence += m > 0 ? u * Math.log(u / p) : p * Math.log(p / u);
    }
    return divergence;
  }

  private double norm(double percent) {
    double[] norms = new double[n];
    for (int i = 0; i < n; i++) {
      norms[i] = length(raw[i]);
    }
    Arrays.sort(norms);
    double at = percent / 100 * (n - 1);
    int below = (int) at;
    return below + 1 == n
        ? norms[below]
        : norms[below] * (below + 1 - at) + norms[below + 1] * (at - below);
  }

  /** Every distance is tried as a threshold. */
  private double[] atRate(double rate) {
    double best = -1;
    double next = Double.POSITIVE_INFINITY;
    TreeSet<Double> all = new TreeSet<>();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (pair(i, j)) {
          all.add(Math.sqrt(squared(x[i], x[j])));
        }
      }
    }
    for (double t : all) {
      double wrong = 0;
      double pairs = 0;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          pairs += pair(i, j) && y[i] != y[j] ? 1 : 0;
          wrong += pair(i, j) && y[i] != y[j] && Math.sqrt(squared(x[i], x[j])) <= t ? 1 : 0;
        }
      }
      if (wrong <= rate * pairs * (1 + 1e-12)) {
        best = t;
      } else {
        next = Math.min(next, t);
      }
    }
    return new double[] {best, next};
  }

  private double threshold(double rate) {
    double[] at = atRate(rate);
    if (at[0] < 0) {
      return at[1] > 0 ? at[1] / 2 : -1;
    }
    return (at[0] + at[1]) / 2;
  }

  private double fnmr(double rate) {
    double t = threshold(rate);
    double missed = 0;
    double pairs = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        pairs += pair(i, j) && y[i] == y[j] ? 1 : 0;
        missed += pair(i, j) && y[i] == y[j] && Math.sqrt(squared(x[i], x[j])) > t ? 1 : 0;
      }
    }
    return missed / pairs;
  }

  private double opis() {
    double from = threshold(0.01);
    double to = threshold(0.1);
    double sum = 0;
    for (int step = 0; step <= 100; step++) {
      double t = step == 100 ? to : from + step * (to - from) / 100;
      List<Double> utilities = new ArrayList<>();
      for (long c : classes()) {
        double same = 0;
        double matched = 0;
        double other = 0;
        double apart = 0;
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            double distance = Math.sqrt(squared(x[i], x[j]));
            if (pair(i, j) && y[i] == c && y[j] == c) {
              same++;
              matched += distance <= t ? 1 : 0;
            } else if (pair(i, j) && (y[i] == c) != (y[j] == c)) {
              other++;
              apart += distance > t ? 1 : 0;
            }
          }
        }
        if (same > 0 && other > 0) {
          double a = matched / same;
          double b = apart / other;
          utilities.add(a + b == 0 ? 0 : 2 * a * b / (a + b));
        }
      }
      double mean = utilities.stream().mapToDouble(u -> u).average().orElse(0);
      sum += utilities.stream().mapToDouble(u -> (u - mean) * (u - mean)).average().orElse(0);
    }
    return sum / 101;
  }
}
