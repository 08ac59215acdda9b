// The CUDA device's table: one short function per entry, which brings host arguments to the device and results back.
// No exception leaves the library: entries note a failure, which the caller of the table asks for (core/device.h).
#include "core/device.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <mutex>

#include "algorithm/diagonal.hpp"
#include "algorithm/evaluate.hpp"
#include "algorithm/factors.hpp"
#include "algorithm/loss_change.hpp"
#include "algorithm/recursion.hpp"
#include "algorithm/scores.hpp"
#include "algorithm/tables.hpp"
#include "algorithm/tangent_product.hpp"
#include "distances.cuh"
#include "operations.cuh"

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
template <class Real>
void check_weights(void* device, const char* name, std::int64_t n, std::int64_t columns, const Real* values) {
  engine(device).check_weights(name, n, columns, values);
}

template <class Real>
Tangents<const Real> tangents_in(Engine& e, const Tangents<const Real>& t, std::int64_t embeddings,
                                 std::int64_t proxies, std::int64_t weight, std::int64_t bias) {
  return {e.in(t.embeddings, embeddings), e.in(t.proxies, proxies), e.in(t.weight, weight), e.in(t.bias, bias)};
}
template <class Real>
Tangents<Real> tangents_out(Engine& e, const Tangents<Real>& t, std::int64_t embeddings, std::int64_t proxies,
                            std::int64_t weight, std::int64_t bias) {
  return {e.out(t.embeddings, embeddings), e.out(t.proxies, proxies), e.out(t.weight, weight), e.out(t.bias, bias)};
}

template <class Real>
void queue_loss(Engine& e, const Problem<Real>& p, const Gradients<Real>& out) {
  Memory memory(e);
  Point<Real> point = algorithm::make_point<Device<Real>>(memory, p, {false, false, false});
  Gradients<Real> staged{};
  staged.per_sample = e.out(out.per_sample, p.n);
  staged.embeddings = e.out(out.embeddings, p.n * p.d);
  staged.proxies = e.out(out.proxies, point.columns * p.d);
  staged.weight = e.out(out.weight, p.d * p.features_width);
  staged.bias = e.out(out.bias, p.d);
  algorithm::evaluate(e, point, staged, &e.results()->totals);
  e.queue_end();
  // The copy of the host's features ends here; kernels may still read it.
  if (p.features != nullptr && e.on_host(p.features)) check(cudaStreamSynchronize(e.stream), "waiting for the device");
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

template <class Real>
void loss(void* device, const Problem<Real>& p, const Gradients<Real>& out) {
  Engine& e = engine(device);
  const auto work = [&] { queue_loss(e, p, out); };
  if (repeatable(e, p, out)) {
    const LossSpec& s = p.spec;  // the problem's checks, which the call's end queues, follow from it too
    CallKey& key = e.graphs.new_key();
    key.add(sizeof(Real), s.kind, s.centers, s.scale, s.margin, s.gamma, s.tau);
    key.add(s.exclude_positive, s.per_sample, s.repeat_labels, s.euclidean, s.detach_proxies);
    key.add(p.n, p.d, p.classes, p.features_width);
    key.add(p.labels, p.weights, p.soft_labels, p.proxies, p.embeddings, p.features, p.weight, p.bias);
    key.add(out.per_sample, out.embeddings, out.proxies, out.weight, out.bias);
    e.graphs.queue(e.stream, key, work, [&] { e.restart(); });
  } else {
    work();
  }
  e.wait();
  *out.loss = e.results()->totals.loss;
  if (out.empty != nullptr) *out.empty = e.results()->totals.empty;
}

// Cosines are kept when they take at most this share of the workspace; the blocks of a product need the rest.
template <class Real>
bool cosines_fit(const Engine& e, const Problem<Real>& p) {
  const double bytes = static_cast<double>(p.n) * static_cast<double>(p.classes * p.spec.centers + 16) * sizeof(Real);
  return bytes <= 0.5 * static_cast<double>(e.workspace_bytes);
}

template <class Real>
void loss_hvp(void* device, const Problem<Real>& p, const Tangents<const Real>& direction, const Tangents<Real>& out) {
  Engine& e = engine(device);
  Memory memory(e);
  Point<Real> point = algorithm::make_point<Device<Real>>(memory, p, {true, cosines_fit(e, p), out.proxies != nullptr});
  const Workspace::Mark mark = e.workspace.mark();
  algorithm::evaluate(e, point, Gradients<Real>{}, nullptr);
  e.workspace.rewind(mark);
  const std::int64_t rows = p.n * p.d, proxies = point.columns * p.d;
  algorithm::tangent_product(e, point,
                             {VICINAL_HESSIAN,
                              1,
                              tangents_in<Real>(e, direction, rows, proxies, 0, 0),
                              {},
                              tangents_out<Real>(e, out, rows, proxies, 0, 0)});
  e.finish();
}

template <class Real>
void embed(void* device, const Problem<Real>& p, Real* embeddings) {
  Engine& e = engine(device);
  Point<Real> point{};
  point.problem = p;
  point.features = Features<Real>(e, p.features, p.n, p.features_width, e.workspace_bytes);
  const Real* weight = e.in(p.weight, p.d * p.features_width);
  const Real* bias = e.in(p.bias, p.d);
  Real* out = e.out(embeddings, p.n * p.d);
  const std::int64_t rows = algorithm::block_rows(e, point, p.n, 1);
  for (std::int64_t at = 0; at < p.n; at += rows) {
    algorithm::affine_rows(e, point, at, std::min(rows, p.n - at), p.d, weight, bias, out + at * p.d);
    e.poll();
  }
  e.finish();
}

// A point with an owner, for many products. Parameters are copied; device arrays are borrowed, host arrays copied, or
// borrowed when they are features that do not fit.
template <class Real>
struct Curvature {
  std::vector<Buffer<char>> memory;
  Point<Real> point;
  // The samples' losses, made by the first call that needs them.
  mutable std::mutex mutex;
  mutable std::unique_ptr<Buffer<double>> losses;
};

template <class Real>
void* curvature_create(void* device, const Problem<Real>& p) {
  Engine& e = engine(device);
  auto c = std::make_unique<Curvature<Real>>();
  Memory memory(e, c->memory);
  // Unit proxies and the rows at the point hold all that products need of weight, bias and proxies.
  c->point = algorithm::make_point<Device<Real>>(memory, p, {true, cosines_fit(e, p), true});
  algorithm::evaluate(e, c->point, Gradients<Real>{}, nullptr);
  Problem<Real>& kept = c->point.problem;
  kept.weight = nullptr;
  kept.bias = nullptr;
  kept.proxies = nullptr;
  e.finish();
  return c.release();
}

template <class Real>
void curvature_destroy(void* curvature) {
  delete static_cast<Curvature<Real>*>(curvature);
}

template <class Real>
const Curvature<Real>& kept(const void* curvature) {
  return *static_cast<const Curvature<Real>*>(curvature);
}
// Directions and products over (weight, proxies) of a kept point, m of each.
template <class Real>
Tangents<const Real> directions_in(Engine& e, const Point<Real>& point, std::int64_t m, const Tangents<const Real>& t) {
  const Problem<Real>& p = point.problem;
  return tangents_in<Real>(e, t, 0, m * point.columns * p.d, m * p.d * p.features_width, m * p.d);
}

template <class Real>
void curvature_products(void* device, const void* curvature, const CurvatureProducts<Real>& products) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  const Problem<Real>& p = point.problem;
  CurvatureProducts<Real> staged = products;
  staged.direction = directions_in<Real>(e, point, products.m, products.direction);
  staged.out = tangents_out<Real>(e, products.out, 0, products.m * point.columns * p.d,
                                  products.m * p.d * p.features_width, products.m * p.d);
  if (products.kind == VICINAL_FISHER) {
    algorithm::fisher_product(e, point, staged);
  } else {
    algorithm::tangent_product(e, point, staged);
  }
  e.finish();
}

template <class Real>
void curvature_scores(void* device, const void* curvature, std::int64_t m, const Tangents<const Real>& direction,
                      double* scores) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  algorithm::sample_scores(e, point, m, directions_in<Real>(e, point, m, direction),
                           e.out(scores, m * point.problem.n));
  e.finish();
}

template <class Real>
__global__ void scaled_copy(std::int64_t n, Real factor, const Real* from, Real* to) {
  each_index(n, [&](std::int64_t i) { to[i] = factor * from[i]; });
}
template <class Real>
void curvature_sample_gradients(void* device, const void* curvature, Real* units, Real* gradients) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  const std::int64_t size = point.problem.n * point.problem.d;
  const auto put = [&](Real factor, const Real* from, Real* to) {
    if (to != nullptr) over(e, size, scaled_copy<Real>, size, factor, from, e.out(to, size));
  };
  put(Real(1), point.unit, units);
  put(static_cast<Real>(point.problem.n), point.gradient, gradients);
  e.finish();
}

template <class Real>
void curvature_tables(void* device, const void* curvature, const Tangents<const Real>& direction, std::int64_t from,
                      std::int64_t rows, double* by_proxy, double* relabel) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  const std::int64_t size = rows * point.problem.classes;
  algorithm::sample_tables(e, point, directions_in<Real>(e, point, 1, direction), from, rows, e.out(by_proxy, size),
                           e.out(relabel, size));
  e.finish();
}

template <class Real>
void curvature_loss_change(void* device, const void* curvature, std::int64_t rank, const Real* left, const Real* right,
                           double* change) {
  Engine& e = engine(device);
  const Curvature<Real>& c = kept<Real>(curvature);
  const Problem<Real>& p = c.point.problem;
  {
    const std::lock_guard<std::mutex> lock(c.mutex);
    if (c.losses == nullptr) {
      auto losses = std::make_unique<Buffer<double>>(e.ordinal, p.n);
      const Workspace::Mark mark = e.workspace.mark();
      algorithm::sample_losses(e, c.point, losses->get());
      e.workspace.rewind(mark);
      check(cudaStreamSynchronize(e.stream), "waiting for the device");
      c.losses = std::move(losses);
    }
  }
  algorithm::loss_change(e, c.point, c.losses->get(), rank, e.in(left, rank * p.d),
                         e.in(right, rank * p.features_width), e.out(change, p.n));
  e.finish();
}

template <class Real>
void sgd_step_entry(void* device, std::int64_t n, const SgdStep<Real>& s) {
  Engine& e = engine(device);
  SgdStep<Real> staged = s;
  staged.gradient = e.in(s.gradient, n);
  staged.velocity = e.in_out(s.velocity, n);
  staged.parameter = e.in_out(s.parameter, n);
  sgd_step(e, n, staged);
  e.finish();
}

template <class Real>
void adam_step_entry(void* device, std::int64_t n, const AdamStep<Real>& s) {
  Engine& e = engine(device);
  AdamStep<Real> staged = s;
  staged.gradient = e.in(s.gradient, n);
  staged.first_moment = e.in_out(s.first_moment, n);
  staged.second_moment = e.in_out(s.second_moment, n);
  staged.parameter = e.in_out(s.parameter, n);
  adam_step(e, n, staged);
  e.finish();
}

template <class Real>
void clip_entry(void* device, std::int64_t n, double limit, Real* values) {
  Engine& e = engine(device);
  clip(e, n, limit, e.in_out(values, n));
  e.finish();
}

template <class Real>
std::int64_t find_nonfinite_entry(void* device, std::int64_t n, const Real* values) {
  Engine& e = engine(device);
  return find_nonfinite(e, n, e.in(values, n));
}

template <class Real>
void gather_rows_entry(void* device, std::int64_t available, std::int64_t columns, const Real* values, std::int64_t n,
                       const std::int64_t* ids, Real* out) {
  Engine& e = engine(device);
  gather_rows(e, available, columns, e.in(values, available * columns), n, e.in(ids, n), e.out(out, n * columns));
  e.finish();
}

template <class Real>
void normalize_rows_entry(void* device, std::int64_t n, std::int64_t columns, const Real* values, Real* out) {
  Engine& e = engine(device);
  normalize_rows<Real>(e, n, columns, e.in(values, n * columns), e.out(out, n * columns), nullptr);
  e.finish();
}

template <class Real>
void gemm_entry(void* device, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a,
                const Real* b, Real* c) {
  Engine& e = engine(device);
  gemm<Real>(e, {ta, tb, m, n, k, e.in(a, m * k), ta ? m : k, e.in(b, n * k), tb ? k : n, e.out(c, m * n), n, false});
  e.finish();
}

template <class Real>
void curvature_factors(void* device, const void* curvature, Real* feature, Real* output) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  const std::int64_t d = point.problem.d, D = point.problem.features_width;
  algorithm::factors(e, point, e.out(feature, D * D), e.out(output, d * d));
  e.finish();
}

template <class Real>
void curvature_diagonal(void* device, const void* curvature, int kind, Real* weight, Real* proxies) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  const std::int64_t d = point.problem.d;
  algorithm::diagonal(e, point, kind, e.out(weight, d * point.problem.features_width),
                      e.out(proxies, point.columns * d));
  e.finish();
}

template <class Real>
void curvature_self_influence(void* device, const void* curvature, const Real* inverse, double* out) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  algorithm::self_influence(e, point, e.in(inverse, point.problem.d * point.problem.features_width),
                            e.out(out, point.problem.n));
  e.finish();
}

template <class Real>
void curvature_seed_recursion(void* device, const void* curvature, double damping, double scale, std::int64_t m,
                              std::int64_t R, const Real* left, const Real* right, Real* h) {
  Engine& e = engine(device);
  const Point<Real>& point = kept<Real>(curvature).point;
  const std::int64_t rows = m * point.problem.d, D = point.problem.features_width;
  algorithm::seed_recursion(e, point, damping, scale, m, R, e.in(left, rows * R), e.in(right, R * D),
                            e.out(h, rows * D));
  e.finish();
}

template <class Real>
void dots_entry(void* device, std::int64_t m, std::int64_t n, const Real* x, const Real* y, double* out) {
  Engine& e = engine(device);
  const Real* on_device = e.in(x, m * n);
  dots(e, m, n, on_device, x == y ? on_device : e.in(y, m * n), out);
}

template <class Real>
void axpy_entry(void* device, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y) {
  Engine& e = engine(device);
  axpy(e, m, n, alpha, e.in(x, m * n), e.in_out(y, m * n));
  e.finish();
}

template <class Real>
void xpby_entry(void* device, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
  Engine& e = engine(device);
  xpby(e, m, n, e.in(x, m * n), beta, e.in_out(y, m * n));
  e.finish();
}

template <class Real>
void multiply_entry(void* device, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
  Engine& e = engine(device);
  multiply(e, m, n, e.in(shared, n), e.in(x, m * n), e.out(out, m * n));
  e.finish();
}

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

template <class Real>
Operations<Real> operations_table() {
  Operations<Real> t{};
  t.check_weights = guarded<check_weights<Real>>;
  t.loss = guarded<loss<Real>>;
  t.loss_hvp = guarded<loss_hvp<Real>>;
  t.embed = guarded<embed<Real>>;
  t.curvature_create = guarded<curvature_create<Real>>;
  t.curvature_destroy = curvature_destroy<Real>;
  t.curvature_products = guarded<curvature_products<Real>>;
  t.curvature_scores = guarded<curvature_scores<Real>>;
  t.curvature_sample_gradients = guarded<curvature_sample_gradients<Real>>;
  t.curvature_tables = guarded<curvature_tables<Real>>;
  t.curvature_loss_change = guarded<curvature_loss_change<Real>>;
  t.sgd_step = guarded<sgd_step_entry<Real>>;
  t.adam_step = guarded<adam_step_entry<Real>>;
  t.clip = guarded<clip_entry<Real>>;
  t.find_nonfinite = guarded<find_nonfinite_entry<Real>>;
  t.gather_rows = guarded<gather_rows_entry<Real>>;
  t.normalize_rows = guarded<normalize_rows_entry<Real>>;
  t.gemm = guarded<gemm_entry<Real>>;
  t.symmetric_eigen = nullptr;  // LAPACK's, on the processor (capi/vectors.cpp)
  t.curvature_factors = guarded<curvature_factors<Real>>;
  t.curvature_diagonal = guarded<curvature_diagonal<Real>>;
  t.curvature_self_influence = guarded<curvature_self_influence<Real>>;
  t.curvature_seed_recursion = guarded<curvature_seed_recursion<Real>>;
  t.dots = guarded<dots_entry<Real>>;
  t.axpy = guarded<axpy_entry<Real>>;
  t.xpby = guarded<xpby_entry<Real>>;
  t.multiply = guarded<multiply_entry<Real>>;
  return t;
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
    t.f32 = operations_table<float>();
    t.f64 = operations_table<double>();
    t.rank = guarded<rank_entry>;
    t.nearest = guarded<nearest_entry>;
    return t;
  }();
  return made;
}

}  // namespace vicinal::cuda

extern "C" __attribute__((visibility("default"))) const vicinal::DeviceTable* vicinal_cuda_table(int abi_version) {
  return abi_version == VICINAL_ABI_VERSION ? &vicinal::cuda::table() : nullptr;
}
