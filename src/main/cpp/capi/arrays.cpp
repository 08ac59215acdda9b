// C ABI: operations on elements and rows.
#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

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
