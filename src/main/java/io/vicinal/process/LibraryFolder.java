package io.vicinal.process;

import io.vicinal.InputException;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;

/**
 * The folder that the jars' native libraries are unpacked into, chosen before JavaCPP chooses:
 * {@code org.bytedeco.javacpp.cachedir} if that is set, else {@code $XDG_CACHE_HOME/javacpp}, else
 * {@code .javacpp/cache} in the home folder, else a folder of the user's own below the temporary
 * one. A folder is passed over when it cannot be written, has no space, or lies where programs may
 * not be mapped (noexec). Nothing is remembered after a failure. Safe for any thread.
 */
public final class LibraryFolder {
  static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

  /** What all libraries take when they are unpacked. */
  private static final long NEEDED = 64L << 20;

  private static final LinkOption[] NO_LINKS = {LinkOption.NOFOLLOW_LINKS};

  /** Where a choice is made; another than the process's own for tests. */
  record Surroundings(Map<String, String> environment, String home, Path temporary, Path mounts) {
    static Surroundings ofThisProcess() {
      return new Surroundings(
          System.getenv(),
          System.getProperty("user.home"),
          Path.of(System.getProperty("java.io.tmpdir")),
          Path.of("/proc/self/mounts"));
    }
  }

  private LibraryFolder() {}

  /**
   * Chooses the folder, if that was not done, and unpacks these resources into it.
   *
   * @param resources names on the class path, such as {@code /org/bytedeco/...}; those that are
   *     missing are left to the loader
   * @throws InputException one sentence with the reason and the remedy; another call tries again
   */
  public static synchronized void prepare(String... resources) {
    if (System.getProperty(PROPERTY) == null) {
      System.setProperty(PROPERTY, choose(Surroundings.ofThisProcess()).toString());
    }
    for (String resource : resources) {
      URL url = LibraryFolder.class.getResource(resource);
      if (url == null) {
        continue;
      }
      try {
        File file = Loader.cacheResource(url);
        if (file == null || !file.isFile()) {
          throw new IOException("it is not there after unpacking");
        }
      } catch (IOException | RuntimeException e) {
        throw unusable(name(resource) + " could not be unpacked: " + e.getMessage());
      }
    }
  }

  private static String name(String resource) {
    return resource.substring(resource.lastIndexOf('/') + 1);
  }

  /** The sentence about a library that could not be loaded, with what is wrong with the folder. */
  public static InputException unusable(String reason) {
    String folder = System.getProperty(PROPERTY);
    String problem = folder == null ? null : problem(Path.of(folder), Surroundings.ofThisProcess());
    return new InputException(
        "native libraries: "
            + reason.replaceAll("\\s+", " ").strip()
            + (problem == null ? "" : "; " + problem)
            + "; make room in "
            + folder
            + " or name another folder with XDG_CACHE_HOME or -D"
            + PROPERTY);
  }

  /**
   * The first folder that will do.
   *
   * @throws InputException if there is none, with the reason for each
   */
  static Path choose(Surroundings here) {
    List<Path> candidates = new ArrayList<>();
    absolute(here.environment.get("XDG_CACHE_HOME"), "javacpp", candidates);
    absolute(here.home, ".javacpp/cache", candidates);
    absolute(here.environment.get("HOME"), ".javacpp/cache", candidates);
    List<String> reasons = new ArrayList<>();
    for (Path candidate : candidates) {
      String problem = problem(candidate, here);
      if (problem == null) {
        return candidate;
      }
      reasons.add(problem);
    }
    for (Path temporary : List.of(here.temporary, Path.of("/var/tmp"), Path.of("/dev/shm"))) {
      Path own = temporary.resolve("vicinal-" + user());
      String problem = owned(own);
      problem = problem == null ? problem(own, here) : problem;
      if (problem == null) {
        return own;
      }
      reasons.add(problem);
    }
    throw new InputException(
        "native libraries: there is no folder to unpack them into ("
            + String.join("; ", reasons)
            + "); name a writable one with XDG_CACHE_HOME or -D"
            + PROPERTY);
  }

  /** A user without an entry in /etc/passwd has the home folder "?" in Java. */
  private static void absolute(String folder, String below, List<Path> candidates) {
    if (folder != null && folder.startsWith("/") && !folder.equals("/")) {
      Path candidate = Path.of(folder, below);
      if (!candidates.contains(candidate)) {
        candidates.add(candidate);
      }
    }
  }

  private static Object user() {
    try {
      return Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    } catch (IOException | RuntimeException e) {
      return System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9]", "_");
    }
  }

  /** Libraries are loaded from it, so nobody else may write into a folder below /tmp. */
  private static String owned(Path folder) {
    try {
      try {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        boolean mine =
            Files.isDirectory(folder, NO_LINKS)
                && Files.getAttribute(folder, "unix:uid", NO_LINKS).equals(user())
                && PosixFilePermissions.toString(Files.getPosixFilePermissions(folder, NO_LINKS))
                    .matches("rwx------");
        return mine ? null : folder + " is not this user's alone";
      }
      return null;
    } catch (IOException | RuntimeException e) {
      return folder + " cannot be made";
    }
  }

  /** Why libraries cannot be unpacked into a folder and mapped from it; null when they can. */
  private static String problem(Path folder, Surroundings here) {
    try {
      Files.createDirectories(folder);
      Path probe = Files.createTempFile(folder, ".probe", null);
      try {
        Files.write(probe, new byte[1]);
      } finally {
        Files.delete(probe);
      }
      if (noExecution(folder.toRealPath(), here.mounts)) {
        return folder + " lies on a file system that is mounted noexec";
      }
      long space = Files.getFileStore(folder).getUsableSpace();
      return space < NEEDED && !holdsLibraries(folder)
          ? folder
              + " has "
              + Limits.text(space)
              + " left, and "
              + Limits.text(NEEDED)
              + " are needed"
          : null;
    } catch (IOException | RuntimeException e) {
      String why = e.getMessage() == null ? "" : e.getMessage();
      return why.contains("No space")
          ? "the disk of " + folder + " is full"
          : folder + " cannot be written";
    }
  }

  /** A full disk does not matter to a folder that was filled before. */
  private static boolean holdsLibraries(Path folder) {
    return FolderFiles.below(folder, 8).stream()
        .anyMatch(file -> file.getFileName().toString().startsWith("libopenblas"));
  }

  private static boolean noExecution(Path folder, Path mounts) throws IOException {
    String options = "";
    int longest = -1;
    for (String line : Files.readAllLines(mounts)) {
      String[] columns = line.split(" ");
      if (columns.length >= 4) {
        Path at = Path.of(columns[1].replace("\\040", " "));
        if (folder.startsWith(at) && at.getNameCount() >= longest) { // the last mount is on top
          longest = at.getNameCount();
          options = columns[3];
        }
      }
    }
    return List.of(options.split(",")).contains("noexec");
  }
}
