// The scalar maths on its own: duals against central differences, the mergeable log-sum-exp against a plain sum,
// ArcFace's and the distance's branches on both sides of their limits.
#include <stdexcept>

#include "math/arcface.hpp"
#include "math/dual.hpp"
#include "math/losses.hpp"
#include "math/philox.hpp"
#include "math/proxy_anchor.hpp"
#include "math/soft_triple.hpp"
#include "math/softmax.hpp"
#include "support.hpp"

namespace {

using vicinal::math::Dual;
using vicinal::math::LogSumExp;

// Central difference with step 1e-6: truncation and rounding are both near 1e-10 for these functions.
template <class F>
void check_derivative(F&& f, double at) {
  CAPTURE(at);
  const Dual<double> d = f(Dual<double>{at, 2.0});
  const double slope = (f(Dual<double>{at + 1e-6, 0}).v - f(Dual<double>{at - 1e-6, 0}).v) / 2e-6;
  CHECK(d.t == doctest::Approx(2 * slope).epsilon(1e-7));
}

// Random123's kat_vectors, philox4x32 10.
TEST_CASE("philox: the known answers") {
  using vicinal::math::Words;
  const struct {
    Words counter;
    std::uint32_t key[2];
    Words want;
  } known[] = {
      {{{0, 0, 0, 0}}, {0, 0}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
      {{{~0u, ~0u, ~0u, ~0u}}, {~0u, ~0u}, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
      {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
       {0xa4093822, 0x299f31d0},
       {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
  };
  for (const auto& k : known) {
    const Words got = vicinal::math::philox(k.counter, k.key[0], k.key[1]);
    for (int i = 0; i < 4; ++i) CHECK(got.w[i] == k.want.w[i]);
  }
}

TEST_CASE("duals differentiate") {
  using D = Dual<double>;
  for (double x : {0.3, 0.9, 1.7}) {
    check_derivative([](D a) { return vicinal::math::exp_of(a) * a; }, x);
    check_derivative([](D a) { return vicinal::math::sqrt_of(a) / (a + 2.0); }, x);
    check_derivative([](D a) { return 3.0 / a - a * 0.5 + (1.0 - a); }, x);
    check_derivative([](D a) { return -(a * a) + (2.0 + a) * (a - 1.0); }, x);
  }
}

TEST_CASE("log-sum-exp: absorbing one by one and merging parts in any shape give the plain sum") {
  test::Random random(5);
  for (int n : {1, 2, 5, 40}) {
    std::vector<Dual<double>> a;
    for (int i = 0; i < n; ++i) a.push_back({50 * random.uniform(), random.uniform()});
    double sum = 0, tangent = 0;
    for (const auto& x : a) {
      sum += std::exp(x.v);
      tangent += std::exp(x.v) * x.t;
    }
    auto streamed = LogSumExp<Dual<double>>::init();
    for (const auto& x : a) streamed.absorb(x);
    for (int cut = 0; cut <= n; ++cut) {
      auto left = LogSumExp<Dual<double>>::init(), right = left;
      for (int i = 0; i < n; ++i) (i < cut ? left : right).absorb(a[static_cast<std::size_t>(i)]);
      left.merge(right);
      for (const auto& state : {streamed, left}) {
        CHECK(state.any);
        CHECK(state.max + std::log(state.sum.v) == doctest::Approx(std::log(sum)).epsilon(1e-13));
        CHECK(state.sum.t / state.sum.v == doctest::Approx(tangent / sum).epsilon(1e-12));
      }
      const Dual<double> p = left.probability(a[0]);
      CHECK(p.v == doctest::Approx(std::exp(a[0].v) / sum).epsilon(1e-12));
    }
  }
  CHECK_FALSE(LogSumExp<double>::init().any);
}

TEST_CASE("arcface: the tail begins at theta = pi - m; the floor stops the root") {
  const double m = 0.5, scale = 64;
  const vicinal::math::ArcFace<double> loss{scale, std::cos(m), std::sin(m), m * std::sin(m)};
  for (double s : {-0.85, -0.2, 0.0, 0.4, 0.97}) {
    CHECK(loss.label_logit(s) == doctest::Approx(scale * std::cos(std::acos(s) + m)).epsilon(1e-13));
    check_derivative([&](Dual<double> x) { return loss.label_logit(x); }, s);
    check_derivative([&](Dual<double> x) { return loss.label_slope(x); }, s);
    CHECK(loss.label_logit(Dual<double>{s, 1}).t == doctest::Approx(loss.label_slope(s)).epsilon(1e-12));
  }
  CHECK(loss.label_logit(-0.95) == doctest::Approx(scale * (-0.95 - m * std::sin(m))));
  CHECK(loss.label_slope(-0.95) == scale);
  for (double s : {1.0, 1.0 + 1e-15, 1.0 - 1e-14}) {
    CHECK(loss.label_slope(s) == scale);
    const Dual<double> a = loss.label_logit(Dual<double>{s, 3});
    CHECK(a.t == 3 * scale);
    CHECK(a.v == doctest::Approx(scale * std::cos(m)).epsilon(1e-5));
    CHECK(loss.label_slope(Dual<double>{s, 3}).t == 0);
  }
}

TEST_CASE("proxy-anchor's distance: its slope, and constant below the floor") {
  const vicinal::math::ProxyAnchor<double, true> loss{-32, 0.1};
  for (double s : {-1.0, -0.3, 0.5, 0.999}) {
    CHECK(loss.measure(s) == doctest::Approx(std::sqrt(2 - 2 * s)));
    CHECK(loss.measure(Dual<double>{s, 1}).t == doctest::Approx(loss.measure_slope(s)));
    if (s > -1 && s < 0.9) check_derivative([&](Dual<double> x) { return loss.measure_slope(x); }, s);
  }
  for (double s : {1.0, 1.0 + 1e-15, 1.0 - 1e-13}) {
    CHECK(loss.measure(s) == doctest::Approx(1e-6));
    CHECK(loss.measure_slope(s) == 0);
    CHECK(loss.measure(Dual<double>{s, 1}).t == 0);
  }
}

TEST_CASE("logits that are no line in the cosine are refused") {
  vicinal::LossSpec spec;
  spec.scale = 8;
  spec.margin = 0.1;
  spec.kind = vicinal::LossKind::COSFACE;
  CHECK(vicinal::math::logits_of(spec).slope == 8);
  for (const auto kind : {vicinal::LossKind::ARCFACE, vicinal::LossKind::PROXY_ANCHOR}) {
    spec.kind = kind;
    CHECK_THROWS_AS(vicinal::math::logits_of(spec), std::logic_error);
  }
}

TEST_CASE("soft-triple: the slope of a class similarity") {
  const vicinal::math::SoftTriple<double> loss{20, 0.01, 10};
  const double s[3] = {0.2, 0.5, -0.4};
  const auto similarity = [&](double x) {
    double sum = 0, top = 0;
    for (int k = 0; k < 3; ++k) {
      const double v = k == 1 ? x : s[k];
      sum += std::exp(10 * v);
      top += std::exp(10 * v) * v;
    }
    return top / sum;
  };
  const double q = std::exp(10 * 0.5) / (std::exp(10 * 0.2) + std::exp(10 * 0.5) + std::exp(10 * -0.4));
  const double slope = (similarity(0.5 + 1e-6) - similarity(0.5 - 1e-6)) / 2e-6;
  CHECK(loss.centre_slope(q, 0.5, similarity(0.5)) == doctest::Approx(slope).epsilon(1e-8));
  check_derivative([&](Dual<double> x) { return loss.pair_distance(x); }, 0.3);
}

}  // namespace
