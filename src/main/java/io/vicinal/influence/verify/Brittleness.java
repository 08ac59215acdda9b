package io.vicinal.influence.verify;

import io.vicinal.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * How few training samples an answer hangs on: the fewest of the highest-scored samples whose joint
 * removal, re-solved, reaches a goal such as the nearest neighbour becoming a right one (Ilyas et
 * al., Datamodels, ICML 2022). Sizes double until the goal is reached, then the gap is bisected;
 * the goal is taken to stay reached once it is, so the number is the fewest up to that assumption.
 * Immutable.
 *
 * @param query its number among the outcomes' measurements
 * @param fewest removals that reach the goal, or -1 if {@code most} do not
 * @param points of the curve that were re-solved, by size
 */
public record Brittleness(int query, int fewest, List<Point> points) {
  /**
   * One point of the curve.
   *
   * @param removed number of the highest-scored samples that were left out
   * @param predicted change of the measurement: the sum of their scores
   * @param actual change
   * @param reached whether the goal was
   */
  public record Point(int removed, double predicted, double actual, boolean reached) {}

  /**
   * Finds the number.
   *
   * @param query number of the measurement
   * @param scores predicted change of it if sample i is removed, [N]; the highest go first, equal
   *     ones by lower id, and only those above 0
   * @param most removals that are tried
   * @param resolve re-solves an edit, such as {@link Retraining#run}
   * @param goal such as {@link #above}
   */
  public static Brittleness search(
      int query,
      double[] scores,
      int most,
      Function<Edit, Outcome> resolve,
      Predicate<Outcome> goal) {
    long[] ranked = helpfulToRemove(scores);
    int limit = Math.min(most, ranked.length);
    List<Point> points = new ArrayList<>();
    int below = 0;
    int reached = -1;
    while (reached < 0 ? below < limit : reached - below > 1) {
      int size = reached < 0 ? Math.min(Math.max(1, 2 * below), limit) : (below + reached) >>> 1;
      Point point = point(query, scores, Arrays.copyOf(ranked, size), resolve, goal);
      points.add(point);
      if (point.reached()) {
        reached = size;
      } else {
        below = size;
      }
    }
    points.sort(Comparator.comparingInt(Point::removed));
    return new Brittleness(query, reached, List.copyOf(points));
  }

  /** The goal that the measurement exceeds a level. */
  public static Predicate<Outcome> above(int query, double level) {
    if (!Double.isFinite(level)) {
      throw new InputException("brittleness: the level is " + level + "; give a finite number");
    }
    return outcome -> outcome.after()[query] > level;
  }

  /** Samples with a score above 0, highest first, equal ones by lower id. */
  static long[] helpfulToRemove(double[] scores) {
    return IntStream.range(0, scores.length)
        .filter(i -> scores[i] > 0)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]))
        .mapToLong(i -> i)
        .toArray();
  }

  private static Point point(
      int query,
      double[] scores,
      long[] ids,
      Function<Edit, Outcome> resolve,
      Predicate<Outcome> goal) {
    Edit edit = Edit.remove("remove top " + ids.length, ids);
    Outcome outcome = resolve.apply(edit);
    return new Point(ids.length, edit.predicted(scores), outcome.change(query), goal.test(outcome));
  }
}
