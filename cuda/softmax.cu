// Operations on the rows of a cosine softmax.
// Threads      probabilities and differences: one block per row; else one thread per element, or a warp per row for
//              quadratic forms; sums over rows one thread per class and chunk of rows.
// Determinism  rows are independent, their sums in double, in the order of threads, lanes and warps; sums over rows in
//              row order, in double.
#include "softmax.cuh"

#include "column_sums.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

// others holds the loss's gradient (tau / N) (mass pi_c - t_c), with 1 - pi_y free of cancellation.
template <class Real>
__global__ void probability_kernel(SoftmaxTile<Real> tile, Real from) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t i = blockIdx.x, C = tile.classes, y = tile.label(i);
  const Real* t = tile.soft_labels == nullptr ? nullptr : tile.soft_labels + i * C;
  const Real* s = tile.cosines + i * tile.ld;
  Real* pi = tile.others + i * tile.ld;
  Real* q = tile.tilted + i * tile.ld;
  double total = 1;
  if (t != nullptr) {
    total = 0;
    for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) total += static_cast<double>(t[c]);
    total = block_sum(total, slots);
  }
  const Real scale = total > 0 ? static_cast<Real>(1 / total) : Real(0);
  const auto cosine = [&](std::int64_t c) {  // a zero proxy's logit may stand for another cosine than its own
    return tile.inverse_proxies[c] == Real(0) ? Real(0) : s[c];
  };
  const Real own = cosine(y);
  double sum = 0, tilt = 0;
  for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) {
    const Real share = (from * pi[c] + (t == nullptr ? Real(0) : t[c])) * scale;
    const Real other = c == y ? Real(0) : share, tilted = other * (cosine(c) - own);
    pi[c] = other;
    q[c] = tilted;
    sum += static_cast<double>(other);
    tilt += static_cast<double>(tilted);
  }
  sum = block_sum(sum, slots);
  tilt = block_sum(tilt, slots);
  if (threadIdx.x != 0) return;
  const double inverse = static_cast<double>(tile.inverse[i]);
  tile.rest[i] = static_cast<Real>(sum);
  tile.tilt[i] = static_cast<Real>(tilt);
  tile.mass[i] = static_cast<Real>(total);
  tile.omega[i] = static_cast<Real>(static_cast<double>(tile.weight(i)) * total * inverse * inverse / tile.n);
}

// delta and curved hold the sums over the classes other than the label.
template <class Real>
__global__ void project_kernel(SoftmaxTile<Real> tile, Real square) {
  __shared__ BlockSlots<double> slots;
  const std::int64_t i = blockIdx.x, d = tile.d;
  const Real* label = tile.label_proxy(i);
  const Real* z = tile.unit + i * d;
  Real* m = tile.delta + i * d;
  Real* c = tile.curved + i * d;
  const Real epsilon = tile.rest[i], kappa = tile.tilt[i];
  double twice = 0;
  for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x) {
    const Real delta = m[a] - epsilon * label[a], curved = square * (c[a] - kappa * (label[a] + delta));
    m[a] = delta;
    c[a] = curved;
    twice += static_cast<double>(z[a]) * static_cast<double>(curved);
  }
  twice = block_sum(twice, slots);
  if (threadIdx.x == 0) tile.twice[i] = static_cast<Real>(twice);
}

// a = scale (upper triangle, mirrored), or with kFold scale (a + a').
template <bool kFold, class Real>
__global__ void mirror_kernel(std::int64_t n, Real scale, Real* a) {
  each_index(n * n, [&](std::int64_t at) {
    const std::int64_t i = at / n, j = at % n;
    if (j < i) return;
    const Real x = scale * (kFold ? a[i * n + j] + a[j * n + i] : a[i * n + j]);
    a[i * n + j] = x;
    a[j * n + i] = x;
  });
}

// omega_i pi_ic, and -omega_i epsilon_i at the label: D - E.
template <class Real>
struct Spread {
  SoftmaxTile<Real> tile;
  __device__ double operator()(std::int64_t i, std::int64_t c) const {
    const Real share = tile.label(i) == c ? -tile.rest[i] : tile.others[i * tile.ld + c];
    return static_cast<double>(tile.omega[i]) * static_cast<double>(share);
  }
};

// The left factors of the two products over rows: curved becomes omega (b z / 2 - c), side
// -tau^2 omega (p^_y + delta / 2).
template <class Real>
__global__ void side_kernel(SoftmaxTile<Real> tile, Real square, Real* side) {
  const std::int64_t d = tile.d;
  each_index(tile.rows * d, [&](std::int64_t at) {
    const std::int64_t i = at / d, a = at % d;
    const Real omega = tile.omega[i], half = tile.twice[i] / 2;
    tile.curved[at] = omega * (half * tile.unit[at] - tile.curved[at]);
    side[at] = square * omega * (tile.label_proxy(i)[a] + tile.delta[at] / 2);
  });
}

template <class Real>
__global__ void square_kernel(std::int64_t n, const Real* x, Real* out) {
  each_index(n, [&](std::int64_t i) { out[i] = x[i] * x[i]; });
}

// The Gauss-Newton part of h / N from h = sum_{c != y} pi_c p^_c^2.
template <class Real>
__global__ void softmax_kernel(SoftmaxTile<Real> tile, Real square_tau, Real* h) {
  each_index(tile.rows * tile.d, [&](std::int64_t at) {
    const std::int64_t i = at / tile.d;
    const Real label = tile.label_proxy(i)[at % tile.d], delta = tile.delta[at], z = tile.unit[at];
    const Real v = h[at] - label * (tile.rest[i] * label + 2 * delta) - delta * delta;
    h[at] = tile.omega[i] * (square_tau * v - 2 * z * tile.curved[at] + z * z * tile.twice[i]);
  });
}

// What the normalisation adds; gradient and beta are those of L_i / N.
template <class Real>
__global__ void normalisation_kernel(PointRows<Real> r, Real* h) {
  each_index(r.count * r.d, [&](std::int64_t at) {
    const std::int64_t i = at / r.d;
    const Real inverse = r.inverse[i], w = r.weight(i) * inverse, tangential = r.beta[i] * inverse, z = r.unit[at];
    h[at] -= w * (2 * r.gradient[at] * z + tangential * (1 - z * z));
  });
}

// N^2 of the gradients over N of the mean.
template <class Real>
__global__ void fisher_kernel(PointRows<Real> r, Real* h) {
  each_index(r.count * r.d, [&](std::int64_t at) {
    const Real g = r.gradient[at];
    h[at] = r.weight(at / r.d) * static_cast<Real>(r.n) * g * g;
  });
}

// f = w mass pi (1 - pi) and f s.
template <class Real>
__global__ void spread_kernel(SoftmaxTile<Real> tile, Real* spread, Real* tilted) {
  each_index(tile.rows * tile.classes, [&](std::int64_t at) {
    const std::int64_t i = at / tile.classes, c = at % tile.classes, k = i * tile.ld + c;
    const Real pi = tile.label(i) == c ? tile.rest[i] : tile.others[k];
    const Real f = tile.weight(i) * tile.mass[i] * (pi * (1 - pi));
    spread[k] = f;
    tilted[k] = f * tile.cosines[k];
  });
}

// f s^2.
template <class Real>
struct Along {
  std::int64_t ld;
  const Real *tilted, *cosines;
  __device__ double operator()(std::int64_t i, std::int64_t c) const {
    return static_cast<double>(tilted[i * ld + c]) * static_cast<double>(cosines[i * ld + c]);
  }
};

// proxies from the sums of f z^2 (in place), f s z and f s^2.
template <class Real>
__global__ void proxy_kernel(std::int64_t classes, std::int64_t d, double factor, const Real* unit,
                             const Real* inverse_proxies, const Real* cross, const double* along, Real* proxies) {
  each_index(classes * d, [&](std::int64_t at) {
    const std::int64_t c = at / d;
    const double inverse = static_cast<double>(inverse_proxies[c]);
    const Real sum = proxies[at] - unit[at] * (2 * cross[at] - static_cast<Real>(along[c]) * unit[at]);
    proxies[at] = static_cast<Real>(factor * inverse * inverse) * (sum < Real(0) ? Real(0) : sum);  // a sum of squares
  });
}

// gradient is kept of L_i / N.
template <class Real>
__global__ void form_kernel(std::int64_t rows, std::int64_t d, double n, const Real* gradient, const Real* forms,
                            double* out) {
  const std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (i >= rows) return;
  const std::int64_t lane = threadIdx.x % kWarp;
  double sum = 0;
  for (std::int64_t a = lane; a < d; a += kWarp) {
    const double g = n * static_cast<double>(gradient[i * d + a]);
    sum += g * g * static_cast<double>(forms[i * d + a]);
  }
  sum = warp_sum(sum);
  if (lane == 0) out[i] = sum;
}

}  // namespace

template <class Real>
void softmax_probabilities(Engine& e, const SoftmaxTile<Real>& tile, Real from) {
  launch(probability_kernel<Real>, dim3(static_cast<unsigned>(tile.rows)), dim3(row_threads(tile.classes)), 0, e.stream,
         tile, from);
}
template <class Real>
void softmax_differences(Engine& e, const SoftmaxTile<Real>& tile, Real square) {
  launch(project_kernel<Real>, dim3(static_cast<unsigned>(tile.rows)), dim3(row_threads(tile.d)), 0, e.stream, tile,
         square);
}

template <class Real>
void mirror(Engine& e, std::int64_t n, Real scale, Real* a) {
  over(e, n * n, mirror_kernel<false, Real>, n, scale, a);
}
template <class Real>
void fold(Engine& e, std::int64_t n, Real* a) {
  over(e, n * n, mirror_kernel<true, Real>, n, 1, a);
}
template <class Real>
void factor_sides(Engine& e, const SoftmaxTile<Real>& tile, Real square, Real* side) {
  over(e, tile.rows * tile.d, side_kernel<Real>, tile, square, side);
}
template <class Real>
void add_spread(Engine& e, const SoftmaxTile<Real>& tile, double* spread) {
  add_column_terms(e, tile.rows, tile.classes, Spread<Real>{tile}, spread);
}

template <class Real>
void square(Engine& e, std::int64_t n, const Real* x, Real* out) {
  over(e, n, square_kernel<Real>, n, x, out);
}
template <class Real>
void softmax_diagonal(Engine& e, const SoftmaxTile<Real>& tile, Real square, Real* h) {
  over(e, tile.rows * tile.d, softmax_kernel<Real>, tile, square, h);
}
template <class Real>
void normalisation_diagonal(Engine& e, const PointRows<Real>& rows, Real* h) {
  over(e, rows.count * rows.d, normalisation_kernel<Real>, rows, h);
}
template <class Real>
void fisher_diagonal(Engine& e, const PointRows<Real>& rows, Real* h) {
  over(e, rows.count * rows.d, fisher_kernel<Real>, rows, h);
}
template <class Real>
void spread_proxies(Engine& e, const SoftmaxTile<Real>& tile, Real* spread, Real* tilted, double* along) {
  over(e, tile.rows * tile.classes, spread_kernel<Real>, tile, spread, tilted);
  add_column_terms(e, tile.rows, tile.classes, Along<Real>{tile.ld, tilted, tile.cosines}, along);
}
template <class Real>
void proxy_diagonal(Engine& e, std::int64_t classes, std::int64_t d, double factor, const Real* unit,
                    const Real* inverse_proxies, const Real* cross, const double* along, Real* proxies) {
  over(e, classes * d, proxy_kernel<Real>, classes, d, factor, unit, inverse_proxies, cross, along, proxies);
}
template <class Real>
void quadratic_forms(Engine& e, std::int64_t rows, std::int64_t d, double n, const Real* gradient, const Real* forms,
                     double* out) {
  constexpr unsigned kThreads = 128;
  launch(form_kernel<Real>, dim3(static_cast<unsigned>(ceil_div(rows * kWarp, kThreads))), dim3(kThreads), 0, e.stream,
         rows, d, n, gradient, forms, out);
}

#define VICINAL_INSTANTIATE(Real)                                                                                  \
  template void softmax_probabilities(Engine&, const SoftmaxTile<Real>&, Real);                                    \
  template void softmax_differences(Engine&, const SoftmaxTile<Real>&, Real);                                      \
  template void mirror(Engine&, std::int64_t, Real, Real*);                                                        \
  template void fold(Engine&, std::int64_t, Real*);                                                                \
  template void factor_sides(Engine&, const SoftmaxTile<Real>&, Real, Real*);                                      \
  template void add_spread(Engine&, const SoftmaxTile<Real>&, double*);                                            \
  template void square(Engine&, std::int64_t, const Real*, Real*);                                                 \
  template void softmax_diagonal(Engine&, const SoftmaxTile<Real>&, Real, Real*);                                  \
  template void normalisation_diagonal(Engine&, const PointRows<Real>&, Real*);                                    \
  template void fisher_diagonal(Engine&, const PointRows<Real>&, Real*);                                           \
  template void spread_proxies(Engine&, const SoftmaxTile<Real>&, Real*, Real*, double*);                          \
  template void proxy_diagonal(Engine&, std::int64_t, std::int64_t, double, const Real*, const Real*, const Real*, \
                               const double*, Real*);                                                              \
  template void quadratic_forms(Engine&, std::int64_t, std::int64_t, double, const Real*, const Real*, double*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
