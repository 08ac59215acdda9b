// C ABI: vectors of solvers with many right-hand sides, the plain product, the symmetric eigenproblem.
#include <cstring>
#include <memory>

#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

void check_vectors(std::int64_t m, std::int64_t n, const void* x, const void* y) {
  check_size("m", m);
  check_size("n", n);
  check_product("x", m, n);
  check_pointer("x", x);
  check_pointer("y", y);
}

void check_factors(const char* name, std::int64_t m, const double* factors) {
  check_pointer(name, factors);
  for (std::int64_t q = 0; q < m; ++q)
    require(std::isfinite(factors[q]), name, "[", q, "] is ", factors[q], "; it must be finite");
}

// LAPACK counts its workspace of 1 + 6 n + 2 n^2 elements in 32 bits.
constexpr std::int64_t kLargestEigenproblem = 32000;

template <class Real>
void symmetric_eigen(vicinal_engine& e, std::int64_t n, Real* matrix, Real* values) {
  check_size("n", n);
  require(n <= kLargestEigenproblem, "n is ", n, "; at most ", kLargestEigenproblem, " is supported");
  check_pointer("matrix", matrix);
  check_pointer("values", values);
  const Operations<Real>& ops = operations<Real>(*e.table);
  const std::int64_t bad = ops.find_nonfinite(e.device, n * n, matrix);
  if (bad >= 0)
    fail(VICINAL_INVALID_ARGUMENT, "matrix[", bad / n, ", ", bad % n, "] is ",
         *HostView<Real>(e, matrix + bad, 1).get(), "; every element must be finite");
  if (ops.symmetric_eigen != nullptr) return ops.symmetric_eigen(e.device, n, matrix, values);
  // LAPACK's, on the processor: once per set-up, against hundreds of products on the device.
  const DeviceTable& cpu = cpu_table();
  vicinal_engine_options options{};
  options.struct_size = sizeof options;
  void* processor = cpu.create(0, options);
  try {
    const MemoryTable& memory = e.table->memory;
    const auto own_matrix = std::make_unique<Real[]>(static_cast<std::size_t>(n * n));
    const auto own_values = std::make_unique<Real[]>(static_cast<std::size_t>(n));
    const std::int64_t bytes = n * static_cast<std::int64_t>(sizeof(Real));
    const auto get = [&](Real* to, const Real* from, std::int64_t size) {
      if (memory.on_host(from)) {
        std::memcpy(to, from, static_cast<std::size_t>(size));
      } else {
        memory.read(e.ordinal, to, from, size);
      }
    };
    const auto put = [&](Real* to, const Real* from, std::int64_t size) {
      if (memory.on_host(to)) {
        std::memcpy(to, from, static_cast<std::size_t>(size));
      } else {
        memory.write(e.ordinal, to, from, size);
      }
    };
    get(own_matrix.get(), matrix, n * bytes);
    operations<Real>(cpu).symmetric_eigen(processor, n, own_matrix.get(), own_values.get());
    put(matrix, own_matrix.get(), n * bytes);
    put(values, own_values.get(), bytes);
  } catch (...) {
    cpu.destroy(processor);
    throw;
  }
  cpu.destroy(processor);
}

}  // namespace
}  // namespace vicinal::capi

extern "C" {

#define VICINAL_DEFINE(suffix, Real)                                                                               \
  vicinal_status vicinal_dots_##suffix(vicinal_engine* engine, int64_t m, int64_t n, const Real* x, const Real* y, \
                                       double* dots) {                                                             \
    return vicinal::guard([&] {                                                                                    \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                       \
      vicinal::capi::check_vectors(m, n, x, y);                                                                    \
      vicinal::capi::check_pointer("dots", dots);                                                                  \
      vicinal::operations<Real>(*e.table).dots(e.device, m, n, x, y, dots);                                        \
    });                                                                                                            \
  }                                                                                                                \
  vicinal_status vicinal_axpy_##suffix(vicinal_engine* engine, int64_t m, int64_t n, const double* alpha,          \
                                       const Real* x, Real* y) {                                                   \
    return vicinal::guard([&] {                                                                                    \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                       \
      vicinal::capi::check_vectors(m, n, x, y);                                                                    \
      vicinal::capi::check_factors("alpha", m, alpha);                                                             \
      vicinal::operations<Real>(*e.table).axpy(e.device, m, n, alpha, x, y);                                       \
    });                                                                                                            \
  }                                                                                                                \
  vicinal_status vicinal_xpby_##suffix(vicinal_engine* engine, int64_t m, int64_t n, const Real* x,                \
                                       const double* beta, Real* y) {                                              \
    return vicinal::guard([&] {                                                                                    \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                       \
      vicinal::capi::check_vectors(m, n, x, y);                                                                    \
      vicinal::capi::check_factors("beta", m, beta);                                                               \
      vicinal::operations<Real>(*e.table).xpby(e.device, m, n, x, beta, y);                                        \
    });                                                                                                            \
  }                                                                                                                \
  vicinal_status vicinal_multiply_##suffix(vicinal_engine* engine, int64_t m, int64_t n, const Real* shared,       \
                                           const Real* x, Real* out) {                                             \
    return vicinal::guard([&] {                                                                                    \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                       \
      vicinal::capi::check_vectors(m, n, x, out);                                                                  \
      vicinal::capi::check_pointer("shared", shared);                                                              \
      vicinal::operations<Real>(*e.table).multiply(e.device, m, n, shared, x, out);                                \
    });                                                                                                            \
  }                                                                                                                \
  vicinal_status vicinal_gemm_##suffix(vicinal_engine* engine, int64_t m, int64_t n, int64_t k, const Real* a,     \
                                       const Real* b, Real* c) {                                                   \
    return vicinal::guard([&] {                                                                                    \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                       \
      vicinal::capi::check_columns("m", m);                                                                        \
      vicinal::capi::check_columns("n", n);                                                                        \
      vicinal::capi::check_columns("k", k);                                                                        \
      vicinal::capi::check_product("a", m, k);                                                                     \
      vicinal::capi::check_product("b", n, k);                                                                     \
      vicinal::capi::check_product("c", m, n);                                                                     \
      vicinal::capi::check_pointer("a", a);                                                                        \
      vicinal::capi::check_pointer("b", b);                                                                        \
      vicinal::capi::check_pointer("c", c);                                                                        \
      vicinal::operations<Real>(*e.table).gemm(e.device, m, n, k, a, b, c);                                        \
    });                                                                                                            \
  }                                                                                                                \
  vicinal_status vicinal_symmetric_eigen_##suffix(vicinal_engine* engine, int64_t n, Real* matrix, Real* values) { \
    return vicinal::guard([&] {                                                                                    \
      vicinal_engine& e = vicinal::capi::begin_call(engine);                                                       \
      vicinal::capi::symmetric_eigen(e, n, matrix, values);                                                        \
    });                                                                                                            \
  }
VICINAL_DEFINE(f32, float)
VICINAL_DEFINE(f64, double)
#undef VICINAL_DEFINE

}  // extern "C"
