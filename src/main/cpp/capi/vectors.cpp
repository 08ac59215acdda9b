// C ABI: vectors of solvers with many right-hand sides, the plain product, the symmetric eigenproblem.
#include <algorithm>
#include <cstring>
#include <memory>

#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

// m rows of n elements, in x [m, ...].
struct Rows {
  std::int64_t m, n;
};
Rows rows_of(const vicinal_array* x) {
  const bool some = std::all_of(x->shape, x->shape + x->ndim, [](std::int64_t size) { return size >= 1; });
  require(x->ndim >= 1 && some, x->name, " has shape ", Dims(x),
          " where rows [m, ...] are expected; give sizes of 1 or more");
  Rows rows{x->shape[0], 1};
  for (std::int32_t i = 1; i < x->ndim; ++i)
    require(!__builtin_mul_overflow(rows.n, x->shape[i], &rows.n), x->name, " of shape ", Dims(x), " is too large");
  return rows;
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

using namespace vicinal;
using namespace vicinal::capi;

extern "C" {

vicinal_status vicinal_dots(vicinal_engine* engine, const vicinal_array* x, const vicinal_array* y, double* dots) {
  return call(engine, "x", x, [&](auto& a) {
    const auto rows = rows_of(x);
    const auto* left = a.in("x", x, Dims(x));
    const auto* right = a.in("y", y, Dims(x));
    check_pointer("dots", dots);
    a.run(a.ops.dots, rows.m, rows.n, left, right, dots);
  });
}

vicinal_status vicinal_axpy(vicinal_engine* engine, const double* alpha, const vicinal_array* x,
                            const vicinal_array* y) {
  return call(engine, "x", x, [&](auto& a) {
    const auto rows = rows_of(x);
    const auto* from = a.in("x", x, Dims(x));
    auto* to = a.out("y", y, Dims(x));
    check_factors("alpha", rows.m, alpha);
    a.run(a.ops.axpy, rows.m, rows.n, alpha, from, to);
  });
}

vicinal_status vicinal_xpby(vicinal_engine* engine, const vicinal_array* x, const double* beta,
                            const vicinal_array* y) {
  return call(engine, "x", x, [&](auto& a) {
    const auto rows = rows_of(x);
    const auto* from = a.in("x", x, Dims(x));
    auto* to = a.out("y", y, Dims(x));
    check_factors("beta", rows.m, beta);
    a.run(a.ops.xpby, rows.m, rows.n, from, beta, to);
  });
}

vicinal_status vicinal_multiply(vicinal_engine* engine, const vicinal_array* shared, const vicinal_array* x,
                                const vicinal_array* out) {
  return call(engine, "x", x, [&](auto& a) {
    const auto rows = rows_of(x);
    const auto* factors = a.in("shared", shared, {x->shape + 1, x->ndim - 1});
    auto* to = a.out("out", out, Dims(x));
    const auto* from = to == x->data ? to : a.in("x", x, Dims(x));
    a.run(a.ops.multiply, rows.m, rows.n, factors, from, to);
  });
}

vicinal_status vicinal_gemm(vicinal_engine* engine, int32_t transpose_a, int32_t transpose_b, const vicinal_array* a,
                            const vicinal_array* b, const vicinal_array* c) {
  return call(engine, "a", a, [&](auto& arguments) {
    arguments.matrix("a", a);
    arguments.matrix("b", b);
    const bool ta = transpose_a != 0, tb = transpose_b != 0;
    const std::int64_t m = a->shape[ta ? 1 : 0], k = a->shape[ta ? 0 : 1], n = b->shape[tb ? 0 : 1];
    check_columns("m", m);
    check_columns("n", n);
    check_columns("k", k);
    const auto* left = arguments.in("a", a, Dims(a));
    const auto* right = tb ? arguments.in("b", b, {n, k}) : arguments.in("b", b, {k, n});
    auto* out = arguments.out("c", c, {m, n});
    arguments.run(arguments.ops.gemm, ta, tb, m, n, k, left, right, out);
  });
}

vicinal_status vicinal_symmetric_eigen(vicinal_engine* engine, const vicinal_array* matrix,
                                       const vicinal_array* values) {
  return call(engine, "matrix", matrix, [&](auto& a) {
    require(matrix->ndim == 2 && matrix->shape[0] == matrix->shape[1], matrix->name, " has shape ", Dims(matrix),
            " where a square matrix is expected");
    const std::int64_t n = matrix->shape[0];
    check_size("n", n);
    require(n <= kLargestEigenproblem, "n is ", n, "; at most ", kLargestEigenproblem, " is supported");
    auto* vectors = a.out("matrix", matrix, {n, n});
    auto* w = a.out("values", values, {n});
    a.apart();
    symmetric_eigen(a.engine, n, vectors, w);
  });
}

}  // extern "C"
