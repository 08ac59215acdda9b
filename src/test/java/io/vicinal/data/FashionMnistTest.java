package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FashionMnistTest {
  @TempDir Path folder;
  @AutoClose private final Arena arena = Arena.host();

  @Test
  void theTestSplitOfThePackage() {
    Assumptions.assumeTrue(
        Files.exists(FashionMnist.FOLDER), "dataset-fashion-mnist is not installed");
    FeatureSet test = FashionMnist.test(arena);
    assertThat(test.features().shape()).isEqualTo(Shape.of(10_000, 784));
    assertThat(test.classCounts())
        .hasSize(10)
        .allSatisfy((label, count) -> assertThat(count).isEqualTo(1000));
    assertThat(test.labels().longAt(0)).isEqualTo(9); // an ankle boot
    float[] pixels = test.features().rows(0, 100).toFloats();
    for (float pixel : pixels) {
      assertThat(pixel).isBetween(0f, 1f);
    }
    assertThat(pixels).contains(1f).contains(0f);
  }

  @Test
  void smallFilesAndDamagedOnes() throws IOException {
    byte[] images =
        idx(0x0803, new int[] {3, 2, 2}, new byte[] {0, 51, (byte) 255, 0, 1, 2, 3, 4, 5, 6, 7, 8});
    byte[] labels = idx(0x0801, new int[] {3}, new byte[] {0, 9, 4});
    put(images, labels);
    FeatureSet set = FashionMnist.train(folder, arena);
    assertThat(set.features().rows(0, 1).toFloats()).containsExactly(0f, 0.2f, 1f, 0f);
    assertThat(set.labels().toLongs()).containsExactly(0, 9, 4);

    refusedFiles(Arrays.copyOf(images, images.length - 1), labels, "truncated");
    refusedFiles(Arrays.copyOf(images, images.length + 1), labels, "more data");
    refusedFiles(images, idx(0x0801, new int[] {3}, new byte[] {0, 10, 4}), "label 10");
    refusedFiles(images, idx(0x0801, new int[] {2}, new byte[] {0, 9}), "one label per row");
    refusedFiles(labels, labels, "IDX");
    refusedFiles(idx(0x0803, new int[] {-1, 2, 2}, new byte[0]), labels, "-1");
    refusedFiles(
        idx(0x0803, new int[] {3, 2, Integer.MAX_VALUE}, new byte[0]), labels, "2147483647");
    Files.write(folder.resolve("train-images-idx3-ubyte.gz"), images);
    refused(() -> FashionMnist.train(folder, arena), "GZIP");
  }

  @Test
  void aMissingPackageIsNamed() {
    refused(() -> FashionMnist.train(folder, arena), "apt-get install dataset-fashion-mnist");
  }

  private void refusedFiles(byte[] images, byte[] labels, String expected) throws IOException {
    put(images, labels);
    refused(() -> FashionMnist.train(folder, arena), expected);
  }

  private void put(byte[] images, byte[] labels) throws IOException {
    Files.write(folder.resolve("train-images-idx3-ubyte.gz"), gzip(images));
    Files.write(folder.resolve("train-labels-idx1-ubyte.gz"), gzip(labels));
  }

  private static byte[] idx(int magic, int[] sizes, byte[] data) {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * sizes.length + data.length).putInt(magic);
    for (int size : sizes) {
      bytes.putInt(size);
    }
    return bytes.put(data).array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
