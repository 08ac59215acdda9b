// What the device table has beside the algorithms: steps, vectors, searches. All pointers are device
// memory unless they say host; device.cu copies host arguments. Each is in the file of its name, as in cpu/.
#ifndef VICINAL_CUDA_OPERATIONS_CUH_
#define VICINAL_CUDA_OPERATIONS_CUH_

#include "device.cuh"

namespace vicinal::cuda {

// elements.cu
template <class Real>
void sgd_step(Engine& e, std::int64_t n, const SgdStep<Real>& step);
template <class Real>
void adam_step(Engine& e, std::int64_t n, const AdamStep<Real>& step);
template <class Real>
void clip(Engine& e, std::int64_t n, double limit, Real* values);
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

// rank.cu: self, offsets and relevant are host memory, the rest is the device's.
void rank(Engine& e, const Ranking& ranking);
// nearest.cu: self is host memory, the rest is the device's.
void nearest(Engine& e, const Nearest& search);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_OPERATIONS_CUH_
