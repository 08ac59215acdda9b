package io.vicinal.nn;

import static io.vicinal.Refusal.refused;
import static io.vicinal.Refusal.refusedAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.backend.Backend;
import io.vicinal.data.Rows;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.HostMemory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EmbedderTest {
  private static final int WIDTH = 12;

  @TempDir private Path folder;

  private static Head head(Arena arena, DType type) {
    return Head.initialise(arena, type, WIDTH, 5, 3, true, ProxyStart.NORMAL, 4);
  }

  private static float[] features(int count) {
    Xoshiro generator = new Xoshiro(1);
    float[] values = new float[count * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) generator.nextGaussian();
    }
    return values;
  }

  /** More rows than one piece of 4 MiB holds. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F64"})
  void arraysAndBuffersGiveWhatTheHeadGives(DType type) {
    int count = 100_000;
    float[] x = features(count);
    try (Arena arena = Arena.host();
        Backend backend = Backend.cpu()) {
      Head head = head(arena, type);
      var rows = arena.allocate(type, count, WIDTH);
      rows.set(x);
      float[] expected = head.embed(backend, rows, arena).toFloats();
      head.save(folder.resolve("h.safetensors"), Map.of());
      try (Embedder embedder = Embedder.load(folder.resolve("h.safetensors"));
          Embedder copy = Embedder.of(head, backend)) {
        assertThat(List.of(embedder.features(), embedder.width())).containsExactly(12, 5);
        float[][] all = embedder.embed(Rows.of(x, WIDTH));
        assertThat(all).hasDimensions(count, 5);
        close(flat(all), expected);
        FloatBuffer out = ByteBuffer.allocateDirect(4 * (5 * count + 1)).asFloatBuffer();
        copy.embed(Rows.of(FloatBuffer.wrap(x), WIDTH), out.put(9));
        assertThat(out.remaining()).isZero();
        float[] read = new float[5 * count];
        out.position(1).get(read);
        close(read, expected);
        close(
            embedder.embed(Arrays.copyOfRange(x, WIDTH, 2 * WIDTH)),
            Arrays.copyOfRange(expected, 5, 10));
      }
    }
  }

  private static float[] flat(float[][] rows) {
    FloatBuffer all = FloatBuffer.allocate(rows.length * rows[0].length);
    Arrays.stream(rows).forEach(all::put);
    return all.array();
  }

  /** Another tiling of the same product: some units in the last place of sums of a dozen terms. */
  private static void close(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(Math.abs(found[i] - expected[i])).isLessThan(1e-5f);
    }
  }

  @Test
  void manyThreadsShareOneHead() throws InterruptedException, ExecutionException {
    float[] x = features(64);
    long before = HostMemory.liveBytes();
    try (Arena arena = Arena.host();
        Embedder embedder = Embedder.of(head(arena, DType.F32))) {
      float[][] expected = embedder.embed(Rows.of(x, WIDTH));
      ExecutorService pool = Executors.newFixedThreadPool(16);
      try {
        List<Future<float[]>> answers = new ArrayList<>();
        for (int i = 0; i < 640; i++) {
          int row = i % 64;
          float[] query = Arrays.copyOfRange(x, row * WIDTH, (row + 1) * WIDTH);
          answers.add(pool.submit(() -> embedder.embed(query)));
        }
        for (int i = 0; i < 640; i++) {
          close(answers.get(i).get(), expected[i % 64]);
        }
      } finally {
        pool.shutdownNow();
      }
    }
    assertThat(HostMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void whatDoesNotFitIsRefusedAndAClosedOneSaysSo() {
    try (Arena arena = Arena.host()) {
      Embedder embedder = Embedder.of(head(arena, DType.F32));
      refusedAt(
          () -> embedder.embed(new float[3]),
          "features: rows of 3 numbers, but the head was made for 12; compute them");
      FloatBuffer small = FloatBuffer.allocate(9);
      refusedAt(
          () -> embedder.embed(Rows.of(new float[24], WIDTH), small),
          "embeddings: the buffer has room for 9 numbers, 2 rows of 5");
      assertThat(small.position()).isZero();
      embedder.close();
      embedder.close();
      assertThatThrownBy(() -> embedder.embed(new float[WIDTH]))
          .isInstanceOf(IllegalStateException.class);
      long before = HostMemory.liveBytes();
      refused(() -> Embedder.load(folder.resolve("none.safetensors")), "none.safetensors");
      assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }
  }
}
