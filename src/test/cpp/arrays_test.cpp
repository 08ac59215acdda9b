// Clipping, reciprocals, the lowest, the search for NaN, rows, the
// plain product.
#include <utility>

#include "support.hpp"

namespace {

using namespace test;

const std::int64_t kLengths[] = {1, 17, 1000, 70001};  // the last one is cut over threads

TEST_CASE("clip keeps NaN and everything inside the limits") {
  const EnginePtr e = make_engine();
  float x[5] = {-3, -0.5f, std::numeric_limits<float>::quiet_NaN(), 0.5f, std::numeric_limits<float>::infinity()};
  ok(call::clip<float>(e.get(), 5, -1.0, 1.0, x));
  CHECK(x[0] == -1.0f);
  CHECK(x[1] == -0.5f);
  CHECK(std::isnan(x[2]));
  CHECK(x[3] == 0.5f);
  CHECK(x[4] == 1.0f);
  ok(call::clip<float>(e.get(), 5, 0, std::numeric_limits<double>::infinity(), x));
  CHECK(x[1] == 0.0f);
  CHECK(std::isnan(x[2]));
  CHECK(x[4] == 1.0f);
}

TEST_CASE_TEMPLATE("lowest, wherever it lies, and reciprocal", Real, float, double) {
  const EnginePtr e = make_engine();
  for (std::int64_t n : kLengths) {
    Random random(2);
    auto x = cast<Real>(random.vector(n));
    std::vector<Real> out(x.size());
    double lowest = 0;
    for (std::size_t at : {std::size_t{0}, x.size() / 2, x.size() - 1}) {
      const Real before = std::exchange(x[at], Real(-99.5));
      ok(call::lowest<Real>(e.get(), n, x.data(), &lowest));
      CHECK(lowest == -99.5);
      x[at] = std::numeric_limits<Real>::quiet_NaN();
      ok(call::lowest<Real>(e.get(), n, x.data(), &lowest));
      CHECK(std::isnan(lowest));
      x[at] = before;
    }
    ok(call::reciprocal<Real>(e.get(), n, 2.5, x.data(), out.data()));
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(out[i] == static_cast<Real>(1 / (double{x[i]} + 2.5)));
  }
}

TEST_CASE("find_nonfinite gives the first index") {
  const EnginePtr e = make_engine();
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    const EnginePtr each = make_engine(2, isa);
    if (each == nullptr) continue;
    for (std::int64_t n : kLengths) {
      std::vector<float> x(static_cast<std::size_t>(n), std::numeric_limits<float>::max());
      std::int64_t first = 99;
      ok(call::find_nonfinite<float>(each.get(), n, x.data(), &first));
      CHECK(first == -1);
      x[static_cast<std::size_t>(n - 1)] = std::numeric_limits<float>::quiet_NaN();
      ok(call::find_nonfinite<float>(each.get(), n, x.data(), &first));
      CHECK(first == n - 1);
      x[static_cast<std::size_t>(n / 2)] = -std::numeric_limits<float>::infinity();
      ok(call::find_nonfinite<float>(each.get(), n, x.data(), &first));
      CHECK(first == n / 2);
    }
  }
}

TEST_CASE("gather and normalise rows") {
  const EnginePtr e = make_engine();
  Random random(3);
  const std::int64_t N = 50, columns = 33, n = 70;
  const Vec x = random.vector(N * columns);
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < n; ++i) ids.push_back(static_cast<std::int64_t>(random.bits() % 50));
  Vec out = poisoned<double>(static_cast<std::size_t>(n * columns));
  ok(call::gather_rows<double>(e.get(), N, columns, x.data(), n, ids.data(), out.data()));
  bool equal = true;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      equal = equal && out[static_cast<std::size_t>(i * columns + j)] ==
                           x[static_cast<std::size_t>(ids[static_cast<std::size_t>(i)] * columns + j)];
  CHECK(equal);

  for (std::int64_t j = 0; j < columns; ++j) out[static_cast<std::size_t>(j)] = 0;
  ok(call::normalize_rows<double>(e.get(), n, columns, out.data(), out.data()));  // in place
  for (std::int64_t i = 0; i < n; ++i) {
    double square = 0;
    for (std::int64_t j = 0; j < columns; ++j)
      square += out[static_cast<std::size_t>(i * columns + j)] * out[static_cast<std::size_t>(i * columns + j)];
    CHECK(square == doctest::Approx(i == 0 ? 0.0 : 1.0).epsilon(1e-14));
  }
}

TEST_CASE("gemm against a naive product") {
  const EnginePtr e = make_engine();
  for (std::int64_t m : {1, 33, 200}) {
    const std::int64_t n = 70, k = 130;
    Random random(4);
    const Vec a = random.vector(m * k), b = random.vector(n * k);
    Vec expected;
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::int64_t l = 0; l < k; ++l)
          sum += a[static_cast<std::size_t>(i * k + l)] * b[static_cast<std::size_t>(j * k + l)];
        expected.push_back(sum);
      }
    const auto af = cast<float>(a), bf = cast<float>(b);
    auto c = poisoned<float>(expected.size());
    ok(call::gemm<float>(e.get(), m, n, k, af.data(), bf.data(), c.data()));
    CHECK(difference(c, expected) <= 130 * 1.2e-7);
  }
}

}  // namespace
