package io.vicinal.influence.verify;

import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A small leave-one-out experiment on a report's own data, within a budget: the {@link
 * MiniatureOptions#top} largest predicted removals of every query (all that are not 0, if there are
 * fewer) and a few random samples are re-solved, and every explanation gets its {@link Verdict}. A
 * re-solved sample serves every query. Immutable.
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
   * @param verdict what it earned
   * @param top its largest predicted removals, by size
   * @param predicted change of the measurement for each
   * @param actual change for each; NaN where the budget ended before
   * @param largestSizeError of those that were re-solved, which the verdict looks at; NaN if none
   *     was
   * @param stability over the damping, or null if that was not asked
   */
  public record Line(
      String query,
      Verdict verdict,
      long[] top,
      double[] predicted,
      double[] actual,
      double largestSizeError,
      Stability stability) {
    /** Whether a removal was solved again. */
    public boolean solved(int removal) {
      return !Double.isNaN(actual[removal]);
    }

    /** Of the verdict. */
    public Badge badge() {
      return verdict.badge();
    }
  }

  /** Solves the head again. */
  @FunctionalInterface
  public interface Resolver {
    /**
     * @param edit what is changed
     * @param enough says yes once the budget is spent
     * @return what came of it; null if it was given up because the budget was spent
     */
    Outcome resolve(Edit edit, BooleanSupplier enough);
  }

  /**
   * Runs it.
   *
   * @param ids of the queries
   * @param scores predicted change of measurement q if sample i is removed, [Q][N]; NaN for samples
   *     that were not trained on
   * @param stability of each query, or null
   * @param known doubts about each query that removals do not show, see {@link Verdict#known}
   * @param resolver measures these Q queries first, such as {@link Retraining#run}
   */
  public static Miniature run(
      List<String> ids,
      double[][] scores,
      List<Stability> stability,
      List<Set<Doubt>> known,
      MiniatureOptions options,
      Resolver resolver) {
    return run(ids, scores, stability, known, options, resolver, System::nanoTime);
  }

  /**
   * The same by another clock.
   *
   * @param clock in nanoseconds
   */
  static Miniature run(
      List<String> ids,
      double[][] scores,
      List<Stability> stability,
      List<Set<Doubt>> known,
      MiniatureOptions options,
      Resolver resolver,
      LongSupplier clock) {
    long[][] top = new long[scores.length][];
    Arrays.setAll(top, q -> largest(scores[q], options.top()));
    long[] plan = plan(top, scores, options);
    Map<Long, Outcome> done = new LinkedHashMap<>();
    long start = clock.getAsLong();
    DoubleSupplier elapsed = () -> (clock.getAsLong() - start) / 1e9;
    long products = 0;
    long dearest = 0;
    double slowest = 0;
    for (long id : plan) {
      if (products + dearest >= options.products()
          || elapsed.getAsDouble() + slowest >= options.seconds()) {
        break;
      }
      Outcome outcome =
          resolver.resolve(Edit.remove(id), () -> elapsed.getAsDouble() >= options.seconds());
      if (outcome == null) {
        break;
      }
      done.put(id, outcome);
      products += outcome.products();
      dearest = Math.max(dearest, outcome.products());
      slowest = Math.max(slowest, outcome.seconds());
    }
    List<Line> lines = new ArrayList<>();
    for (int q = 0; q < scores.length; q++) {
      Stability own = stability == null ? null : stability.get(q);
      lines.add(line(ids.get(q), q, top[q], scores[q], own, known.get(q), done));
    }
    List<Outcome> outcomes = List.copyOf(done.values());
    return new Miniature(
        lines,
        outcomes,
        outcomes.size() < 2 ? null : Verification.of(scores, outcomes),
        plan.length - outcomes.size(),
        products,
        elapsed.getAsDouble());
  }

  /** How many explanations earned a badge. */
  public long count(Badge badge) {
    return queries.stream().filter(line -> line.badge() == badge).count();
  }

  /** How many explanations have a doubt. */
  public long count(Doubt doubt) {
    return queries.stream().filter(line -> line.verdict().doubts().contains(doubt)).count();
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
            .filter(i -> Arrays.stream(scores).anyMatch(query -> !Double.isNaN(query[i])))
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
      Set<Doubt> known,
      Map<Long, Outcome> done) {
    List<Verdict.Removal> removals = new ArrayList<>();
    for (long sample : top) {
      Outcome outcome = done.get(sample);
      double predicted = scores[(int) sample];
      double actual = outcome == null ? Double.NaN : outcome.change(q);
      double level = outcome == null ? Double.NaN : outcome.before()[q];
      double error = outcome == null ? Double.NaN : outcome.error()[q];
      removals.add(new Verdict.Removal(predicted, actual, level, error));
    }
    return new Line(
        id,
        Verdict.of(known, removals, stability),
        top,
        removals.stream().mapToDouble(Verdict.Removal::predicted).toArray(),
        removals.stream().mapToDouble(Verdict.Removal::actual).toArray(),
        removals.stream()
            .mapToDouble(Verdict.Removal::sizeError)
            .filter(error -> !Double.isNaN(error))
            .max()
            .orElse(Double.NaN),
        stability);
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
