// LiSSA's recursion over the samples in order, a block of samples at a time: the twin of cpu/recursion.cpp, which has
// the formulas.
// Shapes       v, h [m, d, D]; directions of a sample lie side by side, as in algorithm/tangent_product.hpp.
// Threads      products over all directions project a block, couple its samples through their Gram matrix and update
//              h; the samples of a step follow each other, so a direction's are one thread block's.
// Cost         6 N d D + kBlock N d flops a direction, 2 kBlock N D for all; the steps 4 N d C K, memory-bound in the
//              second-level cache. Few directions leave most of the device idle during the steps.
// Determinism  blocks depend on sizes and workspace only; sums in the order of threads, lanes and warps.
#include <cmath>
#include <vector>

#include "loss_row.cuh"
#include "operations.cuh"

namespace vicinal::cuda {
namespace {

// Samples per block: more read h and v less often, and cost more for the Gram matrix.
constexpr std::int64_t kBlock = 256;
// Samples that a thread block couples one by one; earlier ones of the block through one product.
constexpr std::int64_t kStep = 32;
// What may be left of the state that a pass does not compute, relative to c v.
template <class Real>
constexpr double kForgotten = sizeof(Real) == sizeof(float) ? 1e-8 : 1e-15;
// The factor of h~ is multiplied in before it leaves the numbers that float32 holds well.
constexpr double kLeastFactor = 1e-20;
constexpr unsigned kMostThreads = 512;  // row_threads()

template <class Real>
__device__ Real warp_dot(std::int64_t d, const Real* a, const Real* b) {
  Real sum = 0;
  for (std::int64_t j = threadIdx.x % kWarp; j < d; j += kWarp) sum += a[j] * b[j];
  return warp_sum(sum);
}

// The block's samples [from, to) of one direction each.
template <class Real>
struct Steps {
  std::int64_t from, to, m, d, columns, most;
  Real n;                // the point keeps the derivatives of L_i / N
  LossTile<Real> tile;   // the block's rows, without outputs
  const Real* unit;      // [rows, d]
  const Real* inverse;   // [rows]
  const Real* gradient;  // [rows, d]
  const Real* beta;      // [rows]
  const Real* proxies;   // [columns, d] unit
  const Real* coupling;  // [rows, most]
  Real* y;               // [rows, m, d] y_k but for the samples from .. k; then the tangents of the unit rows
  Real* u;               // [rows, m, d]
  Real* tangents;        // [m, ld] of the cosines, then of dL/ds
  Real* scratch;         // [m, kScratch classes]
};

template <class Kind, class Real>
__global__ void steps_kernel(Kind kind, Steps<Real> s) {
  __shared__ BlockSlots<Real> slots;
  __shared__ Real parts[kMostThreads];
  const std::int64_t q = blockIdx.x, d = s.d, width = s.m * d;
  const std::int64_t warp = threadIdx.x / kWarp, warps = blockDim.x / kWarp;
  Real* tangents = s.tangents + q * s.tile.ld;
  for (std::int64_t k = s.from; k < s.to; ++k) {
    const Real* z = s.unit + k * d;
    Real* y = s.y + k * width + q * d;
    Real* u = s.u + k * width + q * d;
    const Real inverse = s.inverse[k];
    // y_k, then z' = (y - (z.y) z) / r.
    Real along = 0;
    for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x) {
      Real value = y[a];
      for (std::int64_t j = s.from; j < k; ++j) value += s.coupling[k * s.most + j] * s.u[j * width + q * d + a];
      y[a] = value;
      along += z[a] * value;
    }
    const Real alpha = block_sum(along, slots);
    for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x) y[a] = (y[a] - alpha * z[a]) * inverse;
    __syncthreads();
    for (std::int64_t c = warp; c < s.columns; c += warps) {
      const Real dot = warp_dot(d, s.proxies + c * d, y);
      if (threadIdx.x % kWarp == 0) tangents[c] = dot;
    }
    __syncthreads();
    Row<Real> row = row_of(s.tile, k);
    row.st = tangents;
    row.gt = tangents;
    kind.template run<math::Dual<Real>>(s.tile, row, s.scratch + q * Kind::kScratch * s.tile.classes);
    __syncthreads();
    // P^' times the tangent of dL/ds: a thread per component and part of the proxies.
    const std::int64_t wide =
        (d + kWarp - 1) / kWarp * kWarp < blockDim.x ? (d + kWarp - 1) / kWarp * kWarp : blockDim.x;
    const std::int64_t pieces = blockDim.x / wide, piece = threadIdx.x / wide;
    Real on_unit = 0, radial = 0;
    for (std::int64_t base = 0; base < d; base += wide) {
      const std::int64_t a = base + threadIdx.x % wide;
      Real sum = 0;
      if (a < d && piece < pieces)
        for (std::int64_t c = piece; c < s.columns; c += pieces) sum += tangents[c] * s.proxies[c * d + a];
      parts[threadIdx.x] = sum;
      __syncthreads();
      if (a < d && piece == 0) {
        for (std::int64_t p = 1; p < pieces; ++p) sum += parts[p * wide + threadIdx.x];
        u[a] = sum;
        on_unit += z[a] * sum;
        radial += s.n * s.gradient[k * d + a] * y[a];
      }
      __syncthreads();
    }
    on_unit = block_sum(on_unit, slots);
    radial = block_sum(radial, slots);
    const Real on_z = on_unit * inverse + radial, on_g = alpha * inverse * s.n, on_y = s.n * s.beta[k] * inverse;
    for (std::int64_t a = threadIdx.x; a < d; a += blockDim.x)
      u[a] = u[a] * inverse - on_z * z[a] - on_g * s.gradient[k * d + a] - on_y * y[a];
    __syncthreads();
  }
}

// y = c y + f hx, [rows, width]; factors: c [rows], then f [rows]. hx null: no second term.
template <class Real>
__global__ void combine_kernel(std::int64_t rows, std::int64_t width, const double* factors, const Real* hx, Real* y) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < rows * width;
       at += step) {
    const std::int64_t k = at / width;
    const Real own = static_cast<Real>(factors[k]) * y[at];
    y[at] = hx == nullptr ? own : own + static_cast<Real>(factors[rows + k]) * hx[at];
  }
}

// x [rows, width] times a factor per row.
template <class Real>
__global__ void scale_kernel(std::int64_t rows, std::int64_t width, const double* factors, Real* x) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < rows * width;
       at += step)
    x[at] *= static_cast<Real>(factors[at / width]);
}

// coupling [k, j], j < k: x_j . x_k becomes -(1/sigma) a^(k-1-j) x_j . x_k. One block per row.
template <class Real>
__global__ void couple_kernel(std::int64_t most, const double* powers, Real* coupling) {
  const std::int64_t k = blockIdx.x;
  for (std::int64_t j = threadIdx.x; j < k; j += blockDim.x)
    coupling[k * most + j] *= static_cast<Real>(powers[k - 1 - j]);
}

// h = f h + c v.
template <class Real>
__global__ void mix_kernel(std::int64_t n, Real c, const Real* v, Real f, Real* h) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    h[i] = c * v[i] + f * h[i];
}

// Bounds of the norm of a I - H_k / sigma, one warp per sample, from the three terms of the Hessian of one sample:
// 0 <= Gauss-Newton <= tau^2 min(1, 4 epsilon) / r^2, the mixed term within -+ |g| / r, the tangential -beta / r^2.
template <class Real>
struct Norms {
  std::int64_t d, features_width;
  double n, tau, decay, scale;
  LossTile<Real> tile;  // g: dL/ds / N
  const Real *features, *inverse, *gradient, *beta;
  double* norm;
};
template <class Real>
__device__ double warp_square(std::int64_t n, const Real* x) {
  double sum = 0;
  for (std::int64_t j = threadIdx.x % kWarp; j < n; j += kWarp)
    sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
  return warp_sum(sum);
}
template <class Real>
__global__ void norm_kernel(Norms<Real> s) {
  const std::int64_t k = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (k >= s.tile.rows) return;
  double mass = 1, spread = 1;
  if (s.tile.soft_labels == nullptr) {
    const std::int64_t y = row_of(s.tile, k).y;
    const double rest = -4 * s.n * static_cast<double>(s.tile.g[k * s.tile.ld + y]) / s.tau;
    spread = rest < 1.0 ? rest : 1.0;
  } else {
    mass = 0;
    for (std::int64_t c = threadIdx.x % kWarp; c < s.tile.classes; c += kWarp)
      mass += static_cast<double>(s.tile.soft_labels[k * s.tile.classes + c]);
    mass = warp_sum(mass);
  }
  const double inverse = static_cast<double>(s.inverse[k]);
  const double mixed = s.n * sqrt(warp_square(s.d, s.gradient + k * s.d)) * inverse;
  const double tangential = s.n * static_cast<double>(s.beta[k]) * inverse * inverse;
  const double x = warp_square(s.features_width, s.features + k * s.features_width) / s.scale;
  const double most = mass * s.tau * s.tau * spread * inverse * inverse + mixed + (tangential < 0 ? -tangential : 0);
  const double least = -mixed - (tangential > 0 ? tangential : 0);
  const double low = s.decay - least * x, high = most * x - s.decay;
  if (threadIdx.x % kWarp == 0) s.norm[k] = low > high ? low : high;
}

template <class Real>
class Recursion {
 public:
  Recursion(Engine& e, const Point<Real>& point, double damping, double scale)
      : e_(e), point_(point), p_(point.problem), decay_(1 - damping), scale_(scale) {}

  void run(std::int64_t m, const Real* v, Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, ld = point_.ld;
    most_ = std::min(p_.n, kBlock);
    with_row<Real>(p_.spec, p_.soft_labels != nullptr, [&](auto kind) { scratch_size_ = kind.kScratch * p_.classes; });
    const std::int64_t shared = most_ * (most_ + 2 * ld + (point_.features.streamed() ? 2 * D : 0));
    const std::int64_t each = 2 * most_ * d + ld + scratch_size_;
    const std::int64_t room = e_.workspace_bytes / static_cast<std::int64_t>(sizeof(Real)) - shared;
    const std::int64_t at_once = std::min(m, std::max<std::int64_t>(1, room / each));
    if (point_.cosines == nullptr) own_cosines_ = e_.workspace.template get<Real>(most_ * ld);
    first_ = first_felt();
    coupling_ = e_.workspace.template get<Real>(most_ * most_);
    y_ = e_.workspace.template get<Real>(most_ * at_once * d);
    u_ = e_.workspace.template get<Real>(most_ * at_once * d);
    tangents_ = e_.workspace.template get<Real>(at_once * ld);
    scratch_ = e_.workspace.template get<Real>(at_once * scratch_size_);
    std::vector<double> powers(static_cast<std::size_t>(most_));
    double power = -1 / scale_;
    for (double& p : powers) {
      p = power;
      power *= decay_;
    }
    powers_ = e_.in(std::move(powers));
    for (std::int64_t q = 0; q < m; q += at_once) pass(std::min(at_once, m - q), v + q * d * D, h + q * d * D);
  }

 private:
  // One pass over the samples for m_ directions; h holds h~ / factor_ meanwhile.
  void pass(std::int64_t m, const Real* v, Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, size = m * d * D;
    m_ = m;
    double constant = 1;  // c
    for (std::int64_t k = 0; k < first_; ++k) constant = 1 + decay_ * constant;
    factor_ = 1;
    e_.zero(h, size);
    for (begin_ = first_; begin_ < p_.n; begin_ += most_) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows_ = std::min(most_, p_.n - begin_);
      fill_cosines();
      constant = project(v, h, constant);
      couple();
      for (std::int64_t at = 0; at < rows_; at += kStep) {
        steps(at, std::min(rows_, at + kStep));
        e_.poll();
      }
      update(h);
      e_.workspace.rewind(mark);
    }
    mix(size, constant, v, factor_, h);
  }

  void mix(std::int64_t size, double c, const Real* v, double f, Real* h) {
    launch(mix_kernel<Real>, grid_for(e_, size, 256), dim3(256), 0, e_.stream, size, static_cast<Real>(c), v,
           static_cast<Real>(f), h);
  }

  const Real* features() const { return point_.features.rows(e_, begin_, rows_); }

  void fill_cosines() {
    cosines_ = own_cosines_;
    if (own_cosines_ == nullptr) {
      cosines_ = point_.cosines + begin_ * point_.ld;
    } else {
      cosines_of(e_, point_, rows_, point_.unit + begin_ * p_.d, point_.inverse + begin_, own_cosines_);
    }
  }

  // The block's rows as they are without sample weights.
  LossTile<Real> tile() const {
    LossTile<Real> t = loss_tile(point_, begin_, rows_);
    t.weights = nullptr;
    t.s = cosines_;
    return t;
  }

  // The first sample whose step the result can feel.
  std::int64_t first_felt() {
    if (!cosine_softmax(p_.spec)) return 0;
    const Workspace::Mark mark = e_.workspace.mark();
    double* norms = e_.workspace.template get<double>(p_.n);
    Real* g = e_.workspace.template get<Real>(most_ * point_.ld);
    for (begin_ = 0; begin_ < p_.n; begin_ += most_) {
      const Workspace::Mark block = e_.workspace.mark();
      rows_ = std::min(most_, p_.n - begin_);
      fill_cosines();
      LossTile<Real> t = tile();
      t.g = g;
      loss_rows<Real>(e_, p_.spec, t, nullptr);
      launch(norm_kernel<Real>, dim3(static_cast<unsigned>(ceil_div(rows_, 4))), dim3(4 * kWarp), 0, e_.stream,
             Norms<Real>{p_.d, p_.features_width, static_cast<double>(p_.n), softmax_scale(p_.spec), decay_, scale_, t,
                         features(), point_.inverse + begin_, point_.gradient + begin_ * p_.d, point_.beta + begin_,
                         norms + begin_});
      e_.workspace.rewind(block);
      e_.poll();
    }
    std::vector<double> norm(static_cast<std::size_t>(p_.n)), reach(norm.size());  // of h_k - c_k v, relative to v
    e_.read(norm.data(), norms, p_.n);
    e_.workspace.rewind(mark);
    double state = 1, constant = 1;
    for (std::size_t k = 0; k < norm.size(); ++k) {
      reach[k] = state + constant;
      state = 1 + norm[k] * state;
      constant = 1 + decay_ * constant;
    }
    double left = 1;
    std::size_t first = norm.size();
    while (first > 0 && !(left * reach[first - 1] * norm[first - 1] <= kForgotten<Real> * constant))
      left *= norm[--first];
    return first == 0 ? 0 : static_cast<std::int64_t>(first) - 1;
  }

  // y_k without the block's own samples; c after the block.
  double project(const Real* v, const Real* h, double constant) {
    const std::int64_t D = p_.features_width, width = m_ * p_.d;
    const bool started = begin_ > first_;
    gemm<Real>(e_, {false, true, rows_, width, D, features(), D, v, D, y_, width, false});
    if (started) gemm<Real>(e_, {false, true, rows_, width, D, features(), D, h, D, u_, width, false});
    std::vector<double> factors(static_cast<std::size_t>(2 * rows_));
    double power = factor_;
    for (std::size_t k = 0; k < factors.size() / 2; ++k) {
      factors[k] = constant;
      factors[factors.size() / 2 + k] = power;
      constant = 1 + decay_ * constant;
      power *= decay_;
    }
    launch(combine_kernel<Real>, grid_for(e_, rows_ * width, 256), dim3(256), 0, e_.stream, rows_, width,
           e_.in(std::move(factors)), started ? u_ : nullptr, y_);
    return constant;
  }

  void couple() {
    const std::int64_t D = p_.features_width;
    const Real* x = features();
    gemm<Real>(e_, {false, true, rows_, rows_, D, x, D, x, D, coupling_, most_, false});
    launch(couple_kernel<Real>, dim3(static_cast<unsigned>(rows_)), dim3(64), 0, e_.stream, most_, powers_, coupling_);
  }

  // u_k for samples [from, to) of the block, in order.
  void steps(std::int64_t from, std::int64_t to) {
    const std::int64_t d = p_.d, width = m_ * d;
    if (from > 0)
      gemm<Real>(e_, {false, false, to - from, width, from, coupling_ + from * most_, most_, u_, width,
                      y_ + from * width, width, true});
    Steps<Real> s{};
    s.from = from;
    s.to = to;
    s.m = m_;
    s.d = d;
    s.columns = point_.columns;
    s.most = most_;
    s.n = static_cast<Real>(p_.n);
    s.tile = tile();
    s.tile.mean = 1;
    s.unit = point_.unit + begin_ * d;
    s.inverse = point_.inverse + begin_;
    s.gradient = point_.gradient + begin_ * d;
    s.beta = point_.beta + begin_;
    s.proxies = point_.unit_proxies;
    s.coupling = coupling_;
    s.y = y_;
    s.u = u_;
    s.tangents = tangents_;
    s.scratch = scratch_;
    with_row<Real>(p_.spec, p_.soft_labels != nullptr, [&](auto kind) {
      launch(steps_kernel<decltype(kind), Real>, dim3(static_cast<unsigned>(m_)),
             dim3(row_threads(point_.columns * d / 16)), 0, e_.stream, kind, s);
    });
  }

  void update(Real* h) {
    const std::int64_t d = p_.d, D = p_.features_width, width = m_ * d;
    for (std::int64_t k = 0; k < rows_; ++k) factor_ *= decay_;
    if (factor_ < kLeastFactor) {
      mix(width * D, 0, h, factor_, h);
      factor_ = 1;
    }
    std::vector<double> powers(static_cast<std::size_t>(rows_));
    double power = -1 / (scale_ * factor_);
    for (auto p = powers.rbegin(); p != powers.rend(); ++p) {
      *p = power;
      power *= decay_;
    }
    launch(scale_kernel<Real>, grid_for(e_, rows_ * width, 256), dim3(256), 0, e_.stream, rows_, width,
           e_.in(std::move(powers)), u_);
    gemm<Real>(e_, {true, false, width, D, rows_, u_, width, features(), D, h, D, true});
  }

  Engine& e_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  double decay_, scale_;  // a, sigma
  std::int64_t most_ = 0, m_ = 0, first_ = 0, begin_ = 0, rows_ = 0, scratch_size_ = 0;
  double factor_ = 1;               // h~ = factor_ h
  const double* powers_ = nullptr;  // [most] -(1/sigma) a^i
  Real* coupling_ = nullptr;        // [most, most]
  Real* y_ = nullptr;               // [most, m, d] y_k, then the tangents of the unit rows
  Real* u_ = nullptr;               // [most, m, d]
  Real* tangents_ = nullptr;        // [m, ld]
  Real* scratch_ = nullptr;
  Real* own_cosines_ = nullptr;
  const Real* cosines_ = nullptr;
};

}  // namespace

template <class Real>
void seed_recursion(Engine& e, const Point<Real>& point, double damping, double scale, std::int64_t m, const Real* v,
                    Real* h) {
  Recursion<Real>(e, point, damping, scale).run(m, v, h);
}
template void seed_recursion(Engine&, const Point<float>&, double, double, std::int64_t, const float*, float*);
template void seed_recursion(Engine&, const Point<double>&, double, double, std::int64_t, const double*, double*);

}  // namespace vicinal::cuda
