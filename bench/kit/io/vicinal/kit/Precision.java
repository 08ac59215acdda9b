package io.vicinal.kit;

/**
 * Number formats of products, what an output's error may be relative to its largest element, and
 * the rounding of one number. Immutable.
 */
enum Precision {
  FLOAT64(1e-10, 0x1p-53),
  FLOAT32(1e-4, 0x1p-24),
  TF32(5e-2, 0x1p-11),
  BFLOAT16(2e-1, 0x1p-8);

  private final double tolerance;
  private final double unit;

  Precision(double tolerance, double unit) {
    this.tolerance = tolerance;
    this.unit = unit;
  }

  double tolerance() {
    return tolerance;
  }

  /**
   * What is allowed where the problem itself magnifies roundings: thirty-two times the error that
   * the processor's float32 has against its float64, scaled to this format.
   */
  double allowed(double single) {
    return Math.max(tolerance, 32 * single * unit / FLOAT32.unit);
  }

  /**
   * An output whose largest element is below this is what is left of terms of size 1 to 100 that
   * cancelled, and is measured against this.
   */
  double smallest() {
    return this == FLOAT64 ? 1e-5 : 2e-3;
  }
}
