// The recursion over the samples against the loop that it stands for: h <- v + (1 - damping) h - (1/scale) H_i h, with
// every sample's Hessian from the oracle.
#include "heads.hpp"

namespace {

using namespace test;

// [N, d, d]: the Hessian of L_i over its embedding.
Vec blocks(Case c) {
  c.weights.clear();
  Vec out = sample_blocks(c, VICINAL_HESSIAN);
  for (double& x : out) x *= static_cast<double>(c.B);
  return out;
}

Vec loop(const Head& h, const Vec& hessians, double damping, double scale, const Vec& v) {
  const auto N = static_cast<std::size_t>(h.at.B), d = static_cast<std::size_t>(h.at.d),
             D = static_cast<std::size_t>(h.D);
  Vec state = v;
  for (std::size_t i = 0; i < N; ++i) {
    const double* x = h.features.data() + i * D;
    Vec y(d, 0.0), u(d, 0.0);
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = 0; b < D; ++b) y[a] += state[a * D + b] * x[b];
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = 0; b < d; ++b) u[a] += hessians[(i * d + a) * d + b] * y[b];
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = 0; b < D; ++b)
        state[a * D + b] = v[a * D + b] + (1 - damping) * state[a * D + b] - u[a] * x[b] / scale;
  }
  return state;
}

// left right, of left [m d, R] and right [R, D].
Vec product(const Vec& left, const Vec& right, std::size_t rows, std::size_t R, std::size_t D) {
  Vec out(rows * D, 0.0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t r = 0; r < R; ++r)
      for (std::size_t b = 0; b < D; ++b) out[i * D + b] += left[i * R + r] * right[r * D + b];
  return out;
}

// m directions with one engine, against the loop for each of them.
void check(vicinal_engine* e, const Head& h, const Vec& hessians, double damping, double scale, std::int64_t m,
           double tolerance = 1e-9) {
  CAPTURE(damping);
  CAPTURE(m);
  Random random(200);
  const std::int64_t size = h.at.d * h.D;
  const std::int64_t rank = 1 + m;  // 2 to 8, above and below the features' number
  const Vec left = random.vector(m * h.at.d * rank), right = random.vector(rank * h.D);
  const Vec v = product(left, right, static_cast<std::size_t>(m * h.at.d), static_cast<std::size_t>(rank),
                        static_cast<std::size_t>(h.D));
  Vec got = poisoned<double>(v.size()), expected;
  const CurvaturePtr c = make_curvature(e, h);
  ok(call::curvature_seed_recursion<double>(e, c.get(), damping, scale, m, rank, left.data(), right.data(),
                                            got.data()));
  for (std::int64_t q = 0; q < m; ++q) {
    const Vec one = loop(h, hessians, damping, scale, Vec(v.begin() + q * size, v.begin() + (q + 1) * size));
    expected.insert(expected.end(), one.begin(), one.end());
  }
  CHECK(difference(got, expected) <= tolerance);
}

TEST_CASE("recursion: every loss that is a sum over samples agrees with the loop") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    if (column_form(r.spec)) continue;
    CAPTURE(r.name);
    Head h = make_head(r.spec, 21, 7, 5, 4, r.soft, 210);
    for (int i = 0; i < 21; ++i) h.at.weights.push_back(0.1 * i);  // must not matter
    Random random(211);
    if (r.soft)
      for (int i = 0; i < 21 * 4; ++i) h.at.soft_labels.push_back(std::fabs(random.uniform()));
    const Vec hessians = blocks(h.at);
    check(e.get(), h, hessians, 0.01, 500, 3);
  }
}

TEST_CASE("recursion: several blocks, directions and threads; a small scale lets the Hessian matter") {
  const Head h = make_head(proxy_nca_pp(3), 600, 24, 6, 9, false, 220);
  const Vec hessians = blocks(h.at);
  for (int threads : {1, 2, 3}) {
    if (!on_cpu() && threads != 1) continue;
    const EnginePtr e = make_engine(threads);
    for (std::int64_t m : {1, 2, 5}) check(e.get(), h, hessians, 0.01, 500, m);
    check(e.get(), h, hessians, 0.05, 30, 3, 1e-8);
  }
}

TEST_CASE("recursion: dampings at the ends of their range, and decays that leave float's range") {
  const EnginePtr e = make_engine();
  const Head h = make_head(normalized_softmax(0.1), 300, 10, 5, 4, false, 230);
  const Vec hessians = blocks(h.at);
  for (double damping : {0.0, 0.3, 0.9, 1.0}) check(e.get(), h, hessians, damping, 2000, 2);
}

TEST_CASE("recursion: a small workspace takes directions in groups and recomputes cosines") {
  // Two buffers of 256 x 160 doubles are 640 KB: one direction at a time; 200 x 320 cosines do not stay.
  const EnginePtr e = make_engine(2, VICINAL_ISA_AUTO, 1 << 20);
  const Head h = make_head(cosface(8, 0.35), 300, 8, 4, 330, false, 240);
  check(e.get(), h, blocks(h.at), 0.01, 500, 3);
  const Head wide = make_head(cosface(8, 0.35), 300, 12, 40, 6, false, 241);
  check(e.get(), wide, blocks(wide.at), 0.01, 500, 7);
}

TEST_CASE("recursion: a zero row and a zero proxy, and the same bits again") {
  const EnginePtr e = make_engine();
  Head h = make_head(proxy_nca_pp(2), 40, 6, 5, 4, false, 250);
  clear_row(h, 7);
  clear_proxy(h, 2);
  const CurvaturePtr c = make_curvature(e.get(), h);
  // The oracle has no zero vectors; the loss's product is tested with them.
  Vec hessians;
  for (std::size_t i = 0; i < 40; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const Vec x(h.features.begin() + at * 6, h.features.begin() + (at + 1) * 6);
    const Vec u = affine(x, 1, 6, h.weight, {}, 5);
    for (std::size_t b = 0; b < 5; ++b) {
      Vec direction(5, 0.0), column = poisoned<double>(5), proxies = poisoned<double>(20);
      direction[b] = 1;
      ok(call::loss_hvp<double>(e.get(), &h.at.spec, 1, 5, 4, u.data(), &h.at.labels[i], h.at.proxies.data(), nullptr,
                                nullptr, direction.data(), nullptr, column.data(), proxies.data()));
      hessians.insert(hessians.end(), column.begin(), column.end());  // symmetric: columns are rows
    }
  }
  check(e.get(), h, hessians, 0.01, 100, 2);
  Random random(252);
  const Vec left = random.vector(2 * 5 * 3), right = random.vector(3 * 6);
  Vec first = poisoned<double>(60), second = poisoned<double>(60);
  ok(call::curvature_seed_recursion<double>(e.get(), c.get(), 0.01, 100, 2, 3, left.data(), right.data(),
                                            first.data()));
  ok(call::curvature_seed_recursion<double>(e.get(), c.get(), 0.01, 100, 2, 3, left.data(), right.data(),
                                            second.data()));
  CHECK(first == second);
}

TEST_CASE("recursion: float32 follows float64") {
  const EnginePtr e = make_engine();
  const Head h = make_head(proxy_nca_pp(3), 700, 12, 6, 5, false, 260);
  const SingleCurvature single(e.get(), h);
  const CurvaturePtr full = make_curvature(e.get(), h);
  Random random(261);
  const Vec left = random.vector(6 * 2), right = random.vector(2 * 12);
  const auto left_f = cast<float>(left), right_f = cast<float>(right);
  auto got = poisoned<float>(72);
  Vec expected = poisoned<double>(72);
  for (double damping : {0.01, 0.2}) {  // 0.8^256 is below the factor's bound: it is multiplied in every block
    ok(call::curvature_seed_recursion<float>(e.get(), single.get(), damping, 500, 1, 2, left_f.data(), right_f.data(),
                                             got.data()));
    ok(call::curvature_seed_recursion<double>(e.get(), full.get(), damping, 500, 1, 2, left.data(), right.data(),
                                              expected.data()));
    CHECK(difference(got, expected) <= 2e-4);
  }
}

TEST_CASE("recursion: refusals name the argument") {
  const EnginePtr e = make_engine();
  double left[3] = {}, right[4] = {}, h[12];
  const CurvaturePtr c = make_curvature(e.get(), make_head(proxy_nca_pp(3), 6, 4, 3, 3, false, 270));
  const auto call = [&](const vicinal_curvature* at, double damping, double scale, std::int64_t m, const double* from) {
    return call::curvature_seed_recursion<double>(e.get(), at, damping, scale, m, 1, from, right, h);
  };
  refused(call(c.get(), 1.5, 500, 1, left), "damping is 1.5");
  refused(call(c.get(), 0.01, 0, 1, left), "scale is 0");
  refused(call(c.get(), 0.01, 500, 0, left), "m is 0");
  refused(call(c.get(), 0.01, 500, 1, nullptr), "left is missing");
  const CurvaturePtr anchor = make_curvature(e.get(), make_head(proxy_anchor(32, 0.1), 6, 4, 3, 3, false, 271));
  refused(call(anchor.get(), 0.01, 500, 1, left), "proxy-anchor is not a sum over samples");
}

}  // namespace
