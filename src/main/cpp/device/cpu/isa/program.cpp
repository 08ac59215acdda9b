// Fused kernels of programs: a small machine that runs a chain of element-wise operations over tiles of the innermost
// axis, with registers of kTile elements that stay in the first cache.
// Cost         an instruction is one vector loop over a tile, or one number where its operands do not change along it;
//              arrays along the innermost axis are read in place; what a mask leaves out of a whole tile is jumped
//              over. Several results of one grid take one pass over it.
// Determinism  a sum adds a tile in vector lanes and tiles in double, in an order that only the grid's sizes decide.
#include <cmath>
#include <limits>
#include <type_traits>

#include "device/cpu/kernels.hpp"
#include "math/bessel.hpp"
#include "math/elementary.hpp"
#include "math/philox.hpp"
#include "program/kernel.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

using program::Instruction;
using program::Kernel;
using program::MapOp;
using program::Operand;
using program::Reduction;
using program::Result;
using program::Source;

// Elements of a tile: a dozen live registers fit the first cache.
template <class T>
constexpr std::int64_t kTile = 2048 / sizeof(T);
// What a mask selects little of is computed in parts of a tile.
constexpr std::int64_t kPart = 64;

// T: of the registers; Real: of arrays.
template <class T, class Real>
class Machine {
 public:
  Machine(const Kernel& k, void* const* buffers) : k_(k), last_(k.rank - 1) {
    for (int o = 0; o < k.operands; ++o) {
      base_[o] = k.operand[o].buffer < 0 ? nullptr : buffers[k.operand[o].buffer];
      offset_[o] = k.operand[o].offset;
    }
    for (int r = 0; r < k.results; ++r) {
      const Result& q = k.result[r];
      out_[r] = buffers[q.out.buffer];
      out_offset_[r] = q.out.offset;
      if (q.reduction == Reduction::none) continue;
      while (kept_[r] < last_ && !q.reduced[kept_[r]]) ++kept_[r];
      width_[r] = q.reduced[last_] ? 1 : k.size[last_];
    }
  }

  // Positions [begin, end) of axis 0, or of the only axis; none of the grid's axes is empty. accumulators: a row of
  // widths, one after the other; partial: likewise, where sums over axis 0 go that other ranges add to, or null.
  void run(std::int64_t begin, std::int64_t end, double* accumulators, double* partial) {
    for (int r = 0; r < k_.results; ++r) {
      accumulators_[r] = accumulators;
      partial_[r] = partial;
      accumulators += width_[r];
      if (partial != nullptr) partial += width_[r];
    }
    begin_ = begin;
    end_ = end;
    inner_begin_ = k_.rank == 1 ? begin : 0;
    inner_end_ = k_.rank == 1 ? end : k_.size[last_];
    clear(-1);
    if (begin >= end) {
      for (int r = 0; r < k_.results; ++r)
        if (partial != nullptr && kept_[r] == 0 && width_[r] > 0) flush_result(r);
      return;
    }
    for (int axis = 0; axis < last_; ++axis) at_axis_[axis] = 0;
    if (last_ > 0) advance(0, begin);
    at_axis_[0] = begin;
    for (int axis = 0; axis >= 0;) {
      if (!skipped()) row();
      axis = turning();
      flush(axis);
      if (axis < 0) break;
      turn(axis);
      clear(axis);
    }
  }

 private:
  void advance(int axis, std::int64_t steps) {
    for (int o = 0; o < k_.operands; ++o) offset_[o] += steps * k_.operand[o].stride[axis];
    for (int r = 0; r < k_.results; ++r) out_offset_[r] += steps * k_.result[r].out.stride[axis];
  }
  // The axis in front of the innermost that moves next, or -1 at the end.
  int turning() const {
    for (int axis = last_; axis-- > 0;)
      if (at_axis_[axis] + 1 < (axis == 0 ? end_ : k_.size[axis])) return axis;
    return -1;
  }
  // One step along the axis; those behind it are back at their first position.
  void turn(int axis) {
    advance(axis, 1);
    ++at_axis_[axis];
    for (int behind = axis + 1; behind < last_; ++behind) {
      advance(behind, -at_axis_[behind]);
      at_axis_[behind] = 0;
    }
  }

  bool skipped() const {
    for (int s = 0; s < k_.skips; ++s) {
      const int o = k_.skip[s];
      if (static_cast<const Real*>(base_[o])[offset_[o]] == Real(0)) return true;
    }
    return false;
  }

  void row() {
    for (std::int64_t at = inner_begin_; at < inner_end_; at += kTile<T>)
      run(0, k_.length, {at, 0, at + kTile<T> < inner_end_ ? kTile<T> : inner_end_ - at});
  }

  // What an instruction makes of a tile leaves the machine.
  void deliver(const Instruction& in, std::int64_t at, std::int64_t n) {
    const Result& q = k_.result[in.to];
    const T* where = nullptr;
    if (q.where) {
      if (!one_[in.b]) {
        where = at_[in.b];
      } else if (*at_[in.b] == T(0)) {
        return;
      }
    }
    const T* v = whole(in.a, n);
    double* const to = accumulators_[in.to];
    switch (q.reduction) {
      case Reduction::none:
        if (q.out.source == Source::scalar) {
          store(static_cast<double*>(out_[in.to]) + out_offset_[in.to], q.out.stride[last_], at, n, v);
        } else {
          store(static_cast<Real*>(out_[in.to]) + out_offset_[in.to], q.out.stride[last_], at, n, v);
        }
        break;
      case Reduction::sum:
        if (q.reduced[last_]) {
          *to += where == nullptr ? sum(n, v) : sum_where(n, v, where);
        } else {
          add(n, v, where, to + at);
        }
        break;
      case Reduction::largest:
        if (q.reduced[last_]) {
          raise(*to, largest(n, v, where));
        } else {
          raise(n, v, where, to + at);
        }
        break;
    }
  }

  static bool any(std::int64_t n, const T* v) {
    int found = 0;
#pragma omp simd reduction(| : found)
    for (std::int64_t i = 0; i < n; ++i) found |= v[i] != T(0);
    return found != 0;
  }
  template <class Out>
  static void store(Out* out, std::int64_t step, std::int64_t at, std::int64_t n, const T* v) {
    Out* to = out + at * step;
    if (step == 1) {
#pragma omp simd
      for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<Out>(v[i]);
    } else {
      for (std::int64_t i = 0; i < n; ++i) to[i * step] = static_cast<Out>(v[i]);
    }
  }
  // Reductions are out of line and read what a mask may leave out, or GCC keeps their vectors in memory.
  [[gnu::noinline]] static double sum(std::int64_t n, const T* v) {
    T total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < n; ++i) total += v[i];
    return static_cast<double>(total);
  }
  [[gnu::noinline]] static double sum_where(std::int64_t n, const T* v, const T* where) {
    T total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < n; ++i) {
      const T x = v[i];
      total += where[i] != T(0) ? x : T(0);
    }
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
  [[gnu::always_inline]] static T largest(std::int64_t n, const Read read) {
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
  [[gnu::noinline]] static T largest(std::int64_t n, const T* v, const T* where) {
    if (where == nullptr)
      return largest(
          n, [=](std::int64_t i) __attribute__((always_inline)) { return seen(v[i]); });
    return largest(
        n, [=](std::int64_t i) __attribute__((always_inline)) {
          const T x = seen(v[i]);
          return where[i] != T(0) ? x : kNone;
        });
  }
  static void raise(std::int64_t n, const T* v, const T* where, double* to) {
    for (std::int64_t i = 0; i < n; ++i)
      if (where == nullptr || where[i] != T(0)) raise(to[i], seen(v[i]));
  }
  template <class V>
  static void raise(double& to, V v) {
    if ((v > to) | (v != v)) to = static_cast<double>(v);
  }

  // Sums whose kept axes changed, as `axis` moved, start again, or end. -1: all.
  void clear(int axis) {
    for (int r = 0; r < k_.results; ++r) {
      if (kept_[r] <= axis) continue;
      const double start = k_.result[r].reduction == Reduction::sum ? 0.0 : -std::numeric_limits<double>::infinity();
      for (std::int64_t i = 0; i < width_[r]; ++i) accumulators_[r][i] = start;
    }
  }
  void flush(int axis) {
    for (int r = 0; r < k_.results; ++r)
      if (kept_[r] > axis && width_[r] > 0) flush_result(r);
  }
  void flush_result(int r) {
    const Result& q = k_.result[r];
    const double* const from = accumulators_[r];
    if (partial_[r] != nullptr && kept_[r] == 0) {
      for (std::int64_t i = 0; i < width_[r]; ++i) partial_[r][i] = from[i];
      return;
    }
    const std::int64_t step = q.reduced[last_] ? 0 : q.out.stride[last_];
    for (std::int64_t i = 0; i < width_[r]; ++i) {
      double v = from[i];
      if (q.reduction == Reduction::largest && v == -std::numeric_limits<double>::infinity()) v = q.empty;
      if (q.out.source == Source::scalar) {
        static_cast<double*>(out_[r])[out_offset_[r] + i * step] = v;
      } else {
        static_cast<Real*>(out_[r])[out_offset_[r] + i * step] = static_cast<Real>(v);
      }
    }
  }

  // A tile from position `at` of the innermost axis, or a part of it, elements [from, to).
  struct Tile {
    std::int64_t at, from, to;
  };
  static constexpr Tile kFirst{0, 0, 1};

  // A register is a tile of values, or one number where all of them are equal.
  void load(const Instruction& in, const Tile& tile) {
    const Operand& o = k_.operand[in.a];
    const std::int64_t step = o.stride[last_], from = offset_[in.a] + tile.at * step;
    T* const to = place(in.to, step == 0);
    const Tile part = step == 0 ? kFirst : tile;
    switch (o.source) {
      case Source::real: {
        const Real* x = static_cast<const Real*>(base_[in.a]) + from;
        if constexpr (std::is_same_v<T, Real>) {
          if (step == 0 || step == 1) {
            at_[in.to] = x;
            break;
          }
        }
        for (std::int64_t i = part.from; i < part.to; ++i) to[i] = static_cast<T>(x[i * step]);
        break;
      }
      case Source::scalar:
        to[0] = static_cast<T>(static_cast<const double*>(base_[in.a])[from]);
        break;
      case Source::integer: {
        const std::int64_t* x = static_cast<const std::int64_t*>(base_[in.a]) + from;
        for (std::int64_t i = part.from; i < part.to; ++i) to[i] = static_cast<T>(x[i * step]);
        break;
      }
      case Source::position:
#pragma omp simd
        for (std::int64_t i = part.from; i < part.to; ++i) to[i] = static_cast<T>(from + i * step);
        break;
    }
  }
  template <class Compare>
  void compare(const Instruction& in, const Tile& tile, Compare&& compare) {
    const std::int64_t sa = k_.operand[in.a].stride[last_], sb = k_.operand[in.b].stride[last_];
    const std::int64_t from = offset_[in.a] + tile.at * sa, with = offset_[in.b] + tile.at * sb;
    T* const to = place(in.to, sa == 0 && sb == 0);
    const Tile part = one_[in.to] ? kFirst : tile;
    if (k_.operand[in.a].source == Source::position) {  // both are, mostly a row's and a column's
      const bool row = sa == 0 && sb == 1;
      for (std::int64_t i = part.from; i < part.to; ++i) to[i] = row ? T(0) : T(compare(from + i * sa, with + i * sb));
      if (row && from - with >= part.from && from - with < part.to) to[from - with] = T(1);
      return;
    }
    const std::int64_t* a = static_cast<const std::int64_t*>(base_[in.a]) + from;
    const std::int64_t* b = static_cast<const std::int64_t*>(base_[in.b]) + with;
    if (sa == 0 && sb == 1) {
      const std::int64_t one = *a;
#pragma omp simd
      for (std::int64_t i = part.from; i < part.to; ++i) to[i] = compare(one, b[i]) ? T(1) : T(0);
    } else {
      for (std::int64_t i = part.from; i < part.to; ++i) to[i] = compare(a[i * sa], b[i * sb]) ? T(1) : T(0);
    }
  }
  // Random numbers: draw(words) of int operands a, a key, and b, an id, and position c.
  template <class Draw>
  void random(const Instruction& in, const Tile& tile, Draw&& draw) {
    const std::int64_t si = k_.operand[in.b].stride[last_], sp = k_.operand[in.c].stride[last_];
    const std::int64_t key = static_cast<const std::int64_t*>(base_[in.a])[offset_[in.a]];
    const std::int64_t* id = static_cast<const std::int64_t*>(base_[in.b]) + offset_[in.b] + tile.at * si;
    const std::int64_t from = offset_[in.c] + tile.at * sp;
    const auto stream = static_cast<std::uint32_t>(in.k);
    T* const to = place(in.to, si == 0 && sp == 0);
    const Tile part = one_[in.to] ? kFirst : tile;
    for (std::int64_t i = part.from; i < part.to; ++i)
      to[i] = draw(math::random_words(key, id[i * si], from + i * sp, stream));
  }
  void put(int r, T v) {
    *place(r, true) = v;
  }
  // Where a register's values are put. One number has a place apart: parts of a tile are made one after the other.
  T* place(int r, bool one) {
    T* const to = one ? &ones_[r] : registers_[r];
    at_[r] = to;
    one_[r] = one;
    return to;
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

  // Whether a mask is 0 all over; else what it needs of the next `length` instructions is computed where it is not, if
  // that is little, and `done` says so.
  bool nothing(int mask, const Tile& tile, int p, int length, bool* done) {
    *done = false;
    if (one_[mask]) return *at_[mask] == T(0);
    int parts = 0, some = 0;
    bool part[kTile<T> / kPart];
    for (std::int64_t from = 0; from < tile.to; from += kPart, ++parts)
      some += part[parts] = any((from + kPart < tile.to ? from + kPart : tile.to) - from, at_[mask] + from);
    if (some == 0 || 2 * some > parts) return some == 0;
    for (int i = 0; i < parts; ++i)
      if (part[i]) run(p, p + length, {tile.at, i * kPart, i + 1 < parts ? (i + 1) * kPart : tile.to});
    return *done = true, false;
  }

  // Instructions [p, end).
  void run(int p, int end, const Tile& tile) {
    for (; p < end; ++p) {
      const Instruction& in = k_.code[p];
      switch (in.op) {
        case MapOp::load:
          load(in, tile);
          break;
        case MapOp::constant:
          put(in.to, static_cast<T>(in.k));
          break;
        case MapOp::same:
          compare(in, tile, [](std::int64_t a, std::int64_t b) { return a == b; });
          break;
        case MapOp::below:
          compare(in, tile, [](std::int64_t a, std::int64_t b) { return a < b; });
          break;
        case MapOp::uniform:
          random(in, tile, [](const math::Words& words) { return math::uniform_of<T>(words); });
          break;
        case MapOp::normal:
          random(in, tile, [](const math::Words& words) { return math::normal_of<T>(words); });
          break;
        case MapOp::jump: {
          const int length = static_cast<int>(in.k);
          bool done;
          if (nothing(in.a, tile, p + 1, length, &done)) {
            p += length + 1;
            if (k_.code[p].op != MapOp::result) {
              put(k_.code[p].to, T(0));
            } else {
              while (p + 1 < k_.length && k_.code[p + 1].op == MapOp::result && k_.code[p + 1].b == in.a &&
                     k_.result[k_.code[p + 1].to].where)
                ++p;
            }
          } else if (done) {
            p += length;
          }
          break;
        }
        case MapOp::result:
          deliver(in, tile.at, tile.to);
          break;
#define VICINAL_MAP(name, operands, expression)                                     \
  case MapOp::name:                                                                 \
    map<operands>(                                                                  \
        in, tile,                                                                   \
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
  void map(const Instruction& in, const Tile& tile, F&& f) {
    const bool one = one_[in.a] && (kOperands < 2 || one_[in.b]) && (kOperands < 3 || one_[in.c]);
    T* const to = one ? &ones_[in.to] : registers_[in.to];
    const Tile part = one ? kFirst : tile;
    const auto loop = [&](const auto a, const auto b, const auto c) {
#pragma omp simd
      for (std::int64_t i = part.from; i < part.to; ++i) to[i] = f(a[i], b[i], c[i]);
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
  std::int64_t inner_begin_ = 0, inner_end_ = 0;
  // Of each result: its place, how many leading axes are kept (all of them of what is kept whole), its sums.
  void* out_[program::kMostResults];
  std::int64_t out_offset_[program::kMostResults];
  int kept_[program::kMostResults] = {};
  std::int64_t width_[program::kMostResults] = {};
  double* accumulators_[program::kMostResults];
  double* partial_[program::kMostResults];
  const T* at_[program::kMostRegisters] = {};
  bool one_[program::kMostRegisters] = {};
  T ones_[program::kMostRegisters];
  alignas(64) T registers_[program::kMostRegisters][kTile<T>];
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

template <class Real>
std::int64_t count_nonzero(std::int64_t n, const Real* x) {
  std::int64_t count = 0;
  for (std::int64_t at = 0; at < n; at += kTile<float>) {
    const std::int64_t end = at + kTile<float> < n ? at + kTile<float> : n;
    std::int32_t some = 0;
#pragma omp simd reduction(+ : some)
    for (std::int64_t i = at; i < end; ++i) some += x[i] != Real(0);
    count += some;
  }
  return count;
}

}  // namespace

void fill_program(Kernels<float>& k) {
  k.count_nonzero = count_nonzero<float>;
  k.run_kernel = run_kernel<float>;
}
void fill_program(Kernels<double>& k) {
  k.count_nonzero = count_nonzero<double>;
  k.run_kernel = run_kernel<double>;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
