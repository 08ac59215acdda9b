package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Pictures that are files. Immutable, so safe for any thread. */
public final class ImageFiles implements ImageSource {
  private static final Set<String> ENDINGS = Set.of("jpg", "jpeg", "jpe", "png", "webp");

  /** What Java keeps in one array. */
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  private final Path folder;
  private final List<String> names;

  /**
   * @param folder that the names start from
   * @param names paths
   */
  public ImageFiles(Path folder, List<String> names) {
    this.folder = folder;
    this.names = List.copyOf(names);
  }

  /**
   * Every file below a folder that is called like a picture (jpg, jpeg, png, webp), by name; links
   * are followed, hidden files and folders are not looked at.
   *
   * @throws InputException one sentence, when there is none or the folder cannot be read
   */
  public static ImageFiles below(Path folder) {
    List<String> names = new ArrayList<>();
    try (Stream<Path> files =
        Files.find(
            folder,
            64,
            (path, about) -> !about.isDirectory(), // reading the others says what they are
            EnumSet.of(FileVisitOption.FOLLOW_LINKS).toArray(FileVisitOption[]::new))) {
      files.map(folder::relativize).filter(ImageFiles::isPicture).forEach(p -> names.add(p + ""));
    } catch (IOException | java.io.UncheckedIOException e) {
      Throwable cause = e instanceof java.io.UncheckedIOException u ? u.getCause() : e;
      String why = "cannot be walked through (" + cause.getMessage() + ")";
      if (cause instanceof FileSystemLoopException) {
        why = "has a link to a folder that it lies in (" + cause.getMessage() + ")";
      } else if (cause instanceof NoSuchFileException) {
        why = "does not exist";
      }
      throw InputFile.problem(folder, why, "check the path, its permissions and its links");
    }
    if (names.isEmpty()) {
      throw InputFile.problem(
          folder, "has no file that is called .jpg, .jpeg, .png or .webp", "name another folder");
    }
    names.sort(Comparator.naturalOrder());
    return new ImageFiles(folder, names);
  }

  /** Whether a path is called like a picture that is read, and nothing in it is hidden. */
  public static boolean isPicture(Path path) {
    for (Path part : path) {
      if (part.toString().startsWith(".")) {
        return false;
      }
    }
    String name = path.getFileName().toString();
    return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }

  @Override
  public int size() {
    return names.size();
  }

  @Override
  public String name(int sample) {
    return names.get(sample);
  }

  @Override
  public Path path(int sample) {
    return folder.resolve(names.get(sample));
  }

  @Override
  public <R> R read(int sample, ImageDecoder decoder, Function<ImageDecoder, R> use) {
    Path path = path(sample);
    try (InputFile file = InputFile.open(path)) {
      if (file.size() > LARGEST) {
        throw new UnreadablePictureException(
            "has " + file.size() + " bytes, more than a picture may have");
      }
      int length = (int) file.size();
      decoder.set(file.readFully(length), length);
      return use.apply(decoder);
    } catch (UnreadablePictureException e) {
      throw InputFile.problem(path, e.getMessage(), "save it again, or leave it out", e);
    }
  }
}
