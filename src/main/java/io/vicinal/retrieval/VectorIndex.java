package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.faiss.global.faiss;
import io.vicinal.retrieval.IndexDescription.Kind;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * A searchable set of vectors: FAISS on the processor, with every argument checked before FAISS
 * sees it.
 *
 * <pre>{@code
 * try (VectorIndex index = VectorIndex.create(512, VectorIndex.Metric.COSINE)) {
 *   index.add(rows);
 *   Hits hits = index.search(query, 10);
 *   index.save(Path.of("products.index"));
 * }
 * }</pre>
 *
 * <p><b>Kinds</b>, by FAISS's factory strings: {@code Flat} compares with every row; {@code
 * IVF256,Flat} with the rows of the nearest of 256 cells, which {@link #train} learns; {@code
 * HNSW32} walks a graph with 32 links per row. Flat is exact up to float32 rounding; for lists that
 * are exact to the last tie see {@link Neighbours}.
 *
 * <p><b>Ids.</b> Vectors are numbered from 0 in the order in which they are added, or carry the
 * caller's ids, 0 or more and no two the same; the first {@code add} decides which.
 *
 * <p><b>Thread-safe.</b> Any number of threads may search at once; a call that changes the index
 * waits until they are done and has the index to itself. {@link Thread#interrupt} stops a search, a
 * training or an addition with a {@link CancelledException}; rows that were added until then stay.
 *
 * <p><b>Memory</b> lies outside the Java heap until {@link #close}: 4 bytes per value, 8 per id of
 * the caller (and 8 to 16 more on the heap), about 8 bytes per row and link of HNSW. A call after
 * {@code close} is an {@link IllegalStateException}.
 *
 * <p>Vectors and queries come as {@code float[]} (rows one behind the other), {@code float[][]},
 * {@link FloatBuffer} (from position to limit, both unchanged) or {@link Tensor} [n, dimension] F32
 * or F64 of the host. They must be finite in float32; but for cosines a length must be 0 or between
 * 1e-15 and 3e18, so that float32 distances neither overflow nor vanish. A call that is refused
 * changes nothing.
 */
public final class VectorIndex implements AutoCloseable {
  /** How two vectors are compared. */
  public enum Metric {
    /** Squared Euclidean distance, smallest first. */
    L2(faiss.METRIC_L2),
    /** Inner product, largest first. */
    INNER_PRODUCT(faiss.METRIC_INNER_PRODUCT),
    /** Cosine, largest first: the index normalises rows and queries. */
    COSINE(faiss.METRIC_INNER_PRODUCT);

    private final int code;

    Metric(int code) {
      this.code = code;
    }

    /** FAISS's number. */
    int code() {
      return code;
    }
  }

  private static final int BLOCK_VALUES = 1 << 20;
  private static final int GRAPH_BLOCK_ROWS = 512; // a row costs up to a millisecond
  private static final int MOST_WIDTH = 1 << 24;
  private static final int MOST_BREADTH = 1 << 20;
  private static final int MOST_THREADS = 4096;

  private final IndexDescription description;
  private final int width;
  private final Metric metric;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

  // Guarded by the lock.
  private FaissIndex index;
  private IdSet ids; // null while rows are numbered
  private int size;
  private boolean trained;
  private int nprobe;
  private int threads;
  private String broken;

  private VectorIndex(
      IndexDescription description, int width, Metric metric, FaissIndex index, boolean trained) {
    this.description = description;
    this.width = width;
    this.metric = metric;
    this.index = index;
    this.trained = trained;
    this.nprobe = 1;
  }

  /**
   * An empty index that compares with every row.
   *
   * @param dimension values per row, 1 to 2^24
   * @param metric how vectors are compared
   * @throws InputException if the dimension is out of range or this machine cannot load FAISS
   */
  public static VectorIndex create(int dimension, Metric metric) {
    return create(dimension, metric, "Flat");
  }

  /**
   * An empty index.
   *
   * @param dimension values per row, 1 to 2^24
   * @param metric how vectors are compared
   * @param description {@code Flat}, {@code IVF<cells>,Flat} or {@code HNSW<links>}
   * @throws InputException if an argument is out of range or this machine cannot load FAISS
   */
  public static VectorIndex create(int dimension, Metric metric, String description) {
    if (dimension < 1 || dimension > MOST_WIDTH) {
      throw new InputException("dimension: must be 1.." + MOST_WIDTH + ", got " + dimension);
    }
    IndexDescription parsed = IndexDescription.parse(description);
    FaissIndex index = FaissIndex.create(dimension, parsed.toString(), metric.code());
    return new VectorIndex(parsed, dimension, metric, index, parsed.kind() != Kind.IVF);
  }

  /**
   * Reads an index that {@link #save} wrote. The file is checked first, its length, its checksum
   * and everything that FAISS's reader would trust; it must not change meanwhile.
   *
   * @throws InputException naming the file, if it cannot be read, is cut, damaged or inconsistent
   */
  public static VectorIndex load(Path file) {
    return opened(file, IndexFile.check(file));
  }

  /**
   * Reads a file of FAISS itself, such as Python's {@code faiss.write_index} makes: Flat, IVF with
   * Flat or HNSW with Flat, with L2 or inner product, with or without an IDMap. It carries no
   * checksum, so damage to values that are still numbers goes unseen; sizes, links, ids and rows
   * are checked as by {@link #load}.
   *
   * @throws InputException naming the file, if it cannot be read, is of another kind or
   *     inconsistent
   */
  public static VectorIndex importFaiss(Path file) {
    return opened(file, IndexFile.checkFaiss(file));
  }

  private static VectorIndex opened(Path file, IndexFile.Contents contents) {
    VectorIndex opened =
        new VectorIndex(
            contents.description(),
            contents.width(),
            contents.metric(),
            FaissIndex.read(file),
            contents.trained());
    opened.size = contents.rows();
    if (contents.ids() != null) {
      opened.ids = new IdSet();
      Arrays.stream(contents.ids()).forEach(opened.ids::add);
    }
    if (contents.nprobe() > 0) {
      opened.setNprobe(contents.nprobe());
    }
    return opened;
  }

  /**
   * Replaces the file by this index, or leaves what was there. The file begins as FAISS writes it,
   * so that {@code faiss.read_index} of other languages reads it too (cosines as inner products of
   * unit vectors); 32 bytes with a checksum follow.
   *
   * @throws InputException naming the file, if it cannot be written, for example on a full disk
   */
  public void save(Path file) {
    reading(
        () -> {
          IndexFile.write(file, metric, index::write);
          return null;
        });
  }

  /** Adds rows, one behind the other; see {@link #add(Tensor)}. */
  public void add(float[] x) {
    add(Vectors.of("x", x, width), null);
  }

  /** Adds rows; see {@link #add(Tensor)}. */
  public void add(float[][] x) {
    add(Vectors.of("x", x, width), null);
  }

  /** Adds rows from the buffer's position to its limit; see {@link #add(Tensor)}. */
  public void add(FloatBuffer x) {
    add(Vectors.of("x", x, width), null);
  }

  /**
   * Adds rows, numbered on from {@link #size}.
   *
   * @param x [n, dimension]
   * @throws InputException if rows do not fit or are out of range, or earlier rows carry ids
   * @throws IllegalStateException if the index is closed or not trained
   * @throws CancelledException if the thread is interrupted; {@link #size} says how many were added
   */
  public void add(Tensor x) {
    add(Vectors.of("x", x, width), null);
  }

  /** Adds rows, one behind the other; see {@link #add(Tensor, long[])}. */
  public void add(float[] x, long[] ids) {
    add(Vectors.of("x", x, width), given(ids));
  }

  /** Adds rows; see {@link #add(Tensor, long[])}. */
  public void add(float[][] x, long[] ids) {
    add(Vectors.of("x", x, width), given(ids));
  }

  /** Adds rows from the buffer's position to its limit; see {@link #add(Tensor, long[])}. */
  public void add(FloatBuffer x, long[] ids) {
    add(Vectors.of("x", x, width), given(ids));
  }

  /**
   * Adds rows under the caller's ids.
   *
   * @param x [n, dimension]
   * @param ids [n], 0 or more, none used before
   * @throws InputException if rows or ids do not fit or are out of range, or earlier rows are
   *     numbered
   * @throws IllegalStateException if the index is closed or not trained
   * @throws CancelledException if the thread is interrupted; {@link #size} says how many were added
   */
  public void add(Tensor x, long[] ids) {
    add(Vectors.of("x", x, width), given(ids));
  }

  private static long[] given(long[] ids) {
    if (ids == null) {
      throw new InputException("ids: are null; give one for each row, or add without ids");
    }
    return ids.clone();
  }

  private void add(Vectors x, long[] names) {
    writing(
        () -> {
          checkAddition(x, names);
          if (names != null && ids == null && x.count() > 0) {
            ids = new IdSet();
            if (description.kind() != Kind.IVF) {
              index.keepIds();
            }
          }
          int rows = description.kind() == Kind.HNSW ? GRAPH_BLOCK_ROWS : Integer.MAX_VALUE;
          x.blocks(
              Math.min(blockRows(), rows),
              metric == Metric.COSINE,
              "adding rows",
              (from, to, block) ->
                  addBlock(
                      block,
                      to - from,
                      names == null ? null : Arrays.copyOfRange(names, from, to)));
          return null;
        });
  }

  private void checkAddition(Vectors x, long[] names) {
    if (!trained) {
      throw new IllegalStateException(
          "an index " + description + " is trained before rows are added: call train");
    }
    if ((long) size + x.count() > Integer.MAX_VALUE - 8) {
      throw new InputException(
          "x: the index would have more than " + (Integer.MAX_VALUE - 8) + " rows; use several");
    }
    if (size > 0 && (names == null) != (ids == null)) {
      throw new InputException(
          ids == null
              ? "ids: the rows of this index are numbered; add without ids"
              : "ids: the rows of this index carry ids; give some");
    }
    if (names != null && names.length != x.count()) {
      throw new InputException(
          "ids: needs one for each of the " + x.count() + " rows, got " + names.length);
    }
    IdSet fresh = new IdSet();
    for (int i = 0; names != null && i < names.length; i++) {
      if (names[i] < 0) {
        throw new InputException("ids: " + names[i] + " (row " + i + ") is below 0");
      }
      if (ids != null && ids.contains(names[i]) || !fresh.add(names[i])) {
        throw new InputException("ids: " + names[i] + " (row " + i + ") is used already");
      }
    }
    readAll(x);
  }

  /** Refuses bad rows before any is used. */
  private void readAll(Vectors x) {
    x.blocks(blockRows(), metric == Metric.COSINE, "reading rows", (from, to, block) -> {});
  }

  /** FAISS may stop half-way in a way that cannot be undone: then the index is not used again. */
  private void addBlock(float[] block, int rows, long[] names) {
    broken = "an addition failed half-way";
    index.add(rows, block, names, threads);
    broken = null;
    size += rows;
    for (int i = 0; names != null && i < rows; i++) {
      ids.add(names[i]);
    }
  }

  /** Learns the cells of an IVF index; see {@link #train(Tensor)}. */
  public void train(float[] x) {
    train(Vectors.of("x", x, width));
  }

  /** Learns the cells of an IVF index; see {@link #train(Tensor)}. */
  public void train(float[][] x) {
    train(Vectors.of("x", x, width));
  }

  /** Learns the cells of an IVF index; see {@link #train(Tensor)}. */
  public void train(FloatBuffer x) {
    train(Vectors.of("x", x, width));
  }

  /**
   * Learns the cells of an IVF index from rows like those that will be added, some 40 per cell;
   * does nothing for other kinds.
   *
   * @param x [n, dimension], at least as many rows as cells
   * @throws InputException if rows do not fit, are too few or out of range
   * @throws IllegalStateException if the index is closed, or trained with rows in it
   * @throws CancelledException if the thread is interrupted
   */
  public void train(Tensor x) {
    train(Vectors.of("x", x, width));
  }

  private void train(Vectors x) {
    writing(
        () -> {
          readAll(x);
          if (description.kind() != Kind.IVF) {
            return null;
          }
          if (trained) {
            throw new IllegalStateException("this index is trained: create another");
          }
          if (x.count() < description.number()) {
            throw new InputException(
                "x: "
                    + description
                    + " needs at least as many training rows as cells, got "
                    + x.count());
          }
          trainCells(x);
          return null;
        });
  }

  private void trainCells(Vectors x) {
    try (Arena arena = Arena.host()) {
      Tensor all = arena.allocate(DType.F32, x.count(), width);
      x.blocks(
          blockRows(),
          metric == Metric.COSINE,
          "training an index",
          (from, to, block) ->
              all.rows(from, to).set(FloatBuffer.wrap(block, 0, (to - from) * width)));
      broken = "a training failed half-way";
      index.train(all, threads);
      broken = null;
      trained = true;
    }
  }

  /** The k best rows for each query, one behind the other; see {@link #search(Tensor, int)}. */
  public Hits search(float[] queries, int k) {
    return search(Vectors.of("queries", queries, width), k);
  }

  /** The k best rows for each query; see {@link #search(Tensor, int)}. */
  public Hits search(float[][] queries, int k) {
    return search(Vectors.of("queries", queries, width), k);
  }

  /** The k best rows for each query; see {@link #search(Tensor, int)}. */
  public Hits search(FloatBuffer queries, int k) {
    return search(Vectors.of("queries", queries, width), k);
  }

  /**
   * The k best rows for each query, best first.
   *
   * @param queries [n, dimension]
   * @param k 1 or more; where the index has fewer rows, all of them
   * @throws InputException if queries do not fit or are out of range, or k is below 1
   * @throws IllegalStateException if the index is closed
   * @throws CancelledException if the thread is interrupted
   */
  public Hits search(Tensor queries, int k) {
    return search(Vectors.of("queries", queries, width), k);
  }

  private Hits search(Vectors queries, int k) {
    if (k < 1) {
      throw new InputException("k: must be 1 or more, got " + k);
    }
    return reading(
        () -> {
          int found = Math.min(k, size);
          if ((long) queries.count() * found > Integer.MAX_VALUE - 8) {
            throw new InputException(
                "k: "
                    + queries.count()
                    + " x "
                    + found
                    + " hits exceed a Java array; search in parts");
          }
          Hits hits =
              new Hits(
                  queries.count(),
                  found,
                  new long[queries.count() * found],
                  new float[queries.count() * found]);
          queries.blocks(
              Math.max(1, Math.min(blockRows(), BLOCK_VALUES / Math.max(1, found))),
              metric == Metric.COSINE,
              "a search",
              (from, to, block) -> {
                if (found > 0) {
                  searchBlock(block, from, to, hits);
                }
              });
          return hits;
        });
  }

  private void searchBlock(float[] block, int from, int to, Hits hits) {
    int k = hits.k();
    float[] scores = new float[(to - from) * k];
    long[] found = new long[scores.length];
    index.search(to - from, block, k, scores, found, threads);
    for (int i = 0; i < found.length; i++) {
      if (found[i] < 0) {
        scores[i] = Float.NaN;
      } else if (metric == Metric.COSINE) {
        scores[i] = Math.max(-1, Math.min(1, scores[i]));
      }
    }
    System.arraycopy(scores, 0, hits.scores(), from * k, scores.length);
    System.arraycopy(found, 0, hits.ids(), from * k, found.length);
  }

  /**
   * How many cells a search of an IVF index visits, 1 at first: more find more of the true
   * neighbours and take longer. Kept in the file.
   *
   * @param cells 1 to the number of cells
   * @throws InputException if the number is out of range or the index has no cells
   */
  public void setNprobe(int cells) {
    if (description.kind() != Kind.IVF) {
      throw new InputException("nprobe: an index " + description + " has no cells; use IVF");
    }
    set("nprobe", cells, description.number());
  }

  /**
   * How many candidates a search of an HNSW index keeps, 16 at first: more find more of the true
   * neighbours and take longer. Kept in the file.
   *
   * @param candidates 1 to 2^20
   * @throws InputException if the number is out of range or the index has no graph
   */
  public void setEfSearch(int candidates) {
    if (description.kind() != Kind.HNSW) {
      throw new InputException("efSearch: an index " + description + " has no graph; use HNSW");
    }
    set("efSearch", candidates, MOST_BREADTH);
  }

  private void set(String name, int value, int most) {
    if (value < 1 || value > most) {
      throw new InputException(name + ": must be 1.." + most + ", got " + value);
    }
    writing(
        () -> {
          index.set(name, value);
          return null;
        });
  }

  /**
   * How many threads a call uses at most.
   *
   * @param threads 0 for all processors, or 1 to 4096; more than there are processors are not
   *     started
   * @throws InputException if the number is out of range
   */
  public void setThreads(int threads) {
    if (threads < 0 || threads > MOST_THREADS) {
      throw new InputException(
          "threads: must be 0.." + MOST_THREADS + ", got " + threads + "; 0 means all processors");
    }
    writing(() -> this.threads = threads);
  }

  /** Values per row. */
  public int dimension() {
    return width;
  }

  /** How vectors are compared. */
  public Metric metric() {
    return metric;
  }

  /** FAISS's factory string. */
  public String description() {
    return description.toString();
  }

  /** Kind, metric and size; also when it is closed. */
  @Override
  public String toString() {
    lock.readLock().lock();
    try {
      return "VectorIndex "
          + description
          + " "
          + metric
          + ", "
          + size
          + (size == 1 ? " row of " : " rows of ")
          + width
          + " numbers"
          + (index == null ? ", closed" : "")
          + (trained ? "" : ", not trained");
    } finally {
      lock.readLock().unlock();
    }
  }

  /** How many rows there are. */
  public int size() {
    return reading(() -> size);
  }

  /** Whether rows can be added; only an IVF index must be trained first. */
  public boolean isTrained() {
    return reading(() -> trained);
  }

  /** Frees the memory when the calls in progress are done. Idempotent. */
  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (index != null) {
        index.close();
        index = null;
        ids = null;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private int blockRows() {
    return Math.max(1, BLOCK_VALUES / width);
  }

  private <T> T reading(Supplier<T> call) {
    return locked(lock.readLock(), call);
  }

  private <T> T writing(Supplier<T> call) {
    return locked(lock.writeLock(), call);
  }

  private <T> T locked(Lock held, Supplier<T> call) {
    held.lock();
    try {
      if (index == null) {
        throw new IllegalStateException("this index is closed");
      }
      if (broken != null) {
        throw new IllegalStateException(broken + ": create or load the index again");
      }
      return call.get();
    } finally {
      held.unlock();
    }
  }
}
