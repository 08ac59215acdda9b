package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static io.vicinal.tensor.Filled.gaussian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.CancelledException;
import io.vicinal.data.Rows;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.faiss.Index;
import io.vicinal.faiss.global.faiss;
import io.vicinal.retrieval.VectorIndex.Metric;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class VectorIndexTest {
  private static final int D = 8;
  private static final int N = 300;
  private static final float[] X = gaussian(N * D, 7);

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(Metric.class)
  void flatAgreesWithAllPairs(Metric metric) {
    try (VectorIndex index = VectorIndex.create(D, metric)) {
      index.add(X);
      assertThat(index.size()).isEqualTo(N);
      float[] queries = gaussian(5 * D, 8);
      Hits hits = index.search(queries, 7);
      for (int q = 0; q < 5; q++) {
        int query = q;
        long[] expected =
            LongStream.range(0, N)
                .boxed()
                .sorted(
                    (a, b) ->
                        Double.compare(
                            order(metric, queries, query, a), order(metric, queries, query, b)))
                .mapToLong(id -> id)
                .limit(7)
                .toArray();
        assertThat(Arrays.copyOfRange(hits.ids(), q * 7, q * 7 + 7)).isEqualTo(expected);
        double best = order(metric, queries, q, expected[0]);
        assertThat((double) hits.score(q, 0))
            .isCloseTo(metric == Metric.L2 ? best : -best, offset(1e-5));
        assertThat(hits.count(q)).isEqualTo(7);
      }
    }
  }

  /** Smallest first. */
  private static double order(Metric metric, float[] queries, int q, long id) {
    double squares = 0;
    double product = 0;
    double a = 0;
    double b = 0;
    for (int j = 0; j < D; j++) {
      double x = queries[q * D + j];
      double y = X[(int) id * D + j];
      squares += (x - y) * (x - y);
      product += x * y;
      a += x * x;
      b += y * y;
    }
    return switch (metric) {
      case L2 -> squares;
      case INNER_PRODUCT -> -product;
      case COSINE -> -product / Math.sqrt(a * b);
    };
  }

  @Test
  void everyInputGivesTheSame() {
    float[][] rows = new float[N][];
    for (int i = 0; i < N; i++) {
      rows[i] = Arrays.copyOfRange(X, i * D, i * D + D);
    }
    FloatBuffer buffer = FloatBuffer.allocate(3 + X.length).put(3, X).position(3);
    double[] doubles = new double[X.length];
    Arrays.setAll(doubles, i -> X[i]);
    try (Arena arena = Arena.host();
        VectorIndex a = VectorIndex.create(D, Metric.L2);
        VectorIndex b = VectorIndex.create(D, Metric.L2);
        VectorIndex c = VectorIndex.create(D, Metric.L2);
        VectorIndex d = VectorIndex.create(D, Metric.L2)) {
      a.add(X);
      b.add(rows);
      c.add(buffer);
      d.add(arena.of(doubles, N, D));
      assertThat(buffer.position()).isEqualTo(3);
      Hits expected = a.search(X, 4);
      for (Hits hits :
          List.of(b.search(rows, 4), c.search(buffer, 4), d.search(arena.of(X, N, D), 4))) {
        assertThat(hits.ids()).isEqualTo(expected.ids());
        assertThat(hits.scores()).isEqualTo(expected.scores());
      }
      refused(() -> a.add(arena.of(X, N / 2, 2 * D)), "x: needs a floating-point matrix [rows, 8]");
      refused(() -> a.add(arena.allocate(DType.I64, 2, D)), "x: needs a floating-point matrix");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Flat", "IVF7,Flat", "HNSW8", "HNSW16,Flat"})
  void savedAndLoadedItIsTheSame(String description) throws IOException {
    long[] ids = LongStream.range(0, N).map(i -> i * i + 5).toArray();
    for (Metric metric : Metric.values()) {
      for (long[] names : new long[][] {null, ids}) {
        Path file = folder.resolve("an index");
        Hits before;
        try (VectorIndex index = VectorIndex.create(D, metric, description)) {
          index.train(X);
          if (names == null) {
            index.add(Arrays.copyOf(X, 100 * D));
            index.add(Arrays.copyOfRange(X, 100 * D, N * D));
          } else {
            index.add(X, names);
          }
          tune(index, 5);
          before = index.search(X, 3);
          index.save(file);
          if (metric != Metric.INNER_PRODUCT) {
            assertThat(before.id(0, 0)).isEqualTo(names == null ? 0 : 5);
          }
        }
        byte[] bytes = Files.readAllBytes(file);
        Path bare = folder.resolve("bare");
        Files.write(bare, Arrays.copyOf(bytes, bytes.length - 32));
        for (boolean imported : new boolean[] {false, true}) {
          try (VectorIndex index =
              imported ? VectorIndex.importFaiss(bare) : VectorIndex.load(file)) {
            assertThat(index.description()).isEqualTo(description.replace("16,Flat", "16"));
            assertThat(index.size()).isEqualTo(N);
            assertThat(index.dimension()).isEqualTo(D);
            assertThat(index.isTrained()).isTrue();
            if (!imported) {
              assertThat(index.metric()).isEqualTo(metric);
            }
            if (!imported || metric != Metric.COSINE) { // FAISS's file says inner product
              assertThat(index.search(X, 3).ids()).isEqualTo(before.ids());
              assertThat(index.search(X, 3).scores()).isEqualTo(before.scores());
            }
            float[] more = Arrays.copyOf(X, D);
            if (names == null) {
              refused(() -> index.add(more, new long[] {1}), "the rows of this index are numbered");
              index.add(more);
            } else {
              refused(() -> index.add(more), "the rows of this index carry ids");
              refused(() -> index.add(more, new long[] {30}), "30 (row 0) is used already");
              index.add(more, new long[] {31});
            }
            assertThat(index.size()).isEqualTo(N + 1);
            if (metric == Metric.L2) {
              assertThat(index.search(more, 2).ids())
                  .containsExactlyInAnyOrder(before.id(0, 0), names == null ? N : 31);
            }
          }
        }
        // FAISS itself takes the whole file.
        FaissLibrary.load();
        try (Index index = faiss.read_index(file.toString())) {
          assertThat(index.ntotal()).isEqualTo(N);
        }
      }
    }
    try (var files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("an index", "bare");
    }
  }

  private static void tune(VectorIndex index, int effort) {
    if (index.description().startsWith("IVF")) {
      index.setNprobe(effort);
      refused(() -> index.setNprobe(8), "nprobe: must be 1..7, got 8");
      refused(() -> index.setEfSearch(8), "efSearch: an index IVF7,Flat has no graph");
    } else if (index.description().startsWith("HNSW")) {
      index.setEfSearch(10 * effort);
      refused(() -> index.setEfSearch(0), "efSearch: must be 1..1048576, got 0");
    } else {
      refused(() -> index.setNprobe(8), "nprobe: an index Flat has no cells");
    }
  }

  @Test
  void anEmptyIndexFindsNothingAndIsSaved() {
    Path file = folder.resolve("empty");
    for (String description : List.of("Flat", "IVF4,Flat", "HNSW8")) {
      try (VectorIndex index = VectorIndex.create(D, Metric.L2, description)) {
        assertThat(index.search(Arrays.copyOf(X, 2 * D), 3)).matches(h -> h.k() == 0);
        index.search(new float[0], 1);
        index.save(file);
      }
      try (VectorIndex index = VectorIndex.load(file)) {
        assertThat(index.description()).isEqualTo(description);
        index.train(X);
        index.add(X);
        index.add(new float[0]);
        assertThat(index.search(Arrays.copyOf(X, D), N + 50).k()).isEqualTo(N);
      }
    }
  }

  /** It belongs to no scope of JavaCPP's that its maker had open. */
  @Test
  @SuppressWarnings("try") // the scope is open, not used
  void aPointerScopeThatWasOpenFreesNothing() {
    VectorIndex index;
    try (PointerScope scope = new PointerScope()) {
      index = VectorIndex.create(D, Metric.L2);
      index.add(X, LongStream.range(100, 100 + N).toArray());
    }
    try (index) {
      assertThat(index.search(Arrays.copyOf(X, D), 1).id(0, 0)).isEqualTo(100);
    }
  }

  @Test
  void itsTextReads() {
    VectorIndex index = VectorIndex.create(2, Metric.COSINE);
    assertThat(index).hasToString("VectorIndex Flat COSINE, 0 rows of 2 numbers");
    assertThat(index.search(new float[] {1, 0}, 3)).hasToString("Hits of 1 query: 0 -> nothing");
    index.add(new float[] {1, 0, 0, 1}, new long[] {7, 9});
    Hits hits = index.search(new float[] {1, 0}, 3);
    assertThat(hits).hasToString("Hits of 1 query: 0 -> 7 (1.0) 9 (0.0)");
    assertThat(hits.k()).isEqualTo(2);
    refused(() -> index.search((float[]) null, 1), "queries: is null; give rows of 2 numbers");
    refused(() -> index.search((float[][]) null, 1), "queries: is null");
    refused(() -> index.search((FloatBuffer) null, 1), "queries: is null");
    refused(() -> index.search((Tensor) null, 1), "queries: is null");
    refused(() -> index.add((float[]) null), "x: is null");
    refused(() -> index.add(new float[] {1, 0}, null), "ids: are null");
    refused(() -> Rows.of((float[][]) null), "features: are null");
    refused(() -> Rows.of((float[]) null, 2), "features: are null");
    index.close();
    assertThat(index).hasToString("VectorIndex Flat COSINE, 2 rows of 2 numbers, closed");
  }

  @Test
  void misuseIsASentence() {
    refused(() -> VectorIndex.create(0, Metric.L2), "dimension: must be 1..16777216, got 0");
    for (String bad : List.of("", "Flt", "HNSW", "PQ8", "IVF4", "IVF4,Flat,", "HNSW32,PQ8")) {
      refused(() -> VectorIndex.create(D, Metric.L2, bad), "index '" + bad + "': is not served");
    }
    refused(() -> VectorIndex.create(D, Metric.L2, "HNSW1"), "links must be 2..1024");
    refused(() -> VectorIndex.create(D, Metric.L2, "IVF0,Flat"), "cells must be 1..1048576");
    try (VectorIndex index = VectorIndex.create(D, Metric.L2);
        VectorIndex cosines = VectorIndex.create(D, Metric.COSINE);
        VectorIndex cells = VectorIndex.create(D, Metric.L2, "IVF7,Flat")) {
      refused(() -> index.add(new float[D + 1]), "x: 9 values are no whole number of rows of 8");
      refused(() -> index.add(new float[][] {new float[D], null}), "x: row 1 has no values");
      refused(() -> index.add(new float[][] {new float[3]}), "x: row 0 has 3 values where");
      refused(() -> index.add(X, new long[2]), "ids: needs one for each of the 300 rows, got 2");
      refused(() -> index.add(new float[D], new long[] {-1}), "ids: -1 (row 0) is below 0");
      refused(() -> index.add(new float[2 * D], new long[] {4, 4}), "ids: 4 (row 1) is used");
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        float[] rows = X.clone();
        rows[20 * D + 3] = bad;
        refused(() -> index.add(rows), "x: row 20 is not finite in float32");
        refused(() -> index.search(rows, 1), "queries: row 20 is not finite in float32");
        refused(() -> cells.train(rows), "x: row 20 is not finite");
      }
      for (float bad : new float[] {3e38f, 1e-20f, Float.MIN_VALUE}) {
        float[] rows = X.clone();
        Arrays.fill(rows, 20 * D, 21 * D, bad);
        refused(() -> index.add(rows), "x: row 20 has the length");
        cosines.add(rows); // a direction has no length
      }
      refused(() -> cosines.add(new float[D]), "x: row 0 is zero in float32");
      assertThat(index.size()).isZero();
      assertThat(cosines.size()).isEqualTo(3 * N);
      refused(() -> index.search(X, 0), "k: must be 1 or more, got 0");
      refused(() -> index.search(X, Integer.MIN_VALUE), "k: must be 1 or more");
      refused(() -> index.setThreads(100_000), "threads: must be 0..4096, got 100000");
      refused(() -> index.setThreads(-1), "threads: must be 0..4096, got -1");
      refused(() -> cells.train(Arrays.copyOf(X, 6 * D)), "needs at least as many training rows");
      assertThatThrownBy(() -> cells.add(X))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("call train");
      cells.train(X);
      assertThatThrownBy(() -> cells.train(X)).isInstanceOf(IllegalStateException.class);
      index.setThreads(4096);
      index.add(X);
      assertThat(index.search(X, Integer.MAX_VALUE).k()).isEqualTo(N);
      assertThatThrownBy(() -> index.search(X, 3).id(0, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void afterCloseEveryCallIsAnIllegalState() {
    VectorIndex index = VectorIndex.create(D, Metric.L2, "HNSW8");
    index.add(X);
    index.close();
    index.close();
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> index.add(X),
            () -> index.train(X),
            () -> index.search(X, 1),
            () -> index.save(folder.resolve("x")),
            () -> index.setEfSearch(3),
            () -> index.setThreads(1),
            index::size,
            index::isTrained)) {
      assertThatThrownBy(call)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("this index is closed");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void filesThatAreNoIndexAreRefused() throws IOException {
    Path file = folder.resolve("f");
    refused(() -> VectorIndex.load(folder.resolve("none")), "none: does not exist");
    refused(() -> VectorIndex.load(folder), "is no regular file");
    Files.write(file, new byte[0]);
    refused(() -> VectorIndex.load(file), "f: is not the whole file of a VectorIndex");
    refused(() -> VectorIndex.importFaiss(file), "f: is damaged: it ends too early");
    try (VectorIndex index = VectorIndex.create(D, Metric.COSINE)) {
      index.add(X);
      index.save(file);
      byte[] good = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(good, good.length - 1));
      refused(() -> VectorIndex.load(file), "is not the whole file");
      byte[] flipped = good.clone();
      flipped[500] ^= 1; // a value that is still a number
      Files.write(file, flipped);
      refused(() -> VectorIndex.load(file), "f: is damaged: its checksum is another");
      flipped = good.clone();
      flipped[good.length - 24] = 0; // L2 instead of cosine
      Files.write(file, flipped);
      refused(() -> VectorIndex.load(file), "is damaged");
      byte[] cut = new byte[good.length - 4];
      System.arraycopy(good, 0, cut, 0, 600);
      System.arraycopy(good, 604, cut, 600, good.length - 604);
      Files.write(file, cut);
      refused(() -> VectorIndex.load(file), "f: was cut or added to");
    }
    FaissLibrary.load();
    try (Index quantized = faiss.index_factory(D, "SQ8", faiss.METRIC_L2)) {
      faiss.write_index(quantized, file.toString());
    }
    refused(
        () -> VectorIndex.importFaiss(file), "holds no index that is served (FAISS's code 'IxSQ')");
  }

  @Test
  void aRefusedSaveLeavesTheOldFile() throws IOException {
    try (VectorIndex index = VectorIndex.create(D, Metric.L2)) {
      index.add(X);
      refused(() -> index.save(folder), "is a folder");
      refused(() -> index.save(folder.resolve("none/x")), "its folder does not exist");
    }
    assertThat(folder).isEmptyDirectory();
  }

  /** As every output: a link stays one, a mode is kept, a device is written through. */
  @Test
  void aSavedIndexKeepsWhatItsPlaceIs() throws IOException {
    Path file = Files.writeString(folder.resolve("behind"), "old");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    try (VectorIndex index = VectorIndex.create(D, Metric.L2)) {
      index.add(X);
      index.save(link);
      refused(() -> index.save(Path.of("/dev/full")), "/dev/full: cannot be written");
      index.save(Path.of("/dev/null"));
    }
    assertThat(link).isSymbolicLink();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
    try (VectorIndex index = VectorIndex.load(link)) {
      assertThat(index.size()).isPositive();
    }
    assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
  }

  @Test
  void searchesRunBesideAdditions() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    VectorIndex index = VectorIndex.create(D, Metric.L2, "HNSW8");
    try {
      index.add(Arrays.copyOf(X, D));
      List<Callable<Boolean>> tasks = new ArrayList<>();
      for (int i = 1; i < 64; i++) {
        float[] row = Arrays.copyOfRange(X, i * D, i * D + D);
        tasks.add(
            () -> {
              index.add(row);
              return index.search(row, 1).score(0, 0) == 0;
            });
      }
      for (Future<Boolean> found : pool.invokeAll(tasks)) {
        assertThat(found.get()).isTrue();
      }
      assertThat(index.size()).isEqualTo(64);
      Future<?> search =
          pool.submit(
              () -> {
                while (true) {
                  index.search(X, 5);
                }
              });
      index.close(); // waits for the search that runs
      assertThatThrownBy(search::get).hasCauseInstanceOf(IllegalStateException.class);
    } finally {
      pool.shutdownNow();
      index.close();
    }
  }

  @Test
  void anInterruptIsHeard() {
    try (VectorIndex index = VectorIndex.create(D, Metric.L2)) {
      index.add(X);
      for (ThrowingCallable call :
          List.<ThrowingCallable>of(() -> index.search(X, 1), () -> index.add(X))) {
        Thread.currentThread().interrupt();
        assertThatThrownBy(call).isInstanceOf(CancelledException.class);
        assertThat(Thread.interrupted()).isTrue();
      }
      assertThat(index.size()).isEqualTo(N);
    }
  }

  @ParameterizedTest
  @CsvSource({"40", "5000"})
  void idsOfAnySizeAreKeptApart(int n) {
    IdSet ids = new IdSet();
    Random random = new Random(n);
    List<Long> some = random.longs(n, 0, Long.MAX_VALUE).distinct().boxed().toList();
    some.forEach(id -> assertThat(ids.add(id)).isTrue());
    some.forEach(id -> assertThat(ids.add(id)).isFalse());
    assertThat(some).allMatch(ids::contains);
    assertThat(LongStream.range(0, 100).filter(ids::contains)).isEmpty();
  }
}
