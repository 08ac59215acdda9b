package io.vicinal.kit;

import io.vicinal.backend.LossSpec;
import java.util.List;

/**
 * A loss with its switches and what its targets have. A value, safe for any thread.
 *
 * @param name for the line
 * @param spec the loss
 * @param weights whether samples have weights
 * @param soft whether labels are rows of class weights
 */
record Variant(String name, LossSpec spec, boolean weights, boolean soft) {
  private static Variant of(
      String name, int kind, int flags, int centers, double scale, double margin, double tau) {
    return new Variant(
        name, new LossSpec(kind, flags, centers, scale, margin, 0.1, tau), false, false);
  }

  private Variant weighted() {
    return new Variant(name + " weighted", spec, true, soft);
  }

  private Variant softened() {
    return new Variant(name + " soft", spec, true, true);
  }

  private static Variant anchor(String name, int flags) {
    // Distances lie in 0..2: at 32, one sample would take all of every sum, and its score cancel.
    double alpha = (flags & LossSpec.EUCLIDEAN) == 0 ? 32 : 4;
    return of("proxy-anchor" + name, LossSpec.PROXY_ANCHOR, flags, 1, alpha, 0.1, 0);
  }

  /** Every loss with every switch. */
  static List<Variant> all() {
    Variant nca = of("proxy-nca", LossSpec.PROXY_NCA, 0, 1, 4, 0, 0);
    Variant ncaPp = of("proxy-nca-pp", LossSpec.PROXY_NCA_PP, 0, 1, 3, 0, 0);
    Variant softmax = of("normalized-softmax", LossSpec.NORMALIZED_SOFTMAX, 0, 1, 0.05, 0, 0);
    Variant triple = of("soft-triple K=10", LossSpec.SOFT_TRIPLE, 0, 10, 20, 0.01, 0);
    int exclude = LossSpec.EXCLUDE_POSITIVE;
    int axis = LossSpec.PER_SAMPLE_AXIS;
    int repeat = LossSpec.REPEAT_LABELS;
    int euclidean = LossSpec.EUCLIDEAN;
    int detach = LossSpec.DETACH_PROXIES;
    return List.of(
        nca,
        nca.softened(),
        of("proxy-nca exclude-positive", LossSpec.PROXY_NCA, exclude, 1, 4, 0, 0).weighted(),
        ncaPp,
        ncaPp.weighted(),
        ncaPp.softened(),
        of("proxy-nca-pp exclude-positive", LossSpec.PROXY_NCA_PP, exclude, 1, 3, 0, 0),
        anchor("", 0),
        anchor("", 0).weighted(),
        anchor(" repeat-labels", repeat),
        anchor(" euclidean", euclidean),
        anchor(" detach", detach),
        anchor(" repeat-labels euclidean detach", repeat | euclidean | detach),
        anchor(" per-sample", axis).weighted(),
        anchor(" per-sample euclidean detach", axis | euclidean | detach),
        of("soft-triple K=1", LossSpec.SOFT_TRIPLE, 0, 1, 20, 0.01, 0),
        of("soft-triple K=3 regularised", LossSpec.SOFT_TRIPLE, 0, 3, 20, 0.01, 0.2),
        triple.weighted(),
        softmax,
        softmax.softened(),
        of("cosface", LossSpec.COSFACE, 0, 1, 64, 0.35, 0),
        of("arcface", LossSpec.ARCFACE, 0, 1, 64, 28.6, 0).weighted());
  }
}
