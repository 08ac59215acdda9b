// Heads under test: embeddings = features weight' + bias, the chain rule written out naively, and their curvature.
#ifndef VICINAL_TEST_HEADS_HPP_
#define VICINAL_TEST_HEADS_HPP_

#include <algorithm>

#include "oracle/curvature.hpp"
#include "support.hpp"

namespace test {

struct Head {
  Case at;  // embeddings = features weight' + bias
  std::int64_t D;
  Vec features, weight, bias;  // bias empty: none
};

// rows x' + bias, naive.
inline Vec affine(const Vec& x, std::int64_t N, std::int64_t D, const Vec& w, const Vec& b, std::int64_t d) {
  Vec out(static_cast<std::size_t>(N * d), 0.0);
  for (std::int64_t i = 0; i < N; ++i)
    for (std::int64_t j = 0; j < d; ++j) {
      double sum = b.empty() ? 0.0 : b[static_cast<std::size_t>(j)];
      if (!w.empty())
        for (std::int64_t k = 0; k < D; ++k)
          sum += x[static_cast<std::size_t>(i * D + k)] * w[static_cast<std::size_t>(j * D + k)];
      out[static_cast<std::size_t>(i * d + j)] = sum;
    }
  return out;
}

// g' x, and the column sums of g.
inline Vec outer(const Vec& g, const Vec& x, std::int64_t N, std::int64_t D, std::int64_t d) {
  Vec out(static_cast<std::size_t>(d * D), 0.0);
  for (std::int64_t i = 0; i < N; ++i)
    for (std::int64_t j = 0; j < d; ++j)
      for (std::int64_t k = 0; k < D; ++k)
        out[static_cast<std::size_t>(j * D + k)] +=
            g[static_cast<std::size_t>(i * d + j)] * x[static_cast<std::size_t>(i * D + k)];
  return out;
}
inline Vec column_sums(const Vec& g, std::int64_t N, std::int64_t d) {
  Vec out(static_cast<std::size_t>(d), 0.0);
  for (std::int64_t i = 0; i < N; ++i)
    for (std::int64_t j = 0; j < d; ++j) out[static_cast<std::size_t>(j)] += g[static_cast<std::size_t>(i * d + j)];
  return out;
}

// The oracle's product with a curvature matrix.
inline oracle::Both oracle_product(const Case& c, int kind, const Vec& V, const Vec& U) {
  return kind == VICINAL_HESSIAN        ? oracle::hessian(c, V, U)
         : kind == VICINAL_GAUSS_NEWTON ? oracle::gauss_newton(c, V, U)
                                        : oracle::fisher(c, V, U);
}
// [N, d, d]: (w_i / N) times the block of sample i, of a sum over samples: one direction serves all.
inline Vec sample_blocks(const Case& c, int kind) {
  const auto N = static_cast<std::size_t>(c.B), d = static_cast<std::size_t>(c.d);
  Vec out(N * d * d);
  for (std::size_t b = 0; b < d; ++b) {
    Vec V(N * d, 0.0);
    for (std::size_t i = 0; i < N; ++i) V[i * d + b] = 1;
    const Vec column = oracle_product(c, kind, V, {}).embeddings;
    for (std::size_t i = 0; i < N; ++i)
      for (std::size_t a = 0; a < d; ++a) out[(i * d + a) * d + b] = column[i * d + a];
  }
  return out;
}

inline Head make_head(const Loss& spec, std::int64_t N, std::int64_t D, std::int64_t d, std::int64_t C, bool bias,
                      std::uint64_t seed) {
  Head h;
  h.D = D;
  h.at = make_case<double>(spec, N, d, C, seed);
  Random random(seed + 1);
  h.features = random.vector(N * D);
  h.weight = random.vector(d * D);
  if (bias) h.bias = random.vector(d);
  h.at.embeddings = affine(h.features, N, D, h.weight, h.bias, d);
  return h;
}

// Of samples with weights, one in seven of them 0, and in a third of the seeds with soft labels.
inline Head weighted_head(const Registered& r, std::int64_t N, std::int64_t D, std::int64_t d, std::int64_t C,
                          std::uint64_t seed) {
  Head h = make_head(r.spec, N, D, d, C, seed % 2 == 0, seed);
  for (std::int64_t i = 0; i < N; ++i)
    h.at.weights.push_back(i % 7 == 3 ? 0.0 : 0.25 + 0.1 * static_cast<double>(i % 9));
  Random random(seed + 7);
  if (r.soft && seed % 3 == 0)
    for (std::int64_t i = 0; i < N * C; ++i) h.at.soft_labels.push_back(std::fabs(random.uniform()));
  return h;
}

// A row of zeros among the features, a proxy of zeros.
inline void clear_row(Head& h, std::int64_t i) {
  std::fill_n(h.features.begin() + i * h.D, h.D, 0.0);
  h.at.embeddings = affine(h.features, h.at.B, h.D, h.weight, h.bias, h.at.d);
}
inline void clear_proxy(Head& h, std::int64_t row) {
  std::fill_n(h.at.proxies.begin() + row * h.at.d, h.at.d, 0.0);
}

inline CurvaturePtr make_curvature(vicinal_engine* e, const Head& h) {
  vicinal_curvature* c = nullptr;
  ok(call::curvature_create<double>(e, &h.at.spec, h.at.B, h.D, h.at.d, h.at.C, h.features.data(), h.at.labels.data(),
                                    or_null(h.at.weights), or_null(h.at.soft_labels), h.weight.data(), or_null(h.bias),
                                    h.at.proxies.data(), &c));
  return CurvaturePtr(c);
}

// The same in float32, with the arrays that it borrows; without soft labels.
struct SingleCurvature {
  std::vector<float> features, weights;
  CurvaturePtr curvature;
  SingleCurvature(vicinal_engine* e, const Head& h)
      : features(cast<float>(h.features)), weights(cast<float>(h.at.weights)) {
    const auto w = cast<float>(h.weight), b = cast<float>(h.bias), p = cast<float>(h.at.proxies);
    vicinal_curvature* c = nullptr;
    ok(call::curvature_create<float>(e, &h.at.spec, h.at.B, h.D, h.at.d, h.at.C, features.data(), h.at.labels.data(),
                                     or_null(weights), nullptr, w.data(), or_null(b), p.data(), &c));
    curvature.reset(c);
  }
  const vicinal_curvature* get() const { return curvature.get(); }
};

}  // namespace test

#endif  // VICINAL_TEST_HEADS_HPP_
