package io.vicinal.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.cli.common.Text;
import io.vicinal.data.Names;
import io.vicinal.influence.verify.Stability;
import io.vicinal.influence.verify.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How numbers and names are printed beside badges. */
class BadgesTest {
  /** A number beside "off by more than a quarter" is not 0.250. */
  @Test
  void numbersAgreeWithTheWordsBesideThem() {
    assertThat(Text.short3(Badges.upwards(Verdict.SIZE_ERROR + 1e-6))).isEqualTo("0.251");
    assertThat(Text.short3(Badges.upwards(Verdict.SIZE_ERROR))).isEqualTo("0.250");
    assertThat(Text.short3(-Badges.upwards(-Stability.STABLE + 1e-6))).isEqualTo("0.899");
    assertThat(Text.short3(-Badges.upwards(-Stability.STABLE))).isEqualTo("0.900");
    assertThat(Text.short3(Badges.upwards(Double.NaN))).isEqualTo("-");
  }

  @Test
  void aNameWithACommaStandsInQuotes() {
    assertThat(Names.listed(List.of("cat", "dog, small"))).isEqualTo("cat, 'dog, small'");
  }
}
