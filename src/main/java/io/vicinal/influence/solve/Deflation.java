package io.vicinal.influence.solve;

import io.vicinal.InputException;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.tensor.Arena;

/**
 * Directions that slow conjugate gradients down, found once and taken out of later solves. While a
 * first block is solved, search directions and their products are kept; afterwards the Ritz vectors
 * w whose values are furthest from 1 stay, with their products M w. Later right-hand sides at the
 * same point, under any damping, start at W E^-1 W'b and are preconditioned by
 *
 * <pre>
 *   z = y - W E^-1 ((A W)'y - W'r),   y = P r,   A = M + lambda,   E = W'A W
 * </pre>
 *
 * (A-DEF2 of Tang, Nabben, Vuik and Erlangga, J. Sci. Comput. 39, 2009). An error in W costs steps,
 * never correctness. Solves with changed sample weights do not use it.
 *
 * <p>For one thread at a time. Owns its memory: three vectors per kept direction, and while it
 * records four.
 */
public final class Deflation implements AutoCloseable {
  private final int vectors;
  private final int capacity;
  private CurvaturePoint point;
  private CurvatureKind kind;
  private Arena arena;
  private Directions p;
  private Directions mp;
  private int count;
  private RitzBasis basis;

  /**
   * @param vectors how many are kept; twice as many are recorded
   */
  public Deflation(int vectors) {
    if (vectors < 1) {
      throw new InputException("deflation: " + vectors + " vectors are too few; give 1 or more");
    }
    this.vectors = vectors;
    this.capacity = 2 * vectors;
  }

  /** Whether vectors were found. */
  public boolean isReady() {
    return basis != null;
  }

  /** How many are kept. */
  public int size() {
    return isReady() ? basis.size() : 0;
  }

  /** How many are recorded. */
  int capacity() {
    return capacity;
  }

  /** Whether they were found for this matrix. */
  boolean fits(LinearSystem system) {
    return isReady() && system.point() == point && system.kind() == kind;
  }

  /** Keeps the search direction of the first row, and its product. */
  void record(LinearSystem system, ActiveSet set) {
    if (count == capacity) {
      return;
    }
    ParameterSpace space = system.space();
    if (arena == null) {
      point = system.point();
      kind = system.kind();
      arena = new Arena(space.backend().memory());
      p = space.zeros(arena, capacity);
      mp = space.zeros(arena, capacity);
    }
    Directions direction = ParameterSpace.rows(p, count, count + 1L);
    Directions product = ParameterSpace.rows(mp, count, count + 1L);
    space.copy(ParameterSpace.rows(set.p(0), 0, 1), direction);
    space.copy(ParameterSpace.rows(set.work(0), 0, 1), product);
    space.axpy(-system.lambda(), direction, product);
    count++;
  }

  /** Turns what was recorded into Ritz vectors. */
  void extract(LinearSystem system, Preconditioner preconditioner) {
    if (count > 0) {
      basis =
          RitzBasis.of(
              system,
              preconditioner,
              ParameterSpace.rows(p, 0, count),
              ParameterSpace.rows(mp, 0, count),
              vectors);
    }
    forget();
  }

  /** A preconditioner that takes the vectors out; {@link #fits} holds. */
  Deflated active(LinearSystem system, Preconditioner inner, int block, Arena scratch) {
    return new Deflated(basis, system, inner, block, scratch);
  }

  private void forget() {
    if (arena != null) {
      arena.close();
    }
    arena = null;
    p = null;
    mp = null;
    count = 0;
  }

  /** Frees the vectors. Idempotent. */
  @Override
  public void close() {
    forget();
    if (basis != null) {
      basis.close();
      basis = null;
    }
  }
}
