package io.vicinal.loss.tuple;

import static io.vicinal.loss.tuple.TupleOracle.each;
import static io.vicinal.loss.tuple.TupleOracle.logSumExp;
import static io.vicinal.loss.tuple.TupleOracle.mean;
import static io.vicinal.loss.tuple.TupleOracle.relu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** As {@link TupleOracle}: losses of anchors against their lists. */
final class AnchorOracle {
  static final Map<String, ToDoubleFunction<TupleCase>> LOSSES = new LinkedHashMap<>();

  static {
    LOSSES.put("circle", in -> circle(in, in));
    LOSSES.put("fastap", AnchorOracle::fastAp);
    LOSSES.put("histogram", AnchorOracle::histogram);
    LOSSES.put("intra-pair-variance", AnchorOracle::intraPairVariance);
    LOSSES.put("multi-similarity", AnchorOracle::multiSimilarity);
    LOSSES.put("nca", AnchorOracle::nca);
    LOSSES.put("nt-xent", AnchorOracle::ntXent);
    LOSSES.put("recall-at-k", AnchorOracle::recallAtK);
    LOSSES.put("smooth-ap", AnchorOracle::smoothAp);
    LOSSES.put("supcon", AnchorOracle::supCon);
    LOSSES.put("tuplet-margin", AnchorOracle::tupletMargin);
  }

  private AnchorOracle() {}

  private static double multiSimilarity(TupleCase in) {
    boolean product = in.text("measure").equals("product");
    double base = product ? in.number("base") : -in.number("base");
    double alpha = in.number("alpha");
    double beta = in.number("beta");
    List<Double> anchors = new ArrayList<>();
    List<Double> pulls = new ArrayList<>();
    List<Double> pushes = new ArrayList<>();
    for (int i = 0; i < in.batch(); i++) {
      int a = i;
      ToDoubleFunction<Integer> s = j -> product ? in.product(a, j) : -in.distance(a, j);
      List<Double> near = new ArrayList<>(each(in.positives(a), s));
      List<Double> far = new ArrayList<>(each(in.negatives(a), s));
      if (in.flag("mining")) {
        boolean both = !near.isEmpty() && !far.isEmpty();
        double easiest = near.stream().mapToDouble(x -> x).min().orElse(1e300);
        double hardest = far.stream().mapToDouble(x -> x).max().orElse(-1e300);
        if (in.flag("self")) {
          near.add(s.applyAsDouble(a));
        }
        near.removeIf(x -> !both || x - in.number("eps") >= hardest);
        far.removeIf(x -> !both || x + in.number("eps") <= easiest);
      }
      double pull = logSumExp(1, each(near, x -> -alpha * (x - base))) / alpha;
      double push = logSumExp(1, each(far, x -> beta * (x - base))) / beta;
      if (!near.isEmpty()) {
        pulls.add(pull);
      }
      if (!far.isEmpty()) {
        pushes.add(push);
      }
      boolean all = !in.flag("mining") || in.text("mean").equals("all");
      if (all || !near.isEmpty() && !far.isEmpty()) {
        anchors.add(pull + push);
      }
    }
    return in.text("mean").equals("separate")
        ? (pulls.isEmpty() ? Math.log(2) / alpha : mean(pulls))
            + (pushes.isEmpty() ? Math.log(2) / beta : mean(pushes))
        : mean(anchors);
  }

  private static double histogram(TupleCase in) {
    int bins = (int) in.number("bins");
    double[] near = new double[bins];
    double[] far = new double[bins];
    for (int i = 0; i < in.batch(); i++) {
      for (int j = i + 1; j < in.count(); j++) {
        double s = Math.max(-1, Math.min(1, in.product(i, j)));
        split(in.alike(i, j) ? near : far, (s + 1) / 2 * (bins - 1));
      }
    }
    double loss = 0;
    for (int r = 0; r < bins; r++) {
      for (int q = 0; q <= r; q++) {
        loss += far[r] * near[q];
      }
    }
    double pairs = Arrays.stream(near).sum() * Arrays.stream(far).sum();
    return pairs == 0 ? 0 : loss / pairs;
  }

  /** One unit of mass at a position between two whole numbers. */
  private static void split(double[] histogram, double position) {
    int left = Math.min((int) Math.floor(position), histogram.length - 2);
    histogram[left] += left + 1 - position;
    histogram[left + 1] += position - left;
  }

  private static double fastAp(TupleCase in) {
    int bins = (int) in.number("bins");
    List<Double> anchors = new ArrayList<>();
    for (int a = 0; a < in.batch(); a++) {
      double[] near = new double[bins + 1];
      double[] all = new double[bins + 1];
      for (int j = 0; j < in.count(); j++) {
        if (j != a) {
          double position = Math.min(4, in.squaredDistance(a, j)) / 4 * bins;
          split(all, position);
          if (in.alike(a, j)) {
            split(near, position);
          }
        }
      }
      double precision = 0;
      double nearSoFar = 0;
      double allSoFar = 0;
      for (int r = 0; r <= bins; r++) {
        nearSoFar += near[r];
        allSoFar += all[r];
        precision += near[r] == 0 ? 0 : near[r] * nearSoFar / allSoFar;
      }
      int count = in.positives(a).size();
      if (count > 0) {
        anchors.add(1 - precision / count);
      }
    }
    return mean(anchors);
  }

  /**
   * @param fixed the batch whose similarities make the weights where those are held
   */
  static double circle(TupleCase in, TupleCase fixed) {
    double m = in.number("m");
    double gamma = in.number("gamma");
    TupleCase weighs = in.flag("detach") ? fixed : in;
    List<Double> anchors = new ArrayList<>();
    for (int i = 0; i < in.batch(); i++) {
      int a = i;
      List<Double> near =
          each(
              in.positives(a),
              p -> -gamma * relu(1 + m - weighs.product(a, p)) * (in.product(a, p) - (1 - m)));
      List<Double> far =
          each(
              in.negatives(a),
              n -> gamma * relu(weighs.product(a, n) + m) * (in.product(a, n) - m));
      if (!near.isEmpty() && !far.isEmpty()) {
        anchors.add(logSumExp(1, List.of(logSumExp(0, near) + logSumExp(0, far))));
      }
    }
    return mean(anchors);
  }

  private static double nca(TupleCase in) {
    List<Double> anchors = new ArrayList<>();
    for (int i = 0; i < in.batch(); i++) {
      int a = i;
      ToDoubleFunction<Integer> logit = j -> -in.number("scale") * in.squaredDistance(a, j);
      if (!in.positives(a).isEmpty()) {
        anchors.add(
            logSumExp(0, each(others(in, a), logit)) - logSumExp(0, each(in.positives(a), logit)));
      }
    }
    return mean(anchors);
  }

  /** The positives and the negatives. */
  private static List<Integer> others(TupleCase in, int anchor) {
    List<Integer> others = new ArrayList<>(in.positives(anchor));
    others.addAll(in.negatives(anchor));
    return others;
  }

  private static double ntXent(TupleCase in) {
    double t = in.number("temperature");
    ToDoubleFunction<int[]> term =
        pair -> {
          double s = similarity(in, pair[0], pair[1]) / t;
          List<Double> all =
              new ArrayList<>(each(in.negatives(pair[0]), n -> similarity(in, pair[0], n) / t));
          all.add(s);
          return logSumExp(0, all) - s;
        };
    if (in.text("mean").equals("pairs")) {
      return mean(each(in.positivePairs(), term));
    }
    List<Double> anchors = new ArrayList<>();
    for (int i = 0; i < in.batch(); i++) {
      int a = i;
      if (!in.positives(a).isEmpty()) {
        anchors.add(mean(each(in.positives(a), p -> term.applyAsDouble(new int[] {a, p}))));
      }
    }
    return mean(anchors);
  }

  private static double similarity(TupleCase in, int i, int j) {
    return in.text("measure").equals("product") ? in.product(i, j) : -in.distance(i, j);
  }

  private static double supCon(TupleCase in) {
    double t = in.number("temperature");
    List<Double> anchors = new ArrayList<>();
    for (int i = 0; i < in.batch(); i++) {
      int a = i;
      if (!in.positives(a).isEmpty()) {
        double all = logSumExp(0, each(others(in, a), j -> similarity(in, a, j) / t));
        anchors.add(mean(each(in.positives(a), p -> all - similarity(in, a, p) / t)));
      }
    }
    return mean(anchors);
  }

  private static double tupletMargin(TupleCase in) {
    double scale = in.number("scale");
    double margin = Math.toRadians(in.number("margin-degrees"));
    return mean(
        each(
            in.positivePairs(),
            pair -> {
              double near = Math.cos(angle(in.cosine(pair[0], pair[1])) - margin);
              return logSumExp(
                  1, each(in.negatives(pair[0]), n -> scale * (in.cosine(pair[0], n) - near)));
            }));
  }

  /** A cosine of 1 but for rounding is 1: acos would make 1e-8 of 1e-16. */
  static double angle(double cosine) {
    return Math.acos(Math.abs(cosine) > 1 - 4e-16 ? Math.signum(cosine) : cosine);
  }

  private static double intraPairVariance(TupleCase in) {
    List<Double> near = each(in.positivePairs(), pair -> in.product(pair[0], pair[1]));
    List<Double> far = each(in.negativePairs(), pair -> in.product(pair[0], pair[1]));
    double least = (1 - in.number("pos-eps")) * mean(near);
    double most = (1 + in.number("neg-eps")) * mean(far);
    return mean(each(near, s -> Math.pow(relu(least - s), 2)))
        + mean(each(far, s -> Math.pow(relu(s - most), 2)));
  }

  private static double recallAtK(TupleCase in) {
    List<Double> anchors = new ArrayList<>();
    for (int a = 0; a < in.batch(); a++) {
      List<Integer> near = in.positives(a);
      double loss = 0;
      int lists = 0;
      for (int k = 1; k <= (int) in.number("k"); k *= 2) {
        double hits = 0;
        for (int p : near) {
          double rank = rank(in, a, p, others(in, a), in.number("rank-temperature"));
          hits += sigmoid((k - rank) / in.number("temperature"));
        }
        loss += 1 - Math.min(hits, k) / Math.min(k, near.size());
        lists++;
      }
      if (!near.isEmpty()) {
        anchors.add(loss / lists);
      }
    }
    return mean(anchors);
  }

  private static double rank(TupleCase in, int a, int p, List<Integer> list, double temperature) {
    double rank = 1;
    for (int z : list) {
      rank += z == p ? 0 : sigmoid((in.product(a, z) - in.product(a, p)) / temperature);
    }
    return rank;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double smoothAp(TupleCase in) {
    double t = in.number("temperature");
    List<Double> anchors = new ArrayList<>();
    for (int i = 0; i < in.batch(); i++) {
      int a = i;
      List<Integer> near = new ArrayList<>(in.positives(a));
      List<Integer> list = new ArrayList<>(others(in, a));
      if (in.flag("self")) {
        near.add(a);
        list.add(a);
      }
      if (!in.positives(a).isEmpty()) {
        anchors.add(1 - mean(each(near, p -> rank(in, a, p, near, t) / rank(in, a, p, list, t))));
      }
    }
    return mean(anchors);
  }
}
