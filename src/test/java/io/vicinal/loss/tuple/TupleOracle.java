package io.vicinal.loss.tuple;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Tuple losses in plain loops over tuples, from their papers, in alphabetical order: a method for
 * each registered name, which sharing no code with the product makes a second opinion.
 */
final class TupleOracle {
  private TupleOracle() {}

  private static final Map<String, ToDoubleFunction<TupleCase>> LOSSES = new LinkedHashMap<>();

  static {
    LOSSES.put("angular", TupleOracle::angular);
    LOSSES.put("binomial-deviance", TupleOracle::binomialDeviance);
    LOSSES.put("contrastive", TupleOracle::contrastive);
    LOSSES.put("lifted", TupleOracle::lifted);
    LOSSES.put("lifted-structure", TupleOracle::liftedStructure);
    LOSSES.put("margin", TupleOracle::margin);
    LOSSES.put("n-pair", TupleOracle::nPair);
    LOSSES.put("quadruplet", TupleOracle::quadruplet);
    LOSSES.put("snr", TupleOracle::snr);
    LOSSES.put("triplet", TupleOracle::triplet);
    LOSSES.putAll(AnchorOracle.LOSSES);
    LOSSES.putAll(ClassOracle.LOSSES);
  }

  static boolean has(String loss) {
    return LOSSES.containsKey(loss);
  }

  /** The value where what a loss holds fixed is that of another batch. */
  static double value(String loss, TupleCase in, TupleCase fixed) {
    return switch (loss) {
      case "circle" -> AnchorOracle.circle(in, fixed);
      case "moco" -> ClassOracle.moco(in, fixed);
      case "proxy-anchor-v2" -> ClassOracle.proxyAnchor(in, fixed);
      default -> value(loss, in);
    };
  }

  /** Whether the loss holds something fixed, so that its gradient is of another function. */
  static boolean holds(TupleCase in) {
    return Boolean.TRUE.equals(in.params().get("detach"))
        || Boolean.TRUE.equals(in.params().get("detach-proxies"))
        || List.of("query", "batch").contains(String.valueOf(in.params().get("weights")));
  }

  static double value(String loss, TupleCase in) {
    return LOSSES.get(loss).applyAsDouble(in);
  }

  // What the losses share.

  static double relu(double x) {
    return Math.max(x, 0);
  }

  static double mean(List<Double> terms) {
    return terms.isEmpty() ? 0 : sum(terms) / terms.size();
  }

  static double sum(List<Double> terms) {
    return terms.stream().mapToDouble(Double::doubleValue).sum();
  }

  static double meanOfActive(List<Double> terms) {
    return mean(terms.stream().filter(term -> term > 0).toList());
  }

  /** log of the sum of exp, with `more` added to the sum. */
  static double logSumExp(double more, List<Double> terms) {
    double largest = more > 0 ? 0 : Double.NEGATIVE_INFINITY;
    for (double term : terms) {
      largest = Math.max(largest, term);
    }
    double sum = more == 0 ? 0 : more * Math.exp(-largest);
    for (double term : terms) {
      sum += Math.exp(term - largest);
    }
    return largest + Math.log(sum);
  }

  static <T> List<Double> each(List<T> of, ToDoubleFunction<T> term) {
    return of.stream().map(term::applyAsDouble).toList();
  }

  static double meanLength(TupleCase in) {
    return Stream.of(in.rows()).limit(in.batch()).mapToDouble(TupleCase::length).sum() / in.batch();
  }

  private static double mean(TupleCase in, List<Double> terms) {
    return in.text("mean").equals("active") ? meanOfActive(terms) : mean(terms);
  }

  // The losses.

  private static double angular(TupleCase in) {
    double t = Math.pow(Math.tan(in.number("alpha") * Math.PI / 180), 2);
    List<Double> angles =
        each(
            in.positivePairs(),
            pair -> {
              int a = pair[0];
              int p = pair[1];
              return logSumExp(
                  1,
                  each(
                      in.negatives(a),
                      n ->
                          4 * t * (in.cosine(a, n) + in.cosine(p, n))
                              - 2 * (1 + t) * in.cosine(a, p)));
            });
    return nPair(in) + in.number("weight") * mean(angles);
  }

  private static double contrastive(TupleCase in) {
    double near = in.number("pos-margin");
    double far = in.number("neg-margin");
    int sign = in.text("measure").equals("cosine") ? -1 : 1;
    double shifts = 0;
    for (int i = 0; i < in.batch(); i++) {
      shifts += Math.abs(DoubleStream.of(in.rows()[i]).sum()) / in.batch();
    }
    return mean(in, each(in.positivePairs(), pair -> relu(sign * (measure(in, pair) - near))))
        + mean(in, each(in.negativePairs(), pair -> relu(sign * (far - measure(in, pair)))))
        + in.number("zero-mean") * shifts;
  }

  private static double binomialDeviance(TupleCase in) {
    double alpha = in.number("alpha");
    double cost = -in.number("cost");
    return mean(each(in.positivePairs(), pair -> deviance(in, pair, alpha)))
        + mean(each(in.negativePairs(), pair -> deviance(in, pair, alpha * cost)));
  }

  private static double deviance(TupleCase in, int[] pair, double slope) {
    return Math.log(1 + Math.exp(-slope * (in.cosine(pair[0], pair[1]) - in.number("beta"))));
  }

  private static double measure(TupleCase in, int[] pair) {
    return switch (in.text("measure")) {
      case "squared-distance" -> Math.pow(shifted(in, pair), 2);
      case "cosine" -> in.cosine(pair[0], pair[1]);
      case "noise" -> noise(in, pair[0], pair[1]);
      default -> shifted(in, pair);
    };
  }

  private static double shifted(TupleCase in, int[] pair) {
    double sum = 0;
    for (int k = 0; k < in.width(); k++) {
      sum += Math.pow(in.x(pair[0])[k] - in.x(pair[1])[k] + in.number("eps"), 2);
    }
    return Math.sqrt(sum);
  }

  private static double lifted(TupleCase in) {
    List<Double> anchors = new ArrayList<>();
    for (int i = 0; i < in.batch(); i++) {
      int a = i;
      double near = sumOf(each(in.positives(a), p -> in.distance(a, p)));
      double far = sumOf(each(in.negatives(a), n -> in.number("neg-margin") - in.distance(a, n)));
      if (in.flag("lonely") || !in.positives(a).isEmpty() && !in.negatives(a).isEmpty()) {
        anchors.add(relu(near + far));
      }
    }
    return mean(anchors) + in.number("reg") * meanLength(in);
  }

  private static double sumOf(List<Double> terms) {
    return terms.isEmpty() ? 0 : logSumExp(0, terms);
  }

  private static double liftedStructure(TupleCase in) {
    List<Double> pairs = new ArrayList<>();
    for (int[] pair : in.positivePairs()) {
      List<Double> pushes = new ArrayList<>();
      for (int end : pair) {
        for (int n : in.negativesOfAny(end)) {
          pushes.add(in.number("neg-margin") - in.distance(end, n));
        }
      }
      if (!pushes.isEmpty()) {
        double pull = in.distance(pair[0], pair[1]) - in.number("pos-margin");
        pairs.add(Math.pow(relu(logSumExp(0, pushes) + pull), 2) / 2);
      }
    }
    return mean(pairs);
  }

  private static double margin(TupleCase in) {
    double m = in.number("margin");
    List<Double> pulls = new ArrayList<>();
    List<Double> pushes = new ArrayList<>();
    double boundaries = 0;
    int triplets = 0;
    if (in.mined() == TupleLoss.Tuples.PAIRS) {
      for (int[] pair : in.positivePairs()) {
        pulls.add(relu(in.distance(pair[0], pair[1]) - boundary(in, pair[0]) + m));
      }
      for (int[] pair : in.negativePairs()) {
        pushes.add(relu(boundary(in, pair[0]) - in.distance(pair[0], pair[1]) + m));
      }
      for (int[] pair : in.tuples()) {
        boundaries += boundary(in, pair[0]);
      }
    } else {
      for (int[] t : in.triplets()) {
        double pull = relu(in.distance(t[0], t[1]) - boundary(in, t[0]) + m);
        double push = relu(boundary(in, t[0]) - in.distance(t[0], t[2]) + m);
        pulls.add(pull);
        pushes.add(push);
        boundaries += boundary(in, t[0]);
        triplets += pull > 0 || push > 0 ? 1 : 0;
      }
    }
    long active =
        pulls.stream().filter(x -> x > 0).count() + pushes.stream().filter(x -> x > 0).count();
    boolean byTriplets =
        in.text("count").equals("triplets") && in.mined() != TupleLoss.Tuples.PAIRS;
    double n = byTriplets ? triplets : active;
    return (sum(pulls) + sum(pushes)) / Math.max(n, 1) + in.number("nu") * boundaries;
  }

  private static double boundary(TupleCase in, int anchor) {
    return in.flag("learn-beta")
        ? in.learned().get("beta").at(in.labels()[anchor])
        : in.number("beta");
  }

  private static double nPair(TupleCase in) {
    List<Double> pairs =
        each(
            in.positivePairs(),
            pair ->
                logSumExp(
                    1,
                    each(
                        in.negatives(pair[0]),
                        n -> in.product(pair[0], n) - in.product(pair[0], pair[1]))));
    if (Boolean.TRUE.equals(in.params().get("reg-squared"))) {
      double squares = 0;
      for (int i = 0; i < in.batch(); i++) {
        squares += TupleCase.dot(in.rows()[i], in.rows()[i]) / in.batch();
      }
      return mean(pairs) + in.number("reg") * squares;
    }
    return mean(pairs) + in.number("reg") * meanLength(in);
  }

  private static double quadruplet(TupleCase in) {
    List<Double> first = new ArrayList<>();
    List<Double> second = new ArrayList<>();
    boolean all = in.text("second").equals("all") && in.mined() != null;
    for (int[] t : in.triplets()) {
      double near = in.distance(t[0], t[1]);
      first.add(relu(near - in.distance(t[0], t[2]) + in.number("alpha1")));
      for (int[] of : all ? in.triplets() : List.of(t)) {
        int fourth = of.length == 4 ? of[3] : next(in, of[0], of[2]);
        if (fourth >= 0) {
          second.add(relu(near - in.distance(t[2], fourth) + in.number("alpha2")));
        }
      }
    }
    return mean(first) + mean(second);
  }

  /** The first sample after the negative that is of neither class, cyclically. */
  private static int next(TupleCase in, int anchor, int negative) {
    for (int step = 1; step < in.count(); step++) {
      int k = (negative + step) % in.count();
      if (!in.alike(k, anchor) && !in.alike(k, negative)) {
        return k;
      }
    }
    return -1;
  }

  private static double snr(TupleCase in) {
    List<Double> terms = new ArrayList<>();
    List<Double> shifts = new ArrayList<>();
    for (int[] t : in.triplets()) {
      terms.add(relu(noise(in, t[0], t[1]) - noise(in, t[0], t[2]) + in.number("margin")));
      double sum = 0;
      for (double coordinate : in.rows()[t[0]]) {
        sum += coordinate;
      }
      shifts.add(Math.abs(sum));
    }
    return meanOfActive(terms) + in.number("reg") * mean(shifts);
  }

  private static double noise(TupleCase in, int anchor, int other) {
    double[] x = in.x(anchor);
    double[] difference = new double[x.length];
    for (int k = 0; k < x.length; k++) {
      difference[k] = x[k] - in.x(other)[k];
    }
    double signal = variance(x);
    return signal > 1e-28 * TupleCase.dot(x, x) ? variance(difference) / signal : 0;
  }

  private static double variance(double[] x) {
    double mean = 0;
    for (double one : x) {
      mean += one / x.length;
    }
    double sum = 0;
    for (double one : x) {
      sum += (one - mean) * (one - mean);
    }
    return sum / Math.max(x.length - 1, 1);
  }

  private static double triplet(TupleCase in) {
    return mean(
        in,
        each(
            in.triplets(),
            t -> {
              double ap = tripletDistance(in, t[0], t[1]);
              double an = tripletDistance(in, t[0], t[2]);
              if (in.flag("swap")) {
                an = Math.min(an, tripletDistance(in, t[1], t[2]));
              }
              double over = ap - an + in.number("margin");
              return in.flag("soft") ? logSumExp(1, List.of(over)) : relu(over);
            }));
  }

  private static double tripletDistance(TupleCase in, int i, int j) {
    return in.flag("squared") ? in.squaredDistance(i, j) : in.distance(i, j);
  }
}
