package io.vicinal.data.onnx;

import io.vicinal.InputException;
import io.vicinal.data.image.ImageReader;
import io.vicinal.data.image.ImageReader.Batches;
import io.vicinal.data.image.ImageReader.ImageBatch;
import io.vicinal.data.image.ImageSource;
import io.vicinal.data.image.SkippingImages;
import io.vicinal.data.onnx.OnnxModel.Features;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Pictures through a model, batch by batch, while the next ones are decoded. Batches begin at
 * multiples of their size wherever the work is taken up again, so the features are the same bits.
 * For one thread.
 */
public final class FeatureExtractor {
  private static final int AHEAD = 2;

  private final OnnxModel model;
  private final ModelPictures pictures;
  private final boolean channelsFirst;
  private final int batch;
  private final int threads;

  /**
   * @param pictures complete
   * @param batch pictures at once; those of the model, if it takes a certain number
   * @param threads that decode
   */
  public FeatureExtractor(
      OnnxModel model, ModelPictures pictures, boolean channelsFirst, int batch, int threads) {
    this.model = model;
    this.pictures = pictures;
    this.channelsFirst = channelsFirst;
    this.batch = batch;
    this.threads = threads;
  }

  /**
   * Adds the rows that are missing.
   *
   * @param progress is told how many rows there are
   * @throws InputException one sentence that names the picture or the model
   */
  public void run(ImageSource images, FeatureRows rows, IntConsumer progress) {
    int first = rows.size();
    Iterator<long[]> order =
        IntStream.iterate(first, i -> i < images.size(), i -> i + batch)
            .mapToObj(i -> range(i, images.size()))
            .iterator();
    try (ImageReader reader =
            new ImageReader(
                images, pictures.transform(), pictures.scale(), threads, AHEAD, channelsFirst);
        Batches batches = reader.epoch(0, 0, order)) {
      while (batches.hasNext()) {
        ImageBatch next = batches.next();
        int given = next.samples().length;
        Features features = model.run(next.direct(), given, channelsFirst, pictures.size());
        int count = Math.min(given, images.size() - rows.size());
        check(images, features, Arrays.copyOf(next.samples(), count));
        rows.add(features, count);
        progress.accept(rows.size());
      }
    }
  }

  /** A batch; a model that takes a certain number gets the last picture several times. */
  private long[] range(int from, int images) {
    int count = model.takes().batch() > 0 ? batch : Math.min(batch, images - from);
    return IntStream.range(from, from + count).mapToLong(i -> Math.min(i, images - 1)).toArray();
  }

  /** NaN is for pictures that could not be read, and for no other. */
  private static void check(ImageSource images, Features features, long[] samples) {
    Map<Integer, String> bad = images instanceof SkippingImages s ? s.bad() : Map.of();
    int width = features.width();
    for (int i = 0; i < samples.length; i++) {
      int sample = (int) samples[i];
      if (bad.containsKey(sample)) {
        Arrays.fill(features.values(), i * width, (i + 1) * width, Float.NaN);
        continue;
      }
      for (int k = 0; k < width; k++) {
        float value = features.values()[i * width + k];
        if (!Float.isFinite(value)) {
          throw new InputException(
              images.name(sample)
                  + ": the model gives "
                  + value
                  + " as feature "
                  + k
                  + "; check --mean and --std, or choose another output");
        }
      }
    }
  }
}
