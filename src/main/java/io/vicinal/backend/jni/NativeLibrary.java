package io.vicinal.backend.jni;

import io.vicinal.InputException;
import io.vicinal.process.LibraryFolder;
import io.vicinal.process.Limits;
import java.io.IOException;
import org.bytedeco.javacpp.Loader;

/**
 * Loads {@code libvicinal} and what it stands on (the OpenMP runtime, the OpenBLAS preset), once
 * per process. A failure is a sentence, never a linkage error, and the next call tries again.
 * Thread-safe.
 */
public final class NativeLibrary {
  private static final String PLATFORM = "linux-x86_64";
  private static final String OURS = "/io/vicinal/backend/jni/" + PLATFORM + "/";
  private static final String BLAS = "/org/bytedeco/openblas/" + PLATFORM + "/";

  /** The libraries' pages (100 MiB), a first buffer of OpenBLAS (128 MiB), and as much again. */
  private static final long NEEDED = 512L << 20;

  private static final String ONEDNN = "/org/bytedeco/dnnl/" + PLATFORM + "/libdnnl.so.3";

  private static boolean loaded;
  private static boolean loadedOneDnn;

  private NativeLibrary() {}

  /**
   * Makes the native functions callable.
   *
   * @throws InputException one sentence, when this machine cannot load them
   */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    String here = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!PLATFORM.equals(Loader.getPlatform())) {
      throw new InputException(
          "Vicinal's native library exists for Linux x86-64 only; this is " + here);
    }
    prepare(OURS + "libvicinal.so", OURS + "libjniVicinal.so");
    try {
      Loader.load(Vicinal.class);
      int version = Vicinal.vicinal_abi_version();
      if (version != Vicinal.VICINAL_ABI_VERSION) {
        throw new InputException(
            "libvicinal has ABI version "
                + version
                + ", this jar needs "
                + Vicinal.VICINAL_ABI_VERSION
                + ": remove stale copies from the class path");
      }
    } catch (LinkageError e) {
      throw LibraryFolder.unusable(
          "libvicinal could not be loaded on " + here + ": " + e.getMessage());
    }
    loaded = true;
  }

  /**
   * Maps oneDNN, which the native library then finds by its name; without its jar there are slower
   * convolutions.
   *
   * @throws InputException one sentence, when this machine cannot load it
   */
  public static synchronized void loadOneDnn() {
    load(); // the one OpenMP runtime, first
    if (loadedOneDnn || NativeLibrary.class.getResource(ONEDNN) == null) {
      return;
    }
    LibraryFolder.prepare(ONEDNN);
    try {
      System.load(Loader.cacheResource(NativeLibrary.class.getResource(ONEDNN)).getPath());
    } catch (IOException | LinkageError e) {
      throw LibraryFolder.unusable("libdnnl could not be loaded: " + e.getMessage());
    }
    loadedOneDnn = true;
  }

  /** OpenBLAS ends the process where its first buffer cannot be mapped. */
  static void room(Limits.MemoryLimit space) {
    if (space.left() < NEEDED) {
      throw new InputException(
          "native libraries: "
              + space.boundBy()
              + " leaves "
              + Limits.text(space.left())
              + " of address space, and "
              + Limits.text(NEEDED)
              + " are needed; raise it, or give Java less (JAVA_TOOL_OPTIONS=-Xmx1g)");
    }
  }

  /**
   * Unpacks what every native library of ours stands on, and these. A class whose first loading
   * fails stays broken, so nothing is loaded before every file is there.
   *
   * @throws InputException one sentence, with the reason
   */
  public static synchronized void prepare(String... resources) {
    if (!loaded) {
      room(Limits.ofThisProcess().addressSpace());
    }
    LibraryFolder.prepare(
        "/org/bytedeco/javacpp/" + PLATFORM + "/libjnijavacpp.so",
        OURS + "libvicinal_threads.so",
        OURS + "libgomp.so.1",
        BLAS + "libquadmath.so.0",
        BLAS + "libgfortran.so.5",
        BLAS + "libopenblas.so.0");
    LibraryFolder.prepare(resources);
  }
}
