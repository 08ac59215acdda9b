// Programs: fused kernels and operations along an axis; program/kernel.hpp has what they are.
// Threads      kept results: a thread per element of the grid. Reductions: a block per result, and where there are few
//              results several blocks each, whose partial sums a second kernel adds.
// Cost         every thread interprets the chain for its element, with its registers in local memory: simple, and not
//              tuned.
// Determinism  sums in double, in an order that only sizes decide.
#include <cmath>

#include "math/elementary.hpp"
#include "operations.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

using program::AxisOp;
using program::AxisStep;
using program::Kernel;
using program::MapOp;
using program::Operand;
using program::Reduction;
using program::Source;

constexpr unsigned kThreads = 128;
constexpr std::int64_t kFew = 512;           // results below which several blocks share one
constexpr std::int64_t kPerBlock = 1 << 14;  // elements of such a block
constexpr std::int64_t kMostParts = 64;

// The kernel with the places of its arrays; and how the grid falls into results and what each adds up.
struct Bound {
  Kernel k;
  const void* base[program::kMostOperands];
  void* out;
  std::int64_t results, terms;
};

// The position of number i among the axes that are reduced, or among those that are not.
__device__ void spread(const Kernel& k, bool reduced, std::int64_t i, std::int64_t* at) {
  for (int axis = k.rank; axis-- > 0;) {
    if (k.reduced[axis] != reduced) continue;
    at[axis] = i % k.size[axis];
    i /= k.size[axis];
  }
}
__device__ std::int64_t offset(const Operand& o, int rank, const std::int64_t* at) {
  std::int64_t sum = o.offset;
  for (int axis = 0; axis < rank; ++axis) sum += at[axis] * o.stride[axis];
  return sum;
}

// The chain at one position: its value, and whether `where` lets it count. Null-safe on skips.
template <class T, class Real>
__device__ T chain(const Bound& bound, const std::int64_t* at, bool* counts) {
  const Kernel& kernel = bound.k;
  *counts = true;
  for (int s = 0; s < kernel.skips; ++s) {
    const int o = kernel.skip[s];
    if (static_cast<const Real*>(bound.base[o])[offset(kernel.operand[o], kernel.rank, at)] == Real(0)) {
      *counts = false;
      return T(0);
    }
  }
  T r[program::kMostRegisters] = {};
  for (int p = 0; p < kernel.length; ++p) {
    if (kernel.where >= 0 && p == kernel.masks && r[kernel.where] == T(0)) break;
    const program::Instruction& in = kernel.code[p];
    switch (in.op) {
      case MapOp::load: {
        const Operand& o = kernel.operand[in.a];
        const std::int64_t i = offset(o, kernel.rank, at);
        r[in.to] = o.source == Source::real      ? static_cast<T>(static_cast<const Real*>(bound.base[in.a])[i])
                   : o.source == Source::scalar  ? static_cast<T>(static_cast<const double*>(bound.base[in.a])[i])
                   : o.source == Source::integer ? static_cast<T>(static_cast<const std::int64_t*>(bound.base[in.a])[i])
                                                 : static_cast<T>(i);
        break;
      }
      case MapOp::constant:
        r[in.to] = static_cast<T>(in.k);
        break;
      case MapOp::same:
      case MapOp::below: {
        const std::int64_t i =
            static_cast<const std::int64_t*>(bound.base[in.a])[offset(kernel.operand[in.a], kernel.rank, at)];
        const std::int64_t j =
            static_cast<const std::int64_t*>(bound.base[in.b])[offset(kernel.operand[in.b], kernel.rank, at)];
        r[in.to] = static_cast<T>(in.op == MapOp::same ? i == j : i < j);
        break;
      }
      case MapOp::jump:
        if (r[in.a] != T(0)) break;
        p += static_cast<int>(in.k) + 1;
        r[kernel.code[p].to] = T(0);
        break;
#define VICINAL_MAP(name, operands, expression)                 \
  case MapOp::name: {                                           \
    [[maybe_unused]] const T k = static_cast<T>(in.k);          \
    [[maybe_unused]] const T a = r[in.a];                       \
    [[maybe_unused]] const T b = operands > 1 ? r[in.b] : T(0); \
    [[maybe_unused]] const T c = operands > 2 ? r[in.c] : T(0); \
    r[in.to] = expression;                                      \
    break;                                                      \
  }
#include "program/map.def"
    }
  }
  if (kernel.where >= 0) *counts = r[kernel.where] != T(0);
  return r[kernel.result];
}

template <class Real>
__device__ void put(const Bound& b, const std::int64_t* at, double v) {
  const std::int64_t i = offset(b.k.out, b.k.rank, at);
  if (b.k.out.source == Source::scalar) {
    static_cast<double*>(b.out)[i] = v;
  } else {
    static_cast<Real*>(b.out)[i] = static_cast<Real>(v);
  }
}

template <class T, class Real>
__global__ void keep_kernel(Bound b) {
  each_index(b.results, [&](std::int64_t i) {
    std::int64_t at[program::kMostRank] = {};
    spread(b.k, false, i, at);
    bool counts;
    put<Real>(b, at, static_cast<double>(chain<T, Real>(b, at, &counts)));
  });
}

__device__ double none(Reduction r) {
  return r == Reduction::sum ? 0.0 : -math::Extremes<double>::kInfinity;
}
__device__ double join(Reduction r, double a, double v) {
  return r == Reduction::sum ? a + v : (v > a) | (v != v) ? v : a;
}
__device__ double finished(const Kernel& k, double v) {
  return k.reduction == Reduction::largest && v == none(k.reduction) ? k.empty : v;
}

// Over the block, in a fixed order. Every thread gets the result.
__device__ double block_join(Reduction r, double v, BlockSlots<double>& slots) {
  const int warps = static_cast<int>(blockDim.x) / kWarp, warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int step = kWarp / 2; step > 0; step /= 2) v = join(r, v, __shfl_xor_sync(kFullWarp, v, step));
  __syncthreads();
  if (threadIdx.x % kWarp == 0) slots.slot[warp] = v;
  __syncthreads();
  double total = slots.slot[0];
  for (int w = 1; w < warps; ++w) total = join(r, total, slots.slot[w]);
  return total;
}

// Block x works on result x / parts; partial [results, parts] where there are several, else null.
template <class T, class Real>
__global__ void reduce_kernel(Bound b, std::int64_t parts, double* partial) {
  __shared__ BlockSlots<double> slots;
  const Kernel& k = b.k;
  for (std::int64_t job = blockIdx.x; job < b.results * parts; job += gridDim.x) {
    const std::int64_t part = job % parts;
    const std::int64_t begin = b.terms * part / parts, end = b.terms * (part + 1) / parts;
    std::int64_t at[program::kMostRank] = {};
    spread(k, false, job / parts, at);
    double v = none(k.reduction);
    for (std::int64_t t = begin + threadIdx.x; t < end; t += blockDim.x) {
      spread(k, true, t, at);
      bool counts;
      const T x = chain<T, Real>(b, at, &counts);
      if (!counts) continue;
      const bool lowest = k.reduction == Reduction::largest && x == -math::Extremes<T>::kInfinity;
      v = join(k.reduction, v, static_cast<double>(lowest ? math::Extremes<T>::kLowest : x));
    }
    v = block_join(k.reduction, v, slots);
    if (threadIdx.x != 0) continue;
    if (partial != nullptr) {
      partial[job] = v;
    } else {
      put<Real>(b, at, finished(k, v));
    }
  }
}
template <class Real>
__global__ void join_kernel(Bound b, std::int64_t parts, const double* partial) {
  each_index(b.results, [&](std::int64_t i) {
    double v = none(b.k.reduction);
    for (std::int64_t p = 0; p < parts; ++p) v = join(b.k.reduction, v, partial[i * parts + p]);
    std::int64_t at[program::kMostRank] = {};
    spread(b.k, false, i, at);
    put<Real>(b, at, finished(b.k, v));
  });
}

// Arrays of one operation along an axis.
template <class Real>
struct Along {
  AxisStep a;
  const Real *x, *where;
  const std::int64_t* index;
  void* out;
  __device__ std::int64_t id(std::int64_t o, std::int64_t j, std::int64_t i) const {
    const std::int64_t at = a.shared ? index[j] : index[(o * a.m + j) * a.inner + i];
    return at < a.n ? at : -1;
  }
};
template <class Real>
__global__ void axis_kernel(Along<Real> s, std::int64_t work) {
  const AxisStep& a = s.a;
  Real* const real = static_cast<Real*>(s.out);
  each_index(work, [&](std::int64_t w) {
    const std::int64_t i = w % a.inner;
    switch (a.op) {
      case AxisOp::argmax: {
        const std::int64_t o = w / a.inner;
        std::int64_t best = -1;
        Real top = 0;
        for (std::int64_t j = 0; j < a.n; ++j) {
          const std::int64_t at = (o * a.n + j) * a.inner + i;
          if (s.where != nullptr && s.where[at] == Real(0)) continue;
          const Real v = s.x[at];
          if (best < 0 || v > top || (v != v && top == top)) best = j, top = v;
        }
        static_cast<std::int64_t*>(s.out)[w] = best;
        break;
      }
      case AxisOp::cumsum: {
        const std::int64_t o = w / a.inner;
        double sum = 0;
        for (std::int64_t j = 0; j < a.n; ++j) {
          const std::int64_t at = (o * a.n + (a.reverse ? a.n - 1 - j : j)) * a.inner + i;
          sum += static_cast<double>(s.x[at]);
          real[at] = static_cast<Real>(sum);
        }
        break;
      }
      case AxisOp::pick: {
        const std::int64_t q = w / a.inner, from = s.id(q / a.m, q % a.m, i);
        real[w] = from < 0 ? Real(0) : s.x[(q / a.m * a.n + from) * a.inner + i];
        break;
      }
      case AxisOp::place: {
        // A column of targets is one thread's, so its sums have one order.
        const std::int64_t o = w / a.inner;
        for (std::int64_t j = 0; j < a.n; ++j) real[(o * a.n + j) * a.inner + i] = Real(0);
        for (std::int64_t j = 0; j < a.m; ++j) {
          const std::int64_t to = s.id(o, j, i);
          if (to >= 0) real[(o * a.n + to) * a.inner + i] += s.x[(o * a.m + j) * a.inner + i];
        }
        break;
      }
    }
  });
}

}  // namespace

template <class Real>
void run_kernel(Engine& e, const Kernel& k, void* const* buffers) {
  Bound b{k, {}, buffers[k.out.buffer], 1, 1};
  for (int o = 0; o < k.operands; ++o) b.base[o] = k.operand[o].buffer < 0 ? nullptr : buffers[k.operand[o].buffer];
  for (int axis = 0; axis < k.rank; ++axis) (k.reduced[axis] ? b.terms : b.results) *= k.size[axis];
  if (b.results == 0) return;
  if (k.reduction == Reduction::none) {
    over(e, b.results, k.scalar ? keep_kernel<double, Real> : keep_kernel<Real, Real>, b);
    return;
  }
  std::int64_t parts = 1;
  if (b.results < kFew) parts = std::max<std::int64_t>(1, std::min(kMostParts, b.terms / kPerBlock));
  const auto mark = e.workspace.mark();
  double* partial = parts > 1 ? e.workspace.get<double>(b.results * parts) : nullptr;
  const std::int64_t blocks = std::min<std::int64_t>(b.results * parts, std::int64_t{e.processors} * 32);
  launch(k.scalar ? reduce_kernel<double, Real> : reduce_kernel<Real, Real>, dim3(static_cast<unsigned>(blocks)),
         dim3(kThreads), 0, e.stream, b, parts, partial);
  if (parts > 1) over(e, b.results, join_kernel<Real>, b, parts, static_cast<const double*>(partial));
  e.workspace.rewind(mark);
}

template <class Real>
void run_axis(Engine& e, const AxisStep& a, const Real* x, const Real* where, const std::int64_t* index, void* out) {
  const std::int64_t work = a.outer * a.inner * (a.op == AxisOp::pick ? a.m : 1);
  if (work > 0) over(e, work, axis_kernel<Real>, Along<Real>{a, x, where, index, out}, work);
}

template void run_kernel<float>(Engine&, const Kernel&, void* const*);
template void run_kernel<double>(Engine&, const Kernel&, void* const*);
template void run_axis<float>(Engine&, const AxisStep&, const float*, const float*, const std::int64_t*, void*);
template void run_axis<double>(Engine&, const AxisStep&, const double*, const double*, const std::int64_t*, void*);

}  // namespace vicinal::cuda
