// The loss of one row of cosines by one block of threads: what every kernel over rows shares. Formulas as in
// device/cpu/isa/loss_rows.cpp.
// Computes     one pass that keeps the maximum and the sum of exponentials together (math/softmax.hpp), one that writes
//              the gradient. SoftTriple reduces over centres first.
// Cost         a row of cosines is read twice and written once: the second time from a cache where it fits. Two to
//              three exponentials a cosine.
// Threads      a class belongs to one thread in every pass, so a row may be overwritten in place; what all threads need
//              of the label's class is read before the first barrier.
// Determinism  a thread's classes in order, then lanes, then warps.
#ifndef VICINAL_CUDA_LOSS_ROW_CUH_
#define VICINAL_CUDA_LOSS_ROW_CUH_

#include "loss_rows.cuh"
#include "math/access.hpp"
#include "math/softmax.hpp"
#include "reduce.cuh"

namespace vicinal::cuda {

// What a block works on: row i with tangent q.
template <class Real>
struct Row {
  std::int64_t i, y;
  bool owner;  // the row's value parts are this block's to write
  const Real *s, *st;
  Real *g = nullptr, *gt = nullptr;  // g null: not wanted, or not this block's to write
  double weight;
  Real coef;

  // Element j with its tangent, or its value alone.
  template <class T>
  __device__ __forceinline__ T at(std::int64_t j) const {
    return math::Access<T>::load(s, st, j);
  }
};
template <class Real>
__device__ Row<Real> row_of(const LossTile<Real>& tile, std::int64_t t) {
  Row<Real> r;
  r.i = t / tile.directions;
  r.owner = t % tile.directions == 0;
  r.y = tile.labels[r.i];
  // An id outside the classes is reported after the call; until then nothing outside the arrays may be touched.
  if (r.y < 0 || r.y >= tile.classes) r.y = 0;
  r.s = tile.s + r.i * tile.ld;
  r.st = tile.st == nullptr ? nullptr : tile.st + t * tile.ld;
  if (r.owner && tile.g != nullptr) r.g = tile.g + r.i * tile.ld;
  if (tile.gt != nullptr) r.gt = tile.gt + t * tile.ld;
  r.weight = tile.weights == nullptr ? 1.0 : static_cast<double>(tile.weights[r.i]);
  r.coef = static_cast<Real>(r.weight * tile.mean);
  return r;
}

// Stores a gradient: its value by the row's first block only, its tangent by everyone.
template <class Real, class T>
__device__ __forceinline__ void put(const Row<Real>& r, std::int64_t j, T x) {
  put(r.g, r.gt, j, x);
}

// The row's loss, without its weight, and whether its denominator is empty.
struct RowLoss {
  double loss;
  bool empty;
};

// A softmax row with its label apart: 1 - p_y is then free of cancellation.
template <class T>
struct SoftmaxState {
  using Real = typename math::RealOf<T>::type;
  Real top;
  T rest, own, all;
};
template <class T, class Real>
__device__ SoftmaxState<T> finish_softmax(const math::LogSumExp<T>& others, T ay, bool exclude) {
  SoftmaxState<T> r;
  r.top = exclude || others.max > math::value(ay) ? others.max : math::value(ay);
  r.rest = others.sum * math::exp_of(others.max - r.top);
  r.own = exclude ? math::Constant<T>::of(Real(0)) : math::exp_of(ay - r.top);
  r.all = r.rest + r.own;
  return r;
}
template <class T, class Real>
__device__ double softmax_loss(const SoftmaxState<T>& r, Real ay, bool exclude) {
  const double gap = static_cast<double>(r.top) - static_cast<double>(ay);
  if (!exclude && gap <= 0)
    return log1p(static_cast<double>(math::value(r.rest)) / static_cast<double>(math::value(r.own)));
  return gap + log(static_cast<double>(math::value(r.all)));
}
// With the label in the denominator the loss of a single class is 0 exactly; NaN stays.
template <class Real>
__device__ double lone_loss(Real ay) {
  return ay == ay ? 0.0 : static_cast<double>(ay);
}

// The kinds of rows. run<T>() is called by all threads of a block, T = Real or Dual<Real>; kScratch elements per class
// are the block's own.

// Logits linear in the cosines but for the label's.
template <class Real, class Loss>
struct SoftmaxRow {
  static constexpr int kScratch = 0;
  Loss loss;
  bool exclude;

  template <class T>
  __device__ RowLoss run(const LossTile<Real>& tile, const Row<Real>& r, Real*) const {
    using math::Access;
    using math::Constant;
    __shared__ BlockSlots<math::LogSumExp<T>> slots;
    const std::int64_t n = tile.classes, y = r.y;
    const Real k = loss.slope;
    const T sy = Access<T>::load(r.s, r.st, y);
    const T ay = loss.label_logit(sy);
    if (n == 1) {
      __syncthreads();
      if (threadIdx.x == 0) put(r, 0, Constant<T>::of(Real(0)));
      return {lone_loss(math::value(ay)), exclude};
    }
    math::LogSumExp<T> others = math::LogSumExp<T>::init();
    for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x)
      if (j != y) others.absorb(k * r.template at<T>(j));
    others = block_merge(others, slots);
    const SoftmaxState<T> state = finish_softmax<T, Real>(others, ay, exclude);
    const T scale = (r.coef * k) / state.all;
    for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x) {
      if (j == y) {
        const T label = exclude ? Constant<T>::of(Real(-1)) : -(state.rest / state.all);
        put(r, j, r.coef * (loss.label_slope(sy) * label));
      } else {
        put(r, j, math::exp_of(k * r.template at<T>(j) - state.top) * scale);
      }
    }
    return {softmax_loss<T, Real>(state, math::value(ay), exclude), false};
  }
};

// L = sum_c t_c (lse - a_c) with soft labels t.
template <class Real>
struct SoftLabelRow {
  static constexpr int kScratch = 0;
  Real slope;

  template <class T>
  __device__ RowLoss run(const LossTile<Real>& tile, const Row<Real>& r, Real*) const {
    using math::Access;
    __shared__ BlockSlots<math::LogSumExp<T>> slots;
    __shared__ BlockSlots<double> sums;
    const std::int64_t n = tile.classes;
    const Real k = slope;
    const Real* t = tile.soft_labels + r.i * n;
    math::LogSumExp<T> state = math::LogSumExp<T>::init();
    for (std::int64_t j = threadIdx.x; j < n; j += blockDim.x) state.absorb(k * r.template at<T>(j));
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
      put(r, j, state.term(k * r.template at<T>(j)) * scale - own * t[j]);
    return {linear + mass * log(static_cast<double>(math::value(state.sum))), false};
  }
};

// Similarities S_c = sum_k q_k s_k go to `scratch` [4, classes] with the inverse sums of their centres.
template <class Real>
struct SoftTripleRow {
  static constexpr int kScratch = 4;
  math::SoftTriple<Real> loss;
  std::int64_t centers;

  template <class T>
  __device__ RowLoss run(const LossTile<Real>& tile, const Row<Real>& r, Real* scratch) const {
    using math::Access;
    using math::Constant;
    __shared__ BlockSlots<math::LogSumExp<T>> slots;
    const std::int64_t C = tile.classes;
    Real *sim = scratch, *sim_t = sim + C, *inverse = sim_t + C, *inverse_t = inverse + C;
    const auto centre = [&](std::int64_t c, std::int64_t k) { return r.template at<T>(k * C + c); };
    const auto largest = [&](std::int64_t c) {
      Real top = r.s[c];
      for (std::int64_t k = 1; k < centers; ++k) {
        const Real s = r.s[k * C + c];
        top = s > top ? s : top;
      }
      return top;
    };
    __syncthreads();  // the scratch of the row before has been read
    math::LogSumExp<T> others = math::LogSumExp<T>::init();
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
    return {lone ? lone_loss(math::value(ay)) : softmax_loss<T, Real>(state, math::value(ay), false), false};
  }
};

// Proxy-Anchor reduced over the proxies of one sample:
//   L_i = log(1 + n_y exp(x+)) + log(1 + sum_{c != y} exp(x-_c)), n_y the repetitions of the label in the batch.
template <class Real, bool kEuclidean>
struct AnchorRow {
  static constexpr int kScratch = 0;
  math::ProxyAnchor<Real, kEuclidean> loss;

  template <class T>
  __device__ RowLoss run(const LossTile<Real>& tile, const Row<Real>& r, Real*) const {
    using math::Access;
    using math::Constant;
    __shared__ BlockSlots<math::LogSumExp<T>> slots;
    const std::int64_t C = tile.classes;
    const T sy = Access<T>::load(r.s, r.st, r.y);
    math::LogSumExp<T> state = math::LogSumExp<T>::init();
    for (std::int64_t j = threadIdx.x; j < C; j += blockDim.x)
      if (j != r.y) state.absorb(loss.negative_exponent(r.template at<T>(j)));
    state = block_merge(state, slots);
    // The implicit 1 = exp(0).
    const Real top = state.any && state.max > Real(0) ? state.max : Real(0);
    const T rest = state.any ? state.sum * math::exp_of(state.max - top) : Constant<T>::of(Real(0));
    const T scale = (r.coef * loss.alpha) / (rest + math::exp_of(-top));
    // Positive part: log(1 + n exp(x)) with the larger of the two terms taken out.
    const Real n = tile.repetitions[r.y];
    const T x = loss.positive_exponent(sy);
    const Real up = math::value(x) > Real(0) ? math::value(x) : Real(0);
    const T e = n * math::exp_of(x - up);
    for (std::int64_t j = threadIdx.x; j < C; j += blockDim.x) {
      if (j == r.y) {
        const T p = e / (e + math::exp_of(-up));
        put(r, j, (-r.coef * loss.alpha) * (p * loss.measure_slope(sy)));
      } else {
        const T sj = r.template at<T>(j);
        put(r, j, math::exp_of(loss.negative_exponent(sj) - top) * loss.measure_slope(sj) * scale);
      }
    }
    const auto log_of = [](Real shift, T sum) {
      const double plain = static_cast<double>(math::value(sum));
      return shift > Real(0) ? static_cast<double>(shift) + log(exp(-static_cast<double>(shift)) + plain)
                             : log1p(plain);
    };
    return {log_of(top, rest) + log_of(up, e), false};
  }
};

// visit(row) with the kind of row that the loss has.
template <class Real, class Loss, class Visit>
void visit_row(const Loss& loss, const LossSpec& spec, bool, Visit&& visit) {
  visit(SoftmaxRow<Real, Loss>{loss, spec.exclude_positive});
}
template <class Real, class Visit>
void visit_row(const math::LinearSoftmax<Real>& loss, const LossSpec& spec, bool soft_labels, Visit&& visit) {
  if (soft_labels) return visit(SoftLabelRow<Real>{loss.slope});
  visit(SoftmaxRow<Real, math::LinearSoftmax<Real>>{loss, spec.exclude_positive});
}
template <class Real, class Visit>
void visit_row(const math::SoftTriple<Real>& loss, const LossSpec& spec, bool, Visit&& visit) {
  visit(SoftTripleRow<Real>{loss, spec.centers});
}
template <class Real, bool kEuclidean, class Visit>
void visit_row(const math::ProxyAnchor<Real, kEuclidean>& loss, const LossSpec&, bool, Visit&& visit) {
  visit(AnchorRow<Real, kEuclidean>{loss});
}
template <class Real, class Visit>
void with_row(const LossSpec& spec, bool soft_labels, Visit&& visit) {
  math::visit_loss<Real>(spec, [&](const auto& loss) { visit_row<Real>(loss, spec, soft_labels, visit); });
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_ROW_CUH_
