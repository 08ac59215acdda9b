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

const Program& program_;

}  // namespace

void place(Plan& plan) {
  const std::size_t count = plan.buffers.size();
  std::vector<int> first(count, std::numeric_limits<int>::max()), last(count, -1);
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    const auto use = [&](int b) {
      if (b < 0) return;
      const auto i = static_cast<std::size_t>(b);
      first[i] = std::min(first[i], static_cast<int>(s));
      last[i] = std::max(last[i], static_cast<int>(s));
    };
    const Step& step = plan.steps[s];
    if (step.kind == Step::Kind::kernel) {
      const Kernel& k = plan.kernels[static_cast<std::size_t>(step.at)];
      for (int o = 0; o < k.operands; ++o) use(k.operand[o].buffer);
      use(k.out.buffer);
    } else {
      for (int b : {step.x, step.other, step.index, step.out}) use(b);
    }
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < count; ++i)
    if (plan.buffers[i].where == Where::arena && last[i] >= 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return bytes(plan.buffers[a]) > bytes(plan.buffers[b]); });
  std::vector<std::size_t> placed;
  for (std::size_t i : order) {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    for (std::size_t j : placed)
      if (first[i] <= last[j] && first[j] <= last[i])
        taken.emplace_back(plan.buffers[j].offset, plan.buffers[j].offset + bytes(plan.buffers[j]));
    std::sort(taken.begin(), taken.end());
    std::int64_t at = 0;
    for (const auto& t : taken) {
      if (at + bytes(plan.buffers[i]) <= t.first) break;
      at = std::max(at, t.second);
    }
    plan.buffers[i].offset = at;
    plan.arena_bytes = std::max(plan.arena_bytes, at + bytes(plan.buffers[i]));
    require(plan.arena_bytes < kMostBytes, "the program's temporaries are too large");
    placed.push_back(i);
  }
}

}  // namespace vicinal::program
