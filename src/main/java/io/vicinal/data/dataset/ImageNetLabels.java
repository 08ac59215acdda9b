package io.vicinal.data.dataset;

import io.vicinal.data.CsvReader;
import io.vicinal.data.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The synsets of ImageNet's validation pictures, which come without folders: from the development
 * kit's ground truth, or from the list of Kaggle's archive. Immutable.
 */
final class ImageNetLabels {
  private static final String TRUTH = "ILSVRC2012_validation_ground_truth.txt";
  private static final String SYNSETS = "meta.mat";
  private static final String SOLUTION = "LOC_val_solution.csv";

  /** What to do where nothing is found. */
  static final String REMEDY =
      "their labels are not there: unpack the development kit (ILSVRC2012_devkit_t12) or put "
          + SOLUTION
          + " beside the splits, or sort the pictures into folders of synsets";

  private final Map<String, String> synsets;

  private ImageNetLabels(Map<String, String> synsets) {
    this.synsets = synsets;
  }

  /** Of the first list that is in one of the folders, or in a development kit there. */
  static ImageNetLabels find(Path... folders) {
    List<Path> places = new ArrayList<>();
    for (Path folder : folders) {
      places.addAll(
          Stream.of("", "data", "ILSVRC2012_devkit_t12", "ILSVRC2012_devkit_t12/data")
              .map(folder::resolve)
              .toList());
    }
    for (Path place : places) {
      if (Files.isRegularFile(place.resolve(SOLUTION))) {
        return new ImageNetLabels(solution(place.resolve(SOLUTION)));
      }
      if (Files.isRegularFile(place.resolve(TRUTH))) {
        return new ImageNetLabels(truth(place.resolve(TRUTH), place.resolve(SYNSETS)));
      }
    }
    return new ImageNetLabels(Map.of());
  }

  /** Whether there is a list. */
  boolean known() {
    return !synsets.isEmpty();
  }

  /** The synset of a picture by its name, or null. */
  String of(String image) {
    String name = image.substring(image.lastIndexOf('/') + 1);
    return synsets.get(name.substring(0, name.lastIndexOf('.')));
  }

  /** {@code ImageId,PredictionString}: the synset, then its box, perhaps more of both. */
  private static Map<String, String> solution(Path file) {
    Map<String, String> all = new HashMap<>();
    try (CsvReader in = new CsvReader(file, false)) {
      in.next(); // names of columns
      for (List<String> row = in.next(); row != null; row = in.next()) {
        String synset = row.size() < 2 ? "" : row.get(1).split(" ", 2)[0];
        if (!synset.matches("n[0-9]{8}")) {
          throw InputFile.problem(
              file, "line " + in.line() + " has no synset", "download the list again");
        }
        all.put(row.get(0), synset);
      }
    }
    return all;
  }

  /** A line a picture with its class from 1 on, which the other file knows by its synset. */
  private static Map<String, String> truth(Path file, Path synsets) {
    MatlabFile mat = MatlabFile.open(synsets);
    Map<Integer, String> names = new HashMap<>();
    for (int i = 0; i < mat.rows("synsets"); i++) {
      names.put((int) mat.number("synsets", "ILSVRC2012_ID", i), mat.text("synsets", "WNID", i));
    }
    Map<String, String> all = new HashMap<>();
    try (ListFile list = new ListFile(file)) {
      for (List<String> row = list.next(1); row != null; row = list.next(1)) {
        String synset = names.get(list.number(row.get(0)));
        if (synset == null) {
          throw InputFile.problem(
              file,
              list.at() + " has class " + row.get(0) + ", which " + synsets + " has not",
              "unpack the development kit again");
        }
        all.put(String.format(Locale.ROOT, "ILSVRC2012_val_%08d", all.size() + 1), synset);
      }
    }
    return all;
  }
}
