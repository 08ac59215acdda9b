package io.vicinal.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vicinal.OptionalLibrary;
import io.vicinal.Version;
import org.junit.jupiter.api.Test;

/** What a machine without a GPU, or with half of CUDA, is told. */
class CudaDeviceTest {
  @Test
  void aMachineWithoutADriverIsToldSo() {
    assertEquals(
        "there is no NVIDIA driver (libcuda.so.1)",
        CudaDevice.sentence(
            "/cache/libjnicudart.so: libcuda.so.1: cannot open shared object file: No such file"));
  }

  @Test
  void aMissingLibraryIsNamedWithTheRemedy() {
    for (String library :
        new String[] {"libcublas.so.13", "libcublasLt.so.13", "libcudart.so.13"}) {
      String sentence =
          CudaDevice.sentence(
              "/cache/libjnicublas.so: " + library + ": cannot open shared object file: No such");
      assertTrue(sentence.startsWith(library + " was not found: "), sentence);
      assertTrue(sentence.endsWith("LD_LIBRARY_PATH"), sentence);
    }
  }

  /** From the jar alone three things lack, and each has another remedy. */
  @Test
  void everythingThatLacksIsSaidAtOnce() {
    String driver = "this machine has no NVIDIA driver (libcuda.so.1)";
    String cuda = OptionalLibrary.CUDA.artifact();
    String presets =
        "JavaCPP's CUDA presets are not on the class path: add "
            + cuda
            + " and "
            + cuda
            + " with classifier linux-x86_64";
    String library =
        "libvicinal_cuda.so is not on the class path: add io.vicinal:vicinal:"
            + Version.text()
            + " with classifier cuda-linux-x86_64, which 'mvn install' makes in a checkout where"
            + " there is nvcc";
    assertEquals(
        driver + "; " + presets + "; " + library, CudaDevice.missing(false, false, false, false));
    assertEquals(presets, CudaDevice.missing(true, false, false, true));
    assertEquals(presets.replace(cuda + " and ", ""), CudaDevice.missing(true, true, false, true));
    assertEquals(library, CudaDevice.missing(true, true, true, false));
    assertNull(CudaDevice.missing(true, true, true, true));
    assertNull(CudaDevice.missing(false, true, true, true)); // the loader knows more places
    assertTrue(cuda.matches("org\\.bytedeco:cuda:[0-9].*"), cuda);
  }

  @Test
  void anyOtherReasonIsPassedOn() {
    assertEquals(
        "the NVIDIA driver, CUDA runtime or cuBLAS could not be loaded: no jnicudart in path",
        CudaDevice.sentence("no jnicudart in path"));
  }
}
