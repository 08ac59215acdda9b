// Shapes that take several warps a row, several chunks of rows, several panels of features and several blocks: the
// device under test against the processor's, which the other tests hold against the oracle.
#include "heads.hpp"

namespace {

using namespace test;

// What both devices compute of one head, in double.
struct Results {
  Vec by_proxy, relabel, scores, change, feature, output, hessian, proxies, fisher, influence, products, proxy_products;
};

constexpr std::int64_t kRows = 330, kFeatures = 600, kWidth = 160, kClasses = 300, kRank = 3, kDirections = 2;

Results results(vicinal_engine* e, const Head& h) {
  const std::int64_t N = kRows, D = kFeatures, d = kWidth, C = kClasses, m = kDirections;
  const CurvaturePtr owner = make_curvature(e, h);
  const vicinal_curvature* c = owner.get();
  const auto room = [](std::int64_t n) { return poisoned<double>(static_cast<std::size_t>(n)); };
  Random random(5);
  const Vec V = random.vector(m * d * D), U = random.vector(m * C * d);
  const Vec left = random.vector(kRank * d), right = random.vector(kRank * D);
  Vec inverse = random.vector(d * D);
  for (double& x : inverse) x = 1 + x * x;
  Results r{room(N * C), room(N * C), room(m * N), room(N), room(D * D),     room(d * d),
            room(d * D), room(C * d), room(d * D), room(N), room(m * d * D), room(m * C * d)};
  ok(call::curvature_tables<double>(e, c, V.data(), U.data(), 0, N, r.by_proxy.data(), r.relabel.data()));
  ok(call::curvature_scores<double>(e, c, m, V.data(), U.data(), r.scores.data()));
  ok(call::curvature_loss_change<double>(e, c, kRank, left.data(), right.data(), r.change.data()));
  ok(call::curvature_factors<double>(e, c, r.feature.data(), r.output.data()));
  ok(call::curvature_diagonal<double>(e, c, VICINAL_HESSIAN, r.hessian.data(), r.proxies.data()));
  ok(call::curvature_diagonal<double>(e, c, VICINAL_FISHER, r.fisher.data(), nullptr));
  ok(call::curvature_self_influence<double>(e, c, inverse.data(), r.influence.data()));
  ok(call::curvature_products<double>(e, c, VICINAL_FISHER, m, V.data(), U.data(), nullptr, nullptr, nullptr,
                                      r.products.data(), r.proxy_products.data()));
  return r;
}

// Value, gradients and Hessian-vector products of a few rows with many classes, whose gradients are sums of many terms.
void check_many_classes(const Loss& spec, std::int64_t C, bool soft, bool products) {
  constexpr double kTolerance = 1e-10;
  CAPTURE(spec.name);
  CAPTURE(C);
  const EnginePtr e = make_engine(2), expected = make_processor();
  Case c = make_case<double>(spec, 3, 2, C, 61);
  Random random(62);
  for (std::int64_t i = 0; soft && i < 3 * C; ++i)
    c.soft_labels.push_back(i % 1000 == 3 ? std::fabs(random.uniform()) : 0);
  const Result<double> a = run_loss<double>(e.get(), c), b = run_loss<double>(expected.get(), c);
  CHECK(std::fabs(a.loss - b.loss) <= kTolerance * std::fabs(b.loss));
  CHECK(difference(a.grad_embeddings, b.grad_embeddings) <= kTolerance);
  CHECK(difference(a.grad_proxies, b.grad_proxies) <= kTolerance);
  if (!products) return;
  const Vec V = random.vector(3 * 2), U = random.vector(static_cast<std::int64_t>(c.proxies.size()));
  const Product<double> p = run_hvp<double>(e.get(), c, V, U), q = run_hvp<double>(expected.get(), c, V, U);
  CHECK(difference(p.embeddings, q.embeddings) <= kTolerance);
  CHECK(difference(p.proxies, q.proxies) <= kTolerance);
}

TEST_CASE("many classes: the device agrees with the processor") {
  if (on_cpu()) return;
  check_many_classes(normalized_softmax(0.2), 14700, true, true);
  check_many_classes(soft_triple(5, 0.01, 2, 0.5, 0), 14750, false, false);
  check_many_classes(proxy_anchor(8, 0.1, {"mode"}), 29500, false, false);
  check_many_classes(cosface(8, 0.1), 40000, false, false);
  check_many_classes(proxy_anchor(8, 0.1), 2100, false, true);
}

TEST_CASE("wide heads: the device agrees with the processor") {
  if (on_cpu()) return;
  constexpr double kTolerance = 1e-10;  // sums of a few hundred terms in another order
  // The second engine's blocks hold some rows only.
  for (const std::int64_t workspace : {std::int64_t{0}, std::int64_t{3} << 20}) {
    const EnginePtr cpu = make_processor(), e = make_engine(2, VICINAL_ISA_AUTO, workspace);
    Head h = make_head(cosface(30, 0.2), kRows, kFeatures, kWidth, kClasses, false, 21);
    for (std::int64_t i = 0; i < kRows; ++i) h.at.weights.push_back(0.25 + 0.1 * static_cast<double>(i % 9));
    const Results actual = results(e.get(), h), expected = results(cpu.get(), h);
    CAPTURE(workspace);
    CHECK(difference(actual.by_proxy, expected.by_proxy) <= kTolerance);
    CHECK(difference(actual.relabel, expected.relabel) <= kTolerance);
    CHECK(difference(actual.scores, expected.scores) <= kTolerance);
    CHECK(difference(actual.change, expected.change) <= kTolerance);
    CHECK(difference(actual.feature, expected.feature) <= kTolerance);
    CHECK(difference(actual.output, expected.output) <= kTolerance);
    CHECK(difference(actual.hessian, expected.hessian) <= kTolerance);
    CHECK(difference(actual.proxies, expected.proxies) <= kTolerance);
    CHECK(difference(actual.fisher, expected.fisher) <= kTolerance);
    CHECK(difference(actual.influence, expected.influence) <= kTolerance);
    CHECK(difference(actual.products, expected.products) <= kTolerance);
    CHECK(difference(actual.proxy_products, expected.proxy_products) <= kTolerance);
  }
}

}  // namespace
