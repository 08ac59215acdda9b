package io.vicinal.program;

/** What an expression does element by element. */
abstract sealed class Arithmetic permits Axes {
  private final Graph graph;

  Arithmetic(Graph graph) {
    this.graph = graph;
  }

  /** The graph that this expression belongs to. */
  public Graph graph() {
    return graph;
  }

  private Expr self() {
    return (Expr) this;
  }

  private Expr node(Operation operation, Expr... operands) {
    return graph.node(operation, Attributes.NONE, operands);
  }

  private Expr unary(Operation operation) {
    return node(operation, self());
  }

  private Expr constant(double value) {
    return graph.constant(value);
  }

  /** this + other. */
  public Expr plus(Expr other) {
    return node(Operation.ADD, self(), other);
  }

  /** this + other. */
  public Expr plus(double other) {
    return plus(constant(other));
  }

  /** this - other. */
  public Expr minus(Expr other) {
    return node(Operation.SUB, self(), other);
  }

  /** this - other. */
  public Expr minus(double other) {
    return minus(constant(other));
  }

  /** this · other. */
  public Expr times(Expr other) {
    return node(Operation.MUL, self(), other);
  }

  /** this · other. */
  public Expr times(double other) {
    return times(constant(other));
  }

  /** this / other. */
  public Expr over(Expr other) {
    return node(Operation.DIV, self(), other);
  }

  /** this / other. */
  public Expr over(double other) {
    return over(constant(other));
  }

  /** The larger one of each pair, NaN if either is NaN. */
  public Expr larger(Expr other) {
    return node(Operation.LARGER, self(), other);
  }

  /** The larger one of each pair, NaN if either is NaN. */
  public Expr larger(double other) {
    return larger(constant(other));
  }

  /** The smaller one of each pair, NaN if either is NaN. */
  public Expr smaller(Expr other) {
    return node(Operation.SMALLER, self(), other);
  }

  /** The smaller one of each pair, NaN if either is NaN. */
  public Expr smaller(double other) {
    return smaller(constant(other));
  }

  /** 1 where this &lt; other, else 0. */
  public Expr lessThan(Expr other) {
    return node(Operation.LESS, self(), other);
  }

  /** 1 where this &lt; other, else 0. */
  public Expr lessThan(double other) {
    return lessThan(constant(other));
  }

  /** 1 where this &lt;= other, else 0. */
  public Expr lessOrEqual(Expr other) {
    return node(Operation.LESS_EQUAL, self(), other);
  }

  /** 1 where this &lt;= other, else 0. */
  public Expr lessOrEqual(double other) {
    return lessOrEqual(constant(other));
  }

  /** 1 where this = other, else 0. */
  public Expr equalTo(Expr other) {
    return node(Operation.EQUAL, self(), other);
  }

  /** 1 where this = other, else 0. */
  public Expr equalTo(double other) {
    return equalTo(constant(other));
  }

  /** 1 where this &gt; other, else 0. */
  public Expr greaterThan(Expr other) {
    return node(Operation.LESS, other, self());
  }

  /** 1 where this &gt; other, else 0. */
  public Expr greaterThan(double other) {
    return greaterThan(constant(other));
  }

  /** 1 where this &gt;= other, else 0. */
  public Expr greaterOrEqual(Expr other) {
    return node(Operation.LESS_EQUAL, other, self());
  }

  /** 1 where this &gt;= other, else 0. */
  public Expr greaterOrEqual(double other) {
    return greaterOrEqual(constant(other));
  }

  /** 1 - this. */
  public Expr oneMinus() {
    return constant(1).minus(self());
  }

  /** -this. */
  public Expr negate() {
    return unary(Operation.NEG);
  }

  /** The absolute value; its derivative is the sign. */
  public Expr abs() {
    return unary(Operation.ABS);
  }

  /** -1, 0 or 1; derivative 0. */
  public Expr sign() {
    return unary(Operation.SIGN);
  }

  /** 1 where this &gt; 0, else 0; derivative 0. */
  public Expr step() {
    return unary(Operation.STEP);
  }

  /** max(this, 0); its derivative at 0 is 0. */
  public Expr relu() {
    return unary(Operation.RELU);
  }

  /** e to the power of this. */
  public Expr exp() {
    return unary(Operation.EXP);
  }

  /** The natural logarithm. */
  public Expr log() {
    return unary(Operation.LOG);
  }

  /** log(1 + this), exact near 0. */
  public Expr log1p() {
    return unary(Operation.LOG1P);
  }

  /** exp(this) - 1, exact near 0. */
  public Expr expm1() {
    return unary(Operation.EXPM1);
  }

  /** The square root; its derivative at 0 is 0. */
  public Expr sqrt() {
    return unary(Operation.SQRT);
  }

  /** 1 / this. */
  public Expr reciprocal() {
    return unary(Operation.RECIPROCAL);
  }

  /** this². */
  public Expr square() {
    return unary(Operation.SQUARE);
  }

  /** log(1 + exp(this)), without overflow. */
  public Expr softplus() {
    return unary(Operation.SOFTPLUS);
  }

  /** 1 / (1 + exp(-this)). */
  public Expr sigmoid() {
    return unary(Operation.SIGMOID);
  }

  /** this / (1 + exp(-this)). */
  public Expr silu() {
    return times(sigmoid());
  }

  /** The hyperbolic tangent. */
  public Expr tanh() {
    return unary(Operation.TANH);
  }

  /** The sine. */
  public Expr sin() {
    return unary(Operation.SIN);
  }

  /** The cosine. */
  public Expr cos() {
    return unary(Operation.COS);
  }

  /** this to the power of a number, for this &gt;= 0. */
  public Expr power(double exponent) {
    return graph.node(Operation.POWER, Attributes.of("exponent", exponent), self());
  }

  /**
   * log(I(this) / this^order) of the modified Bessel function I of an order &gt;= 0: regular and
   * even, at 0 it is -order log 2 - log Gamma(order + 1). Its derivative is {@link #besselRatio}.
   */
  public Expr logBessel(double order) {
    return bessel(Operation.LOG_BESSEL, order);
  }

  /**
   * The quotient of the modified Bessel functions of orders {@code order + 1} and {@code order}:
   * with order d / 2 - 1 the mean resultant length of a von Mises-Fisher distribution in d
   * dimensions whose concentration is this.
   */
  public Expr besselRatio(double order) {
    return bessel(Operation.BESSEL_RATIO, order);
  }

  /**
   * The derivative of {@link #besselRatio}, without the cancellation of 1 - A² - (2n + 1) A / x.
   */
  public Expr besselSlope(double order) {
    return bessel(Operation.BESSEL_SLOPE, order);
  }

  private Expr bessel(Operation operation, double order) {
    if (!(order >= 0 && order < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("order " + order + " must be 0 or more");
    }
    return graph.node(operation, Attributes.of("order", order), self());
  }

  /** Where this is not 0 {@code yes}, else {@code no}; the other one's value has no influence. */
  public Expr select(Expr yes, Expr no) {
    return node(Operation.SELECT, self(), yes, no);
  }

  /** Where this is not 0 {@code yes}, else {@code no}. */
  public Expr select(Expr yes, double no) {
    return select(yes, constant(no));
  }

  /** Where this is not 0 {@code yes}, else {@code no}. */
  public Expr select(double yes, Expr no) {
    return select(constant(yes), no);
  }

  /** 1 where both masks of ones and zeros are 1. */
  public Expr and(Expr other) {
    return times(other);
  }

  /** 1 where this is 0, else 0. */
  public Expr not() {
    return equalTo(0);
  }

  /** 1 where whole numbers are the same, else 0. */
  public Expr sameAs(Expr other) {
    return node(Operation.SAME, self(), other);
  }

  /** 1 where a whole number is smaller than the other, else 0. */
  public Expr below(Expr other) {
    return node(Operation.BELOW, self(), other);
  }

  /** Whole numbers as real ones. */
  public Expr toReal() {
    return unary(Operation.REAL);
  }

  /** This value, with derivative 0. */
  public Expr stop() {
    return unary(Operation.STOP);
  }

  /** This value, with -1 times its derivative: gradient reversal. */
  public Expr reversed() {
    return unary(Operation.FLIP);
  }
}
