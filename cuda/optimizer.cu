// Optimiser steps over pieces of many tensors; math/step.hpp has the formulas.
// Threads      a block per piece, whatever tensor it is of: many small tensors are one launch.
// Cost         memory-bound, one pass each.
// Determinism  threads, lanes and warps are added in order, in double; what is searched for is a minimum.
#include "math/step.hpp"
#include "operations.cuh"
#include "reduce.cuh"

namespace vicinal::cuda {
namespace {

using math::StepKind;

constexpr unsigned kThreads = 256;

template <class Real>
__global__ void squares_kernel(const StepPiece* pieces, const StepTensor<Real>* tensors, double* sums) {
  __shared__ BlockSlots<double> slots;
  const StepPiece piece = pieces[blockIdx.x];
  const Real* g = tensors[piece.tensor].gradient + piece.begin;
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < piece.size; i += blockDim.x) {
    const double x = static_cast<double>(g[i]), z = x * 0;  // NaN exactly for NaN and infinities
    sum += z == z ? x * x : z;
  }
  sum = block_sum(sum, slots);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

template <class Real>
struct StepBlock {
  const StepTensor<Real>& tensor;
  const StepPiece& piece;
  Search search;

  template <StepKind kind>
  __device__ __forceinline__ void run() const {
    constexpr bool first = math::kHasState<kind, 0>, second = math::kHasState<kind, 1>,
                   third = math::kHasState<kind, 2>;
    const math::StepFactors<Real> f = tensor.factors;
    bool finite = true;
    for (std::int64_t i = piece.begin + threadIdx.x; i < piece.begin + piece.size; i += blockDim.x) {
      Real x = 0, y = 0, z = 0, q = tensor.parameter[i];
      Real g = math::limited(tensor.gradient[i], f.limit);
      if (f.scale != Real(1)) g *= f.scale;
      if constexpr (first) x = tensor.states[0][i];
      if constexpr (second) y = tensor.states[1][i];
      if constexpr (third) z = tensor.states[2][i];
      math::step_element<kind>(f, g, x, y, z, q);
      if constexpr (first) tensor.states[0][i] = x;
      if constexpr (second) tensor.states[1][i] = y;
      if constexpr (third) tensor.states[2][i] = z;
      tensor.parameter[i] = q;
      finite = finite && q * Real(0) == Real(0);
    }
    if (!finite) search.note(piece.tensor);
  }
};

template <class Real>
__global__ void step_kernel(const StepPiece* pieces, const StepTensor<Real>* tensors, Search search) {
  const StepPiece piece = pieces[blockIdx.x];
  const StepBlock<Real> block{tensors[piece.tensor], piece, search};
  switch (block.tensor.factors.kind) {
#define VICINAL_KIND(name)                \
  case StepKind::name:                    \
    block.template run<StepKind::name>(); \
    break;
    VICINAL_STEP_KINDS(VICINAL_KIND)
#undef VICINAL_KIND
  }
}

template <class T>
const T* brought(Engine& e, const std::vector<T>& values) {
  return e.in(std::vector<T>(values));
}

}  // namespace

template <class Real>
void gradient_squares(Engine& e, const std::vector<StepPiece>& pieces, const std::vector<StepTensor<Real>>& tensors,
                      double* sums) {
  double* on_device = e.workspace.get<double>(static_cast<std::int64_t>(pieces.size()));
  launch(squares_kernel<Real>, dim3(static_cast<unsigned>(pieces.size())), dim3(kThreads), 0, e.stream,
         brought(e, pieces), brought(e, tensors), on_device);
  e.read(sums, on_device, static_cast<std::int64_t>(pieces.size()));
}

template <class Real>
std::int64_t step_tensors(Engine& e, const std::vector<StepPiece>& pieces,
                          const std::vector<StepTensor<Real>>& tensors) {
  launch(step_kernel<Real>, dim3(static_cast<unsigned>(pieces.size())), dim3(kThreads), 0, e.stream, brought(e, pieces),
         brought(e, tensors), e.search(0));
  e.finish();
  return e.first(0);
}

#define VICINAL_INSTANTIATE(Real)                                                                              \
  template void gradient_squares(Engine&, const std::vector<StepPiece>&, const std::vector<StepTensor<Real>>&, \
                                 double*);                                                                     \
  template std::int64_t step_tensors(Engine&, const std::vector<StepPiece>&, const std::vector<StepTensor<Real>>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
