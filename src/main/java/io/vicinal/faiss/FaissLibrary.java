package io.vicinal.faiss;

import io.vicinal.InputException;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.process.LibraryFolder;
import org.bytedeco.javacpp.Loader;

/**
 * Loads the FAISS binding and what it stands on (the OpenMP runtime, the OpenBLAS preset), once per
 * process. A failure is a sentence, never a linkage error, and the next call tries again.
 * Thread-safe.
 *
 * <p>Call {@link #load()} before the first use of a class of this package; the façades of {@code
 * io.vicinal.retrieval} do.
 */
public final class FaissLibrary {
  private static final String PLATFORM = "linux-x86_64";
  private static boolean loaded;

  private FaissLibrary() {}

  /**
   * Makes the binding callable.
   *
   * @throws InputException one sentence, when this machine cannot load it
   */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    String here = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!PLATFORM.equals(Loader.getPlatform())) {
      throw new InputException("The FAISS binding exists for Linux x86-64 only; this is " + here);
    }
    NativeLibrary.prepare("/io/vicinal/faiss/" + PLATFORM + "/libjnifaiss.so");
    try {
      Loader.load(io.vicinal.faiss.global.faiss.class);
    } catch (LinkageError e) {
      throw LibraryFolder.unusable(
          "the FAISS binding could not be loaded on " + here + ": " + e.getMessage());
    }
    loaded = true;
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
}
