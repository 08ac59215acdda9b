// Heads under test: embeddings = features weight' + bias, the chain rule written out naively, and their curvature.
#ifndef VICINAL_TEST_HEADS_HPP_
#define VICINAL_TEST_HEADS_HPP_

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

inline CurvaturePtr make_curvature(vicinal_engine* e, const Head& h) {
  vicinal_curvature* c = nullptr;
  const vicinal_status status = call::curvature_create<double>(
      e, &h.at.spec, h.at.B, h.D, h.at.d, h.at.C, h.features.data(), h.at.labels.data(), or_null(h.at.weights),
      or_null(h.at.soft_labels), h.weight.data(), or_null(h.bias), h.at.proxies.data(), &c);
  REQUIRE_MESSAGE(status == VICINAL_OK, vicinal_last_error());
  return CurvaturePtr(c);
}

}  // namespace test

#endif  // VICINAL_TEST_HEADS_HPP_
