package io.vicinal.program;

import java.util.ArrayList;
import java.util.List;

/**
 * Two losses against proxies from their papers, in plain loops over numbers v + a e + b f + c ef
 * with e² = f² = 0: c is the second derivative along the two directions that a and b are.
 */
final class ProxyOracle {
  private record Number(double v, double a, double b, double c) {
    Number(double v) {
      this(v, 0, 0, 0);
    }

    Number plus(Number o) {
      return new Number(v + o.v, a + o.a, b + o.b, c + o.c);
    }

    Number times(Number o) {
      return new Number(
          v * o.v, a * o.v + v * o.a, b * o.v + v * o.b, c * o.v + a * o.b + b * o.a + v * o.c);
    }

    Number times(double factor) {
      return times(new Number(factor));
    }

    private Number of(double value, double first, double second) {
      return new Number(value, first * a, first * b, first * c + second * a * b);
    }

    Number exp() {
      return of(Math.exp(v), Math.exp(v), Math.exp(v));
    }

    Number log() {
      return of(Math.log(v), 1 / v, -1 / (v * v));
    }

    Number power(double p) {
      return of(Math.pow(v, p), p * Math.pow(v, p - 1), p * (p - 1) * Math.pow(v, p - 2));
    }
  }

  private final String loss;
  private final Values labels;

  /**
   * @param loss as the operation's attribute
   */
  ProxyOracle(String loss, Values labels) {
    this.loss = loss;
    this.labels = labels;
  }

  private double parameter(String name) {
    for (String word : loss.split(",")) {
      if (word.startsWith(name + "=")) {
        return Double.parseDouble(word.substring(name.length() + 1));
      }
    }
    throw new IllegalStateException(loss + " has no " + name);
  }

  double value(Values e, Values p) {
    return loss(constants(e), constants(p), e.shape()[1]).v();
  }

  Values gradient(Values e, Values p, boolean ofProxies) {
    Values none = Values.each(e.shape(), i -> 0);
    return each(e, p, none, Values.each(p.shape(), i -> 0), ofProxies, false);
  }

  Values product(Values e, Values p, Values v, Values u, boolean ofProxies) {
    return each(e, p, v, u, ofProxies, true);
  }

  private Values each(Values e, Values p, Values v, Values u, boolean ofProxies, boolean second) {
    Values of = ofProxies ? p : e;
    double[] results = new double[of.data().length];
    for (int i = 0; i < results.length; i++) {
      List<Number> rows = seeded(e, v, ofProxies ? -1 : i);
      Number result = loss(rows, seeded(p, u, ofProxies ? i : -1), e.shape()[1]);
      results[i] = second ? result.c() : result.a();
    }
    return new Values(of.shape(), results);
  }

  private static List<Number> constants(Values x) {
    return seeded(x, Values.each(x.shape(), i -> 0), -1);
  }

  private static List<Number> seeded(Values x, Values direction, int unit) {
    List<Number> numbers = new ArrayList<>();
    for (int i = 0; i < x.data().length; i++) {
      numbers.add(new Number(x.data()[i], i == unit ? 1 : 0, direction.data()[i], 0));
    }
    return numbers;
  }

  private Number loss(List<Number> e, List<Number> p, int width) {
    Number[][] cosines = new Number[e.size() / width][p.size() / width];
    for (int i = 0; i < cosines.length; i++) {
      for (int c = 0; c < cosines[i].length; c++) {
        List<Number> z = e.subList(i * width, (i + 1) * width);
        List<Number> q = p.subList(c * width, (c + 1) * width);
        Number lengths = dot(z, z).times(dot(q, q));
        cosines[i][c] = dot(z, q).times(lengths.power(-0.5));
      }
    }
    return loss.startsWith("proxy-anchor") ? anchor(cosines) : softmax(cosines);
  }

  private static Number dot(List<Number> x, List<Number> y) {
    Number sum = new Number(0);
    for (int k = 0; k < x.size(); k++) {
      sum = sum.plus(x.get(k).times(y.get(k)));
    }
    return sum;
  }

  /** mean -log softmax(s / t)_y. */
  private Number softmax(Number[][] s) {
    double t = parameter("temperature");
    Number total = new Number(0);
    for (int i = 0; i < s.length; i++) {
      Number sum = new Number(0);
      for (Number one : s[i]) {
        sum = sum.plus(one.times(1 / t).exp());
      }
      total = total.plus(sum.log()).plus(s[i][label(i)].times(-1 / t));
    }
    return total.times(1.0 / s.length);
  }

  /** Of Kim et al., CVPR 2020, equation 4. */
  private Number anchor(Number[][] s) {
    double alpha = parameter("alpha");
    double margin = parameter("margin");
    int classes = s[0].length;
    int present = 0;
    Number near = new Number(0);
    Number far = new Number(0);
    for (int c = 0; c < classes; c++) {
      Number own = new Number(1);
      Number others = new Number(1);
      boolean some = false;
      for (int i = 0; i < s.length; i++) {
        boolean positive = label(i) == c;
        some |= positive;
        Number shifted = s[i][c].plus(new Number(positive ? -margin : margin));
        Number term = shifted.times(positive ? -alpha : alpha).exp();
        own = positive ? own.plus(term) : own;
        others = positive ? others : others.plus(term);
      }
      present += some ? 1 : 0;
      near = near.plus(own.log());
      far = far.plus(others.log());
    }
    return near.times(1.0 / present).plus(far.times(1.0 / classes));
  }

  private int label(int i) {
    return (int) labels.data()[i];
  }
}
