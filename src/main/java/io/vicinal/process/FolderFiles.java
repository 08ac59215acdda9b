package io.vicinal.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What lies below a folder into which others may write at the same time. */
public final class FolderFiles {
  private FolderFiles() {}

  /**
   * All files and folders below a folder, each folder before what it holds. What disappears while
   * they are listed, or cannot be read, is left out, where {@link Files#walk} throws.
   *
   * @param depth levels below the folder
   * @param options whether links are followed, that of the folder itself, too
   * @return empty if there is no such folder
   */
  public static List<Path> below(Path folder, int depth, FileVisitOption... options) {
    List<Path> found = new ArrayList<>();
    try {
      Files.walkFileTree(
          folder,
          Set.of(options),
          depth,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
              return visitFile(path, attributes);
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
              if (!path.equals(folder)) {
                found.add(path);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException e) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path path, IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the visitor throws none
    }
    return found;
  }
}
