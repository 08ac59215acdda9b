package io.vicinal.kit;

import io.vicinal.loss.ArcFace;
import io.vicinal.loss.CosFace;
import io.vicinal.loss.Loss;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.loss.ProxyNca;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.loss.SoftTriple;
import java.util.List;

/**
 * A loss with its switches and what its targets have. A value, safe for any thread.
 *
 * @param name for the line
 * @param loss the loss
 * @param weights whether samples have weights
 * @param soft whether labels are rows of class weights
 */
record Variant(String name, Loss loss, boolean weights, boolean soft) {
  private static Variant of(String name, Loss loss) {
    return new Variant(name, loss, false, false);
  }

  private Variant weighted() {
    return new Variant(name + " weighted", loss, true, soft);
  }

  private Variant softened() {
    return new Variant(name + " soft", loss, true, true);
  }

  private static Variant anchor(
      String name, boolean perSample, boolean repeat, boolean euclidean, boolean detach) {
    // Distances lie in 0..2: at 32, one sample would take all of every sum, and its score cancel.
    double alpha = euclidean ? 4 : 32;
    return of(
        "proxy-anchor" + name, new ProxyAnchor(0.1, alpha, perSample, repeat, euclidean, detach));
  }

  /** Every loss with every switch. */
  static List<Variant> all() {
    Variant nca = of("proxy-nca", new ProxyNca(4, false));
    Variant ncaPp = of("proxy-nca-pp", new ProxyNcaPlusPlus(3, false));
    Variant softmax = of("normalized-softmax", new NormalizedSoftmax(0.05));
    Variant anchor = anchor("", false, false, false, false);
    return List.of(
        nca,
        nca.softened(),
        of("proxy-nca exclude-positive", new ProxyNca(4, true)).weighted(),
        ncaPp,
        ncaPp.weighted(),
        ncaPp.softened(),
        of("proxy-nca-pp exclude-positive", new ProxyNcaPlusPlus(3, true)),
        anchor,
        anchor.weighted(),
        anchor(" repeat-labels", false, true, false, false),
        anchor(" euclidean", false, false, true, false),
        anchor(" detach", false, false, false, true),
        anchor(" repeat-labels euclidean detach", false, true, true, true),
        anchor(" per-sample", true, false, false, false).weighted(),
        anchor(" per-sample euclidean detach", true, false, true, true),
        of("soft-triple K=1", new SoftTriple(20, 0.1, 0.01, 0, 1)),
        of("soft-triple K=3 regularised", new SoftTriple(20, 0.1, 0.01, 0.2, 3)),
        of("soft-triple K=10", new SoftTriple(20, 0.1, 0.01, 0, 10)).weighted(),
        softmax,
        softmax.softened(),
        of("cosface", new CosFace(0.35, 64)),
        of("arcface", new ArcFace(28.6, 64)).weighted());
  }
}
