package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;

/**
 * Small problems: clusters with decaying directions and some wrong labels, and a rough head, whose
 * proxies lie near the embeddings of their classes.
 */
public record Toy(
    int n,
    int features,
    int width,
    int classes,
    String loss,
    double noise,
    boolean bias,
    DType dtype,
    long seed) {

  public static Toy small() {
    return new Toy(60, 9, 4, 5, "proxy-nca-pp", 0.1, true, DType.F64, 1);
  }

  public Toy loss(String name) {
    return new Toy(n, features, width, classes, name, noise, bias, dtype, seed);
  }

  public Toy dtype(DType other) {
    return new Toy(n, features, width, classes, loss, noise, bias, other, seed);
  }

  public Toy size(int samples, int f, int d, int c) {
    return new Toy(samples, f, d, c, loss, noise, bias, dtype, seed);
  }

  public Toy noise(double share) {
    return new Toy(n, features, width, classes, loss, share, bias, dtype, seed);
  }

  public Toy bias(boolean has) {
    return new Toy(n, features, width, classes, loss, noise, has, dtype, seed);
  }

  public HeadModel model(Arena arena) {
    Loss created = Losses.create(loss);
    Xoshiro random = Xoshiro.of(seed, "toy");
    double[] scale = new double[features];
    for (int j = 0; j < features; j++) {
      scale[j] = Math.pow(1 + j, -0.7);
    }
    double[][] centre = new double[classes][features];
    for (double[] row : centre) {
      for (int j = 0; j < features; j++) {
        row[j] = 2 * scale[j] * random.nextGaussian();
      }
    }
    double[] x = new double[n * features];
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      int c = random.below(classes);
      for (int j = 0; j < features; j++) {
        x[i * features + j] = centre[c][j] + scale[j] * random.nextGaussian();
      }
      labels[i] = random.nextDouble() < noise ? random.below(classes) : c;
    }
    FeatureSet set =
        new FeatureSet(Filled.of(arena, dtype, x, n, features), arena.of(labels, n), "toy");
    double[] w = normal(random, width * features, Math.pow(features, -0.5));
    double[] b = normal(random, width, bias ? 0.3 : 0);
    int centres = created.centers();
    double[] proxies = normal(random, classes * centres * width, 0.3);
    for (int row = 0; row < classes * centres; row++) {
      for (int a = 0; a < width; a++) {
        proxies[row * width + a] += b[a];
        for (int j = 0; j < features; j++) {
          proxies[row * width + a] += w[a * features + j] * centre[row / centres][j];
        }
      }
    }
    HeadTensors head =
        new HeadTensors(
            Filled.of(arena, dtype, w, width, features),
            bias ? Filled.of(arena, dtype, b, width) : null,
            Filled.of(arena, dtype, proxies, (long) classes * centres, width));
    return new HeadModel(created, set, head);
  }

  public HeadProblem open(Backend backend, Arena arena, ParameterSubset theta) {
    return HeadProblem.open(
        backend, model(arena), ProblemOptions.defaults().with(theta).with(dtype));
  }

  /** Random right-hand sides. */
  public static Directions rhs(HeadProblem problem, int m, Arena arena) {
    Directions b = problem.space().zeros(arena, m);
    Xoshiro random = Xoshiro.of(7, "rhs");
    b.weight().set(normal(random, (int) b.weight().size(), 1));
    if (b.proxies() != null) {
      b.proxies().set(normal(random, (int) b.proxies().size(), 1));
    }
    return b;
  }

  /** Right-hand sides as explanations have them: gradients of the distance of two samples. */
  public static Directions questions(HeadProblem problem, int m, Arena arena) {
    Directions b = problem.space().zeros(arena, m);
    Xoshiro random = Xoshiro.of(8, "questions");
    int n = (int) problem.samples();
    for (int q = 0; q < m; q++) {
      b.weight().rows(q, q + 1).set(distanceGradient(problem, random.below(n), random.below(n)));
    }
    return b;
  }

  /** The gradient of |z_a - z_b|^2 = 2 - 2 z_a . z_b with respect to the weight, biases aside. */
  public static double[] distanceGradient(HeadProblem problem, long a, long b) {
    double[] xa = problem.features().rows(a, a + 1).toDoubles();
    double[] xb = problem.features().rows(b, b + 1).toDoubles();
    double[] w = problem.reference().weight().toDoubles();
    double[] za = embedding(w, xa);
    double[] zb = embedding(w, xb);
    double ra = Dense.norm(za);
    double rb = Dense.norm(zb);
    double cosine = Dense.cosine(za, zb);
    double[] gradient = new double[w.length];
    for (int i = 0; i < za.length; i++) {
      double ga = -2 * (zb[i] / rb - cosine * za[i] / ra) / ra;
      double gb = -2 * (za[i] / ra - cosine * zb[i] / rb) / rb;
      for (int k = 0; k < xa.length; k++) {
        gradient[i * xa.length + k] = ga * xa[k] + gb * xb[k];
      }
    }
    return gradient;
  }

  private static double[] embedding(double[] w, double[] x) {
    double[] z = new double[w.length / x.length];
    for (int i = 0; i < z.length; i++) {
      for (int k = 0; k < x.length; k++) {
        z[i] += w[i * x.length + k] * x[k];
      }
    }
    return z;
  }

  public static double[] normal(Xoshiro random, int count, double scale) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = scale * random.nextGaussian();
    }
    return values;
  }
}
