package io.vicinal.loss.tuple;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.program.Expr;
import io.vicinal.program.Graph;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a loss is made of: a batch's embeddings and labels, and its tuples, which are all that the
 * labels allow, or those that a miner found. A loss written with {@link #positivePairs}, {@link
 * #negativePairs} and {@link #triplets} serves both. One per program, for one thread.
 *
 * <p>With a memory the anchors are the batch's and what they are compared with are the batch,
 * first, and what is remembered: R references. The second axis of what is [B, B] has R places then,
 * and all members of a mined tuple but its anchor are references. Pairs have at least one sample of
 * the batch; what {@link #between} compares are two references.
 */
public final class Batch {
  private final Graph graph = new Graph();
  private final Tuples mined;
  private final boolean normalized;
  private final boolean memory;
  private final Map<Measure, Expr> matrices = new EnumMap<>(Measure.class);
  private final Map<Measure, Expr> opposites = new EnumMap<>(Measure.class);
  private final Map<String, Expr> parameters = new LinkedHashMap<>();
  private boolean compared;
  private boolean squared;
  private Expr tuples;
  private Expr active;

  /**
   * @param mined the shape of the tuples that a miner found, null for all that there are
   * @param normalized whether the embeddings are divided by their lengths first
   * @param memory whether there are references beside the batch
   */
  Batch(Tuples mined, boolean normalized, boolean memory) {
    this.mined = mined;
    this.normalized = normalized;
    this.memory = memory;
  }

  /** x [B, d], of unit length if that was asked for. */
  public Expr embedding() {
    return normalized ? given().unitRows() : given();
  }

  /** Whether the loss, once made, compares anything with the references. */
  boolean hasReferences() {
    return compared;
  }

  /** Whether the loss, once made, compares all references with each other. */
  boolean comparesReferences() {
    return squared;
  }

  /** What the batch is compared with [R, d], of unit length if that was asked for. */
  public Expr references() {
    compared = true;
    if (!memory) {
      return embedding();
    }
    Expr raw = graph.real("references", "R", "d");
    return normalized ? raw.unitRows() : raw;
  }

  /** The classes [B], int. */
  public Expr labels() {
    return graph.integer("labels", "B");
  }

  /** A parameter that the loss learns, or an array that it is given ({@link TupleLoss#learned}). */
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
    return matrices.computeIfAbsent(measure, m -> m.matrix(embedding(), references()));
  }

  /**
   * All references with all, [R, R]; without a memory {@link #matrix}. Two that are remembered are
   * constants to training. It is kept, so of a large memory it is what costs most.
   */
  public Expr between(Measure measure) {
    squared = true;
    return memory
        ? opposites.computeIfAbsent(measure, m -> m.matrix(references(), references()))
        : matrix(measure);
  }

  /** 1 where two samples are of one class, [B, B]; a sample with itself is. */
  public Expr alike() {
    return labels().column().sameAs(referenceLabels().row());
  }

  /** The same of two references, [R, R]. */
  public Expr alikeReferences() {
    squared = true;
    return referenceLabels().column().sameAs(referenceLabels().row());
  }

  private Expr referenceLabels() {
    return memory ? graph.integer("reference-labels", "R") : labels();
  }

  /** 1 at a sample with itself, [B, B]. */
  public Expr self() {
    return alike().index(0).equalTo(alike().index(1));
  }

  /**
   * 1 where the second is another sample of the first's class, or a positive that a miner found for
   * it, [B, B].
   */
  public Expr positives() {
    if (mined == Tuples.SETS) {
      return graph.real("positives", "B", memory ? "R" : "B");
    }
    return alike().and(self().not());
  }

  /** 1 where the second is of another class, or a negative that a miner found, [B, B]. */
  public Expr negatives() {
    if (mined == Tuples.SETS) {
      return graph.real("negatives", "B", memory ? "R" : "B");
    }
    return alike().not();
  }

  /**
   * What is known of all pairs of a sample, [B, 1], as it is known of what it is compared with, [1,
   * R]: that of the batch again, and of what is remembered, which is in pairs with the batch alone.
   *
   * @param ofSamples a reduction along the rows of a matrix of pairs
   * @param ofReferences the same along its columns
   */
  public Expr across(Expr ofSamples, Expr ofReferences) {
    if (!memory) {
      return ofSamples.transposed();
    }
    Expr self = self();
    Expr own = ofSamples.broadcastLike(self).sum(self, 0);
    return self.sum(0).select(own, ofReferences);
  }

  /** 1 where the second is another sample, of what was mined either kind, [B, B]. */
  public Expr others() {
    return mined == Tuples.SETS ? positives().larger(negatives()) : self().not();
  }

  /** 1 for each first that has a second in a mask [B, B], [B, 1]. */
  public Expr any(Expr mask) {
    return mask.sum(1).step();
  }

  /** 0, 1 and so on, as many as are asked for: of rank 1. */
  public Expr range(int count) {
    return graph.range(count);
  }

  /** The shape of the tuples that a miner found, null for all that the labels allow. */
  public Tuples mined() {
    return mined;
  }

  /** Whether tuples are a list of m, else they lie over the grid of all samples. */
  public boolean isList() {
    return mined != null && mined != Tuples.SETS;
  }

  /** What is known of each sample, [B, 1], as it is of each tuple's anchor: [m, 1] of a list. */
  public Expr ofAnchors(Expr samples) {
    return isList() ? samples.gather(member("anchors")) : samples;
  }

  /**
   * The measure of every anchor and positive, ordered: both (a, p) and (p, a). Of mined triplets,
   * theirs.
   */
  public Terms positivePairs(Measure measure) {
    return positivePairs(measure, 0);
  }

  /**
   * As {@link #positivePairs(Measure)}, with a number added to each of the anchor's coordinates.
   */
  Terms positivePairs(Measure measure, double shift) {
    if (!isList()) {
      return new Terms(this, matrix(measure, shift), null, positives());
    }
    return mined == Tuples.PAIRS
        ? tuple(measure, shift, "others", sign().greaterThan(0))
        : tuple(measure, shift, "positives", one());
  }

  /** The measure of every anchor and negative, ordered likewise. */
  public Terms negativePairs(Measure measure) {
    return negativePairs(measure, 0);
  }

  /**
   * As {@link #negativePairs(Measure)}, with a number added to each of the anchor's coordinates.
   */
  Terms negativePairs(Measure measure, double shift) {
    if (!isList()) {
      return new Terms(this, matrix(measure, shift), null, negatives());
    }
    return mined == Tuples.PAIRS
        ? tuple(measure, shift, "others", sign().lessOrEqual(0))
        : tuple(measure, shift, "negatives", one());
  }

  /**
   * Every anchor, positive and negative: terms of the anchor's measure to its positive and to its
   * negative. All of them lie over a grid [B, B, B] that is never kept; mined ones over [m, 1].
   */
  public Terms triplets(Measure measure, Function function) {
    if (!isList()) {
      Expr matrix = matrix(measure);
      Expr values = function.of(matrix.expand(2), matrix.expand(1));
      return new Terms(this, values, positives().expand(2), negatives().expand(1));
    }
    Terms near = tuple(measure, 0, "positives", one());
    return near.with(function.of(near.values(), tuple(measure, 0, "negatives", one()).values()));
  }

  /** As {@link #triplets}, of the measure between positive and negative as well. */
  public Terms triangles(Measure measure, Triangle function) {
    Expr opposite =
        isList() ? measure("positives", measure, "negatives") : between(measure).expand(0);
    return triplets(measure, (ap, an) -> function.of(ap, an, opposite));
  }

  /** A function of the anchor's measures to its positive and to its negative. */
  public interface Function {
    Expr of(Expr positive, Expr negative);
  }

  /** A function of the measures of (anchor, positive), (anchor, negative), (positive, negative). */
  public interface Triangle {
    Expr of(Expr positive, Expr negative, Expr opposite);
  }

  /**
   * The index of a listed tuple's member, int [m]: "anchors", "positives", "negatives", "fourths",
   * "others".
   */
  public Expr member(String name) {
    return graph.integer(name, "m");
  }

  /** The measure of two members of each listed tuple, [m, 1]. */
  public Expr measure(String one, Measure measure, String other) {
    return measure.rows(references().gather(member(one)), references().gather(member(other)));
  }

  /** In how many triplets each anchor is, [B, 1]; of a list 1 each, [m, 1]. */
  public Expr tripletsPerAnchor() {
    return isList()
        ? one().broadcastLike(member("anchors").column())
        : positives().sum(1).times(negatives().sum(1));
  }

  /** x [B, d] as it is given, whether or not it is divided by lengths: what regularisers are of. */
  public Expr given() {
    return graph.real("embedding", "B", "d");
  }

  /** The mean length of the given embeddings, which some losses keep small. */
  public Expr meanLength() {
    return given().square().sum(1).sqrt().mean();
  }

  /** |sum of coordinates| of each given embedding, [B, 1], which keeps them around 0. */
  Expr shifts() {
    return given().sum(1).abs();
  }

  private Expr sign() {
    return graph.integer("signs", "m").toReal().column();
  }

  private Expr matrix(Measure measure, double shift) {
    return shift == 0 ? matrix(measure) : measure.matrix(embedding().plus(shift), references());
  }

  private Terms tuple(Measure measure, double shift, String other, Expr mask) {
    Expr anchors = embedding().gather(member("anchors"));
    Expr values =
        measure.rows(
            shift == 0 ? anchors : anchors.plus(shift), references().gather(member(other)));
    return new Terms(this, values, null, mask.broadcastLike(values));
  }

  /**
   * Says what is counted; the last one that says so is heard.
   *
   * @param tuples how many there are
   * @param active how many of them are above 0
   */
  public void note(Expr tuples, Expr active) {
    this.tuples = tuples;
    this.active = active;
  }

  Expr tuples() {
    return tuples;
  }

  Expr active() {
    return active;
  }
}
