package io.vicinal.loss.tuple;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.program.Expr;
import io.vicinal.program.Graph;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a loss is made of: a batch's embeddings and labels, and its tuples, which are all that the
 * labels allow, or those that a miner found. A loss written with {@link #positivePairs}, {@link
 * #negativePairs} and {@link #triplets} serves both. One per program, for one thread.
 */
public final class Batch {
  private final Graph graph = new Graph();
  private final Tuples mined;
  private final boolean normalized;
  private final Map<Measure, Expr> matrices = new EnumMap<>(Measure.class);
  private final Map<String, Expr> parameters = new LinkedHashMap<>();
  private Terms noted;

  /**
   * @param mined the shape of the tuples that a miner found, null for all that there are
   * @param normalized whether the embeddings are divided by their lengths first
   */
  Batch(Tuples mined, boolean normalized) {
    this.mined = mined;
    this.normalized = normalized;
  }

  /** x [B, d], of unit length if that was asked for. */
  public Expr embedding() {
    Expr raw = graph.real("embedding", "B", "d");
    return normalized ? raw.unitRows() : raw;
  }

  /** The classes [B], int. */
  public Expr labels() {
    return graph.integer("labels", "B");
  }

  /** A parameter that the loss learns ({@link TupleLoss#learned}). */
  public Expr parameter(String name, String... sizes) {
    return parameters.computeIfAbsent(name, n -> graph.real(n, sizes));
  }

  /** A number. */
  public Expr constant(double value) {
    return graph.constant(value);
  }

  Expr one() {
    return graph.constant(1);
  }

  /** All embeddings with all, [B, B]. */
  public Expr matrix(Measure measure) {
    return matrices.computeIfAbsent(measure, m -> m.matrix(embedding(), embedding()));
  }

  /** 1 where two samples are of one class, [B, B]; a sample with itself is. */
  public Expr alike() {
    return labels().column().sameAs(labels().row());
  }

  /** 1 at a sample with itself, [B, B]. */
  public Expr self() {
    return alike().index(0).equalTo(alike().index(1));
  }

  /** 1 where the second is another sample of the first's class, [B, B]. */
  public Expr positives() {
    return alike().and(self().not());
  }

  /** 1 where the second is of another class, [B, B]. */
  public Expr negatives() {
    return alike().not();
  }

  /** Whether a miner's tuples take the place of all. */
  public boolean isMined() {
    return mined != null;
  }

  /**
   * The measure of every anchor and positive, ordered: both (a, p) and (p, a). Of mined triplets,
   * theirs.
   */
  public Terms positivePairs(Measure measure) {
    if (mined == null) {
      return new Terms(this, matrix(measure), null, positives());
    }
    return mined == Tuples.TRIPLETS
        ? tuple(measure, "positives", one())
        : tuple(measure, "others", sign().greaterThan(0));
  }

  /** The measure of every anchor and negative, ordered likewise. */
  public Terms negativePairs(Measure measure) {
    if (mined == null) {
      return new Terms(this, matrix(measure), null, negatives());
    }
    return mined == Tuples.TRIPLETS
        ? tuple(measure, "negatives", one())
        : tuple(measure, "others", sign().lessOrEqual(0));
  }

  /**
   * Every anchor, positive and negative: terms of the anchor's measure to its positive and to its
   * negative. All of them lie over a grid [B, B, B] that is never kept; mined ones over [m, 1].
   */
  public Terms triplets(Measure measure, Function function) {
    if (mined == null) {
      Expr matrix = matrix(measure);
      Expr values = function.of(matrix.expand(2), matrix.expand(1));
      return new Terms(this, values, positives().expand(2), negatives().expand(1));
    }
    Terms near = tuple(measure, "positives", one());
    return near.with(function.of(near.values(), tuple(measure, "negatives", one()).values()));
  }

  /** A function of the anchor's measures to its positive and to its negative. */
  public interface Function {
    Expr of(Expr positive, Expr negative);
  }

  /**
   * The index of a mined tuple's member, int [m]: "anchors", "positives", "negatives", "others".
   */
  public Expr member(String name) {
    return graph.integer(name, "m");
  }

  private Expr sign() {
    return graph.integer("signs", "m").toReal().column();
  }

  private Terms tuple(Measure measure, String other, Expr mask) {
    Expr x = embedding();
    Expr values = measure.rows(x.gather(member("anchors")), x.gather(member(other)));
    return new Terms(this, values, null, mask.broadcastLike(values));
  }

  /** The tuples that were summed last: those that are counted. */
  void note(Terms terms) {
    noted = terms;
  }

  Terms noted() {
    return noted;
  }

  List<String> parameterNames() {
    return List.copyOf(parameters.keySet());
  }
}
