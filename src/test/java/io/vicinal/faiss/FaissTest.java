package io.vicinal.faiss;

import static io.vicinal.faiss.global.faiss.METRIC_INNER_PRODUCT;
import static io.vicinal.faiss.global.faiss.METRIC_L2;
import static io.vicinal.faiss.global.faiss.index_factory;
import static io.vicinal.faiss.global.faiss.read_index;
import static io.vicinal.faiss.global.faiss.write_index;
import static io.vicinal.tensor.Filled.gaussian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.process.InterruptedCall;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaissTest {
  private static final int D = 8;
  private static final int N = 500;
  private static final float[] X = gaussian(N * D, 7);

  @BeforeAll
  static void load() {
    FaissLibrary.load();
  }

  @Test
  void flatL2FindsSquaredDistances() {
    try (IndexFlatL2 index = new IndexFlatL2(2)) {
      index.add(3, new float[] {0, 0, 3, 4, 1, 0}, 1, null);
      float[] distances = new float[3];
      long[] ids = new long[3];
      index.search(1, new float[] {0, 0}, 3, distances, ids, 1, null);
      assertThat(ids).containsExactly(0, 2, 1);
      assertThat(distances).containsExactly(0, 1, 25);
      assertThat(index.metric_type()).isEqualTo(METRIC_L2);
    }
  }

  @Test
  void flatInnerProductOrdersLargestFirst() {
    try (IndexFlatIP index = new IndexFlatIP(2)) {
      index.add(3, new float[] {1, 0, 2, 0, -1, 0}, 1, null);
      float[] products = new float[3];
      long[] ids = new long[3];
      index.search(1, new float[] {1, 0}, 3, products, ids, 1, null);
      assertThat(ids).containsExactly(1, 0, 2);
      assertThat(products).containsExactly(2, 1, -1);
    }
  }

  @Test
  void everyThreadCountGivesTheSameLists() {
    try (IndexFlatL2 index = new IndexFlatL2(D)) {
      index.add(N, X, 2, null);
      long[] one = search(index, 5, 1);
      assertThat(search(index, 5, 2)).isEqualTo(one);
      assertThat(search(index, 5, 3)).isEqualTo(one);
    }
  }

  @Test
  void ivfWithAllCellsProbedIsExact() {
    try (IndexFlatL2 flat = new IndexFlatL2(D);
        IndexFlatL2 quantizer = new IndexFlatL2(D);
        IndexIVFFlat ivf = new IndexIVFFlat(quantizer, D, 10, METRIC_L2)) {
      quantizer.deallocate(); // the IVF index keeps what it needs
      assertThat(ivf.is_trained()).isFalse();
      ivf.train(N, X, 2, null);
      ivf.add(N, X, 2, null);
      flat.add(N, X, 2, null);
      ivf.set_nprobe(10);
      assertThat(ivf.nlist()).isEqualTo(10);
      assertThat(search(ivf, 4, 2)).isEqualTo(search(flat, 4, 2));
      ivf.set_nprobe(1);
      assertThat(search(ivf, 4, 2)).isNotEqualTo(search(flat, 4, 2));
    }
  }

  @Test
  void hnswFindsTheQueryItself() {
    try (IndexHNSWFlat index = new IndexHNSWFlat(D, 16, METRIC_L2)) {
      index.set_efConstruction(80);
      index.set_efSearch(64);
      assertThat(index.efSearch()).isEqualTo(64);
      index.add(N, X, 2, null);
      long[] ids = search(index, 1, 2);
      int right = 0;
      for (int i = 0; i < N; i++) {
        right += ids[i] == i ? 1 : 0;
      }
      assertThat(right).isGreaterThan(N * 9 / 10);
    }
  }

  @Test
  void idMapReturnsTheCallersIds() {
    try (IndexFlatL2 inner = new IndexFlatL2(1);
        IndexIDMap index = new IndexIDMap(inner)) {
      inner.deallocate();
      long big = 1L << 40;
      index.add_with_ids(2, new float[] {0, 5}, new long[] {big, -3}, 1, null);
      long[] ids = new long[2];
      index.search(1, new float[] {4}, 2, new float[2], ids, 1, null);
      assertThat(ids).containsExactly(-3, big);
    }
  }

  @Test
  void factoryFileAndParametersRoundTrip(@TempDir Path folder) {
    String file = folder.resolve("index.faiss").toString();
    long[] before;
    try (Index index = index_factory(D, "IVF8,Flat", METRIC_L2)) {
      index.train(N, X, 2, null);
      index.add(N, X, 2, null);
      index.set_parameter("nprobe", 3);
      before = search(index, 3, 2);
      write_index(index, file);
    }
    try (Index index = read_index(file)) {
      assertThat(index.ntotal()).isEqualTo(N);
      assertThat(index.d()).isEqualTo(D);
      index.set_parameter("nprobe", 3);
      assertThat(search(index, 3, 2)).isEqualTo(before);
      index.reset();
      assertThat(index.ntotal()).isZero();
    }
  }

  @Test
  void faissTextArrivesInJava() {
    assertThatThrownBy(() -> index_factory(D, "NoSuchIndex", METRIC_L2))
        .isInstanceOf(RuntimeException.class)
        .hasMessageContaining("NoSuchIndex");
    assertThatThrownBy(() -> read_index("/nonexistent/index.faiss"))
        .isInstanceOf(RuntimeException.class)
        .hasMessageContaining("No such file");
    try (IndexFlatL2 quantizer = new IndexFlatL2(D);
        IndexIVFFlat ivf = new IndexIVFFlat(quantizer, D, 10, METRIC_INNER_PRODUCT)) {
      assertThatThrownBy(() -> ivf.add(N, X, 2, null))
          .isInstanceOf(RuntimeException.class)
          .hasMessageContaining("is_trained");
      assertThatThrownBy(() -> ivf.search(1, X, 0, new float[1], new long[1], 1, null))
          .hasMessageContaining("k must be at least 1");
    }
  }

  /** Each of these ended the process inside FAISS or libgomp, or came back as foreign memory. */
  @Test
  void valuesThatFaissDiesOfAreRefused() {
    refused("M must be 2..4096, got 0", () -> new IndexHNSWFlat(D, 0, METRIC_L2).close());
    refused("M must be 2..4096, got 1", () -> new IndexHNSWFlat(D, 1, METRIC_L2).close());
    refused("d must be 1..", () -> new IndexFlatL2(0).close());
    for (String description :
        List.of("HNSW0", "HNSW1", "IVF0,Flat", "PQ0", "IVF99999999999,Flat")) {
      refused("out of range", () -> index_factory(D, description, METRIC_L2).close());
    }
    try (IndexFlatL2 flat = new IndexFlatL2(D);
        IndexFlatL2 quantizer = new IndexFlatL2(D);
        IndexIVFFlat ivf = new IndexIVFFlat(quantizer, D, 4, METRIC_L2);
        IndexHNSWFlat hnsw = new IndexHNSWFlat(D, 8, METRIC_L2)) {
      flat.add(N, X, 2, null);
      for (long id : new long[] {-1, N, Long.MAX_VALUE, Long.MIN_VALUE}) {
        refused("is not one of the 500 rows", () -> flat.reconstruct(id, new float[D]));
      }
      refused("threads must be 0..4096, got 100000", () -> search(flat, 1, 100_000));
      refused("threads must be 0..4096, got -1", () -> search(flat, 1, -1));
      assertThat(search(flat, 1, 4096)).isEqualTo(search(flat, 1, 1));
      refused("x is null", () -> flat.add(3, (float[]) null, 1, null));
      refused("nlist must be 1", () -> new IndexIVFFlat(quantizer, D, 0, METRIC_L2).close());
      refused("the quantizer's d is 8", () -> new IndexIVFFlat(quantizer, 5, 4, METRIC_L2).close());
      refused("ef must be 1", () -> hnsw.set_efSearch(Integer.MAX_VALUE));
      refused("efSearch must be 0..1048576", () -> hnsw.set_parameter("efSearch", 1e12));
      refused("nprobe must be 0..1048576, got nan", () -> ivf.set_parameter("nprobe", Double.NaN));
      float[] huge = new float[N * D];
      Arrays.fill(huge, 1e19f);
      refused("row 0 is too long", () -> ivf.train(N, huge, 2, null));
      huge[0] = Float.NaN;
      refused("row 0 is not finite", () -> hnsw.add(N, huge, 2, null));
    }
  }

  /** FAISS would reserve k entries inside its parallel region. */
  @Test
  void aKBeyondTheRowsLeavesTheRestEmpty() {
    try (IndexHNSWFlat index = new IndexHNSWFlat(1, 4, METRIC_L2)) {
      float[] distances = new float[5000];
      long[] ids = new long[5000];
      index.search(1, new float[] {4}, 5000, distances, ids, 1, null);
      assertThat(ids).containsOnly(-1);
      index.add(2, new float[] {0, 5}, 1, null);
      index.search(1, new float[] {4}, 5000, distances, ids, 1, null);
      assertThat(Arrays.copyOf(ids, 3)).containsExactly(1, 0, -1);
      assertThat(Arrays.copyOf(distances, 3)).containsExactly(1, 16, Float.POSITIVE_INFINITY);
      assertThat(ids[4999]).isEqualTo(-1);
    }
  }

  @Test
  void aFullDiskIsAnError() {
    try (IndexFlatL2 index = new IndexFlatL2(D)) {
      index.add(3, Arrays.copyOf(X, 3 * D), 1, null); // less than a buffer of the C library
      refused(
          "could not write /dev/full: No space left on device",
          () -> write_index(index, "/dev/full"));
    }
  }

  private static void refused(String text, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(RuntimeException.class).hasMessageContaining(text);
  }

  @Test
  void exceptionInsideAWorkerArrives() {
    // FAISS refuses nprobe 0 inside search, that is inside our parallel region.
    try (Index index = index_factory(D, "IVF8,Flat", METRIC_L2)) {
      index.train(N, X, 2, null);
      index.add(N, X, 2, null);
      index.set_parameter("nprobe", 0);
      assertThatThrownBy(() -> search(index, 3, 2)).hasMessageContaining("nprobe");
    }
  }

  @Test
  void clusteringSeparatesTwoHeaps() {
    float[] x = {0, 0.1f, 0.2f, 10, 10.1f, 10.2f};
    try (Clustering clustering = new Clustering(1, 2)) {
      clustering.niter(20);
      clustering.train(6, x, 2, null);
      float[] centroids = new float[2];
      clustering.centroids(centroids);
      Arrays.sort(centroids);
      assertThat(centroids[0]).isCloseTo(0.1f, offset(1e-6f));
      assertThat(centroids[1]).isCloseTo(10.1f, offset(1e-5f));
      long[] cluster = new long[6];
      clustering.assign(6, x, cluster, 2, null);
      assertThat(cluster[0]).isEqualTo(cluster[1]).isEqualTo(cluster[2]).isNotEqualTo(cluster[3]);
      assertThat(cluster[3]).isEqualTo(cluster[4]).isEqualTo(cluster[5]);
      assertThat(clustering.objective()).isCloseTo(0.04, offset(1e-4));
    }
  }

  @Test
  void clusteringIsTheSameForEveryThreadCount() {
    float[][] centroids = new float[3][20 * D];
    for (int t = 0; t < 3; t++) {
      try (Clustering clustering = new Clustering(D, 20)) {
        clustering.train(N, X, t + 1, null);
        clustering.centroids(centroids[t]);
      }
    }
    assertThat(centroids[1]).isEqualTo(centroids[0]);
    assertThat(centroids[2]).isEqualTo(centroids[0]);
  }

  @Test
  void interruptStopsALongSearchAndALongClustering() throws Exception {
    int n = 40_000;
    int d = 256;
    try (FloatPointer x = new FloatPointer((long) n * d);
        FloatPointer distances = new FloatPointer((long) n * 10);
        LongPointer ids = new LongPointer((long) n * 10);
        IndexFlatL2 index = new IndexFlatL2(d);
        Clustering clustering = new Clustering(d, 4000)) {
      x.put(gaussian(n * d, 3));
      index.add(n, x, 2, null);
      assertInterruptible(stop -> index.search(n, x, 10, distances, ids, 2, stop));
      assertInterruptible(stop -> clustering.train(n, x, 2, stop));
    }
  }

  private static void assertInterruptible(Consumer<Interrupt> call) throws InterruptedException {
    assertThat(InterruptedCall.of(() -> Interruptible.run("the call", call)))
        .hasMessage("the call was interrupted");
  }

  @Test
  void oneBlasAndOneOpenMpInTheProcess() throws Exception {
    try (IndexFlatL2 index = new IndexFlatL2(D)) {
      index.add(N, X, 2, null);
      search(index, 3, 2);
    }
    Set<String> mapped =
        Files.readAllLines(Path.of("/proc/self/maps")).stream()
            .filter(line -> line.contains("/"))
            .map(line -> line.substring(line.lastIndexOf('/') + 1))
            .collect(Collectors.toSet());
    assertThat(mapped)
        .filteredOn(file -> file.contains("blas") && !file.contains("jniopenblas"))
        .containsExactly("libopenblas.so.0");
    assertThat(mapped).filteredOn(file -> file.contains("gomp")).hasSize(1);
    assertThat(mapped).noneMatch(file -> file.contains("libiomp") || file.contains("libomp"));
  }

  private static long[] search(Index index, int k, int threads) {
    long[] ids = new long[N * k];
    index.search(N, X, k, new float[N * k], ids, threads, null);
    return ids;
  }
}
