package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.data.AtomicFile;
import io.vicinal.retrieval.IndexDescription.Kind;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;

/**
 * The file of a {@link VectorIndex}: FAISS's own format, so that other programs with FAISS read it,
 * and behind it 32 bytes that say whether it is whole: the length and CRC-32C of what is before
 * them, the metric, a version and a mark.
 *
 * <p>FAISS's reader reserves what a file says and follows the links that it holds. So every byte is
 * walked here before FAISS sees the file: each size against what is left of the file, each link and
 * id against the number of rows, each row for being a number in range. A file that passes can be
 * searched, whoever wrote it. It must not change between the walk and the reading.
 */
final class IndexFile implements AutoCloseable {
  private static final int TRAILER = 32;
  private static final int VERSION = 1;
  private static final byte[] MARK = "VICINDEX".getBytes(StandardCharsets.US_ASCII);
  private static final int PIECE = 256 << 10;
  private static final int MOST_WIDTH = 1 << 24; // as faiss_checks.hpp
  private static final int MOST_BREADTH = 1 << 20;

  /**
   * What a file holds.
   *
   * @param ids the callers' ids, or null where rows are numbered
   * @param nprobe cells that a search visits, 0 but for IVF
   */
  record Contents(
      IndexDescription description,
      int width,
      VectorIndex.Metric metric,
      boolean trained,
      int rows,
      long[] ids,
      int nprobe) {}

  /** What every FAISS index begins with. */
  private record Header(int width, int rows, boolean trained, VectorIndex.Metric metric) {}

  private final Path path;
  private final InputStream in;
  private final CRC32C crc = new CRC32C();
  private final byte[] bytes = new byte[PIECE];
  private final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  private long left;

  private IndexFile(Path path, InputStream in, long size) {
    this.path = path;
    this.in = in;
    this.left = size;
  }

  /** Writes FAISS's bytes to the stream, and says how many. */
  interface Body {
    long writeTo(OutputStream out) throws IOException;
  }

  /**
   * Replaces the file, or leaves what was there.
   *
   * @throws InputException if it cannot be written
   */
  static void write(Path path, VectorIndex.Metric metric, Body body) {
    AtomicFile.write(
        path,
        out -> {
          CRC32C crc = new CRC32C();
          long length = body.writeTo(new CheckedOutputStream(out, crc));
          ByteBuffer trailer = ByteBuffer.allocate(TRAILER).order(ByteOrder.LITTLE_ENDIAN);
          trailer.putLong(length).putInt(metric.ordinal()).putInt(VERSION);
          trailer.putInt((int) sum(crc, trailer)).putInt(0).put(MARK);
          out.write(trailer.array());
        });
  }

  /** Of the bytes before, and of the trailer so far. */
  private static long sum(CRC32C crc, ByteBuffer trailer) {
    crc.update(trailer.array(), 0, trailer.position());
    return crc.getValue();
  }

  /**
   * Walks a file that {@link #write} wrote.
   *
   * @throws InputException if it is another file, cut, damaged, or inconsistent
   */
  static Contents check(Path path) {
    return walk(path, true);
  }

  /**
   * Walks a file of FAISS.
   *
   * @throws InputException if it is no such file, of a kind that is not served, or inconsistent
   */
  static Contents checkFaiss(Path path) {
    return walk(path, false);
  }

  private static Contents walk(Path path, boolean ours) {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw problem(path, "is no regular file", "name the file of an index");
    }
    try {
      ByteBuffer trailer = trailer(path);
      boolean marked = trailer != null;
      if (ours && !marked) {
        throw problem(
            path,
            "is not the whole file of a VectorIndex",
            "save the index again, or read a file of FAISS with VectorIndex.importFaiss");
      }
      long length = marked ? trailer.getLong() : Files.size(path);
      if (marked && length != Files.size(path) - TRAILER) {
        throw problem(path, "was cut or added to", "save the index again");
      }
      try (IndexFile file =
          new IndexFile(
              path, new BufferedInputStream(new FileInputStream(path.toFile())), length)) {
        Contents contents = file.index();
        if (file.left != 0) {
          throw file.damaged("has " + file.left + " bytes behind the index");
        }
        return marked ? file.sealed(contents, trailer) : contents;
      }
    } catch (NoSuchFileException | java.io.FileNotFoundException e) {
      throw new InputException(
          path
              + ": "
              + (Files.exists(path) ? "cannot be read" : "does not exist")
              + "; check the path and its permissions",
          e);
    } catch (IOException e) {
      throw new InputException(path + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  /** The last bytes, or null where they carry no mark. */
  private static ByteBuffer trailer(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      if (file.length() < TRAILER) {
        return null;
      }
      byte[] last = new byte[TRAILER];
      file.seek(file.length() - TRAILER);
      file.readFully(last);
      boolean marked = Arrays.equals(last, TRAILER - MARK.length, TRAILER, MARK, 0, MARK.length);
      return marked ? ByteBuffer.wrap(last).order(ByteOrder.LITTLE_ENDIAN) : null;
    }
  }

  /** The contents with the trailer's metric, when its sum agrees. */
  private Contents sealed(Contents c, ByteBuffer trailer) {
    int metric = trailer.getInt();
    int version = trailer.getInt();
    if ((int) sum(crc, trailer) != trailer.getInt()) {
      throw problem(path, "is damaged: its checksum is another", "save the index again");
    }
    if (version != VERSION) {
      throw problem(path, "has version " + version, "read it with a newer Vicinal");
    }
    VectorIndex.Metric[] metrics = VectorIndex.Metric.values();
    if (metric < 0 || metric >= metrics.length || metrics[metric].code() != c.metric.code()) {
      throw damaged("names a metric that its index does not have");
    }
    return new Contents(
        c.description, c.width, metrics[metric], c.trained, c.rows, c.ids, c.nprobe);
  }

  private Contents index() throws IOException {
    String code = code();
    if (!code.equals("IxMp") && !code.equals("IxM2")) {
      return plain(code);
    }
    Header outer = header();
    Contents inner = plain(code());
    require(
        inner.description.kind() != Kind.IVF
            && outer.width == inner.width
            && outer.rows == inner.rows
            && outer.metric == inner.metric,
        "wraps an index that does not fit");
    long[] ids = new long[count(Long.BYTES, inner.rows)];
    longs(ids);
    require(ids.length == inner.rows, "has " + ids.length + " ids for " + inner.rows + " rows");
    distinct(ids);
    return new Contents(
        inner.description, inner.width, inner.metric, inner.trained, inner.rows, ids, 0);
  }

  private Contents plain(String code) throws IOException {
    return switch (code) {
      case "IxF2", "IxFI" -> {
        Header header = flat(code);
        yield contents(new IndexDescription(Kind.FLAT, 0), header, null, 0);
      }
      case "IHNf" -> graph();
      case "IwFl" -> cells();
      default ->
          throw problem(
              path,
              "holds no index that is served (FAISS's code '" + printable(code) + "')",
              "only Flat, IVF with Flat and HNSW with Flat are, with or without ids");
    };
  }

  private static String printable(String code) {
    return code.replaceAll("[^ -~]", "?");
  }

  private static Contents contents(
      IndexDescription description, Header header, long[] ids, int nprobe) {
    return new Contents(
        description, header.width, header.metric, header.trained, header.rows, ids, nprobe);
  }

  private Header header() throws IOException {
    int width = int32();
    long rows = int64();
    int64(); // two unused numbers
    int64();
    int trained = int8();
    int metric = int32();
    require(width >= 1 && width <= MOST_WIDTH, "has rows of " + width + " values");
    require(rows >= 0 && rows <= Integer.MAX_VALUE - 8, "has " + rows + " rows");
    require(trained == 0 || trained == 1, "is neither trained nor untrained");
    VectorIndex.Metric named =
        metric == VectorIndex.Metric.L2.code()
            ? VectorIndex.Metric.L2
            : VectorIndex.Metric.INNER_PRODUCT;
    require(metric == named.code(), "has a metric that is not served (" + metric + ")");
    return new Header(width, (int) rows, trained == 1, named);
  }

  private Header flat(String code) throws IOException {
    Header header = header();
    require(
        code.equals(header.metric == VectorIndex.Metric.L2 ? "IxF2" : "IxFI"),
        "has another metric than its code says");
    require(header.trained, "holds rows of an untrained index");
    long values = (long) header.rows * header.width;
    require(int64() == values, "has another number of values than rows times width");
    rows(header.rows, header.width);
    return header;
  }

  private Header inner(Header outer, int rows, String what) throws IOException {
    String code = code();
    require(
        code.equals("IxF2") || code.equals("IxFI"), "has " + what + " that are not stored flat");
    Header header = flat(code);
    require(
        header.width == outer.width && header.rows == rows && header.metric == outer.metric,
        "has " + what + " that do not fit");
    return header;
  }

  /** HNSW: nodes with lists of neighbours at each of their levels. */
  private Contents graph() throws IOException {
    Header header = header();
    require(header.trained, "holds nodes of an untrained index");
    int n = header.rows;
    double[] probabilities = new double[count(Double.BYTES, 1024)];
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = Double.longBitsToDouble(int64());
    }
    int[] ends = new int[count(Integer.BYTES, 1025)];
    ints(ends);
    require(
        probabilities.length >= 1 && ends.length == probabilities.length + 1 && ends[0] == 0,
        "has a graph without levels");
    for (int i = 1; i < ends.length; i++) {
      long links = (long) ends[i] - ends[i - 1];
      require(links >= 1 && links <= 2L * IndexDescription.MOST_LINKS, "has lists of bad length");
    }
    int links = ends.length > 2 ? ends[2] - ends[1] : Math.max(2, ends[1] / 2);
    require(links >= 2 && links <= IndexDescription.MOST_LINKS, "has lists of bad length");
    int[] levels = new int[count(Integer.BYTES, n)];
    ints(levels);
    require(levels.length == n, "has levels of " + levels.length + " of " + n + " nodes");
    int highest = 0;
    for (int level : levels) {
      require(level >= 1 && level <= probabilities.length, "has a node at no level");
      highest = Math.max(highest, level);
    }
    require(count(Long.BYTES, n + 1L) == n + 1, "has not one list of links per node");
    long end = 0;
    for (int i = 0; i <= n; i++) {
      require(int64() == end, "has overlapping lists of links");
      end += i < n ? ends[levels[i]] : 0;
    }
    require(int64() == end && end <= left / Integer.BYTES, "has another number of links");
    for (int i = 0; i < n; i++) {
      int[] others = new int[ends[levels[i]]];
      ints(others);
      for (int level = 0; level < levels[i]; level++) {
        for (int j = ends[level]; j < ends[level + 1]; j++) {
          require(
              others[j] == -1 || others[j] >= 0 && others[j] < n && levels[others[j]] > level,
              "has a link to no node of its level");
        }
      }
    }
    int entry = int32();
    int top = int32();
    require(top == highest - 1, "has another highest level than its nodes");
    require(
        n == 0 ? entry == -1 : entry >= 0 && entry < n && levels[entry] == highest,
        "enters the graph at no node of the highest level");
    breadth(int32());
    breadth(int32());
    require(int32() == 1, "asks for a beam that is not served");
    inner(header, n, "rows");
    return contents(new IndexDescription(Kind.HNSW, links), header, null, 0);
  }

  private void breadth(int value) {
    require(value >= 1 && value <= MOST_BREADTH, "has a breadth of " + value);
  }

  /** IVF: cells around centroids, each with rows and their ids. */
  private Contents cells() throws IOException {
    Header header = header();
    long cells = int64();
    long nprobe = int64();
    require(cells >= 1 && cells <= IndexDescription.MOST_CELLS, "has " + cells + " cells");
    require(nprobe >= 1 && nprobe <= IndexDescription.MOST_CELLS, "visits " + nprobe + " cells");
    require(header.trained || header.rows == 0, "holds rows of an untrained index");
    long[] ids = new long[header.rows <= left / Long.BYTES ? header.rows : 0];
    require(ids.length == header.rows, "has more rows than bytes");
    inner(header, header.trained ? (int) cells : 0, "centroids");
    require(int8() == 0 && int64() == 0, "has a direct map, which is not served");
    require(code().equals("ilar"), "keeps its rows elsewhere");
    require(int64() == cells && int64() == 4L * header.width, "has cells that do not fit");
    int[] sizes = sizes((int) cells, header.rows);
    int at = 0;
    for (int size : sizes) {
      rows(size, header.width);
      long[] here = new long[size];
      longs(here);
      System.arraycopy(here, 0, ids, at, size);
      at += size;
    }
    distinct(ids);
    boolean numbered = Arrays.stream(ids).allMatch(id -> id < header.rows);
    IndexDescription description = new IndexDescription(Kind.IVF, (int) cells);
    return contents(description, header, numbered ? null : ids, (int) Math.min(nprobe, cells));
  }

  private int[] sizes(int cells, int rows) throws IOException {
    int[] sizes = new int[cells];
    String code = code();
    require(code.equals("full") || code.equals("sprs"), "lists its cells in an unknown way");
    boolean full = code.equals("full");
    int listed = count(Long.BYTES, full ? cells : 2L * cells);
    require(full ? listed == cells : listed % 2 == 0, "lists another number of cells");
    long total = 0;
    for (int i = 0; i < listed; i += full ? 1 : 2) {
      long cell = full ? i : int64();
      long size = int64();
      require(cell >= 0 && cell < cells && sizes[(int) cell] == 0, "lists a cell that it lacks");
      require(size >= 0 && size <= rows, "has a cell of " + size + " rows");
      sizes[(int) cell] = (int) size;
      total += size;
    }
    require(total == rows, "has " + total + " rows in its cells, not " + rows);
    return sizes;
  }

  private void distinct(long[] ids) {
    IdSet seen = new IdSet();
    for (long id : ids) {
      require(id >= 0, "has an id below 0");
      require(seen.add(id), "has an id twice");
    }
  }

  /** Vectors whose distances are numbers. */
  private void rows(int n, int width) throws IOException {
    require(4L * n * width <= left, "ends before its rows do");
    double square = 0;
    int column = 0;
    for (long values = (long) n * width; values > 0; ) {
      int piece = (int) Math.min(PIECE / Float.BYTES, values);
      fill(piece * Float.BYTES);
      FloatBuffer floats = buffer.asFloatBuffer();
      for (int i = 0; i < piece; i++) {
        double value = floats.get(i);
        square += value * value;
        if (++column == width) {
          require(
              square <= Vectors.LONGEST * Vectors.LONGEST, "has a row whose length is no distance");
          square = 0;
          column = 0;
        }
      }
      values -= piece;
    }
  }

  /** Of a list that follows: at most {@code most}, and no more than the file has bytes for. */
  private int count(int size, long most) throws IOException {
    long count = int64();
    require(count >= 0 && count <= most && count <= left / size, "has a list of " + count);
    return (int) count;
  }

  private void longs(long[] values) throws IOException {
    require(values.length <= left / Long.BYTES, "ends within a list");
    for (int at = 0; at < values.length; ) {
      int piece = Math.min(PIECE / Long.BYTES, values.length - at);
      fill(piece * Long.BYTES);
      buffer.asLongBuffer().get(values, at, piece);
      at += piece;
    }
  }

  private void ints(int[] values) throws IOException {
    for (int at = 0; at < values.length; ) {
      int piece = Math.min(PIECE / Integer.BYTES, values.length - at);
      fill(piece * Integer.BYTES);
      buffer.asIntBuffer().get(values, at, piece);
      at += piece;
    }
  }

  private String code() throws IOException {
    fill(4);
    return new String(bytes, 0, 4, StandardCharsets.ISO_8859_1);
  }

  private int int8() throws IOException {
    fill(1);
    return bytes[0];
  }

  private int int32() throws IOException {
    fill(Integer.BYTES);
    return buffer.getInt(0);
  }

  private long int64() throws IOException {
    fill(Long.BYTES);
    return buffer.getLong(0);
  }

  private void fill(int count) throws IOException {
    require(count <= left, "ends too early");
    if (in.readNBytes(bytes, 0, count) != count) {
      throw new EOFException("it became shorter");
    }
    crc.update(bytes, 0, count);
    left -= count;
    if (count == PIECE) {
      MatrixChecks.checkInterrupt("reading an index");
    }
  }

  private void require(boolean condition, String otherwise) {
    if (!condition) {
      throw damaged(otherwise);
    }
  }

  private InputException damaged(String what) {
    return problem(path, "is damaged: it " + what, "make the file again");
  }

  private static InputException problem(Path path, String what, String remedy) {
    return new InputException(path + ": " + what + "; " + remedy);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
