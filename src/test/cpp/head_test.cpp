// The head and its curvature against the oracle: d/dW, d/db and d/dP follow from the oracle's derivatives with respect
// to embeddings by the chain rule written out naively. Small workspaces make several blocks run.
#include "heads.hpp"

namespace {

using namespace test;

struct HeadResult {
  double loss = std::numeric_limits<double>::quiet_NaN();
  std::int64_t empty = -1;
  Vec per_sample, weight, bias, proxies;
};

HeadResult run_gradient(vicinal_engine* e, const Head& h) {
  HeadResult r;
  r.weight = poisoned<double>(h.weight.size());
  r.bias = poisoned<double>(h.bias.size());
  r.proxies = poisoned<double>(h.at.proxies.size());
  if (!column_form(h.at.spec)) r.per_sample = poisoned<double>(h.at.labels.size());
  ok(call::head_gradient<double>(e, &h.at.spec, h.at.B, h.D, h.at.d, h.at.C, h.features.data(), h.at.labels.data(),
                                 or_null(h.at.weights), or_null(h.at.soft_labels), h.weight.data(), or_null(h.bias),
                                 h.at.proxies.data(), &r.loss, &r.empty,
                                 r.per_sample.empty() ? nullptr : r.per_sample.data(), r.weight.data(),
                                 h.bias.empty() ? nullptr : r.bias.data(), r.proxies.data()));
  return r;
}

void check_hvp(vicinal_engine* e, const Head& h, const Vec& dw, const Vec& db, const Vec& dp, double tol) {
  const std::int64_t N = h.at.B, d = h.at.d;
  const Vec V = dw.empty() && db.empty() ? Vec() : affine(h.features, N, h.D, dw, db, d);
  const oracle::Derivatives at = oracle::differentiate(h.at, V, dp);
  const CurvaturePtr curvature = make_curvature(e, h);
  Vec hw = poisoned<double>(h.weight.size()), hb = poisoned<double>(h.bias.size()),
      hp = poisoned<double>(h.at.proxies.size());
  ok(call::curvature_hvp<double>(e, curvature.get(), or_null(dw), or_null(db), or_null(dp), hw.data(),
                                 h.bias.empty() ? nullptr : hb.data(), hp.data()));
  CHECK(difference(hw, outer(at.hvp_embeddings, h.features, N, h.D, d)) <= tol);
  if (!h.bias.empty()) CHECK(difference(hb, column_sums(at.hvp_embeddings, N, d)) <= tol);
  CHECK(difference(hp, at.hvp_proxies) <= tol);
  // The same without the outputs that nobody asked for.
  Vec only = poisoned<double>(h.weight.size());
  ok(call::curvature_hvp<double>(e, curvature.get(), or_null(dw), or_null(db), or_null(dp), only.data(), nullptr,
                                 nullptr));
  CHECK(only == hw);
}

// Double rounding of sums of N D terms; a wrong term shows up at 1e-3 or more.
constexpr double kTolerance = 1e-9;

TEST_CASE("head: gradients and curvature agree with the oracle") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    for (bool bias : {true, false}) {
      CAPTURE(r.name);
      CAPTURE(bias);
      Head h = make_head(r.spec, 19, 7, 5, 4, bias, 40);
      for (int i = 0; i < 19; ++i) h.at.weights.push_back(0.25 + 0.1 * i);
      Random random(8);
      if (r.soft)
        for (int i = 0; i < 19 * 4; ++i) h.at.soft_labels.push_back(std::fabs(random.uniform()));
      const oracle::Derivatives at = oracle::differentiate(h.at, {}, {});
      const HeadResult g = run_gradient(e.get(), h);
      CHECK(g.loss == doctest::Approx(at.loss).epsilon(1e-11));
      CHECK(g.empty == 0);
      if (!column_form(r.spec)) CHECK(difference(g.per_sample, oracle::value(h.at).per_sample) <= kTolerance);
      CHECK(difference(g.weight, outer(at.grad_embeddings, h.features, 19, 7, 5)) <= kTolerance);
      if (bias) CHECK(difference(g.bias, column_sums(at.grad_embeddings, 19, 5)) <= kTolerance);
      CHECK(difference(g.proxies, at.grad_proxies) <= kTolerance);

      const Vec dw = random.vector(5 * 7), db = bias ? random.vector(5) : Vec(),
                dp = random.vector(static_cast<std::int64_t>(h.at.proxies.size()));
      check_hvp(e.get(), h, dw, db, dp, kTolerance);
      check_hvp(e.get(), h, dw, {}, {}, kTolerance);
      check_hvp(e.get(), h, {}, {}, dp, kTolerance);
      if (bias) check_hvp(e.get(), h, {}, db, {}, kTolerance);
    }
  }
}

TEST_CASE("head: several blocks agree with the oracle") {
  // 1 MiB of workspace and rows of more than 5 KB: blocks of some 150 rows, cosines not kept.
  const EnginePtr e = make_engine(2, VICINAL_ISA_AUTO, 1 << 20);
  for (const Registered& r : registry()) {
    if (r.spec.centers() > 2) continue;  // the oracle's tape grows with every centre
    CAPTURE(r.name);
    const Head h = make_head(r.spec, 300, 9, 4, 330 / r.spec.centers(), true, 50);
    const oracle::Derivatives at = oracle::differentiate(h.at, {}, {});
    const HeadResult g = run_gradient(e.get(), h);
    CHECK(g.loss == doctest::Approx(at.loss).epsilon(1e-10));
    CHECK(difference(g.weight, outer(at.grad_embeddings, h.features, 300, 9, 4)) <= kTolerance);
    CHECK(difference(g.proxies, at.grad_proxies) <= kTolerance);
    Random random(51);
    check_hvp(e.get(), h, random.vector(4 * 9), random.vector(4),
              random.vector(static_cast<std::int64_t>(h.at.proxies.size())), kTolerance);
  }
}

TEST_CASE("head: sums over many rows, cut over two and three threads, agree with one thread") {
  const EnginePtr one = make_engine(1);
  for (const char* name : {"proxy-nca-pp", "proxy-anchor"}) {
    CAPTURE(name);
    Loss spec;
    for (const Registered& r : registry())
      if (r.name == name) spec = r.spec;
    const Head h = make_head(spec, 2000, 24, 16, 9, true, 80);
    Random random(81);
    const Vec dw = random.vector(16 * 24), db = random.vector(16), dp = random.vector(9 * 16);
    const HeadResult expected = run_gradient(one.get(), h);
    const auto product = [&](vicinal_engine* e, Vec& hw, Vec& hb, Vec& hp) {
      const CurvaturePtr curvature = make_curvature(e, h);
      hw = poisoned<double>(h.weight.size());
      hb = poisoned<double>(h.bias.size());
      hp = poisoned<double>(h.at.proxies.size());
      ok(call::curvature_hvp<double>(e, curvature.get(), dw.data(), db.data(), dp.data(), hw.data(), hb.data(),
                                     hp.data()));
    };
    Vec hw, hb, hp, aw, ab, ap;
    product(one.get(), hw, hb, hp);
    for (int threads : {2, 3}) {
      const EnginePtr e = make_engine(threads);
      const HeadResult got = run_gradient(e.get(), h);
      CHECK(got.loss == doctest::Approx(expected.loss).epsilon(1e-13));
      CHECK(difference(got.weight, expected.weight) <= 1e-12);
      CHECK(difference(got.proxies, expected.proxies) <= 1e-12);
      product(e.get(), aw, ab, ap);
      CHECK(difference(aw, hw) <= 1e-12);
      CHECK(difference(ab, hb) <= 1e-12);
      CHECK(difference(ap, hp) <= 1e-12);
    }
  }
}

TEST_CASE("head: H W = -G, because the loss does not change when W is scaled") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    CAPTURE(r.name);
    const Head h = make_head(r.spec, 40, 12, 6, 5, false, 60);
    const HeadResult g = run_gradient(e.get(), h);
    const CurvaturePtr curvature = make_curvature(e.get(), h);
    Vec hw = poisoned<double>(h.weight.size());
    ok(call::curvature_hvp<double>(e.get(), curvature.get(), h.weight.data(), nullptr, nullptr, hw.data(), nullptr,
                                   nullptr));
    Vec minus;
    for (double x : g.weight) minus.push_back(-x);
    CHECK(difference(hw, minus) <= 1e-10);
  }
}

TEST_CASE("head: embed, and float32 against float64") {
  const EnginePtr e = make_engine();
  const Head h = make_head(proxy_nca_pp(3), 64, 33, 17, 6, true, 70);
  Vec z = poisoned<double>(h.at.embeddings.size());
  ok(call::head_embed<double>(e.get(), 64, 33, 17, h.features.data(), h.weight.data(), h.bias.data(), z.data()));
  CHECK(difference(z, h.at.embeddings) <= 1e-14);
  Vec few = poisoned<double>(3 * 17);  // another product, which adds to the bias
  ok(call::head_embed<double>(e.get(), 3, 33, 17, h.features.data(), h.weight.data(), h.bias.data(), few.data()));
  CHECK(difference(few, Vec(z.begin(), z.begin() + 3 * 17)) <= 1e-14);

  const auto x = cast<float>(h.features), w = cast<float>(h.weight), b = cast<float>(h.bias),
             p = cast<float>(h.at.proxies);
  auto zf = poisoned<float>(z.size());
  ok(call::head_embed<float>(e.get(), 64, 33, 17, x.data(), w.data(), b.data(), zf.data()));
  CHECK(difference(zf, z) <= 1e-6);

  const HeadResult g = run_gradient(e.get(), h);
  auto gw = poisoned<float>(w.size()), gb = poisoned<float>(b.size()), gp = poisoned<float>(p.size());
  double loss = 0;
  ok(call::head_gradient<float>(e.get(), &h.at.spec, 64, 33, 17, 6, x.data(), h.at.labels.data(), nullptr, nullptr,
                                w.data(), b.data(), p.data(), &loss, nullptr, nullptr, gw.data(), gb.data(),
                                gp.data()));
  // Logits of slope 18 from cosines of 17 terms: about 18 * 17 * eps at worst.
  CHECK(loss == doctest::Approx(g.loss).epsilon(2e-5));
  CHECK(difference(gw, g.weight) <= 2e-5);
  CHECK(difference(gb, g.bias) <= 2e-5);
  CHECK(difference(gp, g.proxies) <= 2e-5);

  const SingleCurvature single(e.get(), h);
  const CurvaturePtr full = make_curvature(e.get(), h);
  Random random(71);
  const Vec direction = random.vector(17 * 33);
  const auto df = cast<float>(direction);
  auto hf = poisoned<float>(df.size());
  Vec hd = poisoned<double>(direction.size());
  ok(call::curvature_hvp<float>(e.get(), single.get(), df.data(), nullptr, nullptr, hf.data(), nullptr, nullptr));
  ok(call::curvature_hvp<double>(e.get(), full.get(), direction.data(), nullptr, nullptr, hd.data(), nullptr, nullptr));
  CHECK(difference(hf, hd) <= 5e-5);
}

}  // namespace
