package io.vicinal.data.image;

import io.vicinal.InputException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Pictures of which some may be unreadable: those are one black pixel, and told of. Thread-safe.
 */
public final class SkippingImages implements ImageSource {
  private static final byte[] BLACK = DatasetImages.rawHeader(1, 1).array();

  private final ImageSource images;
  private final Map<Integer, String> bad = new TreeMap<>();

  /**
   * @param images stay the caller's
   */
  public SkippingImages(ImageSource images) {
    this.images = images;
  }

  @Override
  public int size() {
    return images.size();
  }

  @Override
  public String name(int sample) {
    return images.name(sample);
  }

  @Override
  public Path path(int sample) {
    return images.path(sample);
  }

  @Override
  public List<String> leftOut() {
    return images.leftOut();
  }

  /** Why some that were asked for cannot be read, by sample. */
  public Map<Integer, String> bad() {
    synchronized (bad) {
      return new TreeMap<>(bad);
    }
  }

  @Override
  public <R> R read(int sample, ImageDecoder decoder, Function<ImageDecoder, R> use) {
    try {
      return images.read(sample, decoder, use);
    } catch (InputException e) {
      synchronized (bad) {
        bad.put(sample, e.getMessage());
      }
      decoder.set(BLACK, BLACK.length);
      return use.apply(decoder);
    }
  }
}
