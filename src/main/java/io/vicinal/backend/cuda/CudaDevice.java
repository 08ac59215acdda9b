package io.vicinal.backend.cuda;

import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.Version;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Memory;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Loader;

/**
 * The CUDA devices of this machine. The JavaCPP presets load the driver, the CUDA runtime and
 * cuBLAS; {@code libvicinal_cuda} finds cuBLAS among the libraries that are mapped then. Tried once
 * per process, on first use: a machine without a GPU notices nothing. Thread-safe.
 */
public final class CudaDevice {
  /** Names another device library, which brings its own CUDA runtime and cuBLAS. */
  public static final String LIBRARY_PROPERTY = "io.vicinal.cuda.library";

  private static final String PLATFORM = "linux-x86_64";
  private static final String RESOURCE =
      "/io/vicinal/backend/jni/" + PLATFORM + "/libvicinal_cuda.so";
  private static final String PRESETS = "/org/bytedeco/cuda/" + PLATFORM + "/libjnicudart.so";

  /** Where a driver leaves traces: Linux, and Windows' subsystem for it. */
  private static final List<String> DRIVERS =
      List.of("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg");

  /** What the dynamic linker says of a library that it did not find. */
  private static final Pattern NOT_FOUND =
      Pattern.compile("(lib[A-Za-z]+\\.so[.0-9]*): cannot open shared object file");

  private CudaDevice() {}

  /** The outcome of the one attempt. */
  private static final class Attempt {
    static final String REFUSAL = open();
  }

  /**
   * Why there is no CUDA device here, one sentence; null when there is one.
   *
   * @throws InputException one sentence, when not even {@code libvicinal} can be loaded
   */
  public static String refusal() {
    NativeLibrary.load(); // not within the attempt: a class whose first use fails stays broken
    return Attempt.REFUSAL;
  }

  /**
   * The memory of a device.
   *
   * @param name "cuda" or "cuda:N"
   * @throws InputException one sentence, when it cannot be used on this machine
   */
  public static Memory memory(String name) {
    String refusal = refusal();
    if (refusal != null) {
      throw new InputException("device: " + name + " cannot be used: " + refusal);
    }
    return CudaMemory.of(name);
  }

  private static String open() {
    String library = System.getProperty(LIBRARY_PROPERTY);
    if (library == null) {
      URL resource = CudaDevice.class.getResource(RESOURCE);
      String missing =
          missing(
              DRIVERS.stream().anyMatch(path -> new File(path).exists()),
              OptionalLibrary.CUDA.present(),
              CudaDevice.class.getResource(PRESETS) != null,
              resource != null);
      if (missing != null) {
        return missing;
      }
      try {
        Loader.load(cudart.class);
        Loader.load(cublas.class);
        File file = Loader.cacheResource(resource);
        library = file.getPath();
      } catch (LinkageError | RuntimeException e) {
        return sentence(oneLine(e));
      } catch (IOException e) {
        return "libvicinal_cuda.so could not be unpacked: " + oneLine(e);
      }
    }
    if (Vicinal.vicinal_device_open(library) != Vicinal.VICINAL_OK) {
      return Vicinal.vicinal_last_error().getString(StandardCharsets.UTF_8);
    }
    return null;
  }

  /**
   * One sentence on everything that can be known to lack before loading; null when nothing does.
   */
  static String missing(boolean driver, boolean presets, boolean glue, boolean library) {
    List<String> lacks = new ArrayList<>();
    if (!driver) {
      lacks.add("this machine has no NVIDIA driver (libcuda.so.1)");
    }
    String cuda = OptionalLibrary.CUDA.artifact();
    if (!presets || !glue) {
      String without = presets ? "" : cuda + " and ";
      lacks.add(
          "JavaCPP's CUDA presets are not on the class path: add "
              + without
              + cuda
              + " with classifier "
              + PLATFORM);
    }
    if (!library) {
      lacks.add(
          "libvicinal_cuda.so is not on the class path: add io.vicinal:vicinal:"
              + Version.text()
              + " with classifier cuda-"
              + PLATFORM
              + ", which 'mvn install' makes in a checkout where there is nvcc");
    }
    boolean onlyDriver = !driver && lacks.size() == 1; // let the loader look, it may lie elsewhere
    return lacks.isEmpty() || onlyDriver ? null : String.join("; ", lacks);
  }

  /**
   * Versions of what this process has loaded, one line; the presets load cuDNN for it, which no
   * operation needs. Call it only where {@link #refusal} is null.
   */
  public static String libraries() {
    if (System.getProperty(LIBRARY_PROPERTY) != null) {
      return System.getProperty(LIBRARY_PROPERTY);
    }
    int[] driver = new int[1];
    int[] runtime = new int[1];
    cudart.cudaDriverGetVersion(driver);
    cudart.cudaRuntimeGetVersion(runtime);
    int[] blas = new int[3];
    for (int part = 0; part < blas.length; part++) {
      int[] value = new int[1];
      cublas.cublasGetProperty(part, value);
      blas[part] = value[0];
    }
    return String.format(
        Locale.ROOT,
        "driver for CUDA %d.%d, runtime %d.%d, cuBLAS %d.%d.%d, %s",
        driver[0] / 1000,
        driver[0] % 1000 / 10,
        runtime[0] / 1000,
        runtime[0] % 1000 / 10,
        blas[0],
        blas[1],
        blas[2],
        dnn());
  }

  private static String dnn() {
    try {
      Loader.load(cudnn.class);
    } catch (LinkageError | RuntimeException e) {
      return "no cuDNN";
    }
    long version = cudnn.cudnnGetVersion();
    return String.format(
        Locale.ROOT, "cuDNN %d.%d.%d", version / 10_000, version / 100 % 100, version % 100);
  }

  /** The reason and, where there is one, the remedy. */
  static String sentence(String reason) {
    Matcher missing = NOT_FOUND.matcher(reason);
    if (!missing.find()) {
      return "the NVIDIA driver, CUDA runtime or cuBLAS could not be loaded: " + reason;
    }
    String library = missing.group(1);
    return library.startsWith("libcuda.")
        ? "there is no NVIDIA driver (" + library + ")"
        : library
            + " was not found: install the CUDA 13 runtime and cuBLAS, or add its folder to"
            + " LD_LIBRARY_PATH";
  }

  private static String oneLine(Throwable e) {
    Throwable last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage()).replaceAll("\\s+", " ").strip();
  }
}
