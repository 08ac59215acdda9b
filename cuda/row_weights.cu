// The sample weights of m products on the device.
// Determinism  a direction's changes are applied in the order given, by one thread.
#include "row_weights.cuh"

namespace vicinal::cuda {
namespace {

template <class Real>
__global__ void fill_kernel(std::int64_t rows, std::int64_t m, const Real* weights, Real* scale) {
  each_index(rows * m, [&](std::int64_t t) { scale[t] = weights == nullptr ? Real(1) : weights[t / m]; });
}

template <class Real>
__global__ void change_kernel(std::int64_t begin, std::int64_t rows, std::int64_t m, const std::int64_t* offsets,
                              const std::int64_t* ids, const double* deltas, Real* scale) {
  const std::int64_t q = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (q >= m) return;
  for (std::int64_t j = offsets[q]; j < offsets[q + 1]; ++j) {
    const std::int64_t i = ids[j] - begin;
    if (i < 0 || i >= rows) continue;
    Real& w = scale[i * m + q];
    w = static_cast<Real>(static_cast<double>(w) + deltas[j]);
  }
}

// One block per proxy and direction, its threads over the embedding's components.
template <class Real>
__global__ void gradient_kernel(std::int64_t begin, std::int64_t rows, std::int64_t columns, std::int64_t ld,
                                std::int64_t d, const std::int64_t* offsets, const std::int64_t* ids,
                                const double* deltas, const Real* g, const Real* unit, Real* sums) {
  const std::int64_t c = blockIdx.x, q = blockIdx.y;
  Real* sum = sums + (q * columns + c) * d;
  for (std::int64_t k = offsets[q]; k < offsets[q + 1]; ++k) {
    const std::int64_t i = ids[k] - begin;
    if (i < 0 || i >= rows) continue;
    const Real factor = static_cast<Real>(deltas[k] * static_cast<double>(g[i * ld + c]));
    for (std::int64_t j = threadIdx.x; j < d; j += blockDim.x) sum[j] += factor * unit[i * d + j];
  }
}

}  // namespace

template <class Real>
RowWeights<Real>::RowWeights(Engine& e, const Real* weights, std::int64_t m, const WeightChanges& changes)
    : weights_(weights), m_(m), changes_(changes.offsets == nullptr ? 0 : changes.offsets[m]) {
  if (!changed()) return;
  offsets_ = e.in(changes.offsets, m + 1);
  ids_ = e.in(changes.ids, changes_);
  deltas_ = e.in(changes.deltas, changes_);
}

template <class Real>
void RowWeights<Real>::fill(Engine& e, std::int64_t begin, std::int64_t rows, Real* scale) const {
  over(e, rows * m_, fill_kernel<Real>, rows, m_, weights_ == nullptr ? nullptr : weights_ + begin, scale);
  if (changed())
    launch(change_kernel<Real>, dim3(static_cast<unsigned>(ceil_div(m_, kWarp))), dim3(kWarp), 0, e.stream, begin, rows,
           m_, offsets_, ids_, deltas_, scale);
}

template <class Real>
void RowWeights<Real>::add_changes(Engine& e, std::int64_t begin, std::int64_t rows, std::int64_t columns,
                                   std::int64_t ld, std::int64_t d, const Real* g, const Real* unit, Real* sums) const {
  launch(gradient_kernel<Real>, dim3(static_cast<unsigned>(columns), static_cast<unsigned>(m_)), dim3(row_threads(d)),
         0, e.stream, begin, rows, columns, ld, d, offsets_, ids_, deltas_, g, unit, sums);
}

template class RowWeights<float>;
template class RowWeights<double>;

}  // namespace vicinal::cuda
