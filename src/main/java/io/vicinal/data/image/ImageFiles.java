package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.data.dataset.ImageTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Pictures that are files. Immutable, so safe for any thread. */
public final class ImageFiles implements ImageSource {
  /** What Java keeps in one array. */
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  private final Path folder;
  private final List<String> names;
  private final List<String> leftOut;

  /**
   * @param folder that the names start from
   * @param names paths
   */
  public ImageFiles(Path folder, List<String> names) {
    this(folder, names, List.of());
  }

  private ImageFiles(Path folder, List<String> names, List<String> leftOut) {
    this.folder = folder;
    this.names = List.copyOf(names);
    this.leftOut = leftOut;
  }

  /**
   * Every file below a folder that is called like a picture (jpg, jpeg, jpe, png, webp), in the
   * order of their paths' bytes; links are followed, hidden files and folders are not looked at.
   *
   * @throws InputException one sentence, when there is none or something cannot be read
   */
  public static ImageFiles below(Path folder) {
    return below(folder, false);
  }

  /**
   * The same.
   *
   * @param skipBad whether links that lead nowhere or in a circle, and folders that cannot be read,
   *     are {@link #leftOut}
   */
  public static ImageFiles below(Path folder, boolean skipBad) {
    if (!Files.isDirectory(folder)) {
      InputFile.open(folder).close(); // says why
      throw InputFile.problem(folder, "is no folder", "name a folder of pictures");
    }
    ImageTree tree = ImageTree.of(folder);
    if (!skipBad) {
      tree.refuseBad();
    }
    if (tree.images().isEmpty()) {
      throw InputFile.problem(
          folder, "has no file that is called .jpg, .jpeg, .png or .webp", "name another folder");
    }
    return new ImageFiles(
        folder, tree.images(), tree.bad().stream().map(ImageTree.Bad::toString).toList());
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
  public List<String> leftOut() {
    return leftOut;
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
