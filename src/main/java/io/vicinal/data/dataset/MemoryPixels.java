package io.vicinal.data.dataset;

/** Grey pictures that were made, or that are quickly read whole. */
record MemoryPixels(byte[][] pictures, int height, int width) implements PixelArray {
  @Override
  public int channels() {
    return 1;
  }

  @Override
  public void read(int row, byte[] into) {
    System.arraycopy(pictures[row], 0, into, 0, height * width);
  }
}
