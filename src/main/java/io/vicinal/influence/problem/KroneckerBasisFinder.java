package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;

/**
 * Finds a problem's Kronecker basis and moves features and head into it.
 *
 * @param features in the Kronecker basis
 * @param head in the Kronecker basis
 */
record KroneckerBasisFinder(
    KroneckerBasis basis, Tensor features, HeadTensors head, MeanEigenvalue unit) {

  static KroneckerBasisFinder find(
      Backend backend,
      HeadModel model,
      Tensor weights,
      ProblemOptions options,
      MemoryBudget memory,
      Arena arena) {
    LossSpec spec = model.loss().spec();
    boolean rotate = options.rotate() && spec.isCosineSoftmax();
    KroneckerBasis upright =
        new KroneckerBasis(backend, options.dtype(), options.theta().hasBias(), null, null);
    checkMemory(model, upright, options, rotate, memory);
    Tensor given = model.training().features();
    if (!rotate) {
      Tensor features = upright.features(given, arena);
      HeadTensors head = upright.head(model.head(), arena);
      try (Backend.Curvature curvature = at(backend, model, weights, features, head)) {
        MeanEigenvalue unit =
            spec.isCosineSoftmax()
                ? MeanEigenvalue.exact(traces(backend, curvature, features, head).mean())
                : spec.decomposes()
                    ? MeanEigenvalue.exact(fisherMean(backend, curvature, weights, features, head))
                    : MeanEigenvalue.estimated(backend, curvature, head);
        return new KroneckerBasisFinder(upright, features, head, unit);
      }
    }
    try (Arena scratch = new Arena(backend.memory())) {
      Tensor features = upright.features(given, scratch);
      HeadTensors head = upright.head(model.head(), scratch);
      Tensor phi = arena.allocate(options.dtype(), features.dim(1), features.dim(1));
      Tensor u = arena.allocate(options.dtype(), head.weight().dim(0), head.weight().dim(0));
      Factors factors;
      try (Backend.Curvature curvature = at(backend, model, weights, features, head)) {
        factors = factors(curvature, phi, u);
      }
      backend.symmetricEigen(phi, scratch.allocate(options.dtype(), phi.dim(0)));
      backend.symmetricEigen(u, scratch.allocate(options.dtype(), u.dim(0)));
      KroneckerBasis basis = upright.rotated(phi, u);
      return new KroneckerBasisFinder(
          basis,
          basis.features(given, arena),
          basis.head(model.head(), arena),
          MeanEigenvalue.exact(factors.mean()));
    }
  }

  private static void checkMemory(
      HeadModel model,
      KroneckerBasis upright,
      ProblemOptions options,
      boolean rotate,
      MemoryBudget memory) {
    long width = model.training().width() + (upright.folded() ? 1 : 0);
    long copy = Math.multiplyExact(model.samples() * width, (long) options.dtype().bytes());
    boolean copied = upright.copies(model.training().features());
    long needed =
        (copied ? copy : 0) + (rotate ? copy + 2 * width * width * options.dtype().bytes() : 0);
    memory.check(
        rotate ? "rotating the features" : "copying the features",
        needed,
        rotate
            ? "allow more, or solve without rotation and EK-FAC"
            : "allow more, or give float32 features and theta W");
  }

  private static Backend.Curvature at(
      Backend backend, HeadModel model, Tensor weights, Tensor features, HeadTensors head) {
    return model.loss(backend, features, weights).curvature(head);
  }

  /** Traces of the Kronecker factors. */
  private record Factors(double featureTrace, double outputTrace, long parameters) {
    double mean() {
      return featureTrace * outputTrace / parameters;
    }
  }

  private static Factors traces(
      Backend backend, Backend.Curvature curvature, Tensor features, HeadTensors head) {
    try (Arena scratch = new Arena(backend.memory())) {
      long wide = features.dim(1);
      long d = head.weight().dim(0);
      return factors(
          curvature,
          scratch.allocate(features.dtype(), wide, wide),
          scratch.allocate(features.dtype(), d, d));
    }
  }

  private static Factors factors(
      Backend.Curvature curvature, Tensor featureFactor, Tensor outputFactor) {
    curvature.factors(featureFactor, outputFactor);
    return new Factors(
        trace(featureFactor), trace(outputFactor), featureFactor.dim(0) * outputFactor.dim(0));
  }

  private static double trace(Tensor matrix) {
    double sum = 0;
    for (long i = 0; i < matrix.dim(0); i++) {
      sum += matrix.at(i * (matrix.dim(0) + 1));
    }
    return sum;
  }

  /** (1/N) sum_i w_i |g_i|^2 |x_i|^2 / (d D): the trace of the empirical Fisher matrix. */
  private static double fisherMean(
      Backend backend,
      Backend.Curvature curvature,
      Tensor weights,
      Tensor features,
      HeadTensors head) {
    try (Arena scratch = new Arena(backend.memory())) {
      long n = features.dim(0);
      Tensor gradients = scratch.allocate(features.dtype(), n, head.weight().dim(0));
      curvature.sampleGradients(null, gradients);
      double[] outputs = backend.dots(gradients, gradients);
      double[] inputs = backend.dots(features, features);
      double[] w = weights == null ? null : weights.toDoubles();
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += (w == null ? 1 : w[i]) * outputs[i] * inputs[i];
      }
      return sum / n / head.weight().size();
    }
  }
}
