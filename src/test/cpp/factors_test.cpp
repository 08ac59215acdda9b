// Kronecker factors, diagonals and self influence against dense matrices: the oracle's curvature applied to unit
// vectors gives every sample's d x d block, and sums over samples and features are written out.
#include "heads.hpp"

namespace {

using namespace test;

// Double rounding of sums over all samples; a wrong term shows up at 1e-3 or more.
constexpr double kTolerance = 1e-9;

// The diagonal over the weight: sum_i block_aa x_ib^2.
Vec weight_diagonal(const Head& h, int kind) {
  const auto N = static_cast<std::size_t>(h.at.B), d = static_cast<std::size_t>(h.at.d),
             D = static_cast<std::size_t>(h.D);
  const Vec all = sample_blocks(h.at, kind);
  Vec out(d * D, 0.0);
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = 0; b < D; ++b)
        out[a * D + b] += all[(i * d + a) * d + a] * h.features[i * D + b] * h.features[i * D + b];
  return out;
}

// Coordinates 0, stride, 2 stride, ... of the proxies' diagonal.
Vec proxy_diagonal(const Case& c, std::size_t stride) {
  Vec out;
  for (std::size_t j = 0; j < c.proxies.size(); j += stride) {
    Vec U(c.proxies.size(), 0.0);
    U[j] = 1;
    out.push_back(oracle::gauss_newton(c, {}, U).proxies[j]);
  }
  return out;
}
Vec every(std::size_t stride, const Vec& v) {
  Vec out;
  for (std::size_t j = 0; j < v.size(); j += stride) out.push_back(v[j]);
  return out;
}

struct Factors {
  Vec feature, output;
};
Factors naive_factors(const Head& h) {
  const auto N = static_cast<std::size_t>(h.at.B), d = static_cast<std::size_t>(h.at.d),
             D = static_cast<std::size_t>(h.D);
  Factors f{Vec(D * D, 0.0), Vec(d * d, 0.0)};
  const Vec all = sample_blocks(h.at, VICINAL_GAUSS_NEWTON);
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t a = 0; a < D; ++a)
      for (std::size_t b = 0; b < D; ++b)
        f.feature[a * D + b] += oracle::weight_of(h.at, i) * h.features[i * D + a] * h.features[i * D + b];
    for (std::size_t t = 0; t < d * d; ++t) f.output[t] += all[i * d * d + t];
  }
  return f;
}

Vec naive_self_influence(const Head& h, const Vec& inverse) {
  Case plain = h.at;
  plain.weights.clear();
  const auto N = static_cast<std::size_t>(h.at.B), d = static_cast<std::size_t>(h.at.d),
             D = static_cast<std::size_t>(h.D);
  const Vec g = oracle::differentiate(plain, {}, {}).grad_embeddings;
  Vec out(N, 0.0);
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = 0; b < D; ++b) {
        const double gradient = static_cast<double>(N) * g[i * d + a] * h.features[i * D + b];
        out[i] += gradient * gradient * inverse[a * D + b];
      }
  return out;
}

struct Answers {
  Vec feature, output, diagonal[3], proxies, self;
};

Answers run(vicinal_engine* e, const Head& h, const Vec& inverse) {
  const CurvaturePtr c = make_curvature(e, h);
  const auto d = static_cast<std::size_t>(h.at.d), D = static_cast<std::size_t>(h.D);
  Answers r;
  if (cosine_softmax(h.at.spec)) {
    r.feature = poisoned<double>(D * D);
    r.output = poisoned<double>(d * d);
    ok(call::curvature_factors<double>(e, c.get(), r.feature.data(), r.output.data()));
    Vec alone = poisoned<double>(d * d);
    ok(call::curvature_factors<double>(e, c.get(), nullptr, alone.data()));
    CHECK(alone == r.output);
    for (int kind : {VICINAL_HESSIAN, VICINAL_GAUSS_NEWTON}) {
      r.diagonal[kind] = poisoned<double>(d * D);
      ok(call::curvature_diagonal<double>(e, c.get(), kind, r.diagonal[kind].data(), nullptr));
    }
    r.proxies = poisoned<double>(h.at.proxies.size());
    ok(call::curvature_diagonal<double>(e, c.get(), VICINAL_FISHER, nullptr, r.proxies.data()));
    // Both at once, in one pass.
    Vec weight = poisoned<double>(d * D), proxies = poisoned<double>(h.at.proxies.size());
    ok(call::curvature_diagonal<double>(e, c.get(), VICINAL_HESSIAN, weight.data(), proxies.data()));
    CHECK(difference(weight, r.diagonal[VICINAL_HESSIAN]) <= 1e-12);
    CHECK(difference(proxies, r.proxies) <= 1e-12);
  }
  r.diagonal[VICINAL_FISHER] = poisoned<double>(d * D);
  ok(call::curvature_diagonal<double>(e, c.get(), VICINAL_FISHER, r.diagonal[VICINAL_FISHER].data(), nullptr));
  r.self = poisoned<double>(static_cast<std::size_t>(h.at.B));
  ok(call::curvature_self_influence<double>(e, c.get(), inverse.data(), r.self.data()));
  return r;
}

Vec positive(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  Vec v = random.vector(n);
  for (double& x : v) x = 0.1 + std::fabs(x);
  return v;
}

// Compares engines with the oracle, which is asked once; the proxies at every stride-th coordinate.
void check(const std::vector<int>& threads, std::int64_t workspace, const Head& h, std::size_t stride = 1) {
  const Vec inverse = positive(h.at.d * h.D, 91);
  const bool closed = cosine_softmax(h.at.spec);
  const Factors expected = closed ? naive_factors(h) : Factors{};
  Vec diagonals[3];
  for (int kind : {VICINAL_HESSIAN, VICINAL_GAUSS_NEWTON, VICINAL_FISHER})
    if (closed || kind == VICINAL_FISHER) diagonals[kind] = weight_diagonal(h, kind);
  const Vec proxies = closed ? proxy_diagonal(h.at, stride) : Vec{}, self = naive_self_influence(h, inverse);
  for (int count : threads) {
    CAPTURE(count);
    const Answers got = run(make_engine(count, VICINAL_ISA_AUTO, workspace).get(), h, inverse);
    CHECK(difference(got.feature, expected.feature) <= kTolerance);
    CHECK(difference(got.output, expected.output) <= kTolerance);
    for (int kind = 0; kind < 3; ++kind) CHECK(difference(got.diagonal[kind], diagonals[kind]) <= kTolerance);
    CHECK(difference(every(stride, got.proxies), proxies) <= kTolerance);
    CHECK(difference(got.self, self) <= kTolerance);
  }
}

TEST_CASE("factors and diagonals: every loss that has them agrees with dense matrices") {
  for (const Registered& r : registry()) {
    if (column_form(r.spec)) continue;
    CAPTURE(r.name);
    check({2}, 0, make_head(r.spec, 13, 6, 5, 4, false, 100));
    check({2}, 0, weighted_head(r, 13, 6, 5, 4, 102));
  }
}

TEST_CASE("factors and diagonals: several blocks, and sums that are cut over threads") {
  // 1 MiB of workspace and rows of 5 to 10 KB: blocks of 100 to 200 rows; two panels of the feature factor.
  const Registered r{"proxy-nca-pp", proxy_nca_pp(3), false};
  check({1, 2, 3}, 1 << 20, weighted_head(r, 330, 300, 3, 200, 110), 83);
}

TEST_CASE("factors and diagonals: thread counts agree on a long sum") {
  const Head h = make_head(cosface(16, 0.35), 2500, 20, 8, 6, false, 120);
  const Vec inverse = positive(8 * 20, 121);
  const Answers one = run(make_engine(1).get(), h, inverse);
  for (int threads : {2, 4}) {
    if (!on_cpu() && threads > 2) break;
    const EnginePtr e = make_engine(threads);
    const Answers many = run(e.get(), h, inverse), again = run(e.get(), h, inverse);
    CHECK(difference(many.feature, one.feature) <= 1e-12);
    CHECK(difference(many.output, one.output) <= 1e-12);
    for (int kind = 0; kind < 3; ++kind) CHECK(difference(many.diagonal[kind], one.diagonal[kind]) <= 1e-12);
    CHECK(difference(many.proxies, one.proxies) <= 1e-12);
    CHECK(difference(many.self, one.self) <= 1e-12);
    CHECK(many.output == again.output);
    CHECK(many.feature == again.feature);
    CHECK(many.diagonal[0] == again.diagonal[0]);
  }
}

TEST_CASE("factors: exactly symmetric and positive semidefinite") {
  const EnginePtr e = make_engine();
  const Head h = make_head(proxy_nca_pp(3), 60, 11, 9, 5, false, 130);
  const Answers got = run(e.get(), h, positive(9 * 11, 131));
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(got.output[i * 9 + j] == got.output[j * 9 + i]);
  for (std::size_t i = 0; i < 11; ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(got.feature[i * 11 + j] == got.feature[j * 11 + i]);
  Vec vectors = got.output, values = poisoned<double>(9);
  ok(call::symmetric_eigen<double>(e.get(), 9, vectors.data(), values.data()));
  CHECK(values[0] >= -1e-14 * values[8]);
  CHECK(values[8] > 0);
}

TEST_CASE("factors and diagonals: zero rows and zero proxies contribute nothing and poison nothing") {
  const EnginePtr e = make_engine();
  for (const Loss& spec : {proxy_nca_pp(2), normalized_softmax(0.2)}) {
    CAPTURE(spec.name);
    Head h = make_head(spec, 12, 6, 5, 4, false, 140);
    clear_row(h, 3);  // u = 0
    clear_proxy(h, 2);
    const Vec inverse = positive(5 * 6, 141);
    const Answers got = run(e.get(), h, inverse);
    // The product with unit directions is tested with zero rows elsewhere: its diagonal must be this one.
    const CurvaturePtr c = make_curvature(e.get(), h);
    for (int matrix : {VICINAL_HESSIAN, VICINAL_GAUSS_NEWTON, VICINAL_FISHER}) {
      Vec directions(30 * 30, 0.0), out = poisoned<double>(30 * 30), diagonal;
      for (std::size_t j = 0; j < 30; ++j) directions[j * 30 + j] = 1;
      ok(call::curvature_products<double>(e.get(), c.get(), matrix, 30, directions.data(), nullptr, nullptr, nullptr,
                                          nullptr, out.data(), nullptr));
      for (std::size_t j = 0; j < 30; ++j) diagonal.push_back(out[j * 30 + j]);
      CHECK(difference(got.diagonal[matrix], diagonal) <= kTolerance);
    }
    Vec directions(20 * 20, 0.0), out = poisoned<double>(20 * 20), diagonal;
    for (std::size_t j = 0; j < 20; ++j) directions[j * 20 + j] = 1;
    ok(call::curvature_products<double>(e.get(), c.get(), VICINAL_GAUSS_NEWTON, 20, nullptr, directions.data(), nullptr,
                                        nullptr, nullptr, nullptr, out.data()));
    for (std::size_t j = 0; j < 20; ++j) diagonal.push_back(out[j * 20 + j]);
    CHECK(difference(got.proxies, diagonal) <= kTolerance);
    CHECK(got.self[3] == 0);
  }
}

TEST_CASE("diagonals of learned samples keep their digits in float32") {
  // Every embedding lies on its own proxy: pi_y is about 1 - 1e-6, and squares of proxies cancel to that.
  const EnginePtr e = make_engine();
  Head h = make_head(proxy_nca_pp(3), 8, 5, 5, 8, false, 150);
  for (std::size_t i = 0; i < 8; ++i) h.at.labels[i] = static_cast<std::int64_t>(i);
  h.at.proxies = h.at.embeddings;
  for (double& x : h.at.proxies) x = static_cast<float>(1.01 * x + 0.001);
  const SingleCurvature c(e.get(), h);
  auto diagonal = poisoned<float>(25), output = poisoned<float>(25);
  ok(call::curvature_diagonal<float>(e.get(), c.get(), VICINAL_GAUSS_NEWTON, diagonal.data(), nullptr));
  ok(call::curvature_factors<float>(e.get(), c.get(), nullptr, output.data()));
  CHECK(difference(diagonal, weight_diagonal(h, VICINAL_GAUSS_NEWTON)) <= 1e-3);
  CHECK(difference(output, naive_factors(h).output) <= 1e-3);
}

TEST_CASE("factors and diagonals: refusals name the argument and what works") {
  const EnginePtr e = make_engine();
  double out[64];
  const CurvaturePtr arc = make_curvature(e.get(), make_head(arcface(16, 20), 6, 4, 3, 3, false, 160));
  refused(call::curvature_factors<double>(e.get(), arc.get(), nullptr, out),
          "output_factor: arcface is no softmax over cosines and has no closed form; choose proxy-nca, proxy-nca-pp, "
          "soft-triple with centers 1, normalized-softmax, cosface");
  CHECK(call::curvature_factors<double>(e.get(), arc.get(), out, nullptr) == VICINAL_OK);
  CHECK(call::curvature_factors<double>(e.get(), arc.get(), nullptr, nullptr) == VICINAL_INVALID_ARGUMENT);
  refused(call::curvature_diagonal<double>(e.get(), arc.get(), VICINAL_HESSIAN, out, nullptr),
          "kind: arcface is no softmax");
  refused(call::curvature_diagonal<double>(e.get(), arc.get(), VICINAL_FISHER, out, out + 20),
          "proxies: arcface is no softmax");
  refused(call::curvature_diagonal<double>(e.get(), arc.get(), 3, out, nullptr), "kind is 3; the kinds are 0..2");
  CHECK(call::curvature_diagonal<double>(e.get(), arc.get(), VICINAL_FISHER, nullptr, nullptr) ==
        VICINAL_INVALID_ARGUMENT);
  refused(call::curvature_self_influence<double>(e.get(), arc.get(), nullptr, out), "inverse is missing");
  const CurvaturePtr anchor = make_curvature(e.get(), make_head(proxy_anchor(32, 0.1), 6, 4, 3, 3, false, 161));
  refused(call::curvature_self_influence<double>(e.get(), anchor.get(), out, out + 32),
          "proxy-anchor is not a sum over samples");
  CHECK(call::curvature_diagonal<double>(e.get(), anchor.get(), VICINAL_FISHER, out, nullptr) ==
        VICINAL_INVALID_ARGUMENT);
}

}  // namespace
