package io.vicinal.influence.solve;

/**
 * Hears how far a long computation is. Called on the computing thread, after every step; it should
 * return quickly and must not throw.
 */
@FunctionalInterface
public interface Progress {
  /** Hears nothing. */
  Progress NONE = (stage, done, total, products, residual) -> {};

  /**
   * One step was done.
   *
   * @param stage what is being done, a few words
   * @param done right-hand sides or steps that are finished
   * @param total how many there are, or 0 if that is not known
   * @param products Hessian-vector products so far, in this stage
   * @param residual the largest of the relative residuals or the gradient norm, or NaN
   */
  void at(String stage, long done, long total, long products, double residual);
}
