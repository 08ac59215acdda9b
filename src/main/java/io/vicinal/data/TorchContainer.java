package io.vicinal.data;

import io.vicinal.InputException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** An open file that {@code torch.save} wrote: one object, and storages beside it. */
interface TorchContainer extends AutoCloseable {
  /** What to do about a damaged one. */
  String AGAIN = "write it again with torch.save";

  /** Where the bytes of a storage are. */
  record Place(InputFile file, long start) {}

  /** What was saved. */
  Object root();

  /**
   * Where a storage is, which has as many bytes there as its size says.
   *
   * @throws InputException if the file has it not, or of another size
   */
  Place place(TorchTensor.Storage storage);

  /** The file's size. */
  long size();

  @Override
  void close();

  /** Opens either format by its first bytes, which are a ZIP archive's or a pickle's. */
  static TorchContainer open(Path path) {
    InputFile file = InputFile.open(path);
    try {
      if (file.size() > 0 && file.peek(1)[0] == 'P') {
        file.close();
        return Zip.open(path);
      }
      return new Legacy(file);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static InputException bigEndian(Path path) {
    return InputFile.problem(
        path, "is of a big-endian machine", "load it and save it again on another");
  }

  /** Since PyTorch 1.6: {@code NAME/data.pkl}, and {@code NAME/data/KEY} for every storage. */
  final class Zip implements TorchContainer {
    private static final String PICKLE = "data.pkl";

    private final Path path;
    private final ZipFile zip;
    private final long size;
    private final String folder;
    private final Object root;
    private final Map<String, Place> places = new HashMap<>(); // a storage is read once, in order

    private Zip(Path path, ZipFile zip, long size) {
      this.path = path;
      this.zip = zip;
      this.size = size;
      ZipEntry saved = saved();
      folder = saved.getName().substring(0, saved.getName().length() - PICKLE.length());
      if (zip.getEntry(folder + "constants.pkl") != null) {
        throw InputFile.problem(path, "is a TorchScript program, not weights", Pickle.REMEDY);
      }
      ZipEntry order = zip.getEntry(folder + "byteorder");
      if (order != null) {
        InputFile file = member(order);
        String said = new String(file.peek(8), StandardCharsets.ISO_8859_1).strip();
        if (!said.equals("little")) {
          throw bigEndian(path);
        }
      }
      InputFile pickle = member(saved);
      root = new Pickle(pickle, new TorchObjects(pickle)).load();
    }

    static Zip open(Path path) {
      ZipFile zip = null;
      try {
        zip = new ZipFile(path.toFile());
        return new Zip(path, zip, path.toFile().length());
      } catch (IOException | IllegalArgumentException e) {
        close(zip);
        throw InputFile.problem(
            path, "is no ZIP archive that can be read (" + InputFile.reason(e) + ")", AGAIN, e);
      } catch (RuntimeException | Error e) {
        close(zip);
        throw e;
      }
    }

    private static void close(ZipFile zip) {
      try {
        if (zip != null) {
          zip.close();
        }
      } catch (IOException e) {
        // The first failure is the one to report.
      }
    }

    /** The member with the object; and no more is stored than the file has bytes. */
    private ZipEntry saved() {
      ZipEntry found = null;
      long stored = 0;
      for (ZipEntry entry : Collections.list(zip.entries())) {
        String name = entry.getName();
        if (entry.getMethod() != ZipEntry.STORED
            || entry.getSize() != entry.getCompressedSize()
            || entry.getSize() < 0) {
          throw InputFile.problem(
              path, "has the packed member " + InputFile.printable(name), AGAIN);
        }
        stored += Math.min(entry.getSize(), Long.MAX_VALUE - stored);
        if (name.endsWith("/" + PICKLE) && name.indexOf('/') == name.lastIndexOf('/')) {
          found = entry;
        }
      }
      if (found == null) {
        throw InputFile.problem(
            path, "is a ZIP archive that torch.save did not write", Pickle.REMEDY);
      }
      if (stored > size) {
        throw InputFile.problem(
            path, "claims members of " + stored + " bytes, of a file of " + size, AGAIN);
      }
      return found;
    }

    private InputFile member(ZipEntry entry) {
      return new InputFile(path, new ZipMember(zip, entry), entry.getSize());
    }

    @Override
    public Object root() {
      return root;
    }

    @Override
    public Place place(TorchTensor.Storage storage) {
      return places.computeIfAbsent(storage.key(), key -> find(storage));
    }

    private Place find(TorchTensor.Storage storage) {
      ZipEntry entry = zip.getEntry(folder + "data/" + storage.key());
      if (entry == null || entry.getSize() != storage.bytes()) {
        throw InputFile.problem(
            path,
            "has "
                + (entry == null ? "no" : entry.getSize() + " bytes in place of")
                + " storage "
                + InputFile.printable(storage.key())
                + " of "
                + storage.bytes()
                + " bytes",
            AGAIN);
      }
      return new Place(member(entry), 0);
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public void close() {
      close(zip);
    }
  }

  /** Before: five pickles, then every storage with its number of elements in front. */
  final class Legacy implements TorchContainer {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;

    private final InputFile file;
    private final Object root;
    private final Map<String, Long> starts = new HashMap<>();

    private Legacy(InputFile file) {
      this.file = file;
      TorchObjects objects = new TorchObjects(file);
      Pickle pickle = new Pickle(file, objects);
      if (!MAGIC.equals(pickle.load()) || !Long.valueOf(PROTOCOL).equals(pickle.load())) {
        throw file.problem("is a pickle that torch.save did not write", Pickle.REMEDY);
      }
      if (!(pickle.load() instanceof Map<?, ?> system)
          || !Boolean.TRUE.equals(system.get("little_endian"))) {
        throw bigEndian(file.path());
      }
      root = pickle.load();
      if (!(pickle.load() instanceof List<?> keys)) {
        throw file.problem("does not say which storages it has", AGAIN);
      }
      long at = pickle.position();
      for (Object key : keys) {
        TorchTensor.Storage storage = key instanceof String ? objects.storages().get(key) : null;
        if (storage == null || starts.containsKey(storage.key())) {
          throw file.problem("has storages that its object does not name", AGAIN);
        }
        at = check(storage, at);
      }
    }

    /**
     * @return where the next one begins
     */
    private long check(TorchTensor.Storage storage, long at) {
      long rest = file.size() - at - Long.BYTES;
      if (rest < 0 || storage.bytes() > rest) {
        throw file.problem(
            "ends within storage "
                + InputFile.printable(storage.key())
                + " of "
                + storage.bytes()
                + " bytes",
            "write it again: it is truncated");
      }
      file.seek(at);
      byte[] said = file.readFully(Long.BYTES);
      long count = ByteBuffer.wrap(said).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (count != storage.size()) {
        throw file.problem(
            "has "
                + count
                + " numbers in place of the "
                + storage.size()
                + " of storage "
                + InputFile.printable(storage.key()),
            AGAIN);
      }
      starts.put(storage.key(), at + Long.BYTES);
      return at + Long.BYTES + storage.bytes();
    }

    @Override
    public Object root() {
      return root;
    }

    @Override
    public Place place(TorchTensor.Storage storage) {
      Long start = starts.get(storage.key());
      if (start == null) {
        throw file.problem("has no storage " + InputFile.printable(storage.key()), AGAIN);
      }
      return new Place(file, start);
    }

    @Override
    public long size() {
      return file.size();
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
