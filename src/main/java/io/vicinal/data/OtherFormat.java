package io.vicinal.data;

import io.vicinal.InputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/** Files that are given for arrays and hold something else, by their first bytes. Stateless. */
final class OtherFormat {
  /** What {@link #check} wants to see. */
  static final int BYTES = 24;

  private OtherFormat() {}

  /**
   * Refuses a packed file, or one that stands for another, whatever its name ends in.
   *
   * @param start the first bytes, {@value #BYTES} or as many as there are
   * @throws InputException one sentence with the way to the array
   */
  static void check(Path file, byte[] start) {
    String text = new String(start, StandardCharsets.ISO_8859_1);
    String packed =
        text.startsWith("\u001f\u008b")
            ? "gzip"
            : text.startsWith("1AY&SY", 4)
                ? "bzip2"
                : text.startsWith("\u00fd7zXZ")
                    ? "xz"
                    : text.startsWith("\u0028\u00b5\u002f\u00fd") ? "zstd" : null;
    if (packed != null) {
      throw InputFile.problem(
          file, "is packed with " + packed, "unpack it first: " + packed + " -d");
    }
    if (text.startsWith("version https://git-lfs")) {
      throw InputFile.problem(
          file, "is a pointer of Git LFS, not the file itself", "fetch it with git lfs pull");
    }
    String word = text.strip().toLowerCase(Locale.ROOT);
    if (word.startsWith("<!doctype html") || word.startsWith("<html")) {
      throw InputFile.problem(
          file, "is a web page, as failed downloads are", "download the file again");
    }
  }
}
