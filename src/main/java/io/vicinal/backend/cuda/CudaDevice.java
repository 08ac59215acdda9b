package io.vicinal.backend.cuda;

import io.vicinal.InputException;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Memory;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;

/**
 * The CUDA devices of this machine. The JavaCPP presets load the driver, the CUDA runtime and
 * cuBLAS; {@code libvicinal_cuda} finds cuBLAS among the libraries that are mapped then. Tried once
 * per process, on first use: a machine without a GPU notices nothing. Thread-safe.
 */
public final class CudaDevice {
  /** Names another device library, which brings its own CUDA runtime and cuBLAS. */
  public static final String LIBRARY_PROPERTY = "io.vicinal.cuda.library";

  private static final String RESOURCE = "/io/vicinal/backend/jni/linux-x86_64/libvicinal_cuda.so";

  private CudaDevice() {}

  /** The outcome of the one attempt. */
  private static final class Attempt {
    static final String REFUSAL = open();
  }

  /** Why there is no CUDA device here, one sentence; null when there is one. */
  public static String refusal() {
    return Attempt.REFUSAL;
  }

  /**
   * The memory of a device.
   *
   * @param name "cuda" or "cuda:N"
   * @throws InputException one sentence, when it cannot be used on this machine
   */
  public static Memory memory(String name) {
    if (Attempt.REFUSAL != null) {
      throw new InputException("device: " + name + " cannot be used: " + Attempt.REFUSAL);
    }
    return CudaMemory.of(name);
  }

  private static String open() {
    NativeLibrary.load();
    String library = System.getProperty(LIBRARY_PROPERTY);
    if (library == null) {
      URL resource = CudaDevice.class.getResource(RESOURCE);
      if (resource == null) {
        return "this build has no libvicinal_cuda; build it on a machine with nvcc";
      }
      try {
        Loader.load(cudart.class);
        Loader.load(cublas.class);
        File file = Loader.cacheResource(resource);
        library = file.getPath();
      } catch (LinkageError | RuntimeException e) {
        return "the NVIDIA driver, CUDA runtime or cuBLAS could not be loaded: " + oneLine(e);
      } catch (IOException e) {
        return "libvicinal_cuda.so could not be unpacked: " + oneLine(e);
      }
    }
    if (Vicinal.vicinal_device_open(library) != Vicinal.VICINAL_OK) {
      return Vicinal.vicinal_last_error().getString();
    }
    return null;
  }

  private static String oneLine(Throwable e) {
    Throwable last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage()).replaceAll("\\s+", " ").strip();
  }
}
