package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv 1708.07747): 60,000 training and 10,000 test images
 * of ten kinds of clothing, 28 x 28 grey pixels, from the four IDX files of the Debian package
 * {@code dataset-fashion-mnist}. Pixels become features F32 in 0..1 (value / 255), row by row.
 * Stateless, so safe for any thread.
 */
public final class FashionMnist {
  /** Where the Debian package puts its files. */
  public static final Path FOLDER = Path.of("/usr/share/datasets/fashion-mnist");

  /** Names of classes 0 to 9. */
  public static final List<String> CLASSES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  /** Width and height of an image, in pixels. */
  public static final int SIDE = 28;

  private static final int IMAGES_MAGIC = 0x0803;
  private static final int LABELS_MAGIC = 0x0801;

  /** More than any IDX file of this family has: a bound on what a damaged header can ask for. */
  private static final int MAX_IMAGES = 10_000_000;

  private static final int MAX_SIDE = 1024;

  private FashionMnist() {}

  /** The 60,000 training images of {@link #FOLDER}. */
  public static FeatureSet train(Arena arena) {
    return train(FOLDER, arena);
  }

  /** The 10,000 test images of {@link #FOLDER}. */
  public static FeatureSet test(Arena arena) {
    return test(FOLDER, arena);
  }

  /**
   * The training images in {@code folder}.
   *
   * @return features F32 [N, 784] and labels I64 [N], both in {@code arena}
   * @throws InputException if the files are not there or damaged; it names the package to install
   */
  public static FeatureSet train(Path folder, Arena arena) {
    return read(folder, "train", "fashion-mnist train", arena);
  }

  /** The test images in {@code folder}; otherwise as {@link #train(Path, Arena)}. */
  public static FeatureSet test(Path folder, Arena arena) {
    return read(folder, "t10k", "fashion-mnist test", arena);
  }

  private static FeatureSet read(Path folder, String prefix, String name, Arena arena) {
    Tensor features = images(folder.resolve(prefix + "-images-idx3-ubyte.gz"), arena);
    Tensor labels = labels(folder.resolve(prefix + "-labels-idx1-ubyte.gz"), arena);
    return new FeatureSet(features, labels, name, Names.of(CLASSES), Names.none());
  }

  private static Tensor images(Path path, Arena arena) {
    return parse(
        path,
        in -> {
          int count = header(path, in, IMAGES_MAGIC);
          int height = bounded(path, in.readInt(), MAX_SIDE);
          int width = bounded(path, in.readInt(), MAX_SIDE);
          int pixels = height * width;
          Tensor features = arena.allocate(DType.F32, count, pixels);
          byte[] image = new byte[pixels];
          ByteBuffer row = ByteBuffer.allocate(4 * pixels).order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < count; i++) {
            in.readFully(image);
            for (int j = 0; j < pixels; j++) {
              row.putFloat(4 * j, (image[j] & 0xff) / 255f);
            }
            features.write(4L * i * pixels, row.clear());
          }
          return features;
        });
  }

  private static Tensor labels(Path path, Arena arena) {
    return parse(
        path,
        in -> {
          byte[] bytes = new byte[header(path, in, LABELS_MAGIC)];
          in.readFully(bytes);
          long[] labels = new long[bytes.length];
          for (int i = 0; i < labels.length; i++) {
            labels[i] = bytes[i];
            if (labels[i] < 0 || labels[i] >= CLASSES.size()) {
              throw damaged(path, "has the label " + (bytes[i] & 0xff), null);
            }
          }
          return arena.of(labels, labels.length);
        });
  }

  private static int header(Path path, DataInputStream in, int magic) throws IOException {
    int found = in.readInt();
    if (found != magic) {
      throw damaged(
          path,
          "does not start as an IDX file of bytes (0x" + Integer.toHexString(found) + ")",
          null);
    }
    return bounded(path, in.readInt(), MAX_IMAGES);
  }

  private static int bounded(Path path, int count, int most) {
    if (count < 1 || count > most) {
      throw damaged(path, "claims a size of " + count, null);
    }
    return count;
  }

  private interface Parser {
    Tensor parse(DataInputStream in) throws IOException;
  }

  private static Tensor parse(Path path, Parser parser) {
    if (!Files.isReadable(path)) {
      throw damaged(path, "is not there", null);
    }
    try (InputStream file = new FileInputStream(path.toFile());
        DataInputStream in =
            new DataInputStream(
                new BufferedInputStream(new GZIPInputStream(file, 64 << 10), 64 << 10))) {
      Tensor tensor = parser.parse(in);
      if (in.read() >= 0) {
        throw damaged(path, "has more data than its header says", null);
      }
      return tensor;
    } catch (EOFException e) {
      throw damaged(path, "is truncated", e);
    } catch (IOException e) {
      throw damaged(path, "cannot be read (" + InputFile.reason(e) + ")", e);
    }
  }

  private static InputException damaged(Path path, String what, Throwable cause) {
    return InputFile.problem(
        path, what, "install the data with: apt-get install dataset-fashion-mnist", cause);
  }
}
