package io.vicinal.example;

import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.image.ImageReader;
import io.vicinal.data.image.ImageRecipe;
import io.vicinal.data.image.ImageSource;
import io.vicinal.data.image.PixelScale;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Batches of the pictures of a folder, as training sees them. */
public final class PicturesUse {
  /** The batches of one epoch, each by its pictures' numbers; seed and epoch fix every crop. */
  public static void epoch(
      Path photos, List<long[]> order, long seed, long epoch, Consumer<Tensor> training) {
    ImageRecipe recipe = ImageRecipe.named("base");
    PixelScale scale = PixelScale.named("imagenet");
    try (ImageSource pictures = ImageFiles.below(photos);
        ImageReader reader = new ImageReader(pictures, recipe.training(), scale, 8, 2);
        ImageReader.Batches batches = reader.epoch(seed, epoch, order.iterator())) {
      while (batches.hasNext()) {
        training.accept(batches.next().images()); // [B, 224, 224, 3]
      }
    }
  }
}
