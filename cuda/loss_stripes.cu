// Proxy-Anchor where a block of cosines has all rows: reductions, loss and gradients in one sweep.
// Computes     per class the two sums of exponentials over samples, D, the loss's part, the factors, and then dL/ds.
// Threads      one block per stripe of 32 classes, a lane per class; warps take rows in turn, so that a warp reads 128
//              bytes of a row. The stripe stays in shared memory, [rows, 32].
// Cost         4 B C bytes read, as many (or half, rounded) written; two exponentials a cosine.
// Determinism  a warp's rows in order, then warps in order, in double.
#include "loss_column.cuh"

namespace vicinal::cuda {
namespace {

constexpr int kStripeWarps = 32;

template <class Real, class Loss>
__global__ void __launch_bounds__(kStripeWarps* kWarp)
    stripe_kernel(Loss loss, ColumnTile<Real> tile, Finish<Real> finish, Operand<Real> g) {
  VICINAL_DYNAMIC_SHARED(Real, held);
  __shared__ Real sums[2][kStripeWarps][kWarp], factors[2][kWarp];
  const int lane = static_cast<int>(threadIdx.x % kWarp), warp = static_cast<int>(threadIdx.x / kWarp);
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * kWarp + lane;
  const bool valid = c < tile.classes;
  Real positive = 0, negative = 0;
  constexpr int kAhead = 4;
  for (std::int64_t at = warp; valid && at < tile.rows; at += kAhead * kStripeWarps) {
    Real s[kAhead] = {};
    for (int k = 0; k < kAhead; ++k) {
      const std::int64_t i = at + k * kStripeWarps;
      if (i < tile.rows) s[k] = tile.s[i * tile.ld + c];
    }
    for (int k = 0; k < kAhead; ++k) {
      const std::int64_t i = at + k * kStripeWarps;
      if (i >= tile.rows) continue;
      held[i * kWarp + lane] = s[k];
      if (tile.labels[i] == c) {
        positive += math::exp_of(loss.positive_exponent(s[k]));
      } else {
        negative += math::exp_of(loss.negative_exponent(s[k]));
      }
    }
  }
  sums[0][warp][lane] = positive;
  sums[1][warp][lane] = negative;
  __syncthreads();
  if (warp == 0 && valid) {
    double all_positive = 0, all_negative = 0;
    for (int w = 0; w < kStripeWarps; ++w) {
      all_positive += static_cast<double>(sums[0][w][lane]);
      all_negative += static_cast<double>(sums[1][w][lane]);
    }
    finish_class(finish, c, all_positive, all_negative);
    factors[0][lane] = finish.column.factor_positive[c];
    factors[1][lane] = finish.column.factor_negative[c];
  }
  __syncthreads();
  if (!valid) return;
  const Real of_positive = factors[0][lane], of_negative = factors[1][lane];
  for (std::int64_t i = warp; i < tile.rows; i += kStripeWarps) {
    const Real s = held[i * kWarp + lane];
    const Real e = tile.labels[i] == c ? math::exp_of(loss.positive_exponent(s)) * loss.measure_slope(s) * of_positive
                                       : math::exp_of(loss.negative_exponent(s)) * loss.measure_slope(s) * of_negative;
    g.put(i * tile.ld + c, e);
  }
}

constexpr std::int64_t kSharedUnasked = 48 << 10;  // what a kernel may have of shared memory unasked
// The sums and factors of a block, in shared memory too.
template <class Real>
constexpr std::int64_t kStaticShared = static_cast<std::int64_t>(sizeof(Real)) * (2 * kStripeWarps + 2) * kWarp;

}  // namespace

template <class Real>
bool stripes_fit(const Engine& e, std::int64_t rows) {
  return rows * kWarp * static_cast<std::int64_t>(sizeof(Real)) <= e.shared_bytes - kStaticShared<Real>;
}

template <class Real>
void stripe_columns(Engine& e, const LossSpec& spec, const ColumnTile<Real>& tile, const Real* counts,
                    const Columns<Real>& column, Operand<Real> g, LossTotals* totals) {
  const std::int64_t shared = tile.rows * kWarp * static_cast<std::int64_t>(sizeof(Real));
  const Workspace::Mark mark = e.workspace.mark();
  double* terms = totals == nullptr ? nullptr : e.workspace.get<double>(2 * tile.classes);
  math::visit_proxy_anchor<Real>(spec, [&](const auto& loss) {
    const auto kernel = stripe_kernel<Real, std::decay_t<decltype(loss)>>;
    if (shared + kStaticShared < Real >> kSharedUnasked)
      allow_shared(e.ordinal, reinterpret_cast<const void*>(kernel), e.shared_bytes - kStaticShared<Real>);
    launch(kernel, dim3(static_cast<unsigned>(ceil_div(tile.classes, kWarp))), dim3(kStripeWarps * kWarp),
           static_cast<std::size_t>(shared), e.stream, loss, tile,
           finish_of(spec, tile.classes, tile.rows, counts, column, terms), g);
  });
  if (terms != nullptr) add_class_terms(e, tile.classes, terms, totals);
  e.workspace.rewind(mark);
}

#define VICINAL_INSTANTIATE(Real)                                                                                    \
  template bool stripes_fit<Real>(const Engine&, std::int64_t);                                                      \
  template void stripe_columns(Engine&, const LossSpec&, const ColumnTile<Real>&, const Real*, const Columns<Real>&, \
                               Operand<Real>, LossTotals*);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cuda
