package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.data.Npy;
import io.vicinal.data.image.ImageDraws;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.image.ImageReader;
import io.vicinal.data.image.ImageRecipe;
import io.vicinal.data.image.ImageTransform;
import io.vicinal.data.image.ImageView;
import io.vicinal.data.image.PixelScale;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * An epoch over photographs in a folder: decode, random resized crop 224, flip, normalise, batches
 * of 32. Both sides see the same crops: ours draws them, the peer reads them. Not thread-safe.
 */
final class ImageWork implements Work {
  private static final int BATCH = 32;
  private static final int KEPT = 8;

  private final Arena arena = Arena.host();
  private final Backend backend;
  private final int count;
  private final ImageTransform transform = ImageRecipe.named("base").training();
  private ImageFiles files;
  private ImageReader reader;
  private final Tensor kept;

  ImageWork(Backend backend, int count) {
    this.backend = backend;
    this.count = count;
    kept = arena.allocate(DType.F32, KEPT, 224, 224, 3);
  }

  @Override
  public String problem() {
    return count + " JPEG of 500 x 375, crops of 224, batches of " + BATCH;
  }

  @Override
  public void prepare(Path folder) throws IOException {
    Path photos = folder.resolve("photos");
    files = new ImageFiles(photos, Photographs.write(photos, count, 60));
    long[] boxes = new long[5 * count];
    for (int i = 0; i < count; i++) {
      ImageDraws draws = new ImageDraws(1, 0, i, 0);
      ImageView view = transform.view(Photographs.WIDTH, Photographs.HEIGHT, draws);
      boxes[5 * i] = view.part().left();
      boxes[5 * i + 1] = view.part().top();
      boxes[5 * i + 2] = view.part().width();
      boxes[5 * i + 3] = view.part().height();
      boxes[5 * i + 4] = view.flip() ? 1 : 0;
    }
    Npy.write(folder.resolve("boxes.npy"), arena.of(boxes, count, 5));
    reader =
        new ImageReader(files, transform, PixelScale.named("imagenet"), backend.threads(), 2);
  }

  @Override
  public List<String> peerArguments() {
    return List.of("images", Integer.toString(BATCH), Integer.toString(KEPT));
  }

  /** The batches of all pictures in order. */
  static List<long[]> order(int count) {
    List<long[]> order = new ArrayList<>();
    for (int from = 0; from < count; from += BATCH) {
      order.add(LongStream.range(from, Math.min(count, from + BATCH)).toArray());
    }
    return order;
  }

  @Override
  public void repeat() {
    ImageReader.Batches batches = reader.epoch(1, 0, order(count).iterator());
    boolean first = true;
    while (batches.hasNext()) {
      Tensor images = batches.next().images();
      if (first) {
        kept.copyFrom(images.rows(0, KEPT));
        first = false;
      }
    }
    batches.close();
  }

  @Override
  public void poison() {
    kept.set(new float[(int) kept.size()]);
  }

  @Override
  public Map<String, Double> values() {
    return Map.of();
  }

  @Override
  public Map<String, Tensor> arrays() {
    return Map.of("images", kept);
  }

  @Override
  public double flops() {
    return 0;
  }

  @Override
  public double bytes() {
    return count * (45_000.0 + 4.0 * 3 * 224 * 224);
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
    arena.close();
  }
}
