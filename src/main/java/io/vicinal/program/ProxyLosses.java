package io.vicinal.program;

import io.vicinal.program.Derivative.Slot;

/**
 * Losses against proxies by their kernels, and their derivatives: the gradient by embeddings or
 * proxies, and the rows of the Hessian that belong to either, times a direction of both. A third
 * derivative there is not.
 */
final class ProxyLosses {
  private static final int PROXIES = 2;
  private static final int DIRECTIONS = 3;

  private ProxyLosses() {}

  static final Derivative LOSS = Derivative.of(ofLoss(false), null, ofLoss(true));
  static final Derivative GRADIENT = Derivative.of(ofGradient(false), null, ofGradient(true));
  static final Derivative PRODUCT =
      Derivative.of(third(), null, third(), ofProduct(false), ofProduct(true));

  private static Slot ofLoss(boolean proxies) {
    return new Slot(
        (y, t) -> gradient(y, proxies).times(t).total(), (y, g) -> gradient(y, proxies).times(g));
  }

  private static Slot ofGradient(boolean proxies) {
    return new Slot(
        (y, t) -> product(y, t, proxies, isOfProxies(y)),
        (y, g) -> product(y, g, isOfProxies(y), proxies));
  }

  /** Linear in the directions, and the Hessian is symmetric. */
  private static Slot ofProduct(boolean proxies) {
    return ofGradient(proxies);
  }

  private static Slot third() {
    return new Slot((y, t) -> refuse(y), (y, g) -> refuse(y));
  }

  private static Expr refuse(Expr y) {
    throw new IllegalArgumentException(
        y.site()
            + ": "
            + y.operation().text()
            + " of "
            + y.attributes().text("loss")
            + ": its kernels have no third derivative; the same loss written as a program has");
  }

  private static boolean isOfProxies(Expr y) {
    return y.attributes().flag("proxies");
  }

  private static Attributes attributes(Expr y, boolean ofProxies) {
    return Attributes.of("loss", y.attributes().text("loss")).flag("proxies", ofProxies);
  }

  private static Expr gradient(Expr y, boolean ofProxies) {
    return y.graph()
        .node(
            Operation.PROXY_GRADIENT,
            attributes(y, ofProxies),
            y.operand(0),
            y.operand(1),
            y.operand(PROXIES));
  }

  /** The Hessian along a direction of embeddings or proxies. */
  private static Expr product(Expr y, Expr direction, boolean alongProxies, boolean ofProxies) {
    Expr none = y.operand(alongProxies ? 0 : PROXIES).zeros();
    return product(y, alongProxies ? none : direction, alongProxies ? direction : none, ofProxies);
  }

  private static Expr product(Expr y, Expr ofEmbeddings, Expr ofProxies, boolean rowsOfProxies) {
    return y.graph()
        .node(
            Operation.PROXY_PRODUCT,
            attributes(y, rowsOfProxies),
            y.operand(0),
            y.operand(1),
            y.operand(PROXIES),
            ofEmbeddings,
            ofProxies);
  }

  /** Of two products with one Hessian, that with the sum of their directions; else null. */
  static Expr sum(Expr a, Expr b) {
    boolean alike =
        a.operation() == Operation.PROXY_PRODUCT
            && b.operation() == Operation.PROXY_PRODUCT
            && a.attributes().equals(b.attributes())
            && a.operands().subList(0, DIRECTIONS).equals(b.operands().subList(0, DIRECTIONS));
    return alike
        ? product(
            a,
            direction(a.operand(DIRECTIONS), b.operand(DIRECTIONS)),
            direction(a.operand(DIRECTIONS + 1), b.operand(DIRECTIONS + 1)),
            isOfProxies(a))
        : null;
  }

  private static Expr direction(Expr a, Expr b) {
    return isNone(a) ? b : isNone(b) ? a : a.plus(b);
  }

  private static boolean isNone(Expr direction) {
    return direction.operation() == Operation.BROADCAST_LIKE
        && Simplification.isConstant(direction.operand(0), 0);
  }
}
