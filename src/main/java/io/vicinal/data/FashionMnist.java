package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

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

  /** What to do where the files are missing or damaged. */
  public static final String REMEDY =
      "install the data with: apt-get install dataset-fashion-mnist";

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
    IdxFile file = IdxFile.open(path, 3, REMEDY);
    int pixels = file.size(1) * file.size(2);
    Tensor features = arena.allocate(DType.F32, file.size(0), pixels);
    return file.read(
        in -> {
          byte[] image = new byte[pixels];
          ByteBuffer row = ByteBuffer.allocate(4 * pixels).order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < file.size(0); i++) {
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
    byte[] bytes = IdxFile.open(path, 1, REMEDY).bytes();
    long[] labels = new long[bytes.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = bytes[i] & 0xff;
      if (labels[i] >= CLASSES.size()) {
        throw InputFile.problem(path, "has the label " + labels[i], REMEDY);
      }
    }
    return arena.of(labels, labels.length);
  }
}
