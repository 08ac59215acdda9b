package io.vicinal.data.image;

import io.vicinal.InputException;

/**
 * What a packed file has of a picture. Immutable, so safe for any thread.
 *
 * @param pixels decoded, so that an epoch decodes nothing; else files
 * @param shorter pictures whose shorter side is longer are resized to it; 0: none
 * @param quality of the JPEG files that resized pictures become, 1 to 100; 0: files are as they
 *     were
 */
public record PackedForm(boolean pixels, int shorter, int quality) {
  /** The files as they are. */
  public static final PackedForm FILES = new PackedForm(false, 0, 0);

  private static final int LONGEST = 16_384;

  /**
   * @throws InputException if the numbers make no sense together
   */
  public PackedForm {
    if (shorter < 0 || shorter > LONGEST || quality < 0 || quality > 100) {
      throw new InputException(
          "shorter side, quality: are "
              + shorter
              + ", "
              + quality
              + "; give 1 to "
              + LONGEST
              + " pixels and 1 to 100");
    }
    if (shorter > 0 && !pixels && quality == 0) {
      throw new InputException(
          "shorter side: is "
              + shorter
              + ", only where pixels are packed, or JPEG files of a given quality");
    }
    if (quality > 0 && (pixels || shorter == 0)) {
      throw new InputException(
          "quality: is "
              + quality
              + ", only where pictures are made smaller and pixels are not packed");
    }
  }

  /** In words that follow a number of pictures. */
  @Override
  public String toString() {
    String most = shorter > 0 ? ", shorter side at most " + shorter : "";
    String lossy =
        quality > 0 ? ", the larger ones written again as JPEG of quality " + quality : "";
    return (pixels ? "as pixels" : "as files") + most + lossy;
  }
}
