// Argument checks of the C ABI. Every message names the argument, the offending value and what is allowed.
#ifndef VICINAL_CAPI_CHECKS_HPP_
#define VICINAL_CAPI_CHECKS_HPP_

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>

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

// What a check reads on the processor: the array itself, or a copy of what lies on the device. Null stays null.
template <class T>
class HostView {
 public:
  HostView(const vicinal_engine& e, const T* values, std::int64_t count) : values_(values) {
    const MemoryTable& memory = e.table->memory;
    if (values == nullptr || count == 0 || memory.on_host(values)) return;
    copy_ = std::make_unique<T[]>(static_cast<std::size_t>(count));
    memory.read(e.ordinal, copy_.get(), values, count * static_cast<std::int64_t>(sizeof(T)));
    values_ = copy_.get();
  }
  HostView(const HostView&) = delete;
  HostView& operator=(const HostView&) = delete;
  const T* get() const { return values_; }

 private:
  const T* values_;
  std::unique_ptr<T[]> copy_;
};

// Finite, low <= value (or low < value) and value <= high.
void check_parameter(const char* name, double value, double low, bool low_allowed, double high);

inline CurvatureKind read_kind(std::int32_t kind) {
  const auto exists = [](std::int32_t at) {
    const CurvatureTerms terms = terms_of(static_cast<CurvatureKind>(at));
    return terms.gauss_newton || terms.gradients;
  };
  std::int32_t count = 0;
  while (exists(count)) ++count;
  require(kind >= 0 && kind < count, "kind is ", kind, "; the kinds are 0..", count - 1);
  return static_cast<CurvatureKind>(kind);
}

// The loss, its parameters checked.
LossSpec read_loss(const vicinal_loss* spec);
// Refuses an argument for a loss without a trait, and names those that have it: "argument: loss lack; remedy losses".
void check_trait(const LossSpec& spec, bool math::Traits::*trait, const char* argument, const char* lack,
                 const char* remedy = "choose");

// The engine, ready for a call.
inline vicinal_engine& begin_call(vicinal_engine* engine) {
  check_pointer("engine", engine);
  engine->table->begin(engine->device);
  return *engine;
}

}  // namespace vicinal::capi

#endif  // VICINAL_CAPI_CHECKS_HPP_
