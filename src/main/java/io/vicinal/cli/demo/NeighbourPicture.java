package io.vicinal.cli.demo;

import io.vicinal.data.AtomicFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Grey square images in rows: a query framed blue, then its neighbours, nearest first, framed green
 * where the class is the query's and red where it is not. Drawn pixel by pixel, so that it needs
 * neither fonts nor a display. Not for several threads at once.
 */
public final class NeighbourPicture {
  private static final int SCALE = 2;
  private static final int FRAME = 4;
  private static final int GAP = 6;
  private static final int BLUE = 0x2b6cd4;
  private static final int GREEN = 0x2f9e44;
  private static final int RED = 0xd6336c;
  private static final int PAPER = 0xffffff;

  private record Cell(float[] pixels, int colour) {}

  private final int side;
  private final int neighbours;
  private final List<List<Cell>> rows = new ArrayList<>();

  /**
   * @param side width and height of an image in pixels
   * @param neighbours how many follow a query
   */
  public NeighbourPicture(int side, int neighbours) {
    this.side = side;
    this.neighbours = neighbours;
  }

  /** Begins a row. Pixels are in 0..1, row by row. */
  public void query(float[] pixels) {
    rows.add(new ArrayList<>(List.of(new Cell(pixels, BLUE))));
  }

  /** Continues the row. */
  public void neighbour(float[] pixels, boolean hit) {
    rows.get(rows.size() - 1).add(new Cell(pixels, hit ? GREEN : RED));
  }

  /** Leaves space before the next row. */
  public void gap() {
    rows.add(List.of());
  }

  /** Writes a PNG, whole or not at all. */
  public void write(Path file) {
    System.setProperty("java.awt.headless", "true");
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      ImageIO.setUseCache(false);
      ImageIO.write(draw(), "png", bytes);
      AtomicFile.write(file, bytes::writeTo);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  BufferedImage draw() {
    int cell = side * SCALE + 2 * FRAME + GAP;
    int width = GAP + cell + GAP + neighbours * cell;
    int height = GAP;
    for (List<Cell> row : rows) {
      height += row.isEmpty() ? 2 * GAP : cell;
    }
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    fill(image, 0, 0, width, height, PAPER);
    int y = GAP;
    for (List<Cell> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        paint(image, GAP + i * cell + (i > 0 ? GAP : 0), y, row.get(i));
      }
      y += row.isEmpty() ? 2 * GAP : cell;
    }
    return image;
  }

  private void paint(BufferedImage image, int left, int top, Cell cell) {
    int size = side * SCALE;
    fill(image, left, top, size + 2 * FRAME, size + 2 * FRAME, cell.colour());
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        float value = cell.pixels()[y / SCALE * side + x / SCALE];
        int grey = Math.round(255 * Math.min(1, Math.max(0, value)));
        image.setRGB(left + FRAME + x, top + FRAME + y, grey << 16 | grey << 8 | grey);
      }
    }
  }

  private static void fill(BufferedImage image, int left, int top, int w, int h, int colour) {
    for (int y = top; y < top + h; y++) {
      for (int x = left; x < left + w; x++) {
        image.setRGB(x, y, colour);
      }
    }
  }
}
