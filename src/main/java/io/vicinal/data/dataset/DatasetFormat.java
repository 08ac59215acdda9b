package io.vicinal.data.dataset;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Path;

/**
 * How a dataset lies on the disk: a record with {@link Facts}, whose components are its parameters.
 */
public interface DatasetFormat {
  /** What {@code vicinal list datasets} says. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.TYPE)
  @interface Facts {
    /** As users name it. */
    String name();

    /** Which files it has, and where the splits come from. */
    String layout();

    /** Whose format or data it is; may be empty. */
    String source() default "";
  }

  /** Whether a path looks like this format: a look at names, no reading. */
  boolean matches(Path path);

  /**
   * Reads what there is.
   *
   * @param path a folder, or a file for tables
   * @param into receives the samples, and what is wrong with some
   * @throws io.vicinal.InputException if a list is missing or is no list
   */
  void read(Path path, DatasetBuilder into);
}
