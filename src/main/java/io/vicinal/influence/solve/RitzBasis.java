package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.tensor.Arena;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Ritz vectors W of a curvature matrix and their products M W, [k, ...] each, and W transposed.
 * Owns its memory. Immutable, safe for any thread.
 */
final class RitzBasis implements AutoCloseable {
  private static final double DEPENDENT = 1e-5; // what single precision cannot tell apart

  private final Arena arena;
  private final Directions w;
  private final Directions mw;
  private final Directions across;

  private RitzBasis(Arena arena, Directions w, Directions mw, Directions across) {
    this.arena = arena;
    this.w = w;
    this.mw = mw;
    this.across = across;
  }

  /**
   * Ritz pairs of the preconditioned matrix P A, A = M + lambda, in the span of some vectors V: the
   * pencil (A V)'P (A V) y = theta V'A V y has the same ones. Those with the largest |log theta|
   * are kept.
   */
  static RitzBasis of(
      LinearSystem system, Preconditioner preconditioner, Directions v, Directions mv, int most) {
    ParameterSpace space = system.space();
    Arena arena = new Arena(space.backend().memory());
    try (Arena scratch = new Arena(space.backend().memory())) {
      long n = ParameterSpace.count(v);
      Directions av = space.zeros(scratch, n);
      space.copy(mv, av);
      space.axpy(system.lambda(), v, av);
      Directions pav = av;
      if (preconditioner != null) {
        pav = space.zeros(scratch, n);
        preconditioner.apply(av, pav);
      }
      BlockProducts products = new BlockProducts(space);
      RayleighRitz pairs =
          RayleighRitz.of(space.backend(), products.gram(av, pav), products.gram(v, av), DEPENDENT);
      double[][] kept =
          IntStream.range(0, pairs.values().length)
              .filter(i -> pairs.values()[i] > 0)
              .boxed()
              .sorted(
                  Comparator.comparingDouble((Integer i) -> -Math.abs(Math.log(pairs.values()[i]))))
              .limit(most)
              .map(i -> pairs.vectors()[i])
              .toArray(double[][]::new);
      Directions across = products.combineAcross(kept, products.transposed(v, scratch), arena);
      Directions mAcross = products.combineAcross(kept, products.transposed(mv, scratch), scratch);
      return new RitzBasis(
          arena, products.upright(across, arena), products.upright(mAcross, arena), across);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  int size() {
    return (int) ParameterSpace.count(w);
  }

  /** W [k, ...]. */
  Directions w() {
    return w;
  }

  /** M W [k, ...]. */
  Directions mw() {
    return mw;
  }

  /** W transposed: weight [d*D, k], proxies [C*K*d, k]. */
  Directions across() {
    return across;
  }

  @Override
  public void close() {
    arena.close();
  }
}
