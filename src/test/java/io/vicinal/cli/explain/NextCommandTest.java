package io.vicinal.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class NextCommandTest {
  /**
   * Advice must not lead to a refusal: a folder of the longest name gets a shorter one beside it.
   */
  @Test
  void whatIsAppendedFits() {
    assertThat(NextCommand.fitting("out")).isEqualTo("out");
    for (String letter : new String[] {"x", "\u00fc", "\ud83d\ude00"}) {
      String name = letter.repeat(255 / letter.getBytes(StandardCharsets.UTF_8).length);
      String next = NextCommand.fitting(name) + "-verified";
      assertThat(next.getBytes(StandardCharsets.UTF_8).length).isBetween(250, 255);
      assertThat(name).startsWith(NextCommand.fitting(name));
    }
  }
}
