// Exact diagonals of curvature matrices: the twin of cpu/diagonal.cpp, which has the formulas.
// Shapes       tiles of rows; weight [d, D], proxies [C, d].
// Threads      one per element; sums over rows are matrix products, but for f s^2: one thread per class and chunk.
// Cost         weight: 2 N d (D + 3 C) flops; proxies 4 N C d.
// Determinism  tiles depend on sizes and workspace only; f s^2 in row order, in double.
#include "column_sums.cuh"
#include "operations.cuh"
#include "softmax_rows.cuh"
#include "squares.cuh"

namespace vicinal::cuda {
namespace {

// One thread's elements of rows * width.
__device__ __forceinline__ std::int64_t first_element() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ std::int64_t next_element() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

// The Gauss-Newton part of h / N from h = sum_{c != y} pi_c p^_c^2.
template <class Real>
__global__ void softmax_kernel(SoftmaxTile<Real> tile, Real square_tau, Real* h) {
  for (std::int64_t at = first_element(); at < tile.rows * tile.d; at += next_element()) {
    const std::int64_t i = at / tile.d;
    const Real label = tile.label_proxy(i)[at % tile.d], delta = tile.delta[at], z = tile.unit[at];
    const Real v = h[at] - label * (tile.rest[i] * label + 2 * delta) - delta * delta;
    h[at] = tile.omega[i] * (square_tau * v - 2 * z * tile.curved[at] + z * z * tile.twice[i]);
  }
}

// Rows of the point.
template <class Real>
struct Rows {
  std::int64_t count, d;
  const Real* weights;  // [count] or null
  const Real* unit;     // [count, d]
  const Real* inverse;  // [count]
  const Real* gradient;
  const Real* beta;
  __device__ Real weight(std::int64_t i) const { return weights == nullptr ? Real(1) : weights[i]; }
};

// What the normalisation adds; gradient and beta are those of L_i / N.
template <class Real>
__global__ void normalisation_kernel(Rows<Real> r, Real* h) {
  for (std::int64_t at = first_element(); at < r.count * r.d; at += next_element()) {
    const std::int64_t i = at / r.d;
    const Real inverse = r.inverse[i], w = r.weight(i) * inverse, tangential = r.beta[i] * inverse, z = r.unit[at];
    h[at] -= w * (2 * r.gradient[at] * z + tangential * (1 - z * z));
  }
}

// N^2 of the gradients over N of the mean.
template <class Real>
__global__ void fisher_kernel(Rows<Real> r, Real n, Real* h) {
  for (std::int64_t at = first_element(); at < r.count * r.d; at += next_element()) {
    const Real g = r.gradient[at];
    h[at] = r.weight(at / r.d) * n * g * g;
  }
}

// f = w mass pi (1 - pi) and f s.
template <class Real>
__global__ void spread_kernel(SoftmaxTile<Real> tile, Real* spread, Real* tilted) {
  for (std::int64_t at = first_element(); at < tile.rows * tile.classes; at += next_element()) {
    const std::int64_t i = at / tile.classes, c = at % tile.classes, k = i * tile.ld + c;
    const Real pi = tile.label(i) == c ? tile.rest[i] : tile.others[k];
    const Real f = tile.weight(i) * tile.mass[i] * (pi * (1 - pi));
    spread[k] = f;
    tilted[k] = f * tile.cosines[k];
  }
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
  for (std::int64_t at = first_element(); at < classes * d; at += next_element()) {
    const std::int64_t c = at / d;
    const double inverse = static_cast<double>(inverse_proxies[c]);
    const Real sum = proxies[at] - unit[at] * (2 * cross[at] - static_cast<Real>(along[c]) * unit[at]);
    proxies[at] = static_cast<Real>(factor * inverse * inverse) * (sum < Real(0) ? Real(0) : sum);  // a sum of squares
  }
}

template <class Real>
class Diagonal {
 public:
  Diagonal(Engine& e, const Point<Real>& point, int kind, Real* weight, Real* proxies)
      : e_(e), point_(point), p_(point.problem), kind_(kind), weight_(weight), proxies_(proxies) {}

  void run() {
    const std::int64_t d = p_.d, D = p_.features_width, ld = point_.ld, C = p_.classes;
    const bool softmax = kind_ != VICINAL_FISHER || proxies_ != nullptr;
    std::int64_t elements = d;
    if (weight_ != nullptr) elements += D;
    if (proxies_ != nullptr) elements += 2 * ld + d;
    elements *= static_cast<std::int64_t>(sizeof(Real));
    const std::int64_t most =
        block_rows(e_, point_, p_.n, elements + (softmax ? SoftmaxRows<Real>::bytes_per_row(point_) : 0));
    h_ = get(most * d);
    if (weight_ != nullptr) squares_ = get(most * D);
    if (softmax) {
      proxy_squares_ = get(C * d);
      square<Real>(e_, C * d, point_.unit_proxies, proxy_squares_);
    }
    if (proxies_ != nullptr) {
      spread_ = get(most * ld);
      tilted_ = get(most * ld);
      unit_squares_ = get(most * d);
      cross_ = get(C * d);
      along_ = e_.workspace.template get<double>(C);
      e_.zero(along_, C);
    }
    if (softmax) {
      SoftmaxRows<Real> block(e_, point_, most);
      each_block(most, [&] {
        const SoftmaxTile<Real> tile = block.fill(begin_, rows_);
        if (weight_ != nullptr && kind_ != VICINAL_FISHER) softmax_rows(tile);
        if (proxies_ != nullptr) absorb_proxies(tile);
      });
    } else {
      each_block(most, [] {});
    }
    if (proxies_ != nullptr) {
      const double tau = softmax_scale(p_.spec);
      over(C * d, proxy_kernel<Real>, C, d, tau * tau / static_cast<double>(p_.n), point_.unit_proxies,
           point_.inverse_proxies, cross_, along_, proxies_);
    }
  }

 private:
  Real* get(std::int64_t count) { return e_.workspace.template get<Real>(count); }
  // One thread per element.
  template <class... P, class... A>
  void over(std::int64_t elements, void (*kernel)(P...), A&&... arguments) {
    launch(kernel, grid_for(e_, elements, 256), dim3(256), 0, e_.stream, std::forward<A>(arguments)...);
  }

  // body() for every block, then its share of the weight's diagonal.
  template <class Body>
  void each_block(std::int64_t most, Body&& body) {
    const std::int64_t d = p_.d, D = p_.features_width;
    for (begin_ = 0; begin_ < p_.n; begin_ += most) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows_ = std::min(most, p_.n - begin_);
      body();
      if (weight_ != nullptr) {
        if (kind_ == VICINAL_FISHER) over(rows_ * d, fisher_kernel<Real>, rows(), p_.n, h_);
        if (kind_ == VICINAL_HESSIAN) over(rows_ * d, normalisation_kernel<Real>, rows(), h_);
        square<Real>(e_, rows_ * D, point_.features.rows(e_, begin_, rows_), squares_);
        gemm<Real>(e_, {true, false, d, D, rows_, h_, d, squares_, D, weight_, D, begin_ > 0});
      }
      e_.workspace.rewind(mark);
      e_.poll();
    }
  }

  Rows<Real> rows() const {
    return {rows_,
            p_.d,
            p_.weights == nullptr ? nullptr : p_.weights + begin_,
            point_.unit + begin_ * p_.d,
            point_.inverse + begin_,
            point_.gradient + begin_ * p_.d,
            point_.beta + begin_};
  }

  void softmax_rows(const SoftmaxTile<Real>& tile) {
    const std::int64_t d = p_.d;
    const double tau = softmax_scale(p_.spec);
    gemm<Real>(e_, {false, false, rows_, d, p_.classes, tile.others, tile.ld, proxy_squares_, d, h_, d, false});
    over(rows_ * d, softmax_kernel<Real>, tile, tau * tau, h_);
  }

  // Sums over rows of f z^2, f s z and f s^2, per proxy.
  void absorb_proxies(const SoftmaxTile<Real>& tile) {
    const std::int64_t d = p_.d, C = p_.classes, ld = tile.ld;
    over(rows_ * C, spread_kernel<Real>, tile, spread_, tilted_);
    add_column_terms(e_, rows_, C, Along<Real>{ld, tilted_, tile.cosines}, along_);
    square(e_, rows_ * d, tile.unit, unit_squares_);
    gemm<Real>(e_, {true, false, C, d, rows_, spread_, ld, unit_squares_, d, proxies_, d, begin_ > 0});
    gemm<Real>(e_, {true, false, C, d, rows_, tilted_, ld, tile.unit, d, cross_, d, begin_ > 0});
  }

  Engine& e_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  int kind_;
  Real *weight_, *proxies_;
  std::int64_t begin_ = 0, rows_ = 0;
  Real* h_ = nullptr;              // [rows, d] the rows' diagonals / N
  Real* squares_ = nullptr;        // [rows, D] of the features
  Real* proxy_squares_ = nullptr;  // [C, d]
  Real *spread_ = nullptr, *tilted_ = nullptr, *unit_squares_ = nullptr, *cross_ = nullptr;
  double* along_ = nullptr;  // [C]
};

}  // namespace

template <class Real>
void diagonal(Engine& e, const Point<Real>& point, int kind, Real* weight, Real* proxies) {
  Diagonal<Real>(e, point, kind, weight, proxies).run();
}
template void diagonal(Engine&, const Point<float>&, int, float*, float*);
template void diagonal(Engine&, const Point<double>&, int, double*, double*);

}  // namespace vicinal::cuda
