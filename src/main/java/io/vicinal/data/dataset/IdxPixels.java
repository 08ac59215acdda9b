package io.vicinal.data.dataset;

import io.vicinal.data.IdxFile;
import io.vicinal.data.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Pictures of two IDX files, train and test, which are read when the first one is asked for. */
final class IdxPixels implements PixelArray {
  private static final int PUBLISHED_TRAIN = 60_000;
  private static final int PUBLISHED_TEST = 10_000;

  private final IdxFile train;
  private final IdxFile test;
  private byte[] pixels; // of both, once they are asked for

  private IdxPixels(IdxFile train, IdxFile test) {
    this.train = train;
    this.test = test;
  }

  private static Path file(Path folder, String name) {
    Path plain = folder.resolve(name);
    return Files.exists(plain) ? plain : folder.resolve(name + ".gz");
  }

  static boolean isFolder(Path path) {
    return Files.exists(file(path, "train-images-idx3-ubyte"));
  }

  static void read(Path path, List<String> classes, String remedy, DatasetBuilder into) {
    into.published(Dataset.TRAIN, PUBLISHED_TRAIN);
    into.published(Dataset.TEST, PUBLISHED_TEST);
    classes.forEach(into::classOf);
    IdxFile train = part(path, "train", Dataset.TRAIN, classes.size(), remedy, into);
    IdxFile test = part(path, "t10k", Dataset.TEST, classes.size(), remedy, into);
    if (train.size(1) != test.size(1) || train.size(2) != test.size(2)) {
      throw InputFile.problem(
          test.path(), "has pictures of another size than " + train.path(), remedy);
    }
    into.pixels(new IdxPixels(train, test));
  }

  private static IdxFile part(
      Path path, String prefix, String split, int classes, String remedy, DatasetBuilder into) {
    IdxFile images = IdxFile.open(file(path, prefix + "-images-idx3-ubyte"), 3, remedy);
    IdxFile labels = IdxFile.open(file(path, prefix + "-labels-idx1-ubyte"), 1, remedy);
    if (images.size(0) != labels.size(0)) {
      throw InputFile.problem(
          labels.path(),
          "has " + labels.size(0) + " labels for " + images.size(0) + " pictures",
          remedy);
    }
    byte[] all = labels.bytes();
    for (int i = 0; i < all.length; i++) {
      int label = all[i] & 0xff;
      if (label >= classes) {
        throw InputFile.problem(
            labels.path(), "has the label " + label + " at position " + i, remedy);
      }
      into.add(images.path().getFileName() + "[" + i + "]", label, split);
    }
    return images;
  }

  @Override
  public int height() {
    return train.size(1);
  }

  @Override
  public int width() {
    return train.size(2);
  }

  @Override
  public int channels() {
    return 1;
  }

  private synchronized byte[] pixels() {
    if (pixels == null) {
      byte[] first = train.bytes();
      byte[] second = test.bytes();
      byte[] both = Arrays.copyOf(first, Math.addExact(first.length, second.length));
      System.arraycopy(second, 0, both, first.length, second.length);
      pixels = both;
    }
    return pixels;
  }

  @Override
  public void read(int row, byte[] into) {
    int bytes = height() * width();
    System.arraycopy(pixels(), row * bytes, into, 0, bytes);
  }
}
