package io.vicinal.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BlameSectionsTest {
  @Test
  void aMeasurementThatGoesTheOtherWayVerifiesNothing() {
    assertThat(BlameSections.measured(0.3, 0.2)).isEqualTo(Badge.VERIFIED);
    assertThat(BlameSections.measured(-0.3, -0.01)).isEqualTo(Badge.VERIFIED);
    assertThat(BlameSections.measured(0.3, -0.2)).isEqualTo(Badge.UNSTABLE);
    assertThat(BlameSections.measured(0.3, 0)).isEqualTo(Badge.UNSTABLE);
  }
}
