// Vector operations, the product and the symmetric eigenproblem against naive loops in double.
#include "support.hpp"

namespace {

using namespace test;

struct Shape {
  std::int64_t m, n;
};
// One element; rows shorter than a vector; several chunks of an inner product; work for several threads.
const Shape kShapes[] = {{1, 1}, {3, 7}, {2, 40001}, {5, 70003}};

// Rounding of one multiply-add in Real; wrong rows or scalars are off by 1e-1.
template <class Real>
constexpr double rounding() {
  return sizeof(Real) == sizeof(float) ? 3e-7 : 1e-15;
}

using call::axpy, call::dots, call::gemm, call::multiply, call::xpby;

TEST_CASE_TEMPLATE("vectors: dots, axpy, xpby and multiply against naive loops", Real, float, double) {
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    const EnginePtr e = make_engine(2, isa);
    if (e == nullptr) continue;
    for (const Shape& s : kShapes) {
      CAPTURE(isa);
      CAPTURE(s.n);
      const auto m = static_cast<std::size_t>(s.m), n = static_cast<std::size_t>(s.n);
      Random random(7);
      const Vec x = random.vector(s.m * s.n), y = random.vector(s.m * s.n), f = random.vector(s.m),
                shared = random.vector(s.n);
      const auto xr = cast<Real>(x), yr = cast<Real>(y), sharedr = cast<Real>(shared);
      Vec dot(m, 0.0), sum = y, next = y, product = x;
      for (std::size_t q = 0; q < m; ++q)
        for (std::size_t i = 0; i < n; ++i) {
          const std::size_t at = q * n + i;
          dot[q] += x[at] * y[at];
          sum[at] += f[q] * x[at];
          next[at] = x[at] + f[q] * y[at];
          product[at] *= shared[i];
        }
      Vec got = poisoned<double>(m);
      ok(dots<Real>(e.get(), s.m, s.n, xr.data(), yr.data(), got.data()));
      // The inputs are floats, and sums are in double for both types.
      CHECK(difference(got, dot, 1.0) <= 1e-12 * static_cast<double>(n));
      auto a = yr, b = yr, c = poisoned<Real>(x.size()), d = xr;
      ok(axpy<Real>(e.get(), s.m, s.n, f.data(), xr.data(), a.data()));
      CHECK(difference(a, sum) <= rounding<Real>());
      ok(xpby<Real>(e.get(), s.m, s.n, xr.data(), f.data(), b.data()));
      CHECK(difference(b, next) <= rounding<Real>());
      ok(multiply<Real>(e.get(), s.m, s.n, sharedr.data(), xr.data(), c.data()));
      CHECK(difference(c, product) <= rounding<Real>());
      ok(multiply<Real>(e.get(), s.m, s.n, sharedr.data(), d.data(), d.data()));
      CHECK(d == c);
    }
  }
}

TEST_CASE("vectors: inner products do not depend on the number of threads") {
  Random random(3);
  const Vec x = random.vector(3 * 100000), y = random.vector(3 * 100000);
  Vec one(3), three(3);
  ok(call::dots<double>(make_engine(1).get(), 3, 100000, x.data(), y.data(), one.data()));
  ok(call::dots<double>(make_engine(3).get(), 3, 100000, x.data(), y.data(), three.data()));
  CHECK(one == three);
}

// x [n, m], transposed.
template <class Real>
std::vector<Real> across(const std::vector<Real>& x, std::int64_t n, std::int64_t m) {
  std::vector<Real> out(x.size());
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < m; ++j)
      out[static_cast<std::size_t>(j * n + i)] = x[static_cast<std::size_t>(i * m + j)];
  return out;
}

// Both operands either way. Blocks of OpenBLAS; few rows on either side, in whole and ragged groups of four, for one
// thread and for several.
TEST_CASE_TEMPLATE("gemm against a naive product", Real, float, double) {
  const struct {
    std::int64_t m, n, k;
  } shapes[] = {{70, 53, 131}, {3, 2, 5}, {1, 9, 131}, {4, 53, 131}, {1501, 2, 261}, {3, 1502, 261}};
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    const EnginePtr e = make_engine(2, isa);
    if (e == nullptr) continue;
    for (const auto& s : shapes) {
      CAPTURE(isa);
      CAPTURE(s.m);
      CAPTURE(s.n);
      Random random(4);
      const auto a = cast<Real>(random.vector(s.m * s.k)), b = cast<Real>(random.vector(s.n * s.k));
      Vec expected(static_cast<std::size_t>(s.m * s.n), 0.0);
      for (std::int64_t i = 0; i < s.m; ++i)
        for (std::int64_t j = 0; j < s.n; ++j)
          for (std::int64_t l = 0; l < s.k; ++l)
            expected[static_cast<std::size_t>(i * s.n + j)] +=
                static_cast<double>(a[static_cast<std::size_t>(i * s.k + l)]) *
                static_cast<double>(b[static_cast<std::size_t>(j * s.k + l)]);
      const auto across_a = across(a, s.m, s.k), across_b = across(b, s.n, s.k);
      for (const bool ta : {false, true})
        for (const bool tb : {false, true}) {
          auto c = poisoned<Real>(expected.size());
          ok(gemm<Real>(e.get(), s.m, s.n, s.k, (ta ? across_a : a).data(), (tb ? b : across_b).data(), c.data(), ta,
                        tb));
          CHECK(difference(c, expected) <= (sizeof(Real) == sizeof(float) ? 2e-6 : 1e-14));
        }
    }
  }
}

// A symmetric matrix of rank n - 2, with two equal eigenvalues at least (both 0).
Vec symmetric(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  const std::int64_t rank = n > 2 ? n - 2 : n;
  const Vec f = random.vector(n * rank), s = random.vector(rank);
  Vec a(static_cast<std::size_t>(n * n), 0.0);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t r = 0; r < rank; ++r)
        a[static_cast<std::size_t>(i * n + j)] += f[static_cast<std::size_t>(i * rank + r)] *
                                                  s[static_cast<std::size_t>(r)] *
                                                  f[static_cast<std::size_t>(j * rank + r)];
  return a;
}

TEST_CASE_TEMPLATE("symmetric eigen: A V = V L, orthonormal rows, ascending values, fixed signs", Real, float, double) {
  const EnginePtr e = make_engine();
  const double tol = sizeof(Real) == sizeof(float) ? 2e-5 : 1e-12;
  for (std::int64_t n : {std::int64_t{1}, std::int64_t{2}, std::int64_t{33}, std::int64_t{150}}) {
    CAPTURE(n);
    const Vec a = symmetric(n, 5);
    auto v = cast<Real>(a), w = poisoned<Real>(static_cast<std::size_t>(n));
    ok(call::symmetric_eigen<Real>(e.get(), n, v.data(), w.data()));
    const double unit = largest(a);
    double residual = 0, orthogonality = 0;
    bool ascending = true, positive = true;
    for (std::int64_t k = 0; k < n; ++k) {
      const Real* row = v.data() + k * n;
      if (k > 0) ascending = ascending && w[static_cast<std::size_t>(k)] >= w[static_cast<std::size_t>(k - 1)];
      std::int64_t top = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        double product = 0;
        for (std::int64_t j = 0; j < n; ++j)
          product += a[static_cast<std::size_t>(i * n + j)] * static_cast<double>(row[j]);
        residual = std::fmax(residual, std::fabs(product - static_cast<double>(w[static_cast<std::size_t>(k)]) *
                                                               static_cast<double>(row[i])));
        if (std::fabs(row[i]) > std::fabs(row[top])) top = i;
      }
      positive = positive && row[top] > 0;
      for (std::int64_t l = 0; l <= k; ++l) {
        double inner = 0;
        for (std::int64_t j = 0; j < n; ++j)
          inner += static_cast<double>(row[j]) * static_cast<double>(v[static_cast<std::size_t>(l * n + j)]);
        orthogonality = std::fmax(orthogonality, std::fabs(inner - (k == l ? 1 : 0)));
      }
    }
    CHECK(residual <= tol * unit * static_cast<double>(n));
    CHECK(orthogonality <= tol);
    CHECK(ascending);
    CHECK(positive);
  }
}

TEST_CASE("symmetric eigen: a matrix whose answer is known") {
  const EnginePtr e = make_engine();
  Vec a = {2, -1, -1, 2},
      w = poisoned<double>(2);  // 1: (1, 1), 3: (1, -1), up to length; the first of equals is positive
  ok(call::symmetric_eigen<double>(e.get(), 2, a.data(), w.data()));
  const double h = std::sqrt(0.5);
  CHECK(difference(w, {1, 3}) <= 1e-15);
  CHECK(difference(a, {h, h, h, -h}) <= 1e-15);
}

TEST_CASE("vectors and eigen: refusals name the argument") {
  const EnginePtr e = make_engine();
  double x[4] = {1, 2, 3, 4}, y[4] = {1, 2, 3, 4}, f[2] = {1, std::numeric_limits<double>::quiet_NaN()}, w[2];
  refused(call::dots<double>(e.get(), 0, 2, x, y, w),
          "x has shape [0, 2] where rows [m, ...] are expected; give sizes of 1 or more");
  refused(call::dots<double>(e.get(), 2, 0, x, y, w),
          "x has shape [2, 0] where rows [m, ...] are expected; give sizes of 1 or more");
  refused(call::dots<double>(e.get(), 2, 2, x, y, nullptr), "dots is null");
  refused(call::axpy<double>(e.get(), 2, 2, f, x, y), "alpha[1] is nan");
  refused(call::xpby<double>(e.get(), 2, 2, nullptr, f, y), "x is missing");
  refused(call::multiply<double>(e.get(), 2, 2, nullptr, x, y), "shared is missing");
  x[2] = std::numeric_limits<double>::infinity();
  refused(call::symmetric_eigen<double>(e.get(), 2, x, w), "matrix[1, 0] is inf");
  refused(call::symmetric_eigen<double>(e.get(), 40000, x, w), "n is 40000");
}

}  // namespace
