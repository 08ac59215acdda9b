package io.vicinal.process;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The encoding of file names, which Java takes from the locale and nobody can set afterwards. The
 * launcher chooses C.UTF-8 where there is none; whoever starts Java otherwise reads a sentence.
 * Stateless, hence thread-safe.
 */
public final class Encoding {
  private static final char LOST = '\ufffd';

  private Encoding() {}

  private static boolean isUtf8() {
    String names = System.getProperty("sun.jnu.encoding", "UTF-8");
    return Charset.isSupported(names) && Charset.forName(names).equals(StandardCharsets.UTF_8);
  }

  /** Says once that names were lost, when arguments hold what the locale could not read. */
  public static void check(String... args) {
    if (isUtf8() && System.getProperty("user.dir", "").indexOf(LOST) >= 0) {
      System.err.println(
          "vicinal: the working folder's name is not in UTF-8, and Java cannot find it: rename it, or"
              + " work in another");
    }
    if (!isUtf8() && !String.join("", args).chars().allMatch(c -> c < 128)) {
      System.err.println(
          "vicinal: the locale knows ASCII names only and an argument has others: set LC_ALL=C.UTF-8");
    }
  }

  /** Whether a name holds bytes that nobody can give back, and is no file's that is there. */
  public static boolean isLost(Path path) {
    return path.toString().indexOf(LOST) >= 0 && !Files.exists(path);
  }

  /** What to add to a refusal of this path: the remedy, when the locale is to blame. */
  public static String advice(String path) {
    if (isUtf8() && path.indexOf(LOST) >= 0) {
      return ": its name is not in UTF-8, and Java cannot find it; rename it";
    }
    return isUtf8() || path.chars().allMatch(c -> c < 128)
        ? ""
        : ": the locale knows ASCII names only; set LC_ALL=C.UTF-8";
  }
}
