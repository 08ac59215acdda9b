// Products of rounded operands (TF32, bfloat16) against float32, for everything that they take part in. Float32 itself
// is held against the oracle by the other tests.
#include <cstring>

#include "heads.hpp"

namespace {

using namespace test;

// Half a unit in the last place that is kept: the relative error of an operand.
double rounding(int precision) {
  return precision == VICINAL_PRECISION_TF32 ? std::ldexp(1.0, -11) : std::ldexp(1.0, -8);
}

// The largest that was seen is 0.36.
double tolerance(int precision, const Loss& s) {
  return 0.5 * rounding(precision) * std::fmax(4.0, steepness(s));
}

float to_bfloat16(double x) {
  const float f = static_cast<float>(x);
  std::uint32_t bits;
  std::memcpy(&bits, &f, sizeof bits);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  float rounded;
  std::memcpy(&rounded, &bits, sizeof rounded);
  return rounded;
}

struct Named {
  std::string name;
  Vec values;
};
template <class Real>
Vec widened(const std::vector<Real>& v) {
  return Vec(v.begin(), v.end());
}

// Everything within `most` of the largest element, and not the same.
void compare(const std::vector<Named>& rounded, const std::vector<Named>& plain, double most) {
  double largest_difference = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CAPTURE(plain[i].name);
    const double off = difference(rounded[i].values, plain[i].values, 1e-3);
    CHECK(off <= most);
    largest_difference = std::fmax(largest_difference, off);
  }
  CHECK(largest_difference > 0);
}

// Rows of `width` that differ by more than `most` of the largest element of all.
std::int64_t rows_beyond(double most, const std::vector<float>& a, const Vec& b, std::int64_t width) {
  double largest = 0;
  for (const double x : b) largest = std::fmax(largest, std::fabs(x));
  std::int64_t count = 0;
  for (std::size_t row = 0; row < b.size(); row += static_cast<std::size_t>(width)) {
    bool beyond = false;
    for (std::size_t i = row; i < row + static_cast<std::size_t>(width); ++i)
      beyond |= !(std::fabs(static_cast<double>(a[i]) - b[i]) <= most * largest);
    count += beyond;
  }
  return count;
}

std::vector<Named> losses(vicinal_engine* e, const Case& c) {
  Random random(3);
  const Vec V = random.vector(c.B * c.d), U = random.vector(static_cast<std::int64_t>(c.proxies.size()));
  const Result<float> r = run_loss<float>(e, c);
  const Product<float> both = run_hvp<float>(e, c, V, U), rows = run_hvp<float>(e, c, V, {}),
                       proxies = run_hvp<float>(e, c, {}, U);
  return {{"loss", {r.loss}},
          {"gradient of embeddings", widened(r.grad_embeddings)},
          {"gradient of proxies", widened(r.grad_proxies)},
          {"product, embeddings", widened(both.embeddings)},
          {"product, proxies", widened(both.proxies)},
          {"product of rows, embeddings", widened(rows.embeddings)},
          {"product of rows, proxies", widened(rows.proxies)},
          {"product of proxies, embeddings", widened(proxies.embeddings)},
          {"product of proxies, proxies", widened(proxies.proxies)}};
}

// A head's gradient, and what its curvature gives for m directions, some of them with changed weights.
std::vector<Named> heads(vicinal_engine* e, const Head& h, bool changed, int precision) {
  const std::int64_t N = h.at.B, D = h.D, d = h.at.d, C = h.at.C, m = 3;
  const std::size_t rows = static_cast<std::size_t>(N), weights = static_cast<std::size_t>(m * d * D),
                    proxies = static_cast<std::size_t>(m) * h.at.proxies.size();
  const auto x = cast<float>(h.features), w = cast<float>(h.weight), b = cast<float>(h.bias),
             p = cast<float>(h.at.proxies), s = cast<float>(h.at.weights);
  std::vector<Named> out;
  const auto keep = [&](const char* name, const auto& v) { out.push_back({name, widened(v)}); };

  auto z = poisoned<float>(h.at.embeddings.size());
  ok(call::head_embed<float>(e, N, D, d, x.data(), w.data(), b.data(), z.data()));
  keep("embeddings", z);
  double loss = 0;
  auto gw = poisoned<float>(w.size()), gb = poisoned<float>(b.size()), gp = poisoned<float>(p.size());
  ok(call::head_gradient<float>(e, &h.at.spec, N, D, d, C, x.data(), h.at.labels.data(), or_null(s), nullptr, w.data(),
                                b.data(), p.data(), &loss, nullptr, nullptr, gw.data(), gb.data(), gp.data()));
  out.push_back({"loss", {loss}});
  keep("gradient of weight", gw);
  keep("gradient of bias", gb);
  keep("gradient of proxies", gp);

  const SingleCurvature curvature(e, h);
  Random random(4);
  const auto V = cast<float>(random.vector(static_cast<std::int64_t>(weights))),
             U = cast<float>(random.vector(static_cast<std::int64_t>(proxies)));
  const std::vector<std::int64_t> offsets{0, 2, 2, 3}, ids{1, N - 1, 0};
  const Vec deltas{0.5, -0.25, 1.5};
  for (const bool rows_move : {true, false}) {
    for (const bool proxies_move : {true, false}) {
      if (!rows_move && !proxies_move) continue;
      auto hw = poisoned<float>(weights), hp = poisoned<float>(proxies);
      ok(call::curvature_products<float>(e, curvature.get(), VICINAL_HESSIAN, m, rows_move ? V.data() : nullptr,
                                         proxies_move ? U.data() : nullptr, changed ? offsets.data() : nullptr,
                                         changed ? ids.data() : nullptr, changed ? deltas.data() : nullptr, hw.data(),
                                         hp.data()));
      keep(rows_move ? "product, weight" : "product of proxies, weight", hw);
      keep(proxies_move ? "product, proxies" : "product of rows, proxies", hp);
      auto only = poisoned<float>(weights);
      ok(call::curvature_products<float>(e, curvature.get(), VICINAL_HESSIAN, m, rows_move ? V.data() : nullptr,
                                         proxies_move ? U.data() : nullptr, changed ? offsets.data() : nullptr,
                                         changed ? ids.data() : nullptr, changed ? deltas.data() : nullptr, only.data(),
                                         nullptr));
      // Sums are cut into other blocks. An operand that lies on the edge between two rounded numbers may then become
      // the other one, which moves one row of one direction's product by that operand's unit.
      const Vec both = widened(hw);
      CHECK(difference(only, both) <= tolerance(precision, h.at.spec));
      CHECK(rows_beyond(1e-5, only, both, D) <= (precision == VICINAL_PRECISION_F32 ? 0 : m * d / 20));
    }
  }
  if (!column_form(h.at.spec)) {
    auto hw = poisoned<float>(weights), hp = poisoned<float>(proxies);
    ok(call::curvature_products<float>(e, curvature.get(), VICINAL_FISHER, m, V.data(), U.data(), nullptr, nullptr,
                                       nullptr, hw.data(), hp.data()));
    keep("Fisher product, weight", hw);
    keep("Fisher product, proxies", hp);
  }
  auto scores = poisoned<double>(rows * static_cast<std::size_t>(m));
  ok(call::curvature_scores<float>(e, curvature.get(), m, V.data(), U.data(), scores.data()));
  keep("scores", scores);
  return out;
}

}  // namespace

TEST_CASE("precision: every loss, its gradients and Hessian-vector products") {
  if (on_cpu()) return;
  const std::int64_t sizes[][3] = {{33, 17, 19}, {9, 24, 40}};
  for (int precision : {VICINAL_PRECISION_TF32, VICINAL_PRECISION_BF16}) {
    CAPTURE(precision);
    const EnginePtr plain = make_rounding_engine(VICINAL_PRECISION_F32), rounded = make_rounding_engine(precision);
    for (const Registered& r : registry()) {
      for (const auto& size : sizes) {
        CAPTURE(r.name);
        CAPTURE(size[2]);
        Case c = make_case<float>(r.spec, size[0], size[1], size[2], 31);
        for (std::int64_t i = 0; size[2] == 19 && i < c.B; ++i)
          c.weights.push_back(i % 5 == 2 ? 0.0 : 0.25 * static_cast<double>(i % 7));
        compare(losses(rounded.get(), c), losses(plain.get(), c), tolerance(precision, r.spec));
      }
    }
  }
}

TEST_CASE("precision: heads and their curvature") {
  if (on_cpu()) return;
  for (int precision : {VICINAL_PRECISION_TF32, VICINAL_PRECISION_BF16}) {
    CAPTURE(precision);
    for (const Registered& r : registry()) {
      if (r.name != "proxy-nca-pp" && r.name != "proxy-anchor" && r.name != "soft-triple K 2") continue;
      CAPTURE(r.name);
      for (const bool several : {false, true}) {  // blocks, and features sent from the host block by block
        if (several && precision != VICINAL_PRECISION_BF16) continue;
        CAPTURE(several);
        const Head h =
            several ? make_head(r.spec, 700, 400, 21, 13, true, 41) : make_head(r.spec, 150, 37, 24, 16, true, 41);
        const std::int64_t workspace = several ? std::int64_t{1} << 20 : 0;
        const EnginePtr plain = make_rounding_engine(VICINAL_PRECISION_F32, workspace),
                        rounded = make_rounding_engine(precision, workspace);
        for (const bool changed : {false, true}) {
          CAPTURE(changed);
          if (changed && column_form(r.spec)) continue;
          compare(heads(rounded.get(), h, changed, precision), heads(plain.get(), h, changed, VICINAL_PRECISION_F32),
                  tolerance(precision, r.spec));
        }
      }
    }
  }
}

// Unit rows of +-1/4 and proxies along the axes are bfloat16 numbers, so that only G = dL/ds is rounded, and every
// product with it can be written down.
TEST_CASE("precision: bfloat16 rounds operands to the nearest number, and nothing else") {
  if (on_cpu()) return;
  constexpr std::int64_t B = 21, d = 16;
  constexpr double kScale = 8, kMargin = 0.2;
  Case c = make_case<float>(cosface(kScale, kMargin), B, d, d, 51);
  for (double& x : c.embeddings) x = x > 0 ? 1 : -1;
  for (std::size_t j = 0; j < c.proxies.size(); ++j) c.proxies[j] = j % (d + 1) == 0 ? 2 : 0;
  const Result<float> plain = run_loss<float>(make_rounding_engine(VICINAL_PRECISION_F32).get(), c),
                      rounded = run_loss<float>(make_rounding_engine(VICINAL_PRECISION_BF16).get(), c);
  CHECK(rounded.loss == plain.loss);
  CHECK(rounded.per_sample == plain.per_sample);

  Vec ge, gp(c.proxies.size(), 0.0);
  for (std::size_t i = 0; i < B; ++i) {
    const std::size_t y = static_cast<std::size_t>(c.labels[i]);
    Vec g(d);
    double all = 0, along = 0;
    for (std::size_t j = 0; j < d; ++j)
      all += g[j] = std::exp(kScale * (c.embeddings[i * d + j] / 4 - (j == y ? kMargin : 0)));
    for (std::size_t j = 0; j < d; ++j) {
      g[j] = to_bfloat16(kScale / B * (g[j] / all - (j == y ? 1 : 0)));
      along += g[j] * c.embeddings[i * d + j] / 4;
    }
    for (std::size_t j = 0; j < d; ++j) {
      ge.push_back((g[j] - along * c.embeddings[i * d + j] / 4) / 4);
      for (std::size_t k = 0; k < d; ++k)
        if (k != j) gp[j * d + k] += g[j] * c.embeddings[i * d + k] / 4 / 2;
    }
  }
  CHECK(difference(rounded.grad_embeddings, ge) <= 1e-6);
  CHECK(difference(rounded.grad_proxies, gp) <= 1e-6);
  CHECK(difference(plain.grad_embeddings, ge) > 1e-4);
}
