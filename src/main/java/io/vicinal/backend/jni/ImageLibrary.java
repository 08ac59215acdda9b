package io.vicinal.backend.jni;

import io.vicinal.InputException;
import io.vicinal.process.LibraryFolder;
import org.bytedeco.javacpp.Loader;

/**
 * Loads {@code libvicinal_image} and the codecs below it, once per process. A failure is a
 * sentence, never a linkage error, and the next call tries again. Thread-safe.
 */
public final class ImageLibrary {
  private static final String PLATFORM = "linux-x86_64";
  private static final String OURS = "/io/vicinal/backend/jni/" + PLATFORM + "/";

  private static boolean loaded;

  private ImageLibrary() {}

  /**
   * Makes the functions of {@code image.h} callable.
   *
   * @throws InputException one sentence, when this machine cannot load them
   */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    String here = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!PLATFORM.equals(Loader.getPlatform())) {
      throw new InputException("Vicinal reads pictures on Linux x86-64 only; this is " + here);
    }
    String codecs = "/org/bytedeco/leptonica/" + PLATFORM + "/libleptonica.so.6";
    if (ImageLibrary.class.getResource(codecs) == null) {
      throw new InputException(
          "pictures need the jar org.bytedeco:leptonica:"
              + PLATFORM
              + ": add it to the class path");
    }
    LibraryFolder.prepare(
        "/org/bytedeco/javacpp/" + PLATFORM + "/libjnijavacpp.so",
        codecs,
        OURS + "libvicinal_image.so",
        OURS + "libjniVicinalImage.so");
    try {
      Loader.load(VicinalImage.class);
      int version = VicinalImage.vicinal_image_abi_version();
      if (version != VicinalImage.VICINAL_IMAGE_ABI_VERSION) {
        throw new InputException(
            "libvicinal_image has ABI version "
                + version
                + ", this jar needs "
                + VicinalImage.VICINAL_IMAGE_ABI_VERSION
                + ": remove stale copies from the class path");
      }
    } catch (LinkageError e) {
      throw LibraryFolder.unusable(
          "libvicinal_image could not be loaded on " + here + ": " + e.getMessage());
    }
    loaded = true;
  }
}
