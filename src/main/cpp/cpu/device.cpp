// The CPU's device table: engine state, and one short function per entry.
#include "core/device.h"

#include <cblas.h>
#include <sched.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

#include "algorithm/diagonal.hpp"
#include "algorithm/evaluate.hpp"
#include "algorithm/factors.hpp"
#include "algorithm/loss_change.hpp"
#include "algorithm/recursion.hpp"
#include "algorithm/scores.hpp"
#include "algorithm/tables.hpp"
#include "algorithm/tangent_product.hpp"
#include "core/refusals.hpp"
#include "cpu/blas_buffers.hpp"
#include "cpu/device.hpp"
#include "cpu/engine.hpp"
#include "cpu/memory.hpp"
#include "cpu/point.hpp"
#include "cpu/rank.hpp"
#include "cpu/vectors.hpp"

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

void begin(void* device) {
  engine(device).cancelled.store(false, std::memory_order_relaxed);
  engine(device).workspace.begin();
}

void check_ids(void*, const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids) {
  for (std::int64_t i = 0; i < n; ++i)
    if (ids[i] < 0 || ids[i] >= bound) refuse_id(name, i, ids[i], bound);
}

template <class Real>
void check_weights(void*, const char* name, std::int64_t n, std::int64_t columns, const Real* values) {
  for (std::int64_t i = 0; i < n; ++i)
    if (!(values[i] >= Real(0) && values[i] <= std::numeric_limits<Real>::max()))
      refuse_weight(name, i, columns, values[i]);
}

const char* blas(const void*) {
  return openblas_get_config();
}

template <class Real>
void loss(void* device, const Problem<Real>& p, const Gradients<Real>& out) {
  Engine& e = engine(device);
  Memory memory(e);
  Point<Real> point = algorithm::make_point<Device<Real>>(memory, p, {false, false, false});
  LossTotals totals{};
  algorithm::evaluate(e, point, out, &totals);
  *out.loss = totals.loss;
  if (out.empty != nullptr) *out.empty = totals.empty;
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
  algorithm::tangent_product(e, point, {VICINAL_HESSIAN, 1, direction, {}, out});
}

template <class Real>
void embed(void* device, const Problem<Real>& p, Real* embeddings) {
  Point<Real> point{};
  point.problem = p;
  point.features = {p.features, p.features_width};
  algorithm::affine_rows(engine(device), point, 0, p.n, p.d, p.weight, p.bias, embeddings);
}

// A point with an owner, for many products. Parameters are copied; features, labels and weights are borrowed.
template <class Real>
struct Curvature {
  std::vector<Buffer<unsigned char>> memory;
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
  return c.release();
}

template <class Real>
void curvature_destroy(void* curvature) {
  delete static_cast<Curvature<Real>*>(curvature);
}

template <class Real>
const Point<Real>& point_of(const void* curvature) {
  return static_cast<const Curvature<Real>*>(curvature)->point;
}

template <class Real>
void curvature_products(void* device, const void* curvature, const CurvatureProducts<Real>& products) {
  if (products.kind == VICINAL_FISHER) {
    algorithm::fisher_product(engine(device), point_of<Real>(curvature), products);
  } else {
    algorithm::tangent_product(engine(device), point_of<Real>(curvature), products);
  }
}

template <class Real>
void curvature_scores(void* device, const void* curvature, std::int64_t m, const Tangents<const Real>& direction,
                      double* scores) {
  algorithm::sample_scores(engine(device), point_of<Real>(curvature), m, direction, scores);
}

template <class Real>
void curvature_sample_gradients(void* device, const void* curvature, Real* units, Real* gradients) {
  const Engine& e = engine(device);
  const Point<Real>& point = point_of<Real>(curvature);
  const std::int64_t size = point.problem.n * point.problem.d;
  const Real n = static_cast<Real>(point.problem.n);
  parallel_ranges(e, size, 2.0 * static_cast<double>(size), [&](Range r) {
    if (units != nullptr)
      std::memcpy(units + r.begin, point.unit + r.begin, static_cast<std::size_t>(r.size()) * sizeof(Real));
    for (std::int64_t j = r.begin; gradients != nullptr && j < r.end; ++j) gradients[j] = n * point.gradient[j];
  });
}

template <class Real>
void curvature_tables(void* device, const void* curvature, const Tangents<const Real>& direction, std::int64_t from,
                      std::int64_t rows, double* by_proxy, double* relabel) {
  algorithm::sample_tables(engine(device), point_of<Real>(curvature), direction, from, rows, by_proxy, relabel);
}

template <class Real>
void curvature_loss_change(void* device, const void* curvature, std::int64_t rank, const Real* left, const Real* right,
                           double* change) {
  Engine& e = engine(device);
  const auto& c = *static_cast<const Curvature<Real>*>(curvature);
  {
    const std::lock_guard<std::mutex> lock(c.mutex);
    if (c.losses == nullptr) {
      auto losses = std::make_unique<Buffer<double>>(c.point.problem.n);
      const Workspace::Mark mark = e.workspace.mark();
      algorithm::sample_losses(e, c.point, losses->get());
      e.workspace.rewind(mark);
      c.losses = std::move(losses);
    }
  }
  algorithm::loss_change(e, c.point, c.losses->get(), rank, left, right, change);
}

// Element-wise work: memory-bound, about this many operations per element for the decision how to cut it.
constexpr double kFlopsPerElement = 8;

template <class Body>
void elements(const Engine& e, std::int64_t n, Body&& body) {
  parallel_ranges(e, n, kFlopsPerElement * static_cast<double>(n), body);
}

template <class Real>
void sgd_step(void* device, std::int64_t n, const SgdStep<Real>& s) {
  const Kernels<Real>& k = kernels<Real>(engine(device).isa);
  elements(engine(device), n, [&](Range r) {
    k.sgd(r.size(), s.lr, s.momentum, s.weight_decay, s.first, s.gradient + r.begin,
          s.velocity == nullptr ? nullptr : s.velocity + r.begin, s.parameter + r.begin);
  });
}

template <class Real>
void adam_step(void* device, std::int64_t n, const AdamStep<Real>& s) {
  const Kernels<Real>& k = kernels<Real>(engine(device).isa);
  const double t = static_cast<double>(s.step);
  const double step_size = s.lr / (1 - std::pow(s.beta1, t));
  const double correction2 = std::sqrt(1 - std::pow(s.beta2, t));
  const double decay = s.decoupled ? 1 - s.lr * s.weight_decay : 1.0;
  const double l2 = s.decoupled ? 0.0 : s.weight_decay;
  elements(engine(device), n, [&](Range r) {
    k.adam(r.size(), step_size, s.beta1, s.beta2, correction2, s.eps, decay, l2, s.gradient + r.begin,
           s.first_moment + r.begin, s.second_moment + r.begin, s.parameter + r.begin);
  });
}

template <class Real>
void clip(void* device, std::int64_t n, double limit, Real* values) {
  const Kernels<Real>& k = kernels<Real>(engine(device).isa);
  elements(engine(device), n, [&](Range r) { k.clip(r.size(), limit, values + r.begin); });
}

template <class Real>
std::int64_t find_nonfinite(void* device, std::int64_t n, const Real* values) {
  const Engine& e = engine(device);
  const Kernels<Real>& k = kernels<Real>(e.isa);
  std::atomic<std::int64_t> first{n};
  elements(e, n, [&](Range r) {
    const std::int64_t at = k.find_nonfinite(r.size(), values + r.begin);
    if (at < 0) return;
    std::int64_t seen = first.load();
    while (r.begin + at < seen && !first.compare_exchange_weak(seen, r.begin + at)) {
    }
  });
  return first.load() == n ? -1 : first.load();
}

template <class Real>
void gather_rows(void* device, std::int64_t, std::int64_t columns, const Real* values, std::int64_t n,
                 const std::int64_t* ids, Real* out) {
  parallel_ranges(engine(device), n, static_cast<double>(n) * static_cast<double>(columns), [&](Range r) {
    for (std::int64_t i = r.begin; i < r.end; ++i)
      std::memcpy(out + i * columns, values + ids[i] * columns, static_cast<std::size_t>(columns) * sizeof(Real));
  });
}

template <class Real>
void normalize_rows(void* device, std::int64_t n, std::int64_t columns, const Real* values, Real* out) {
  cpu::normalize_rows<Real>(engine(device), n, columns, values, out, nullptr, {});
}

template <class Real>
void product(void* device, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a,
             const Real* b, Real* c) {
  gemm<Real>(engine(device), {ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, c, n, false});
}

template <class Real>
Operations<Real> operations_table() {
  Operations<Real> t{};
  t.check_weights = check_weights<Real>;
  t.loss = loss<Real>;
  t.loss_hvp = loss_hvp<Real>;
  t.embed = embed<Real>;
  t.curvature_create = curvature_create<Real>;
  t.curvature_destroy = curvature_destroy<Real>;
  t.curvature_products = curvature_products<Real>;
  t.curvature_scores = curvature_scores<Real>;
  t.curvature_sample_gradients = curvature_sample_gradients<Real>;
  t.curvature_tables = curvature_tables<Real>;
  t.curvature_loss_change = curvature_loss_change<Real>;
  t.sgd_step = sgd_step<Real>;
  t.adam_step = adam_step<Real>;
  t.clip = clip<Real>;
  t.find_nonfinite = find_nonfinite<Real>;
  t.gather_rows = gather_rows<Real>;
  t.normalize_rows = normalize_rows<Real>;
  t.gemm = product<Real>;
  t.symmetric_eigen = [](void* device, std::int64_t n, Real* matrix, Real* values) {
    symmetric_eigen(engine(device), n, matrix, values);
  };
  t.curvature_factors = [](void* device, const void* curvature, Real* feature, Real* output) {
    algorithm::factors(engine(device), point_of<Real>(curvature), feature, output);
  };
  t.curvature_diagonal = [](void* device, const void* curvature, int kind, Real* weight, Real* proxies) {
    algorithm::diagonal(engine(device), point_of<Real>(curvature), kind, weight, proxies);
  };
  t.curvature_self_influence = [](void* device, const void* curvature, const Real* inverse, double* out) {
    algorithm::self_influence(engine(device), point_of<Real>(curvature), inverse, out);
  };
  t.curvature_seed_recursion = [](void* device, const void* curvature, double damping, double scale, std::int64_t m,
                                  std::int64_t R, const Real* left, const Real* right, Real* h) {
    algorithm::seed_recursion(engine(device), point_of<Real>(curvature), damping, scale, m, R, left, right, h);
  };
  t.dots = [](void* device, std::int64_t m, std::int64_t n, const Real* x, const Real* y, double* out) {
    dots(engine(device), m, n, x, y, out);
  };
  t.axpy = [](void* device, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y) {
    axpy(engine(device), m, n, alpha, x, y);
  };
  t.xpby = [](void* device, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
    xpby(engine(device), m, n, x, beta, y);
  };
  t.multiply = [](void* device, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
    multiply(engine(device), m, n, shared, x, out);
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
    t.begin = cpu::begin;
    t.cancel = [](void* device) { cpu::engine(device).cancelled.store(true, std::memory_order_relaxed); };
    t.isa = [](const void* device) { return cpu::isa_name(cpu::engine(device).isa); };
    t.threads = [](const void* device) { return static_cast<std::int32_t>(cpu::engine(device).threads); };
    t.blas = cpu::blas;
    t.failure = nullptr;
    t.check_ids = cpu::check_ids;
    t.f32 = cpu::operations_table<float>();
    t.f64 = cpu::operations_table<double>();
    t.rank = [](void* device, const Ranking& ranking) { cpu::rank(cpu::engine(device), ranking); };
    return t;
  }();
  return table;
}

}  // namespace vicinal
