package io.vicinal.faiss;

import io.vicinal.InputException;
import org.bytedeco.javacpp.Loader;

/**
 * Loads the FAISS binding and what it stands on (the OpenMP runtime, the OpenBLAS preset), once per
 * process. A failure is remembered and is a sentence, never a linkage error. Thread-safe.
 *
 * <p>Call {@link #load()} before the first use of a class of this package; the façades of {@code
 * io.vicinal.retrieval} do.
 */
public final class FaissLibrary {
  private static final String PLATFORM = "linux-x86_64";
  private static final String REFUSAL = attempt();

  private FaissLibrary() {}

  /**
   * Makes the binding callable.
   *
   * @throws InputException one sentence, when this machine cannot load it
   */
  public static void load() {
    if (REFUSAL != null) {
      throw new InputException(REFUSAL);
    }
  }

  /**
   * The FAISS release, such as {@code 1.7.3}.
   *
   * @throws InputException one sentence, when this machine cannot load it
   */
  public static String version() {
    load();
    return io.vicinal.faiss.global.faiss.version();
  }

  private static String attempt() {
    String here = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    try {
      if (!PLATFORM.equals(Loader.getPlatform())) {
        return "The FAISS binding exists for Linux x86-64 only; this is " + here;
      }
      Loader.load(io.vicinal.faiss.global.faiss.class);
      return null;
    } catch (LinkageError | RuntimeException e) {
      String why = String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
      return "The FAISS binding could not be loaded on " + here + ": " + why;
    }
  }
}
