// Operations that stand on nothing but the engine, each in the file of its name, as in device/cpu/: steps, vectors, the
// recursion, searches. All pointers are device memory unless they say host.
#ifndef VICINAL_CUDA_OPERATIONS_CUH_
#define VICINAL_CUDA_OPERATIONS_CUH_

#include "core/device.h"
#include "loss_rows.cuh"
#include "program/image.hpp"
#include "program/kernel.hpp"

namespace vicinal::cuda {

// optimizer.cu, as device/cpu/operations.hpp: pieces, tensors and sums are host memory. The last operation of a call.
template <class Real>
void gradient_squares(Engine& e, const std::vector<StepPiece>& pieces, const std::vector<StepTensor<Real>>& tensors,
                      double* sums);
template <class Real>
std::int64_t step_tensors(Engine& e, const std::vector<StepPiece>& pieces,
                          const std::vector<StepTensor<Real>>& tensors);

// elements.cu
template <class Real>
void clip(Engine& e, std::int64_t n, double low, double high, Real* values);
// NaN if one is.
template <class Real>
double lowest(Engine& e, std::int64_t n, const Real* values);
// out = 1 / (x + shift).
template <class Real>
void reciprocal(Engine& e, std::int64_t n, double shift, const Real* x, Real* out);
// The first index of a NaN or an infinity, or -1.
template <class Real>
std::int64_t find_nonfinite(Engine& e, std::int64_t n, const Real* values);
// Ids outside the rows were or will be refused: they must not be followed.
template <class Real>
void gather_rows(Engine& e, std::int64_t available, std::int64_t columns, const Real* values, std::int64_t n,
                 const std::int64_t* ids, Real* out);

// vectors.cu: m rows of n elements; factors and dots are host memory.
template <class Real>
void dots(Engine& e, std::int64_t m, std::int64_t n, const Real* x, const Real* y, double* out);
template <class Real>
void axpy(Engine& e, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y);
template <class Real>
void xpby(Engine& e, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y);
template <class Real>
void multiply(Engine& e, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out);

// recursion.cu (algorithm/recursion.hpp has the formulas).
template <class Real>
void step_norms(Engine& e, const StepNorms<Real>& s);
// y = c y + f hx, [rows, width]; factors: c [rows], then f [rows]. hx null: no second term.
template <class Real>
void combine_rows(Engine& e, std::int64_t rows, std::int64_t width, const double* factors, const Real* hx, Real* y);
// coupling [k, j] *= powers [k - 1 - j], j < k.
template <class Real>
void couple_rows(Engine& e, std::int64_t rows, std::int64_t most, const double* powers, Real* coupling);
// u of the block's samples in order, each coupled to those before it; tile has the rows, without outputs.
template <class Real>
void recursion_steps(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, const RecursionSteps<Real>& s);

// program.cu, as device/cpu/program.hpp.
template <class Real>
void run_kernel(Engine& e, const program::Kernel& k, void* const* buffers);
template <class Real>
void run_axis(Engine& e, const program::AxisStep& a, const Real* x, const Real* where, const std::int64_t* index,
              void* out);
template <class Real>
void run_image(Engine& e, const program::ImageStep& s, const Real* x, const Real* other, void* out);

// rank.cu: self, offsets and relevant are host memory, the rest is the device's.
void rank(Engine& e, const Ranking& ranking);
// close_pairs.cu: pairs of a tile within the limit, and those that may be kept, appended on the host.
std::int64_t close_tile(Engine& e, const CloseTile& tile, std::vector<ClosePair>& found);
// nearest.cu: self is host memory, the rest is the device's.
void nearest(Engine& e, const Nearest& search);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_OPERATIONS_CUH_
