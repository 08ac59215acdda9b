package io.vicinal.data.dataset;

import io.vicinal.data.FashionMnist;
import java.nio.file.Path;
import java.util.Locale;

/** Fashion-MNIST. */
@DatasetFormat.Facts(
    name = "fashion-mnist",
    layout =
        "the files of mnist, in a folder whose path has 'fashion' in it, such as"
            + " /usr/share/datasets/fashion-mnist",
    source = "Xiao, Rasul, Vollgraf, arXiv:1708.07747")
public record FashionMnistFormat() implements DatasetFormat {
  @Override
  public boolean matches(Path path) {
    String name = path.toAbsolutePath().normalize().toString().toLowerCase(Locale.ROOT);
    return name.contains("fashion") && IdxPixels.isFolder(path);
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    IdxPixels.read(path, FashionMnist.CLASSES, FashionMnist.REMEDY, into);
  }
}
