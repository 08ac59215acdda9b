// The oracle: every proxy loss spelt naively from its paper's formula, in double, on whole vectors. Templated on the
// number type: double for values, Var (a tape) for gradients and Hessian-vector products. It shares nothing with the
// product but the names of losses and parameters.
#ifndef VICINAL_TEST_ORACLE_LOSSES_HPP_
#define VICINAL_TEST_ORACLE_LOSSES_HPP_

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "oracle/tape.hpp"

namespace oracle {

using Vec = std::vector<double>;

// A loss with all its parameters; a choice is 0 or 1.
struct Loss {
  std::string name;
  std::map<std::string, double, std::less<>> parameters;

  bool is(const char* other) const { return name == other; }
  // 0: it has none of that name.
  double operator[](const char* parameter) const {
    const auto found = parameters.find(parameter);
    return found == parameters.end() ? 0 : found->second;
  }
  std::int64_t centers() const { return is("soft-triple") ? static_cast<std::int64_t>((*this)["centers"]) : 1; }
  bool by_columns() const { return is("proxy-anchor") && (*this)["mode"] == 0; }
};

struct Case {
  Loss spec;
  std::int64_t B, d, C;
  Vec embeddings, proxies;
  std::vector<std::int64_t> labels;
  Vec weights;                                        // empty: ones
  Vec soft_labels;                                    // empty: one-hot
  double sine_floor = 1e-12, distance_floor = 1e-12;  // the product's floors for its element type
};

template <class S>
using Rows = std::vector<std::vector<S>>;

template <class S>
std::vector<S> unit(const std::vector<S>& x) {
  bool zero = true;
  for (const S& v : x) zero = zero && plain(v) == 0;
  if (zero) return std::vector<S>(x.size(), S(0.0));
  using std::sqrt;
  S sum(0.0);
  for (const S& v : x) sum = sum + v * v;
  const S norm = sqrt(sum);
  std::vector<S> out;
  for (const S& v : x) out.push_back(v / norm);
  return out;
}

template <class S>
S dot(const std::vector<S>& a, const std::vector<S>& b) {
  S sum(0.0);
  for (std::size_t i = 0; i < a.size(); ++i) sum = sum + a[i] * b[i];
  return sum;
}

template <class S>
S squared_distance(const std::vector<S>& a, const std::vector<S>& b) {
  S sum(0.0);
  for (std::size_t i = 0; i < a.size(); ++i) sum = sum + (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

// log sum exp with the maximum taken out, over the given logits.
template <class S>
S log_sum_exp(const std::vector<S>& a) {
  using std::exp;
  using std::log;
  double top = plain(a[0]);
  for (const S& v : a) top = plain(v) > top ? plain(v) : top;
  S sum(0.0);
  for (const S& v : a) sum = sum + exp(v - S(top));
  return log(sum) + S(top);
}

// log(1 + sum w exp(x)).
template <class S>
S log_one_plus(const std::vector<S>& x, const Vec& w) {
  std::vector<S> terms{S(0.0)};
  for (std::size_t i = 0; i < x.size(); ++i)
    if (w[i] > 0) terms.push_back(x[i] + S(std::log(w[i])));
  return log_sum_exp(terms);
}

template <class S>
struct Value {
  S loss{0.0};
  std::vector<S> per_sample;  // empty for Proxy-Anchor's column form
  std::int64_t empty = 0;
};

template <class S>
S measure(const Case& c, const std::vector<S>& z, const std::vector<S>& p) {
  using std::sqrt;
  if (c.spec["euclidean"] == 0) return dot(z, p);
  const S square = squared_distance(z, p);
  if (!(plain(square) > c.distance_floor)) return S(std::sqrt(c.distance_floor));
  return sqrt(square);
}

template <class S>
Value<S> proxy_anchor(const Case& c, const Rows<S>& z, const Rows<S>& p) {
  const double sign = c.spec["euclidean"] != 0 ? -1 : 1;
  const double alpha = sign * c.spec["alpha"], m = c.spec["margin"];
  Rows<S> u;
  for (const auto& zi : z) {
    std::vector<S> row;
    for (const auto& pc : p) row.push_back(measure(c, zi, pc));
    u.push_back(row);
  }
  std::vector<double> count(static_cast<std::size_t>(c.C), 0.0);
  for (auto y : c.labels) count[static_cast<std::size_t>(y)] += 1;
  Value<S> out;
  if (!c.spec.by_columns()) {
    for (std::size_t i = 0; i < z.size(); ++i) {
      const std::size_t y = static_cast<std::size_t>(c.labels[i]);
      std::vector<S> negative;
      for (std::size_t k = 0; k < p.size(); ++k)
        if (k != y) negative.push_back(S(alpha) * (u[i][k] + S(m)));
      const S positive = S(-alpha) * (u[i][y] - S(m));
      const S li = log_one_plus<S>({positive}, {count[y]}) + log_one_plus<S>(negative, Vec(negative.size(), 1.0));
      out.per_sample.push_back(li);
    }
    return out;
  }
  double present = 0;
  for (double n : count) present += n > 0 ? 1 : 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    std::vector<S> positive, negative;
    Vec wp, wn;
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double w = c.weights.empty() ? 1.0 : c.weights[i];
      if (static_cast<std::size_t>(c.labels[i]) == k) {
        positive.push_back(S(-alpha) * (u[i][k] - S(m)));
        wp.push_back(w);
      } else {
        negative.push_back(S(alpha) * (u[i][k] + S(m)));
        wn.push_back(w);
      }
    }
    const bool repeat = c.spec["repeat-labels"] != 0;
    const double share = repeat ? count[k] / static_cast<double>(c.B) : (count[k] > 0 ? 1 / present : 0.0);
    out.loss = out.loss + S(share) * log_one_plus(positive, wp);
    out.loss = out.loss + S(1.0 / static_cast<double>(c.C)) * log_one_plus(negative, wn);
  }
  return out;
}

// The logits of one sample.
template <class S>
std::vector<S> logits(const Case& c, const std::vector<S>& z, const Rows<S>& p, std::size_t y) {
  using std::acos;
  using std::cos;
  using std::exp;
  const Loss& s = c.spec;
  const std::size_t C = static_cast<std::size_t>(c.C), K = static_cast<std::size_t>(s.centers());
  const double scale = s["scale"], margin = s["margin"];
  std::vector<S> a;
  for (std::size_t k = 0; k < C; ++k) {
    if (s.is("proxy-nca")) {
      a.push_back(S(-scale) * squared_distance(z, p[k]));
    } else if (s.is("proxy-nca-pp")) {
      std::vector<S> zs, ps;
      for (const S& v : z) zs.push_back(S(scale) * v);
      for (const S& v : p[k]) ps.push_back(S(scale) * v);
      a.push_back(-squared_distance(zs, ps));
    } else if (s.is("normalized-softmax")) {
      a.push_back(dot(z, p[k]) / S(s["temperature"]));
    } else if (s.is("cosface")) {
      a.push_back(S(scale) * (dot(z, p[k]) - S(k == y ? margin : 0.0)));
    } else if (s.is("arcface")) {
      const S cosine = dot(z, p[k]);
      const double v = plain(cosine), m = s["margin-degrees"] * 3.14159265358979323846 / 180;
      if (k != y) {
        a.push_back(S(scale) * cosine);
      } else if (v < -std::cos(m)) {
        a.push_back(S(scale) * (cosine - S(m * std::sin(m))));
      } else if (1 - v * v < c.sine_floor) {  // the value of the floored formula, the derivatives of the cosine
        const double floored = v * std::cos(m) - std::sqrt(c.sine_floor) * std::sin(m);
        a.push_back(S(scale) * (cosine + S(floored - v)));
      } else {
        a.push_back(S(scale) * cos(acos(cosine) + S(m)));
      }
    } else {  // SoftTriple
      std::vector<S> x;
      for (std::size_t j = 0; j < K; ++j) x.push_back(dot(z, p[k * K + j]));
      std::vector<S> scaled;
      for (const S& v : x) scaled.push_back(v / S(s["gamma"]));
      const S lse = log_sum_exp(scaled);
      S similarity(0.0);
      for (std::size_t j = 0; j < K; ++j) similarity = similarity + exp(scaled[j] - lse) * x[j];
      a.push_back(S(s["la"]) * (similarity - S(k == y ? margin : 0.0)));
    }
  }
  return a;
}

template <class S>
Value<S> value(const Case& c, const Rows<S>& embeddings, const Rows<S>& proxies) {
  using std::sqrt;
  Rows<S> z, p;
  for (const auto& e : embeddings) z.push_back(unit(e));
  for (const auto& q : proxies) p.push_back(unit(q));
  if (c.spec["detach-proxies"] != 0)
    for (auto& q : p)
      for (S& v : q) v = S(plain(v));
  Value<S> out;
  if (c.spec.is("proxy-anchor")) {
    out = proxy_anchor(c, z, p);
    if (c.spec.by_columns()) return out;
  } else {
    const bool exclude = c.spec["exclude-positive"] != 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      const std::size_t y = static_cast<std::size_t>(c.labels[i]);
      const std::vector<S> a = logits(c, z[i], p, y);
      S li(0.0);
      if (!c.soft_labels.empty()) {
        const S lse = log_sum_exp(a);
        for (std::size_t k = 0; k < a.size(); ++k) li = li + S(c.soft_labels[i * a.size() + k]) * (lse - a[k]);
      } else if (exclude) {
        std::vector<S> others;
        for (std::size_t k = 0; k < a.size(); ++k)
          if (k != y) others.push_back(a[k]);
        if (others.empty()) {
          ++out.empty;
        } else {
          li = log_sum_exp(others) - a[y];
        }
      } else {
        li = log_sum_exp(a) - a[y];
      }
      out.per_sample.push_back(li);
    }
  }
  S sum(0.0);
  for (std::size_t i = 0; i < out.per_sample.size(); ++i)
    sum = sum + S(c.weights.empty() ? 1.0 : c.weights[i]) * out.per_sample[i];
  out.loss = sum / S(static_cast<double>(c.B));
  const std::size_t K = static_cast<std::size_t>(c.spec.centers());
  if (K > 1 && c.spec["tau"] > 0) {
    S reg(0.0);
    for (std::size_t k = 0; k < static_cast<std::size_t>(c.C); ++k)
      for (std::size_t j = 0; j < K; ++j)
        for (std::size_t l = j + 1; l < K; ++l)
          reg = reg + sqrt(S(2 + 1e-5) - S(2.0) * dot(p[k * K + j], p[k * K + l]));
    out.loss = out.loss + S(c.spec["tau"] / static_cast<double>(c.C * c.spec.centers() * (c.spec.centers() - 1))) * reg;
  }
  return out;
}

inline Rows<double> rows_of(const Vec& x, std::int64_t d) {
  Rows<double> out;
  for (std::size_t i = 0; i < x.size(); i += static_cast<std::size_t>(d))
    out.emplace_back(x.begin() + static_cast<std::ptrdiff_t>(i), x.begin() + static_cast<std::ptrdiff_t>(i) + d);
  return out;
}

inline Value<double> value(const Case& c) {
  return value<double>(c, rows_of(c.embeddings, c.d), rows_of(c.proxies, c.d));
}

struct Derivatives {
  double loss;
  Vec grad_embeddings, grad_proxies, hvp_embeddings, hvp_proxies;
};

// Rows of x [rows, d] as inputs of the current tape, with tangents along a direction; an empty one is zero.
inline Rows<Var> inputs(const Case& c, const Vec& x, const Vec& direction) {
  Rows<Var> rows;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i % static_cast<std::size_t>(c.d) == 0) rows.emplace_back();
    rows.back().push_back(Var::input(x[i], direction.empty() ? 0.0 : direction[i]));
  }
  return rows;
}

// Gradient, and Hessian applied to (V, U); an empty direction is zero.
inline Derivatives differentiate(const Case& c, const Vec& V, const Vec& U) {
  Tape tape;
  Tape::current() = &tape;
  const Rows<Var> e = inputs(c, c.embeddings, V), p = inputs(c, c.proxies, U);
  const Value<Var> v = value<Var>(c, e, p);
  Derivatives out;
  out.loss = plain(v.loss);
  const std::vector<Num> adjoint = v.loss.id < 0 ? std::vector<Num>(tape.nodes.size()) : tape.backward(v.loss.id);
  const auto read = [&](const Rows<Var>& rows, Vec& gradient, Vec& hvp) {
    for (const auto& row : rows)
      for (const Var& x : row) {
        gradient.push_back(adjoint[static_cast<std::size_t>(x.id)].v);
        hvp.push_back(adjoint[static_cast<std::size_t>(x.id)].t);
      }
  };
  read(e, out.grad_embeddings, out.hvp_embeddings);
  read(p, out.grad_proxies, out.hvp_proxies);
  Tape::current() = nullptr;
  return out;
}

}  // namespace oracle

#endif  // VICINAL_TEST_ORACLE_LOSSES_HPP_
