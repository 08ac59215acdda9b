// C ABI: optimiser steps, row operations.
#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

template <class Real>
void check_elements(std::int64_t n, const Real* gradient, const Real* parameter) {
  check_size("n", n);
  check_product("parameter", n, 1);
  check_pointer("gradient", gradient);
  check_pointer("parameter", parameter);
}

constexpr double kAny = 1e300;

void check_beta(const char* name, double value) {
  require(value >= 0 && value < 1, name, " is ", value, "; it must be at least 0 and below 1");
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

#define VICINAL_DEFINE(suffix, Real)                                                                                  \
  vicinal_status vicinal_sgd_step_##suffix(vicinal_engine* engine, int64_t n, double lr, double momentum,             \
                                           double weight_decay, int32_t first, const Real* gradient, Real* velocity,  \
                                           Real* parameter) {                                                         \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      vicinal::capi::check_elements(n, gradient, parameter);                                                          \
      vicinal::capi::check_parameter("lr", lr, 0, true, vicinal::capi::kAny);                                         \
      vicinal::capi::check_parameter("momentum", momentum, 0, true, vicinal::capi::kAny);                             \
      vicinal::capi::check_parameter("weight_decay", weight_decay, 0, true, vicinal::capi::kAny);                     \
      vicinal::require(momentum == 0 || velocity != nullptr, "velocity is null; momentum ", momentum, " needs it");   \
      vicinal::operations<Real>(*e.table).sgd_step(                                                                   \
          e.device, n, {lr, momentum, weight_decay, first != 0, gradient, velocity, parameter});                      \
    });                                                                                                               \
  }                                                                                                                   \
  vicinal_status vicinal_adam_step_##suffix(vicinal_engine* engine, int64_t n, int64_t step, double lr, double beta1, \
                                            double beta2, double eps, double weight_decay, int32_t decoupled,         \
                                            const Real* gradient, Real* first_moment, Real* second_moment,            \
                                            Real* parameter) {                                                        \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      vicinal::capi::check_elements(n, gradient, parameter);                                                          \
      vicinal::capi::check_pointer("first_moment", first_moment);                                                     \
      vicinal::capi::check_pointer("second_moment", second_moment);                                                   \
      vicinal::capi::check_size("step", step);                                                                        \
      vicinal::capi::check_parameter("lr", lr, 0, true, vicinal::capi::kAny);                                         \
      vicinal::capi::check_beta("beta1", beta1);                                                                      \
      vicinal::capi::check_beta("beta2", beta2);                                                                      \
      vicinal::capi::check_parameter("eps", eps, 0, true, vicinal::capi::kAny);                                       \
      vicinal::capi::check_parameter("weight_decay", weight_decay, 0, true, vicinal::capi::kAny);                     \
      vicinal::operations<Real>(*e.table).adam_step(e.device, n,                                                      \
                                                    {step, lr, beta1, beta2, eps, weight_decay, decoupled != 0,       \
                                                     gradient, first_moment, second_moment, parameter});              \
    });                                                                                                               \
  }                                                                                                                   \
  vicinal_status vicinal_clip_##suffix(vicinal_engine* engine, int64_t n, double limit, Real* values) {               \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      vicinal::capi::check_size("n", n);                                                                              \
      vicinal::capi::check_product("values", n, 1);                                                                   \
      vicinal::capi::check_pointer("values", values);                                                                 \
      vicinal::capi::check_parameter("limit", limit, 0, false, vicinal::capi::kAny);                                  \
      vicinal::operations<Real>(*e.table).clip(e.device, n, limit, values);                                           \
    });                                                                                                               \
  }                                                                                                                   \
  vicinal_status vicinal_find_nonfinite_##suffix(vicinal_engine* engine, int64_t n, const Real* values,               \
                                                 int64_t* first) {                                                    \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      vicinal::capi::check_size("n", n);                                                                              \
      vicinal::capi::check_product("values", n, 1);                                                                   \
      vicinal::capi::check_pointer("values", values);                                                                 \
      vicinal::capi::check_pointer("first", first);                                                                   \
      *first = vicinal::operations<Real>(*e.table).find_nonfinite(e.device, n, values);                               \
    });                                                                                                               \
  }                                                                                                                   \
  vicinal_status vicinal_gather_rows_##suffix(vicinal_engine* engine, int64_t N, int64_t columns, const Real* values, \
                                              int64_t n, const int64_t* ids, Real* out) {                             \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      vicinal::capi::check_size("N", N);                                                                              \
      vicinal::capi::check_size("columns", columns);                                                                  \
      vicinal::capi::check_size("n", n);                                                                              \
      vicinal::capi::check_product("values", N, columns);                                                             \
      vicinal::capi::check_product("out", n, columns);                                                                \
      vicinal::capi::check_pointer("values", values);                                                                 \
      vicinal::capi::check_pointer("ids", ids);                                                                       \
      vicinal::capi::check_pointer("out", out);                                                                       \
      vicinal::capi::check_ids(e, "ids", n, N, ids);                                                                  \
      vicinal::operations<Real>(*e.table).gather_rows(e.device, N, columns, values, n, ids, out);                     \
    });                                                                                                               \
  }                                                                                                                   \
  vicinal_status vicinal_normalize_rows_##suffix(vicinal_engine* engine, int64_t n, int64_t columns,                  \
                                                 const Real* values, Real* out) {                                     \
    return vicinal::guard([&] {                                                                                       \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                          \
      vicinal::capi::check_size("n", n);                                                                              \
      vicinal::capi::check_size("columns", columns);                                                                  \
      vicinal::capi::check_product("values", n, columns);                                                             \
      vicinal::capi::check_pointer("values", values);                                                                 \
      vicinal::capi::check_pointer("out", out);                                                                       \
      vicinal::operations<Real>(*e.table).normalize_rows(e.device, n, columns, values, out);                          \
    });                                                                                                               \
  }
VICINAL_DEFINE(f32, float)
VICINAL_DEFINE(f64, double)
#undef VICINAL_DEFINE

}  // extern "C"
