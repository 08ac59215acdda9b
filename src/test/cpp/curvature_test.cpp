// Products of m directions with the curvature matrices, and the samples' derivatives, against the oracle.
#include "heads.hpp"

namespace {

using namespace test;

// Double rounding of sums of N D terms; a wrong term shows up at 1e-3 or more.
constexpr double kTolerance = 1e-9;

struct Changes {
  std::vector<std::int64_t> offsets, ids;
  Vec deltas;
};

Vec slice(const Vec& v, std::int64_t q, std::int64_t size) {
  if (v.empty()) return {};
  return Vec(v.begin() + q * size, v.begin() + (q + 1) * size);
}

// out_q for (V [m, d, D], U [m, C K, d]; empty: zero) against the oracle with direction q's weights.
void check_products(vicinal_engine* e, const Head& h, int kind, std::int64_t m, const Vec& V, const Vec& U,
                    const Changes& changes) {
  const std::int64_t N = h.at.B, d = h.at.d;
  const CurvaturePtr curvature = make_curvature(e, h);
  const std::size_t weights = h.weight.size() * static_cast<std::size_t>(m);
  Vec hw = poisoned<double>(weights), hp = poisoned<double>(h.at.proxies.size() * static_cast<std::size_t>(m));
  const std::int64_t* offsets = or_null(changes.offsets);
  ok(call::curvature_products<double>(e, curvature.get(), kind, m, or_null(V), or_null(U), offsets,
                                      or_null(changes.ids), or_null(changes.deltas), hw.data(), hp.data()));
  for (std::int64_t q = 0; q < m; ++q) {
    CAPTURE(q);
    Head changed = h;
    if (offsets != nullptr) {
      if (changed.at.weights.empty()) changed.at.weights.assign(static_cast<std::size_t>(N), 1.0);
      for (std::int64_t j = offsets[q]; j < offsets[q + 1]; ++j)
        changed.at.weights[static_cast<std::size_t>(changes.ids[static_cast<std::size_t>(j)])] +=
            changes.deltas[static_cast<std::size_t>(j)];
    }
    const Vec v = slice(V, q, d * h.D), u = slice(U, q, static_cast<std::int64_t>(h.at.proxies.size()));
    const Vec moved = v.empty() ? Vec() : affine(h.features, N, h.D, v, {}, d);
    const oracle::Both expected = oracle_product(changed.at, kind, moved, u);
    CHECK(difference(slice(hw, q, d * h.D), outer(expected.embeddings, h.features, N, h.D, d), 1e-3) <= kTolerance);
    CHECK(difference(slice(hp, q, static_cast<std::int64_t>(h.at.proxies.size())), expected.proxies, 1e-3) <=
          kTolerance);
  }
  // Outputs that nobody asked for are not needed for the others.
  Vec only = poisoned<double>(hw.size());
  ok(call::curvature_products<double>(e, curvature.get(), kind, m, or_null(V), or_null(U), offsets,
                                      or_null(changes.ids), or_null(changes.deltas), only.data(), nullptr));
  CHECK(difference(only, hw) <= 1e-12);  // other blocks
  only = poisoned<double>(hp.size());
  ok(call::curvature_products<double>(e, curvature.get(), kind, m, or_null(V), or_null(U), offsets,
                                      or_null(changes.ids), or_null(changes.deltas), nullptr, only.data()));
  CHECK(difference(only, hp) <= 1e-12);
}

std::vector<int> kinds_of(const Loss& s) {
  std::vector<int> kinds{VICINAL_HESSIAN};
  if (cosine_softmax(s)) kinds.push_back(VICINAL_GAUSS_NEWTON);
  if (!column_form(s)) kinds.push_back(VICINAL_FISHER);
  return kinds;
}

void check_scores(vicinal_engine* e, const Head& h, std::int64_t m, const Vec& V, const Vec& U) {
  const std::int64_t N = h.at.B, d = h.at.d;
  const CurvaturePtr curvature = make_curvature(e, h);
  Vec scores = poisoned<double>(static_cast<std::size_t>(m * N));
  ok(call::curvature_scores<double>(e, curvature.get(), m, or_null(V), or_null(U), scores.data()));
  for (std::int64_t q = 0; q < m; ++q) {
    CAPTURE(q);
    const Vec v = slice(V, q, d * h.D), u = slice(U, q, static_cast<std::int64_t>(h.at.proxies.size()));
    const Vec moved = v.empty() ? Vec() : affine(h.features, N, h.D, v, {}, d);
    const Vec expected =
        column_form(h.at.spec) ? oracle::column_scores(h.at, moved, u) : oracle::slopes(h.at, moved, u).per_sample;
    CHECK(difference(slice(scores, q, N), expected, 1e-3) <= kTolerance);
  }
}

TEST_CASE("curvature: products of m directions agree with the oracle, for every loss and kind") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    for (std::uint64_t seed : {40u, 43u, 45u}) {
      Head h = weighted_head(r, 17, 6, 5, 4, seed);
      if (seed == 40) h.at.weights.clear();
      Random random(seed + 1);
      const std::int64_t m = 3, K = static_cast<std::int64_t>(h.at.proxies.size());
      const Vec V = random.vector(m * 5 * 6), U = random.vector(m * K);
      Changes changes;  // a removal, a row of weight 0 that comes back, one row twice, nothing
      if (!column_form(r.spec)) changes = {{0, 2, 5, 5}, {4, 3, 16, 0, 16}, {-1, 0.75, 0.5, -0.125, 0.25}};
      for (int kind : kinds_of(r.spec)) {
        CAPTURE(r.name);
        CAPTURE(kind);
        CAPTURE(seed);
        check_products(e.get(), h, kind, m, V, U, {});
        if (seed != 43) continue;
        check_products(e.get(), h, kind, m, V, {}, changes);
        check_products(e.get(), h, kind, m, {}, U, changes);
        check_products(e.get(), h, kind, m, V, U, changes);
      }
    }
  }
}

TEST_CASE("curvature: scores agree with the oracle's derivatives, for every loss") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    CAPTURE(r.name);
    for (std::uint64_t seed : {52u, 57u}) {
      CAPTURE(seed);
      Head h = weighted_head(r, 13, 6, 5, 4, seed);
      Random random(seed);
      const Vec V = random.vector(2 * 5 * 6), U = random.vector(2 * static_cast<std::int64_t>(h.at.proxies.size()));
      check_scores(e.get(), h, 2, V, U);
      check_scores(e.get(), h, 2, V, {});
      check_scores(e.get(), h, 2, {}, U);
    }
  }
}

TEST_CASE("curvature: the oracle's proxy-anchor scores agree with differences in the weights") {
  for (const Registered& r : registry()) {
    if (!column_form(r.spec)) continue;
    CAPTURE(r.name);
    Case at = make_case<double>(r.spec, 6, 5, 3, 58);
    at.weights.assign(6, 1.5);
    Random random(59);
    const Vec V = random.vector(6 * 5), U = random.vector(3 * 5), scores = oracle::column_scores(at, V, U);
    Vec expected;
    for (std::size_t i = 0; i < 6; ++i) {
      const auto slope = [&](double step) {
        Case moved = at;
        moved.weights[i] += step;
        return oracle::slopes(moved, V, U).loss;
      };
      expected.push_back(6 * (8 * (slope(1e-3) - slope(-1e-3)) - (slope(2e-3) - slope(-2e-3))) / 12e-3);
    }
    CHECK(difference(scores, expected) <= 1e-8);
  }
}

TEST_CASE("curvature: sample gradients are those of the unweighted losses") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    CAPTURE(r.name);
    const Head h = weighted_head(r, 11, 6, 5, 4, 60);
    const CurvaturePtr curvature = make_curvature(e.get(), h);
    Vec units = poisoned<double>(11 * 5), gradients = poisoned<double>(11 * 5);
    ok(call::curvature_sample_gradients<double>(e.get(), curvature.get(), units.data(),
                                                column_form(r.spec) ? nullptr : gradients.data()));
    for (std::size_t i = 0; i < 11; ++i) {
      const Vec z = oracle::unit(slice(h.at.embeddings, static_cast<std::int64_t>(i), 5));
      CHECK(difference(slice(units, static_cast<std::int64_t>(i), 5), z) <= 1e-13);
    }
    if (column_form(r.spec)) continue;
    Head plain = h;
    plain.at.weights.clear();
    if (r.spec.is("soft-triple")) plain.at.spec.parameters["tau"] = 0;  // the regulariser has no part in it
    Vec expected = oracle::differentiate(plain.at, {}, {}).grad_embeddings;
    for (double& x : expected) x *= 11;
    CHECK(difference(gradients, expected) <= kTolerance);
  }
}

TEST_CASE("curvature: several blocks, a zero row and any number of threads") {
  for (int threads : {1, 2, 3}) {
    if (!on_cpu() && threads > 1) break;
    CAPTURE(threads);
    // 1 MiB of workspace: rows of 5 to 12 KB, and the cosines are not kept.
    const EnginePtr e = make_engine(threads, VICINAL_ISA_AUTO, 1 << 20);
    for (const std::string name : {"proxy-nca-pp", "proxy-anchor", "soft-triple K 2"}) {
      CAPTURE(name);
      for (const Registered& r : registry()) {
        if (r.name != name) continue;
        Head h = weighted_head(r, 230, 7, 4, 310 / r.spec.centers(), 71);
        clear_row(h, 5);
        Random random(72);
        const Vec V = random.vector(2 * 4 * 7), U = random.vector(2 * static_cast<std::int64_t>(h.at.proxies.size()));
        Changes changes;
        if (!column_form(r.spec)) changes = {{0, 1, 3}, {200, 5, 229}, {-0.25, 1, 2}};
        for (int kind : kinds_of(r.spec)) {
          CAPTURE(kind);
          check_products(e.get(), h, kind, 2, V, U, changes);
        }
        check_scores(e.get(), h, 2, V, U);
      }
    }
  }
}

TEST_CASE("curvature: one and two classes") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    for (std::int64_t C : {1, 2}) {
      CAPTURE(r.name);
      CAPTURE(C);
      const Head h = weighted_head(r, 6, 5, 4, C, 81);
      Random random(82);
      const Vec V = random.vector(2 * 4 * 5), U = random.vector(2 * static_cast<std::int64_t>(h.at.proxies.size()));
      for (int kind : kinds_of(r.spec)) {
        CAPTURE(kind);
        check_products(e.get(), h, kind, 2, V, U, {});
      }
      check_scores(e.get(), h, 2, V, U);
    }
  }
}

TEST_CASE("curvature: null-space facts of scale and rotation") {
  const EnginePtr e = make_engine();
  for (const Registered& r : registry()) {
    if (r.spec["detach-proxies"] != 0) continue;  // proxies that do not move break the symmetry
    CAPTURE(r.name);
    const std::int64_t N = 30, D = 9, d = 5, C = 4, K = C * r.spec.centers();
    const Head h = make_head(r.spec, N, D, d, C, false, 90);
    const CurvaturePtr curvature = make_curvature(e.get(), h);
    Vec gw = poisoned<double>(h.weight.size()), gp = poisoned<double>(h.at.proxies.size());
    double loss = 0;
    ok(call::head_gradient<double>(e.get(), &h.at.spec, N, D, d, C, h.features.data(), h.at.labels.data(), nullptr,
                                   nullptr, h.weight.data(), nullptr, h.at.proxies.data(), &loss, nullptr, nullptr,
                                   gw.data(), nullptr, gp.data()));
    double along = 0;  // L(c W) = L(W)
    for (std::size_t j = 0; j < gw.size(); ++j) along += gw[j] * h.weight[j];
    CHECK(std::fabs(along) <= 1e-12 * largest(gw));

    // Direction 0: (W, 0), whose product is (-G, 0). Direction 1: the rotation (Omega W, P Omega'), whose product is
    // (Omega G_W, G_P Omega'), Omega skew.
    Random random(91);
    Vec omega(static_cast<std::size_t>(d * d), 0.0);
    for (std::int64_t a = 0; a < d; ++a)
      for (std::int64_t b = 0; b < a; ++b) {
        const double x = random.uniform();
        omega[static_cast<std::size_t>(a * d + b)] = x;
        omega[static_cast<std::size_t>(b * d + a)] = -x;
      }
    const auto turn_weight = [&](const Vec& w) {
      Vec out(w.size(), 0.0);
      for (std::int64_t a = 0; a < d; ++a)
        for (std::int64_t b = 0; b < d; ++b)
          for (std::int64_t k = 0; k < D; ++k)
            out[static_cast<std::size_t>(a * D + k)] +=
                omega[static_cast<std::size_t>(a * d + b)] * w[static_cast<std::size_t>(b * D + k)];
      return out;
    };
    const auto turn_proxies = [&](const Vec& p) { return affine(p, K, d, omega, {}, d); };
    Vec V = h.weight, U(h.at.proxies.size(), 0.0);
    const Vec turned_w = turn_weight(h.weight), turned_p = turn_proxies(h.at.proxies);
    V.insert(V.end(), turned_w.begin(), turned_w.end());
    U.insert(U.end(), turned_p.begin(), turned_p.end());
    Vec hw = poisoned<double>(V.size()), hp = poisoned<double>(U.size());
    ok(call::curvature_products<double>(e.get(), curvature.get(), VICINAL_HESSIAN, 2, V.data(), U.data(), nullptr,
                                        nullptr, nullptr, hw.data(), hp.data()));
    Vec minus = gw;
    for (double& x : minus) x = -x;
    CHECK(difference(slice(hw, 0, d * D), minus) <= 1e-10);
    CHECK(largest(slice(hp, 0, K * d)) <= 1e-10 * largest(gp));
    CHECK(difference(slice(hw, 1, d * D), turn_weight(gw)) <= 1e-10);
    CHECK(difference(slice(hp, 1, K * d), turn_proxies(gp)) <= 1e-10);
  }
}

TEST_CASE("curvature: float32 agrees with float64") {
  const EnginePtr e = make_engine();
  const Head h = make_head(proxy_nca_pp(3), 300, 33, 17, 6, false, 95);
  const SingleCurvature single(e.get(), h);
  const CurvaturePtr full = make_curvature(e.get(), h);
  Random random(96);
  const std::int64_t m = 4;
  const Vec V = random.vector(m * 17 * 33), U = random.vector(m * 6 * 17);
  const auto Vf = cast<float>(V), Uf = cast<float>(U);
  for (int kind : {VICINAL_HESSIAN, VICINAL_GAUSS_NEWTON, VICINAL_FISHER}) {
    CAPTURE(kind);
    auto wf = poisoned<float>(V.size()), pf = poisoned<float>(U.size());
    Vec wd = poisoned<double>(V.size()), pd = poisoned<double>(U.size());
    ok(call::curvature_products<float>(e.get(), single.get(), kind, m, Vf.data(), Uf.data(), nullptr, nullptr, nullptr,
                                       wf.data(), pf.data()));
    ok(call::curvature_products<double>(e.get(), full.get(), kind, m, V.data(), U.data(), nullptr, nullptr, nullptr,
                                        wd.data(), pd.data()));
    CHECK(difference(wf, wd) <= 1e-4);
    CHECK(difference(pf, pd) <= 1e-4);
  }
  Vec sf = poisoned<double>(static_cast<std::size_t>(m * 300)), sd = sf;
  ok(call::curvature_scores<float>(e.get(), single.get(), m, Vf.data(), Uf.data(), sf.data()));
  ok(call::curvature_scores<double>(e.get(), full.get(), m, V.data(), U.data(), sd.data()));
  CHECK(difference(sf, sd) <= 1e-4);
}

// Scores of the case with sample i labelled c.
double score_with_label(Case at, std::size_t i, std::int64_t c, const Vec& V, const Vec& U) {
  at.labels[i] = c;
  at.soft_labels.clear();
  return oracle::slopes(at, V, U).per_sample[i];
}

TEST_CASE("curvature: tables split a score by proxy and give those of other labels") {
  // The second engine's blocks hold some rows only.
  for (const std::int64_t workspace : {std::int64_t{0}, std::int64_t{1} << 20}) {
    const EnginePtr e = make_engine(2, VICINAL_ISA_AUTO, workspace);
    std::vector<Registered> losses = registry();
    losses.push_back({"cosface, negative margin", cosface(30, -0.4), false});
    losses.push_back({"cosface, margin beyond exp", cosface(900, 3), false});
    for (const Registered& r : losses) {
      if (!cosine_softmax(r.spec)) continue;
      CAPTURE(r.name);
      for (std::uint64_t seed : {63u, 64u}) {
        // Blocks need fewer rows where embeddings are wide; a device under emulation takes its time for rows.
        const bool wide = workspace != 0 && !on_cpu();
        const std::int64_t N = workspace == 0 ? 12
                               : wide         ? 1200
                                              : 9000,
                           C = 5, d = wide ? 100 : 4, D = 6, from = workspace == 0 ? 3 : 10,
                           rows = workspace == 0 ? 8 : N - 20;
        const Head h = weighted_head(r, N, D, d, C, seed);
        const CurvaturePtr curvature = make_curvature(e.get(), h);
        Random random(seed);
        const Vec V = random.vector(d * D), U = seed == 63 ? random.vector(C * d) : Vec();
        Vec by_proxy = poisoned<double>(static_cast<std::size_t>(rows * C)), relabel = by_proxy;
        ok(call::curvature_tables<double>(e.get(), curvature.get(), V.data(), or_null(U), from, rows, by_proxy.data(),
                                          relabel.data()));
        const Vec moved = affine(h.features, N, D, V, {}, d);
        for (std::int64_t i = 0; i < rows; i += workspace == 0 ? 1 : 997) {
          CAPTURE(i);
          Case one = h.at;  // the sample alone: losses of rows are independent
          const std::size_t at = static_cast<std::size_t>(from + i);
          one.B = 1;
          one.labels = {h.at.labels[at]};
          one.weights.clear();
          one.embeddings = slice(h.at.embeddings, from + i, d);
          if (!one.soft_labels.empty()) one.soft_labels = slice(h.at.soft_labels, from + i, C);
          const Vec mine = slice(moved, from + i, d);
          const double score = oracle::slopes(one, mine, U).per_sample[0];
          double sum = 0;
          Vec expected;
          for (std::int64_t c = 0; c < C; ++c) {
            sum += by_proxy[static_cast<std::size_t>(i * C + c)];
            expected.push_back(score_with_label(one, 0, c, mine, U) - score);
          }
          CHECK(std::fabs(sum - score) <= kTolerance * std::fmax(1, std::fabs(score)));
          CHECK(difference(slice(relabel, i, C), expected, 1e-3) <= kTolerance);
          if (h.at.soft_labels.empty()) CHECK(relabel[static_cast<std::size_t>(i * C + h.at.labels[at])] == 0);
        }
        // Either table alone.
        Vec only = poisoned<double>(by_proxy.size());
        ok(call::curvature_tables<double>(e.get(), curvature.get(), V.data(), or_null(U), from, rows, only.data(),
                                          nullptr));
        CHECK(difference(only, by_proxy) <= 1e-12);
        ok(call::curvature_tables<double>(e.get(), curvature.get(), V.data(), or_null(U), from, rows, nullptr,
                                          only.data()));
        CHECK(difference(only, relabel) <= 1e-12);
      }
    }
  }
}

TEST_CASE("curvature: a proxy's share is the derivative through its cosine") {
  const EnginePtr e = make_engine();
  const Head h = make_head(cosface(12, 0.2), 7, 5, 4, 3, false, 66);
  const CurvaturePtr curvature = make_curvature(e.get(), h);
  Random random(67);
  const Vec V = random.vector(4 * 5), moved = affine(h.features, 7, 5, V, {}, 4);
  Vec by_proxy = poisoned<double>(7 * 3);
  ok(call::curvature_tables<double>(e.get(), curvature.get(), V.data(), nullptr, 0, 7, by_proxy.data(), nullptr));
  for (std::int64_t i = 0; i < 7; ++i) {
    const auto logits_at = [&](double step) {
      Vec u = slice(h.at.embeddings, i, 4);
      for (std::int64_t j = 0; j < 4; ++j)
        u[static_cast<std::size_t>(j)] += step * moved[static_cast<std::size_t>(i * 4 + j)];
      oracle::Rows<double> units;
      for (std::int64_t c = 0; c < 3; ++c) units.push_back(oracle::unit(slice(h.at.proxies, c, 4)));
      return oracle::logits(h.at, oracle::unit(u), units,
                            static_cast<std::size_t>(h.at.labels[static_cast<std::size_t>(i)]));
    };
    const Vec a = logits_at(0), up = logits_at(1e-5), down = logits_at(-1e-5);
    for (std::size_t c = 0; c < 3; ++c) {
      const double p = std::exp(a[c] - oracle::log_sum_exp(a));
      const double hard = static_cast<std::int64_t>(c) == h.at.labels[static_cast<std::size_t>(i)] ? 1 : 0;
      CHECK(by_proxy[static_cast<std::size_t>(i * 3) + c] ==
            doctest::Approx((p - hard) * (up[c] - down[c]) / 2e-5).epsilon(1e-6));
    }
  }
}

TEST_CASE("curvature: the losses' change under a displacement of low rank") {
  for (const std::int64_t workspace : {std::int64_t{0}, std::int64_t{1} << 20}) {
    const EnginePtr e = make_engine(2, VICINAL_ISA_AUTO, workspace);
    for (const Registered& r : registry()) {
      if (column_form(r.spec)) continue;
      for (std::int64_t R : {1, 3}) {
        CAPTURE(r.name);
        CAPTURE(R);
        CAPTURE(workspace);
        const std::int64_t N = 40, D = 7, d = 5, C = workspace == 0 ? 4 : 4000 / r.spec.centers();
        Head h = weighted_head(r, N, D, d, C, 69);
        h.bias.clear();
        clear_proxy(h, 0);
        clear_row(h, 4);
        Random random(70);
        const Vec left = random.vector(R * d), right = random.vector(R * D);
        const CurvaturePtr curvature = make_curvature(e.get(), h);
        Case after = h.at;
        Vec weight = h.weight;
        for (std::int64_t q = 0; q < R; ++q)
          for (std::int64_t a = 0; a < d; ++a)
            for (std::int64_t k = 0; k < D; ++k)
              weight[static_cast<std::size_t>(a * D + k)] +=
                  left[static_cast<std::size_t>(q * d + a)] * right[static_cast<std::size_t>(q * D + k)];
        after.embeddings = affine(h.features, N, D, weight, {}, d);
        const Vec first = oracle::value(h.at).per_sample, second = oracle::value(after).per_sample;
        Vec expected;
        for (std::size_t i = 0; i < first.size(); ++i) expected.push_back(second[i] - first[i]);
        for (int again = 0; again < 2; ++again) {  // the losses at the point are made once
          Vec change = poisoned<double>(static_cast<std::size_t>(N));
          ok(call::curvature_loss_change<double>(e.get(), curvature.get(), R, left.data(), right.data(),
                                                 change.data()));
          CHECK(difference(change, expected) <= kTolerance);
        }
      }
    }
  }
}

TEST_CASE("curvature: changes of the losses keep to the workspace, however many classes there are") {
  if (!on_cpu()) return;
  constexpr std::int64_t kWorkspace = std::int64_t{1} << 20, N = 40, D = 2, d = 2, C = 100000;
  const EnginePtr small = make_engine(2, VICINAL_ISA_AUTO, kWorkspace), large = make_engine(2);
  const auto held_now = [] {
    std::int64_t used = 0, held = 0, limit = 0;
    ok(vicinal_memory_usage(device(), &used, &held, &limit));
    return held;
  };
  for (const Loss& spec : {cosface(16, 0.2), soft_triple(5, 0.01, 2, 0.5, 0)}) {
    CAPTURE(spec.name);
    const Head h = make_head(spec, N, D, d, C / spec.centers(), false, 75);
    Random random(76);
    const Vec left = random.vector(d), right = random.vector(D);
    Vec changes[2];
    for (int i = 0; i < 2; ++i) {
      const EnginePtr& e = i == 0 ? small : large;
      const CurvaturePtr curvature = make_curvature(e.get(), h);
      const std::int64_t before = held_now();
      changes[i] = poisoned<double>(N);
      ok(call::curvature_loss_change<double>(e.get(), curvature.get(), 1, left.data(), right.data(),
                                             changes[i].data()));
      // The point's own blocks took as much before: what comes on top is a row in double for each task, or a chunk.
      if (i == 0) CHECK(held_now() - before <= 3 * kWorkspace);
    }
    CHECK(difference(changes[0], changes[1]) <= 1e-12);
  }
}

TEST_CASE("curvature: small changes of the losses keep their digits in float32") {
  const EnginePtr e = make_engine();
  const std::int64_t N = 200, D = 33, d = 17, C = 6;
  const Head h = make_head(proxy_nca_pp(3), N, D, d, C, false, 73);
  const SingleCurvature single(e.get(), h);
  const CurvaturePtr full = make_curvature(e.get(), h);
  Random random(74);
  Vec left = random.vector(2 * d);
  const Vec right = random.vector(2 * D);
  for (double& v : left) v *= 0x1p-20;  // changes of 1e-6, which single-precision losses could not show
  const auto lf = cast<float>(left), rf = cast<float>(right);
  Vec cf = poisoned<double>(static_cast<std::size_t>(N)), cd = cf;
  ok(call::curvature_loss_change<float>(e.get(), single.get(), 2, lf.data(), rf.data(), cf.data()));
  ok(call::curvature_loss_change<double>(e.get(), full.get(), 2, left.data(), right.data(), cd.data()));
  CHECK(largest(cd) > 1e-7);
  CHECK(difference(cf, cd) <= 1e-4);
}

TEST_CASE("curvature: wrong arguments are refused with a sentence") {
  const EnginePtr e = make_engine();
  const Head h = make_head(arcface(16, 20), 5, 4, 3, 2, false, 97);
  const Head anchor = make_head(proxy_anchor(32, 0.1), 5, 4, 3, 2, false, 97);
  const CurvaturePtr c = make_curvature(e.get(), h), a = make_curvature(e.get(), anchor);
  Vec v(12), out(12), scores(5);
  const std::int64_t offsets[] = {0, 1}, far[] = {5}, id[] = {0}, falling[] = {1, 0};
  const double delta[] = {-1}, infinite[] = {std::numeric_limits<double>::infinity()};
  const auto call = [&](const vicinal_curvature* at, int kind, std::int64_t m, const double* direction,
                        const std::int64_t* o, const std::int64_t* i, const double* x, double* to) {
    return call::curvature_products<double>(e.get(), at, kind, m, direction, nullptr, o, i, x, to, nullptr);
  };
  refused(call(nullptr, 0, 1, v.data(), nullptr, nullptr, nullptr, out.data()), "curvature");
  refused(call(c.get(), 3, 1, v.data(), nullptr, nullptr, nullptr, out.data()), "kind");
  refused(call(c.get(), VICINAL_GAUSS_NEWTON, 1, v.data(), nullptr, nullptr, nullptr, out.data()), "Gauss-Newton");
  refused(call(a.get(), VICINAL_FISHER, 1, v.data(), nullptr, nullptr, nullptr, out.data()), "Fisher");
  refused(call(a.get(), VICINAL_HESSIAN, 1, v.data(), offsets, id, delta, out.data()), "change_offsets");
  refused(call(c.get(), 0, 0, v.data(), nullptr, nullptr, nullptr, out.data()), "m is 0");
  refused(call(c.get(), 0, 1, nullptr, nullptr, nullptr, nullptr, out.data()), "direction is missing");
  refused(call(c.get(), 0, 1, v.data(), nullptr, nullptr, nullptr, nullptr), "output is missing");
  refused(call(c.get(), 0, 1, v.data(), offsets, far, delta, out.data()), "change_ids[0] is 5");
  refused(call(c.get(), 0, 1, v.data(), offsets, id, infinite, out.data()), "change_deltas[0]");
  refused(call(c.get(), 0, 1, v.data(), offsets, nullptr, delta, out.data()), "change_ids");
  refused(call(c.get(), 0, 1, v.data(), falling, id, delta, out.data()), "change_offsets[0]");
  refused(call::curvature_scores<double>(e.get(), c.get(), 1, nullptr, nullptr, scores.data()), "direction is missing");
  refused(call::curvature_scores<double>(e.get(), c.get(), 1, v.data(), nullptr, nullptr), "scores");
  refused(call::curvature_sample_gradients<double>(e.get(), a.get(), nullptr, out.data()), "gradients");
  refused(call::curvature_sample_gradients<double>(e.get(), c.get(), nullptr, nullptr), "units");
  const Head cosine = make_head(cosface(16, 0.2), 5, 4, 3, 2, false, 97);
  const CurvaturePtr s = make_curvature(e.get(), cosine);
  const auto tables = [&](const vicinal_curvature* at, const double* direction, std::int64_t from, std::int64_t rows,
                          double* to) {
    return call::curvature_tables<double>(e.get(), at, direction, nullptr, from, rows, to, nullptr);
  };
  refused(tables(c.get(), v.data(), 0, 1, out.data()), "softmax");
  refused(tables(s.get(), nullptr, 0, 1, out.data()), "direction is missing");
  refused(tables(s.get(), v.data(), -1, 1, out.data()), "from is -1");
  refused(tables(s.get(), v.data(), 4, 2, out.data()), "from is 4");
  refused(tables(s.get(), v.data(), 0, 0, out.data()), "rows is 0");
  refused(tables(s.get(), v.data(), 0, 1, nullptr), "output is missing");
  const auto change = [&](const vicinal_curvature* at, std::int64_t R, const double* left, const double* right,
                          double* to) { return call::curvature_loss_change<double>(e.get(), at, R, left, right, to); };
  refused(change(a.get(), 1, v.data(), v.data(), out.data()), "proxy-anchor");
  refused(change(s.get(), 0, v.data(), v.data(), out.data()), "R is 0");
  refused(change(s.get(), 1, nullptr, v.data(), out.data()), "left");
  refused(change(s.get(), 1, v.data(), nullptr, out.data()), "right");
  refused(change(s.get(), 1, v.data(), v.data(), nullptr), "change");
  const std::vector<float> single = cast<float>(v);
  refused(call::curvature_scores<float>(e.get(), c.get(), 1, single.data(), nullptr, scores.data()),
          "direction_weight is F32 where F64 is expected");
}

}  // namespace
