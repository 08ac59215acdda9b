// Rank counting against all pairs in double, on inputs that are hostile to single precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <utility>

#include "rows.hpp"
#include "support.hpp"

namespace {

using namespace test;
using std::int64_t;

struct Ranking {
  int64_t Q, G, d;
  std::vector<float> queries, gallery;
  std::vector<int64_t> self, offsets, relevant;
  bool same = false;  // queries are the gallery itself
};

struct Result {
  std::vector<int64_t> ranks;
  std::vector<std::int8_t> tied;
};

double distance(const Ranking& r, int64_t q, int64_t g) {
  const float* a = (r.same ? r.gallery.data() : r.queries.data()) + q * r.d;
  const float* b = r.gallery.data() + g * r.d;
  double sum = 0;
  for (int64_t j = 0; j < r.d; ++j) sum += (static_cast<double>(a[j]) - b[j]) * (static_cast<double>(a[j]) - b[j]);
  return sum;
}

// Every gallery row sorted by (distance, id).
Result all_pairs(const Ranking& r) {
  Result out;
  out.tied.assign(static_cast<std::size_t>(r.Q), 0);
  for (int64_t q = 0; q < r.Q; ++q) {
    const int64_t own = r.self.empty() ? -1 : r.self[static_cast<std::size_t>(q)];
    const auto first = r.relevant.begin() + r.offsets[static_cast<std::size_t>(q)];
    const auto last = r.relevant.begin() + r.offsets[static_cast<std::size_t>(q) + 1];
    std::vector<std::pair<double, int64_t>> order;
    for (int64_t g = 0; g < r.G; ++g)
      if (g != own) order.emplace_back(distance(r, q, g), g);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (!std::binary_search(first, last, order[i].second)) continue;
      out.ranks.push_back(static_cast<int64_t>(i) + 1);
      for (const auto& other : order)
        if (other.first == order[i].first && !std::binary_search(first, last, other.second))
          out.tied[static_cast<std::size_t>(q)] = 1;
    }
  }
  return out;
}

Result run(vicinal_engine* engine, const Ranking& r) {
  Result out;
  out.ranks.assign(r.relevant.size(), -77);
  out.tied.assign(static_cast<std::size_t>(r.Q), 77);
  const float* queries = r.same ? r.gallery.data() : r.queries.data();
  ok(call::rank(engine, r.Q, r.G, r.d, queries, r.gallery.data(), r.self.empty() ? nullptr : r.self.data(),
                r.offsets.data(), r.relevant.data(), static_cast<int64_t>(r.relevant.size()), out.ranks.data(),
                out.tied.data()));
  return out;
}

// Same set, `classes` classes of uneven size; classes == 0: every row alone.
Ranking same_set(int64_t n, int64_t d, int64_t classes, Fill fill) {
  Ranking r;
  r.Q = r.G = n;
  r.d = d;
  r.same = true;
  r.gallery = matrix(n, d, 5, fill);
  r.offsets.push_back(0);
  auto label = [&](int64_t i) { return classes == 0 ? i : (i * i + 3 * i) % classes; };
  for (int64_t q = 0; q < n; ++q) {
    r.self.push_back(q);
    for (int64_t g = 0; g < n; ++g)
      if (g != q && label(g) == label(q)) r.relevant.push_back(g);
    r.offsets.push_back(static_cast<int64_t>(r.relevant.size()));
  }
  return r;
}

// Queries against a gallery; every third query has no relevant row.
Ranking two_sets(int64_t Q, int64_t G, int64_t d, int64_t modulus, Fill fill) {
  Ranking r;
  r.Q = Q;
  r.G = G;
  r.d = d;
  r.gallery = matrix(G, d, 6, fill);
  r.queries = matrix(Q, d, 7, fill);
  r.offsets.push_back(0);
  for (int64_t q = 0; q < Q; ++q) {
    for (int64_t g = 0; g < G; ++g)
      if (q % 3 != 2 && g % modulus == q % modulus) r.relevant.push_back(g);
    r.offsets.push_back(static_cast<int64_t>(r.relevant.size()));
  }
  return r;
}

void check(const Ranking& r, const char* what) {
  const Result expected = all_pairs(r);
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    for (int threads : {1, 2, 3}) {
      for (int64_t workspace : {int64_t{0}, int64_t{1} << 20}) {
        if (!test::on_cpu() && (isa != VICINAL_ISA_BASE || threads != 1)) continue;  // both are the processor's
        const test::EnginePtr engine = test::make_engine(threads, isa, workspace);
        if (!engine) continue;
        const Result got = run(engine.get(), r);
        INFO(what, " Q=", r.Q, " G=", r.G, " d=", r.d, " isa=", isa, " threads=", threads, " workspace=", workspace);
        CHECK(got.ranks == expected.ranks);
        CHECK(got.tied == expected.tied);
      }
    }
  }
}

}  // namespace

TEST_CASE("rank: a set in itself, few relevant rows") {
  for (const auto& f : kFills) {
    check(same_set(2, 3, 1, f.second), f.first);
    check(same_set(131, 7, 29, f.second), f.first);
    check(same_set(70, 40, 0, f.second), f.first);  // every query lone
  }
}

TEST_CASE("rank: a set in itself, many relevant rows") {
  for (const auto& f : kFills) {
    check(same_set(150, 5, 1, f.second), f.first);  // more than float thresholds are for
    check(same_set(150, 5, 3, f.second), f.first);  // on both sides of that limit
  }
}

TEST_CASE("rank: queries in a gallery") {
  for (const auto& f : kFills) {
    check(two_sets(1, 1, 1, 1, f.second), f.first);
    check(two_sets(13, 90, 6, 17, f.second), f.first);
    check(two_sets(40, 200, 3, 2, f.second), f.first);
  }
}

TEST_CASE("rank: more rows than a tile has, more lists than the workspace holds") {
  check(same_set(1200, 24, 400, gaussian), "several square tiles");
  check(two_sets(70, 1300, 4, 90, gaussian), "several tiles of the gallery");
  check(same_set(260, 3, 1, grid), "several chunks of queries");  // 67,340 entries of 16 bytes, half of 1 MiB
}

TEST_CASE("rank: tied may be NULL, and one query may be left out of another gallery") {
  Ranking r = two_sets(5, 30, 4, 3, grid);
  r.self = {-1, 2, -1, 29, -1};
  for (int64_t q : {1, 3}) {  // a query's own row is not relevant to it
    auto first = r.relevant.begin() + r.offsets[static_cast<std::size_t>(q)];
    auto last = r.relevant.begin() + r.offsets[static_cast<std::size_t>(q) + 1];
    auto at = std::find(first, last, r.self[static_cast<std::size_t>(q)]);
    if (at == last) continue;
    r.relevant.erase(at);
    for (std::size_t i = static_cast<std::size_t>(q) + 1; i < r.offsets.size(); ++i) --r.offsets[i];
  }
  check(r, "own rows");
  const test::EnginePtr engine = test::make_engine();
  std::vector<int64_t> ranks(r.relevant.size());
  CHECK(call::rank(engine.get(), r.Q, r.G, r.d, r.queries.data(), r.gallery.data(), r.self.data(), r.offsets.data(),
                   r.relevant.data(), static_cast<int64_t>(r.relevant.size()), ranks.data(), nullptr) == VICINAL_OK);
  CHECK(ranks == all_pairs(r).ranks);
}

TEST_CASE("rank: exact whatever the products' precision") {
  if (test::on_cpu()) return;  // it has one
  for (std::int32_t precision : {VICINAL_PRECISION_TF32, VICINAL_PRECISION_BF16}) {
    const Ranking r = same_set(300, 16, 60, gaussian);
    CHECK(run(test::make_rounding_engine(precision).get(), r).ranks == all_pairs(r).ranks);
  }
}

TEST_CASE("rank: bad arguments are refused with their name") {
  const test::EnginePtr engine = test::make_engine();
  const Ranking good = two_sets(4, 9, 2, 3, gaussian);
  auto refused = [&](auto&& spoil, const char* text) {
    Ranking r = good;
    spoil(r);
    std::vector<int64_t> ranks(r.relevant.size() + 1);
    const vicinal_status status = call::rank(
        engine.get(), r.Q, r.G, r.d, r.queries.data(), r.gallery.data(), r.self.empty() ? nullptr : r.self.data(),
        r.offsets.data(), r.relevant.data(), static_cast<int64_t>(r.relevant.size()), ranks.data(), nullptr);
    CHECK(status == VICINAL_INVALID_ARGUMENT);
    CHECK_MESSAGE(std::strstr(vicinal_last_error(), text) != nullptr, vicinal_last_error());
  };
  refused([](Ranking& r) { r.Q = 0; }, "Q is 0");
  refused([](Ranking& r) { r.d = -1; }, "d is -1");
  refused([](Ranking& r) { r.offsets[0] = 1; }, "offsets[0]");
  refused([](Ranking& r) { r.offsets[1] = r.offsets[2] + 1; }, "must ascend");
  refused([](Ranking& r) { r.offsets[4] -= 1; }, "offsets[Q] is");
  refused([](Ranking& r) { r.relevant[0] = 9; }, "relevant[0] is 9");
  refused([](Ranking& r) { std::swap(r.relevant[0], r.relevant[1]); }, "must ascend, each once");
  refused([](Ranking& r) { r.self = {r.relevant[0], -1, -1, -1}; }, "own row");
  refused([](Ranking& r) { r.self = {-2, -1, -1, -1}; }, "self[0] is -2");
  refused([](Ranking& r) { r.gallery[3] = std::numeric_limits<float>::quiet_NaN(); }, "gallery row 1 is not finite");
  refused([](Ranking& r) { r.queries[2] = std::numeric_limits<float>::infinity(); }, "queries row 1 is not finite");
}

TEST_CASE("rank: a cancelled call stops within a tile") {
  const test::EnginePtr engine = test::make_engine();
  const Ranking r = same_set(6000, 512, 3000, gaussian);
  std::vector<int64_t> ranks(r.relevant.size());
  vicinal_status status = VICINAL_OK;
  std::atomic<bool> done{false};
  std::thread call([&] {
    status =
        call::rank(engine.get(), r.Q, r.G, r.d, r.gallery.data(), r.gallery.data(), r.self.data(), r.offsets.data(),
                   r.relevant.data(), static_cast<int64_t>(r.relevant.size()), ranks.data(), nullptr);
    done = true;
  });
  // A call clears an earlier request when it starts, so ask until it has answered.
  while (!done) {
    vicinal_engine_cancel(engine.get());
    std::this_thread::yield();
  }
  call.join();
  CHECK(status == VICINAL_CANCELLED);
  CHECK(run(engine.get(), same_set(20, 3, 4, gaussian)).ranks == all_pairs(same_set(20, 3, 4, gaussian)).ranks);
}
