package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.data.InputFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A packed file ({@code vicinal pack}), mapped into memory: pictures as the files they were, or as
 * pixels. The first look at each compares its checksum. Memory of a mapped file ends with the file,
 * and to touch what is behind it ends the process: every look asks first whether the file still has
 * its size. Safe for any number of threads; closing waits for those that look.
 */
public final class PackedImages implements ImageSource {
  private final Path path;
  private final boolean pixels;
  private final int shorter;
  private final long left;
  private final long bytes;
  private final List<String> names;
  private final long[] places;
  private final long[] lengths;
  private final int[] sums;
  private final AtomicIntegerArray compared;
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
  private RandomAccessFile opened; // of a channel an interrupted thread could not ask the size
  private long address;

  private static final class At extends BytePointer {
    At(long address) {
      super((Pointer) null);
      this.address = address;
    }

    At(long address, int count) {
      this(address);
      this.limit = count;
      this.capacity = count;
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
    try (InputFile file = InputFile.open(path)) {
      bytes = file.size();
      if (bytes < PackFormat.HEAD) {
        throw none();
      }
      ByteBuffer head = PackFormat.of(file.readFully(PackFormat.HEAD));
      if (head.getLong(0) != PackFormat.MAGIC) {
        throw none();
      }
      if (head.getInt(8) != PackFormat.VERSION) {
        throw InputFile.problem(
            path,
            "is a packed file of version " + head.getInt(8),
            "this Vicinal reads version " + PackFormat.VERSION + "; pack it again");
      }
      pixels = head.getInt(12) == 1;
      shorter = head.getInt(16);
      ByteBuffer end = end(file);
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
      file.seek(place);
      byte[] index = file.readFully((int) length);
      if (PackFormat.crc(index) != end.getInt(32)) {
        throw damaged();
      }
      int n = (int) count;
      places = new long[n];
      lengths = new long[n];
      sums = new int[n];
      compared = new AtomicIntegerArray(n);
      names = names(PackFormat.of(index), n, place);
    }
    map();
  }

  private ByteBuffer end(InputFile file) {
    if (bytes >= PackFormat.HEAD + PackFormat.END) {
      file.seek(bytes - PackFormat.END);
      ByteBuffer end = PackFormat.of(file.readFully(PackFormat.END));
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
          || lengths[i] > end - places[i]
          || length < 0
          || length > index.capacity() - at) {
        throw damaged();
      }
      all.add(new String(index.array(), at, length, StandardCharsets.UTF_8));
      at += length;
    }
    return List.copyOf(all);
  }

  private void map() {
    NativeLibrary.load();
    byte[] name = (path.toAbsolutePath() + "\0").getBytes(StandardCharsets.UTF_8);
    try {
      opened = new RandomAccessFile(path.toFile(), "r");
    } catch (IOException e) {
      throw InputFile.problem(path, "cannot be read (" + e.getMessage() + ")", "check the file", e);
    }
    try (BytePointer text = new BytePointer(name);
        PointerPointer<Pointer> cell = new PointerPointer<>(1)) {
      if (Vicinal.vicinal_map_file(text, 0, bytes, cell) != Vicinal.VICINAL_OK) {
        String why = Vicinal.vicinal_last_error().getString(StandardCharsets.UTF_8);
        throw InputFile.problem(path, why.replaceFirst("^path: ", ""), "check the file");
      }
      address = cell.get(Pointer.class, 0).address();
    }
  }

  private InputException none() {
    return InputFile.problem(path, "is no packed file", "write one with 'vicinal pack'");
  }

  private InputException damaged() {
    return InputFile.problem(path, "is damaged", "remove it and run 'vicinal pack' again");
  }

  /** Whether it has pixels; else files as they were. */
  public boolean pixels() {
    return pixels;
  }

  /** The longest that the shorter side of a picture is; 0: as it was. */
  public int shorter() {
    return shorter;
  }

  /** How many pictures were left out, because they could not be read when this was written. */
  public long leftOut() {
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
      if (address == 0) {
        throw new IllegalStateException(path + " is closed");
      }
      checkSize();
      compare(sample);
      decoder.set(address + places[sample], lengths[sample]);
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
      if (opened.length() == bytes) {
        return;
      }
    } catch (IOException e) {
      throw InputFile.problem(path, "cannot be read (" + e.getMessage() + ")", "check the disk", e);
    }
    throw InputFile.problem(
        path, "was cut or written over since it was opened", "run 'vicinal pack' again");
  }

  private void compare(int sample) {
    if (compared.get(sample) != 0) {
      return;
    }
    CRC32C crc = new CRC32C();
    for (long done = 0; done < lengths[sample]; ) {
      int count = (int) Math.min(1 << 30, lengths[sample] - done);
      crc.update(new At(address + places[sample] + done, count).asByteBuffer());
      done += count;
    }
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
      if (address != 0) {
        Vicinal.vicinal_unmap_file(new At(address), bytes);
        address = 0;
        opened.close();
      }
    } catch (IOException e) {
      throw InputFile.problem(path, "cannot be closed (" + e.getMessage() + ")", "go on", e);
    } finally {
      use.writeLock().unlock();
    }
  }
}
