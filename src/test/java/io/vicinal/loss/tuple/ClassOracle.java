package io.vicinal.loss.tuple;

import static io.vicinal.loss.tuple.TupleOracle.each;
import static io.vicinal.loss.tuple.TupleOracle.logSumExp;
import static io.vicinal.loss.tuple.TupleOracle.mean;

import io.vicinal.loss.tuple.TupleCase.Learned;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * As {@link TupleOracle}: losses of samples against classes, and against other arrays that they are
 * given.
 */
final class ClassOracle {
  static final Map<String, ToDoubleFunction<TupleCase>> LOSSES = new LinkedHashMap<>();

  static {
    LOSSES.put("adversarial-separation", ClassOracle::adversarialSeparation);
    LOSSES.put("arcface-v2", ClassOracle::arcFace);
    LOSSES.put("moco", in -> moco(in, in));
    LOSSES.put("multi-label-supcon", ClassOracle::multiLabelSupCon);
    LOSSES.put("proxy-anchor-v2", in -> proxyAnchor(in, in));
    LOSSES.put("proxy-nca-v2", ClassOracle::proxyNca);
    LOSSES.put("soft-triple-v2", ClassOracle::softTriple);
    LOSSES.put("softmax", ClassOracle::softmax);
    LOSSES.put("sphereface", ClassOracle::sphereFace);
    LOSSES.put("sub-center-arcface", ClassOracle::subCenterArcFace);
  }

  private ClassOracle() {}

  private static double multiLabelSupCon(TupleCase in) {
    Learned sets = in.learned().get("label-sets");
    int labels = (int) sets.shape()[1];
    double t = in.number("temperature");
    double sum = 0;
    double count = 0;
    for (int i = 0; i < in.count(); i++) {
      int a = i;
      List<Integer> others = IntStream.range(0, in.count()).filter(j -> j != a).boxed().toList();
      double all = others.isEmpty() ? 0 : logSumExp(0, each(others, j -> in.product(a, j) / t));
      if (in.text("weights").equals("labels")) {
        for (int l = 0; l < labels; l++) {
          int label = l;
          List<Integer> alike = others.stream().filter(j -> sets.at(j, label) > 0).toList();
          if (sets.at(a, label) > 0 && !alike.isEmpty()) {
            sum += mean(each(alike, p -> all - in.product(a, p) / t));
            count++;
          }
        }
        continue;
      }
      double weights = 0;
      double weighted = 0;
      for (int j : others) {
        double both = 0;
        double either = 0;
        for (int l = 0; l < labels; l++) {
          both += Math.min(sets.at(a, l), sets.at(j, l));
          either += Math.max(sets.at(a, l), sets.at(j, l));
        }
        double weight = either == 0 ? 0 : both / either;
        weights += weight;
        weighted += weight * (all - in.product(a, j) / t);
      }
      sum += weights == 0 ? 0 : weighted / weights;
      count += weights == 0 ? 0 : 1;
    }
    return sum / Math.max(count, 1);
  }

  /**
   * @param fixed the batch that makes the weights of negatives
   */
  static double moco(TupleCase in, TupleCase fixed) {
    double t =
        in.flag("learn-temperature")
            ? in.learned().get("temperature").at(0)
            : in.number("temperature");
    Learned keys = in.learned().get("keys");
    Learned queue = in.learned().get("queue");
    int size = (int) queue.shape()[0];
    double[][] w = new double[in.count()][size];
    for (int i = 0; i < in.count(); i++) {
      for (int k = 0; k < size; k++) {
        double s = TupleCase.dot(fixed.x(i), row(queue, k, in.width()));
        double d = Math.max(Math.sqrt(Math.max(2 - 2 * s, 0)), 0.5);
        double width = in.width();
        double log = (2 - width) * Math.log(d) - (width - 3) / 2 * Math.log(1 - d * d / 4);
        w[i][k] = d > 1.4 ? 1e-30 : Math.exp(log);
      }
    }
    List<Double> samples = new ArrayList<>();
    for (int i = 0; i < in.count(); i++) {
      double own = TupleCase.dot(in.x(i), row(keys, i, in.width())) / t;
      List<Double> logits = new ArrayList<>(List.of(own));
      for (int k = 0; k < size; k++) {
        int column = k;
        double sum =
            switch (in.text("weights")) {
              case "query" -> Arrays.stream(w[i]).sum();
              case "batch" -> Arrays.stream(w).mapToDouble(ofRow -> ofRow[column]).sum();
              default -> w[i][k];
            };
        logits.add(w[i][k] / sum * TupleCase.dot(in.x(i), row(queue, k, in.width())) / t);
      }
      samples.add(logSumExp(0, logits) - own);
    }
    return mean(samples);
  }

  private static double adversarialSeparation(TupleCase in) {
    double loss = 0;
    for (int s = 0; s < (int) in.number("sources"); s++) {
      for (int i = 0; i < in.count(); i++) {
        double[] target = TupleCase.unit(in.x(i));
        double[] source =
            TupleCase.unit(row(in.learned().get("sources"), s * in.count() + i, in.width()));
        double[] inner = layer(in, "hidden", s, source);
        double[] guess =
            TupleCase.unit(
                layer(in, "output", s, Arrays.stream(inner).map(TupleOracle::relu).toArray()));
        for (int k = 0; k < in.width(); k++) {
          loss += Math.pow(target[k] * guess[k], 2) / in.width() / in.count();
        }
      }
    }
    return -in.number("weight") * loss;
  }

  private static double[] layer(TupleCase in, String name, int source, double[] x) {
    Learned bias = in.learned().get(name + "-bias");
    int rows = (int) bias.shape()[1];
    double[] y = new double[rows];
    for (int r = 0; r < rows; r++) {
      double[] weights = row(in.learned().get(name), source * rows + r, x.length);
      y[r] = TupleCase.dot(weights, x) + bias.at(source, r);
    }
    return y;
  }

  /**
   * @param fixed the batch whose proxies push and pull where those are held
   */
  static double proxyAnchor(TupleCase in, TupleCase fixed) {
    Learned proxies = (in.flag("detach-proxies") ? fixed : in).learned().get("proxies");
    int classes = (int) proxies.shape()[0];
    boolean euclidean = in.flag("euclidean");
    Score distance =
        (i, c) -> {
          double[] x = TupleCase.unit(in.x(i));
          double[] p = TupleCase.unit(row(proxies, c, in.width()));
          double squares = 0;
          for (int k = 0; k < x.length; k++) {
            squares += Math.pow(x[k] - p[k], 2);
          }
          return euclidean ? Math.sqrt(squares) : -TupleCase.dot(x, p);
        };
    double sign = euclidean ? 1 : -1;
    Score pull =
        (i, c) -> in.number("pos-alpha") * (distance.of(i, c) - sign * in.number("pos-delta"));
    Score push =
        (i, c) -> -in.number("neg-alpha") * (distance.of(i, c) - sign * in.number("neg-delta"));
    boolean all = in.text("negatives").equals("all");
    double more = in.flag("plain") ? 0 : 1;
    List<Double> near = new ArrayList<>();
    List<Double> far = new ArrayList<>();
    if (in.text("mode").equals("nca")) {
      for (int i = 0; i < in.count(); i++) {
        int sample = i;
        int own = (int) in.labels()[i];
        List<Double> ofLabel = new ArrayList<>();
        for (int j = 0; j < in.count(); j++) {
          if (in.alike(i, j)) {
            ofLabel.add(pull.of(i, (int) in.labels()[j]));
          }
        }
        near.add(logSumExp(more, ofLabel));
        far.add(
            sum(
                more,
                IntStream.range(0, classes)
                    .filter(c -> all || c != own)
                    .mapToObj(c -> push.of(sample, c))
                    .toList()));
      }
    } else {
      for (int c = 0; c < classes; c++) {
        List<Double> members = new ArrayList<>();
        List<Double> others = new ArrayList<>();
        for (int i = 0; i < in.count(); i++) {
          boolean own = in.labels()[i] == c;
          if (own) {
            members.add(pull.of(i, c));
          }
          if (all || !own) {
            others.add(push.of(i, c));
          }
        }
        for (int times = 0; times < members.size(); times++) {
          if (times == 0 || in.flag("repeat-labels")) {
            near.add(logSumExp(more, members));
          }
        }
        if (!others.isEmpty() || in.text("neg-mean").equals("all")) {
          far.add(sum(more, others));
        }
      }
    }
    boolean over = in.flag("over-alpha");
    return mean(near) / (over ? in.number("pos-alpha") : 1)
        + mean(far) / (over ? in.number("neg-alpha") : 1);
  }

  private static double sum(double more, List<Double> terms) {
    return terms.isEmpty() ? 0 : logSumExp(more, terms);
  }

  private static double arcFace(TupleCase in) {
    Learned proxies = in.learned().get("proxies");
    double margin = Math.toRadians(in.number("margin-degrees"));
    return classes(
        in,
        (int) proxies.shape()[0],
        (i, c) -> {
          double[] w = TupleCase.unit(row(proxies, c, in.width()));
          boolean coded = in.flag("coded");
          double cosine = TupleCase.dot(coded ? in.x(i) : TupleCase.unit(in.x(i)), w);
          double s = coded ? Math.min(Math.max(cosine, 1e-10), 1 - 1e-10) : cosine;
          double angle = AnchorOracle.angle(s);
          double own =
              switch (in.text("tail")) {
                case "line" ->
                    angle <= Math.PI - margin
                        ? Math.cos(angle + margin)
                        : s - margin * Math.sin(margin);
                case "easy" -> s > 0 ? Math.cos(angle + margin) : s;
                default -> Math.cos(angle + margin);
              };
          return in.number("scale") * (c == in.labels()[i] ? own : s);
        });
  }

  private static double softTriple(TupleCase in) {
    Learned all = in.learned().get("weight");
    int classes = (int) all.shape()[0];
    int centers = (int) in.number("centers");
    boolean coded = in.flag("coded");
    double[][] w = new double[classes * centers][];
    Arrays.setAll(w, r -> row(all, r, in.width()));
    if (coded) {
      for (int k = 0; k < in.width(); k++) {
        double length = 0;
        for (double[] one : w) {
          length += one[k] * one[k];
        }
        for (double[] one : w) {
          one[k] /= Math.sqrt(length);
        }
      }
    } else {
      Arrays.setAll(w, r -> TupleCase.unit(w[r]));
    }
    List<Double> samples = new ArrayList<>();
    for (int i = 0; i < in.count(); i++) {
      double[] x = coded ? in.x(i) : TupleCase.unit(in.x(i));
      List<Double> scores = new ArrayList<>();
      for (int c = 0; c < classes; c++) {
        double score = 0;
        for (int k = 0; k < centers; k++) {
          List<Double> rivals = new ArrayList<>();
          for (int r = 0; r < (coded ? classes : centers); r++) {
            double[] rival = coded ? w[r * centers + k] : w[c * centers + r];
            rivals.add(
                TupleCase.dot(x, rival) * (coded ? in.number("gamma") : 1 / in.number("gamma")));
          }
          double weight = Math.exp(rivals.get(coded ? c : k) - logSumExp(0, rivals));
          score += weight * TupleCase.dot(x, w[c * centers + k]);
        }
        boolean own = in.labels()[i] == c;
        scores.add(in.number("la") * (score - (own ? in.number("margin") : 0)));
      }
      samples.add(logSumExp(0, scores) - scores.get((int) in.labels()[i]));
    }
    double spread = 0;
    for (int c = 0; c < classes; c++) {
      for (int j = 0; j < centers; j++) {
        for (int k = j + 1; k < centers; k++) {
          double cosine = TupleCase.dot(w[c * centers + j], w[c * centers + k]);
          spread += Math.sqrt(Math.max(0, 2 + 1e-5 - 2 * cosine));
        }
      }
    }
    double pairs = classes * Math.max(1, centers * (centers - 1.0));
    return mean(samples) + in.number("tau") * spread / pairs;
  }

  private static double softmax(TupleCase in) {
    Learned weight = in.learned().get("weight");
    return classes(
        in,
        (int) weight.shape()[0],
        (i, c) ->
            (TupleCase.dot(in.x(i), TupleCase.unit(row(weight, c, in.width())))
                    - (c == in.labels()[i] ? in.number("margin") : 0))
                / in.number("temperature"));
  }

  private static double sphereFace(TupleCase in) {
    Learned weight = in.learned().get("weight");
    double margin = in.number("margin");
    return classes(
        in,
        (int) weight.shape()[0],
        (i, c) -> {
          double angle = AnchorOracle.angle(cosine(in.x(i), row(weight, c, in.width())));
          double k = Math.floor(angle * margin / Math.PI);
          double psi = Math.pow(-1, k) * Math.cos(margin * angle) - 2 * k;
          double length = in.number("scale") * TupleCase.length(in.x(i));
          return length * (c == in.labels()[i] ? psi : Math.cos(angle));
        });
  }

  private static double subCenterArcFace(TupleCase in) {
    Learned weight = in.learned().get("weight");
    int each = (int) in.number("sub-centers");
    double margin = Math.toRadians(in.number("margin-degrees"));
    return classes(
        in,
        (int) weight.shape()[0],
        (i, c) -> {
          double angle =
              IntStream.range(0, each)
                  .mapToDouble(
                      k ->
                          AnchorOracle.angle(
                              cosine(in.x(i), row(weight, c * each + k, in.width()))))
                  .min()
                  .getAsDouble();
          double own =
              angle <= Math.PI - margin
                  ? Math.cos(angle + margin)
                  : Math.cos(angle) - margin * Math.sin(margin);
          return in.number("scale") * (c == in.labels()[i] ? own : Math.cos(angle));
        });
  }

  private static double proxyNca(TupleCase in) {
    Learned proxies = in.learned().get("proxies");
    double scale = in.number("scale");
    Score distance =
        (i, c) -> {
          double[] x = TupleCase.unit(in.x(i));
          double[] p = TupleCase.unit(row(proxies, c, in.width()));
          double squares = 0;
          for (int k = 0; k < x.length; k++) {
            squares += Math.pow(scale * x[k] - scale * p[k], 2);
          }
          return switch (in.text("distance")) {
            case "euclidean" -> Math.sqrt(squares);
            case "squared" -> squares;
            default -> -scale * scale * TupleCase.dot(x, p);
          };
        };
    int count = (int) proxies.shape()[0];
    boolean without = in.flag("exclude-positive");
    double t = in.number("temperature");
    double ofOthers = in.text("tempered").equals("both") ? t : 1;
    List<Double> pulls = new ArrayList<>();
    List<Double> pushes = new ArrayList<>();
    List<List<Double>> slots = new ArrayList<>();
    List<List<Double>> classes = new ArrayList<>();
    for (int c = 0; c < count; c++) {
      slots.add(new ArrayList<>());
      classes.add(new ArrayList<>());
    }
    for (int i = 0; i < in.count(); i++) {
      int own = (int) in.labels()[i];
      List<Double> others = new ArrayList<>();
      for (int c = 0; c < count; c++) {
        if (c != own || !without) {
          double logit = -distance.of(i, c) / ofOthers;
          slots.get(others.size()).add(logit);
          classes.get(c).add(logit);
          others.add(logit);
        }
      }
      pulls.add(distance.of(i, own) / t);
      pushes.add(logSumExp(0, others));
    }
    return mean(pulls)
        + switch (in.text("over")) {
          case "classes" -> mean(pushes);
          case "samples" -> meanOfSums(classes);
          default -> meanOfSums(slots);
        };
  }

  private static double meanOfSums(List<List<Double>> columns) {
    return mean(each(columns.stream().filter(c -> !c.isEmpty()).toList(), c -> logSumExp(0, c)));
  }

  private interface Score {
    double of(int sample, int clazz);
  }

  /** The mean cross-entropy of a softmax of the scores. */
  private static double classes(TupleCase in, int classes, Score score) {
    List<Double> samples = new ArrayList<>();
    for (int i = 0; i < in.count(); i++) {
      int sample = i;
      List<Double> scores = IntStream.range(0, classes).mapToObj(c -> score.of(sample, c)).toList();
      samples.add(logSumExp(0, scores) - scores.get((int) in.labels()[i]));
    }
    return mean(samples);
  }

  private static double[] row(Learned of, int row, int width) {
    return Arrays.copyOfRange(of.data(), row * width, (row + 1) * width);
  }

  private static double cosine(double[] x, double[] y) {
    return TupleCase.dot(TupleCase.unit(x), TupleCase.unit(y));
  }
}
