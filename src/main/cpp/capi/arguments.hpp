// The arrays of one call, checked. Every refusal names the array.
#ifndef VICINAL_CAPI_ARGUMENTS_HPP_
#define VICINAL_CAPI_ARGUMENTS_HPP_

#include <initializer_list>
#include <ostream>
#include <vector>

#include "capi/checks.hpp"

namespace vicinal::capi {

inline bool given(const vicinal_array* a) {
  return a != nullptr && a->data != nullptr;
}

// The shape that an array should have: sizes, or those of another array.
struct Dims {
  std::int64_t sizes[VICINAL_MOST_DIMENSIONS];
  std::int32_t count = 0;
  Dims(std::initializer_list<std::int64_t> list) {
    for (std::int64_t size : list) sizes[count++] = size;
  }
  Dims(const std::int64_t* first, std::int32_t n) {
    while (count < n) sizes[count] = first[count], ++count;
  }
  explicit Dims(const vicinal_array* a) : Dims(a->shape, a->ndim) {}
};

template <class T>
constexpr std::int32_t dtype_of();
template <>
constexpr std::int32_t dtype_of<float>() {
  return VICINAL_F32;
}
template <>
constexpr std::int32_t dtype_of<double>() {
  return VICINAL_F64;
}
template <>
constexpr std::int32_t dtype_of<std::int64_t>() {
  return VICINAL_I64;
}

std::ostream& operator<<(std::ostream& out, const Dims& shape);

// Refuses a missing array, by the entry's name for it, and one whose form makes no sense.
void check_form(const char* name, const vicinal_array* a);
void check_type(const vicinal_array* a, std::int32_t dtype);
// Elements of an array of any rank, at least one.
std::int64_t elements(const vicinal_array* a);

class Arrays {
 public:
  // Type and shape of an array that the call reads or writes. `needed` is the entry's name for an array that must be
  // given; null: it may be missing, and then the result is null.
  void* check(const char* needed, const vicinal_array* a, std::int32_t dtype, const Dims& shape, bool output);
  // Outputs overlap nothing. After the last check.
  void check_apart() const;

 private:
  static constexpr int kMost = 24;  // more than any entry takes, programs aside
  struct Noted {
    const char *name, *begin, *end;
    bool output;
  };
  Noted noted_[kMost];
  std::vector<Noted> more_;
  int count_ = 0;
};

// A call whose numeric arrays are of one type, and the device's operations of that type.
template <class Type>
class Arguments {
 public:
  using Real = Type;
  explicit Arguments(vicinal_engine& e) : engine(e), ops(operations<Real>(*e.table)) {}

  // An array of known rank whose sizes are the caller's to check; in or out follows, with them.
  void matrix(const char* name, const vicinal_array* a) const {
    check_form(name, a);
    check_type(a, dtype_of<Real>());
    require(a->ndim == 2, a->name, " has shape ", Dims(a), " where a matrix is expected");
  }

  const Real* in(const char* name, const vicinal_array* a, const Dims& shape) {
    return get<Real>(name, a, shape, false);
  }
  const Real* optional_in(const vicinal_array* a, const Dims& shape) { return get<Real>(nullptr, a, shape, false); }
  Real* out(const char* name, const vicinal_array* a, const Dims& shape) { return get<Real>(name, a, shape, true); }
  Real* optional_out(const vicinal_array* a, const Dims& shape) { return get<Real>(nullptr, a, shape, true); }
  // Of integers, or of doubles whatever the call's type.
  template <class T>
  T* get(const char* needed, const vicinal_array* a, const Dims& shape, bool output) {
    return static_cast<T*>(arrays_.check(needed, a, dtype_of<T>(), shape, output));
  }

  // After the last array: outputs overlap nothing. Then runs an operation of the device.
  void apart() const { arrays_.check_apart(); }
  template <class R, class... P, class... A>
  R run(R (*operation)(void*, P...), const A&... arguments) const {
    apart();
    return operation(engine.device, arguments...);
  }

  vicinal_engine& engine;
  const Operations<Real>& ops;

 private:
  Arrays arrays_;
};

// A call whose first array, or whose curvature, says which type its numeric arrays have: body(Arguments<Real>&).
template <class Body>
vicinal_status call(vicinal_engine* engine, const char* name, const vicinal_array* typed, Body&& body) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_form(name, typed);
    require(typed->dtype == VICINAL_F32 || typed->dtype == VICINAL_F64, typed->name,
            " is of int64; give float32 or float64");
    if (typed->dtype == VICINAL_F64) {
      Arguments<double> arguments(e);
      body(arguments);
    } else {
      Arguments<float> arguments(e);
      body(arguments);
    }
  });
}
template <class Body>
vicinal_status call(vicinal_engine* engine, const vicinal_curvature* curvature, Body&& body) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_pointer("curvature", curvature);
    require(curvature->table == e.table, "curvature belongs to device '", curvature->table->name, "', the engine to '",
            e.table->name, "'");
    if (curvature->is_double) {
      Arguments<double> arguments(e);
      body(arguments);
    } else {
      Arguments<float> arguments(e);
      body(arguments);
    }
  });
}

// Labels, weights, soft labels and proxies of a problem whose spec, n and d are set; sizes are checked first.
template <class Real>
void read_targets(Arguments<Real>& a, Problem<Real>& p, std::int64_t C, const vicinal_array* labels,
                  const vicinal_array* weights, const vicinal_array* soft_labels, const vicinal_array* proxies) {
  p.classes = C;
  require(C >= 1, "classes are ", C, " with ", p.spec.centers, " centers; both must be 1 or more");
  check_columns("C", C);
  check_columns("d", p.d);
  std::int64_t rows;
  require(!__builtin_mul_overflow(C, static_cast<std::int64_t>(p.spec.centers), &rows), "C * centers overflows");
  check_columns("C * centers", rows);
  check_product("cosines", p.n, rows);
  p.labels = a.template get<std::int64_t>("labels", labels, {p.n}, false);
  p.weights = a.optional_in(weights, {p.n});
  p.soft_labels = a.optional_in(soft_labels, {p.n, C});
  p.proxies = a.in("proxies", proxies, {rows, p.d});
  void* const device = a.engine.device;
  a.engine.table->check_ids(device, "labels", p.n, C, p.labels);
  if (p.weights != nullptr) a.ops.check_weights(device, "weights", p.n, 1, p.weights);
  if (p.soft_labels == nullptr) return;
  check_trait(p.spec, &math::Traits::soft_labels, "soft_labels", "needs one label per sample");
  a.ops.check_weights(device, "soft_labels", p.n * C, C, p.soft_labels);
}

// The value and per-sample outputs that both gradients have.
template <class Real>
Gradients<Real> loss_outputs(Arguments<Real>& a, const Problem<Real>& p, double* loss, std::int64_t* empty,
                             const vicinal_array* per_sample) {
  check_pointer("loss", loss);
  if (given(per_sample))
    check_trait(p.spec, &math::Traits::decomposes, "per-sample values", "is not a sum over samples",
                "pass null, or choose");
  Gradients<Real> out{};
  out.loss = loss;
  out.empty = empty;
  out.per_sample = a.optional_out(per_sample, {p.n});
  return out;
}

// Queries [Q, d], gallery [G, d] and self [Q] or null of a search, which is in float32.
struct Search {
  std::int64_t Q, G, d;
  const float *queries, *gallery;
  const std::int64_t* self;
};
inline Search read_search(Arguments<float>& a, const vicinal_array* queries, const vicinal_array* gallery,
                          const vicinal_array* self) {
  check_form("queries", queries);
  require(queries->dtype != VICINAL_F64, queries->name, " are F64; searches are in float32, so convert them");
  a.matrix("queries", queries);
  a.matrix("gallery", gallery);
  Search s{queries->shape[0], gallery->shape[0], queries->shape[1], nullptr, nullptr, nullptr};
  check_size("Q", s.Q);
  check_size("G", s.G);
  check_columns("d", s.d);
  s.queries = a.in("queries", queries, {s.Q, s.d});
  s.gallery = a.in("gallery", gallery, {s.G, s.d});
  s.self = a.get<std::int64_t>(nullptr, self, {s.Q}, false);
  return s;
}

}  // namespace vicinal::capi

#endif  // VICINAL_CAPI_ARGUMENTS_HPP_
