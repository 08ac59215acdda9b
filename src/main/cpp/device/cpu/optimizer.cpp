// Optimiser steps over pieces of many tensors; device/cpu/isa/optimizer.cpp steps through a piece.
// Cost         memory-bound, one pass each.
// Determinism  a piece is one thread's; what is searched for is a minimum.
#include <atomic>
#include <cmath>
#include <limits>

#include "device/cpu/operations.hpp"

namespace vicinal::cpu {
namespace {

constexpr double kFlopsPerElement = 8;  // memory-bound: what an element costs, for the decision how to cut it

// body(i) for every piece. A thread gets as many elements as another, for pieces are of any size up to theirs.
template <class Body>
void each_piece(const Engine& e, const std::vector<StepPiece>& pieces, Body&& body) {
  if (pieces.empty()) return;
  const std::int64_t total = pieces.back().before + pieces.back().size;
  const std::int64_t tasks =
      std::min(static_cast<std::int64_t>(pieces.size()), task_count(e, kFlopsPerElement * static_cast<double>(total)));
  const auto first = [&](std::int64_t t) {
    return std::lower_bound(pieces.begin(), pieces.end(), part(total, tasks, t).begin,
                            [](const StepPiece& p, std::int64_t at) { return p.before < at; });
  };
  parallel(e, tasks, [&](std::int64_t t) {
    const auto end = t + 1 < tasks ? first(t + 1) : pieces.end();
    for (auto p = first(t); p != end; ++p) body(static_cast<std::size_t>(p - pieces.begin()));
  });
}

}  // namespace

template <class Real>
void gradient_squares(Engine& e, const std::vector<StepPiece>& pieces, const std::vector<StepTensor<Real>>& tensors,
                      double* sums) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  each_piece(e, pieces, [&](std::size_t i) {
    const StepPiece& p = pieces[i];
    const Real* g = tensors[static_cast<std::size_t>(p.tensor)].gradient + p.begin;
    sums[i] = k.dot(p.size, g, g);
    if (!std::isfinite(sums[i]) && k.find_nonfinite(p.size, g) >= 0) sums[i] = std::numeric_limits<double>::quiet_NaN();
  });
}

template <class Real>
std::int64_t step_tensors(Engine& e, const std::vector<StepPiece>& pieces,
                          const std::vector<StepTensor<Real>>& tensors) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t none = static_cast<std::int64_t>(tensors.size());
  std::atomic<std::int64_t> first{none};
  each_piece(e, pieces, [&](std::size_t i) {
    const StepPiece& p = pieces[i];
    const StepTensor<Real>& t = tensors[static_cast<std::size_t>(p.tensor)];
    Real* states[math::kMostStates];
    for (int s = 0; s < math::kMostStates; ++s) states[s] = t.states[s] == nullptr ? nullptr : t.states[s] + p.begin;
    if (k.step(p.size, t.factors, t.gradient + p.begin, states, t.parameter + p.begin)) return;
    std::int64_t seen = first.load();
    while (p.tensor < seen && !first.compare_exchange_weak(seen, p.tensor)) {
    }
  });
  return first.load() == none ? -1 : first.load();
}

#define VICINAL_INSTANTIATE(Real)                                                                              \
  template void gradient_squares(Engine&, const std::vector<StepPiece>&, const std::vector<StepTensor<Real>>&, \
                                 double*);                                                                     \
  template std::int64_t step_tensors(Engine&, const std::vector<StepPiece>&, const std::vector<StepTensor<Real>>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
