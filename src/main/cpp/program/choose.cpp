#include "program/choose.hpp"

#include <algorithm>
#include <set>

namespace vicinal::program {
namespace {

constexpr int kDear = 1000;  // where counting stops
constexpr int kMemory = 16;  // what writing an array and reading it costs

class Chooser {
 public:
  Chooser(const Folded& f, const std::vector<std::vector<int>>& passes) : f_(f), pass_(f.shapes.size(), 0) {
    int number = 0;
    for (const auto& pass : passes) {
      ++number;
      for (const int n : pass) pass_[static_cast<std::size_t>(n)] = number;
    }
  }

  std::vector<bool> choose() {
    const std::size_t n = f_.shapes.size();
    kept_.assign(n, false);
    std::vector<std::int64_t> largest(n, 0);  // of what an unkept node is made of
    std::vector<int> cost(n, 0), depth(n, 0);
    std::vector<bool> deep(n, false);
    for (std::size_t i = 0; i < n; ++i) {
      const int at = static_cast<int>(i);
      if (f_.same[i] != at || !f_.needed[i]) continue;
      if (!f_.fusable(at) || f_.node(at).op == Op::index) {
        largest[i] = f_.is_view(at) && !f_.folded(at) ? largest[static_cast<std::size_t>(f_.operand(at, 0))]
                     : f_.folded(at) || f_.node(at).op == Op::index ? 1
                                                                    : f_.shapes[i].count();
        continue;
      }
      cost[i] = cost_of(f_.node(at).map);
      for (int o = 0; o < f_.operands(at); ++o) {
        const auto j = static_cast<std::size_t>(f_.operand(at, o));
        largest[i] = std::max(largest[i], largest[j]);
        if (o >= f_.read_operands(at)) continue;
        cost[i] = std::min(kDear, cost[i] + cost[j]);
        depth[i] = std::max(depth[i], depth[j] + 1);
      }
      if (depth[i] < kMostCode) continue;
      deep[i] = true;  // no kernel is that long
      depth[i] = 0;
    }
    std::vector<std::set<int>> roots(n);
    std::vector<bool> costly(n, false);
    for (std::size_t i = n; i-- > 0;) {
      const int at = static_cast<int>(i);
      if (f_.same[i] != at || !f_.needed[i] || !f_.fusable(at) || f_.folded(at)) {
        if (f_.needed[i] && f_.same[i] == at) note_uses(at, roots);
        continue;
      }
      const bool grown = f_.shapes[i].count() > 2 * largest[i];
      const bool must = f_.is_output(at) || must_keep_.count(at) > 0 || deep[i] || roots[i].empty();
      costly[i] = !must && !grown && repeats(roots[i], cost[i]);
      kept_[i] = must || costly[i];
      note_uses(at, roots);
    }
    // With what is kept in front of it, it may be cheap after all.
    for (std::size_t i = 0; i < n; ++i) {
      const int at = static_cast<int>(i);
      if (!f_.live(at) || !f_.fusable(at) || f_.folded(at)) continue;
      cost[i] = cost_of(f_.node(at).map);
      for (int o = 0; o < f_.read_operands(at); ++o) {
        const auto j = static_cast<std::size_t>(f_.operand(at, o));
        if (f_.fusable(static_cast<int>(j)) && !kept_[j]) cost[i] = std::min(kDear, cost[i] + cost[j]);
      }
      if (costly[i] && !repeats(roots[i], cost[i])) kept_[i] = false;
    }
    return kept_;
  }

 private:
  // Whether it costs more to repeat in all these passes than to keep.
  static bool repeats(const std::set<int>& passes, int cost) {
    return (static_cast<int>(passes.size()) - 1) * cost > kMemory;
  }
  // Tells the operands of `at` which kernels they are computed in, or that they must be kept.
  void note_uses(int at, std::vector<std::set<int>>& roots) {
    if (f_.folded(at)) return;
    for (int o = 0; o < f_.read_operands(at); ++o) {
      const int j = f_.operand(at, o);
      const bool inside = (f_.fusable(at) && f_.shape(j) == f_.shape(at)) ||
                          (f_.reduces(at) && (o == 0 || f_.shape(j) == f_.shape(f_.operand(at, 0))));
      if (!inside) {
        must_keep_.insert(j);
      } else if (f_.fusable(at) && !kept_[static_cast<std::size_t>(at)]) {
        roots[static_cast<std::size_t>(j)].insert(roots[static_cast<std::size_t>(at)].begin(),
                                                  roots[static_cast<std::size_t>(at)].end());
      } else {
        roots[static_cast<std::size_t>(j)].insert(pass_[static_cast<std::size_t>(at)]);
      }
    }
  }

  const Folded& f_;
  std::vector<int> pass_;
  std::vector<bool> kept_;
  std::set<int> must_keep_;
};

}  // namespace

int cost_of(MapOp op) {
  switch (op) {
    case MapOp::sqrt:
    case MapOp::div:
    case MapOp::reciprocal:
      return 4;
    case MapOp::exp:
    case MapOp::log:
    case MapOp::log1p:
    case MapOp::expm1:
    case MapOp::softplus:
    case MapOp::sigmoid:
    case MapOp::tanh:
    case MapOp::sin:
    case MapOp::cos:
    case MapOp::power:
      return 8;
    case MapOp::uniform:
      return 30;
    case MapOp::normal:
      return 60;
    case MapOp::log_bessel:
    case MapOp::bessel_ratio:
    case MapOp::bessel_slope:
      return 400;
    default:
      return 1;
  }
}

std::vector<bool> choose_kept(const Folded& f, const std::vector<std::vector<int>>& passes) {
  return Chooser(f, passes).choose();
}

}  // namespace vicinal::program
