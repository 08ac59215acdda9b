package io.vicinal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of this build, as the project's pom states it. Immutable, so safe for any thread. */
public final class Version {
  private static final String TEXT = read();

  private Version() {}

  /** For example {@code 0.1.0}. */
  public static String text() {
    return TEXT;
  }

  private static String read() {
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException("the version resource of this build cannot be read", e);
    }
  }
}
