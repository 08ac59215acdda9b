#include "program/plan.hpp"

#include "program/choose.hpp"
#include "program/emit.hpp"
#include "program/place.hpp"

namespace vicinal::program {

Plan make_plan(const Program& p, const std::vector<Shape>& inputs, int element) {
  const Folded folded = fold(p, inputs, element);
  Plan plan;
  emit(folded, choose_kept(folded), plan);
  place(plan);
  return plan;
}

}  // namespace vicinal::program
