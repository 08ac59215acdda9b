// C ABI: version, engines.
#include <algorithm>
#include <memory>

#include "capi/checks.hpp"
#include "capi/devices.hpp"
#include "vicinal/threads.hpp"

using vicinal::guard;
using vicinal::require;

namespace {

constexpr std::int64_t kSmallestWorkspace = std::int64_t{1} << 20;
constexpr std::int32_t kMostThreads = 4096;

}  // namespace

extern "C" {

int vicinal_abi_version(void) {
  return VICINAL_ABI_VERSION;
}

vicinal_status vicinal_engine_create(const char* device, const vicinal_engine_options* options,
                                     vicinal_engine** engine) {
  return guard([&] {
    vicinal::capi::check_pointer("engine", engine);
    *engine = nullptr;
    vicinal_engine_options o{};
    o.struct_size = sizeof o;
    if (options != nullptr) {
      require(options->struct_size == sizeof o, "options.struct_size is ", options->struct_size,
              "; this library expects ", sizeof o);
      o = *options;
    }
    require(o.threads >= 0 && o.threads <= kMostThreads, "options.threads is ", o.threads, "; it must be in 0..",
            kMostThreads);
    require(o.workspace_bytes == 0 || o.workspace_bytes >= kSmallestWorkspace, "options.workspace_bytes is ",
            o.workspace_bytes, "; it must be 0 or at least ", kSmallestWorkspace);
    require(o.isa >= VICINAL_ISA_AUTO && o.isa <= VICINAL_ISA_AVX512, "options.isa is ", o.isa, "; it must be in 0..3");
    require(o.precision >= VICINAL_PRECISION_F32 && o.precision <= VICINAL_PRECISION_BF16, "options.precision is ",
            o.precision, "; it must be in 0..2");
    const vicinal::capi::DeviceName name = vicinal::capi::find_device(device);
    auto handle = std::make_unique<vicinal_engine>();
    handle->table = name.table;
    handle->ordinal = name.ordinal;
    handle->device = name.table->create(name.ordinal, o);
    *engine = handle.release();
  });
}

int32_t vicinal_threads_usable(int32_t wanted) {
  return vicinal::team(std::min(std::max(wanted, 1), kMostThreads));
}
void vicinal_threads_trim(void) {
  vicinal::trim_teams();
}
int32_t vicinal_threads_kept(void) {
  return vicinal_team_workers();
}

void vicinal_engine_destroy(vicinal_engine* engine) {
  if (engine == nullptr) return;
  engine->table->destroy(engine->device);
  delete engine;
}

const char* vicinal_engine_device(const vicinal_engine* engine) {
  return engine == nullptr ? "" : engine->table->name;
}
const char* vicinal_engine_isa(const vicinal_engine* engine) {
  return engine == nullptr ? "" : engine->table->isa(engine->device);
}
int32_t vicinal_engine_threads(const vicinal_engine* engine) {
  return engine == nullptr ? 0 : engine->table->threads(engine->device);
}
const char* vicinal_engine_blas(const vicinal_engine* engine) {
  return engine == nullptr ? "" : engine->table->blas(engine->device);
}
void vicinal_engine_cancel(vicinal_engine* engine) {
  if (engine != nullptr) engine->table->cancel(engine->device);
}

}  // extern "C"
