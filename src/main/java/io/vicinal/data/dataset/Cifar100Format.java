package io.vicinal.data.dataset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** CIFAR-100, binary version. */
@DatasetFormat.Facts(
    name = "cifar100",
    layout =
        "train.bin, test.bin, fine_label_names.txt, and coarse_label_names.txt for super-classes",
    source = "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009")
public record Cifar100Format() implements DatasetFormat {
  private static final String FINE = "fine_label_names.txt";

  @Override
  public boolean matches(Path path) {
    return Files.isRegularFile(path.resolve(FINE));
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    CifarFiles.read(path, List.of("train.bin"), "test.bin", FINE, "coarse_label_names.txt", into);
  }
}
