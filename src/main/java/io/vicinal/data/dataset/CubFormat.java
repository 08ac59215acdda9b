package io.vicinal.data.dataset;

import io.vicinal.loss.tuple.Standard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Caltech-UCSD Birds 200-2011.
 *
 * @param split classes: the first half of them trains, the others test; official: that of {@code
 *     train_test_split.txt}
 */
@DatasetFormat.Facts(
    name = "cub",
    layout =
        "images.txt, image_class_labels.txt, classes.txt and images/, with bounding_boxes.txt;"
            + " or images/CLASS/ alone. The first 100 classes train, the last 100 test;"
            + " split=official is train_test_split.txt",
    source = "Wah et al., The Caltech-UCSD Birds-200-2011 Dataset, 2011")
public record CubFormat(
    @Standard(
            value = "classes",
            choices = {"classes", "official"})
        String split)
    implements DatasetFormat {
  private static final String LIST = "images.txt";
  private static final String LABELS = "image_class_labels.txt";
  private static final String PARTS = "train_test_split.txt";
  private static final String BOXES = "bounding_boxes.txt";

  @Override
  public boolean matches(Path path) {
    return Files.isRegularFile(path.resolve(LIST)) && Files.isRegularFile(path.resolve(LABELS));
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    boolean official = split.equals("official");
    into.published(Dataset.TRAIN, official ? 5994 : 5864);
    into.published(Dataset.TEST, official ? 5794 : 5924);
    if (!official && !Files.exists(path.resolve(LIST))) {
      new FolderFormat("none").read(path.resolve("images"), into);
      into.splitClasses();
      return;
    }
    into.root(path.resolve("images"));
    Map<String, String> classes = pairs(path.resolve("classes.txt"));
    classes.values().forEach(into::classOf);
    Map<String, String> labels = pairs(path.resolve(LABELS));
    Map<String, String> parts = official ? pairs(path.resolve(PARTS)) : Map.of();
    Map<String, float[]> boxes = boxes(path.resolve(BOXES));
    try (ListFile list = new ListFile(path.resolve(LIST))) {
      for (List<String> row = list.next(2); row != null; row = list.next(2)) {
        String id = row.get(0);
        String name = classes.get(labels.get(id));
        if (name == null) {
          into.bad(
              path.resolve(LIST),
              list.at() + ": image " + id + " has no class in " + LABELS + " and classes.txt");
        } else if (official && !parts.containsKey(id)) {
          into.bad(path.resolve(LIST), list.at() + ": image " + id + " is not in " + PARTS);
        } else if (into.listed(path.resolve(LIST), list.at(), row.get(1), "")) {
          boolean train = "1".equals(parts.get(id));
          into.add(row.get(1), into.classOf(name), train ? Dataset.TRAIN : Dataset.TEST);
          float[] box = boxes.get(id);
          if (box != null) {
            into.box(box[0], box[1], box[0] + box[2], box[1] + box[3]);
          }
        }
      }
    }
    if (!official) {
      into.splitClasses();
    }
  }

  /** The second cell of every line by its first. */
  private static Map<String, String> pairs(Path file) {
    Map<String, String> pairs = new LinkedHashMap<>();
    try (ListFile list = new ListFile(file)) {
      for (List<String> row = list.next(2); row != null; row = list.next(2)) {
        pairs.put(row.get(0), row.get(1));
      }
    }
    return pairs;
  }

  private static Map<String, float[]> boxes(Path file) {
    Map<String, float[]> boxes = new HashMap<>();
    if (Files.exists(file)) {
      try (ListFile list = new ListFile(file)) {
        for (List<String> row = list.next(5); row != null; row = list.next(5)) {
          float[] box = new float[4];
          for (int k = 0; k < 4; k++) {
            box[k] = list.real(row.get(k + 1));
          }
          boxes.put(row.get(0), box);
        }
      }
    }
    return boxes;
  }
}
