#include "program/place.hpp"

#include <algorithm>
#include <limits>

#include "core/error.hpp"

namespace vicinal::program {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 56;  // of temporaries; a sum with one more array fits 64 bits

std::int64_t bytes(const Buffer& b) {
  return (b.count * b.element + 255) / 256 * 256;
}

class Places {
 public:
  explicit Places(Plan& plan) : plan_(plan), lives_(plan.buffers.size()), same_(plan.buffers.size()) {
    for (std::size_t i = 0; i < same_.size(); ++i) same_[i] = static_cast<int>(i);
  }

  void find_lives() {
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const auto use = [&](int b) {
        if (b < 0) return;
        Life& life = lives_[static_cast<std::size_t>(b)];
        life.first = std::min(life.first, static_cast<int>(s));
        life.last = std::max(life.last, static_cast<int>(s));
      };
      const Step& step = plan_.steps[s];
      if (step.kind == Step::Kind::kernel) {
        const Kernel& k = kernel(step);
        for (int o = 0; o < k.operands; ++o) use(k.operand[o].buffer);
        for (int r = 0; r < k.results; ++r) use(k.result[r].out.buffer);
      } else if (step.kind == Step::Kind::loss) {
        const LossStep& l = plan_.losses[static_cast<std::size_t>(step.at)];
        for (const int b : {l.embeddings, l.labels, l.proxies, l.direction_embeddings, l.direction_proxies, l.value,
                            l.of_embeddings, l.of_proxies})
          use(b);
      } else {
        for (const int b : {step.x, step.other, step.index, step.out}) use(b);
      }
    }
  }

  // A kernel's result takes the place of an operand that nobody reads afterwards, if both are walked alike.
  void put_over_operands() {
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const Step& step = plan_.steps[s];
      if (step.kind == Step::Kind::axis && plan_.axes[static_cast<std::size_t>(step.at)].op == AxisOp::mirror &&
          in_arena(step.out) && in_arena(same(step.x)) && ends(same(step.x), s))
        put_over(step.out, same(step.x));
      if (step.kind != Step::Kind::kernel) continue;
      const Kernel& k = kernel(step);
      for (int r = 0; r < k.results; ++r) {
        const Operand& out = k.result[r].out;
        if (k.result[r].reduction != Reduction::none || !in_arena(out.buffer) || same(out.buffer) != out.buffer)
          continue;
        for (int o = 0; o < k.operands; ++o) {
          const int x = same(k.operand[o].buffer);
          if (x < 0 || !in_arena(x) || !ends(x, s) || !replaces(k, out, x)) continue;
          put_over(out.buffer, x);
          break;
        }
      }
    }
  }

  // First fit, the largest first.
  void place() {
    std::vector<std::size_t> order, placed;
    for (std::size_t i = 0; i < lives_.size(); ++i)
      if (in_arena(static_cast<int>(i)) && lives_[i].last >= 0 && same_[i] == static_cast<int>(i)) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return bytes(plan_.buffers[a]) > bytes(plan_.buffers[b]); });
    for (const std::size_t i : order) {
      std::vector<std::pair<std::int64_t, std::int64_t>> taken;
      for (const std::size_t j : placed)
        if (lives_[i].first <= lives_[j].last && lives_[j].first <= lives_[i].last)
          taken.emplace_back(plan_.buffers[j].offset, plan_.buffers[j].offset + bytes(plan_.buffers[j]));
      std::sort(taken.begin(), taken.end());
      std::int64_t at = 0;
      for (const auto& t : taken) {
        if (at + bytes(plan_.buffers[i]) <= t.first) break;
        at = std::max(at, t.second);
      }
      plan_.buffers[i].offset = at;
      plan_.arena_bytes = std::max(plan_.arena_bytes, at + bytes(plan_.buffers[i]));
      require(plan_.arena_bytes < kMostBytes, "the program's temporaries are too large");
      placed.push_back(i);
    }
    for (std::size_t i = 0; i < same_.size(); ++i)
      plan_.buffers[i].offset = plan_.buffers[static_cast<std::size_t>(same(static_cast<int>(i)))].offset;
  }

 private:
  struct Life {
    int first = std::numeric_limits<int>::max(), last = -1;
  };
  bool ends(int b, std::size_t step) const {
    return lives_[static_cast<std::size_t>(b)].last == static_cast<int>(step);
  }
  void put_over(int out, int x) {
    same_[static_cast<std::size_t>(out)] = x;
    lives_[static_cast<std::size_t>(x)].last = lives_[static_cast<std::size_t>(out)].last;
  }
  const Kernel& kernel(const Step& step) const { return plan_.kernels[static_cast<std::size_t>(step.at)]; }
  bool in_arena(int b) const { return plan_.buffers[static_cast<std::size_t>(b)].where == Where::arena; }
  int same(int b) const { return b < 0 ? b : same_[static_cast<std::size_t>(b)]; }

  // Whether a kernel's result may lie where array x does: every element is read at its own position only.
  bool replaces(const Kernel& k, const Operand& out, int x) const {
    const Buffer &from = plan_.buffers[static_cast<std::size_t>(x)],
                 &to = plan_.buffers[static_cast<std::size_t>(out.buffer)];
    if (from.count != to.count || from.element != to.element) return false;
    for (int o = 0; o < k.operands; ++o) {
      const Operand& q = k.operand[o];
      if (same(q.buffer) != x) continue;
      if (q.offset != out.offset || !std::equal(q.stride, q.stride + k.rank, out.stride)) return false;
    }
    for (int r = 0; r < k.results; ++r)
      if (k.result[r].out.buffer != out.buffer && same(k.result[r].out.buffer) == x) return false;
    return true;
  }

  Plan& plan_;
  std::vector<Life> lives_;
  std::vector<int> same_;  // the buffer whose place each has
};

}  // namespace

void place(Plan& plan) {
  Places places(plan);
  places.find_lives();
  places.put_over_operands();
  places.place();
}

}  // namespace vicinal::program
