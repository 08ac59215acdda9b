package io.vicinal.curate.doctor;

import io.vicinal.InputException;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.ImageTree;
import io.vicinal.data.image.ImageDecoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Pictures below a dataset's folder that are no samples: by their names, or by where they lie. */
final class LeftOutFiles {
  private static final int HEAD = 64 << 10; // bytes that say what a file is

  private LeftOutFiles() {}

  static List<Finding> of(Dataset data) {
    List<Finding> findings = new ArrayList<>();
    Set<Path> samples = new HashSet<>();
    for (int id = 0; id < data.size(); id++) {
      samples.add(data.file(id).normalize());
    }
    Path root = data.root();
    try (ImageDecoder decoder = new ImageDecoder()) {
      Files.walkFileTree(
          root,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          Integer.MAX_VALUE,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes about) {
              boolean hidden = !folder.equals(root) && isHidden(folder);
              return hidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes about) {
              if (about.isRegularFile() && !isHidden(file) && !samples.contains(file.normalize())) {
                String what = picture(file, decoder);
                if (what != null) {
                  String path = root.relativize(file).toString();
                  findings.add(
                      Finding.of(FindingKind.LEFT_OUT, path, what, Double.NaN, findings.size()));
                }
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              return FileVisitResult.CONTINUE; // the dataset has told it
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the visitor throws none
    }
    findings.sort((a, b) -> a.subject().compareTo(b.subject()));
    return findings;
  }

  private static boolean isHidden(Path path) {
    return path.getFileName().toString().startsWith(".");
  }

  /** What a picture is that should be a sample; null for what is none. */
  private static String picture(Path file, ImageDecoder decoder) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] head = in.readNBytes(HEAD);
      if (head.length == 0) {
        return null;
      }
      decoder.set(head, head.length);
      String format = decoder.header().format().name();
      return ImageTree.isPicture(file.getFileName())
          ? "lies outside of the folders of classes"
          : "is a " + format + " picture by its contents, and is not called like one";
    } catch (InputException e) {
      String said = e.getMessage();
      return said.contains(" picture but ") && said.endsWith(" picture")
          ? "is" + said.substring(said.indexOf(" but ") + 4) + ", a format that is not read"
          : null;
    } catch (IOException e) {
      return null; // nobody asked for it
    }
  }
}
