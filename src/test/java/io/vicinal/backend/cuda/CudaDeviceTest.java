package io.vicinal.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

  @Test
  void anyOtherReasonIsPassedOn() {
    assertEquals(
        "the NVIDIA driver, CUDA runtime or cuBLAS could not be loaded: no jnicudart in path",
        CudaDevice.sentence("no jnicudart in path"));
  }
}
