package io.vicinal;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What bad input meets: an {@link InputException} of one line. */
public final class Refusal {
  private Refusal() {}

  /** Checks that a call is refused, and that all these words are said. */
  public static AbstractThrowableAssert<?, ?> refused(ThrowingCallable call, String... words) {
    AbstractThrowableAssert<?, ?> refusal =
        assertThatThrownBy(call).isInstanceOf(InputException.class).hasMessageNotContaining("\n");
    for (String some : words) {
      refusal.hasMessageContaining(some);
    }
    return refusal;
  }

  /** Checks that a call is refused by a line that names the place first. */
  public static void refusedAt(ThrowingCallable call, String place) {
    refused(call).hasMessageStartingWith(place);
  }
}
