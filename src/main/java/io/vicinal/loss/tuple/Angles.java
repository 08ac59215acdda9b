package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/** Sums of angles that are known by their cosines. */
final class Angles {
  /** What 1 - cos² may come out as at an angle of 0, in epsilons: products round like distances. */
  private static final double ROUNDINGS = 8;

  private Angles() {}

  /**
   * The cosine of an angle with a margin added.
   *
   * @param tail beyond an angle of pi - margin "line", which goes on falling; "easy": the margin is
   *     for angles below pi / 2 only; "none": nothing else
   */
  static Expr withMargin(Expr cosine, double degrees, String tail) {
    double margin = Math.toRadians(degrees);
    Expr turned = cosineOfSum(cosine, margin);
    return switch (tail) {
      case "line" ->
          cosine
              .lessThan(-Math.cos(margin))
              .select(cosine.minus(margin * Math.sin(margin)), turned);
      case "easy" -> cosine.greaterThan(0).select(turned, cosine);
      default -> turned;
    };
  }

  /**
   * cos(angle + more) of an angle between 0 and pi. Where the angle is 0 or pi but for rounding,
   * its sine is 0, with derivative 0.
   */
  static Expr cosineOfSum(Expr cosine, double more) {
    Expr square = cosine.square().oneMinus();
    Expr noise = cosine.graph().epsilon().times(ROUNDINGS);
    Expr sine = square.lessOrEqual(noise).select(0, square).sqrt();
    return cosine.times(Math.cos(more)).minus(sine.times(Math.sin(more)));
  }
}
