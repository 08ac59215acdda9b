// The hot kernels of the CPU device as a table of function pointers, one table per instruction set and element type.
// device/cpu/isa/*.cpp is compiled once per set; device/cpu/kernels.cpp picks a table when an engine is created.
// Kernels are serial, work on a tile of rows, allocate nothing and throw nothing; parallelism and products live in
// device/cpu/*.cpp. Only plain data is declared here: a header with code would be merged across instruction sets by the
// linker.
#ifndef VICINAL_CPU_KERNELS_HPP_
#define VICINAL_CPU_KERNELS_HPP_

#include <cstdint>

#include "algorithm/tiles.hpp"
#include "math/optimizer.hpp"
#include "program/kernel.hpp"
#include "vicinal/vicinal.h"

namespace vicinal {
struct LossSpec;
}
namespace vicinal::cpu {

// What a kernel works on: a part of a tile's rows, and memory of its own.
template <class Real>
using LossTile = vicinal::LossTile<Real>;
template <class Real>
struct LossPart : LossTile<Real> {
  Real* scratch;       // kRowScratch * classes elements
  double loss;         // out: sum of weight * L
  std::int64_t empty;  // out: rows whose denominator is empty
};
constexpr std::int64_t kRowScratch = 8;

// Sums of w exp(x - shift) and their tangents.
template <class Real>
struct ColumnPart : ColumnTile<Real> {
  const Real *shift_positive, *shift_negative;  // [classes]
  Real *positive, *negative;                    // [classes] sums (or maxima, raise_columns)
  Real *positive_t, *negative_t;                // [classes], with st
  // apply_columns: dL/ds = factor * w exp(x - shift) * slope
  const Real *factor_positive, *factor_negative;      // [classes]
  const Real *factor_positive_t, *factor_negative_t;  // [classes], with st
  Real* g;
  Real* gt;
  double* scores;  // [rows], score_columns
};

template <class Real>
struct TablePart : SoftmaxTable<Real> {
  double* scratch;  // [2, classes]
};

// Scores of close pairs (device/cpu/close_pairs.cpp): below low a pair is surely within the limit, above high surely
// beyond; up to enter, which is not above high, it may be kept.
struct CloseScores {
  float low, high, enter;
};

template <class Real>
struct Kernels {
  // unit = rows / norm, inverse_norm = 1 / norm; rows with a norm below the smallest normal number are zero in both.
  void (*normalize_rows)(std::int64_t n, std::int64_t d, const Real* x, Real* unit, Real* inverse_norm);
  // gradient through the normalisation: out = (q - (z.q) z) / r, beta = z.q (or null). out may be q.
  void (*project_rows)(std::int64_t n, std::int64_t d, const Real* unit, const Real* inverse_norm, const Real* q,
                       Real* beta, Real* out);
  // The next three have m directions per row: their v, out, qt, zt, b are [n * m, d], and alpha, scale, dots [n * m].
  // tangent of the normalisation: out = (v - (z.v) z) / r, alpha = z.v. out may be v.
  void (*tangent_rows)(std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit, const Real* inverse_norm,
                       const Real* v, Real* alpha, Real* out);
  // tangent of project_rows: scale ((qt - (z.qt) z) / r - (g.zt) z - (alpha / r) g - (beta / r) zt). zt, alpha may be
  // null (no direction), and scale (ones). out may be qt.
  void (*project_rows_tangent)(std::int64_t n, std::int64_t m, std::int64_t d, const Real* unit,
                               const Real* inverse_norm, const Real* qt, const Real* g, const Real* beta,
                               const Real* zt, const Real* alpha, const Real* scale, Real* out);
  // dots = a.b, summed in double; a [n, d].
  void (*dot_rows)(std::int64_t n, std::int64_t m, std::int64_t d, const Real* a, const Real* b, double* dots);
  void (*loss_rows)(const LossSpec& spec, LossPart<Real>& tile);
  void (*raise_columns)(const LossSpec& spec, ColumnPart<Real>& tile);
  void (*absorb_columns)(const LossSpec& spec, ColumnPart<Real>& tile);
  void (*apply_columns)(const LossSpec& spec, ColumnPart<Real>& tile);
  void (*score_columns)(const LossSpec& spec, ColumnPart<Real>& tile);
  void (*softmax_table)(const LossSpec& spec, const TablePart<Real>& table);
  // One step of n elements; whether all of the parameter are finite afterwards. states: those that the kind has.
  bool (*step)(std::int64_t n, const math::StepFactors<Real>& factors, const Real* g, Real* const* states, Real* p);
  void (*clip)(std::int64_t n, double low, double high, Real* x);
  void (*reciprocal)(std::int64_t n, double shift, const Real* x, Real* out);
  std::int64_t (*find_nonfinite)(std::int64_t n, const Real* x);  // -1: none
  void (*exp_array)(std::int64_t n, const Real* x, Real* y);      // for the accuracy test
  double (*dot)(std::int64_t n, const Real* a, const Real* b);    // summed in double
  // out [4, 4] = a_i . b_j, summed in Real.
  void (*dots_4x4)(std::int64_t n, const Real* const* a, const Real* const* b, Real* out);
  void (*axpy)(std::int64_t n, double alpha, const Real* x, Real* y);
  void (*xpby)(std::int64_t n, const Real* x, double beta, Real* y);
  void (*multiply)(std::int64_t n, const Real* a, const Real* b, Real* out);  // out may be a or b
  std::int64_t (*count_nonzero)(std::int64_t n, const Real* x);
  // *sure += scores halves - products below the limit; those that must be decided exactly are listed. Their number.
  std::int64_t (*scan_close)(std::int64_t n, const float* halves, const float* products, const CloseScores& limits,
                             std::int32_t* listed, std::int64_t* sure);
  // Positions [begin, end) of a fused kernel's first axis. accumulators: of each reduction one after the other, as many
  // doubles as the last axis has entries, or one if that is reduced; partial: likewise, where reductions over the first
  // axis go that other ranges add to, or null.
  void (*run_kernel)(const program::Kernel& kernel, void* const* buffers, std::int64_t begin, std::int64_t end,
                     double* accumulators, double* partial);
};

// The table of a set (VICINAL_ISA_BASE, _AVX2, _AVX512).
template <class Real>
const Kernels<Real>& kernels(int isa);

// The best set of this processor, and whether it has a given one.
int best_isa();
bool has_isa(int isa);
const char* isa_name(int isa);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_KERNELS_HPP_
