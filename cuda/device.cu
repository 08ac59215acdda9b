// The CUDA device's table: its engine, and what it adds to the shared entries (algorithm/entries.hpp).
// No exception leaves the library: entries note a failure, which the caller of the table asks for (core/device.h).
#include "core/device.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "algorithm/close_pairs.hpp"
#include "algorithm/entries.hpp"
#include "device.cuh"
#include "distances.cuh"

namespace vicinal::cuda {
namespace {

struct Failure {
  vicinal_status status = VICINAL_OK;
  char sentence[1024] = "";
};
thread_local Failure failure;

void note(vicinal_status status, const char* sentence) {
  failure.status = status;
  std::strncpy(failure.sentence, sentence, sizeof failure.sentence - 1);
}

// The entry with its exceptions kept in.
template <auto Entry>
struct Guarded;
template <class R, class... A, R (*Entry)(A...)>
struct Guarded<Entry> {
  static R call(A... arguments) {
    try {
      return Entry(arguments...);
    } catch (const Error& e) {
      note(e.status(), e.what());
    } catch (const std::bad_alloc&) {
      note(VICINAL_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception& e) {
      note(VICINAL_INTERNAL, e.what());
    } catch (...) {
      note(VICINAL_INTERNAL, "an exception of unknown type");
    }
    return R();
  }
};
template <auto Entry>
constexpr auto guarded = Guarded<Entry>::call;

vicinal_status take_failure(const char** sentence) {
  const vicinal_status status = failure.status;
  *sentence = failure.sentence;
  failure.status = VICINAL_OK;
  return status;
}

int count() {
  int devices = 0;
  check(cudaGetDeviceCount(&devices), "counting devices");
  return devices;
}

Engine& engine(void* device) {
  return *static_cast<Engine*>(device);
}
void* create(int ordinal, const vicinal_engine_options& options) {
  return new Engine(ordinal, options);
}
void destroy(void* device) {
  delete static_cast<Engine*>(device);
}
void begin(void* device) {
  engine(device).begin();
}
void check_ids(void* device, const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids) {
  engine(device).check_ids(name, n, bound, ids);
}

// Above this many operations of a call's products a dozen launches are lost in the noise.
constexpr double kSmallCall = 50e9;

// Whether the call is worth a graph, and queues the same work whenever its key is the same: nothing of it lies on the
// host. Work in several blocks is not recorded, but that is noticed later.
template <class Real>
bool repeatable(const Engine& e, const Problem<Real>& p, const Gradients<Real>& out) {
  const auto product = [](std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); };
  const double head = p.embeddings == nullptr ? 4 * product(p.n, p.d) * static_cast<double>(p.features_width) : 0;
  if (6 * product(p.n, p.d) * product(p.classes, p.spec.centers) + head > kSmallCall) return false;
  const void* const arrays[] = {p.labels,   p.weights,      p.soft_labels, p.proxies,      p.embeddings,
                                p.features, p.weight,       p.bias,        out.per_sample, out.weight,
                                out.bias,   out.embeddings, out.proxies};
  return std::none_of(std::begin(arrays), std::end(arrays),
                      [&](const void* array) { return array != nullptr && e.on_host(array); });
}

// A loss that differs in any parameter of losses.def is another call.
void add_loss(CallKey& key, const LossSpec& s) {
  key.add(s.kind);
#define VICINAL_NUMBER(name, member, standard, least, most) s.member
#define VICINAL_WHOLE(name, member, standard, least, most) s.member
#define VICINAL_CHOICE(name, member, choices) s.member
#define VICINAL_LOSS(ID, name, visit, decomposes, softmax, soft_labels, distances, ...) \
  if (s.kind == LossKind::ID) key.add(__VA_ARGS__);
#include "math/losses.def"
}

// About what a plan's steps compute.
double operations(const program::Plan& plan) {
  double sum = 0;
  for (const program::Kernel& k : plan.kernels) {
    double grid = k.length;
    for (int axis = 0; axis < k.rank; ++axis) grid *= static_cast<double>(k.size[axis]);
    sum += grid;
  }
  for (const program::AxisStep& a : plan.axes)
    sum += static_cast<double>(a.outer) * static_cast<double>(a.n + a.m) * static_cast<double>(a.inner);
  for (const program::MatmulStep& p : plan.matmuls)
    sum += 2 * static_cast<double>(p.count * p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  for (const program::LossStep& l : plan.losses)
    sum += (l.product ? 18 : 6) * static_cast<double>(l.n) * static_cast<double>(l.d) *
           static_cast<double>(l.classes * l.loss.centers);
  for (const program::ImageStep& s : plan.images) sum += s.flops();
  return sum;
}

// No kind of a loss, whose keys begin with that.
constexpr int kProgram = -1;

}  // namespace

template <class Real>
template <class Work>
void Device<Real>::repeat(Engine& e, const Problem<Real>& p, const Gradients<Real>& out, Work&& work) {
  if (repeatable(e, p, out)) {
    CallKey& key = e.graphs.new_key();
    add_loss(key, p.spec);  // the problem's checks, which the call's end queues, follow from it too
    key.add(sizeof(Real), p.n, p.d, p.classes, p.features_width);
    key.add(p.labels, p.weights, p.soft_labels, p.proxies, p.embeddings, p.features, p.weight, p.bias);
    key.add(out.per_sample, out.embeddings, out.proxies, out.weight, out.bias);
    e.graphs.queue(e.stream, key, work, [&] { e.restart(); });
  } else {
    work();
  }
}

// Arrays of the host were copied before, to addresses of the workspace that such a call always gets, and results are
// copied afterwards: neither is in the graph. So its key holds the addresses on the device, and what a caller keeps on
// the host may lie elsewhere each time. Numbers of a plan are constants of its program or follow from its sizes.
template <class Real>
template <class Work>
void Device<Real>::repeat(Engine& e, const program::Plan& plan, const std::vector<void*>& buffers, Work&& work) {
  if (operations(plan) > kSmallCall) return work();
  CallKey& key = e.graphs.new_key();
  key.add(kProgram, plan.number);
  for (void* const buffer : buffers) key.add(buffer);
  const auto mark = e.workspace.mark();
  e.graphs.queue(e.stream, key, work, [&] { e.workspace.rewind(mark); });
}

namespace {

// The gallery comes over once, also where the queries are rows of it.
template <class Rows>
void stage_rows(Engine& e, Rows& r) {
  const std::int64_t place = row_within(r.queries, r.Q, r.gallery, r.G, r.d);
  r.gallery = e.in(r.gallery, r.G * r.d);
  r.queries = place >= 0 ? r.gallery + place * r.d : e.in(r.queries, r.Q * r.d);
}

void rank_entry(void* device, const Ranking& r) {
  Engine& e = engine(device);
  Ranking staged = r;
  stage_rows(e, staged);
  staged.ranks = e.out(r.ranks, r.offsets[r.Q]);
  staged.tied = e.out(r.tied, r.Q);
  rank(e, staged);
  e.finish();
}

void nearest_entry(void* device, const Nearest& n) {
  Engine& e = engine(device);
  Nearest staged = n;
  stage_rows(e, staged);
  staged.ids = e.out(n.ids, n.Q * n.k);
  staged.distances = e.out(n.distances, n.Q * n.k);
  nearest(e, staged);
  e.finish();
}

MemoryTable guarded_memory() {
  MemoryTable t{};
  t.allocate = guarded<memory::allocate>;
  t.release = guarded<memory::release>;
  t.zero = guarded<memory::zero>;
  t.write = guarded<memory::write>;
  t.read = guarded<memory::read>;
  t.usage = guarded<memory::usage>;
  t.set_limit = guarded<memory::set_limit>;
  t.on_host = memory::on_host;  // fails never
  return t;
}

}  // namespace

const DeviceTable& table() {
  static const DeviceTable made = [] {
    DeviceTable t{};
    t.name = "cuda";
    t.count = guarded<count>;
    t.memory = guarded_memory();
    t.create = guarded<create>;
    t.destroy = destroy;
    t.begin = guarded<begin>;
    t.cancel = [](void* device) { engine(device).cancelled.store(true, std::memory_order_relaxed); };
    t.isa = [](const void* device) { return static_cast<const Engine*>(device)->isa; };
    t.threads = [](const void*) { return std::int32_t{1}; };
    t.blas = [](const void* device) { return static_cast<const Engine*>(device)->blas_name; };
    t.failure = take_failure;
    t.check_ids = guarded<check_ids>;
    t.f32 = algorithm::operations_table<Device<float>, Guarded>();
    t.f64 = algorithm::operations_table<Device<double>, Guarded>();
    t.rank = guarded<rank_entry>;
    t.nearest = guarded<nearest_entry>;
    t.close_pairs = guarded<algorithm::close_pairs<Device<float>>>;
    return t;
  }();
  return made;
}

}  // namespace vicinal::cuda

extern "C" __attribute__((visibility("default"))) const vicinal::DeviceTable* vicinal_cuda_table(
    int abi_version, std::uint64_t fingerprint) {
  return abi_version == VICINAL_ABI_VERSION && fingerprint == vicinal::table_fingerprint() ? &vicinal::cuda::table()
                                                                                           : nullptr;
}
