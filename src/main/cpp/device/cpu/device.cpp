// The CPU's device table: its engine, and what it adds to the shared entries (algorithm/entries.hpp).
#include "core/device.h"

#include <cblas.h>
#include <sched.h>

#include <memory>
#include <mutex>

#include "algorithm/close_pairs.hpp"
#include "algorithm/entries.hpp"
#include "device/cpu/blas_buffers.hpp"
#include "device/cpu/device.hpp"
#include "device/cpu/memory.hpp"
#include "device/cpu/rank.hpp"

namespace vicinal::cpu {
namespace {

constexpr std::int64_t kDefaultWorkspace = std::int64_t{256} << 20;

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, omp_get_num_procs());
}

void* create(int, const vicinal_engine_options& o) {
  const int isa = o.isa == VICINAL_ISA_AUTO ? best_isa() : o.isa;
  if (o.precision != VICINAL_PRECISION_F32)
    fail(VICINAL_INVALID_ARGUMENT, "options.precision is ", o.precision, "; device 'cpu' computes in float32 only");
  if (!has_isa(isa))
    fail(VICINAL_UNAVAILABLE, "this processor lacks the instruction set ", isa_name(isa), "; choose auto or base");
  auto engine = std::make_unique<Engine>();
  engine->threads = o.threads == 0 ? available_threads() : o.threads;
  engine->workspace_bytes = o.workspace_bytes == 0 ? kDefaultWorkspace : o.workspace_bytes;
  engine->isa = isa;
  // libgomp is the one pool; a second one would spin against it. Once: the setting is global.
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
  reserve_blas_buffers(engine->threads);
  return engine.release();
}

Engine& engine(void* device) {
  return *static_cast<Engine*>(device);
}
const Engine& engine(const void* device) {
  return *static_cast<const Engine*>(device);
}

template <auto Entry>
struct Plain {
  static constexpr auto call = Entry;
};

template <class Real>
Operations<Real> operations_table() {
  Operations<Real> t = algorithm::operations_table<Device<Real>, Plain>();
  t.symmetric_eigen = [](void* device, std::int64_t n, Real* matrix, Real* values) {
    symmetric_eigen(engine(device), n, matrix, values);
  };
  return t;
}

}  // namespace
}  // namespace vicinal::cpu

namespace vicinal {

const DeviceTable& cpu_table() {
  static const DeviceTable table = [] {
    DeviceTable t{};
    t.name = "cpu";
    t.count = [] { return 1; };
    t.memory = cpu::memory_table();
    t.create = cpu::create;
    t.destroy = [](void* device) {
      cpu::release_blas_buffers(static_cast<cpu::Engine*>(device)->threads);
      delete static_cast<cpu::Engine*>(device);
    };
    t.begin = [](void* device) { cpu::engine(device).begin(); };
    t.cancel = [](void* device) { cpu::engine(device).cancelled.store(true, std::memory_order_relaxed); };
    t.isa = [](const void* device) { return cpu::isa_name(cpu::engine(device).isa); };
    t.threads = [](const void* device) { return static_cast<std::int32_t>(cpu::engine(device).threads); };
    t.blas = [](const void*) -> const char* { return openblas_get_config(); };
    t.failure = nullptr;
    t.check_ids = [](void* device, const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids) {
      cpu::engine(device).check_ids(name, n, bound, ids);
    };
    t.f32 = cpu::operations_table<float>();
    t.f64 = cpu::operations_table<double>();
    t.close_pairs = algorithm::close_pairs<cpu::Device<float>>;
    t.rank = [](void* device, const Ranking& ranking) { cpu::rank(cpu::engine(device), ranking); };
    return t;
  }();
  return table;
}

}  // namespace vicinal
