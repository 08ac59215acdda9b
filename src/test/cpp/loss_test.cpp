// The oracle checks the product: values, per-sample values, gradients and Hessian-vector products of every registered
// loss, in both element types, for every instruction set that the processor has.
#include <algorithm>

#include "support.hpp"

namespace {

using namespace test;

TEST_CASE("what the tests' lists say of a loss is what the library says, and every loss is in them") {
  for (const Registered& r : registry()) {
    CAPTURE(r.name);
    std::int32_t traits = 0;
    ok(vicinal_loss_traits(call::Spec(&r.spec), &traits));
    CHECK(cosine_softmax(r.spec) == ((traits & VICINAL_SOFTMAX) != 0));
    CHECK(r.soft == ((traits & VICINAL_SOFT_LABELS) != 0));
    CHECK(column_form(r.spec) == ((traits & VICINAL_DECOMPOSES) == 0));
  }
  const char* name = nullptr;
  for (std::int32_t loss = 0; (name = vicinal_loss_name(loss)) != nullptr; ++loss)
    CHECK_MESSAGE(
        std::any_of(registry().begin(), registry().end(), [&](const Registered& r) { return r.spec.is(name); }), name);
}

// A cosine of d terms is off by a few eps, a logit by steepness times that, and probabilities, gradients and products
// by the same relative amount of their largest element; 1/sin(theta) and 1/distance add a factor near their floors,
// which the random cases stay away from. 32 leaves room for that.
template <class Real>
double tolerance(const Loss& s) {
  return 32 * static_cast<double>(std::numeric_limits<Real>::epsilon()) * std::fmax(4.0, steepness(s));
}

// The smallest norm of a row that is not zero.
double shortest(const Case& c) {
  double least = 1;
  for (const Vec* x : {&c.embeddings, &c.proxies})
    for (const auto& row : oracle::rows_of(*x, c.d)) {
      const double norm = std::sqrt(oracle::dot(row, row));
      if (norm > 0 && norm < least) least = norm;
    }
  return least;
}

template <class Real>
void check(vicinal_engine* e, const Case& c) {
  const double tol = tolerance<Real>(c.spec);
  Random random(3);
  const Vec V = random.vector(c.B * c.d), U = random.vector(static_cast<std::int64_t>(c.proxies.size()));
  const oracle::Value<double> value = oracle::value(c);
  const oracle::Derivatives both = oracle::differentiate(c, V, U);

  const Result<Real> r = run_loss<Real>(e, c);
  CHECK(std::fabs(r.loss - value.loss) <= tol * std::fmax(1.0, std::fabs(value.loss)));
  CHECK(r.empty == value.empty);
  if (!column_form(c.spec)) CHECK(difference(r.per_sample, value.per_sample, 1.0) <= tol);
  // Where everything cancels (C = 1, d = 1, a saturated softmax) only the error against the terms' own size means
  // something: a gradient's terms are of the order of steepness / (B norm), a product's of (steepness / norm)^2 / B.
  const double size = std::fmax(1.0, steepness(c.spec)) / shortest(c), share = 0.1 / static_cast<double>(c.B);
  const double floor_gradient = share * size, floor_product = share * size * size;
  CHECK(difference(r.grad_embeddings, both.grad_embeddings, floor_gradient) <= tol);
  CHECK(difference(r.grad_proxies, both.grad_proxies, floor_gradient) <= tol);

  const Product<Real> p = run_hvp<Real>(e, c, V, U);
  CHECK(difference(p.embeddings, both.hvp_embeddings, floor_product) <= tol);
  CHECK(difference(p.proxies, both.hvp_proxies, floor_product) <= tol);
  const oracle::Derivatives first = oracle::differentiate(c, V, {}), second = oracle::differentiate(c, {}, U);
  const Product<Real> p1 = run_hvp<Real>(e, c, V, {}), p2 = run_hvp<Real>(e, c, {}, U);
  CHECK(difference(p1.embeddings, first.hvp_embeddings, floor_product) <= tol);
  CHECK(difference(p1.proxies, first.hvp_proxies, floor_product) <= tol);
  CHECK(difference(p2.embeddings, second.hvp_embeddings, floor_product) <= tol);
  CHECK(difference(p2.proxies, second.hvp_proxies, floor_product) <= tol);
}

struct Size {
  std::int64_t B, d, C;
};
const Size kSizes[] = {{1, 1, 1},   {1, 3, 2},   {2, 2, 3}, {3, 17, 1},  {17, 3, 17},
                       {33, 17, 2}, {5, 33, 33}, {2, 1, 5}, {16, 16, 16}};

template <class Real>
void check_registry(int isa) {
  const EnginePtr e = make_engine(2, isa);
  if (e == nullptr) return;
  for (const Registered& r : registry()) {
    for (const Size& s : kSizes) {
      // Cosines of one-dimensional vectors are exactly +-1, where the angle and the distance are floored.
      if (s.d == 1 && (r.spec.is("arcface") || r.spec["euclidean"] != 0)) continue;
      CAPTURE(r.name);
      CAPTURE(s.B);
      CAPTURE(s.d);
      CAPTURE(s.C);
      Case c = make_case<Real>(r.spec, s.B, s.d, s.C, 100 + static_cast<std::uint64_t>(s.B + s.C));
      check<Real>(e.get(), c);
      Random random(9);
      for (std::int64_t i = 0; i < s.B; ++i) c.weights.push_back(i % 3 == 2 ? 0.0 : std::fabs(random.uniform()) * 2);
      check<Real>(e.get(), c);
      if (!r.soft) continue;
      for (std::int64_t i = 0; i < s.B * s.C; ++i)
        c.soft_labels.push_back(i % 4 == 3 ? 0.0 : std::fabs(random.uniform()));
      check<Real>(e.get(), c);
    }
  }
}

TEST_CASE("losses agree with the oracle: float64, every instruction set") {
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    CAPTURE(isa);
    check_registry<double>(isa);
  }
}

TEST_CASE("losses agree with the oracle: float32, every instruction set") {
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    CAPTURE(isa);
    check_registry<float>(isa);
  }
}

template <class Real>
void check_special() {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    CAPTURE(r.name);
    {
      INFO("zero embeddings and zero proxies");
      Case c = make_case<Real>(r.spec, 7, 5, 4, 21);
      for (int j = 0; j < 5; ++j) c.embeddings[static_cast<std::size_t>(2 * 5 + j)] = 0;
      const std::int64_t zero = c.labels[0] * r.spec.centers();
      for (int j = 0; j < 5; ++j) c.proxies[static_cast<std::size_t>(zero * 5 + j)] = 0;
      for (int j = 0; j < 5; ++j) c.embeddings[static_cast<std::size_t>(0 * 5 + j)] = 0;  // both at once
      check<Real>(e.get(), c);
      const Result<Real> got = run_loss<Real>(e.get(), c);
      for (int j = 0; j < 5; ++j) {
        CHECK(got.grad_embeddings[static_cast<std::size_t>(2 * 5 + j)] == Real(0));
        CHECK(got.grad_proxies[static_cast<std::size_t>(zero * 5 + j)] == Real(0));
      }
    }
    {
      INFO("an embedding equal to its proxy");
      Case c = make_case<Real>(r.spec, 6, 4, 3, 22);
      for (int j = 0; j < 4; ++j)
        c.embeddings[static_cast<std::size_t>(j)] =
            2 * c.proxies[static_cast<std::size_t>(c.labels[0] * r.spec.centers() * 4 + j)];
      check<Real>(e.get(), c);
    }
    {
      INFO("an embedding opposite to its proxy");
      Case c = make_case<Real>(r.spec, 6, 4, 3, 23);
      for (int j = 0; j < 4; ++j)
        c.embeddings[static_cast<std::size_t>(j)] =
            -c.proxies[static_cast<std::size_t>(c.labels[0] * r.spec.centers() * 4 + j)];
      check<Real>(e.get(), c);
    }
    {
      INFO("very short and very long vectors");
      Case c = make_case<Real>(r.spec, 4, 3, 3, 24);
      for (int j = 0; j < 3; ++j) c.embeddings[static_cast<std::size_t>(j)] *= sizeof(Real) == 4 ? 0x1p-100 : 0x1p-700;
      for (int j = 3; j < 6; ++j) c.embeddings[static_cast<std::size_t>(j)] *= sizeof(Real) == 4 ? 0x1p+100 : 0x1p+700;
      const Result<Real> got = run_loss<Real>(e.get(), c);
      Case plain = c;
      for (int j = 0; j < 3; ++j)
        plain.embeddings[static_cast<std::size_t>(j)] *= sizeof(Real) == 4 ? 0x1p+100 : 0x1p+700;
      for (int j = 3; j < 6; ++j)
        plain.embeddings[static_cast<std::size_t>(j)] *= sizeof(Real) == 4 ? 0x1p-100 : 0x1p-700;
      CHECK(got.loss == run_loss<Real>(e.get(), plain).loss);
    }
  }
}

TEST_CASE("zero vectors, coincidence and extreme lengths: float64") {
  check_special<double>();
}
TEST_CASE("zero vectors, coincidence and extreme lengths: float32") {
  check_special<float>();
}

TEST_CASE("exclude-positive with one class: loss 0, counted as empty") {
  const EnginePtr e = make_engine();
  const Case c = make_case<double>(proxy_nca(3, true), 4, 3, 1, 5);
  const Result<double> r = run_loss<double>(e.get(), c);
  CHECK(r.loss == 0);
  CHECK(r.empty == 4);
  for (double g : r.grad_embeddings) CHECK(g == 0);
  for (double g : r.grad_proxies) CHECK(g == 0);
}

TEST_CASE("NaN in an input reaches the loss") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    CAPTURE(r.name);
    Case c = make_case<float>(r.spec, 5, 4, 3, 6);
    c.embeddings[5] = std::numeric_limits<double>::quiet_NaN();
    const double loss = run_loss<float>(e.get(), c).loss;
    CHECK(loss != loss);
  }
}

TEST_CASE("small workspaces: several blocks give the one-block result") {
  const EnginePtr small = make_engine(2, VICINAL_ISA_AUTO, 1 << 20), large = make_engine(2);
  for (const Registered& r : registry()) {
    if (r.spec.centers() > 3) continue;
    CAPTURE(r.name);
    const Case c = make_case<double>(r.spec, 700, 64, 150, 31);  // 4.2 KB per row and more: three blocks or more
    const Result<double> a = run_loss<double>(small.get(), c), b = run_loss<double>(large.get(), c);
    CHECK(a.loss == doctest::Approx(b.loss).epsilon(1e-12));
    CHECK(difference(a.grad_embeddings, b.grad_embeddings) <= 1e-11);
    CHECK(difference(a.grad_proxies, b.grad_proxies) <= 1e-11);
    Random random(4);
    const Vec V = random.vector(c.B * c.d), U = random.vector(static_cast<std::int64_t>(c.proxies.size()));
    const Product<double> pa = run_hvp<double>(small.get(), c, V, U), pb = run_hvp<double>(large.get(), c, V, U);
    CHECK(difference(pa.embeddings, pb.embeddings) <= 1e-11);
    CHECK(difference(pa.proxies, pb.proxies) <= 1e-11);
  }
}

}  // namespace
