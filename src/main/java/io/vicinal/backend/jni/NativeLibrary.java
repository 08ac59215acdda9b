package io.vicinal.backend.jni;

import io.vicinal.InputException;
import org.bytedeco.javacpp.Loader;

/**
 * Loads {@code libvicinal} and what it stands on (the OpenMP runtime, the OpenBLAS preset), once
 * per process. A failure is remembered and is a sentence, never a linkage error. Thread-safe.
 */
public final class NativeLibrary {
  private static final String PLATFORM = "linux-x86_64";
  private static final String REFUSAL = attempt();

  private NativeLibrary() {}

  /**
   * Makes the native functions callable.
   *
   * @throws InputException one sentence, when this machine cannot load them
   */
  public static void load() {
    String refusal = REFUSAL;
    if (refusal != null) {
      throw new InputException(refusal);
    }
  }

  private static String attempt() {
    String here = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    try {
      if (!PLATFORM.equals(Loader.getPlatform())) {
        return "Vicinal's native library exists for Linux x86-64 only; this is " + here;
      }
      Loader.load(Vicinal.class);
      int version = Vicinal.vicinal_abi_version();
      if (version != Vicinal.VICINAL_ABI_VERSION) {
        return "libvicinal has ABI version "
            + version
            + ", this jar needs "
            + Vicinal.VICINAL_ABI_VERSION
            + ": remove stale copies from the class path";
      }
      return null;
    } catch (LinkageError | RuntimeException e) {
      return "Vicinal's native library could not be loaded on " + here + ": " + oneLine(e);
    }
  }

  private static String oneLine(Throwable e) {
    return String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
  }
}
