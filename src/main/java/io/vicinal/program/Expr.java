package io.vicinal.program;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A number, vector, matrix or array that a program computes: an operation on other expressions. It
 * is made by the methods of a {@link Graph} and of other expressions, and never changes.
 *
 * <p>Element-wise operations take operands of one rank, each size equal or 1, and numbers.
 * Reductions keep the axes that they reduce, with size 1; without axes they run over all and give a
 * number. A mask is an expression of the same rank whose entries count where they are not 0.
 */
public final class Expr extends ImageAxes {
  /** Real numbers, or whole ones: labels and indices. */
  public enum Type {
    /** float32 or float64, as a run decides; rank 0 is always float64. */
    REAL,
    /** int64. */
    INT;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What a squared distance of 0 may come out as, in epsilons of |x|² + |y|²: float32 products of
   * equal rows of 8 to 2,048 entries were seen to be off by up to 5.
   */
  private static final double ROUNDINGS = 8;

  private final int number;
  private final Operation operation;
  private final List<Expr> operands;
  private final Attributes attributes;
  private final Type type;
  private final Sizes sizes;
  private final Site site;
  private final String name;

  Expr(
      Graph graph,
      int number,
      Operation operation,
      List<Expr> operands,
      Attributes attributes,
      Type type,
      Sizes sizes,
      Site site,
      String name) {
    super(graph);
    this.number = number;
    this.operation = operation;
    this.operands = operands;
    this.attributes = attributes;
    this.type = type;
    this.sizes = sizes;
    this.site = site;
    this.name = name;
  }

  /**
   * The rows of a matrix divided by their lengths. A row of zeros stays zeros, and its derivative
   * is 0.
   */
  public Expr unitRows() {
    Expr squares = square().sum(1);
    Expr none = squares.equalTo(0);
    return times(none.not().over(none.select(1, squares.sqrt())));
  }

  /** The inner products of rows with each other. */
  public Expr gram() {
    return matmul(transposed());
  }

  /** The cosines of rows with each other, 0 with a row of zeros. */
  public Expr cosines() {
    return unitRows().gram();
  }

  /** The cosines of rows with another matrix's rows, 0 with a row of zeros. */
  public Expr cosines(Expr other) {
    return unitRows().matmul(other.unitRows().transposed());
  }

  /**
   * The squared Euclidean distances |x|² + |y|² - 2xy of rows to another matrix's rows. What is not
   * above the rounding error of that sum counts as 0.
   */
  public Expr squaredDistances(Expr other) {
    Expr lengths = square().sum(1).plus(other.square().sum(1).transposed());
    Expr distances = lengths.minus(matmul(other.transposed()).times(2));
    Expr noise = lengths.times(graph().epsilon().times(ROUNDINGS)).stop();
    return distances.lessOrEqual(noise).select(0, distances);
  }

  /** The Euclidean distances of rows to another matrix's rows; at 0 the derivative is 0. */
  public Expr distances(Expr other) {
    return squaredDistances(other).sqrt();
  }

  /**
   * A loss of these embeddings [B, d] against proxies [C K, d], with the kernels of its own that it
   * has in value, gradient and Hessian-vector product: one of {@code io.vicinal.loss}, whose spec()
   * it is given by. It has no third derivative.
   *
   * @param labels int [B], 0 to C - 1, an input of the program
   * @param proxies class c owns the rows from c K on
   * @param loss as {@code spec().text()} of one of {@code io.vicinal.loss} says it
   */
  public Expr proxyLoss(Expr labels, Expr proxies, String loss) {
    Attributes attributes = Attributes.of("loss", loss);
    return graph().node(Operation.PROXY_LOSS, attributes, this, labels, proxies);
  }

  /** log Σ exp. */
  public Expr logSumExp(int... axes) {
    Expr largest = stoppedMax(0, axes);
    return minus(largest).exp().sum(axes).log().plus(largest);
  }

  /** log Σ exp of the masked entries, {@code empty} where there is none. */
  public Expr logSumExp(Expr mask, double empty, int... axes) {
    Expr largest = stoppedMax(mask, 0, axes);
    Expr sum = mask.select(minus(largest), 0).exp().sum(mask, axes);
    Expr none = sum.equalTo(0);
    return none.select(empty, none.select(1, sum).log().plus(largest));
  }

  /** log(1 + Σ exp) of the masked entries, 0 where there is none. */
  public Expr logSumExp1p(Expr mask, int... axes) {
    Expr largest = stoppedMax(mask, 0, axes).relu().stop();
    Expr sum = mask.select(minus(largest), 0).exp().sum(mask, axes);
    return largest.plus(largest.negate().expm1().plus(sum).log1p());
  }

  /** What makes it. */
  public Operation operation() {
    return operation;
  }

  /** What it is made of. */
  public List<Expr> operands() {
    return operands;
  }

  /** Real or whole numbers. */
  public Type type() {
    return type;
  }

  /** The number of axes. */
  public int rank() {
    return sizes.rank();
  }

  /** The line that wrote it. */
  public Site site() {
    return site;
  }

  /** The name of an input, else {@code null}. */
  public String name() {
    return name;
  }

  /** Operands have smaller numbers. */
  int number() {
    return number;
  }

  Attributes attributes() {
    return attributes;
  }

  Sizes sizes() {
    return sizes;
  }

  Expr operand(int k) {
    return operands.get(k);
  }

  int axis() {
    return Integer.parseInt(attributes.text("axis"));
  }

  double order() {
    return attributes.number("order");
  }

  String from() {
    return attributes.text("from");
  }

  int[] inverseOrder() {
    int[] order = attributes.axes(rank());
    int[] inverse = new int[order.length];
    for (int k = 0; k < order.length; k++) {
      inverse[order[k]] = k;
    }
    return inverse;
  }

  boolean isTransposed() {
    return operation == Operation.TRANSPOSE && Axes.isSwap(attributes, rank());
  }

  /** An operation that slides as this one does. */
  Expr sliding(Operation other, Expr... on) {
    return graph().node(other, attributes, on);
  }

  /** The same operation with another operand. */
  Expr withOperand(int k, Expr other) {
    List<Expr> changed = new ArrayList<>(operands);
    changed.set(k, other);
    return graph().node(operation, attributes, changed.toArray(Expr[]::new));
  }

  Expr zeros() {
    return graph().constant(0).broadcastLike(this);
  }

  static Expr added(Expr a, Expr b) {
    return a == null ? b : b == null ? a : a.plus(b);
  }

  void requireReal(String purpose) {
    if (type != Type.REAL) {
      throw new IllegalArgumentException(
          site + ": " + purpose + " of " + described() + ": it is not real");
    }
  }

  String described() {
    return (type == Type.INT ? "int " : "") + sizes;
  }

  @Override
  public String toString() {
    return operation.text() + " " + described() + " at " + site;
  }
}
