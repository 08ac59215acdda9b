package io.vicinal.curate.doctor;

import io.vicinal.InputException;

/**
 * What counts as wrong. Immutable.
 *
 * @param perClass samples of a class in a batch, 0 where that is not known
 * @param cosine of features from which on two samples are near
 * @param bits of the perceptual hash that may differ between near pictures
 * @param alike correlation of small pictures from which on those are near
 * @param pairs that are looked at one by one, the closest; the others are counted
 * @param tiny shorter side below which a picture is tiny
 * @param huge megapixels above which a picture is huge
 * @param dark mean luminance below which a picture is dark, 0 to 1; NaN: {@link #DARK}, or a third
 *     of the dataset's median where that is less
 * @param blurred variance of the Laplacian below which a picture is blurred; NaN: likewise
 * @param empty bits of entropy below which a picture is empty; NaN: likewise
 * @param imbalance largest class over smallest from which on it is told
 * @param threads that decode
 */
public record DoctorOptions(
    int perClass,
    double cosine,
    int bits,
    double alike,
    int pairs,
    int tiny,
    double huge,
    double dark,
    double blurred,
    double empty,
    double imbalance,
    int threads) {
  /** A photograph of mean luminance 0.05 is as good as black. */
  public static final double DARK = 0.05;

  /** Sharp photographs have hundreds and thousands, blurred ones a few. */
  public static final double BLURRED = 20;

  /** Half a bit is one grey but for a few pixels; a photograph has 5 to 8. */
  public static final double EMPTY = 0.5;

  /** Checks ranges. */
  public DoctorOptions {
    require(perClass >= 0, "--per-class", perClass, "0 or more");
    require(cosine > 0 && cosine <= 1, "--cosine", cosine, "more than 0 and at most 1");
    require(bits >= 0 && bits <= 32, "--bits", bits, "0 to 32");
    require(alike > 0 && alike <= 1, "--alike", alike, "more than 0 and at most 1");
    require(pairs >= 0 && pairs <= 10_000_000, "--pairs", pairs, "0 to 10000000");
    require(tiny >= 0, "--tiny", tiny, "0 or more");
    require(huge > 0, "--huge", huge, "more than 0");
    require(Double.isNaN(dark) || dark >= 0 && dark <= 1, "--dark", dark, "0 to 1");
    require(Double.isNaN(blurred) || blurred >= 0, "--blurred", blurred, "0 or more");
    require(Double.isNaN(empty) || empty >= 0 && empty <= 8, "--empty", empty, "0 to 8");
    require(imbalance >= 1, "--imbalance", imbalance, "1 or more");
    require(threads >= 1 && threads <= 256, "--threads", threads, "1 to 256");
  }

  private static void require(boolean holds, String option, Number value, String range) {
    if (!holds) {
      throw new InputException(option + ": " + value + " is not " + range);
    }
  }
}
