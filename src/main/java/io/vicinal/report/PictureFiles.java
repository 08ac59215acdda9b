package io.vicinal.report;

import io.vicinal.InputException;
import io.vicinal.data.CsvReader;
import io.vicinal.process.FolderFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;

/**
 * Pictures of samples in files that a user names: JPEG, PNG, WebP, GIF or BMP. They are read when
 * they are shown, and only as finely as a thumbnail needs. One that cannot be read is left out and
 * counted. Not for several threads at once.
 */
public final class PictureFiles implements Look {
  private static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "webp", "gif", "bmp");
  private static final int DEPTH = 8; // of a folder

  private final Map<String, Path> files; // by position or name
  private final LongFunction<String> position;
  private final LongFunction<String> name;
  private int unreadable;

  private PictureFiles(
      Map<String, Path> files, LongFunction<String> position, LongFunction<String> name) {
    this.files = files;
    this.position = position;
    this.name = name;
  }

  /**
   * Finds the files.
   *
   * @param option for errors
   * @param where a folder whose files are called like the samples or their positions, or a CSV of
   *     positions (or names) and paths, relative to the CSV
   * @param samples rows that there are
   * @param position of a row in the dataset
   * @param name of a row, or null
   * @throws InputException if there is no such file, or none is of a sample
   */
  public static PictureFiles of(
      String option,
      Path where,
      long samples,
      LongFunction<String> position,
      LongFunction<String> name) {
    List<String> missing = new ArrayList<>();
    PictureFiles found;
    try {
      Map<String, Path> files =
          Files.isDirectory(where) ? folder(where) : csv(option, where, missing);
      found = new PictureFiles(files, position, name);
    } catch (IOException | UncheckedIOException e) {
      throw new InputException(
          option
              + ": "
              + where
              + " cannot be read; give a folder of pictures or a CSV of positions and paths",
          e);
    }
    found.unreadable = missing.size();
    if (found.files.isEmpty() && !missing.isEmpty()) {
      throw new InputException(option + ": " + where + missing.get(0));
    }
    for (long row = 0; row < samples; row++) {
      if (found.file(row) != null) {
        return found;
      }
    }
    throw new InputException(
        option
            + ": none of the "
            + found.files.size()
            + " pictures of "
            + where
            + " is called like a sample; name them by position, such as 17.png, or give a CSV of"
            + " positions and paths");
  }

  private static Map<String, Path> folder(Path where) throws IOException {
    Map<String, Path> files = new HashMap<>();
    if (!Files.isReadable(where)) {
      throw new IOException("not readable");
    }
    List<Path> all = FolderFiles.below(where, DEPTH, FileVisitOption.FOLLOW_LINKS);
    for (Path file : all.stream().filter(PictureFiles::isPicture).sorted().toList()) {
      String whole = where.relativize(file).toString();
      String last = file.getFileName().toString();
      // The same name in two folders: the whole path tells them apart, the first one the rest.
      for (String key : List.of(whole, stem(whole), last, stem(last))) {
        files.putIfAbsent(key, file);
      }
    }
    return files;
  }

  private static boolean isPicture(Path file) {
    String last = file.getFileName().toString();
    String ending = last.substring(last.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return ENDINGS.contains(ending) && Files.isRegularFile(file);
  }

  private static String stem(String name) {
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  /**
   * @param missing receives what there is to say of files that are not there: those samples are
   *     shown without a picture, as those of a folder are
   */
  private static Map<String, Path> csv(String option, Path where, List<String> missing) {
    Map<String, Path> files = new HashMap<>();
    Path base = where.toAbsolutePath().getParent();
    try (CsvReader csv = new CsvReader(where, false)) {
      boolean first = true;
      for (List<String> cells = csv.next(); cells != null; cells = csv.next()) {
        if (cells.size() != 2) {
          throw new InputException(
              option
                  + ": "
                  + where
                  + ":"
                  + csv.line()
                  + (cells.size() < 2
                      ? " has one column; give a position and a path, such as 17,photos/a.png"
                      : " has more than two columns; put a path with commas in quotes"));
        }
        Path file = base.resolve(cells.get(1));
        if (Files.isRegularFile(file)) {
          files.put(cells.get(0), file);
        } else if (!first) { // which may be a header
          missing.add(
              ":" + csv.line() + ": there is no file " + file + "; paths are relative to the CSV");
        }
        first = false;
      }
    }
    return files;
  }

  /** A name comes before a position: a file that is called 17 may be one of a sample called 17. */
  private Path file(long row) {
    String called = name.apply(row);
    Path file = called == null ? null : files.get(called);
    return file != null ? file : files.get(position.apply(row));
  }

  @Override
  public void addTo(Pictures pictures, String key, long row) {
    Path file = file(row);
    if (file == null) {
      return;
    }
    BufferedImage image = Thumbnail.of(file);
    if (image == null) {
      unreadable++; // shown without
    } else {
      pictures.put(key, image);
    }
  }

  @Override
  public int unreadable() {
    return unreadable;
  }
}
