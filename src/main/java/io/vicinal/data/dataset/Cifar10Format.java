package io.vicinal.data.dataset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** CIFAR-10, binary version. */
@DatasetFormat.Facts(
    name = "cifar10",
    layout = "data_batch_1.bin to data_batch_5.bin (train), test_batch.bin, batches.meta.txt",
    source = "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009")
public record Cifar10Format() implements DatasetFormat {
  private static final String TEST = "test_batch.bin";

  @Override
  public boolean matches(Path path) {
    return Files.isRegularFile(path.resolve(TEST));
  }

  @Override
  public void read(Path path, DatasetBuilder into) {
    List<String> train =
        List.of(
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin");
    CifarFiles.read(path, train, TEST, "batches.meta.txt", null, into);
  }
}
