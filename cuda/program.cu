// Programs: fused kernels and operations along an axis; program/kernel.hpp has what they are.
// Threads      kept results: a thread per element of the grid. Reductions: a block per entry of the result, and where
// these
//              are few several blocks each, whose partial sums a second kernel adds. Results that are reduced alike
//              take one pass.
// Cost         every thread interprets the chain for its element, with its registers in local memory: simple, and not
//              tuned.
// Determinism  sums in double, in an order that only sizes decide.
#include <cmath>

#include "math/bessel.hpp"
#include "math/elementary.hpp"
#include "math/philox.hpp"
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
using program::Result;
using program::Source;

constexpr unsigned kThreads = 128;
constexpr std::int64_t kFew = 512;           // results below which several blocks share one
constexpr std::int64_t kPerBlock = 1 << 14;  // elements of such a block
constexpr std::int64_t kMostParts = 64;

// The kernel with the places of its arrays; which of its results this pass makes, all reduced over the same axes; and
// how the grid falls into entries of the results and what each adds up.
struct Bound {
  Kernel k;
  const void* base[program::kMostOperands];
  void* out[program::kMostResults];
  std::uint32_t made;  // bit r: result r
  bool reduced[program::kMostRank];
  std::int64_t entries, terms;
  __device__ bool makes(int r) const { return (made >> r & 1) != 0; }
};

// The position of number i among the axes that are reduced, or among those that are not.
__device__ void spread(const Bound& b, bool reduced, std::int64_t i, std::int64_t* at) {
  for (int axis = b.k.rank; axis-- > 0;) {
    if (b.reduced[axis] != reduced) continue;
    at[axis] = i % b.k.size[axis];
    i /= b.k.size[axis];
  }
}
__device__ std::int64_t offset(const Operand& o, int rank, const std::int64_t* at) {
  std::int64_t sum = o.offset;
  for (int axis = 0; axis < rank; ++axis) sum += at[axis] * o.stride[axis];
  return sum;
}

// An operand of ints at one position, or the position along its axis.
__device__ std::int64_t number(const Bound& b, int operand, const std::int64_t* at) {
  const Operand& o = b.k.operand[operand];
  const std::int64_t i = offset(o, b.k.rank, at);
  return o.source == Source::position ? i : static_cast<const std::int64_t*>(b.base[operand])[i];
}

// The chain at one position: deliver(result, value) for every result that counts there.
template <class T, class Real, class Deliver>
__device__ void chain(const Bound& bound, const std::int64_t* at, Deliver&& deliver) {
  const Kernel& kernel = bound.k;
  for (int s = 0; s < kernel.skips; ++s) {
    const int o = kernel.skip[s];
    if (static_cast<const Real*>(bound.base[o])[offset(kernel.operand[o], kernel.rank, at)] == Real(0)) return;
  }
  T r[program::kMostRegisters] = {};
  for (int p = 0; p < kernel.length; ++p) {
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
        const std::int64_t i = number(bound, in.a, at), j = number(bound, in.b, at);
        r[in.to] = static_cast<T>(in.op == MapOp::same ? i == j : i < j);
        break;
      }
      case MapOp::uniform:
      case MapOp::normal: {
        const auto whole = [&](int o) {
          return static_cast<const std::int64_t*>(bound.base[o])[offset(kernel.operand[o], kernel.rank, at)];
        };
        const math::Words words = math::random_words(
            whole(in.a), whole(in.b), offset(kernel.operand[in.c], kernel.rank, at), static_cast<std::uint32_t>(in.k));
        r[in.to] = in.op == MapOp::uniform ? math::uniform_of<T>(words) : math::normal_of<T>(words);
        break;
      }
      case MapOp::jump:
        if (r[in.a] != T(0)) break;
        p += static_cast<int>(in.k) + 1;
        if (kernel.code[p].op != MapOp::result) r[kernel.code[p].to] = T(0);
        break;
      case MapOp::result:
        if (bound.makes(in.to) && (!kernel.result[in.to].where || r[in.b] != T(0))) deliver(in.to, r[in.a]);
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
}

template <class Real>
__device__ void put(const Bound& b, int result, const std::int64_t* at, double v) {
  const Operand& out = b.k.result[result].out;
  const std::int64_t i = offset(out, b.k.rank, at);
  if (out.source == Source::scalar) {
    static_cast<double*>(b.out[result])[i] = v;
  } else {
    static_cast<Real*>(b.out[result])[i] = static_cast<Real>(v);
  }
}

template <class T, class Real>
__global__ void keep_kernel(Bound b) {
  each_index(b.entries, [&](std::int64_t i) {
    std::int64_t at[program::kMostRank] = {};
    spread(b, false, i, at);
    chain<T, Real>(b, at, [&](int result, T v) { put<Real>(b, result, at, static_cast<double>(v)); });
  });
}

__device__ double none(Reduction r) {
  return r == Reduction::sum ? 0.0 : -math::Extremes<double>::kInfinity;
}
__device__ double join(Reduction r, double a, double v) {
  return r == Reduction::sum ? a + v : (v > a) | (v != v) ? v : a;
}
__device__ double finished(const Result& r, double v) {
  return r.reduction == Reduction::largest && v == none(r.reduction) ? r.empty : v;
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

// Block x works on entry x / parts; partial [results, entries, parts] where there are several, else null.
template <class T, class Real>
__global__ void reduce_kernel(Bound b, std::int64_t parts, double* partial) {
  __shared__ BlockSlots<double> slots;
  const Kernel& k = b.k;
  const std::int64_t jobs = b.entries * parts;
  for (std::int64_t job = blockIdx.x; job < jobs; job += gridDim.x) {
    const std::int64_t part = job % parts;
    const std::int64_t begin = b.terms * part / parts, end = b.terms * (part + 1) / parts;
    std::int64_t at[program::kMostRank] = {};
    spread(b, false, job / parts, at);
    double v[program::kMostResults];
    for (int r = 0; r < k.results; ++r) v[r] = none(k.result[r].reduction);
    for (std::int64_t t = begin + threadIdx.x; t < end; t += blockDim.x) {
      spread(b, true, t, at);
      chain<T, Real>(b, at, [&](int r, T x) {
        const Reduction reduction = k.result[r].reduction;
        const bool lowest = reduction == Reduction::largest && x == -math::Extremes<T>::kInfinity;
        v[r] = join(reduction, v[r], static_cast<double>(lowest ? math::Extremes<T>::kLowest : x));
      });
    }
    for (int r = 0; r < k.results; ++r) {
      if (!b.makes(r)) continue;
      const double all = block_join(k.result[r].reduction, v[r], slots);
      if (threadIdx.x != 0) continue;
      if (partial != nullptr) {
        partial[r * jobs + job] = all;
      } else {
        put<Real>(b, r, at, finished(k.result[r], all));
      }
    }
  }
}
template <class Real>
__global__ void join_kernel(Bound b, std::int64_t parts, const double* partial) {
  each_index(b.entries, [&](std::int64_t i) {
    std::int64_t at[program::kMostRank] = {};
    spread(b, false, i, at);
    for (int r = 0; r < b.k.results; ++r) {
      if (!b.makes(r)) continue;
      const Result& q = b.k.result[r];
      double v = none(q.reduction);
      for (std::int64_t p = 0; p < parts; ++p) v = join(q.reduction, v, partial[(r * b.entries + i) * parts + p]);
      put<Real>(b, r, at, finished(q, v));
    }
  });
}

// One pass: the results that b makes.
template <class Real>
void run_pass(Engine& e, const Bound& b, bool reduces) {
  const bool scalar = b.k.scalar;
  if (b.entries == 0) return;
  if (!reduces) {
    over(e, b.entries, scalar ? keep_kernel<double, Real> : keep_kernel<Real, Real>, b);
    return;
  }
  std::int64_t parts = 1;
  if (b.entries < kFew) parts = std::max<std::int64_t>(1, std::min(kMostParts, b.terms / kPerBlock));
  const auto mark = e.workspace.mark();
  double* partial = parts > 1 ? e.workspace.get<double>(b.k.results * b.entries * parts) : nullptr;
  const std::int64_t blocks = std::min<std::int64_t>(b.entries * parts, std::int64_t{e.processors} * 32);
  launch(scalar ? reduce_kernel<double, Real> : reduce_kernel<Real, Real>, dim3(static_cast<unsigned>(blocks)),
         dim3(kThreads), 0, e.stream, b, parts, partial);
  if (parts > 1) over(e, b.entries, join_kernel<Real>, b, parts, static_cast<const double*>(partial));
  e.workspace.rewind(mark);
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
      case AxisOp::mirror: {
        const std::int64_t r = w / a.n, c = w % a.n;
        if (r > c) break;
        const Real sum = s.x[r * a.n + c] + s.x[c * a.n + r];
        real[r * a.n + c] = real[c * a.n + r] = sum;
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
  Bound b{k, {}, {}, 0, {}, 1, 1};
  for (int o = 0; o < k.operands; ++o) b.base[o] = k.operand[o].buffer < 0 ? nullptr : buffers[k.operand[o].buffer];
  for (int r = 0; r < k.results; ++r) b.out[r] = buffers[k.result[r].out.buffer];
  // What is kept comes last: it may lie over an operand.
  std::uint32_t done = 0;
  for (const bool reduces : {true, false})
    for (int first = 0; first < k.results; ++first) {
      if ((done >> first & 1) != 0 || (k.result[first].reduction != Reduction::none) != reduces) continue;
      std::copy_n(k.result[first].reduced, program::kMostRank, b.reduced);
      b.made = 0;
      for (int r = first; r < k.results; ++r)
        if ((k.result[r].reduction != Reduction::none) == reduces &&
            std::equal(b.reduced, b.reduced + k.rank, k.result[r].reduced))
          b.made |= std::uint32_t{1} << r;
      done |= b.made;
      b.entries = b.terms = 1;
      for (int axis = 0; axis < k.rank; ++axis) (b.reduced[axis] ? b.terms : b.entries) *= k.size[axis];
      run_pass<Real>(e, b, reduces);
    }
}

template <class Real>
void run_axis(Engine& e, const AxisStep& a, const Real* x, const Real* where, const std::int64_t* index, void* out) {
  const std::int64_t work = a.outer * a.inner * (a.op == AxisOp::pick ? a.m : a.op == AxisOp::mirror ? a.n : 1);
  if (work > 0) over(e, work, axis_kernel<Real>, Along<Real>{a, x, where, index, out}, work);
}

template void run_kernel<float>(Engine&, const Kernel&, void* const*);
template void run_kernel<double>(Engine&, const Kernel&, void* const*);
template void run_axis<float>(Engine&, const AxisStep&, const float*, const float*, const std::int64_t*, void*);
template void run_axis<double>(Engine&, const AxisStep&, const double*, const double*, const std::int64_t*, void*);

}  // namespace vicinal::cuda
