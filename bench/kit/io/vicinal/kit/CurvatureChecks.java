package io.vicinal.kit;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.WeightChanges;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/** Everything that a prepared curvature does. */
final class CurvatureChecks {
  private CurvatureChecks() {}

  /** What is done at a point. */
  private interface Body {
    void at(Side side, Problem problem, Backend.Curvature curvature);
  }

  static void run(Comparison c, Variant variant, DType type, Precision precision) {
    String name = " " + variant.name() + " " + type;
    LossSpec spec = variant.loss().spec();
    c.check("curvature hvp" + name, precision, side -> hvp(side, variant, type));
    for (CurvatureKind kind : CurvatureKind.values()) {
      if (exists(kind, spec)) {
        point(c, "products " + kind + name, precision, variant, type, products(kind));
      }
    }
    point(c, "scores" + name, precision, variant, type, CurvatureChecks::scores);
    if (spec.decomposes()) {
      point(c, "sample gradients" + name, precision, variant, type, CurvatureChecks::samples);
      point(c, "loss change" + name, precision, variant, type, CurvatureChecks::lossChange);
      point(c, "self influence" + name, precision, variant, type, CurvatureChecks::selfInfluence);
      point(c, "seed recursion" + name, precision, variant, type, CurvatureChecks::recursion);
    }
    point(c, "factors" + name, precision, variant, type, CurvatureChecks::factors);
    for (CurvatureKind kind : CurvatureKind.values()) {
      if (kind == CurvatureKind.FISHER ? spec.decomposes() : spec.isCosineSoftmax()) {
        point(c, "diagonal " + kind + name, precision, variant, type, diagonal(kind));
      }
    }
    if (spec.isCosineSoftmax()) {
      point(c, "tables" + name, precision, variant, type, CurvatureChecks::tables);
    }
  }

  private static boolean exists(CurvatureKind kind, LossSpec spec) {
    return switch (kind) {
      case HESSIAN -> true;
      case GAUSS_NEWTON -> spec.isCosineSoftmax();
      case FISHER -> spec.decomposes();
    };
  }

  private static void point(
      Comparison c, String name, Precision precision, Variant variant, DType type, Body body) {
    c.check(
        name,
        precision,
        side -> {
          Problem p = Problem.draw(side, variant, type, false);
          try (Backend.Curvature curvature = p.curvature(side)) {
            body.at(side, p, curvature);
          }
        });
  }

  private static void hvp(Side side, Variant variant, DType type) {
    boolean bias = side.pick("bias", 0, 1) == 1;
    Problem p = Problem.draw(side, variant, type, bias);
    try (Backend.Curvature curvature = p.curvature(side)) {
      HeadTensors direction =
          new HeadTensors(
              side.normal(type, p.d(), p.width()),
              bias ? side.normal(type, p.d()) : null,
              side.normal(type, p.proxies(), p.d()));
      HeadTensors out =
          new HeadTensors(
              side.out("hvp of weight", type, p.d(), p.width()),
              bias ? side.out("hvp of bias", type, p.d()) : null,
              side.out("hvp of proxies", type, p.proxies(), p.d()));
      curvature.hvp(direction, out);
    }
  }

  private static Directions directions(Side side, Problem p, int m) {
    return new Directions(
        side.normal(p.type(), m, p.d(), p.width()), side.normal(p.type(), m, p.proxies(), p.d()));
  }

  /** All directions, then the weight's alone with changed sample weights. */
  private static Body products(CurvatureKind kind) {
    return (side, p, curvature) -> {
      int m = side.pick("m", 1, 3);
      Directions direction = directions(side, p, m);
      Directions out =
          new Directions(
              side.out("product of weight", p.type(), m, p.d(), p.width()),
              side.out("product of proxies", p.type(), m, p.proxies(), p.d()));
      curvature.products(kind, direction, null, out);
      WeightChanges changes = p.spec().decomposes() ? changes(side, p, m) : null;
      Directions alone =
          new Directions(
              side.out("changed product of weight", p.type(), m, p.d(), p.width()), null);
      curvature.products(kind, new Directions(direction.weight(), null), changes, alone);
    };
  }

  /** Two changes for every direction but the first. */
  private static WeightChanges changes(Side side, Problem p, int m) {
    long[] offsets = new long[m + 1];
    long[] ids = new long[2 * (m - 1)];
    double[] deltas = new double[ids.length];
    for (int q = 0; q < m; q++) {
      offsets[q + 1] = 2L * q;
    }
    for (int j = 0; j < ids.length; j++) {
      ids[j] = side.pick("id", 0, p.n() - 1);
      deltas[j] = side.uniform(-1, 1);
    }
    return new WeightChanges(offsets, ids, deltas);
  }

  private static void scores(Side side, Problem p, Backend.Curvature curvature) {
    int m = side.pick("m", 1, 3);
    Directions direction = directions(side, p, m);
    curvature.scores(direction, side.doubles("scores", m, p.n()));
    Directions alone = new Directions(direction.weight(), null);
    curvature.scores(alone, side.doubles("scores by weight", m, p.n()));
  }

  private static void tables(Side side, Problem p, Backend.Curvature curvature) {
    int from = side.pick("from", 0, p.n() - 1);
    int rows = side.pick("rows", 1, p.n() - from);
    Tensor byProxy = side.doubles("by proxy", rows, p.classes());
    Tensor relabel = side.doubles("relabel", rows, p.classes());
    curvature.tables(directions(side, p, 1), from, byProxy, relabel);
  }

  private static void samples(Side side, Problem p, Backend.Curvature curvature) {
    curvature.sampleGradients(
        side.out("units", p.type(), p.n(), p.d()), side.out("gradients", p.type(), p.n(), p.d()));
  }

  private static void lossChange(Side side, Problem p, Backend.Curvature curvature) {
    int rank = side.pick("R", 1, 3);
    Tensor left = side.normal(p.type(), rank, p.d());
    Tensor right = side.normal(p.type(), rank, p.width());
    curvature.lossChange(left, right, side.doubles("change", p.n()));
  }

  private static void selfInfluence(Side side, Problem p, Backend.Curvature curvature) {
    double[] positive = side.gaussian((long) p.d() * p.width(), 1);
    for (int i = 0; i < positive.length; i++) {
      positive[i] = Math.abs(positive[i]);
    }
    Tensor inverse = side.of(p.type(), positive, p.d(), p.width());
    curvature.selfInfluence(inverse, side.doubles("self influence", p.n()));
  }

  /** A scale above the largest curvature of a sample, so that the recursion does not grow. */
  private static void recursion(Side side, Problem p, Backend.Curvature curvature) {
    int m = side.pick("m", 1, 2);
    int rank = side.pick("R", 1, 2);
    Tensor left = side.normal(p.type(), m, p.d(), rank);
    Tensor right = side.normal(p.type(), rank, p.width());
    Tensor h = side.out("h", p.type(), m, p.d(), p.width());
    curvature.seedRecursion(0.01, 1e4 * p.width(), left, right, h);
  }

  private static void factors(Side side, Problem p, Backend.Curvature curvature) {
    Tensor feature = side.out("feature factor", p.type(), p.width(), p.width());
    boolean softmax = p.spec().isCosineSoftmax();
    Tensor output = softmax ? side.out("output factor", p.type(), p.d(), p.d()) : null;
    curvature.factors(feature, output);
  }

  private static Body diagonal(CurvatureKind kind) {
    return (side, p, curvature) -> {
      Tensor weight = side.out("weight", p.type(), p.d(), p.width());
      boolean softmax = p.spec().isCosineSoftmax();
      Tensor proxies = softmax ? side.out("proxies", p.type(), p.proxies(), p.d()) : null;
      curvature.diagonal(kind, weight, proxies);
    };
  }
}
