#include "program/plan.hpp"

#include <atomic>

#include "program/choose.hpp"
#include "program/emit.hpp"
#include "program/place.hpp"
#include "program/schedule.hpp"

namespace vicinal::program {

Plan make_plan(const Program& p, const std::vector<Shape>& inputs, int element) {
  const Folded folded = fold(p, inputs, element);
  static std::atomic<std::uint64_t> made{0};
  Plan plan;
  plan.number = ++made;
  // Nothing is repeated within a pass; so what is kept follows from the passes, and they from that. What is kept for
  // its cost is in a pass only the second time.
  std::vector<bool> kept = choose_kept(folded, {});
  for (int i = 0; i < 2; ++i) kept = choose_kept(folded, schedule(folded, kept));
  emit(folded, schedule(folded, kept), plan);
  place(plan);
  return plan;
}

}  // namespace vicinal::program
