package io.vicinal.data;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A path that may name an array or columns in a file: {@code FILE:NAME}. Immutable.
 *
 * @param file which is read
 * @param part what is asked of it; null for all, or its only array
 */
public record ArrayPath(Path file, String part) {
  /** An existing file is itself, whatever colons its name has. */
  public static ArrayPath of(Path path) {
    String text = path.toString();
    int colon = Files.exists(path) ? -1 : text.lastIndexOf(':');
    for (; colon > 0; colon = text.lastIndexOf(':', colon - 1)) {
      Path file = Path.of(text.substring(0, colon));
      if (Files.exists(file)) {
        return new ArrayPath(file, text.substring(colon + 1));
      }
    }
    return new ArrayPath(path, null);
  }
}
