// The oracle's curvature matrices and per-sample derivatives, by the tape: a matrix applied to a direction is the
// gradient of a sum whose coefficients, computed from tangents along the direction, are held constant.
#ifndef VICINAL_TEST_ORACLE_CURVATURE_HPP_
#define VICINAL_TEST_ORACLE_CURVATURE_HPP_

#include "oracle/losses.hpp"

namespace oracle {

struct Both {  // one array per input: embeddings [B, d], proxies [C K, d]
  Vec embeddings, proxies;
};

// body(embeddings, proxies) with tangents along (V, U), an empty direction is zero; the gradient of what it returns.
template <class Body>
Both gradient_along(const Case& c, const Vec& V, const Vec& U, const Body& body) {
  Tape tape;
  Tape::current() = &tape;
  const Rows<Var> e = inputs(c, c.embeddings, V), p = inputs(c, c.proxies, U);
  const Var sum = body(e, p);
  const std::vector<Num> adjoint = sum.id < 0 ? std::vector<Num>(tape.nodes.size()) : tape.backward(sum.id);
  Both out;
  for (const auto& row : e)
    for (const Var& x : row) out.embeddings.push_back(adjoint[static_cast<std::size_t>(x.id)].v);
  for (const auto& row : p)
    for (const Var& x : row) out.proxies.push_back(adjoint[static_cast<std::size_t>(x.id)].v);
  Tape::current() = nullptr;
  return out;
}

inline double weight_of(const Case& c, std::size_t i) {
  return (c.weights.empty() ? 1.0 : c.weights[i]) / static_cast<double>(c.B);
}

// J' (diag pi - pi pi') J, J the Jacobian of the logits.
inline Both gauss_newton(const Case& c, const Vec& V, const Vec& U) {
  return gradient_along(c, V, U, [&](const Rows<Var>& e, const Rows<Var>& p) {
    Rows<Var> units;
    for (const auto& q : p) units.push_back(unit(q));
    Var sum(0.0);
    for (std::size_t i = 0; i < e.size(); ++i) {
      const std::vector<Var> a = logits(c, unit(e[i]), units, static_cast<std::size_t>(c.labels[i]));
      Vec plain_logits;
      for (const Var& x : a) plain_logits.push_back(x.x.v);
      const double lse = log_sum_exp(plain_logits);
      double mass = c.soft_labels.empty() ? 1.0 : 0.0, mean = 0;
      for (std::size_t k = 0; k < a.size(); ++k) {
        mean += std::exp(a[k].x.v - lse) * a[k].x.t;
        if (!c.soft_labels.empty()) mass += c.soft_labels[i * a.size() + k];
      }
      for (std::size_t k = 0; k < a.size(); ++k)
        sum = sum + Var(weight_of(c, i) * mass * std::exp(a[k].x.v - lse) * (a[k].x.t - mean)) * a[k];
    }
    return sum;
  });
}

// (1/B) sum_i w_i (dL_i)(dL_i)'.
inline Both fisher(const Case& c, const Vec& V, const Vec& U) {
  return gradient_along(c, V, U, [&](const Rows<Var>& e, const Rows<Var>& p) {
    Var sum(0.0);
    const Value<Var> v = value(c, e, p);
    for (std::size_t i = 0; i < e.size(); ++i) sum = sum + Var(weight_of(c, i) * v.per_sample[i].x.t) * v.per_sample[i];
    return sum;
  });
}

inline Both hessian(const Case& c, const Vec& V, const Vec& U) {
  const Derivatives at = differentiate(c, V, U);
  return {at.hvp_embeddings, at.hvp_proxies};
}

// Derivative of the loss, and of every L_i (none for a loss that does not decompose), along (V, U).
struct Slopes {
  double loss = 0;
  Vec per_sample;
};
inline Slopes slopes(const Case& c, const Vec& V, const Vec& U) {
  Slopes out;
  gradient_along(c, V, U, [&](const Rows<Var>& e, const Rows<Var>& p) {
    const Value<Var> v = value(c, e, p);
    out.loss = v.loss.x.t;
    for (const Var& li : v.per_sample) out.per_sample.push_back(li.x.t);
    return v.loss;
  });
  return out;
}

// Proxy-Anchor: N times the derivative by every sample's weight of the loss's derivative along (V, U). The weights are
// inputs of the tape, so theirs are the tangents of their adjoints. Sums are plain: exp(alpha) must be finite.
inline Vec column_scores(const Case& c, const Vec& V, const Vec& U) {
  Tape tape;
  Tape::current() = &tape;
  const Rows<Var> e = inputs(c, c.embeddings, V), p = inputs(c, c.proxies, U);
  std::vector<Var> w;
  for (std::size_t i = 0; i < e.size(); ++i) w.push_back(Var::input(c.weights.empty() ? 1.0 : c.weights[i], 0));
  const double sign = c.spec["euclidean"] != 0 ? -1 : 1, alpha = sign * c.spec["alpha"];
  Vec count(p.size(), 0.0);
  double present = 0;
  for (auto y : c.labels) present += count[static_cast<std::size_t>(y)]++ == 0 ? 1 : 0;
  Var loss(0.0);
  for (std::size_t k = 0; k < p.size(); ++k) {
    Var positive(1.0), negative(1.0);
    std::vector<Var> proxy = unit(p[k]);
    if (c.spec["detach-proxies"] != 0)
      for (Var& x : proxy) x = Var(x.x.v);
    for (std::size_t i = 0; i < e.size(); ++i) {
      const Var u = measure(c, unit(e[i]), proxy);
      if (c.labels[i] == static_cast<std::int64_t>(k)) {
        positive = positive + w[i] * exp(Var(-alpha) * (u - Var(c.spec["margin"])));
      } else {
        negative = negative + w[i] * exp(Var(alpha) * (u + Var(c.spec["margin"])));
      }
    }
    const double share = c.spec["repeat-labels"] != 0 ? count[k] / static_cast<double>(c.B)
                         : count[k] > 0               ? 1 / present
                                                      : 0;
    loss = loss + Var(share) * log(positive) + Var(1 / static_cast<double>(c.C)) * log(negative);
  }
  const std::vector<Num> adjoint = tape.backward(loss.id);
  Vec out;
  for (const Var& x : w) out.push_back(adjoint[static_cast<std::size_t>(x.id)].t * static_cast<double>(c.B));
  Tape::current() = nullptr;
  return out;
}

}  // namespace oracle

#endif  // VICINAL_TEST_ORACLE_CURVATURE_HPP_
