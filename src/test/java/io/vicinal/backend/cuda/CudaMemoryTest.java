package io.vicinal.backend.cuda;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Tensors on a CUDA device: contents, accounting, limits. */
@EnabledIfSystemProperty(named = "vicinal.test.device", matches = "cuda.*")
class CudaMemoryTest {
  @Test
  void contentsComeBackAndEverythingIsReturned() {
    CudaMemory memory = CudaMemory.of("cuda");
    long before = memory.usage().inUse();
    try (Arena arena = new Arena(memory)) {
      assertThat(arena.allocate(DType.F64, 1000).toDoubles()).containsOnly(0);
      double[] values = new double[100_003];
      for (int i = 0; i < values.length; i++) {
        values[i] = i * 0.5;
      }
      Tensor tensor = arena.of(values, values.length);
      assertThat(tensor.toDoubles()).containsExactly(values);
      assertThat(tensor.at(77)).isEqualTo(38.5);
      assertThat(memory.usage().inUse()).isGreaterThan(before);
      arena.reset();
      assertThat(arena.allocate(DType.F64, 100_000).toDoubles()).containsOnly(0);
    }
    assertThat(memory.usage().inUse()).isEqualTo(before);
    assertThat(memory.usage().held()).isPositive();
  }

  @Test
  void tooMuchIsASentence() {
    try (Arena arena = new Arena(CudaMemory.of("cuda"))) {
      refused(() -> arena.allocate(DType.F32, 1L << 40), "MiB were asked for");
    }
    refused(() -> Backend.open("cuda:99", BackendOptions.defaults()), "cuda:0 to");
  }

  @Test
  void tensorsOfTheDeviceAndOfTheHostMayMeet() {
    try (Backend cuda = Backend.open("cuda", BackendOptions.defaults());
        Arena there = new Arena(cuda.memory());
        Arena here = Arena.host()) {
      Tensor x = there.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      Tensor w = here.of(new float[] {1, 0, -1, 0, 1, 1}, 2, 3);
      Tensor z = there.allocate(DType.F32, 2, 2);
      Tensor copy = here.allocate(DType.F32, 2, 2);
      cuda.embed(x, new HeadTensors(w, null, null), z);
      cuda.embed(x, new HeadTensors(w, null, null), copy);
      assertThat(z.toFloats()).containsExactly(-2, 5, -2, 11);
      assertThat(copy.toFloats()).containsExactly(-2, 5, -2, 11);
      try (Backend cpu = Backend.cpu()) {
        refused(() -> cpu.embed(x, new HeadTensors(w, null, null), copy), "lies on cuda");
      }
    }
  }
}
