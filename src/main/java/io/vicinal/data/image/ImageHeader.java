package io.vicinal.data.image;

/**
 * What a picture's file says before anything is decoded. Immutable, so safe for any thread.
 *
 * @param format what the file is, whatever its name says
 * @param width as stored
 * @param height as stored
 * @param orientation 1 to 8 as EXIF counts them; from 5 on, width and height are exchanged
 */
public record ImageHeader(Format format, int width, int height, int orientation) {
  /** The formats that are read. */
  public enum Format {
    /** JPEG: baseline, progressive; grey, colour, CMYK. */
    JPEG,
    /** PNG of any depth and colour. */
    PNG,
    /** WebP, lossy and lossless. */
    WEBP,
    /** Plain pixels, in packed files. */
    RAW
  }

  /** Columns of the picture when it stands as EXIF says. */
  public int uprightWidth() {
    return orientation >= 5 ? height : width;
  }

  /** Rows of the picture when it stands as EXIF says. */
  public int uprightHeight() {
    return orientation >= 5 ? width : height;
  }
}
