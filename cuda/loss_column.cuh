// What the kernels of Proxy-Anchor's columns share.
#ifndef VICINAL_CUDA_LOSS_COLUMN_CUH_
#define VICINAL_CUDA_LOSS_COLUMN_CUH_

#include "loss_columns.cuh"
#include "math/proxy_anchor.hpp"

namespace vicinal::cuda {

// What turns the finished sums of a class into its part of the loss and the factors of its gradients.
template <class Real>
struct Finish {
  std::int64_t classes;
  double n, alpha;
  bool repeat;
  const Real* counts;
  Columns<Real> column;
  double* terms;  // [2, classes] the loss's parts, or null
};
template <class Real>
Finish<Real> finish_of(const LossSpec& spec, std::int64_t classes, std::int64_t n, const Real* counts,
                       const Columns<Real>& column, double* terms) {
  const double alpha = spec.euclidean ? -spec.scale : spec.scale;
  return {classes, static_cast<double>(n), alpha, spec.repeat_labels, counts, column, terms};
}

// log(1 + sum) from the shifted sum; *all becomes D.
inline __device__ double finish_sum(double shift, double plain, double* all) {
  *all = plain + exp(-shift);
  return shift == 0 ? log1p(plain) : shift + log(*all);
}

struct ClassLoss {
  double positive, negative;
};
template <class Real>
__device__ ClassLoss finish_class(const Finish<Real>& f, std::int64_t c, double positive_sum, double negative_sum) {
  const Columns<Real>& column = f.column;
  const double present = static_cast<double>(*column.present), count = static_cast<double>(f.counts[c]);
  // Absent classes have no positive term.
  const double share = f.repeat ? count / f.n : count > 0 ? 1 / present : 0;
  const double share_negative = 1 / static_cast<double>(f.classes);
  const double positive =
      share * finish_sum(static_cast<double>(column.shift_positive[c]), positive_sum, &column.positive[c]);
  const double negative =
      share_negative * finish_sum(static_cast<double>(column.shift_negative[c]), negative_sum, &column.negative[c]);
  column.factor_positive[c] = static_cast<Real>(-f.alpha * share / column.positive[c]);
  column.factor_negative[c] = static_cast<Real>(f.alpha * share_negative / column.negative[c]);
  if (f.terms != nullptr) {
    f.terms[c] = positive;
    f.terms[f.classes + c] = negative;
  }
  return {positive, negative};
}

// Adds terms [2, classes] to the loss.
void add_class_terms(Engine& e, std::int64_t classes, const double* terms, LossTotals* totals);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_LOSS_COLUMN_CUH_
