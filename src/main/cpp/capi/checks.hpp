// Argument checks of the C ABI. Every message names the argument, the offending value and what is allowed.
#ifndef VICINAL_CAPI_CHECKS_HPP_
#define VICINAL_CAPI_CHECKS_HPP_

#include <cmath>
#include <cstdint>
#include <limits>

#include "core/device.h"
#include "core/error.hpp"

namespace vicinal::capi {

inline void check_size(const char* name, std::int64_t value) {
  require(value >= 1, name, " is ", value, "; it must be at least 1");
}

// Columns of a matrix: the BLAS counts them in 32 bits.
inline void check_columns(const char* name, std::int64_t value) {
  check_size(name, value);
  require(value <= std::numeric_limits<std::int32_t>::max() - 64, name, " is ", value,
          "; at most 2147483583 is supported");
}

// rows * columns elements must be addressable.
inline void check_product(const char* name, std::int64_t rows, std::int64_t columns) {
  std::int64_t bytes;
  require(!__builtin_mul_overflow(rows, columns, &bytes) && !__builtin_mul_overflow(bytes, std::int64_t{16}, &bytes),
          name, " of ", rows, " x ", columns, " elements is too large");
}

inline void check_pointer(const char* name, const void* pointer) {
  require(pointer != nullptr, name, " is null");
}

inline void check_labels(const char* name, std::int64_t n, std::int64_t classes, const std::int64_t* labels) {
  for (std::int64_t i = 0; i < n; ++i)
    require(labels[i] >= 0 && labels[i] < classes, name, "[", i, "] is ", labels[i], "; it must be in 0..",
            classes - 1);
}

// Finite and not negative.
template <class Real>
void check_weights(const char* name, std::int64_t n, const Real* values) {
  for (std::int64_t i = 0; i < n; ++i)
    require(values[i] >= Real(0) && values[i] <= std::numeric_limits<Real>::max(), name, "[", i, "] is ", values[i],
            "; it must be finite and not negative");
}

// Finite, low <= value (or low < value) and value <= high.
void check_parameter(const char* name, double value, double low, bool low_allowed, double high);

inline bool column_form(const vicinal_loss& s) {
  return s.kind == VICINAL_PROXY_ANCHOR && (s.flags & VICINAL_PER_SAMPLE_AXIS) == 0;
}

void check_loss(const vicinal_loss* spec);

// Sizes, pointers, labels, weights and soft labels of a problem whose spec is checked.
template <class Real>
void check_problem(const Problem<Real>& p) {
  check_columns("C", p.classes);
  check_columns("d", p.d);
  std::int64_t proxies;
  require(!__builtin_mul_overflow(p.classes, static_cast<std::int64_t>(p.spec.centers), &proxies),
          "C * centers overflows");
  check_columns("C * centers", proxies);
  check_product("embeddings", p.n, p.d);
  check_product("proxies", proxies, p.d);
  check_product("cosines", p.n, proxies);
  check_pointer("labels", p.labels);
  check_pointer("proxies", p.proxies);
  check_labels("labels", p.n, p.classes, p.labels);
  if (p.weights != nullptr) check_weights("weights", p.n, p.weights);
  if (p.soft_labels != nullptr) {
    const bool soft = ((p.spec.kind == VICINAL_PROXY_NCA || p.spec.kind == VICINAL_PROXY_NCA_PP) &&
                       (p.spec.flags & VICINAL_EXCLUDE_POSITIVE) == 0) ||
                      p.spec.kind == VICINAL_NORMALIZED_SOFTMAX;
    require(soft,
            "soft_labels: this loss needs one label per sample; proxy-nca and proxy-nca-pp (not exclude-positive) "
            "and normalized-softmax take soft labels");
    for (std::int64_t i = 0; i < p.n; ++i) {
      for (std::int64_t c = 0; c < p.classes; ++c) {
        const Real t = p.soft_labels[i * p.classes + c];
        require(t >= Real(0) && t <= std::numeric_limits<Real>::max(), "soft_labels[", i, ", ", c, "] is ", t,
                "; it must be finite and not negative");
      }
    }
  }
}

// A curvature made for this entry's type and the engine's device.
template <class Real>
void check_curvature(const vicinal_engine& e, const vicinal_curvature* curvature) {
  check_pointer("curvature", curvature);
  require(curvature->is_double == (sizeof(Real) == sizeof(double)), "curvature was created for ",
          curvature->is_double ? "float64" : "float32", ", not for this entry's type");
  require(curvature->table == e.table, "curvature belongs to device '", curvature->table->name, "', the engine to '",
          e.table->name, "'");
}

// The engine, ready for a call.
inline vicinal_engine& begin_call(vicinal_engine* engine) {
  check_pointer("engine", engine);
  engine->table->begin(engine->device);
  return *engine;
}

}  // namespace vicinal::capi

#endif  // VICINAL_CAPI_CHECKS_HPP_
