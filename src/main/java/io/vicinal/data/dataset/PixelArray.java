package io.vicinal.data.dataset;

/** Pictures of one size, a byte a value: [N, H, W, channels]. Safe for any number of readers. */
public interface PixelArray {
  /** H. */
  int height();

  /** W. */
  int width();

  /** 1 for grey, 3 for red, green, blue. */
  int channels();

  /**
   * Reads one picture, row by row, a pixel's channels together.
   *
   * @param row of the array
   * @param into at least H * W * channels long
   * @throws io.vicinal.InputException if its file cannot be read any more
   */
  void read(int row, byte[] into);
}
