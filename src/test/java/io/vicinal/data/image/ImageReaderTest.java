package io.vicinal.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.image.ImageReader.ImageBatch;
import io.vicinal.data.image.ImageTransform.Resized;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batches: the same on any number of threads, failures by name, an end at any time; mixing. */
class ImageReaderTest {
  private static final PixelScale SCALE = PixelScale.named("imagenet");
  private static final ImageTransform CROP = ImageRecipe.named("cifar").training();
  private static final ImageTransform ADV = ImageRecipe.named("adv").training();

  private static ImageFiles files() {
    return ImageFiles.below(Pillow.FOLDER);
  }

  private static Iterator<long[]> order(int samples, int batch) {
    List<long[]> all = new ArrayList<>();
    for (int from = 0; from < samples; from += batch) {
      long[] ids = new long[Math.min(batch, samples - from)];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (from + i) * 7L % samples;
      }
      all.add(ids);
    }
    return all.iterator();
  }

  private static List<float[]> epoch(int threads, int ahead, int batch, long epoch) {
    ImageFiles files = files();
    List<float[]> batches = new ArrayList<>();
    try (ImageReader reader = new ImageReader(files, ADV, SCALE, threads, ahead)) {
      for (ImageReader.Batches all = reader.epoch(9, epoch, order(files.size(), batch));
          all.hasNext(); ) {
        ImageBatch one = all.next();
        assertThat(one.images().shape().dims()).containsExactly(one.samples().length, 224, 224, 3);
        batches.add(one.images().toFloats());
      }
    }
    return batches;
  }

  /** [B, 3, H, W] has the numbers of [B, H, W, 3], also where a library takes them from memory. */
  @Test
  void planesHaveTheSameNumbers() {
    ImageFiles files = files();
    int places = 224 * 224;
    try (ImageReader mixed = new ImageReader(files, ADV, SCALE, 2, 1);
        ImageReader apart = new ImageReader(files, ADV, SCALE, 2, 1, true)) {
      ImageReader.Batches other = mixed.epoch(9, 0, order(files.size(), 6));
      for (ImageReader.Batches all = apart.epoch(9, 0, order(files.size(), 6)); all.hasNext(); ) {
        ImageBatch one = all.next();
        assertThat(one.images().shape().dims()).containsExactly(one.samples().length, 3, 224, 224);
        float[] expected = other.next().images().toFloats();
        float[] values = new float[expected.length];
        one.direct().get(values);
        assertThat(one.images().toFloats()).isEqualTo(values);
        for (int k = 0; k < values.length; k++) {
          int picture = k / (3 * places) * 3 * places;
          int channel = k % (3 * places) / places;
          if (values[k] != expected[picture + k % places * 3 + channel]) {
            throw new AssertionError("number " + k + " is " + values[k]);
          }
        }
      }
    }
  }

  @Test
  void batchesAreTheSameOnAnyNumberOfThreads() {
    List<float[]> one = epoch(1, 1, 10, 3);
    assertThat(one).hasSize((files().size() + 9) / 10);
    List<float[]> several = epoch(3, 2, 10, 3);
    for (int i = 0; i < one.size(); i++) {
      assertThat(several.get(i)).isEqualTo(one.get(i));
    }
    assertThat(Arrays.equals(epoch(2, 1, 10, 4).get(0), one.get(0))).isFalse();
    // Another batch size: a sample's numbers are its own.
    float[] inAnother = epoch(2, 3, 7, 3).get(0);
    assertThat(Arrays.copyOf(one.get(0), inAnother.length)).isEqualTo(inAnother);
  }

  @Test
  void theFirstPictureThatCannotBeReadIsNamed(@TempDir Path folder) throws IOException {
    for (int i = 0; i < 12; i++) {
      Files.copy(Pillow.FOLDER.resolve("420.jpg"), folder.resolve((char) ('a' + i) + ".jpg"));
    }
    Files.write(folder.resolve("f.jpg"), new byte[] {1, 2, 3});
    Files.write(folder.resolve("h.jpg"), new byte[0]);
    ImageFiles files = ImageFiles.below(folder);
    List<long[]> order = List.of(new long[] {0, 1}, new long[] {2, 7, 5, 3}, new long[] {4});
    for (int threads : new int[] {1, 4}) {
      try (ImageReader reader = new ImageReader(files, CROP, SCALE, threads, 3)) {
        ImageReader.Batches batches = reader.epoch(1, 0, order.iterator());
        assertThat(batches.next().samples()).containsExactly(0, 1);
        assertThatThrownBy(batches::next)
            .isInstanceOf(InputException.class)
            .hasMessage(folder + "/h.jpg: is empty; save it again, or leave it out");
        assertThat(batches.hasNext()).isFalse();
        ImageReader.Batches others = reader.epoch(1, 0, List.of(new long[] {99}).iterator());
        assertThatThrownBy(others::next)
            .hasMessage("sample 99 does not exist: there are 12 pictures");
        // The reader goes on after a failure.
        assertThat(reader.epoch(1, 0, List.of(new long[] {4}).iterator()).next().samples())
            .containsExactly(4);
      }
    }
  }

  @Test
  void itEndsInTheMiddle() {
    try (ImageReader reader = new ImageReader(files(), CROP, SCALE, 2, 4)) {
      reader.epoch(1, 0, order(30, 3)).next();
      ImageReader.Batches second = reader.epoch(1, 1, order(30, 3)); // ends the first
      second.next();
      Thread.currentThread().interrupt();
      assertThatThrownBy(
              () -> {
                while (true) {
                  second.next();
                }
              })
          .isInstanceOfAny(CancelledException.class, java.util.NoSuchElementException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThatThrownBy(
            () -> new ImageReader(files(), ImageTransform.of(new Resized(9)), SCALE, 1, 1))
        .hasMessageContaining("different sizes");
    ImageReader closed = new ImageReader(files(), CROP, SCALE, 1, 1);
    closed.close();
    closed.close();
    assertThatThrownBy(() -> closed.epoch(1, 0, order(3, 3)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void foldersAreWalkedInOneOrder(@TempDir Path folder) throws IOException {
    for (String name : List.of("b/z.jpg", "b/a.PNG", "a/x.webp", "a/no.txt", ".hidden/x.jpg")) {
      Files.createDirectories(folder.resolve(name).getParent());
      Files.write(folder.resolve(name), new byte[1]);
    }
    ImageFiles files = ImageFiles.below(folder);
    assertThat(List.of(files.name(0), files.name(1), files.name(2)))
        .containsExactly("a/x.webp", "b/a.PNG", "b/z.jpg");
    assertThat(files.size()).isEqualTo(3);
    assertThatThrownBy(() -> ImageFiles.below(folder.resolve("none")))
        .hasMessageContaining("does not exist");
    Files.createSymbolicLink(folder.resolve("a/loop"), folder);
    assertThatThrownBy(() -> ImageFiles.below(folder)).hasMessageContaining("is a link");
    assertThatThrownBy(() -> ImageFiles.below(Files.createDirectory(folder.resolve("empty"))))
        .hasMessageContaining("has no file that is called .jpg");
  }

  @Test
  void mixupBlendsWithThePartner() {
    Xoshiro random = new Xoshiro(4);
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor images = arena.allocate(DType.F32, 5, 6, 4, 3);
      float[] x = new float[(int) images.size()];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      images.set(x);
      Tensor out = arena.allocate(DType.F32, 5, 6, 4, 3);
      ImageMixing mixup = ImageMixing.mixup(5, 1, random);
      mixup.apply(backend, images, arena, out);
      float[] mixed = out.toFloats();
      ImageMixing cutmix = ImageMixing.cutmix(5, 4, 6, 1, random);
      cutmix.apply(backend, images, arena, out);
      float[] pasted = out.toFloats();
      int foreign = 0;
      for (int i = 0; i < x.length; i++) {
        int b = i / 72;
        int row = i % 72 / 12;
        int column = i % 12 / 3;
        double a = mixup.share();
        double other = x[(int) mixup.partners()[b] * 72 + i % 72];
        assertThat((double) mixed[i]).isCloseTo(a * x[i] + (1 - a) * other, within(1e-6));
        ImageView.Box box = cutmix.pasted();
        boolean in =
            column >= box.left()
                && column < box.left() + box.width()
                && row >= box.top()
                && row < box.top() + box.height();
        foreign += in ? 1 : 0;
        assertThat(pasted[i]).isEqualTo(in ? x[(int) cutmix.partners()[b] * 72 + i % 72] : x[i]);
      }
      assertThat(cutmix.share()).isCloseTo(1 - foreign / (double) x.length, within(1e-12));
    }
  }

  /** Mean 1/2 and variance 1 / (4 (2 alpha + 1)) of Beta(alpha, alpha). */
  @Test
  void sharesAreBetaDistributed() {
    Xoshiro random = new Xoshiro(5);
    for (double alpha : new double[] {0.2, 1, 4}) {
      double sum = 0;
      double squares = 0;
      int n = 20_000;
      for (int i = 0; i < n; i++) {
        double share = ImageMixing.mixup(1, alpha, random).share();
        assertThat(share).isBetween(0.0, 1.0);
        sum += share / n;
        squares += (share - 0.5) * (share - 0.5) / n;
      }
      double variance = 1 / (4 * (2 * alpha + 1));
      assertThat(sum).isCloseTo(0.5, within(4 * Math.sqrt(variance / n)));
      assertThat(squares).isCloseTo(variance, within(0.03 * variance));
    }
    assertThatThrownBy(() -> ImageMixing.mixup(1, 0, random)).isInstanceOf(InputException.class);
  }
}
