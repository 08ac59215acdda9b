package io.vicinal.sample;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How batches are drawn: what a configuration's {@code sampler} names. Implementations are records
 * whose components are the parameters ({@link io.vicinal.loss.tuple.Standard}), with {@link Facts}
 * about them. Of the components {@code batch} is the samples of a batch, {@code classes} and {@code
 * samples} its classes and the samples of each; a run lowers those that nobody gave to what its
 * data can fill.
 *
 * <p>Immutable, so safe for any thread; the {@link Sampler} that it makes is not.
 */
public interface Sampling {
  /** What everybody may know of a sampler. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface Facts {
    /** As users call it: lower case with hyphens. */
    String name();

    /** One line of plain text. */
    String rule();

    /** Who published it where; empty for what needs no source. */
    String source() default "";

    /** What it looks at beside the samples' ids. */
    Need[] needs() default {};
  }

  /** What a sampler may look at. */
  enum Need {
    /** The classes of the samples. */
    LABELS("labels"),
    /** The embeddings as the model has them when a batch is drawn. */
    EMBEDDINGS("current embeddings"),
    /** A number for each sample. */
    WEIGHTS("file=[N], a weight of each sample, 0 or more"),
    /** Classes of classes. */
    SUPER_CLASSES("file=[N], the super-class of each sample"),
    /** Batches that somebody made. */
    BATCHES("file=[m, B] of whole numbers, the sample ids of each batch, -1 for none");

    private final String words;

    Need(String words) {
      this.words = words;
    }

    /** As a list says it. */
    public String words() {
      return words;
    }

    /** Whether it comes from {@code sampler.file}. */
    public boolean isFile() {
      return words.startsWith("file=");
    }
  }

  /** What of these samples makes batches smaller than asked for, a sentence; null for nothing. */
  default String remark(Population samples) {
    return null;
  }

  /**
   * A sampler of these samples, at the start of the stream that belongs to the seed.
   *
   * @throws io.vicinal.InputException when the data cannot fill such batches
   */
  Sampler over(Population samples, long seed);
}
