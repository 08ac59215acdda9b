package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.process.Encoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What lies below a folder of pictures, links followed: the pictures by the ending of their name,
 * in the order of their paths' bytes, whatever the locale. What is no picture is counted and said.
 * For one thread.
 */
final class ImageTree extends SimpleFileVisitor<Path> {
  private final Path root;
  private final DatasetBuilder into;
  private final List<String> images = new ArrayList<>();
  private final Set<String> folders = new TreeSet<>(TextColumn.BYTES);
  private final Map<String, Integer> others = new TreeMap<>();

  private ImageTree(Path root, DatasetBuilder into) {
    this.root = root;
    this.into = into;
  }

  /**
   * Walks.
   *
   * @param into is told what cannot be read, and what is no picture
   */
  static ImageTree of(Path root, DatasetBuilder into) {
    ImageTree tree = new ImageTree(root, into);
    try {
      Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the visitor throws none
    }
    tree.images.sort(TextColumn.BYTES);
    tree.noteOthers();
    return tree;
  }

  /** Paths below the root, with / between names. */
  List<String> images() {
    return images;
  }

  /** Folders below the root, likewise, each before those that it holds. */
  Set<String> folders() {
    return folders;
  }

  private static String ending(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  @Override
  public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
    if (folder.equals(root)) {
      return FileVisitResult.CONTINUE;
    }
    if (folder.getFileName().toString().startsWith(".")) {
      others.merge("in hidden folders", 1, Integer::sum);
      return FileVisitResult.SKIP_SUBTREE;
    }
    folders.add(root.relativize(folder).toString());
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
    String name = file.getFileName().toString();
    if (!ImageFiles.isPicture(file.getFileName())) {
      String kind =
          name.startsWith(".")
              ? "hidden"
              : name.indexOf('.') > 0 ? "." + ending(name) : "without an ending";
      others.merge(kind, 1, Integer::sum);
    } else if (Encoding.isLost(file)) {
      into.bad(file, "cannot be found by Java" + Encoding.advice(name));
    } else if (attributes.isSymbolicLink()) {
      into.bad(file, "is a link to nothing");
    } else {
      images.add(root.relativize(file).toString());
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path path, IOException e) {
    into.bad(
        path,
        e instanceof FileSystemLoopException
            ? "is a link to a folder that it lies in"
            : "cannot be read (" + InputFile.reason(e) + ")");
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult postVisitDirectory(Path folder, IOException e) {
    return e == null ? FileVisitResult.CONTINUE : visitFileFailed(folder, e);
  }

  private void noteOthers() {
    int all = others.values().stream().mapToInt(n -> n).sum();
    if (all > 0) {
      String kinds =
          others.entrySet().stream()
              .map(kind -> kind.getValue() + " " + kind.getKey())
              .collect(Collectors.joining(", "));
      into.note(
          all
              + (all == 1 ? " file is" : " files are")
              + " left out, which by their names are no JPEG, PNG or WebP pictures: "
              + kinds);
    }
  }
}
