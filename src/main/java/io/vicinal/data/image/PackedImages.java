package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.zip.CRC32C;

/**
 * A packed file ({@code vicinal pack}): pictures as files or as pixels, each read by one call when
 * it is asked for. It is not mapped: memory of a mapped file ends with the file, and a decoder in
 * the middle of it would end the process. The first look at each compares its checksum. Safe for
 * any number of threads; closing waits for those that look.
 */
public final class PackedImages implements ImageSource {
  private final Path path;
  private final PackedForm form;
  private final long left;
  private final long bytes;
  private final List<String> names;
  private final long[] places;
  private final long[] lengths;
  private final int[] sums;
  private final AtomicIntegerArray compared;
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
  private final AsynchronousFileChannel file; // of any other an interrupted reader closes the file

  /** Runs what it is given at once, on the thread that gives it. */
  private static final class Direct extends AbstractExecutorService {
    @Override
    public void execute(Runnable work) {
      work.run();
    }

    @Override
    public void shutdown() {
      // there is nothing to end
    }

    @Override
    public List<Runnable> shutdownNow() {
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }

  /** Whether a file begins as packed ones do. */
  public static boolean isOne(Path path) {
    try (InputFile file = InputFile.open(path)) {
      return file.size() >= PackFormat.HEAD
          && PackFormat.of(file.readFully(PackFormat.HEAD)).getLong(0) == PackFormat.MAGIC;
    } catch (InputException e) {
      return false;
    }
  }

  /**
   * Opens a packed file.
   *
   * @throws InputException one sentence, when it is none, is not finished, or is damaged
   */
  public PackedImages(Path path) {
    this.path = path;
    InputFile.open(path).close(); // says what cannot be opened
    boolean done = false;
    try {
      file = AsynchronousFileChannel.open(path, Set.of(StandardOpenOption.READ), new Direct());
    } catch (IOException e) {
      throw unreadable(e);
    }
    try {
      bytes = file.size();
      ByteBuffer head = read(0, bytes < PackFormat.HEAD ? 0 : PackFormat.HEAD);
      if (head.capacity() == 0 || head.getLong(0) != PackFormat.MAGIC) {
        throw none();
      }
      if (head.getInt(8) != PackFormat.VERSION) {
        throw InputFile.problem(
            path,
            "is a packed file of version " + head.getInt(8),
            "this Vicinal reads version " + PackFormat.VERSION + "; pack it again");
      }
      form = form(head);
      ByteBuffer end = end();
      long place = end.getLong(0);
      long length = end.getLong(8);
      long count = end.getLong(16);
      left = end.getLong(24);
      if (place < PackFormat.HEAD
          || length < 0
          || place > bytes - PackFormat.END - length
          || length > Integer.MAX_VALUE - 8
          || count < 1
          || count > length / PackFormat.ENTRY) {
        throw damaged();
      }
      ByteBuffer index = read(place, (int) length);
      if (PackFormat.crc(index.array()) != end.getInt(32)) {
        throw damaged();
      }
      int n = (int) count;
      places = new long[n];
      lengths = new long[n];
      sums = new int[n];
      compared = new AtomicIntegerArray(n);
      names = names(index, n, place);
      done = true;
    } catch (IOException e) {
      throw unreadable(e);
    } finally {
      if (!done) {
        close();
      }
    }
  }

  private PackedForm form(ByteBuffer head) {
    try {
      return new PackedForm(head.getInt(12) == 1, head.getInt(16), head.getInt(20));
    } catch (InputException e) {
      throw damaged();
    }
  }

  private ByteBuffer end() {
    if (bytes >= PackFormat.HEAD + PackFormat.END) {
      ByteBuffer end = read(bytes - PackFormat.END, PackFormat.END);
      if (end.getInt(36) == PackFormat.VEND) {
        return end;
      }
    }
    throw InputFile.problem(
        path, "has no end: it was cut, or its writing is not finished", "run 'vicinal pack' again");
  }

  private List<String> names(ByteBuffer index, int n, long end) {
    List<String> all = new ArrayList<>(n);
    int at = n * PackFormat.ENTRY;
    for (int i = 0; i < n; i++) {
      places[i] = index.getLong(PackFormat.ENTRY * i);
      lengths[i] = index.getLong(PackFormat.ENTRY * i + 8);
      sums[i] = index.getInt(PackFormat.ENTRY * i + 16);
      int length = index.getInt(PackFormat.ENTRY * i + 20);
      if (places[i] < PackFormat.HEAD
          || lengths[i] < 1
          || lengths[i] > Math.min(end - places[i], Integer.MAX_VALUE - 8)
          || length < 0
          || length > index.capacity() - at) {
        throw damaged();
      }
      all.add(new String(index.array(), at, length, StandardCharsets.UTF_8));
      at += length;
    }
    return List.copyOf(all);
  }

  private ByteBuffer read(long at, int count) {
    ByteBuffer into = PackFormat.buffer(count);
    fill(into, at);
    return into;
  }

  /** Fills a buffer from a place, which the caller has compared with the size. */
  private void fill(ByteBuffer into, long at) {
    boolean interrupted = false;
    try {
      while (into.hasRemaining()) {
        try {
          if (file.read(into, at + into.position()).get() < 0) { // done when it is given
            throw changed();
          }
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw unreadable(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private InputException unreadable(Throwable e) {
    String why = String.valueOf(e.getMessage());
    return InputFile.problem(path, "cannot be read (" + why + ")", "check the file", e);
  }

  private InputException changed() {
    return InputFile.problem(
        path, "was cut or written over since it was opened", "run 'vicinal pack' again");
  }

  private InputException none() {
    return InputFile.problem(path, "is no packed file", "write one with 'vicinal pack'");
  }

  private InputException damaged() {
    return InputFile.problem(path, "is damaged", "remove it and run 'vicinal pack' again");
  }

  /** What it has of a picture. */
  public PackedForm form() {
    return form;
  }

  /** How many pictures were left out, because they could not be read when this was written. */
  public long countLeftOut() {
    return left;
  }

  @Override
  public int size() {
    return names.size();
  }

  @Override
  public String name(int sample) {
    return names.get(sample);
  }

  @Override
  public <R> R read(int sample, ImageDecoder decoder, Function<ImageDecoder, R> look) {
    use.readLock().lock();
    try {
      if (!file.isOpen()) {
        throw new IllegalStateException(path + " is closed");
      }
      checkSize();
      ByteBuffer contents = decoder.room((int) lengths[sample]);
      fill(contents, places[sample]);
      compare(sample, contents.flip());
      return look.apply(decoder);
    } catch (UnreadablePictureException e) {
      throw InputFile.problem(
          path, "'" + names.get(sample) + "' " + e.getMessage(), "pack it again", e);
    } finally {
      use.readLock().unlock();
    }
  }

  private void checkSize() {
    try {
      if (file.size() != bytes) {
        throw changed();
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private void compare(int sample, ByteBuffer contents) {
    if (compared.get(sample) != 0) {
      return;
    }
    CRC32C crc = new CRC32C();
    crc.update(contents);
    if ((int) crc.getValue() != sums[sample]) {
      throw new UnreadablePictureException("is not what was written: its checksum differs");
    }
    compared.set(sample, 1);
  }

  /**
   * Compares every checksum.
   *
   * @throws InputException naming the first picture that is not what was written
   */
  public void compareAll() {
    use.readLock().lock();
    try (ImageDecoder decoder = new ImageDecoder()) {
      for (int i = 0; i < size(); i++) {
        read(i, decoder, ImageDecoder::size);
      }
    } finally {
      use.readLock().unlock();
    }
  }

  @Override
  public void close() {
    use.writeLock().lock();
    try {
      file.close();
    } catch (IOException e) {
      throw InputFile.problem(path, "cannot be closed (" + e.getMessage() + ")", "go on", e);
    } finally {
      use.writeLock().unlock();
    }
  }
}
