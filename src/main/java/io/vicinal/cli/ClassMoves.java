package io.vicinal.cli;

import io.vicinal.InputException;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.Text;
import io.vicinal.data.FeatureFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which pictures would be in the folder of another class. Moves none. For one thread. */
final class ClassMoves {
  private final Path labels;
  private final FeatureFolder samples;
  private final Set<Path> taken = new HashSet<>();

  private ClassMoves(Path labels, FeatureFolder samples) {
    this.labels = labels;
    this.samples = samples;
  }

  /**
   * @param moved where the pictures are now, or null where they were
   * @throws InputException if these are no labels of files in folders
   */
  static ClassMoves of(Path labels, Path moved) {
    FeatureFolder samples = FeatureFolder.of(labels);
    if (samples == null || !samples.hasFiles()) {
      throw new InputException(
          "--moves: needs a folder of 'features' of picture files as --labels; "
              + labels
              + " is none");
    }
    return new ClassMoves(labels, samples.moved(moved));
  }

  /** A row per picture whose label changes: where it is, and where it would be. */
  CsvFile csv(List<String> before, List<String> after) {
    CsvFile csv = new CsvFile("from", "to");
    for (int i = 0; i < before.size(); i++) {
      if (!before.get(i).equals(after.get(i))) {
        csv.row(samples.file(i).toAbsolutePath(), to(i, before.get(i), after.get(i)));
      }
    }
    return csv;
  }

  private Path to(int sample, String before, String after) {
    Path name = Path.of(samples.name(sample));
    Path file = samples.file(sample).toAbsolutePath();
    for (int part = first(name, before); part < name.getNameCount() - 1; part++) {
      if (name.getName(part).toString().equals(before)) {
        if (after.indexOf('/') >= 0
            || after.indexOf('\0') >= 0
            || after.isBlank()
            || after.equals(".")
            || after.equals("..")) {
          throw Text.wrong("--moves: class '%s' can be no folder; name it otherwise", after);
        }
        Path at = file;
        for (int up = part; up < name.getNameCount(); up++) {
          at = at.getParent();
        }
        return free(at.resolve(after).resolve(name.subpath(part + 1, name.getNameCount())));
      }
    }
    throw Text.wrong(
        "--moves: '%s' is in no folder called '%s', as its label in %s is; leave --moves out",
        name, before, labels);
  }

  /** A split may be called as a class in it: test/test/1.png. */
  private int first(Path name, String before) {
    return samples.splits().size() > 1
            && name.getNameCount() > 2
            && name.getName(1).toString().equals(before)
        ? 1
        : 0;
  }

  /** A name that no other picture has, there or among those that move. */
  private Path free(Path wanted) {
    String name = wanted.getFileName().toString();
    int dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length();
    Path to = wanted;
    for (int number = 1; Files.exists(to) || !taken.add(to); number++) {
      to = wanted.resolveSibling(name.substring(0, dot) + "-" + number + name.substring(dot));
    }
    return to;
  }
}
