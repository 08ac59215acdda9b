package io.vicinal.loss.tuple;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A parameter of a loss, on a component of its record: a double, int or boolean, or a String with
 * choices. Users know it by the component's name with hyphens, {@code posMargin} as {@code
 * pos-margin}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Standard {
  /** The default, as text. */
  String value();

  /** The smallest number that is allowed. */
  double least() default -Double.MAX_VALUE;

  /** The largest number that is allowed. */
  double most() default Double.MAX_VALUE;

  /** Of a String: all that it can be. */
  String[] choices() default {};
}
