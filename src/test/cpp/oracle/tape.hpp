// A tape for the oracle: reverse-mode differentiation over dual numbers, in double. One forward pass records every
// elementary operation; one backward pass gives the gradient, and because every number carries a tangent along one
// direction, also the Hessian-vector product. Naive on purpose: it knows nothing of losses, matrices or normalisation.
#ifndef VICINAL_TEST_ORACLE_TAPE_HPP_
#define VICINAL_TEST_ORACLE_TAPE_HPP_

#include <cmath>
#include <cstdint>
#include <vector>

namespace oracle {

struct Num {  // value and tangent
  double v = 0, t = 0;
};
inline Num operator+(Num a, Num b) {
  return {a.v + b.v, a.t + b.t};
}
inline Num operator*(Num a, Num b) {
  return {a.v * b.v, a.t * b.v + a.v * b.t};
}

struct Node {
  std::int64_t parent[2];
  Num partial[2];
};

class Tape {
 public:
  std::vector<Node> nodes;
  static Tape*& current() {
    static thread_local Tape* tape = nullptr;
    return tape;
  }
  std::int64_t push(std::int64_t a, Num pa, std::int64_t b, Num pb) {
    nodes.push_back({{a, b}, {pa, pb}});
    return static_cast<std::int64_t>(nodes.size()) - 1;
  }
  // Adjoints (and their tangents) of every node for the output node.
  std::vector<Num> backward(std::int64_t output) const {
    std::vector<Num> adjoint(nodes.size());
    adjoint[static_cast<std::size_t>(output)] = {1, 0};
    for (std::int64_t i = output; i >= 0; --i) {
      const Node& n = nodes[static_cast<std::size_t>(i)];
      for (int k = 0; k < 2; ++k) {
        if (n.parent[k] < 0) continue;
        Num& up = adjoint[static_cast<std::size_t>(n.parent[k])];
        up = up + adjoint[static_cast<std::size_t>(i)] * n.partial[k];
      }
    }
    return adjoint;
  }
};

struct Var {
  Num x;
  std::int64_t id = -1;  // -1: a constant
  Var() = default;
  Var(double c) : x{c, 0} {}  // NOLINT: constants convert
  Var(Num n, std::int64_t node) : x(n), id(node) {}
  static Var input(double value, double direction) {
    return {Num{value, direction}, Tape::current()->push(-1, {}, -1, {})};
  }
};

inline Var record(Num x, const Var& a, Num pa) {
  if (a.id < 0) return {x, -1};
  return {x, Tape::current()->push(a.id, pa, -1, {})};
}
inline Var record(Num x, const Var& a, Num pa, const Var& b, Num pb) {
  if (a.id < 0 && b.id < 0) return {x, -1};
  return {x, Tape::current()->push(a.id, pa, b.id, pb)};
}
inline Var operator+(const Var& a, const Var& b) {
  return record(a.x + b.x, a, {1, 0}, b, {1, 0});
}
inline Var operator-(const Var& a, const Var& b) {
  return record({a.x.v - b.x.v, a.x.t - b.x.t}, a, {1, 0}, b, {-1, 0});
}
inline Var operator*(const Var& a, const Var& b) {
  return record(a.x * b.x, a, b.x, b, a.x);
}
// f(a) with first and second derivative at a.
inline Var unary(const Var& a, double f, double d1, double d2) {
  return record({f, d1 * a.x.t}, a, {d1, d2 * a.x.t});
}
inline Var reciprocal(const Var& a) {
  const double r = 1 / a.x.v;
  return unary(a, r, -r * r, 2 * r * r * r);
}
inline Var operator/(const Var& a, const Var& b) {
  return a * reciprocal(b);
}
inline Var operator-(const Var& a) {
  return Var(0.0) - a;
}
inline Var exp(const Var& a) {
  const double e = std::exp(a.x.v);
  return unary(a, e, e, e);
}
inline Var log(const Var& a) {
  return unary(a, std::log(a.x.v), 1 / a.x.v, -1 / (a.x.v * a.x.v));
}
inline Var sqrt(const Var& a) {
  const double r = std::sqrt(a.x.v);
  return unary(a, r, 0.5 / r, -0.25 / (r * a.x.v));
}
inline Var cos(const Var& a) {
  return unary(a, std::cos(a.x.v), -std::sin(a.x.v), -std::cos(a.x.v));
}
inline Var acos(const Var& a) {
  const double q = 1 - a.x.v * a.x.v;
  return unary(a, std::acos(a.x.v), -1 / std::sqrt(q), -a.x.v / (q * std::sqrt(q)));
}
inline double plain(const Var& a) {
  return a.x.v;
}
inline double plain(double a) {
  return a;
}

}  // namespace oracle

#endif  // VICINAL_TEST_ORACLE_TAPE_HPP_
