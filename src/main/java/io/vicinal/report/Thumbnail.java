package io.vicinal.report;

import io.vicinal.InputException;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.image.ImageDecoder;
import io.vicinal.data.image.ImageFiles;
import io.vicinal.data.image.ImageHeader;
import io.vicinal.data.image.ImageSource;
import io.vicinal.data.image.ImageView;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** A picture as small as a page shows it, decoded no finer than that needs. Stateless. */
public final class Thumbnail {
  private Thumbnail() {}

  /** One picture of a file, or null if it cannot be read; GIF and BMP are Java's to read. */
  static BufferedImage of(Path file) {
    BufferedImage image =
        of(
            new ImageFiles(
                file.toAbsolutePath().getParent(), List.of(file.getFileName().toString())),
            0,
            null);
    try {
      return image != null ? image : read(file);
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  /**
   * One picture of several, or null if it cannot be read.
   *
   * @param box the part that shows the class, or null for all of it
   */
  public static BufferedImage of(ImageSource images, int sample, Dataset.Box box) {
    try (ImageDecoder decoder = new ImageDecoder()) {
      return images.read(sample, decoder, picture -> small(picture, box));
    } catch (InputException e) {
      return null;
    }
  }

  private static BufferedImage small(ImageDecoder picture, Dataset.Box box) {
    ImageHeader header = picture.header();
    ImageView.Box part = part(header.uprightWidth(), header.uprightHeight(), box);
    double scale = Math.min(1, (double) Pictures.SIDE / Math.max(part.width(), part.height()));
    int width = (int) Math.max(1, Math.round(scale * part.width()));
    int height = (int) Math.max(1, Math.round(scale * part.height()));
    byte[] rgb =
        picture.pixels(
            ImageView.resized(part, width, height, new ImageView.Box(0, 0, width, height)));
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int p = 0; p < width * height; p++) {
      int red = rgb[3 * p] & 255;
      int green = rgb[3 * p + 1] & 255;
      int blue = rgb[3 * p + 2] & 255;
      image.setRGB(p % width, p / width, red << 16 | green << 8 | blue);
    }
    return image;
  }

  /** The whole pixels of a part that the picture has. */
  private static ImageView.Box part(int width, int height, Dataset.Box box) {
    if (box == null) {
      return new ImageView.Box(0, 0, width, height);
    }
    int left = (int) Math.min(width - 1, Math.max(0, box.left()));
    int top = (int) Math.min(height - 1, Math.max(0, box.top()));
    int right = (int) Math.min(width, Math.max(left + 1, Math.ceil(box.right())));
    int bottom = (int) Math.min(height, Math.max(top + 1, Math.ceil(box.bottom())));
    return new ImageView.Box(left, top, right - left, bottom - top);
  }

  private static BufferedImage read(Path file) throws IOException {
    try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        return null;
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        ImageReadParam param = reader.getDefaultReadParam();
        int side = Math.max(reader.getWidth(0), reader.getHeight(0));
        int step = Math.max(1, side / (2 * Pictures.SIDE)); // twice as fine as what is shown
        param.setSourceSubsampling(step, step, 0, 0);
        return reader.read(0, param);
      } finally {
        reader.dispose();
      }
    }
  }
}
