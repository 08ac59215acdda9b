package io.vicinal.program;

/**
 * The derivatives of op(a) op(b). A gram matrix, where both operands are one array and one of them
 * is transposed, takes one product in each direction.
 */
final class Products {
  private Products() {}

  static Expr pushLeft(Expr y, Expr t) {
    Expr product = y.withOperand(0, t);
    return isGram(y) ? product.plus(product.transposed()) : product;
  }

  static Expr pushRight(Expr y, Expr t) {
    return isGram(y) ? null : y.withOperand(1, t);
  }

  static Expr pullLeft(Expr y, Expr g) {
    Expr sum = isGram(y) ? g.plus(g.transposed()) : g;
    return product(sum, turned(y, 1, "tb").transposed(), y.attributes().flag("ta"));
  }

  static Expr pullRight(Expr y, Expr g) {
    return isGram(y)
        ? null
        : product(turned(y, 0, "ta").transposed(), g, y.attributes().flag("tb"));
  }

  static boolean isGram(Expr y) {
    return y.operand(0) == y.operand(1) && y.attributes().flag("ta") != y.attributes().flag("tb");
  }

  private static Expr turned(Expr y, int operand, String flag) {
    Expr x = y.operand(operand);
    return y.attributes().flag(flag) ? x.transposed() : x;
  }

  private static Expr product(Expr a, Expr b, boolean transposed) {
    return transposed ? b.transposed().matmul(a.transposed()) : a.matmul(b);
  }
}
