package io.vicinal.influence.verify;

import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A small leave-one-out experiment on a report's own data, within a budget: the top removals of
 * every query and a few random samples are re-solved, and every explanation gets its {@link Badge}:
 *
 * <ul>
 *   <li><em>verified</em>: each of its {@link MiniatureOptions#top} largest predicted removals (all
 *       that are not 0, if there are fewer) was re-solved, the measurement moved in the predicted
 *       direction every time, and sum |a - p| / sum |a| is at most {@link
 *       MiniatureOptions#sizeError};
 *   <li><em>predicted, stable</em>: not verified (too costly, or the sizes are off), no re-solved
 *       top removal moved the other way, and the scores' Spearman correlation with those at
 *       lambda/3 and 3 lambda is at least 0.9;
 *   <li><em>unstable</em>: everything else.
 * </ul>
 *
 * A re-solved sample serves every query. Immutable.
 *
 * @param queries one line each, in their order
 * @param outcomes everything that was re-solved
 * @param verification of all queries over all of them; null if fewer than two were
 * @param skipped re-solves that the budget did not allow
 * @param products spent
 * @param seconds spent
 */
public record Miniature(
    List<Line> queries,
    List<Outcome> outcomes,
    Verification verification,
    int skipped,
    long products,
    double seconds) {
  /**
   * One query's explanation.
   *
   * @param query its id
   * @param badge what it earned
   * @param top its largest predicted removals, by size
   * @param predicted change of the measurement for each
   * @param actual change for each; NaN where the budget ended before
   * @param sizeError over those that were re-solved; NaN if none was
   * @param stability over the damping, or null if that was not asked
   */
  public record Line(
      String query,
      Badge badge,
      long[] top,
      double[] predicted,
      double[] actual,
      double sizeError,
      Stability stability) {}

  /**
   * Runs it.
   *
   * @param ids of the queries
   * @param scores predicted change of measurement q if sample i is removed, [Q][N]; NaN for samples
   *     that were not trained on
   * @param stability of each query, or null
   * @param resolve re-solves an edit and measures these Q queries first, such as {@link
   *     Retraining#run}
   */
  public static Miniature run(
      List<String> ids,
      double[][] scores,
      List<Stability> stability,
      MiniatureOptions options,
      Function<Edit, Outcome> resolve) {
    long[][] top = new long[scores.length][];
    Arrays.setAll(top, q -> largest(scores[q], options.top()));
    long[] plan = plan(top, scores, options);
    Map<Long, Outcome> done = new LinkedHashMap<>();
    long start = System.nanoTime();
    long products = 0;
    long dearest = 0;
    double slowest = 0;
    for (long id : plan) {
      double elapsed = (System.nanoTime() - start) / 1e9;
      if (products + dearest >= options.products() || elapsed + slowest >= options.seconds()) {
        break;
      }
      Outcome outcome = resolve.apply(Edit.remove(id));
      done.put(id, outcome);
      products += outcome.products();
      dearest = Math.max(dearest, outcome.products());
      slowest = Math.max(slowest, outcome.seconds());
    }
    List<Line> lines = new ArrayList<>();
    for (int q = 0; q < scores.length; q++) {
      Stability own = stability == null ? null : stability.get(q);
      lines.add(line(ids.get(q), q, top[q], scores[q], own, options, done));
    }
    List<Outcome> outcomes = List.copyOf(done.values());
    return new Miniature(
        lines,
        outcomes,
        outcomes.size() < 2 ? null : Verification.of(scores, outcomes),
        plan.length - outcomes.size(),
        products,
        (System.nanoTime() - start) / 1e9);
  }

  /** The same of the first few queries. */
  public Miniature first(int count) {
    return new Miniature(
        List.copyOf(queries.subList(0, count)),
        outcomes,
        verification == null ? null : verification.first(count),
        skipped,
        products,
        seconds);
  }

  /** Every query's top removals in turn, then random samples; each once. */
  private static long[] plan(long[][] top, double[][] scores, MiniatureOptions options) {
    long[] trained =
        IntStream.range(0, scores.length == 0 ? 0 : scores[0].length)
            .filter(i -> !Double.isNaN(scores[0][i]))
            .mapToLong(i -> i)
            .toArray();
    int controls = Math.min(options.controls(), trained.length);
    long[] drawn = Subsets.draw(Xoshiro.of(options.seed(), "controls"), trained.length, controls);
    return LongStream.concat(
            Arrays.stream(top).flatMapToLong(Arrays::stream),
            Arrays.stream(drawn).map(i -> trained[(int) i]))
        .distinct()
        .toArray();
  }

  private static Line line(
      String id,
      int q,
      long[] top,
      double[] scores,
      Stability stability,
      MiniatureOptions options,
      Map<Long, Outcome> done) {
    double[] predicted = Arrays.stream(top).mapToDouble(i -> scores[(int) i]).toArray();
    double[] actual = new double[top.length];
    Arrays.setAll(actual, r -> done.containsKey(top[r]) ? done.get(top[r]).change(q) : Double.NaN);
    double miss = 0;
    double size = 0;
    boolean all = top.length > 0;
    boolean contradicted = false;
    for (int r = 0; r < top.length; r++) {
      if (Double.isNaN(actual[r])) {
        all = false;
        continue;
      }
      contradicted |= Math.signum(actual[r]) != Math.signum(predicted[r]);
      miss += Math.abs(actual[r] - predicted[r]);
      size += Math.abs(actual[r]);
    }
    double sizeError = size == 0 ? Double.NaN : miss / size;
    Badge badge = Badge.UNSTABLE;
    if (all && !contradicted && sizeError <= options.sizeError()) {
      badge = Badge.VERIFIED;
    } else if (!contradicted && stability != null && stability.isStable()) {
      badge = Badge.STABLE;
    }
    return new Line(id, badge, top, predicted, actual, sizeError, stability);
  }

  /** Rows with the largest absolute scores, none that is 0 or NaN; equal ones by lower row. */
  static long[] largest(double[] scores, int count) {
    return IntStream.range(0, scores.length)
        .filter(i -> Math.abs(scores[i]) > 0)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -Math.abs(scores[i])))
        .limit(count)
        .mapToLong(i -> i)
        .toArray();
  }
}
