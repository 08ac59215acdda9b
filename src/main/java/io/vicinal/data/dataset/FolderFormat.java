package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import io.vicinal.loss.tuple.Standard;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Pictures in folders of their classes.
 *
 * @param splits whether the first folders are splits: if all are called so, if any is, never
 */
@DatasetFormat.Facts(
    name = "folder",
    layout =
        "CLASS/... .jpg, .png or .webp, the class being the first folder's name; or SPLIT/CLASS/...,"
            + " where all first folders are called train, val, valid, validation, dev, test, query"
            + " or gallery (the last two are the test split's)")
public record FolderFormat(
    @Standard(
            value = "auto",
            choices = {"auto", "folders", "none"})
        String splits)
    implements DatasetFormat {
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("train", Dataset.TRAIN),
          Map.entry("training", Dataset.TRAIN),
          Map.entry("val", Dataset.VALIDATION),
          Map.entry("valid", Dataset.VALIDATION),
          Map.entry("validation", Dataset.VALIDATION),
          Map.entry("dev", Dataset.VALIDATION),
          Map.entry("test", Dataset.TEST),
          Map.entry("testing", Dataset.TEST),
          Map.entry("query", Dataset.TEST),
          Map.entry("gallery", Dataset.TEST));

  /** The split that a folder or a cell means: one of the known ones, or itself. */
  static String split(String name) {
    return NAMES.getOrDefault(name.toLowerCase(Locale.ROOT), name);
  }

  @Override
  public boolean matches(Path path) {
    return Files.isDirectory(path);
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    read(path, into, image -> null);
  }

  /**
   * Reads.
   *
   * @param known the class of a picture that lies in no folder of one, or null
   */
  void read(Path path, DatasetBuilder into, UnaryOperator<String> known) {
    into.root(path);
    ImageTree tree = ImageTree.of(path);
    tree.bad().forEach(one -> into.bad(one.path(), one.what()));
    if (tree.others() != null) {
      into.note(tree.others());
    }
    Set<String> first =
        tree.images().stream().map(image -> parts(image)[0]).collect(Collectors.toSet());
    boolean split =
        switch (splits) {
          case "folders" -> true;
          case "none" -> false;
          default ->
              !first.isEmpty()
                  && NAMES.keySet().containsAll(lower(first))
                  && tree.images().stream().allMatch(image -> parts(image).length > 2);
        };
    int depth = split ? 1 : 0;
    int lone = 0;
    int deep = 0;
    String firstLone = null;
    boolean roles = split && (lower(first).contains("query") || lower(first).contains("gallery"));
    Set<String> used = new TreeSet<>();
    for (String image : tree.images()) {
      String[] parts = parts(image);
      if (parts.length < depth + 2) {
        String label = parts.length < depth + 1 ? null : known.apply(image);
        if (label == null) {
          firstLone = lone++ == 0 ? image : firstLone;
        } else {
          into.add(image, into.classOf(label), split ? split(parts[0]) : Dataset.ALL);
        }
        continue;
      }
      deep += parts.length > depth + 2 ? 1 : 0;
      used.add(String.join("/", List.of(parts).subList(0, depth + 1)));
      String folder = split ? parts[0].toLowerCase(Locale.ROOT) : "";
      into.add(image, into.classOf(parts[depth]), split ? split(parts[0]) : Dataset.ALL);
      if (roles && split(folder).equals(Dataset.TEST)) {
        into.flags(!folder.equals("gallery"), !folder.equals("query"));
      }
    }
    into.sortClasses(false);
    if (lone > 0 && used.isEmpty()) {
      throw InputFile.problem(
          path,
          "has " + lone + " pictures and no folders of classes",
          "put those of a class into a folder of its name, or give a CSV with label,path");
    }
    if (lone > 0) {
      into.note(
          lone
              + (lone == 1 ? " picture lies" : " pictures lie")
              + " beside the folders of classes and"
              + (lone == 1 ? " is" : " are")
              + " left out, the first: "
              + firstLone);
    }
    if (deep > 0) {
      into.note(
          deep
              + (deep == 1 ? " picture lies" : " pictures lie")
              + " in folders below that of a class, and "
              + (deep == 1 ? "counts" : "count")
              + " for that class");
    }
    noteEmpty(tree, depth, used, into);
  }

  private static void noteEmpty(ImageTree tree, int depth, Set<String> used, DatasetBuilder into) {
    List<String> empty =
        tree.folders().stream()
            .filter(folder -> parts(folder).length == depth + 1 && !used.contains(folder))
            .toList();
    if (!empty.isEmpty()) {
      into.note(
          empty.size()
              + (empty.size() == 1 ? " folder has" : " folders have")
              + " no pictures and "
              + (empty.size() == 1 ? "is" : "are")
              + " no class: "
              + InputFile.listed(empty));
    }
  }

  private static Set<String> lower(Set<String> names) {
    return names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
  }

  private static String[] parts(String path) {
    return path.split("/");
  }
}
