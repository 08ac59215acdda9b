package io.vicinal.backend;

import io.vicinal.InputException;
import io.vicinal.backend.jni.Vicinal;

/**
 * A loss as the native library takes it: {@code vicinal_loss} of {@code vicinal.h}, field by field.
 * Users name losses through {@code io.vicinal.loss}; parameters that a kind does not have are
 * ignored. A value, safe for any thread.
 *
 * @param kind one of {@link #PROXY_NCA} .. {@link #ARCFACE}
 * @param flags a sum of {@link #EXCLUDE_POSITIVE} .. {@link #DETACH_PROXIES}
 * @param centers K, proxies per class; 1 for every kind but {@link #SOFT_TRIPLE}
 * @param scale scale, alpha, la or temperature, by kind
 * @param margin margin; in degrees for {@link #ARCFACE}
 * @param gamma centre softmax temperature of {@link #SOFT_TRIPLE}
 * @param tau weight of the centre regulariser of {@link #SOFT_TRIPLE}; 0 switches it off
 */
public record LossSpec(
    int kind, int flags, int centers, double scale, double margin, double gamma, double tau) {
  /** Softmax over squared distances of unit vectors. */
  public static final int PROXY_NCA = 1;

  /** The same with the scale on the vectors. */
  public static final int PROXY_NCA_PP = 2;

  /** A log-sum-exp over samples per proxy. */
  public static final int PROXY_ANCHOR = 3;

  /** Softmax over soft maxima of each class's centres. */
  public static final int SOFT_TRIPLE = 4;

  /** Softmax over cosines. */
  public static final int NORMALIZED_SOFTMAX = 5;

  /** Softmax over cosines with an additive margin. */
  public static final int COSFACE = 6;

  /** Softmax over cosines with an angular margin. */
  public static final int ARCFACE = 7;

  /** The denominator leaves the label's proxy out. */
  public static final int EXCLUDE_POSITIVE = 1;

  /** {@link #PROXY_ANCHOR} mode "nca": reduce over proxies per sample. */
  public static final int PER_SAMPLE_AXIS = 2;

  /** {@link #PROXY_ANCHOR}: present classes count as often as the batch has them. */
  public static final int REPEAT_LABELS = 4;

  /** {@link #PROXY_ANCHOR}: distances in place of cosines. */
  public static final int EUCLIDEAN = 8;

  /** {@link #PROXY_ANCHOR}: proxies are constants. */
  public static final int DETACH_PROXIES = 16;

  /**
   * Whether the batch's loss is a (weighted) mean of per-sample terms, a centre regulariser aside.
   *
   * @throws InputException if the native library refuses the loss, as for its siblings
   */
  public boolean decomposes() {
    return has(Vicinal.VICINAL_DECOMPOSES);
  }

  /**
   * Whether the loss is a cross-entropy over scaled cosines, a margin on the label's logit aside:
   * ProxyNCA, ProxyNCA++ (label in the denominator), SoftTriple with one centre, NormalizedSoftmax,
   * CosFace. These have the closed forms of {@link CurvatureKind#GAUSS_NEWTON}.
   */
  public boolean isCosineSoftmax() {
    return has(Vicinal.VICINAL_SOFTMAX);
  }

  /** Whether a row of class weights may take the place of a label. */
  public boolean acceptsSoftLabels() {
    return has(Vicinal.VICINAL_SOFT_LABELS);
  }

  private boolean has(int trait) {
    return (LossList.traits(this) & trait) != 0;
  }
}
