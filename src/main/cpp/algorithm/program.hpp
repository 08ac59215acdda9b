// Runs a program's plan (program/plan.hpp): buffers get their places, then step after step.
#ifndef VICINAL_ALGORITHM_PROGRAM_HPP_
#define VICINAL_ALGORITHM_PROGRAM_HPP_

#include <vector>

#include "algorithm/loss.hpp"
#include "core/error.hpp"
#include "program/plan.hpp"

namespace vicinal::algorithm {

template <class Device>
void run_program(typename Device::Engine& e, const program::Plan& plan, void* const* inputs, void* const* outputs) {
  using Real = typename Device::Real;
  using program::Step;
  using program::Where;
  for (const program::IndexCheck& c : plan.checks)
    e.check_ids(c.name.c_str(), c.count, c.bound, static_cast<const std::int64_t*>(inputs[c.input]), c.least);
  char* const arena = e.workspace.template get<char>(plan.arena_bytes);
  std::vector<void*> buffers;
  buffers.reserve(plan.buffers.size());
  for (const program::Buffer& b : plan.buffers) {
    const std::int64_t bytes = b.count * b.element;
    switch (b.where) {
      case Where::input:
        buffers.push_back(const_cast<char*>(e.in(static_cast<const char*>(inputs[b.index]), bytes)));
        break;
      case Where::output:
        buffers.push_back(e.out(static_cast<char*>(outputs[b.index]), bytes));
        break;
      case Where::arena:
        buffers.push_back(arena + b.offset);
        break;
    }
  }
  const auto at = [&](std::int32_t buffer) { return buffer < 0 ? nullptr : buffers[static_cast<std::size_t>(buffer)]; };
  Device::repeat(e, plan, buffers, [&] {
    for (const Step& step : plan.steps) {
      Device::poll(e);
      const auto i = static_cast<std::size_t>(step.at);
      switch (step.kind) {
        case Step::Kind::kernel:
          Device::run_kernel(e, plan.kernels[i], buffers.data());
          break;
        case Step::Kind::axis:
          Device::run_axis(e, plan.axes[i], static_cast<const Real*>(at(step.x)),
                           static_cast<const Real*>(at(step.other)), static_cast<const std::int64_t*>(at(step.index)),
                           at(step.out));
          break;
        case Step::Kind::image:
          Device::run_image(e, plan.images[i], static_cast<const Real*>(at(step.x)),
                            static_cast<const Real*>(at(step.other)), at(step.out));
          break;
        case Step::Kind::copy: {
          const program::Buffer& b = plan.buffers[static_cast<std::size_t>(step.out)];
          e.copy(static_cast<char*>(at(step.out)), static_cast<const char*>(at(step.x)), b.count * b.element);
          break;
        }
        case Step::Kind::loss:
          run_loss<Device>(e, plan.losses[i], at);
          break;
        case Step::Kind::matmul: {
          const program::MatmulStep& p = plan.matmuls[i];
          const Real *const a = static_cast<const Real*>(at(step.x)), *const b =
                                                                          static_cast<const Real*>(at(step.other));
          Real* const c = static_cast<Real*>(at(step.out));
          if (p.k == 0) e.zero(c, p.count * p.m * p.n);
          if (p.m == 0 || p.n == 0 || p.k == 0) break;
          for (std::int64_t q = 0; q < p.count; ++q)
            Device::product(e,
                            {p.transpose_a, p.transpose_b, p.m, p.n, p.k, a + q * p.m * p.k, p.transpose_a ? p.m : p.k,
                             b + q * p.k * p.n, p.transpose_b ? p.k : p.n, c + q * p.m * p.n, p.n, false});
          break;
        }
      }
    }
  });
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_PROGRAM_HPP_
