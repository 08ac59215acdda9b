package io.vicinal.tensor;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TensorTest {
  private long liveBefore;

  @BeforeEach
  void countLiveBytes() {
    liveBefore = HostMemory.liveBytes();
  }

  @AfterEach
  void noLiveBytesLeft() {
    assertThat(HostMemory.liveBytes()).isEqualTo(liveBefore);
  }

  @Test
  void valuesComeBackInEveryTypeAcrossStagingChunks() {
    int n = 200_003; // more than one staging chunk in every type, and odd
    double[] doubles = IntStream.range(0, n).mapToDouble(i -> Math.sin(i)).toArray();
    float[] floats = new float[n];
    long[] longs = new long[n];
    for (int i = 0; i < n; i++) {
      floats[i] = (float) doubles[i];
      longs[i] = ((long) i << 33) - 7;
    }
    try (Arena arena = Arena.host()) {
      assertThat(arena.of(floats, n).toFloats()).isEqualTo(floats);
      assertThat(arena.of(doubles, n).toDoubles()).isEqualTo(doubles);
      assertThat(arena.of(longs, n).toLongs()).isEqualTo(longs);
      Tensor narrow = arena.allocate(DType.F32, n);
      narrow.set(doubles);
      assertThat(narrow.toFloats()).isEqualTo(floats);
      Tensor wide = arena.allocate(DType.F64, n);
      wide.copyFrom(narrow);
      assertThat(wide.toFloats()).isEqualTo(floats);
      assertThat(wide.at(n - 1)).isEqualTo((double) floats[n - 1]);
      Tensor back = arena.allocate(DType.F32, n);
      back.copyFrom(wide);
      assertThat(back.toFloats()).isEqualTo(floats);
      Tensor copy = arena.allocate(DType.I64, n);
      copy.copyFrom(arena.of(longs, n));
      assertThat(copy.longAt(n - 1)).isEqualTo(longs[n - 1]);
    }
  }

  @Test
  void memoryIsAlignedAndZeroAlsoAfterReset() {
    try (Arena arena = Arena.host()) {
      for (int round = 0; round < 3; round++) {
        for (int size : new int[] {1, 3, 1000, 17, 300_000}) {
          Tensor tensor = arena.allocate(DType.F32, size);
          assertThat(tensor.address() % 64).isZero();
          assertThat(tensor.toFloats()).containsOnly(0f);
          float[] ones = new float[size];
          Arrays.fill(ones, 1f);
          tensor.set(ones);
        }
        arena.reset();
      }
    }
  }

  @Test
  void resetReusesTheMemory() {
    try (Arena arena = Arena.host()) {
      arena.allocate(DType.F64, 1000, 7);
      arena.allocate(DType.I64, 12);
      long reserved = arena.bytes();
      for (int i = 0; i < 100; i++) {
        arena.reset();
        arena.allocate(DType.F64, 1000, 7);
        arena.allocate(DType.I64, 12);
      }
      assertThat(arena.bytes()).isEqualTo(reserved);
    }
  }

  @Test
  void rowsAndReshapeAreViews() {
    try (Arena arena = Arena.host()) {
      Tensor matrix = arena.of(new float[] {0, 1, 2, 3, 4, 5}, 3, 2);
      Tensor tail = matrix.rows(1, 3);
      assertThat(tail.shape()).isEqualTo(Shape.of(2, 2));
      assertThat(tail.toFloats()).containsExactly(2, 3, 4, 5);
      tail.set(new float[] {9, 8, 7, 6});
      assertThat(matrix.reshape(6).toFloats()).containsExactly(0, 1, 9, 8, 7, 6);
      assertThat(matrix.rows(3, 3).size()).isZero();
      assertThat(matrix.rows(3, 3).toFloats()).isEmpty();
      refused(() -> matrix.rows(2, 4), "[3, 2]");
      refused(() -> matrix.reshape(5), "[5]");
    }
  }

  @Test
  void useAfterCloseOrResetIsAnIllegalState() {
    Arena arena = Arena.host();
    Tensor old = arena.of(new float[] {1}, 1);
    Tensor view = old.rows(0, 1);
    arena.reset();
    for (Tensor tensor : new Tensor[] {old, view}) {
      assertThatThrownBy(tensor::toFloats)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("reset");
      assertThatThrownBy(tensor::address).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> tensor.rows(0, 1)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> tensor.set(new float[1])).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> tensor.at(0)).isInstanceOf(IllegalStateException.class);
    }
    Tensor young = arena.allocate(DType.F32, 1);
    arena.close();
    arena.close();
    assertThatThrownBy(() -> young.read(0, ByteBuffer.allocate(4)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> arena.allocate(DType.F32, 1))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(arena::reset).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aLeaseKeepsTheMemoryUntilItEnds() {
    Arena arena = Arena.host();
    Tensor tensor = arena.of(new long[] {42}, 1);
    Lease lease = Lease.of(tensor, null, tensor.rows(0, 1));
    assertThatThrownBy(arena::reset).isInstanceOf(IllegalStateException.class);
    arena.close();
    assertThat(HostMemory.liveBytes()).isGreaterThan(liveBefore);
    assertThatThrownBy(tensor::address).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Lease.of(tensor)).isInstanceOf(IllegalStateException.class);
    lease.close();
    lease.close();
    assertThat(HostMemory.liveBytes()).isEqualTo(liveBefore);
  }

  @Test
  void impossibleSizesAreSentences() {
    try (Arena arena = Arena.host()) {
      refused(
          () -> arena.allocate(DType.F32, 1L << 40, 1L << 10),
          "[1099511627776, 1024]",
          "out of memory");
      refused(() -> arena.allocate(DType.F32, 1L << 40, 1L << 40));
      refused(() -> arena.allocate(DType.F64, 1L << 61), "bytes");
      refused(() -> arena.allocate(DType.F64, -1), "negative");
    }
  }

  @Test
  void typesThatDoNotConvertAreRefused() {
    try (Arena arena = Arena.host()) {
      Tensor longs = arena.allocate(DType.I64, 2);
      Tensor floats = arena.allocate(DType.F32, 2);
      refused(() -> longs.set(new float[2]));
      refused(() -> floats.set(new long[2]));
      refused(longs::toDoubles);
      refused(floats::toLongs);
      refused(() -> floats.copyFrom(longs));
      refused(() -> floats.set(new float[3]), "3 values");
      assertThatThrownBy(() -> floats.at(2)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> floats.write(4, ByteBuffer.allocate(8)))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void eightThreadsShareAnArena() {
    try (Arena arena = Arena.host()) {
      IntStream.range(0, 8)
          .parallel()
          .forEach(
              t -> {
                for (int i = 0; i < 200; i++) {
                  Tensor tensor = arena.of(new long[] {t, i}, 2);
                  assertThat(tensor.toLongs()).containsExactly(t, i);
                }
              });
    }
  }
}
