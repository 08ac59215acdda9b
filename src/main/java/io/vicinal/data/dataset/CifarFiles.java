package io.vicinal.data.dataset;

import io.vicinal.data.CsvReader;
import io.vicinal.data.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** CIFAR's binary files: 32 x 32 pixels of three colours after a byte or two of labels. */
final class CifarFiles {
  private static final int SIDE = 32;
  private static final int COLOURS = 3;

  private CifarFiles() {}

  /**
   * Reads labels; pictures stay where they are.
   *
   * @param train names of files
   * @param names of the classes: a file with one a line
   * @param above likewise of the super-classes, whose label then comes first; null for none
   */
  static void read(
      Path path, List<String> train, String test, String names, String above, DatasetBuilder into) {
    into.published(Dataset.TRAIN, 50_000);
    into.published(Dataset.TEST, 10_000);
    List<String> classes = names(path.resolve(names));
    List<String> superClasses = above == null ? List.of() : names(path.resolve(above));
    classes.forEach(into::classOf);
    Map<Path, String> files = new LinkedHashMap<>();
    train.forEach(name -> files.put(path.resolve(name), Dataset.TRAIN));
    files.put(path.resolve(test), Dataset.TEST);
    List<Path> found = new ArrayList<>();
    List<Integer> firsts = new ArrayList<>();
    int[] count = {0};
    int labels = above == null ? 1 : 2;
    int bytes = labels + SIDE * SIDE * COLOURS;
    files.forEach(
        (file, split) -> {
          if (!Files.exists(file)) {
            into.bad(file, "does not exist");
            return;
          }
          found.add(file);
          firsts.add(count[0]);
          try (InputFile in = InputFile.open(file)) {
            if (in.size() == 0 || in.size() % bytes != 0) {
              throw in.problem(
                  "has " + in.size() + " bytes, no whole records of " + bytes,
                  "unpack it again: it is damaged, or no binary version");
            }
            byte[] record = new byte[bytes];
            for (int i = 0; i < in.size() / bytes; i++) {
              in.readFully(record, bytes);
              int label = record[labels - 1] & 0xff;
              int higher = record[0] & 0xff;
              if (label >= classes.size() || above != null && higher >= superClasses.size()) {
                throw in.problem("has the label " + label + " in record " + i, "unpack it again");
              }
              into.add(file.getFileName() + "[" + i + "]", label, split);
              if (above != null) {
                into.superClass(superClasses.get(higher));
              }
              count[0]++;
            }
          }
        });
    int[] starts = firsts.stream().mapToInt(first -> first).toArray();
    into.pixels(new RecordPixels(found, starts, labels, SIDE, SIDE, COLOURS));
  }

  private static List<String> names(Path file) {
    List<String> names = new ArrayList<>();
    try (CsvReader.Lines lines = new CsvReader.Lines(InputFile.open(file))) {
      for (String line = lines.next(); line != null; line = lines.next()) {
        if (!line.isBlank()) {
          names.add(line.strip());
        }
      }
    }
    return names;
  }
}
