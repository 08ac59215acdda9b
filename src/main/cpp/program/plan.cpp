#include "program/plan.hpp"

#include "program/choose.hpp"
#include "program/emit.hpp"
#include "program/place.hpp"
#include "program/schedule.hpp"

namespace vicinal::program {

Plan make_plan(const Program& p, const std::vector<Shape>& inputs, int element) {
  const Folded folded = fold(p, inputs, element);
  Plan plan;
  // Nothing is repeated within a pass; so what is kept follows from the passes, and they from that.
  const std::vector<bool> kept = choose_kept(folded, schedule(folded, choose_kept(folded, {})));
  emit(folded, schedule(folded, kept), plan);
  place(plan);
  return plan;
}

}  // namespace vicinal::program
