package io.vicinal.backend;

/**
 * A loss over a batch.
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param loss (1/B) sum of w_i L_i, plus SoftTriple's regulariser; ProxyAnchor's own sum over
 *     proxies
 * @param empty samples whose denominator is empty and whose loss is therefore 0
 */
public record LossValue(double loss, long empty) {}
