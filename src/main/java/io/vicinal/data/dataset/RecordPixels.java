package io.vicinal.data.dataset;

import io.vicinal.data.InputFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;

/**
 * Pictures in records of files, read when they are asked for. A record is some bytes of labels,
 * then all of red, of green, of blue.
 *
 * @param files one after another
 * @param firsts the number of the first record of each
 * @param labels bytes before a picture
 */
record RecordPixels(List<Path> files, int[] firsts, int labels, int height, int width, int channels)
    implements PixelArray {
  int recordBytes() {
    return labels + height * width * channels;
  }

  @Override
  public void read(int row, byte[] into) {
    int at = files.size() - 1;
    while (firsts[at] > row) {
      at--;
    }
    byte[] planes = new byte[height * width * channels];
    try (RandomAccessFile file = new RandomAccessFile(files.get(at).toFile(), "r")) {
      file.seek((long) (row - firsts[at]) * recordBytes() + labels);
      file.readFully(planes);
    } catch (IOException e) {
      throw InputFile.problem(
          files.get(at),
          "cannot be read any more (" + InputFile.reason(e) + ")",
          "leave a dataset as it is while it is in use",
          e);
    }
    int pixels = height * width;
    for (int i = 0; i < pixels; i++) {
      for (int c = 0; c < channels; c++) {
        into[i * channels + c] = planes[c * pixels + i];
      }
    }
  }
}
