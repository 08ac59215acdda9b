package io.vicinal.data.image;

import io.vicinal.data.InputFile;
import io.vicinal.data.dataset.Dataset;
import io.vicinal.data.dataset.PixelArray;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The pictures of a dataset by its samples' ids, whether they are files or rows of an array; grey
 * ones become three channels. Immutable, so safe for any thread.
 */
public final class DatasetImages implements ImageSource {
  private final Dataset data;
  private final ImageFiles files; // null where pictures are rows

  /** The pictures of all samples. */
  public DatasetImages(Dataset data) {
    this.data = data;
    List<String> names =
        data.pixels() == null
            ? IntStream.range(0, data.size()).mapToObj(data::name).toList()
            : List.of();
    this.files = data.pixels() == null ? new ImageFiles(data.root(), names) : null;
  }

  @Override
  public int size() {
    return data.size();
  }

  @Override
  public String name(int sample) {
    return data.name(sample);
  }

  @Override
  public List<String> leftOut() {
    return data.leftOut();
  }

  @Override
  public Path path(int sample) {
    return files == null ? null : files.path(sample);
  }

  @Override
  public <R> R read(int sample, ImageDecoder decoder, Function<ImageDecoder, R> use) {
    if (files != null) {
      return files.read(sample, decoder, use);
    }
    byte[] raw = raw(data.pixels(), data.row(sample));
    decoder.set(raw, raw.length);
    try {
      return use.apply(decoder);
    } catch (UnreadablePictureException e) {
      throw InputFile.problem(data.root(), name(sample) + " " + e.getMessage(), "leave it out", e);
    }
  }

  private static byte[] raw(PixelArray pixels, int row) {
    int count = pixels.width() * pixels.height();
    byte[] values = new byte[count * pixels.channels()];
    pixels.read(row, values);
    ByteBuffer raw = rawHeader(pixels.width(), pixels.height());
    if (pixels.channels() == 3) {
      return raw.put(values).array();
    }
    for (byte value : values) {
      raw.put(value).put(value).put(value);
    }
    return raw.array();
  }

  /** The start of a file of plain RGB rows, with room for them. */
  static ByteBuffer rawHeader(int width, int height) {
    ByteBuffer raw = PackFormat.buffer(16 + 3 * width * height);
    raw.put("VRGB".getBytes(StandardCharsets.US_ASCII));
    return raw.putInt(width).putInt(height).putInt(0);
  }
}
