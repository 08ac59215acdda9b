// Operations on the rows of a cosine softmax over the engine's threads.
// Determinism  every row is independent; sums over rows in their order, in double.
#include "device/cpu/softmax.hpp"

namespace vicinal::cpu {
namespace {

// body(row) for every row, with about `flops` operations per element.
template <class Body>
void each_row(const Engine& e, std::int64_t rows, std::int64_t width, double flops, Body&& body) {
  parallel_ranges(e, rows, flops * static_cast<double>(rows) * static_cast<double>(width), [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i) body(i);
  });
}

}  // namespace

template <class Real>
void softmax_probabilities(const Engine& e, const SoftmaxTile<Real>& tile, Real from) {
  const std::int64_t C = tile.classes, ld = tile.ld;
  each_row(e, tile.rows, C, 8, [&](std::int64_t i) {
    const std::int64_t y = tile.label(i);
    const Real* t = tile.soft_labels == nullptr ? nullptr : tile.soft_labels + i * C;
    const Real* s = tile.cosines + i * ld;
    Real* pi = tile.others + i * ld;
    Real* q = tile.tilted + i * ld;
    double total = t == nullptr ? 1.0 : 0.0;
    for (std::int64_t c = 0; t != nullptr && c < C; ++c) total += static_cast<double>(t[c]);
    const Real scale = total > 0 ? static_cast<Real>(1 / total) : Real(0);
    const auto cosine = [&](std::int64_t c) {  // a zero proxy's logit may stand for another cosine than its own
      return tile.inverse_proxies[c] == Real(0) ? Real(0) : s[c];
    };
    const Real own = cosine(y);
    double sum = 0, tilt = 0;
    for (std::int64_t c = 0; c < C; ++c) {
      const Real share = (from * pi[c] + (t == nullptr ? Real(0) : t[c])) * scale;
      pi[c] = c == y ? Real(0) : share;
      q[c] = pi[c] * (cosine(c) - own);
      sum += static_cast<double>(pi[c]);
      tilt += static_cast<double>(q[c]);
    }
    const double inverse = static_cast<double>(tile.inverse[i]);
    tile.rest[i] = static_cast<Real>(sum);
    tile.tilt[i] = static_cast<Real>(tilt);
    tile.mass[i] = static_cast<Real>(total);
    tile.omega[i] = static_cast<Real>(static_cast<double>(tile.weight(i)) * total * inverse * inverse / tile.n);
  });
}

template <class Real>
void softmax_differences(const Engine& e, const SoftmaxTile<Real>& tile, Real square) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t d = tile.d;
  each_row(e, tile.rows, d, 8, [&](std::int64_t i) {
    const Real* label = tile.label_proxy(i);
    Real* m = tile.delta + i * d;
    Real* c = tile.curved + i * d;
    const Real epsilon = tile.rest[i], kappa = tile.tilt[i];
    for (std::int64_t a = 0; a < d; ++a) {
      m[a] -= epsilon * label[a];
      c[a] = square * (c[a] - kappa * (label[a] + m[a]));
    }
    tile.twice[i] = static_cast<Real>(k.dot(d, tile.unit + i * d, c));
  });
}

template <class Real>
void mirror(const Engine& e, std::int64_t n, Real scale, Real* a) {
  each_row(e, n, n, 2, [&](std::int64_t i) {
    for (std::int64_t j = i; j < n; ++j) a[i * n + j] *= scale;
  });
  each_row(e, n, n, 2, [&](std::int64_t i) {
    for (std::int64_t j = 0; j < i; ++j) a[i * n + j] = a[j * n + i];
  });
}

template <class Real>
void fold(const Engine& e, std::int64_t n, Real* a) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = i; j < n; ++j) a[i * n + j] += a[j * n + i];  // the diagonal doubles
  mirror(e, n, Real(1), a);
}

template <class Real>
void factor_sides(const Engine& e, const SoftmaxTile<Real>& tile, Real square, Real* side) {
  const std::int64_t d = tile.d;
  each_row(e, tile.rows, d, 8, [&](std::int64_t i) {
    const Real* z = tile.unit + i * d;
    const Real* label = tile.label_proxy(i);
    const Real* delta = tile.delta + i * d;
    Real* c = tile.curved + i * d;
    const Real omega = tile.omega[i], half = tile.twice[i] / 2;
    for (std::int64_t a = 0; a < d; ++a) {
      c[a] = omega * (half * z[a] - c[a]);
      side[i * d + a] = square * omega * (label[a] + delta[a] / 2);
    }
  });
}

template <class Real>
void add_spread(const Engine&, const SoftmaxTile<Real>& tile, double* spread) {
  for (std::int64_t i = 0; i < tile.rows; ++i) {
    const double omega = static_cast<double>(tile.omega[i]);
    const Real* pi = tile.others + i * tile.ld;
    for (std::int64_t c = 0; c < tile.classes; ++c) spread[c] += omega * static_cast<double>(pi[c]);
    spread[tile.label(i)] -= omega * static_cast<double>(tile.rest[i]);
  }
}

template <class Real>
void square(const Engine& e, std::int64_t n, const Real* x, Real* out) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  parallel_ranges(e, n, 8.0 * static_cast<double>(n),
                  [&](Range r) { k.multiply(r.size(), x + r.begin, x + r.begin, out + r.begin); });
}

template <class Real>
void softmax_diagonal(const Engine& e, const SoftmaxTile<Real>& tile, Real square, Real* rows_of_h) {
  const std::int64_t d = tile.d;
  each_row(e, tile.rows, d, 12, [&](std::int64_t i) {
    const Real* z = tile.unit + i * d;
    const Real* label = tile.label_proxy(i);
    const Real* delta = tile.delta + i * d;
    const Real* c = tile.curved + i * d;
    Real* h = rows_of_h + i * d;
    const Real omega = tile.omega[i], epsilon = tile.rest[i], b = tile.twice[i];
    for (std::int64_t a = 0; a < d; ++a) {
      const Real v = h[a] - label[a] * (epsilon * label[a] + 2 * delta[a]) - delta[a] * delta[a];
      h[a] = omega * (square * v - 2 * z[a] * c[a] + z[a] * z[a] * b);
    }
  });
}

template <class Real>
void normalisation_diagonal(const Engine& e, const PointRows<Real>& r, Real* rows_of_h) {
  const std::int64_t d = r.d;
  each_row(e, r.count, d, 12, [&](std::int64_t i) {
    const Real* z = r.unit + i * d;
    const Real* g = r.gradient + i * d;
    Real* h = rows_of_h + i * d;
    const Real inverse = r.inverse[i], w = r.weight(i) * inverse, tangential = r.beta[i] * inverse;
    for (std::int64_t a = 0; a < d; ++a) h[a] -= w * (2 * g[a] * z[a] + tangential * (1 - z[a] * z[a]));
  });
}

template <class Real>
void fisher_diagonal(const Engine& e, const PointRows<Real>& r, Real* rows_of_h) {
  const std::int64_t d = r.d;
  each_row(e, r.count, d, 12, [&](std::int64_t i) {
    const Real* g = r.gradient + i * d;
    Real* h = rows_of_h + i * d;
    const Real w = r.weight(i) * static_cast<Real>(r.n);
    for (std::int64_t a = 0; a < d; ++a) h[a] = w * g[a] * g[a];
  });
}

template <class Real>
void spread_proxies(const Engine& e, const SoftmaxTile<Real>& tile, Real* spread, Real* tilted, double* along) {
  const std::int64_t C = tile.classes, ld = tile.ld;
  each_row(e, tile.rows, C, 12, [&](std::int64_t i) {
    const std::int64_t y = tile.label(i);
    const Real* pi = tile.others + i * ld;
    const Real* s = tile.cosines + i * ld;
    const Real w = tile.weight(i) * tile.mass[i];
    for (std::int64_t c = 0; c < C; ++c) {
      const Real f = w * (c == y ? tile.rest[i] * (1 - tile.rest[i]) : pi[c] * (1 - pi[c]));
      spread[i * ld + c] = f;
      tilted[i * ld + c] = f * s[c];
    }
  });
  for (std::int64_t i = 0; i < tile.rows; ++i)
    for (std::int64_t c = 0; c < C; ++c)
      along[c] += static_cast<double>(tilted[i * ld + c]) * static_cast<double>(tile.cosines[i * ld + c]);
}

template <class Real>
void proxy_diagonal(const Engine&, std::int64_t classes, std::int64_t d, double factor, const Real* unit,
                    const Real* inverse_proxies, const Real* cross, const double* along, Real* proxies) {
  for (std::int64_t c = 0; c < classes; ++c) {
    const double inverse = static_cast<double>(inverse_proxies[c]);
    const Real scale = static_cast<Real>(factor * inverse * inverse), on_unit = static_cast<Real>(along[c]);
    for (std::int64_t at = c * d; at < (c + 1) * d; ++at) {
      const Real sum = proxies[at] - unit[at] * (2 * cross[at] - on_unit * unit[at]);
      proxies[at] = scale * std::max(sum, Real(0));  // a sum of squares
    }
  }
}

template <class Real>
void quadratic_forms(const Engine& e, std::int64_t rows, std::int64_t d, double n, const Real* gradient,
                     const Real* forms, double* out) {
  each_row(e, rows, d, 4, [&](std::int64_t i) {
    double sum = 0;
    for (std::int64_t at = i * d; at < (i + 1) * d; ++at) {
      const double g = n * static_cast<double>(gradient[at]);
      sum += g * g * static_cast<double>(forms[at]);
    }
    out[i] = sum;
  });
}

#define VICINAL_INSTANTIATE(Real)                                                                           \
  template void softmax_probabilities(const Engine&, const SoftmaxTile<Real>&, Real);                       \
  template void softmax_differences(const Engine&, const SoftmaxTile<Real>&, Real);                         \
  template void mirror(const Engine&, std::int64_t, Real, Real*);                                           \
  template void fold(const Engine&, std::int64_t, Real*);                                                   \
  template void factor_sides(const Engine&, const SoftmaxTile<Real>&, Real, Real*);                         \
  template void add_spread(const Engine&, const SoftmaxTile<Real>&, double*);                               \
  template void square(const Engine&, std::int64_t, const Real*, Real*);                                    \
  template void softmax_diagonal(const Engine&, const SoftmaxTile<Real>&, Real, Real*);                     \
  template void normalisation_diagonal(const Engine&, const PointRows<Real>&, Real*);                       \
  template void fisher_diagonal(const Engine&, const PointRows<Real>&, Real*);                              \
  template void spread_proxies(const Engine&, const SoftmaxTile<Real>&, Real*, Real*, double*);             \
  template void proxy_diagonal(const Engine&, std::int64_t, std::int64_t, double, const Real*, const Real*, \
                               const Real*, const double*, Real*);                                          \
  template void quadratic_forms(const Engine&, std::int64_t, std::int64_t, double, const Real*, const Real*, double*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
