package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;

/**
 * A loss of a batch's embeddings against each other. Implementations are records whose components
 * are the parameters ({@link Standard}), with {@link Facts} about them; registered, they are known
 * to the command line, checked in value, gradient and Hessian-vector product, and benchmarked.
 *
 * <p>Formulas: x are embeddings as they are given, a, p, n an anchor, a positive (another sample of
 * its class) and a negative, d the Euclidean distance, s the inner product, [.]+ = max(., 0), LSE+
 * = log(1 + sum exp). The mean of an empty set is 0.
 */
public interface TupleLoss {
  /** What everybody may know of a loss. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface Facts {
    /** As users call it: the paper's name in lower case with hyphens. */
    String name();

    /** One line of plain text. */
    String formula();

    /** Who published it where. */
    String source();

    /** Which tuples a miner may hand it, none if it takes the whole batch only. */
    Tuples[] tuples() default {};

    /**
     * Whether its formula holds only where all are compared with all, because it transposes what is
     * [B, B], say; then it takes no memory. Of those in this package none is so: {@link
     * Batch#across} and {@link Batch#between} are there for it.
     */
    boolean square() default false;
  }

  /** The shape of mined tuples. */
  enum Tuples {
    /** (anchor, other) with a sign: 1 for a positive. */
    PAIRS,
    /** (anchor, positive, negative). */
    TRIPLETS,
    /** (anchor, positive, negative, one more negative). */
    QUADRUPLETS,
    /** Each anchor's set of positives and set of negatives: all pairs of the batch, masked. */
    SETS
  }

  /** The loss of a batch: real, of rank 0. */
  Expr value(Batch in);

  /**
   * The parameters that it learns, by name, with the names of their sizes; mostly none. A loss that
   * can do without {@code NAME} has a switch {@code learn-NAME}, which is on where one is given.
   */
  default List<LearnedParameter> learned() {
    return List.of();
  }

  /**
   * Arrays that it is given beside the embeddings and does not learn; mostly none. Training has one
   * kind: {@code keys} [B, d] of a momentum copy of the head, with a {@code queue} [K, d] of them.
   */
  default List<LearnedParameter> given() {
    return List.of();
  }

  /**
   * A parameter that a loss learns, or an array that it is given.
   *
   * @param name as in {@code --parameter NAME=FILE}
   * @param sizes of its axes: "C" classes, "B" samples, "d" the embeddings' width, a number, or a
   *     name of its own
   */
  record LearnedParameter(String name, List<String> sizes) {}
}
