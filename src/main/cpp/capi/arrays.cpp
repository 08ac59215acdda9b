// C ABI: optimiser steps, operations on elements and rows.
#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

constexpr double kAny = 1e300;

void check_beta(const char* name, double value) {
  require(value >= 0 && value < 1, name, " is ", value, "; it must be at least 0 and below 1");
}

// Elements of an array of any rank.
std::int64_t elements(const vicinal_array* a) {
  std::int64_t n = 1;
  for (std::int32_t i = 0; i < a->ndim; ++i)
    require(!__builtin_mul_overflow(n, a->shape[i], &n), a->name, " of shape ", Dims(a), " is too large");
  check_size("n", n);
  return n;
}

// The sizes of a matrix of the call's type.
struct Sizes {
  std::int64_t rows, columns;
};
template <class Real>
Sizes sizes_of(const Arguments<Real>& a, const vicinal_array* values, const char* rows) {
  a.matrix("values", values);
  check_size(rows, values->shape[0]);
  check_size("columns", values->shape[1]);
  return {values->shape[0], values->shape[1]};
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal;
using namespace vicinal::capi;

extern "C" {

vicinal_status vicinal_sgd_step(vicinal_engine* engine, double lr, double momentum, double weight_decay, int32_t first,
                                const vicinal_array* gradient, const vicinal_array* velocity,
                                const vicinal_array* parameter) {
  return call(engine, "parameter", parameter, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    const std::int64_t n = elements(parameter);
    SgdStep<Real> step{lr, momentum, weight_decay, first != 0, nullptr, nullptr, nullptr};
    step.parameter = a.out("parameter", parameter, Dims(parameter));
    step.gradient = a.in("gradient", gradient, Dims(parameter));
    step.velocity = a.optional_out(velocity, Dims(parameter));
    check_parameter("lr", lr, 0, true, kAny);
    check_parameter("momentum", momentum, 0, true, kAny);
    check_parameter("weight_decay", weight_decay, 0, true, kAny);
    require(momentum == 0 || step.velocity != nullptr, "velocity is missing and momentum is ", momentum);
    a.run(a.ops.sgd_step, n, step);
  });
}

vicinal_status vicinal_adam_step(vicinal_engine* engine, int64_t step, double lr, double beta1, double beta2,
                                 double eps, double weight_decay, int32_t decoupled, const vicinal_array* gradient,
                                 const vicinal_array* first_moment, const vicinal_array* second_moment,
                                 const vicinal_array* parameter) {
  return call(engine, "parameter", parameter, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    const std::int64_t n = elements(parameter);
    AdamStep<Real> s{step, lr, beta1, beta2, eps, weight_decay, decoupled != 0, nullptr, nullptr, nullptr, nullptr};
    s.parameter = a.out("parameter", parameter, Dims(parameter));
    s.gradient = a.in("gradient", gradient, Dims(parameter));
    s.first_moment = a.out("first_moment", first_moment, Dims(parameter));
    s.second_moment = a.out("second_moment", second_moment, Dims(parameter));
    check_size("step", step);
    check_parameter("lr", lr, 0, true, kAny);
    check_beta("beta1", beta1);
    check_beta("beta2", beta2);
    check_parameter("eps", eps, 0, true, kAny);
    check_parameter("weight_decay", weight_decay, 0, true, kAny);
    a.run(a.ops.adam_step, n, s);
  });
}

vicinal_status vicinal_clip(vicinal_engine* engine, double low, double high, const vicinal_array* values) {
  return call(engine, "values", values, [&](auto& a) {
    const std::int64_t n = elements(values);
    auto* x = a.out("values", values, Dims(values));
    require(low < high, "low is ", low, " and high is ", high, "; low must be below high");
    a.run(a.ops.clip, n, low, high, x);
  });
}

vicinal_status vicinal_lowest(vicinal_engine* engine, const vicinal_array* values, double* lowest) {
  return call(engine, "values", values, [&](auto& a) {
    const std::int64_t n = elements(values);
    const auto* x = a.in("values", values, Dims(values));
    check_pointer("lowest", lowest);
    *lowest = a.run(a.ops.lowest, n, x);
  });
}

vicinal_status vicinal_reciprocal(vicinal_engine* engine, double shift, const vicinal_array* x,
                                  const vicinal_array* out) {
  return call(engine, "x", x, [&](auto& a) {
    const std::int64_t n = elements(x);
    const auto* from = a.in("x", x, Dims(x));
    auto* to = a.out("out", out, Dims(x));
    require(std::isfinite(shift), "shift is ", shift, "; it must be finite");
    a.run(a.ops.reciprocal, n, shift, from, to);
  });
}

vicinal_status vicinal_find_nonfinite(vicinal_engine* engine, const vicinal_array* values, int64_t* first) {
  return call(engine, "values", values, [&](auto& a) {
    const std::int64_t n = elements(values);
    const auto* x = a.in("values", values, Dims(values));
    check_pointer("first", first);
    *first = a.run(a.ops.find_nonfinite, n, x);
  });
}

vicinal_status vicinal_gather_rows(vicinal_engine* engine, const vicinal_array* values, const vicinal_array* ids,
                                   const vicinal_array* out) {
  return call(engine, "values", values, [&](auto& a) {
    const Sizes from = sizes_of(a, values, "N");
    require(given(ids) && ids->ndim == 1, "ids must be a vector of int64");
    const std::int64_t n = ids->shape[0];
    check_size("n", n);
    const auto* x = a.in("values", values, {from.rows, from.columns});
    const auto* rows = a.template get<std::int64_t>("ids", ids, {n}, false);
    auto* to = a.out("out", out, {n, from.columns});
    a.engine.table->check_ids(a.engine.device, "ids", n, from.rows, rows);
    a.run(a.ops.gather_rows, from.rows, from.columns, x, n, rows, to);
  });
}

vicinal_status vicinal_normalize_rows(vicinal_engine* engine, const vicinal_array* values, const vicinal_array* out) {
  return call(engine, "values", values, [&](auto& a) {
    const Sizes of = sizes_of(a, values, "n");
    auto* to = a.out("out", out, {of.rows, of.columns});
    const auto* x = to == values->data ? to : a.in("values", values, {of.rows, of.columns});
    a.run(a.ops.normalize_rows, of.rows, of.columns, x, to);
  });
}

}  // extern "C"
