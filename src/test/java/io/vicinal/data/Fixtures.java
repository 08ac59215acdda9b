package io.vicinal.data;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Small files that numpy and safetensors wrote (see {@code arrays/make.py}). */
final class Fixtures {
  private Fixtures() {}

  static Path file(String name) {
    try {
      return Path.of(Fixtures.class.getResource("/arrays/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(file(name));
  }

  /** What {@code m} is in {@code make.py}, row by row. */
  static double[] matrix() {
    double[] values = new double[12];
    for (int i = 0; i < 12; i++) {
      values[i] = (i - 5) / 8.0;
    }
    return values;
  }
}
