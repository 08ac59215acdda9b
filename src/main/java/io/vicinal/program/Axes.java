package io.vicinal.program;

import java.util.stream.IntStream;

/** What an expression does along its axes: reductions, layout, products, and picking entries. */
abstract sealed class Axes extends Arithmetic permits ImageAxes {
  Axes(Graph graph) {
    super(graph);
  }

  private Expr self() {
    return (Expr) this;
  }

  private Expr node(Operation operation, Attributes attributes, Expr... more) {
    Expr[] operands = new Expr[more.length + 1];
    operands[0] = self();
    System.arraycopy(more, 0, operands, 1, more.length);
    return graph().node(operation, attributes, operands);
  }

  private static Attributes axis(int axis) {
    return Attributes.of("axis", axis);
  }

  private static Attributes over(int... axes) {
    return axes.length == 0 ? Attributes.of("axes", Attributes.ALL) : Attributes.axes(axes);
  }

  /** The number of entries. */
  public Expr size() {
    return node(Operation.SIZE, Attributes.of("axis", Attributes.ALL));
  }

  /** The number of entries along an axis. */
  public Expr size(int axis) {
    return node(Operation.SIZE, axis(axis));
  }

  /**
   * The number of entries along an axis that is known before a program runs, as that of channels.
   *
   * @throws IllegalArgumentException if it is a run's
   */
  public int known(int axis) {
    Long number = Sizes.number(self().sizes().get(axis));
    if (number == null) {
      throw new IllegalArgumentException(
          self().site() + ": axis " + axis + " of " + self().described() + " has no known size");
    }
    return Math.toIntExact(number);
  }

  /** The sum of all entries. */
  public Expr total() {
    return sum();
  }

  /** The sum over axes. */
  public Expr sum(int... axes) {
    return node(Operation.SUM, over(axes));
  }

  /** The sum of the masked entries over axes. */
  public Expr sum(Expr mask, int... axes) {
    return node(Operation.SUM, over(axes), mask);
  }

  /** How many entries the mask has over axes. */
  public Expr count(Expr mask, int... axes) {
    return graph().constant(1).broadcastLike(self()).sum(mask, axes);
  }

  /** The mean of all entries. */
  public Expr mean() {
    return total().over(size());
  }

  /** The mean over axes. */
  public Expr mean(int... axes) {
    Expr mean = sum(axes);
    for (int axis : axes) {
      mean = mean.over(size(axis));
    }
    return axes.length == 0 ? mean() : mean;
  }

  /** The mean of the masked entries over axes, 0 where there is none. */
  public Expr mean(Expr mask, int... axes) {
    return sum(mask, axes).over(count(mask, axes).larger(1));
  }

  /** The position of the first largest entry along an axis. */
  public Expr argmax(int axis) {
    return node(Operation.ARGMAX, axis(axis));
  }

  /** The position of the first largest masked entry along an axis, -1 where there is none. */
  public Expr argmax(Expr mask, int axis) {
    return node(Operation.ARGMAX, axis(axis), mask);
  }

  /** The largest entry along an axis; the derivative goes to the first such. */
  public Expr max(int axis) {
    return pick(argmax(axis), axis);
  }

  /**
   * The largest masked entry along an axis, 0 where there is none; the derivative goes to the first
   * such.
   */
  public Expr max(Expr mask, int axis) {
    return pick(argmax(mask, axis), axis);
  }

  /** The smallest entry along an axis; the derivative goes to the first such. */
  public Expr min(int axis) {
    return negate().max(axis).negate();
  }

  /** The smallest masked entry along an axis, 0 where there is none. */
  public Expr min(Expr mask, int axis) {
    return negate().max(mask, axis).negate();
  }

  /** The largest entry over axes, {@code empty} where there is none, with derivative 0. */
  public Expr stoppedMax(double empty, int... axes) {
    return node(Operation.MAX, over(axes).and("empty", empty));
  }

  /** The largest masked entry over axes, {@code empty} where there is none, with derivative 0. */
  public Expr stoppedMax(Expr mask, double empty, int... axes) {
    return node(Operation.MAX, over(axes).and("empty", empty), mask);
  }

  /** Running sums along an axis, from its start or from its end. */
  public Expr cumulativeSum(int axis, boolean backwards) {
    return node(Operation.CUMSUM, axis(axis).flag("reverse", backwards));
  }

  /** Each entry's position along an axis. */
  public Expr index(int axis) {
    return node(Operation.INDEX, axis(axis));
  }

  /**
   * Random numbers in [0, 1), one for each entry. Each is a function of the key, of the entry's id,
   * of its position among the entries of that id, and of the stream: not of threads, device, or
   * what else is in the batch. Derivative 0.
   *
   * @param key int, of rank 0: a run with another key draws other numbers
   * @param ids int, whom entries belong to: of this rank, each size equal or 1, such as a column of
   *     samples' ids; of rank 0 they are all of one
   * @param stream 0 or more: two draws of one program are alike unless this differs
   */
  public Expr uniform(Expr key, Expr ids, int stream) {
    return random(Operation.UNIFORM, key, ids, stream);
  }

  /** Standard normal numbers, one for each entry, as {@link #uniform}. */
  public Expr normal(Expr key, Expr ids, int stream) {
    return random(Operation.NORMAL, key, ids, stream);
  }

  private Expr random(Operation law, Expr key, Expr ids, int stream) {
    return graph().node(law, Attributes.of("stream", stream), key, ids, self());
  }

  /** With a new axis of size 1 at that position. */
  public Expr expand(int axis) {
    return node(Operation.EXPAND, axis(axis));
  }

  /** Without an axis of size 1. */
  public Expr drop(int axis) {
    return node(Operation.DROP, axis(axis));
  }

  /** A vector as a matrix of one column. */
  public Expr column() {
    return expand(1);
  }

  /** A vector as a matrix of one row. */
  public Expr row() {
    return expand(0);
  }

  /** Repeated to the sizes of the other. */
  public Expr broadcastLike(Expr other) {
    return node(Operation.BROADCAST_LIKE, Attributes.NONE, other);
  }

  /** Summed to the sizes of the other, over axes where that has size 1. */
  public Expr sumLike(Expr other) {
    return node(Operation.SUM_LIKE, Attributes.NONE, other);
  }

  /** The transposed matrix; of more axes the last two change places, those of each matrix. */
  public Expr transposed() {
    return node(Operation.TRANSPOSE, swap(Math.max(2, self().rank())));
  }

  private static Attributes swap(int rank) {
    int[] order = IntStream.range(0, rank).toArray();
    order[rank - 2] = rank - 1;
    order[rank - 1] = rank - 2;
    return Attributes.order(order);
  }

  /** Whether the attributes of a transposition say that the last two axes change places. */
  static boolean isSwap(Attributes attributes, int rank) {
    return rank >= 2 && attributes.equals(swap(rank));
  }

  /** The axes in another order. */
  public Expr permuted(int... order) {
    return node(Operation.TRANSPOSE, Attributes.order(order));
  }

  /**
   * The product of matrices; transposed ones are read as they lie. Of more axes the last two are
   * the matrices', and those in front of them are the same in both: a product for each.
   */
  public Expr matmul(Expr other) {
    return node(Operation.MATMUL, Attributes.NONE, other);
  }

  /** The entries along axis 0 that the indices name; zeros for -1. */
  public Expr gather(Expr indices) {
    return node(Operation.GATHER, Attributes.NONE, indices);
  }

  /**
   * With the sizes of {@code like}: along axis 0 the sum of all entries that the indices put there;
   * -1 is left out.
   */
  public Expr scatter(Expr indices, Expr like) {
    return node(Operation.SCATTER, Attributes.NONE, indices, like);
  }

  /**
   * Entries along an axis by index, which differs from one place on the other axes to the next; 0
   * for -1.
   */
  public Expr pick(Expr indices, int axis) {
    return node(Operation.PICK, axis(axis), indices);
  }

  /** With the sizes of {@code like}: each entry added where its index puts it along an axis. */
  public Expr place(Expr indices, Expr like, int axis) {
    return node(Operation.PLACE, axis(axis), indices, like);
  }

  /** An axis and the next one as one. */
  public Expr join(int axis) {
    return node(Operation.JOIN, axis(axis));
  }

  /** An axis as two, with the sizes that the other has there. */
  public Expr split(Expr like, int axis) {
    return node(Operation.SPLIT, axis(axis), like);
  }

  /** This, and then the other, along an axis. */
  public Expr concat(Expr other, int axis) {
    return node(Operation.CONCAT, axis(axis), other);
  }

  /** The entries from a position on; negative positions count from the end. */
  public Expr slice(int axis, int from) {
    return node(Operation.SLICE, axis(axis).and("from", from).and("to", "end"));
  }

  /** The entries from a position up to another, which is left out. */
  public Expr slice(int axis, int from, int to) {
    return node(Operation.SLICE, axis(axis).and("from", from).and("to", to));
  }

  /** As many entries as the other has; {@code end}: the last ones. */
  Expr sliceLike(Expr like, int axis, String from) {
    return node(Operation.SLICE_LIKE, axis(axis).and("from", from), like);
  }

  /** Zeros of the sizes of the other with this at a position; {@code end}: this comes last. */
  Expr pad(Expr like, int axis, String from) {
    return node(Operation.PAD, axis(axis).and("from", from), like);
  }
}
