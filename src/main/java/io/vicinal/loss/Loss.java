package io.vicinal.loss;

import io.vicinal.backend.LossSpec;
import java.util.Map;

/**
 * A loss of embeddings against proxies: a name, parameters, a formula. Implementations are values,
 * safe for any thread.
 *
 * <p>In formulas z is an embedding, p_c a proxy, ^ marks division by the Euclidean norm, y is a
 * sample's class, B the batch size, C the number of classes, and LSE+ is log(1 + sum exp).
 */
public interface Loss {
  /** The name that configurations and the command line use. */
  String name();

  /** Every parameter by its external name, in a fixed order: Double, Integer, Boolean or String. */
  Map<String, Object> params();

  /** The same for the native library, made anew: whoever calls it again and again keeps it. */
  default LossSpec spec() {
    return Settings.spec(this);
  }

  /** K: proxies per class. The proxy matrix has C*K rows. */
  default int centers() {
    return 1;
  }

  /** Whether the scalar is a weighted mean of per-sample values, a regulariser aside. */
  default boolean decomposes() {
    return spec().decomposes();
  }

  /** Whether a row of class weights may take the place of a label. */
  default boolean acceptsSoftLabels() {
    return spec().acceptsSoftLabels();
  }

  /** The formula in one line of plain text. */
  String formula();

  /** Who published it where. */
  String source();
}
