package io.vicinal.data.dataset;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.process.Encoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
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
 * in the order of their paths' bytes, whatever the locale. What is no picture is counted, what
 * cannot be read is told, and the walk goes on. For one thread.
 */
public final class ImageTree extends SimpleFileVisitor<Path> {
  /**
   * What cannot be a sample.
   *
   * @param what is wrong with it, in words that follow its name
   */
  public record Bad(Path path, String what) {
    @Override
    public String toString() {
      return InputFile.printable(path + ": " + what);
    }
  }

  private static final Set<String> ENDINGS = Set.of("jpg", "jpeg", "jpe", "png", "webp");

  private final Path root;
  private final List<Bad> bad = new ArrayList<>();
  private final List<String> images = new ArrayList<>();
  private final Set<String> folders = new TreeSet<>(TextColumn.BYTES);
  private final Map<String, Integer> others = new TreeMap<>();

  private ImageTree(Path root) {
    this.root = root;
  }

  /** Walks through a folder that exists. */
  public static ImageTree of(Path root) {
    ImageTree tree = new ImageTree(root);
    try {
      Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the visitor throws none
    }
    tree.images.sort(TextColumn.BYTES);
    tree.bad.sort(Comparator.comparing(one -> one.path().toString(), TextColumn.BYTES));
    return tree;
  }

  /** Whether a path is called like a picture that is read, and nothing in it is hidden. */
  public static boolean isPicture(Path path) {
    for (Path part : path) {
      if (part.toString().startsWith(".")) {
        return false;
      }
    }
    return ENDINGS.contains(ending(path.getFileName().toString()));
  }

  /** Paths below the root, with / between names. */
  public List<String> images() {
    return images;
  }

  /** What is called a picture, or is a folder, and cannot be read. */
  public List<Bad> bad() {
    return bad;
  }

  /** Says that some are left out, or how to have them left out. */
  static String refusal(String first, int count) {
    return first
        + (count == 1 ? "" : " (and " + (count - 1) + " more like it)")
        + "; repair the dataset, or leave "
        + (count == 1 ? "it" : "all of them")
        + " out with --skip-bad";
  }

  /**
   * @throws InputException if anything is bad
   */
  public void refuseBad() {
    if (!bad.isEmpty()) {
      throw new InputException(refusal(bad.get(0).toString(), bad.size()));
    }
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
    if (!isPicture(file.getFileName())) {
      String kind =
          name.startsWith(".")
              ? "hidden"
              : name.indexOf('.') > 0 ? "." + ending(name) : "without an ending";
      others.merge(kind, 1, Integer::sum);
    } else if (Encoding.isLost(file)) {
      bad.add(new Bad(file, "cannot be found by Java" + Encoding.advice(name)));
    } else if (attributes.isSymbolicLink()) {
      bad.add(new Bad(file, "is a link to nothing"));
    } else if (!attributes.isRegularFile()) {
      bad.add(new Bad(file, "is not a regular file"));
    } else {
      images.add(root.relativize(file).toString());
    }
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult visitFileFailed(Path path, IOException e) {
    String why = e instanceof AccessDeniedException ? "permission denied" : InputFile.reason(e);
    bad.add(
        new Bad(
            path,
            e instanceof FileSystemLoopException
                ? "is a link to a folder that it lies in"
                : "cannot be read (" + why + ")"));
    return FileVisitResult.CONTINUE;
  }

  @Override
  public FileVisitResult postVisitDirectory(Path folder, IOException e) {
    return e == null ? FileVisitResult.CONTINUE : visitFileFailed(folder, e);
  }

  /** Says what is no picture; null where there is nothing else. */
  public String others() {
    int all = others.values().stream().mapToInt(n -> n).sum();
    String kinds =
        others.entrySet().stream()
            .map(kind -> kind.getValue() + " " + kind.getKey())
            .collect(Collectors.joining(", "));
    return all == 0
        ? null
        : all
            + (all == 1 ? " file is" : " files are")
            + " left out, which by their names are no JPEG, PNG or WebP pictures: "
            + kinds;
  }
}
