package io.vicinal.nn;

/**
 * How proxies start. The losses normalise them, so their length only sets how fast they turn.
 * Immutable.
 */
public enum ProxyStart {
  /** N(0, 1) / 8, as ProxyNCA++. */
  NORMAL,
  /** N(0, 2 / (C K)): Kaiming's normal with fan-out, as ProxyAnchor and SoftTriple. */
  KAIMING;

  /** Standard deviation for a matrix of {@code rows} proxies. */
  double deviation(long rows) {
    return this == NORMAL ? 0.125 : Math.sqrt(2.0 / rows);
  }
}
