// Nearest neighbours against all distances sorted, on inputs that are hostile to single precision: ids and distances to
// the bit. The processor has no such search: FAISS is its (NeighboursTest).
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <thread>
#include <utility>

#include "rows.hpp"
#include "support.hpp"

namespace {

using namespace test;
using std::int64_t;

struct Search {
  int64_t Q, G, d, k;
  std::vector<float> gallery, queries;  // no queries: rows `first`, first + 1, ... of the gallery
  std::vector<int64_t> self;
  int64_t first = 0;
  const float* asked() const { return queries.empty() ? gallery.data() + first * d : queries.data(); }
};

struct Lists {
  std::vector<int64_t> ids;
  std::vector<double> distances;
};

// Eight sums over columns of the same remainder, added as exact_distance.hpp says.
double distance(const float* a, const float* b, int64_t d) {
  double s[8] = {};
  for (int64_t j = 0; j < d; ++j) {
    const double difference = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    s[j % 8] += difference * difference;
  }
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

Lists all_sorted(const Search& s) {
  Lists out;
  for (int64_t q = 0; q < s.Q; ++q) {
    std::vector<std::pair<double, int64_t>> order;
    for (int64_t g = 0; g < s.G; ++g)
      if (s.self.empty() || g != s.self[static_cast<std::size_t>(q)])
        order.emplace_back(distance(s.asked() + q * s.d, s.gallery.data() + g * s.d, s.d), g);
    std::partial_sort(order.begin(), order.begin() + s.k, order.end());
    for (int64_t i = 0; i < s.k; ++i) {
      out.ids.push_back(order[static_cast<std::size_t>(i)].second);
      out.distances.push_back(order[static_cast<std::size_t>(i)].first);
    }
  }
  return out;
}

Lists run(vicinal_engine* engine, const Search& s) {
  Lists out{std::vector<int64_t>(static_cast<std::size_t>(s.Q * s.k), -77),
            poisoned<double>(static_cast<std::size_t>(s.Q * s.k))};
  ok(call::nearest(engine, s.Q, s.G, s.d, s.asked(), s.gallery.data(), or_null(s.self), s.k, out.ids.data(),
                   out.distances.data()));
  return out;
}

void check(const Search& s, const char* what, int64_t workspace = 0) {
  const EnginePtr engine = make_engine(1, VICINAL_ISA_BASE, workspace);
  const Lists expected = all_sorted(s), got = run(engine.get(), s);
  INFO(what, " Q=", s.Q, " G=", s.G, " d=", s.d, " k=", s.k, " workspace=", workspace);
  CHECK(got.ids == expected.ids);
  CHECK(got.distances == expected.distances);
}

Search same_set(int64_t n, int64_t d, int64_t k, Fill fill) {
  Search s{n, n, d, k, matrix(n, d, 5, fill), {}, std::vector<int64_t>(static_cast<std::size_t>(n))};
  std::iota(s.self.begin(), s.self.end(), int64_t{0});
  return s;
}

Search two_sets(int64_t Q, int64_t G, int64_t d, int64_t k, Fill fill) {
  return {Q, G, d, k, matrix(G, d, 6, fill), matrix(Q, d, 7, fill), {}};
}

// Two rows of three are one point.
float crowded(std::mt19937& random, int64_t row) {
  return row % 3 == 0 ? std::normal_distribution<float>()(random) : 0.25f;
}
// Numbers below the normal ones, whose products vanish.
float vanishing(std::mt19937& random, int64_t) {
  return std::normal_distribution<float>()(random) * 1e-38f;
}
// Squares that float32 does not hold.
float overflowing(std::mt19937& random, int64_t) {
  return std::normal_distribution<float>()(random) * 1e30f;
}

// A few rows whose squares float32 does not hold beside rows that it can tell apart.
float towering(std::mt19937& random, int64_t row) {
  return std::normal_distribution<float>()(random) * (row % 8 == 0 ? 1e19f : 1e10f);
}

// Points near the unit sphere with a query near its centre: distances a few units of float32 apart, which the bound
// leaves open for few rows each.
Search shell(int64_t Q, int64_t G, int64_t k) {
  Search s{Q, G, 3, k, matrix(G, 3, 8, gaussian), matrix(Q, 3, 9, gaussian), {}};
  for (int64_t g = 0; g < G; ++g) {
    float* x = s.gallery.data() + 3 * g;
    const double norm = std::sqrt(distance(x, std::vector<float>(3).data(), 3));
    for (int j = 0; j < 3; ++j) x[j] = static_cast<float>(x[j] / norm);
  }
  for (float& x : s.queries) x *= 1e-4f;
  return s;
}

}  // namespace

TEST_CASE("nearest: the processor leaves it to FAISS") {
  vicinal_engine* made = nullptr;
  ok(vicinal_engine_create("cpu", nullptr, &made));
  const EnginePtr engine(made);
  const Search s = same_set(4, 2, 1, gaussian);
  int64_t ids[4];
  CHECK(call::nearest(made, 4, 4, 2, s.asked(), s.gallery.data(), nullptr, 1, ids, nullptr) == VICINAL_UNAVAILABLE);
  CHECK(std::strstr(vicinal_last_error(), "FAISS") != nullptr);
}

TEST_SUITE("nearest") {
  TEST_CASE("nearest: a set in itself") {
    if (on_cpu()) return;
    for (const auto& f : kFills) {
      check(same_set(2, 3, 1, f.second), f.first);
      for (int64_t k : {7, 100}) check(same_set(110, 7, k, f.second), f.first);
    }
    for (int64_t k : {1, 5, 109}) {
      check(same_set(110, 5, k, crowded), "crowded");
      check(same_set(110, 5, k, vanishing), "vanishing");
      check(same_set(110, 5, k, overflowing), "overflowing");
      check(same_set(110, 3, k, towering), "towering");
    }
  }

  TEST_CASE("nearest: queries in a gallery") {
    if (on_cpu()) return;
    for (const auto& f : kFills) {
      check(two_sets(1, 1, 1, 1, f.second), f.first);
      check(two_sets(1, 120, 1, 3, f.second), f.first);
      check(two_sets(7, 90, 17, 90, f.second), f.first);
    }
  }

  TEST_CASE("nearest: distances as close as the bound") {
    if (on_cpu()) return;
    check(shell(80, 1000, 101), "shell");
    check(shell(80, 1000, 1), "shell");
  }

  TEST_CASE("nearest: more queries than the workspace holds, a row that it does not hold") {
    if (on_cpu()) return;
    check(two_sets(150, 1301, 9, 6, gaussian), "several blocks", 1 << 20);
    check(two_sets(150, 701, 2, 6, grid), "several blocks of distances", 1 << 20);
    check(two_sets(2, 140000, 1, 3, gaussian), "a row of products", 1 << 20);
    check(two_sets(2, 70000, 1, 3, equal), "a row of distances", 1 << 20);
  }

  TEST_CASE("nearest: lists longer than shared memory") {
    if (on_cpu()) return;
    check(two_sets(2, 4500, 2, 3950, gaussian), "of candidates");
    check(two_sets(2, 4200, 2, 4100, grid), "of distances");
    check(two_sets(2, 4200, 2, 4200, gaussian), "the gallery");
  }

  TEST_CASE("nearest: own rows are left out by id, and queries may be rows of the gallery") {
    if (on_cpu()) return;
    for (int64_t k : {4, 99}) {  // by scores, by distances
      Search s = two_sets(5, 100, 3, k, grid);
      s.self = {-1, 2, 99, -1, 0};
      check(s, "any own rows");
      s.queries.clear();
      s.first = 31;
      s.self = {31, 32, 33, 34, 35};
      check(s, "a part of the gallery");
      s.self.clear();
      check(s, "a part of the gallery that finds itself");
    }
  }

  TEST_CASE("nearest: arrays of the device, and no distances") {
    if (on_cpu()) return;
    const EnginePtr engine = make_engine();
    const Search s = same_set(90, 4, 5, grid);
    const Lists expected = all_sorted(s);
    const There<float> rows(s.gallery);
    const There<int64_t> self(s.self);
    const There<int64_t> ids(std::vector<int64_t>(expected.ids.size(), -77));
    const There<double> distances(poisoned<double>(expected.ids.size()));
    ok(call::nearest(engine.get(), s.Q, s.G, s.d, rows.get(), rows.get(), self.get(), s.k, ids.get(), distances.get()));
    CHECK(ids.values() == expected.ids);
    CHECK(distances.values() == expected.distances);
    std::vector<int64_t> only_ids(expected.ids.size(), -77);
    ok(call::nearest(engine.get(), s.Q, s.G, s.d, s.gallery.data(), rows.get(), self.get(), s.k, only_ids.data(),
                     nullptr));
    CHECK(only_ids == expected.ids);
  }

  TEST_CASE("nearest: exact whatever the products' precision") {
    if (on_cpu()) return;
    for (std::int32_t precision : {VICINAL_PRECISION_TF32, VICINAL_PRECISION_BF16}) {
      const Search s = same_set(200, 16, 6, gaussian);
      CHECK(run(make_rounding_engine(precision).get(), s).ids == all_sorted(s).ids);
    }
  }

  TEST_CASE("nearest: bad arguments are refused with their name") {
    if (on_cpu()) return;
    const EnginePtr engine = make_engine();
    const Search good = two_sets(4, 9, 2, 3, gaussian);
    auto refused = [&](auto&& spoil, const char* text) {
      Search s = good;
      spoil(s);
      std::vector<int64_t> ids(100);
      CHECK(call::nearest(engine.get(), s.Q, s.G, s.d, s.asked(), s.gallery.data(), or_null(s.self), s.k, ids.data(),
                          nullptr) == VICINAL_INVALID_ARGUMENT);
      CHECK_MESSAGE(std::strstr(vicinal_last_error(), text) != nullptr, vicinal_last_error());
    };
    refused([](Search& s) { s.Q = 0; }, "Q is 0");
    refused([](Search& s) { s.G = -1; }, "G is -1");
    refused([](Search& s) { s.d = 0; }, "d is 0");
    refused([](Search& s) { s.k = 0; }, "k is 0; it must be in 1..9");
    refused([](Search& s) { s.k = 10; }, "k is 10; it must be in 1..9");
    refused(
        [](Search& s) {
          s.k = 9;
          s.self = {-1, -1, -1, -1};
        },
        "k is 9; it must be in 1..8");
    refused([](Search& s) { s.self = {0, 1, 9, 3}; }, "self[2] is 9");
    refused([](Search& s) { s.self = {-2, -1, -1, -1}; }, "self[0] is -2");
    refused([](Search& s) { s.gallery[3] = std::numeric_limits<float>::quiet_NaN(); }, "gallery row 1 is not finite");
    refused([](Search& s) { s.queries[2] = std::numeric_limits<float>::infinity(); }, "query row 1 is not finite");
    CHECK(call::nearest(engine.get(), 4, 9, 2, good.asked(), good.gallery.data(), nullptr, 3, nullptr, nullptr) ==
          VICINAL_INVALID_ARGUMENT);
  }

  TEST_CASE("nearest: a cancelled call stops, and the engine goes on") {
    if (on_cpu()) return;
    const EnginePtr engine = make_engine(1, VICINAL_ISA_BASE, 1 << 20);
    const Search s = same_set(3000, 4, 5, gaussian);
    std::vector<int64_t> ids(static_cast<std::size_t>(s.Q * s.k));
    vicinal_status status = VICINAL_OK;
    std::atomic<bool> done{false};
    std::thread call([&] {
      status = call::nearest(engine.get(), s.Q, s.G, s.d, s.gallery.data(), s.gallery.data(), s.self.data(), s.k,
                             ids.data(), nullptr);
      done = true;
    });
    // A call clears an earlier request when it starts, so ask until it has answered.
    while (!done) {
      vicinal_engine_cancel(engine.get());
      std::this_thread::yield();
    }
    call.join();
    CHECK(status == VICINAL_CANCELLED);
    const Search after = same_set(20, 3, 4, gaussian);
    CHECK(run(engine.get(), after).ids == all_sorted(after).ids);
  }
}
