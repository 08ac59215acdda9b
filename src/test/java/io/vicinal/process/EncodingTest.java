package io.vicinal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What is said where the locale loses names. */
class EncodingTest {
  private static final String PROPERTY = "sun.jnu.encoding";

  private static String said(String encoding, String argument) {
    String before = System.getProperty(PROPERTY);
    PrintStream err = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setProperty(PROPERTY, encoding);
      System.setErr(out);
      Encoding.check("plain", argument);
      return bytes.toString(StandardCharsets.UTF_8) + Encoding.advice(argument);
    } finally {
      System.setErr(err);
      System.setProperty(PROPERTY, before);
    }
  }

  @Test
  void lostNamesAreSaidWithTheRemedy() {
    assertThat(said("ANSI_X3.4-1968", "gr\ufffd\ufffde.npy"))
        .startsWith("vicinal: the locale knows ASCII names only")
        .contains(": the locale knows ASCII names only; set LC_ALL=C.UTF-8");
    assertThat(said("ANSI_X3.4-1968", "plain.npy")).isEmpty();
    assertThat(said("UTF-8", "gr\u00f6\u00dfe.npy")).isEmpty();
    assertThat(said("UTF-8", "gr\ufffde.npy"))
        .endsWith("is not in UTF-8, and Java cannot find it; rename it");
  }
}
