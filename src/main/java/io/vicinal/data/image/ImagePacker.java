package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.data.LockFile;
import io.vicinal.data.image.ImageTransform.Resized;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Writes a packed file. It grows under another name, {@code FILE.part}; a process that is killed
 * leaves that, and the next one goes on behind the last whole picture, if it is asked for the same.
 * Every picture is decoded once, so that a finished file has none that cannot be. For one thread.
 */
public final class ImagePacker {
  private final ImageSource files;
  private final Path out;
  private final PackedForm form;
  private final boolean skipBad;
  private final Room room = new Room(Runtime.getRuntime().maxMemory() / 4);
  private final List<String> bad = new ArrayList<>();
  private final List<Record> records = new ArrayList<>();
  private long resumed;

  /** What is known of one picture in the file. */
  private record Record(long place, long bytes, int sum, byte[] name) {}

  /** One picture ready to be written, or why there is none. */
  private record Packed(int type, byte[] name, byte[] contents, long held) {}

  /**
   * Memory for pictures that are read ahead: one waits until it fits, but the one that is written
   * next, for which all wait. For any thread.
   */
  private static final class Room {
    private long left;
    private int next;

    Room(long bytes) {
      left = bytes;
    }

    /** Where the writing begins. */
    synchronized void first(int sample) {
      next = sample;
    }

    synchronized void take(int sample, long bytes) {
      boolean interrupted = false;
      while (sample != next && bytes > left) {
        try {
          wait();
        } catch (InterruptedException e) { // the work is being ended
          interrupted = true;
          break;
        }
      }
      left -= bytes;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    synchronized void written(long bytes) {
      left += bytes;
      next++;
      notifyAll();
    }
  }

  /**
   * @param skipBad pictures that cannot be read are left out and told of; else they end the work
   */
  public ImagePacker(ImageSource files, Path out, PackedForm form, boolean skipBad) {
    this.files = files;
    this.out = out;
    this.form = form;
    this.skipBad = skipBad;
  }

  /** Where the file is while it is not finished. */
  public Path part() {
    return out.resolveSibling(out.getFileName() + ".part");
  }

  /** The sentences about pictures that were left out. */
  public List<String> bad() {
    return List.copyOf(bad);
  }

  /** How many pictures were there already. */
  public long resumed() {
    return resumed;
  }

  /** Pictures in the file. */
  public int pictures() {
    return records.size();
  }

  /**
   * Does it.
   *
   * @param progress is told how many pictures are done
   * @throws InputException one sentence that names the picture or the file; what was written stays
   *     for the next attempt
   */
  public void run(int threads, LongConsumer progress) {
    Path lockPath = out.resolveSibling(out.getFileName() + ".part.lock");
    try (LockFile lock = LockFile.take(lockPath)) {
      if (lock == null) {
        throw InputFile.problem(part(), "is being written by another process", "wait for it");
      }
      long size = goOn();
      try (FileOutputStream file = new FileOutputStream(part().toFile(), true);
          BufferedOutputStream buffered = new BufferedOutputStream(file, 1 << 20)) {
        write(new Counted(buffered, size), threads, progress);
        buffered.flush();
        file.getFD().sync();
      }
      Files.move(part(), out, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw InputFile.problem(
          part(),
          "cannot be written (" + e.getMessage() + ")",
          "make room and run the same again: it goes on where it stopped",
          e);
    }
  }

  /** Counts what goes out. */
  private static final class Counted {
    final OutputStream out;
    long at;

    Counted(OutputStream out, long at) {
      this.out = out;
      this.at = at;
    }

    void write(byte[] bytes) throws IOException {
      out.write(bytes);
      at += bytes.length;
    }
  }

  /** Of the pictures, and of what was left out before. */
  private int records() {
    return files.size() + files.leftOut().size();
  }

  private byte[] head() throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    for (int i = 0; i < files.size(); i++) {
      digest.update(files.name(i).getBytes(StandardCharsets.UTF_8));
      Path path = files.path(i);
      boolean there = path != null && Files.exists(path);
      ByteBuffer facts = PackFormat.buffer(17);
      facts.put((byte) 0);
      facts.putLong(there ? Files.size(path) : -1);
      facts.putLong(there ? Files.getLastModifiedTime(path).toMillis() : -1);
      digest.update(facts.array());
    }
    for (String sentence : files.leftOut()) {
      digest.update(sentence.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
    }
    ByteBuffer head = PackFormat.buffer(PackFormat.HEAD);
    head.putLong(PackFormat.MAGIC).putInt(PackFormat.VERSION).putInt(form.pixels() ? 1 : 0);
    head.putInt(form.shorter()).putInt(form.quality()).putLong(records()).put(digest.digest());
    return head.array();
  }

  /**
   * Reads what an earlier process has left, cuts off what is not whole, and says where to go on.
   */
  private long goOn() throws IOException {
    byte[] head = head();
    if (!Files.exists(part()) || Files.size(part()) < PackFormat.HEAD) {
      Files.write(part(), head);
      return PackFormat.HEAD;
    }
    long at = PackFormat.HEAD;
    try (InputFile file = InputFile.open(part())) {
      if (!Arrays.equals(file.readFully(PackFormat.HEAD), head)) {
        throw InputFile.problem(
            part(),
            "is left from packing something else, or the pictures have changed since",
            "remove it, or finish that with the same arguments");
      }
      while (file.size() - at >= PackFormat.RECORD) {
        file.seek(at);
        ByteBuffer record = PackFormat.of(file.readFully(PackFormat.RECORD));
        int nameBytes = record.getInt(4);
        long bytes = record.getLong(8);
        long room = file.size() - at - PackFormat.RECORD;
        boolean sound =
            (record.getInt(0) == PackFormat.IMAGE || record.getInt(0) == PackFormat.BAD)
                && nameBytes >= 0
                && bytes >= 0
                && bytes < Integer.MAX_VALUE - 8
                && nameBytes <= room
                && bytes <= room - nameBytes
                && records.size() + bad.size() < records();
        if (!sound) {
          break;
        }
        byte[] name = file.readFully(nameBytes);
        byte[] contents = file.readFully((int) bytes);
        long end = at + PackFormat.RECORD + nameBytes + bytes;
        end += PackFormat.padding(end);
        if (PackFormat.crc(name) != record.getInt(16)
            || PackFormat.crc(contents) != record.getInt(20)
            || end > file.size()) {
          break;
        }
        note(record.getInt(0), name, contents, at + PackFormat.RECORD + nameBytes);
        at = end;
      }
    }
    resumed = records.size() + bad.size();
    if (!skipBad && !bad.isEmpty()) {
      throw new InputException(bad.get(0)); // left out by an earlier run that was allowed to
    }
    try (RandomAccessFile file = new RandomAccessFile(part().toFile(), "rw")) {
      file.setLength(at);
    }
    return at;
  }

  private void note(int type, byte[] name, byte[] contents, long place) {
    if (type == PackFormat.BAD) {
      bad.add(new String(contents, StandardCharsets.UTF_8));
    } else {
      records.add(new Record(place, contents.length, PackFormat.crc(contents), name));
    }
  }

  private void write(Counted file, int threads, LongConsumer progress) throws IOException {
    ExecutorService workers = Executors.newFixedThreadPool(threads);
    ArrayDeque<Future<Packed>> window = new ArrayDeque<>();
    ThreadLocal<ImageDecoder> decoders = ThreadLocal.withInitial(ImageDecoder::new);
    try {
      int next = (int) resumed;
      room.first(next);
      for (int i = next; i < records(); i++) {
        for (; next < records() && next < i + 4 * threads; next++) {
          int sample = next;
          window.add(workers.submit(() -> packed(sample, decoders.get())));
        }
        Packed one = result(window.remove());
        put(file, one);
        room.written(one.held());
        progress.accept(Math.min(i + 1L, files.size()));
      }
    } finally {
      workers.shutdownNow();
    }
    if (records.isEmpty()) {
      throw new InputException(files.name(0) + " and all others cannot be read: nothing is packed");
    }
    end(file);
  }

  private static Packed result(Future<Packed> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new io.vicinal.CancelledException("packing");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private Packed packed(int sample, ImageDecoder decoder) {
    if (sample >= files.size()) {
      String why = files.leftOut().get(sample - files.size());
      return new Packed(PackFormat.BAD, new byte[0], why.getBytes(StandardCharsets.UTF_8), 0);
    }
    byte[] name = files.name(sample).getBytes(StandardCharsets.UTF_8);
    long[] held = {0};
    try {
      return new Packed(PackFormat.IMAGE, name, read(sample, decoder, held), held[0]);
    } catch (InputException e) {
      if (!skipBad) {
        throw e;
      }
      byte[] why = e.getMessage().getBytes(StandardCharsets.UTF_8);
      return new Packed(PackFormat.BAD, name, why, held[0]);
    }
  }

  private byte[] read(int sample, ImageDecoder decoder, long[] held) {
    try {
      return files.read(sample, decoder, one -> contents(sample, one, held));
    } catch (OutOfMemoryError e) { // of one large array, which is gone by now
      throw new InputException(
          files.name(sample)
              + ": its pixels take more memory than Java has; raise -Xmx or leave it out");
    }
  }

  private byte[] contents(int sample, ImageDecoder decoder, long[] held) {
    ImageHeader header = decoder.header();
    int w = header.uprightWidth();
    int h = header.uprightHeight();
    boolean smaller = form.shorter() > 0 && Math.min(w, h) > form.shorter();
    ImageView view =
        smaller
            ? ImageTransform.of(new Resized(form.shorter())).view(w, h, new ImageDraws(0, 0, 0, 0))
            : ImageView.whole(w, h);
    held[0] = decoder.size() + 6L * view.width() * view.height(); // pixels, and their copy
    room.take(sample, held[0]);
    byte[] rgb = decoder.pixels(view);
    if (form.pixels()) {
      return DatasetImages.rawHeader(view.width(), view.height()).put(rgb).array();
    }
    return smaller ? jpeg(rgb, view.width(), view.height()) : decoder.file();
  }

  private byte[] jpeg(byte[] rgb, int width, int height) {
    ComponentColorModel colours =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB),
            false,
            false,
            Transparency.OPAQUE,
            DataBuffer.TYPE_BYTE);
    WritableRaster raster =
        Raster.createInterleavedRaster(
            new DataBufferByte(rgb, rgb.length),
            width,
            height,
            3 * width,
            3,
            new int[] {0, 1, 2},
            null);
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    param.setCompressionQuality(form.quality() / 100f);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      BufferedImage picture = new BufferedImage(colours, raster, false, null);
      writer.write(null, new IIOImage(picture, null, null), param);
    } catch (IOException e) {
      throw new IllegalStateException(e); // of memory
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private void put(Counted file, Packed one) throws IOException {
    ByteBuffer head = PackFormat.buffer(PackFormat.RECORD);
    head.putInt(one.type()).putInt(one.name().length).putLong(one.contents().length);
    head.putInt(PackFormat.crc(one.name())).putInt(PackFormat.crc(one.contents()));
    file.write(head.array());
    file.write(one.name());
    note(one.type(), one.name(), one.contents(), file.at);
    file.write(one.contents());
    file.write(new byte[PackFormat.padding(file.at)]);
  }

  private void end(Counted file) throws IOException {
    long names = records.stream().mapToLong(one -> one.name().length).sum();
    long bytes = (long) PackFormat.ENTRY * records.size() + names;
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new InputException("the names of " + records.size() + " pictures are too long to pack");
    }
    ByteBuffer index = PackFormat.buffer((int) bytes);
    for (Record one : records) {
      index.putLong(one.place()).putLong(one.bytes()).putInt(one.sum()).putInt(one.name().length);
    }
    records.forEach(one -> index.put(one.name()));
    long place = file.at;
    file.write(index.array());
    ByteBuffer end = PackFormat.buffer(PackFormat.END);
    end.putLong(place).putLong(bytes).putLong(records.size()).putLong(bad.size());
    end.putInt(PackFormat.crc(index.array())).putInt(PackFormat.VEND);
    file.write(end.array());
  }
}
