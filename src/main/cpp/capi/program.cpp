// C ABI: programs.
#include <list>
#include <memory>
#include <mutex>

#include "capi/arguments.hpp"
#include "program/plan.hpp"

// A program and its plans for the sizes that it met last.
struct vicinal_program {
  struct Planned {
    std::int32_t dtype;
    std::vector<vicinal::program::Shape> inputs;
    std::shared_ptr<const vicinal::program::Plan> plan;
  };
  vicinal::program::Program program;
  mutable std::mutex mutex;
  mutable std::list<Planned> planned;  // the last used first
};

namespace vicinal::capi {
namespace {

constexpr std::size_t kMostPlans = 16;

// dtype of a node's array at a run of `dtype`: rank 0 is always a double.
std::int32_t dtype_of_node(const program::Node& n, std::int32_t dtype) {
  return n.integer ? VICINAL_I64 : n.rank == 0 ? VICINAL_F64 : dtype;
}

// The type of the run: that of its first array of reals, or double.
std::int32_t run_dtype(const program::Program& p, const vicinal_array* inputs) {
  for (std::size_t i = 0; i < p.inputs.size(); ++i) {
    const program::Node& n = p.nodes[static_cast<std::size_t>(p.inputs[i])];
    if (n.integer || n.rank == 0) continue;
    check_form(n.name.c_str(), &inputs[i]);
    require(inputs[i].dtype != VICINAL_I64, inputs[i].name, " is of int64; give float32 or float64");
    return inputs[i].dtype;
  }
  return VICINAL_F64;
}

std::shared_ptr<const program::Plan> plan_of(const vicinal_program& handle, int32_t count, const vicinal_array* inputs,
                                             std::int32_t* dtype) {
  const program::Program& p = handle.program;
  require(count == static_cast<int32_t>(p.inputs.size()), "inputs are ", count, "; the program has ", p.inputs.size());
  if (count > 0) check_pointer("inputs", inputs);
  *dtype = run_dtype(p, inputs);
  std::vector<program::Shape> shapes;
  for (std::size_t i = 0; i < p.inputs.size(); ++i) {
    const program::Node& n = p.nodes[static_cast<std::size_t>(p.inputs[i])];
    const vicinal_array& a = inputs[i];
    check_form(n.name.c_str(), &a);
    check_type(&a, dtype_of_node(n, *dtype));
    require(a.ndim == n.rank, a.name, " has shape ", Dims(&a), " where rank ", n.rank, " is expected");
    program::Shape s;
    s.rank = n.rank;
    for (int k = 0; k < n.rank; ++k) s.size[k] = a.shape[k];
    shapes.push_back(s);
  }
  const std::lock_guard<std::mutex> lock(handle.mutex);
  auto& planned = handle.planned;
  for (auto at = planned.begin(); at != planned.end(); ++at)
    if (at->dtype == *dtype && at->inputs == shapes) {
      planned.splice(planned.begin(), planned, at);
      return at->plan;
    }
  auto plan = std::make_shared<const program::Plan>(make_plan(p, shapes, *dtype == VICINAL_F32 ? 4 : 8));
  planned.push_front({*dtype, std::move(shapes), plan});
  if (planned.size() > kMostPlans) planned.pop_back();
  return plan;
}

template <class Real>
void run(vicinal_engine& e, const program::Program& p, const program::Plan& plan, const vicinal_array* inputs,
         const vicinal_array* outputs, std::int32_t dtype) {
  std::vector<void*> in, out;
  Arrays arrays;
  for (std::size_t i = 0; i < p.inputs.size(); ++i)
    in.push_back(arrays.check(inputs[i].name, &inputs[i], inputs[i].dtype, Dims(&inputs[i]), false));
  for (std::size_t o = 0; o < p.outputs.size(); ++o) {
    const program::Node& n = p.nodes[static_cast<std::size_t>(p.outputs[o].second)];
    const program::Shape& s = plan.outputs[o];
    out.push_back(
        arrays.check(p.outputs[o].first.c_str(), &outputs[o], dtype_of_node(n, dtype), Dims(s.size, s.rank), true));
  }
  arrays.check_apart();
  operations<Real>(*e.table).run_program(e.device, plan, in.data(), out.data());
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal::capi;
using vicinal::guard;
using vicinal::require;

extern "C" {

vicinal_status vicinal_program_create(const char* text, vicinal_program** program) {
  return guard([&] {
    check_pointer("program", program);
    *program = nullptr;
    check_pointer("text", text);
    auto handle = std::make_unique<vicinal_program>();
    handle->program = vicinal::program::parse(text, read_loss);
    *program = handle.release();
  });
}

void vicinal_program_destroy(vicinal_program* program) {
  delete program;
}

vicinal_status vicinal_program_shapes(const vicinal_program* program, int32_t input_count, const vicinal_array* inputs,
                                      int32_t output_count, vicinal_array* outputs, int64_t* bytes) {
  return guard([&] {
    check_pointer("program", program);
    std::int32_t dtype;
    const auto plan = plan_of(*program, input_count, inputs, &dtype);
    require(output_count == static_cast<int32_t>(plan->outputs.size()), "outputs are ", output_count,
            "; the program has ", plan->outputs.size());
    check_pointer("outputs", outputs);
    for (std::size_t o = 0; o < plan->outputs.size(); ++o) {
      const auto& output = program->program.outputs[o];
      outputs[o].name = output.first.c_str();
      outputs[o].dtype = dtype_of_node(program->program.nodes[static_cast<std::size_t>(output.second)], dtype);
      outputs[o].ndim = plan->outputs[o].rank;
      for (int k = 0; k < plan->outputs[o].rank; ++k) outputs[o].shape[k] = plan->outputs[o].size[k];
    }
    if (bytes != nullptr) *bytes = plan->arena_bytes;
  });
}

vicinal_status vicinal_program_run(vicinal_engine* engine, const vicinal_program* program, int32_t input_count,
                                   const vicinal_array* inputs, int32_t output_count, const vicinal_array* outputs) {
  return guard([&] {
    vicinal_engine& e = begin_call(engine);
    check_pointer("program", program);
    std::int32_t dtype;
    const auto plan = plan_of(*program, input_count, inputs, &dtype);
    require(output_count == static_cast<int32_t>(plan->outputs.size()), "outputs are ", output_count,
            "; the program has ", plan->outputs.size());
    check_pointer("outputs", outputs);
    if (dtype == VICINAL_F64) {
      run<double>(e, program->program, *plan, inputs, outputs, dtype);
    } else {
      run<float>(e, program->program, *plan, inputs, outputs, dtype);
    }
  });
}

}  // extern "C"
