// The fused losses of math/losses.def, for code that takes any of them.
#ifndef VICINAL_MATH_LOSSES_HPP_
#define VICINAL_MATH_LOSSES_HPP_

#include <stdexcept>

#include "math/arcface.hpp"
#include "math/linear_softmax.hpp"
#include "math/proxy_anchor.hpp"
#include "math/soft_triple.hpp"

namespace vicinal {

enum class LossKind {
#define VICINAL_LOSS(ID, ...) ID,
#include "math/losses.def"
};

// A loss of the list with its parameters, checked (capi/losses.cpp). What it does not have stays as it is here.
struct LossSpec {
  LossKind kind = {};
  std::int32_t centers = 1;  // K
  double scale = 0, margin = 0, gamma = 0, tau = 0;
  bool exclude_positive = false;  // the denominator leaves the label out
  bool per_sample = false;        // Proxy-Anchor over the proxies of one sample
  bool repeat_labels = false;     // present classes weigh as often as the batch has them
  bool euclidean = false;         // distances in place of cosines
  bool detach_proxies = false;    // proxies are constants
};

namespace math {
inline namespace VICINAL_ISA {

// visit(loss) with Proxy-Anchor in the form that is asked for.
template <class Real, class Visit>
auto visit_proxy_anchor(const LossSpec& s, Visit&& visit) {
  const Real margin = static_cast<Real>(s.margin);
  if (s.euclidean) return visit(ProxyAnchor<Real, true>{static_cast<Real>(-s.scale), margin});
  return visit(ProxyAnchor<Real, false>{static_cast<Real>(s.scale), margin});
}

// visit(loss) with what the loss computes. A loss that a visitor does not handle does not compile.
template <class Real, class Visit>
auto visit_loss(const LossSpec& s, Visit&& visit) {
  switch (s.kind) {
#define VICINAL_LOSS(ID, name, visit, ...) \
  case LossKind::ID:                       \
    return visit;
#include "math/losses.def"
  }
  __builtin_unreachable();
}

// What algorithms ask about a loss; losses.def says what it means.
struct Traits {
  bool decomposes, softmax, soft_labels, distances;
};
inline Traits traits_of(const LossSpec& s) {
  switch (s.kind) {
#define VICINAL_LOSS(ID, name, visit, decomposes, softmax, soft_labels, distances, ...) \
  case LossKind::ID:                                                                    \
    return {decomposes, softmax, soft_labels, distances};
#include "math/losses.def"
  }
  __builtin_unreachable();
}

// A cosine softmax's logits are slope (s - margin [c = y]).
struct Logits {
  double slope, margin;
};
template <class Loss>
Logits logits_of(const Loss&) {
  throw std::logic_error("the loss's logits are no line in the cosine");
}
inline Logits logits_of(const LinearSoftmax<double>& loss) {
  return {loss.slope, loss.margin};
}
inline Logits logits_of(const SoftTriple<double>& loss) {
  return {loss.slope, loss.margin};
}
inline Logits logits_of(const LossSpec& s) {
  return visit_loss<double>(s, [](const auto& loss) { return logits_of(loss); });
}

}  // namespace VICINAL_ISA
}  // namespace math
}  // namespace vicinal

#endif  // VICINAL_MATH_LOSSES_HPP_
