package io.vicinal.data.dataset;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** MNIST. */
@DatasetFormat.Facts(
    name = "mnist",
    layout =
        "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,"
            + " t10k-labels-idx1-ubyte, each as it is or .gz",
    source = "LeCun, Bottou, Bengio, Haffner, Proc. IEEE 1998")
public record MnistFormat() implements DatasetFormat {
  private static final List<String> CLASSES =
      IntStream.range(0, 10).mapToObj(Integer::toString).toList();

  @Override
  public boolean matches(Path path) {
    return IdxPixels.isFolder(path);
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    IdxPixels.read(path, CLASSES, "unpack the files again, or download them again", into);
  }
}
