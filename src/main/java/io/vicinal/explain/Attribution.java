package io.vicinal.explain;

import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.SignedSets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The scores of one method: the predicted change of each query's measurement if a sample is
 * removed; above 0 the sample is harmful. Immutable as long as nobody writes to its arrays.
 *
 * @param method by name
 * @param positions of the training samples in the data set
 * @param values [Q][N], a column per training sample; a row is NaN where its solve failed. The
 *     method {@code self} has one row, whatever is asked
 * @param diagnostics one per row: what its numbers rest on
 * @param seconds of computing, those of earlier calls included
 */
public record Attribution(
    String method,
    long[] positions,
    double[][] values,
    List<Diagnostics> diagnostics,
    double seconds) {

  /**
   * A sample and its effect.
   *
   * @param row among the training samples
   * @param position in the data set
   * @param score predicted change of the measurement if it is removed
   */
  public record Effect(int row, long position, double score) {}

  public Attribution {
    diagnostics = List.copyOf(diagnostics);
  }

  /** Number of rows. */
  public int rows() {
    return values.length;
  }

  /** Whether the solve of a row failed: its values are NaN, for noise has no order. */
  public boolean failed(int row) {
    return diagnostics.get(row).failed();
  }

  /** How many failed. */
  public long failed() {
    return diagnostics.stream().filter(Diagnostics::failed).count();
  }

  /** Hessian-vector products of all solves. */
  public long products() {
    return diagnostics.stream().mapToLong(Diagnostics::products).sum();
  }

  /** The largest relative residual of a solve; NaN where nothing was solved. */
  public double largestResidual() {
    return diagnostics.stream()
        .mapToDouble(Diagnostics::residual)
        .filter(residual -> !Double.isNaN(residual))
        .max()
        .orElse(Double.NaN);
  }

  /** Helpful and harmful samples of a row, as rows among the training samples. */
  public SignedSets sets(int row) {
    return SignedSets.of(values[row]);
  }

  /** The samples that harm most, first the worst; equal ones by position. */
  public List<Effect> harmful(int row, int most) {
    return top(row, 1, sets(row).harmful(), most);
  }

  /** The samples that help most, first the best; equal ones by position. */
  public List<Effect> helpful(int row, int most) {
    return top(row, -1, sets(row).helpful(), most);
  }

  private List<Effect> top(int row, int sign, long[] samples, int most) {
    List<Effect> all = new ArrayList<>();
    LongStream.of(samples)
        .forEach(i -> all.add(new Effect((int) i, positions[(int) i], values[row][(int) i])));
    all.sort(Comparator.comparingDouble(effect -> -sign * effect.score()));
    return List.copyOf(all.subList(0, Math.min(most, all.size())));
  }

  /** The same of the first rows. */
  public Attribution first(int count) {
    int kept = Math.min(count, rows());
    return new Attribution(
        method,
        positions,
        IntStream.range(0, kept).mapToObj(row -> values[row]).toArray(double[][]::new),
        diagnostics.subList(0, kept),
        seconds);
  }
}
