package io.vicinal.explain;

import io.vicinal.influence.attribution.Diagnostics;
import io.vicinal.influence.attribution.SignedSets;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The scores of one method: the predicted change of each query's measurement if a sample is
 * removed; above 0 the sample is harmful. They lie outside the Java heap, 8 Q N bytes, and live as
 * long as the {@link Explainer} that made them: copy out what is needed longer. A row that is read
 * is a copy. Immutable as long as nobody writes to its arrays.
 *
 * @param method by name
 * @param positions of the training samples in the data set
 * @param values F64 [Q, N], a column per training sample; a row is NaN where its solve failed. The
 *     method {@code self} has one row, whatever is asked
 * @param diagnostics one per row: what its numbers rest on
 * @param seconds of computing, those of earlier calls included
 */
public record Attribution(
    String method, long[] positions, Tensor values, List<Diagnostics> diagnostics, double seconds) {

  /**
   * A sample and its effect.
   *
   * @param row among the training samples
   * @param position in the data set
   * @param score predicted change of the measurement if it is removed
   */
  public record SampleEffect(int row, long position, double score) {}

  public Attribution {
    diagnostics = List.copyOf(diagnostics);
  }

  /** Number of rows. */
  public int rows() {
    return Math.toIntExact(values.dim(0));
  }

  /**
   * The scores of a query, a copy.
   *
   * @return [N]
   * @throws IllegalStateException if the explainer was closed
   */
  public double[] row(int row) {
    return values.rows(row, row + 1L).toDoubles();
  }

  /** All rows on the Java heap, [Q][N]: for a few. */
  double[][] onHeap() {
    double[][] all = new double[rows()][];
    Arrays.setAll(all, this::row);
    return all;
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
    return SignedSets.of(row(row));
  }

  /** The samples that harm most, first the worst; equal ones by position. */
  public List<SampleEffect> harmful(int row, int most) {
    return top(row, 1, most);
  }

  /** The samples that help most, first the best; equal ones by position. */
  public List<SampleEffect> helpful(int row, int most) {
    return top(row, -1, most);
  }

  private List<SampleEffect> top(int row, int sign, int most) {
    double[] scores = row(row);
    SignedSets sets = SignedSets.of(scores);
    List<SampleEffect> all = new ArrayList<>();
    LongStream.of(sign > 0 ? sets.harmful() : sets.helpful())
        .forEach(i -> all.add(new SampleEffect((int) i, positions[(int) i], scores[(int) i])));
    all.sort(Comparator.comparingDouble(effect -> -sign * effect.score()));
    return List.copyOf(all.subList(0, Math.min(most, all.size())));
  }

  /** The same of the first rows. */
  public Attribution first(int count) {
    int kept = Math.min(count, rows());
    return new Attribution(
        method, positions, values.rows(0, kept), diagnostics.subList(0, kept), seconds);
  }
}
