package io.vicinal.config;

import java.nio.file.Path;
import java.util.Set;

/**
 * Where values came from: a file, and the key paths that {@code --set} replaced.
 *
 * @param file the file's name in errors
 * @param folder what the file's relative paths start from
 * @param overrides key paths given on the command line; their paths start from the working
 *     directory
 */
record Source(String file, Path folder, Set<String> overrides) {

  /** What errors about this key name first. */
  String nameOf(String keyPath) {
    return overridden(keyPath) ? "--set" : file;
  }

  Path baseOf(String keyPath) {
    return overridden(keyPath) ? Path.of("").toAbsolutePath() : folder;
  }

  private boolean overridden(String keyPath) {
    return overrides.stream().anyMatch(o -> keyPath.equals(o) || keyPath.startsWith(o + "."));
  }
}
