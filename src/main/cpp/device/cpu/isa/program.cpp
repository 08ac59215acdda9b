// Fused kernels of programs: a small machine that runs a chain of element-wise operations over tiles of the innermost
// axis, with registers of kTile elements that stay in the first cache.
// Cost         an instruction is one vector loop over a tile, or one number where its operands do not change along it;
//              arrays along the innermost axis are read in place; what a mask leaves out of a whole tile is jumped
//              over.
// Determinism  a sum adds a tile in vector lanes and tiles in double, in an order that only sizes decide.
#include <cmath>
#include <limits>
#include <type_traits>

#include "device/cpu/kernels.hpp"
#include "math/elementary.hpp"
#include "program/kernel.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

using program::Instruction;
using program::Kernel;
using program::MapOp;
using program::Operand;
using program::Reduction;
using program::Source;

constexpr std::int64_t kTile = 256;
constexpr std::int64_t kLanes = 16;

// T: of the registers; Real: of arrays.
template <class T, class Real>
class Machine {
 public:
  Machine(const Kernel& k, void* const* buffers) : k_(k), last_(k.rank - 1) {
    for (int o = 0; o < k.operands; ++o) {
      base_[o] = k.operand[o].buffer < 0 ? nullptr : buffers[k.operand[o].buffer];
      offset_[o] = k.operand[o].offset;
    }
    out_ = buffers[k.out.buffer];
  }

  // Positions [begin, end) of axis 0, or of the only axis. accumulators: as many as the innermost axis has entries, or
  // one; partial: where sums go that other ranges add to, or null.
  void run(std::int64_t begin, std::int64_t end, double* accumulators, double* partial) {
    accumulators_ = accumulators;
    partial_ = partial;
    out_offset_ = k_.out.offset;
    inner_begin_ = 0;
    inner_end_ = k_.size[last_];
    first_ = 0;
    width_ = k_.reduced[last_] ? 1 : inner_end_;
    if (k_.rank == 1) {
      inner_begin_ = begin;
      inner_end_ = end;
      if (!k_.reduced[0]) {
        first_ = begin;
        width_ = end;
      }
      if (k_.reduction == Reduction::none) {
        row();
      } else {
        clear();
        row();
        flush();
      }
      return;
    }
    int kept = 0;  // leading axes that are kept; the others, but the last, are reduced
    while (kept < last_ && !k_.reduced[kept]) ++kept;
    const bool reduces = k_.reduction != Reduction::none;
    if (!reduces) kept = last_;
    begin_ = begin;
    end_ = end;
    if (nothing(0, kept)) return;
    for (int axis = 0; axis < last_; ++axis) at_axis_[axis] = 0;
    advance(0, begin);
    at_axis_[0] = begin;
    do {
      if (reduces) clear();
      if (!nothing(kept, last_)) do {
          if (!skipped()) row();
        } while (next(kept, last_));
      if (reduces) flush();
    } while (next(0, kept));
  }

 private:
  void advance(int axis, std::int64_t steps) {
    for (int o = 0; o < k_.operands; ++o) offset_[o] += steps * k_.operand[o].stride[axis];
    out_offset_ += steps * k_.out.stride[axis];
  }
  std::int64_t first_of(int axis) const { return axis == 0 ? begin_ : 0; }
  std::int64_t end_of(int axis) const { return axis == 0 ? end_ : k_.size[axis]; }
  // Whether one of the axes [from, to) has no position.
  bool nothing(int from, int to) const {
    for (int axis = from; axis < to; ++axis)
      if (first_of(axis) >= end_of(axis)) return true;
    return false;
  }
  // The next position over the axes [from, to), the last of them fastest; false, and back at the first, at the end.
  bool next(int from, int to) {
    for (int axis = to; axis-- > from;) {
      advance(axis, 1);
      if (++at_axis_[axis] < end_of(axis)) return true;
      advance(axis, first_of(axis) - at_axis_[axis]);
      at_axis_[axis] = first_of(axis);
    }
    return false;
  }

  bool skipped() const {
    for (int s = 0; s < k_.skips; ++s) {
      const int o = k_.skip[s];
      if (static_cast<const Real*>(base_[o])[offset_[o]] == Real(0)) return true;
    }
    return false;
  }

  void row() {
    for (std::int64_t at = inner_begin_; at < inner_end_; at += kTile) {
      const std::int64_t n = at + kTile < inner_end_ ? kTile : inner_end_ - at;
      const T* where = nullptr;
      if (k_.where >= 0) {
        tile(0, k_.masks, at, n);
        const bool one = one_[k_.where];
        if (!any(one ? 1 : n, at_[k_.where])) continue;
        if (!one) where = at_[k_.where];
      }
      tile(k_.where < 0 ? 0 : k_.masks, k_.length, at, n);
      const T* v = whole(k_.result, n);
      switch (k_.reduction) {
        case Reduction::none:
          if (k_.out.source == Source::scalar) {
            store(static_cast<double*>(out_), at, n, v);
          } else {
            store(static_cast<Real*>(out_), at, n, v);
          }
          break;
        case Reduction::sum:
          if (k_.reduced[last_]) {
            accumulators_[0] += where == nullptr ? sum(n, v) : sum_where(n, v, where);
          } else {
            add(n, v, where, accumulators_ + at);
          }
          break;
        case Reduction::largest:
          if (k_.reduced[last_]) {
            raise(accumulators_[0], largest(n, v, where));
          } else {
            raise(n, v, where, accumulators_ + at);
          }
          break;
      }
    }
  }

  static bool any(std::int64_t n, const T* v) {
    int found = 0;
#pragma omp simd reduction(| : found)
    for (std::int64_t i = 0; i < n; ++i) found |= v[i] != T(0);
    return found != 0;
  }
  template <class Out>
  void store(Out* out, std::int64_t at, std::int64_t n, const T* v) const {
    const std::int64_t step = k_.out.stride[last_];
    Out* to = out + out_offset_ + at * step;
    if (step == 1) {
#pragma omp simd
      for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<Out>(v[i]);
    } else {
      for (std::int64_t i = 0; i < n; ++i) to[i * step] = static_cast<Out>(v[i]);
    }
  }
  static double sum(std::int64_t n, const T* v) {
    T total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < n; ++i) total += v[i];
    return static_cast<double>(total);
  }
  static double sum_where(std::int64_t n, const T* v, const T* where) {
    T total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < n; ++i) total += where[i] != T(0) ? v[i] : T(0);
    return static_cast<double>(total);
  }
  static void add(std::int64_t n, const T* v, const T* where, double* to) {
    if (where == nullptr) {
#pragma omp simd
      for (std::int64_t i = 0; i < n; ++i) to[i] += static_cast<double>(v[i]);
    } else {
#pragma omp simd
      for (std::int64_t i = 0; i < n; ++i) to[i] += where[i] != T(0) ? static_cast<double>(v[i]) : 0.0;
    }
  }
  static constexpr T kNone = -std::numeric_limits<T>::infinity();
  // An entry that was seen is never what stands for none.
  static T seen(T v) {
    return v == kNone ? std::numeric_limits<T>::lowest() : v;
  }
  // NaN if any is. The maximum and NaN apart, each of which is a vector loop; together they are not.
  template <class Read>
  static T largest(std::int64_t n, Read&& read) {
    T top = kNone;
    int broken = 0;
#pragma omp simd reduction(max : top) reduction(| : broken)
    for (std::int64_t i = 0; i < n; ++i) {
      const T x = read(i);
      top = x > top ? x : top;
      broken |= x != x;
    }
    return broken != 0 ? std::numeric_limits<T>::quiet_NaN() : top;
  }
  static T largest(std::int64_t n, const T* v, const T* where) {
    if (where == nullptr) return largest(n, [=](std::int64_t i) { return seen(v[i]); });
    return largest(n, [=](std::int64_t i) { return where[i] != T(0) ? seen(v[i]) : kNone; });
  }
  static void raise(std::int64_t n, const T* v, const T* where, double* to) {
    for (std::int64_t i = 0; i < n; ++i)
      if (where == nullptr || where[i] != T(0)) raise(to[i], seen(v[i]));
  }
  template <class V>
  static void raise(double& to, V v) {
    if ((v > to) | (v != v)) to = static_cast<double>(v);
  }

  void clear() {
    const double start = k_.reduction == Reduction::sum ? 0.0 : -std::numeric_limits<double>::infinity();
    for (std::int64_t i = first_; i < width_; ++i) accumulators_[i] = start;
  }
  void flush() {
    if (partial_ != nullptr) {
      for (std::int64_t i = first_; i < width_; ++i) partial_[i] = accumulators_[i];
      return;
    }
    const std::int64_t step = k_.reduced[last_] ? 0 : k_.out.stride[last_];
    for (std::int64_t i = first_; i < width_; ++i) {
      double v = accumulators_[i];
      if (k_.reduction == Reduction::largest && v == -std::numeric_limits<double>::infinity()) v = k_.empty;
      if (k_.out.source == Source::scalar) {
        static_cast<double*>(out_)[out_offset_ + i * step] = v;
      } else {
        static_cast<Real*>(out_)[out_offset_ + i * step] = static_cast<Real>(v);
      }
    }
  }

  // A register is a tile of values, or one number where all of them are equal.
  void load(const Instruction& in, std::int64_t at, std::int64_t n) {
    const Operand& o = k_.operand[in.a];
    const std::int64_t step = o.stride[last_], from = offset_[in.a] + at * step;
    T* const to = registers_[in.to];
    at_[in.to] = to;
    one_[in.to] = step == 0;
    if (step == 0) n = 1;
    switch (o.source) {
      case Source::real: {
        const Real* x = static_cast<const Real*>(base_[in.a]) + from;
        if constexpr (std::is_same_v<T, Real>) {
          if (step == 0 || step == 1) {
            at_[in.to] = x;
            break;
          }
        }
        for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(x[i * step]);
        break;
      }
      case Source::scalar:
        to[0] = static_cast<T>(static_cast<const double*>(base_[in.a])[from]);
        break;
      case Source::integer: {
        const std::int64_t* x = static_cast<const std::int64_t*>(base_[in.a]) + from;
        for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(x[i * step]);
        break;
      }
      case Source::position:
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(from + i * step);
        break;
    }
  }
  template <class Compare>
  void compare(const Instruction& in, std::int64_t at, std::int64_t n, Compare&& compare) {
    const std::int64_t sa = k_.operand[in.a].stride[last_], sb = k_.operand[in.b].stride[last_];
    const std::int64_t* a = static_cast<const std::int64_t*>(base_[in.a]) + offset_[in.a] + at * sa;
    const std::int64_t* b = static_cast<const std::int64_t*>(base_[in.b]) + offset_[in.b] + at * sb;
    T* const to = registers_[in.to];
    at_[in.to] = to;
    one_[in.to] = sa == 0 && sb == 0;
    if (one_[in.to]) n = 1;
    if (sa == 0 && sb == 1) {
      const std::int64_t one = *a;
#pragma omp simd
      for (std::int64_t i = 0; i < n; ++i) to[i] = T(compare(one, b[i]));
    } else {
      for (std::int64_t i = 0; i < n; ++i) to[i] = T(compare(a[i * sa], b[i * sb]));
    }
  }
  void put(int r, T v) {
    registers_[r][0] = v;
    at_[r] = registers_[r];
    one_[r] = true;
  }
  // All values of a register, for what leaves the machine.
  const T* whole(int r, std::int64_t n) {
    if (one_[r]) {
      const T v = *at_[r];
#pragma omp simd
      for (std::int64_t i = 0; i < n; ++i) registers_[r][i] = v;
      at_[r] = registers_[r];
      one_[r] = false;
    }
    return at_[r];
  }

  // Instructions [p, end) over a tile.
  void tile(int p, int end, std::int64_t at, std::int64_t n) {
    for (; p < end; ++p) {
      const Instruction& in = k_.code[p];
      switch (in.op) {
        case MapOp::load:
          load(in, at, n);
          break;
        case MapOp::constant:
          put(in.to, static_cast<T>(in.k));
          break;
        case MapOp::same:
          compare(in, at, n, [](std::int64_t a, std::int64_t b) { return a == b; });
          break;
        case MapOp::below:
          compare(in, at, n, [](std::int64_t a, std::int64_t b) { return a < b; });
          break;
        case MapOp::jump:
          if (any(one_[in.a] ? 1 : n, at_[in.a])) break;
          p += static_cast<int>(in.k) + 1;
          put(k_.code[p].to, T(0));
          break;
#define VICINAL_MAP(name, operands, expression)                                     \
  case MapOp::name:                                                                 \
    map<operands>(                                                                  \
        in, n,                                                                      \
        [k = static_cast<T>(in.k)](T a, [[maybe_unused]] T b, [[maybe_unused]] T c) \
            __attribute__((always_inline)) { return expression; });                 \
    break;
#include "program/map.def"
      }
    }
  }
  struct Many {
    const T* x;
    T operator[](std::int64_t i) const { return x[i]; }
  };
  struct One {
    T x;
    T operator[](std::int64_t) const { return x; }
  };
  template <class Then>
  void read(int r, Then&& then) const {
    if (one_[r]) {
      then(One{*at_[r]});
    } else {
      then(Many{at_[r]});
    }
  }
  template <int kOperands, class F>
  void map(const Instruction& in, std::int64_t n, F&& f) {
    const bool one = one_[in.a] && (kOperands < 2 || one_[in.b]) && (kOperands < 3 || one_[in.c]);
    T* const to = registers_[in.to];
    const std::int64_t count = one ? 1 : n;
    const auto loop = [&](const auto a, const auto b, const auto c) {
#pragma omp simd
      for (std::int64_t i = 0; i < count; ++i) to[i] = f(a[i], b[i], c[i]);
    };
    if constexpr (kOperands == 1) {
      loop(Many{at_[in.a]}, One{}, One{});
    } else if constexpr (kOperands == 2) {
      read(in.a, [&](auto a) { read(in.b, [&](auto b) { loop(a, b, One{}); }); });
    } else {
      read(in.a, [&](auto a) { read(in.b, [&](auto b) { read(in.c, [&](auto c) { loop(a, b, c); }); }); });
    }
    at_[in.to] = to;
    one_[in.to] = one;
  }

  const Kernel& k_;
  const int last_;
  std::int64_t begin_ = 0, end_ = 0, at_axis_[program::kMostRank] = {};
  const void* base_[program::kMostOperands];
  std::int64_t offset_[program::kMostOperands];
  void* out_;
  std::int64_t out_offset_ = 0, inner_begin_ = 0, inner_end_ = 0, first_ = 0, width_ = 1;
  double* accumulators_ = nullptr;
  double* partial_ = nullptr;
  const T* at_[program::kMostRegisters] = {};
  bool one_[program::kMostRegisters] = {};
  alignas(64) T registers_[program::kMostRegisters][kTile];
};

template <class Real>
void run_kernel(const Kernel& k, void* const* buffers, std::int64_t begin, std::int64_t end, double* accumulators,
                double* partial) {
  if (k.scalar) {
    Machine<double, Real>(k, buffers).run(begin, end, accumulators, partial);
  } else {
    Machine<Real, Real>(k, buffers).run(begin, end, accumulators, partial);
  }
}

}  // namespace

void fill_program(Kernels<float>& k) {
  k.run_kernel = run_kernel<float>;
}
void fill_program(Kernels<double>& k) {
  k.run_kernel = run_kernel<double>;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
