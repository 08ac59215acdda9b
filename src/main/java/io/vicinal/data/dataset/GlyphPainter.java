package io.vicinal.data.dataset;

import io.vicinal.InputException;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.font.FontRenderContext;
import java.awt.font.GlyphVector;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;

/**
 * Draws letters white on black: the outline at a size where hinting does nothing, its baseline at
 * three quarters of the height, in the middle of the width; capitals stay larger than small
 * letters. A letter that would touch the border moves, and shrinks if it must. No screen is needed.
 * For one thread.
 */
final class GlyphPainter {
  private static final float OUTLINE = 1000;
  private static final double EM = 0.72; // of the picture's height
  private static final double BASELINE = 0.75;
  private static final int INK = 64; // the least that can be seen
  private static final FontRenderContext CONTEXT = new FontRenderContext(null, true, true);

  private final int size;
  private final BufferedImage image;
  private final Graphics2D graphics;

  GlyphPainter(int size) {
    this.size = size;
    if (System.getProperty("java.awt.headless") == null) {
      System.setProperty("java.awt.headless", "true");
    }
    try {
      image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
      graphics = image.createGraphics();
      new Font(Font.SANS_SERIF, Font.PLAIN, 1).canDisplay('A'); // what needs fontconfig
    } catch (RuntimeException | LinkageError | InternalError e) {
      throw new InputException(
          "this Java cannot draw letters (" + e + "); apt-get install fontconfig libfreetype6", e);
    }
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
  }

  /** A letter's picture, size * size bytes; null if there is nothing to see. */
  byte[] letter(Font font, int codePoint) {
    Font large = font.deriveFont(OUTLINE);
    return picture(large.createGlyphVector(CONTEXT, Character.toString(codePoint)));
  }

  /** What the font draws for a letter that it lacks; empty if nothing. */
  ByteBuffer missing(Font font) {
    Font large = font.deriveFont(OUTLINE);
    int[] code = {large.getMissingGlyphCode()};
    byte[] picture = picture(large.createGlyphVector(CONTEXT, code));
    return ByteBuffer.wrap(picture == null ? new byte[0] : picture);
  }

  private byte[] picture(GlyphVector glyphs) {
    Shape outline = glyphs.getOutline();
    Rectangle2D box = outline.getBounds2D();
    if (box.isEmpty()) {
      return null;
    }
    double room = size - 2;
    double scale = Math.min(EM * size / OUTLINE, room / Math.max(box.getWidth(), box.getHeight()));
    double x = size / 2.0 - scale * box.getCenterX();
    double y = BASELINE * size;
    y = Math.min(y, size - 1 - scale * box.getMaxY());
    y = Math.max(y, 1 - scale * box.getMinY());
    graphics.setColor(Color.BLACK);
    graphics.fillRect(0, 0, size, size);
    graphics.setColor(Color.WHITE);
    graphics.fill(new AffineTransform(scale, 0, 0, scale, x, y).createTransformedShape(outline));
    byte[] picture = new byte[size * size];
    int most = 0;
    for (int i = 0; i < picture.length; i++) {
      int value = image.getRGB(i % size, i / size) & 0xff;
      picture[i] = (byte) value;
      most = Math.max(most, value);
    }
    return most < INK ? null : picture;
  }
}
