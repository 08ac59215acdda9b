#include "capi/checks.hpp"

namespace vicinal::capi {

void check_parameter(const char* name, double value, double low, bool low_allowed, double high) {
  const bool above = low_allowed ? value >= low : value > low;
  require(std::isfinite(value) && above && value <= high, name, " is ", value, "; it must be finite, ",
          low_allowed ? "at least " : "more than ", low, " and at most ", high);
}

void check_loss(const vicinal_loss* spec) {
  check_pointer("spec", spec);
  require(spec->struct_size == sizeof(vicinal_loss), "spec.struct_size is ", spec->struct_size,
          "; this library expects ", sizeof(vicinal_loss));
  require(spec->kind >= VICINAL_PROXY_NCA && spec->kind <= VICINAL_ARCFACE, "spec.kind is ", spec->kind,
          "; the kinds are 1..7");
  const bool nca = spec->kind == VICINAL_PROXY_NCA || spec->kind == VICINAL_PROXY_NCA_PP;
  const int allowed = nca ? VICINAL_EXCLUDE_POSITIVE
                      : spec->kind == VICINAL_PROXY_ANCHOR
                          ? VICINAL_PER_SAMPLE_AXIS | VICINAL_REPEAT_LABELS | VICINAL_EUCLIDEAN | VICINAL_DETACH_PROXIES
                          : 0;
  require((spec->flags & ~allowed) == 0, "spec.flags is ", spec->flags, "; kind ", spec->kind, " knows ", allowed);
  const bool soft_triple = spec->kind == VICINAL_SOFT_TRIPLE;
  require(spec->centers >= 1 && (soft_triple || spec->centers == 1), "spec.centers is ", spec->centers,
          soft_triple ? "; it must be at least 1" : "; it must be 1 for this loss");
  // Beyond any use; a first step still has finite gradients in single precision, and not all of them vanish.
  constexpr double kLargest = 1e4;
  if (spec->kind != VICINAL_NORMALIZED_SOFTMAX)
    check_parameter("spec.scale", spec->scale, 1 / kLargest, true, kLargest);
  switch (spec->kind) {
    case VICINAL_NORMALIZED_SOFTMAX:
      check_parameter("spec.scale (temperature)", spec->scale, 1 / kLargest, true, kLargest);
      break;
    case VICINAL_PROXY_ANCHOR:
    case VICINAL_COSFACE:
      check_parameter("spec.margin", spec->margin, -kLargest, true, kLargest);
      break;
    case VICINAL_ARCFACE:
      check_parameter("spec.margin (degrees)", spec->margin, 0, true, 180);
      break;
    case VICINAL_SOFT_TRIPLE:
      check_parameter("spec.margin", spec->margin, -kLargest, true, kLargest);
      check_parameter("spec.gamma", spec->gamma, 1 / kLargest, true, kLargest);
      check_parameter("spec.tau", spec->tau, 0, true, kLargest);
      break;
    default:
      break;
  }
}

}  // namespace vicinal::capi
