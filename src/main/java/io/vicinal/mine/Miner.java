package io.vicinal.mine;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Which tuples of a batch a loss sees. Implementations are records whose components are the
 * parameters ({@link io.vicinal.loss.tuple.Standard}), with {@link Facts} about them. Most look at
 * one anchor after the other: {@link AnchorMiner}.
 */
public interface Miner {
  /** What everybody may know of a miner. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface Facts {
    /** As users call it: the paper's name in lower case with hyphens. */
    String name();

    /** One line of plain text; D are distances, s inner products, m is a margin. */
    String rule();

    /** Who published it where. */
    String source();

    /** The shape of what it finds. */
    Tuples yields() default Tuples.TRIPLETS;
  }

  /**
   * Looks through a batch. Anchors are its samples, 0 to {@link Candidates#size()} - 1; all others
   * may be remembered.
   *
   * @param in the batch
   * @param draws where everything random comes from
   * @param out takes the tuples, and counts the anchors that have none
   */
  void mine(Candidates in, Draws draws, Mined out);
}
