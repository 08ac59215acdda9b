// Close pairs against all pairs in double, on inputs that are hostile to single precision: pairs and distances to the
// bit, whatever the tiles, the instruction set and the device.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "rows.hpp"
#include "support.hpp"

namespace {

using namespace test;
using std::int64_t;

struct Pair {
  double distance;
  int32_t first, second;
  bool operator<(const Pair& o) const {
    if (distance != o.distance) return distance < o.distance;
    return first != o.first ? first < o.first : second < o.second;
  }
  bool operator==(const Pair& o) const { return distance == o.distance && first == o.first && second == o.second; }
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

struct Input {
  int64_t N, G, d;
  std::vector<float> rows, others;  // no others: the rows
};

bool zero(const std::vector<float>& x, int64_t row, int64_t d) {
  return std::all_of(x.begin() + row * d, x.begin() + (row + 1) * d, [](float v) { return v == 0; });
}

std::vector<Pair> all_pairs(const Input& in, bool without_zeros) {
  const bool same = in.others.empty();
  const std::vector<float>& others = same ? in.rows : in.others;
  std::vector<Pair> pairs;
  for (int64_t i = 0; i < in.N; ++i)
    for (int64_t j = same ? i + 1 : 0; j < (same ? in.N : in.G); ++j)
      if (!without_zeros || (!zero(in.rows, i, in.d) && !zero(others, j, in.d)))
        pairs.push_back({distance(in.rows.data() + i * in.d, others.data() + j * in.d, in.d), static_cast<int32_t>(i),
                         static_cast<int32_t>(j)});
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

void check(const Input& in, const char* what, int isa, int threads, int64_t workspace) {
  const EnginePtr engine = make_engine(threads, isa, workspace);
  if (engine == nullptr) return;  // not a set of this processor
  for (const bool without_zeros : {false, true}) {
    const std::vector<Pair> all = all_pairs(in, without_zeros);
    std::vector<double> limits{0, std::numeric_limits<double>::infinity()};
    for (const std::size_t at : {all.size() / 100, all.size() / 3}) {
      if (all.empty()) continue;
      limits.push_back(all[at].distance);  // exactly at the threshold, and just below
      limits.push_back(std::nextafter(all[at].distance, 0));
    }
    for (const double limit : limits) {
      const auto end = std::upper_bound(all.begin(), all.end(), limit,
                                        [](double value, const Pair& pair) { return value < pair.distance; });
      const int64_t expected = end - all.begin();
      for (const int64_t most : {int64_t{0}, int64_t{1}, int64_t{60}, expected + 5}) {
        std::vector<int32_t> first(static_cast<std::size_t>(most), -1), second(first);
        std::vector<double> distances(static_cast<std::size_t>(most));
        int64_t total = -1, zeros = -1;
        ok(call::close_pairs(engine.get(), in.N, in.G, in.d, in.rows.data(), or_null(in.others), limit, most,
                             first.data(), second.data(), distances.data(), &total, without_zeros ? &zeros : nullptr));
        INFO(what, " N=", in.N, " d=", in.d, " limit=", limit, " most=", most, " without zeros=", without_zeros);
        CHECK(total == expected);
        std::vector<Pair> kept;
        for (std::size_t k = 0; k < static_cast<std::size_t>(std::min(most, expected)); ++k)
          kept.push_back({distances[k], first[k], second[k]});
        CHECK(kept == std::vector<Pair>(all.begin(), all.begin() + std::min(most, expected)));
      }
    }
  }
}

// Every fifth row is zeros.
float holed(std::mt19937& random, int64_t row) {
  return row % 5 == 0 ? 0 : std::normal_distribution<float>()(random);
}

}  // namespace

TEST_CASE("close pairs: all fills, within a set and of two") {
  for (const auto& [name, fill] : kFills)
    for (const int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
      check({90, 0, 5, matrix(90, 5, 1, fill), {}}, name, isa, 2, 0);
      check({31, 77, 16, matrix(31, 16, 2, fill), matrix(77, 16, 3, fill)}, name, isa, 1, 0);
    }
  check({100, 0, 3, matrix(100, 3, 4, holed), {}}, "holed", VICINAL_ISA_BASE, 2, 0);
  check({1, 0, 3, {1, 2, 3}, {}}, "one row", VICINAL_ISA_BASE, 2, 0);
  check({40, 0, 1, matrix(40, 1, 4, gaussian), {}}, "one column", VICINAL_ISA_BASE, 2, 0);
}

TEST_CASE("close pairs: many tiles") {
  constexpr int64_t kLeast = 1 << 20;
  check({300, 0, 9, matrix(300, 9, 5, grid), {}}, "grid", VICINAL_ISA_BASE, 2, kLeast);
  check({20, 290, 9, matrix(20, 9, 6, gaussian), matrix(290, 9, 7, gaussian)}, "gaussian", VICINAL_ISA_BASE, 2, kLeast);
}

TEST_CASE("close pairs: refusals") {
  const EnginePtr engine = make_engine();
  const float rows[] = {1, 2, NAN, 4};
  int64_t total = 0;
  const auto ask = [&](const float* x, double limit, int64_t most) {
    return call::close_pairs(engine.get(), 2, 0, 2, x, nullptr, limit, most, nullptr, nullptr, nullptr, &total,
                             nullptr);
  };
  refused(ask(rows, 1, 0), "rows row 1 is not finite");
  const float fine[] = {1, 2, 3, 4};
  refused(ask(fine, -1, 0), "limit is -1");
  refused(ask(fine, NAN, 0), "limit is");
  refused(ask(fine, 1, -1), "most is -1");
  refused(ask(fine, 1, 3), "first is null");
  ok(ask(fine, 8, 0));
  CHECK(total == 1);
}
