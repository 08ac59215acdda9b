// Row kernels of the losses that reduce over the classes of one sample: one block per row and tangent.
// Computes     one pass that keeps the maximum and the sum of exponentials together (math/softmax.hpp), one that writes
//              the gradient: a row of cosines is read twice and written once. SoftTriple reduces over centres first.
// Threads      a class belongs to one thread in every pass, so a row may be overwritten in place; what all threads need
//              of the label's class is read before the first barrier.
// Determinism  a thread's classes in order, then lanes, then warps. The rows' losses are summed in order.
#include "loss_rows.cuh"

#include "math/access.hpp"
#include "math/arcface.hpp"
#include "math/cosface.hpp"
#include "math/proxy_anchor.hpp"
#include "math/soft_triple.hpp"
#include "math/softmax.hpp"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

using math::Access;
using math::Constant;
using math::Dual;
using math::LogSumExp;
using math::tangent;
using math::value;

// What a block works on: row i with tangent q.
template <class Real>
struct Row {
  std::int64_t i, y;
  bool first;  // the row's value parts are this block's to write
  const Real *s, *st;
  Real *g, *gt;
  double weight;
  Real coef;
};
template <class Real>
__device__ Row<Real> row_of(const LossTile<Real>& tile, std::int64_t t) {
  Row<Real> r;
  r.i = t / tile.directions;
  r.first = t % tile.directions == 0;
  r.y = tile.labels[r.i];
  // An id outside the classes is reported after the call; until then nothing outside the arrays may be touched.
  if (r.y < 0 || r.y >= tile.classes) r.y = 0;
  r.s = tile.s + r.i * tile.ld;
  r.st = tile.st == nullptr ? nullptr : tile.st + t * tile.ld;
  r.g = tile.g + r.i * tile.ld;
  r.gt = tile.gt == nullptr ? nullptr : tile.gt + t * tile.ld;
  r.weight = tile.weights == nullptr ? 1.0 : static_cast<double>(tile.weights[r.i]);
  r.coef = static_cast<Real>(r.weight * tile.mean);
  return r;
}

// Stores a gradient: its value by the row's first block only, its tangent by everyone.
template <class Real>
__device__ __forceinline__ void put(const Row<Real>& r, std::int64_t j, Real x) {
  if (r.first) r.g[j] = x;
}
template <class Real>
__device__ __forceinline__ void put(const Row<Real>& r, std::int64_t j, Dual<Real> x) {
  if (r.first) r.g[j] = x.v;
  r.gt[j] = x.t;
}

// The row's loss and whether its denominator is empty, for the sums that follow.
template <class Real>
__device__ void report(const LossTile<Real>& tile, const Row<Real>& r, double loss, bool empty, double* losses,
                       int* empties) {
  if (threadIdx.x != 0 || !r.first) return;
  if (tile.per_sample != nullptr) tile.per_sample[r.i] = static_cast<Real>(loss);
  if (losses == nullptr) return;
  losses[r.i] = r.weight * loss;
  empties[r.i] = empty ? 1 : 0;
}

// A softmax row with its label apart: 1 - p_y is then free of cancellation.
template <class T>
struct SoftmaxState {
  using Real = typename math::RealOf<T>::type;
  Real top;
  T rest, own, all;
};
template <class T, class Real>
__device__ SoftmaxState<T> finish_softmax(const LogSumExp<T>& others, T ay, bool exclude) {
  SoftmaxState<T> r;
  r.top = exclude || others.max > value(ay) ? others.max : value(ay);
  r.rest = others.sum * math::exp_of(others.max - r.top);
  r.own = exclude ? Constant<T>::of(Real(0)) : math::exp_of(ay - r.top);
  r.all = r.rest + r.own;
  return r;
}
template <class T, class Real>
__device__ double softmax_loss(const SoftmaxState<T>& r, Real ay, bool exclude) {
  const double gap = static_cast<double>(r.top) - static_cast<double>(ay);
  if (!exclude && gap <= 0) return log1p(static_cast<double>(value(r.rest)) / static_cast<double>(value(r.own)));
  return gap + log(static_cast<double>(value(r.all)));
}

template <class T, class Loss, class Real>
__global__ void softmax_kernel(Loss loss, bool exclude, LossTile<Real> tile, double* losses, int* empties) {
  __shared__ BlockSlots<LogSumExp<T>> slots;
  const Row<Real> r = row_of(tile, blockIdx.x);
  const std::int64_t n = tile.classes, y = r.y;
  const Real k = loss.slope;
  const T sy = Access<T>::load(r.s, r.st, y);
  const T ay = loss.label_logit(sy);
  if (n == 1) {
    // No other class: with the label in the denominator L = 0 exactly, without it the denominator is empty.
    __syncthreads();
    if (threadIdx.x == 0) put(r, 0, Constant<T>::of(Real(0)));
    report(tile, r, value(ay) == value(ay) ? 0.0 : static_cast<double>(value(ay)), exclude, losses, empties);
    return;
  }
  LogSumExp<T> others = LogSumExp<T>::init();
  for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x)
    if (j != y) others.absorb(k * Access<T>::load(r.s, r.st, j));
  others = block_merge(others, slots);
  const SoftmaxState<T> state = finish_softmax<T, Real>(others, ay, exclude);
  const T scale = (r.coef * k) / state.all;
  for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    if (j == y) {
      const T label = exclude ? Constant<T>::of(Real(-1)) : -(state.rest / state.all);
      put(r, j, r.coef * (loss.label_slope(sy) * label));
    } else {
      put(r, j, math::exp_of(k * Access<T>::load(r.s, r.st, j) - state.top) * scale);
    }
  }
  report(tile, r, softmax_loss<T, Real>(state, value(ay), exclude), false, losses, empties);
}

// L = sum_c t_c (lse - a_c) with soft labels t.
template <class T, class Real>
__global__ void soft_label_kernel(Real k, LossTile<Real> tile, double* losses, int* empties) {
  __shared__ BlockSlots<LogSumExp<T>> slots;
  __shared__ BlockSlots<double> sums;
  const Row<Real> r = row_of(tile, blockIdx.x);
  const std::int64_t n = tile.classes;
  const Real* t = tile.soft_labels + r.i * n;
  LogSumExp<T> state = LogSumExp<T>::init();
  for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x) state.absorb(k * Access<T>::load(r.s, r.st, j));
  state = block_merge(state, slots);
  double mass = 0, linear = 0;
  for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x) {
    mass += static_cast<double>(t[j]);
    linear += static_cast<double>(t[j]) * (static_cast<double>(state.max) - static_cast<double>(k * r.s[j]));
  }
  mass = block_sum(mass, sums);
  linear = block_sum(linear, sums);
  const Real own = r.coef * k;
  const T scale = (own * static_cast<Real>(mass)) / state.sum;
  for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x)
    put(r, j, state.term(k * Access<T>::load(r.s, r.st, j)) * scale - own * t[j]);
  report(tile, r, linear + mass * log(static_cast<double>(value(state.sum))), false, losses, empties);
}

// Similarities S_c = sum_k q_k s_k go to `scratch` [gridDim.x, 4, classes] with the inverse sums of their centres.
template <class T, class Real>
__global__ void soft_triple_kernel(math::SoftTriple<Real> loss, std::int64_t centers, LossTile<Real> tile,
                                   std::int64_t rows, Real* scratch, double* losses, int* empties) {
  __shared__ BlockSlots<LogSumExp<T>> slots;
  const std::int64_t C = tile.classes;
  Real* sim = scratch + blockIdx.x * 4 * C;
  Real *sim_t = sim + C, *inverse = sim_t + C, *inverse_t = inverse + C;
  for (std::int64_t t = blockIdx.x; t < rows; t += gridDim.x) {
    const Row<Real> r = row_of(tile, t);
    const auto centre = [&](std::int64_t c, std::int64_t k) { return Access<T>::load(r.s, r.st, k * C + c); };
    const auto largest = [&](std::int64_t c) {
      Real top = r.s[c];
      for (std::int64_t k = 1; k < centers; ++k) top = r.s[k * C + c] > top ? r.s[k * C + c] : top;
      return top;
    };
    __syncthreads();  // the scratch of the row before has been read
    LogSumExp<T> others = LogSumExp<T>::init();
    for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) {
      const Real top = largest(c);
      T sum = Constant<T>::of(Real(0)), weighted = sum;
      for (std::int64_t k = 0; k < centers; ++k) {
        const T x = centre(c, k), e = loss.centre_term(x, top);
        sum = sum + e;
        weighted = weighted + e * x;
      }
      const T one_over = Real(1) / sum, similarity = weighted * one_over;
      Access<T>::store(sim, sim_t, c, similarity);
      Access<T>::store(inverse, inverse_t, c, one_over);
      if (c != r.y) others.absorb(loss.slope * similarity);
    }
    others = block_merge(others, slots);  // its barriers publish the label's similarity too
    const T sy = Access<T>::load(sim, sim_t, r.y);
    const T ay = loss.label_logit(sy);
    const bool lone = C == 1;
    SoftmaxState<T> state{};
    if (!lone) state = finish_softmax<T, Real>(others, ay, false);
    const T scale = lone ? Constant<T>::of(Real(0)) : (r.coef * loss.slope) / state.all;
    for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) {
      const T similarity = Access<T>::load(sim, sim_t, c);
      T g = Constant<T>::of(Real(0));
      if (!lone)
        g = c == r.y ? r.coef * (loss.label_slope(sy) * -(state.rest / state.all))
                     : math::exp_of(loss.slope * similarity - state.top) * scale;
      const Real top = largest(c);
      for (std::int64_t k = 0; k < centers; ++k) {
        const T x = centre(c, k);
        const T q = loss.centre_term(x, top) * Access<T>::load(inverse, inverse_t, c);
        const T slope = loss.centre_slope(q, x, similarity);
        put(r, k * C + c, g * slope);
      }
    }
    const double plain = lone ? (value(ay) == value(ay) ? 0.0 : static_cast<double>(value(ay)))
                              : softmax_loss<T, Real>(state, value(ay), false);
    report(tile, r, plain, false, losses, empties);
  }
}

// Proxy-Anchor reduced over the proxies of one sample:
//   L_i = log(1 + n_y exp(x+)) + log(1 + sum_{c != y} exp(x-_c)), n_y the repetitions of the label in the batch.
template <class T, bool kEuclidean, class Real>
__global__ void anchor_kernel(math::ProxyAnchor<Real, kEuclidean> loss, LossTile<Real> tile, double* losses,
                              int* empties) {
  __shared__ BlockSlots<LogSumExp<T>> slots;
  const Row<Real> r = row_of(tile, blockIdx.x);
  const std::int64_t C = tile.classes;
  const T sy = Access<T>::load(r.s, r.st, r.y);
  LogSumExp<T> state = LogSumExp<T>::init();
  for (std::int64_t j = threadIdx.x; j < C; j += blockDim.x)
    if (j != r.y) state.absorb(loss.negative_exponent(Access<T>::load(r.s, r.st, j)));
  state = block_merge(state, slots);
  // The implicit 1 = exp(0).
  const Real top = state.any && state.max > Real(0) ? state.max : Real(0);
  const T rest = state.any ? state.sum * math::exp_of(state.max - top) : Constant<T>::of(Real(0));
  const T scale = (r.coef * loss.alpha) / (rest + math::exp_of(-top));
  // Positive part: log(1 + n exp(x)) with the larger of the two terms taken out.
  const Real n = tile.repetitions[r.y];
  const T x = loss.positive_exponent(sy);
  const Real up = value(x) > Real(0) ? value(x) : Real(0);
  const T e = n * math::exp_of(x - up);
  for (std::int64_t j = threadIdx.x; j < C; j += blockDim.x) {
    if (j == r.y) {
      const T p = e / (e + math::exp_of(-up));
      put(r, j, (-r.coef * loss.alpha) * (p * loss.measure_slope(sy)));
    } else {
      const T sj = Access<T>::load(r.s, r.st, j);
      put(r, j, math::exp_of(loss.negative_exponent(sj) - top) * loss.measure_slope(sj) * scale);
    }
  }
  const auto log_of = [](Real shift, T sum) {
    const double plain = static_cast<double>(value(sum));
    return shift > Real(0) ? static_cast<double>(shift) + log(exp(-static_cast<double>(shift)) + plain) : log1p(plain);
  };
  report(tile, r, log_of(top, rest) + log_of(up, e), false, losses, empties);
}

// Adds the mean of the rows' losses, one block in a fixed order.
__global__ void add_rows(std::int64_t rows, double mean, const double* losses, const int* empties, LossTotals* totals) {
  __shared__ BlockSlots<double> slots;
  double loss = 0, empty = 0;
  for (std::int64_t i = threadIdx.x; i < rows; i += blockDim.x) {
    loss += losses[i];
    empty += empties[i];
  }
  loss = block_sum(loss, slots);
  empty = block_sum(empty, slots);
  if (threadIdx.x == 0) {
    totals->loss += mean * loss;
    totals->empty += static_cast<long long>(empty);
  }
}

constexpr double kPi = 3.14159265358979323846;

template <class T, class Real>
void run(Engine& e, const vicinal_loss& spec, const LossTile<Real>& tile, double* losses, int* empties) {
  const auto real = [](double x) { return static_cast<Real>(x); };
  const bool exclude = (spec.flags & VICINAL_EXCLUDE_POSITIVE) != 0;
  const std::int64_t rows = tile.rows * tile.directions;
  const dim3 grid(static_cast<unsigned>(rows)), block(row_threads(tile.classes));
  const auto softmax = [&](const auto& loss) {
    launch(softmax_kernel<T, std::decay_t<decltype(loss)>, Real>, grid, block, 0, e.stream, loss, exclude, tile, losses,
           empties);
  };
  // A logit k s, or k (s - margin) at the label: one kernel for every loss of this form.
  const auto linear = [&](double slope, double margin) {
    if (tile.soft_labels != nullptr) {
      launch(soft_label_kernel<T, Real>, grid, block, 0, e.stream, real(slope), tile, losses, empties);
    } else {
      softmax(math::CosFace<Real>{real(slope), real(margin)});
    }
  };
  switch (spec.kind) {
    case VICINAL_PROXY_NCA:
      return linear(2 * spec.scale, 0);
    case VICINAL_PROXY_NCA_PP:
      return linear(2 * spec.scale * spec.scale, 0);
    case VICINAL_NORMALIZED_SOFTMAX:
      return linear(1 / spec.scale, 0);
    case VICINAL_COSFACE:
      return linear(spec.scale, spec.margin);
    case VICINAL_ARCFACE: {
      const double m = spec.margin * kPi / 180;
      return softmax(math::ArcFace<Real>{real(spec.scale), real(cos(m)), real(sin(m)), real(m * sin(m))});
    }
    case VICINAL_SOFT_TRIPLE: {
      const std::int64_t blocks = std::min<std::int64_t>(rows, static_cast<std::int64_t>(e.processors) * 8);
      Real* scratch = e.workspace.get<Real>(blocks * 4 * tile.classes);
      launch(soft_triple_kernel<T, Real>, dim3(static_cast<unsigned>(blocks)), block, 0, e.stream,
             math::SoftTriple<Real>{real(spec.scale), real(spec.margin), real(1 / spec.gamma)},
             static_cast<std::int64_t>(spec.centers), tile, rows, scratch, losses, empties);
      return;
    }
    default:  // PROXY_ANCHOR per sample; the kinds are checked at the C ABI
      if ((spec.flags & VICINAL_EUCLIDEAN) != 0) {
        launch(anchor_kernel<T, true, Real>, grid, block, 0, e.stream,
               math::ProxyAnchor<Real, true>{real(-spec.scale), real(spec.margin)}, tile, losses, empties);
      } else {
        launch(anchor_kernel<T, false, Real>, grid, block, 0, e.stream,
               math::ProxyAnchor<Real, false>{real(spec.scale), real(spec.margin)}, tile, losses, empties);
      }
  }
}

}  // namespace

template <class Real>
void loss_rows(Engine& e, const vicinal_loss& spec, const LossTile<Real>& tile, LossTotals* totals) {
  const Workspace::Mark mark = e.workspace.mark();
  double* losses = totals == nullptr ? nullptr : e.workspace.get<double>(tile.rows);
  int* empties = totals == nullptr ? nullptr : e.workspace.get<int>(tile.rows);
  if (tile.st == nullptr) {
    run<Real, Real>(e, spec, tile, losses, empties);
  } else {
    run<Dual<Real>, Real>(e, spec, tile, losses, empties);
  }
  if (totals != nullptr)
    launch(add_rows, dim3(1), dim3(256), 0, e.stream, tile.rows, tile.mean, losses, empties, totals);
  e.workspace.rewind(mark);
}
template void loss_rows(Engine&, const vicinal_loss&, const LossTile<float>&, LossTotals*);
template void loss_rows(Engine&, const vicinal_loss&, const LossTile<double>&, LossTotals*);

}  // namespace vicinal::cuda
