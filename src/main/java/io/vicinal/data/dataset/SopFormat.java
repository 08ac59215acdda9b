package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Stanford Online Products. */
@DatasetFormat.Facts(
    name = "sop",
    layout =
        "Ebay_train.txt and Ebay_test.txt (here or in Info_Files/; image_id class_id super_class_id"
            + " path), SUPER_final/... (here or in images/). Class-disjoint as listed; Ebay_info.txt is"
            + " compared, if there",
    source = "Oh Song et al., Deep Metric Learning via Lifted Structured Feature Embedding, 2016")
public record SopFormat() implements DatasetFormat {
  private static final String INFO = "Info_Files";
  private static final int TRAIN = 59_551;
  private static final int TEST = 60_502;

  @Override
  public boolean matches(Path path) {
    return Files.exists(path.resolve("Ebay_train.txt"))
        || Files.exists(path.resolve(INFO).resolve("Ebay_train.txt"));
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    Path images = path.resolve("images");
    into.root(Files.isDirectory(images) ? images : path);
    into.published(Dataset.TRAIN, TRAIN);
    into.published(Dataset.TEST, TEST);
    int rows =
        list(list(path, "Ebay_train.txt"), Dataset.TRAIN, into)
            + list(list(path, "Ebay_test.txt"), Dataset.TEST, into);
    Path info = Files.isDirectory(path.resolve(INFO)) ? path.resolve(INFO) : path;
    info = info.resolve("Ebay_info.txt");
    if (Files.exists(info)) {
      int all = 0;
      try (ListFile lines = new ListFile(info)) {
        for (List<String> row = lines.next(4); row != null; row = lines.next(4)) {
          all += isHeader(row) ? 0 : 1;
        }
      }
      if (all != rows) {
        into.note(info + ": has " + all + " images, the lists of train and test have " + rows);
      }
    }
  }

  private static Path list(Path path, String name) {
    return ListFile.find(path.resolve(name), path.resolve(INFO).resolve(name));
  }

  private static boolean isHeader(List<String> row) {
    return row.get(0).equals("image_id");
  }

  private static int list(Path list, String split, DatasetBuilder into) {
    int rows = 0;
    Map<Integer, String> supers = new TreeMap<>();
    try (ListFile lines = new ListFile(list)) {
      for (List<String> row = lines.next(4); row != null; row = lines.next(4)) {
        if (isHeader(row)) {
          continue;
        }
        rows++;
        int label = lines.number(row.get(1));
        int above = lines.number(row.get(2));
        String name = row.get(3);
        if (into.listed(list, lines.at(), name, "")) {
          into.add(name, into.classOf(Integer.toString(label)), split);
          into.superClass(supers.computeIfAbsent(above, id -> superName(id, name)));
        }
      }
    }
    if (rows == 0) {
      throw InputFile.problem(list, "has no images", "unpack the list again");
    }
    return rows;
  }

  /** The folder has the super-class's name: {@code bicycle_final}. */
  private static String superName(int id, String path) {
    String folder = path.contains("/") ? path.substring(0, path.indexOf('/')) : "";
    return folder.endsWith("_final")
        ? folder.substring(0, folder.length() - "_final".length())
        : Integer.toString(id);
  }
}
