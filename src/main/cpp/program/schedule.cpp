#include "program/schedule.hpp"

#include <algorithm>
#include <map>

#include "program/code.hpp"

namespace vicinal::program {
namespace {

// What kernels of one pass have in common: the grid and, where its axes must be put in another order, which are
// reduced.
using Form = std::vector<std::int64_t>;

constexpr std::int64_t kSmall = 1 << 14;

Form form_of(const Folded& f, int n) {
  const Shape& grid = f.grid(n);
  Form form(grid.size, grid.size + grid.rank);
  bool reduced[kMostRank] = {};
  f.reduced(n, reduced);
  if (in_order(grid, reduced)) return form;
  form.push_back(-1);
  for (int i = 0; i < grid.rank; ++i) form.push_back(reduced[i]);
  return form;
}

}  // namespace

std::vector<std::vector<int>> schedule(const Folded& f, const std::vector<bool>& kept) {
  const auto at = [](int n) { return static_cast<std::size_t>(n); };
  std::vector<int> level(f.shapes.size(),
                         0);  // of steps from 1, as early as they can be; of others, where they can be read
  std::map<std::pair<int, Form>, int> members;
  const auto is_kernel = [&](int n) { return f.fusable(n) || f.reduces(n); };
  int last = 1;
  for (int n = 0; n < f.count(); ++n) {
    if (!f.live(n) || f.folded(n)) continue;
    for (int o = 0; o < f.read_operands(n); ++o) level[at(n)] = std::max(level[at(n)], level[at(f.operand(n, o))]);
    if (!f.is_step(n, kept)) continue;
    last = std::max(last, ++level[at(n)]);
    if (is_kernel(n)) ++members[{level[at(n)], form_of(f, n)}];
  }
  // Readers first: a kernel joins the last pass over its grid that comes before them. A small one that finds none waits
  // as well, so that those in front of it can.
  std::vector<int> latest(f.shapes.size(), last);
  for (int n = f.count(); n-- > 0;) {
    if (!f.live(n) || f.folded(n)) continue;
    const bool step = f.is_step(n, kept);
    if (step && is_kernel(n)) {
      const Form form = form_of(f, n);
      int& now = level[at(n)];
      const auto others = [&](int pass) {
        const auto m = members.find({pass, form});
        return m == members.end() ? 0 : m->second - (pass == now);
      };
      int best = latest[at(n)];
      while (best > now && others(best) == 0) --best;
      if (best == now && others(now) == 0 && f.grid(n).count() <= kSmall) best = latest[at(n)];
      --members[{now, form}];
      ++members[{now = best, form}];
    }
    for (int o = 0; o < f.read_operands(n); ++o) {
      int& before = latest[at(f.operand(n, o))];
      before = std::min(before, step ? level[at(n)] - 1 : latest[at(n)]);
    }
  }
  std::map<std::pair<int, Form>, std::size_t> place;
  std::vector<std::vector<int>> steps;
  for (int n = 0; n < f.count(); ++n) {
    if (!f.is_step(n, kept)) continue;
    if (is_kernel(n)) {
      const auto made = place.emplace(std::pair<int, Form>(level[at(n)], form_of(f, n)), steps.size());
      if (!made.second) {
        steps[made.first->second].push_back(n);
        continue;
      }
    }
    steps.push_back({n});
  }
  std::stable_sort(steps.begin(), steps.end(), [&](const std::vector<int>& a, const std::vector<int>& b) {
    return level[at(a.front())] < level[at(b.front())];
  });
  return steps;
}

}  // namespace vicinal::program
