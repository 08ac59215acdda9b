// An optimiser's step over a piece of a tensor: clip, step (math/step.hpp), look at the result.
// Cost         memory-bound, one pass: a block stays in the first-level cache for the three.
// Determinism  every element is independent.
#include "device/cpu/kernels.hpp"
#include "math/step.hpp"

namespace vicinal::cpu {
inline namespace VICINAL_ISA {
namespace {

using math::StepKind;

constexpr std::int64_t kBlock = 1024;

template <class Real>
struct Block {
  std::int64_t n;
  const math::StepFactors<Real>& factors;
  const Real* g;
  Real* const* states;
  std::int64_t from;  // in the states
  Real* p;

  template <StepKind kind>
  inline __attribute__((always_inline)) void run() const {
    if (factors.scale == Real(1)) {
      steps<kind, false>();  // not even a product with 1 may round otherwise
    } else {
      steps<kind, true>();
    }
  }

  template <StepKind kind, bool scaled>
  void steps() const {
    constexpr bool first = math::kHasState<kind, 0>, second = math::kHasState<kind, 1>,
                   third = math::kHasState<kind, 2>;
    const math::StepFactors<Real> f = factors;  // which no store can change
    const Real* const gradient = g;
    Real* const parameter = p;
    Real* const a = first ? states[0] + from : nullptr;
    Real* const b = second ? states[1] + from : nullptr;
    Real* const c = third ? states[2] + from : nullptr;
#pragma omp simd
    for (std::int64_t i = 0; i < n; ++i) {
      Real x = 0, y = 0, z = 0, q = parameter[i], d = math::limited(gradient[i], f.limit);
      if constexpr (scaled) d *= f.scale;
      if constexpr (first) x = a[i];
      if constexpr (second) y = b[i];
      if constexpr (third) z = c[i];
      math::step_element<kind>(f, d, x, y, z, q);
      if constexpr (first) a[i] = x;
      if constexpr (second) b[i] = y;
      if constexpr (third) c[i] = z;
      parameter[i] = q;
    }
  }
};

template <class Real>
bool step(std::int64_t n, const math::StepFactors<Real>& f, const Real* g, Real* const* states, Real* p) {
  Real sum = 0;  // x * 0 is NaN exactly for NaN and infinities
  for (std::int64_t at = 0; at < n; at += kBlock) {
    const std::int64_t size = kBlock < n - at ? kBlock : n - at;
    const Block<Real> block{size, f, g + at, states, at, p + at};
    switch (f.kind) {
#define VICINAL_KIND(name)                \
  case StepKind::name:                    \
    block.template run<StepKind::name>(); \
    break;
      VICINAL_STEP_KINDS(VICINAL_KIND)
#undef VICINAL_KIND
    }
    const Real* const written = p + at;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < size; ++i) sum += written[i] * Real(0);
  }
  return sum == sum;
}

}  // namespace

void fill_optimizer(Kernels<float>& k) {
  k.step = step<float>;
}
void fill_optimizer(Kernels<double>& k) {
  k.step = step<double>;
}

}  // namespace VICINAL_ISA
}  // namespace vicinal::cpu
