package io.vicinal.program;

import static io.vicinal.program.Derivative.factors;
import static io.vicinal.program.Derivative.linear;

import io.vicinal.program.Derivative.Slot;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.BinaryOperator;

/**
 * The operations of programs. An entry says everything about one that Java knows: the types of its
 * operands, its attributes, the sizes of its result, and its derivative in both directions. In the
 * rules {@code y} is the node, {@code t} a tangent of an operand or the adjoint of the node.
 */
public enum Operation {
  INPUT("-> any | type rank", null, Derivative.NONE),
  CONSTANT("-> real | value", SizeRule.SCALAR, Derivative.NONE),
  EPSILON("-> real", SizeRule.SCALAR, Derivative.NONE),
  SIZE("any -> real | axis", SizeRule.COUNT, Derivative.NONE),

  NEG((y, t) -> t.negate()),
  ABS((y, t) -> t.times(y.operand(0).sign())),
  SIGN("real -> real", SizeRule.ELEMENT_WISE, Derivative.NONE),
  STEP("real -> real", SizeRule.ELEMENT_WISE, Derivative.NONE),
  RELU((y, t) -> t.times(y.operand(0).step())),
  EXP((y, t) -> t.times(y)),
  LOG((y, t) -> t.over(y.operand(0))),
  LOG1P((y, t) -> t.over(y.operand(0).plus(1))),
  EXPM1((y, t) -> t.times(y.plus(1))),
  /** 1 / (2 sqrt x) where x > 0, else 0, with nothing infinite on the way there. */
  SQRT((y, t) -> t.times(y.operand(0).step()).over(y.operand(0).step().select(y.times(2), 1))),
  RECIPROCAL((y, t) -> t.times(y.square()).negate()),
  SQUARE((y, t) -> t.times(y.operand(0)).times(2)),
  SOFTPLUS((y, t) -> t.times(y.operand(0).sigmoid())),
  SIGMOID((y, t) -> t.times(y.times(y.oneMinus()))),
  TANH((y, t) -> t.times(y.square().oneMinus())),
  SIN((y, t) -> t.times(y.operand(0).cos())),
  COS((y, t) -> t.times(y.operand(0).sin()).negate()),
  POWER("real -> real | exponent", SizeRule.ELEMENT_WISE, factors(Operation::powerRule)),
  LOG_BESSEL(
      "real -> real | order",
      SizeRule.ELEMENT_WISE,
      factors((y, t) -> t.times(y.operand(0).besselRatio(y.order())))),
  BESSEL_RATIO(
      "real -> real | order",
      SizeRule.ELEMENT_WISE,
      factors((y, t) -> t.times(y.operand(0).besselSlope(y.order())))),
  BESSEL_SLOPE("real -> real | order", SizeRule.ELEMENT_WISE, factors(Operation::besselRule)),

  ADD((y, t) -> t, (y, t) -> t),
  SUB((y, t) -> t, (y, t) -> t.negate()),
  MUL((y, t) -> t.times(y.operand(1)), (y, t) -> t.times(y.operand(0))),
  DIV((y, t) -> t.over(y.operand(1)), (y, t) -> t.times(y).over(y.operand(1)).negate()),
  /** To the operand that is chosen, the first at a tie. */
  LARGER(
      (y, t) -> y.operand(1).lessOrEqual(y.operand(0)).select(t, 0),
      (y, t) -> y.operand(1).lessOrEqual(y.operand(0)).select(0, t)),
  SMALLER(
      (y, t) -> y.operand(0).lessOrEqual(y.operand(1)).select(t, 0),
      (y, t) -> y.operand(0).lessOrEqual(y.operand(1)).select(0, t)),
  LESS("real real -> real", SizeRule.ELEMENT_WISE, Derivative.NONE),
  LESS_EQUAL("real real -> real", SizeRule.ELEMENT_WISE, Derivative.NONE),
  EQUAL("real real -> real", SizeRule.ELEMENT_WISE, Derivative.NONE),
  SELECT(null, (y, t) -> y.operand(0).select(t, 0), (y, t) -> y.operand(0).select(0, t)),

  SAME("int int -> real", SizeRule.ELEMENT_WISE, Derivative.NONE),
  BELOW("int int -> real", SizeRule.ELEMENT_WISE, Derivative.NONE),
  REAL("int -> real", SizeRule.FIRST, Derivative.NONE),
  INDEX("any -> real | axis", SizeRule.ALONG, Derivative.NONE),
  /** Of a key, ids, and an array that is read for its sizes only. */
  UNIFORM("int int any -> real | stream", SizeRule.RANDOM, Derivative.NONE),
  NORMAL("int int any -> real | stream", SizeRule.RANDOM, Derivative.NONE),

  STOP("real -> real", SizeRule.FIRST, Derivative.NONE),
  FLIP((y, t) -> t.negate()),
  BROADCAST_LIKE("real any -> real", SizeRule.LIKE, linear((y, g) -> g.sumLike(y.operand(0)))),
  SUM_LIKE("real any -> real", SizeRule.LIKE, linear((y, g) -> g.broadcastLike(y.operand(0)))),
  EXPAND("any -> any | axis", SizeRule.EXPAND, linear((y, g) -> g.drop(y.axis()))),
  DROP("any -> any | axis", SizeRule.DROP, linear((y, g) -> g.expand(y.axis()))),

  SUM("real real? -> real | axes", SizeRule.REDUCE, linear(Operation::sumRule)),
  MAX("real real? -> real | axes empty", SizeRule.REDUCE, Derivative.NONE),
  ARGMAX("real real? -> int | axis", SizeRule.REDUCE_ONE, Derivative.NONE),
  CUMSUM(
      "real -> real | axis reverse?",
      SizeRule.ALONG,
      linear((y, g) -> g.cumulativeSum(y.axis(), !y.attributes().flag("reverse")))),

  MATMUL(
      "real real -> real | ta? tb?",
      SizeRule.MATMUL,
      Derivative.of(
          new Slot(Products::pushLeft, Products::pullLeft),
          new Slot(Products::pushRight, Products::pullRight))),
  TRANSPOSE(
      "real -> real | axes", SizeRule.TRANSPOSE, linear((y, g) -> g.permuted(y.inverseOrder()))),

  GATHER(
      "real int -> real", SizeRule.GATHER, linear((y, g) -> g.scatter(y.operand(1), y.operand(0)))),
  SCATTER("real int real -> real", SizeRule.SCATTER, linear((y, g) -> g.gather(y.operand(1)))),
  PICK(
      "real int -> real | axis",
      SizeRule.PICK,
      linear((y, g) -> g.place(y.operand(1), y.operand(0), y.axis()))),
  PLACE(
      "real int real -> real | axis",
      SizeRule.PLACE,
      linear((y, g) -> g.pick(y.operand(1), y.axis()))),

  CONCAT(
      "real real -> real | axis",
      SizeRule.CONCAT,
      Derivative.of(
          new Slot(
              (y, t) -> t.pad(y, y.axis(), "0"),
              (y, g) -> g.sliceLike(y.operand(0), y.axis(), "0")),
          new Slot(
              (y, t) -> t.pad(y, y.axis(), "end"),
              (y, g) -> g.sliceLike(y.operand(1), y.axis(), "end")))),
  SLICE(
      "real -> real | axis from to",
      SizeRule.SLICE,
      linear((y, g) -> g.pad(y.operand(0), y.axis(), y.from()))),
  /** As many entries as the second operand has along the axis; {@code from=end}: the last ones. */
  SLICE_LIKE(
      "real real -> real | axis from",
      SizeRule.PICK,
      linear((y, g) -> g.pad(y.operand(0), y.axis(), y.from()))),
  PAD(
      "real real -> real | axis from",
      SizeRule.LAST_LIKE_FIRST,
      linear((y, g) -> g.sliceLike(y.operand(0), y.axis(), y.from()))),
  JOIN("any -> any | axis", SizeRule.JOIN, linear((y, g) -> g.split(y.operand(0), y.axis()))),
  SPLIT("any any -> any | axis", SizeRule.SPLIT, linear((y, g) -> g.join(y.axis()))),

  /** Of an image and weights; of an adjoint, weights and the image; of both and the weights. */
  CONV(
      "real real -> real | stride padding dilation groups",
      ImageSizes.CONV,
      linear(
          (y, g) -> convData(y, g, y.operand(1), y.operand(0)),
          (y, g) -> convWeight(y, y.operand(0), g, y.operand(1)))),
  CONV_DATA(
      "real real real -> real | stride padding dilation groups",
      ImageSizes.CONV_DATA,
      linear(
          (y, a) -> conv(y, a, y.operand(1)),
          (y, a) -> convWeight(y, a, y.operand(0), y.operand(1)))),
  CONV_WEIGHT(
      "real real real -> real | stride padding dilation groups",
      ImageSizes.CONV_WEIGHT,
      linear(
          (y, a) -> convData(y, y.operand(1), a, y.operand(0)),
          (y, a) -> conv(y, y.operand(0), a))),
  POOL_ARGMAX(
      "real -> int | window stride padding dilation ceil?", ImageSizes.POOL, Derivative.NONE),
  POOL_SUM(
      "real -> real | window stride padding dilation ceil?",
      ImageSizes.POOL,
      linear((y, g) -> poolSpread(y, g))),
  POOL_SPREAD(
      "real real -> real | window stride padding dilation ceil?",
      ImageSizes.POOL_SPREAD,
      linear((y, g) -> poolSum(y, g))),

  /** Of embeddings, labels and proxies. */
  PROXY_LOSS("real int real -> real | loss", SizeRule.PROXY_LOSS, ProxyLosses.LOSS),
  PROXY_GRADIENT(
      "real int real -> real | loss proxies?", SizeRule.OF_PROXY_LOSS, ProxyLosses.GRADIENT),
  /** And of a direction of the embeddings and of the proxies. */
  PROXY_PRODUCT(
      "real int real real real -> real | loss proxies?",
      SizeRule.OF_PROXY_LOSS,
      ProxyLosses.PRODUCT);

  private final Signature signature;
  private final SizeRule sizes;
  private final Derivative derivative;

  Operation(String signature, SizeRule sizes, Derivative derivative) {
    this.signature = Signature.parse(signature);
    this.sizes = sizes;
    this.derivative = derivative;
  }

  /** Element by element on real operands, one rule for each. */
  @SafeVarargs
  Operation(BinaryOperator<Expr>... factors) {
    this("real ".repeat(factors.length) + "-> real", SizeRule.ELEMENT_WISE, factors(factors));
  }

  static Operation of(String text) {
    return Arrays.stream(values())
        .filter(operation -> operation.text().equals(text))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no operation " + text));
  }

  /** The name in a program's text. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  Signature signature() {
    return signature;
  }

  SizeRule sizes() {
    return sizes;
  }

  Derivative derivative() {
    return derivative;
  }

  boolean isElementWise() {
    return sizes == SizeRule.ELEMENT_WISE;
  }

  private static Expr powerRule(Expr y, Expr t) {
    double p = y.attributes().number("exponent");
    return p == 0 ? t.times(0) : t.times(y.operand(0).power(p - 1)).times(p);
  }

  /**
   * With A, A' of order n, C, C' of n + 1: A / x = 1 / (2 (n + 1) + x C), and A' = A / x - A (A -
   * C), which is regular at 0 and so is its derivative.
   */
  private static Expr besselRule(Expr y, Expr t) {
    Expr x = y.operand(0);
    double above = y.order() + 1;
    Expr over = x.times(x.besselRatio(above)).plus(2 * above).reciprocal();
    Expr less = x.besselRatio(y.order()).minus(x.besselRatio(above));
    Expr lessSlope = y.minus(x.besselSlope(above));
    return t.times(less.times(y).plus(over.times(less.plus(x.times(lessSlope))))).negate();
  }

  private static Expr conv(Expr y, Expr image, Expr weights) {
    return y.sliding(CONV, image, weights);
  }

  private static Expr convData(Expr y, Expr adjoint, Expr weights, Expr image) {
    return y.sliding(CONV_DATA, adjoint, weights, image);
  }

  private static Expr convWeight(Expr y, Expr image, Expr adjoint, Expr weights) {
    return y.sliding(CONV_WEIGHT, image, adjoint, weights);
  }

  private static Expr poolSum(Expr y, Expr image) {
    return y.sliding(POOL_SUM, image);
  }

  private static Expr poolSpread(Expr y, Expr adjoint) {
    return y.sliding(POOL_SPREAD, adjoint, y.operand(0));
  }

  private static Expr sumRule(Expr y, Expr g) {
    Expr everywhere = g.broadcastLike(y.operand(0));
    return y.operands().size() == 1
        ? everywhere
        : y.operand(1).select(everywhere, 0).sumLike(y.operand(0));
  }
}
