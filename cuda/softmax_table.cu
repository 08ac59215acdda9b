// A cosine softmax's samples along one direction: their derivatives by proxy, and by the label they could have;
// device/cpu/isa/softmax_table.cpp has the formulas.
// Threads      one block per row: its two largest cosines, its sums, then the entries.
// Cost         two or three exps per cosine, in double.
// Determinism  rows are independent; sums in the order of threads, lanes and warps.
#include "softmax_table.cuh"

#include "math/exp.hpp"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

// The two largest of s by index, -1: none yet. Of equals the lower index comes first.
template <class Real>
struct TopTwo {
  const Real* s;
  long long first = -1, second = -1;

  __device__ bool above(long long a, long long b) const { return b < 0 || s[a] > s[b] || (s[a] == s[b] && a < b); }
  __device__ void insert(long long c) {
    if (c < 0) return;
    if (above(c, first)) {
      second = first;
      first = c;
    } else if (above(c, second)) {
      second = c;
    }
  }
};
struct Pair {
  long long first, second;
};

// Over the block; every thread gets the same.
template <class Real>
__device__ TopTwo<Real> block_top_two(TopTwo<Real> top, BlockSlots<Pair>& slots) {
  for (int step = 1; step < kWarp; step *= 2) {
    const long long first = shuffle_xor(top.first, step), second = shuffle_xor(top.second, step);
    top.insert(first);
    top.insert(second);
  }
  if (threadIdx.x % kWarp == 0) slots.slot[threadIdx.x / kWarp] = {top.first, top.second};
  __syncthreads();
  TopTwo<Real> all{top.s};
  for (unsigned w = 0; w < blockDim.x / kWarp; ++w) {
    all.insert(slots.slot[w].first);
    all.insert(slots.slot[w].second);
  }
  return all;
}

// Exponentials are taken relative to the second largest cosine, the largest apart: a sum without any one class then
// neither cancels nor vanishes, whatever the margin. g brings them to the scale of the largest.
template <class Real>
__global__ void table_kernel(SoftmaxTable<Real> table, double k, double margin) {
  __shared__ BlockSlots<Pair> pairs;
  __shared__ BlockSlots<double> slots;
  const std::int64_t i = blockIdx.x, C = table.classes;
  const std::int64_t label = table.labels[i], y = label < 0 || label >= C ? 0 : label;
  const Real* s = table.s + i * table.ld;
  const Real* st = table.st + i * table.ld;
  double* by_proxy = table.by_proxy == nullptr ? nullptr : table.by_proxy + i * C;
  double* relabel = table.relabel == nullptr ? nullptr : table.relabel + i * C;
  if (C == 1) {  // a constant loss
    if (threadIdx.x == 0 && by_proxy != nullptr) by_proxy[0] = 0;
    if (threadIdx.x == 0 && relabel != nullptr) relabel[0] = 0;
    return;
  }
  TopTwo<Real> largest{s};
  for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) largest.insert(c);
  largest = block_top_two(largest, pairs);
  const std::int64_t top = largest.first, second = largest.second;
  const double drop = k * margin;
  const double s_top = static_cast<double>(s[top]), s_second = static_cast<double>(s[second]);
  const double st_top = static_cast<double>(st[top]), g = math::exp_of(k * (s_second - s_top));
  const auto exponential = [&](std::int64_t c) {  // exp(k (s - s_second)), 0 at the top
    return c == top ? 0.0 : math::exp_of(k * (static_cast<double>(s[c]) - s_second));
  };
  const auto shifted = [&](std::int64_t c) { return static_cast<double>(st[c]) - st_top; };
  double rest = 0, sum = 0;  // of the exponentials, and of them times shifted
  for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) {
    const double x = exponential(c);
    rest += x;
    sum += x * shifted(c);
  }
  rest = block_sum(rest, slots);
  sum = block_sum(sum, slots);
  // The softmax with label c: exponentials of the others, and all with the label's own. The top is on its own scale.
  const auto others = [&](std::int64_t c) { return c == top ? rest : g * (rest - exponential(c)) + 1; };
  const auto own = [&](std::int64_t c) {
    return math::exp_of(k * (static_cast<double>(s[c]) - (c == top ? s_second : s_top)) - drop);
  };
  const auto score = [&](std::int64_t c) {
    const double weighted = c == top ? sum : g * (sum - rest * shifted(c)) - shifted(c);
    return k * weighted / (others(c) + own(c));
  };
  double own_score = 0;
  if (table.soft_labels != nullptr) {  // losses without a margin
    const Real* t = table.soft_labels + i * C;
    const double all = g * rest + 1;
    double mass = 0;
    for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) mass += static_cast<double>(t[c]);
    mass = block_sum(mass, slots);
    for (std::int64_t c = threadIdx.x; c < C; c += blockDim.x) {
      const double probability = (c == top ? 1 : g * exponential(c)) / all;
      const double part = k * (mass * probability - static_cast<double>(t[c])) * static_cast<double>(st[c]);
      own_score += part;
      if (by_proxy != nullptr) by_proxy[c] = part;
    }
    own_score = block_sum(own_score, slots);
  } else {
    own_score = score(y);
    const double factor = k / (others(y) + own(y)), scale = y == top ? factor : factor * g;
    for (std::int64_t c = threadIdx.x; by_proxy != nullptr && c < C; c += blockDim.x) {
      const double weight = c == y ? -factor * others(y) : c == top ? factor : scale * exponential(c);
      by_proxy[c] = weight * static_cast<double>(st[c]);
    }
  }
  for (std::int64_t c = threadIdx.x; relabel != nullptr && c < C; c += blockDim.x)
    relabel[c] = table.soft_labels == nullptr && c == y ? 0.0 : score(c) - own_score;
}

}  // namespace

template <class Real>
void softmax_table(Engine& e, const LossSpec& spec, const SoftmaxTable<Real>& table) {
  const math::Logits logits = math::logits_of(spec);
  launch(table_kernel<Real>, dim3(static_cast<unsigned>(table.rows)), dim3(row_threads(table.classes)), 0, e.stream,
         table, logits.slope, logits.margin);
}
template void softmax_table(Engine&, const LossSpec&, const SoftmaxTable<float>&);
template void softmax_table(Engine&, const LossSpec&, const SoftmaxTable<double>&);

}  // namespace vicinal::cuda
