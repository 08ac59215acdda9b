// The device table's entries (core/device.h), each once: arguments come to the device, an algorithm or an operation
// runs, results go back. A device whose memory is the host's brings and returns nothing (device/cpu/engine.hpp).
#ifndef VICINAL_ALGORITHM_ENTRIES_HPP_
#define VICINAL_ALGORITHM_ENTRIES_HPP_

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "algorithm/diagonal.hpp"
#include "algorithm/evaluate.hpp"
#include "algorithm/factors.hpp"
#include "algorithm/loss.hpp"
#include "algorithm/loss_change.hpp"
#include "algorithm/optimizer.hpp"
#include "algorithm/program.hpp"
#include "algorithm/recursion.hpp"
#include "algorithm/scores.hpp"
#include "algorithm/tables.hpp"
#include "algorithm/tangent_product.hpp"
#include "core/device.h"

namespace vicinal::algorithm {

template <class Engine>
Engine& engine_of(void* device) {
  return *static_cast<Engine*>(device);
}

template <class Device>
struct Entries {
  using Engine = typename Device::Engine;
  using Memory = typename Device::Memory;
  using Real = typename Device::Real;

  // A point with an owner, for many products. Parameters are copied; the device's arrays are borrowed, others copied,
  // or borrowed when they are features that do not fit.
  struct Curvature {
    typename Memory::Owner memory;
    Point<Device> point;
    // The samples' losses, made by the first call that needs them.
    mutable std::mutex mutex;
    mutable typename Memory::Owner losses_memory;
    mutable const double* losses = nullptr;
  };

  // Of a call on a curvature: m directions and what is read off the point.
  struct Call {
    Engine& e;
    const Curvature& curvature;
    const Point<Device>& point;
    std::int64_t n, d, D, proxies;  // proxies: elements of them

    Call(void* device, const void* kept)
        : e(engine_of<Engine>(device)),
          curvature(*static_cast<const Curvature*>(kept)),
          point(curvature.point),
          n(point.problem.n),
          d(point.problem.d),
          D(point.problem.features_width),
          proxies(point.columns * d) {}
    Tangents<const Real> in(std::int64_t m, const Tangents<const Real>& t) const {
      return {nullptr, e.in(t.proxies, m * proxies), e.in(t.weight, m * d * D), e.in(t.bias, m * d)};
    }
    Tangents<Real> out(std::int64_t m, const Tangents<Real>& t) const {
      return {nullptr, e.out(t.proxies, m * proxies), e.out(t.weight, m * d * D), e.out(t.bias, m * d)};
    }
  };

  static void check_weights(void* device, const char* name, std::int64_t n, std::int64_t columns, const Real* values) {
    engine_of<Engine>(device).check_weights(name, n, columns, values);
  }

  static void loss(void* device, const Problem<Real>& p, const Gradients<Real>& out) {
    Engine& e = engine_of<Engine>(device);
    Memory memory(e);
    Point<Device> point{};
    Device::repeat(e, p, out, [&] {
      point = make_point<Device>(memory, p, {false, false, false});
      Gradients<Real> staged{};
      staged.per_sample = e.out(out.per_sample, p.n);
      staged.embeddings = e.out(out.embeddings, p.n * p.d);
      staged.proxies = e.out(out.proxies, point.columns * p.d);
      staged.weight = e.out(out.weight, p.d * p.features_width);
      staged.bias = e.out(out.bias, p.d);
      evaluate(e, point, staged, e.totals());
      e.queue_end();
    });
    e.wait();
    *out.loss = e.totals()->loss;
    if (out.empty != nullptr) *out.empty = e.totals()->empty;
  }

  static void loss_hvp(void* device, const Problem<Real>& p, const Tangents<const Real>& direction,
                       const Tangents<Real>& out) {
    Engine& e = engine_of<Engine>(device);
    const std::int64_t rows = p.n * p.d, proxies = p.classes * p.spec.centers * p.d;
    const Tangents<const Real> along{e.in(direction.embeddings, rows), e.in(direction.proxies, proxies), nullptr,
                                     nullptr};
    const Tangents<Real> staged{e.out(out.embeddings, rows), e.out(out.proxies, proxies), nullptr, nullptr};
    algorithm::loss_product<Device>(e, p, along, staged);
    e.finish();
  }

  static void embed(void* device, const Problem<Real>& p, Real* embeddings) {
    Engine& e = engine_of<Engine>(device);
    Point<Device> point{};
    point.problem = p;
    point.features = Device::features(e, p, false);
    const Real* weight = e.in(p.weight, p.d * p.features_width);
    const Real* bias = e.in(p.bias, p.d);
    Real* out = e.out(embeddings, p.n * p.d);
    each_block(e, 0, p.n, block_rows(e, point, p.n, 1), [&](std::int64_t at, std::int64_t rows) {
      affine_rows(e, point, at, rows, p.d, weight, bias, out + at * p.d);
    });
    e.finish();
  }

  static void* curvature_create(void* device, const Problem<Real>& p) {
    Engine& e = engine_of<Engine>(device);
    auto c = std::make_unique<Curvature>();
    Memory memory(e, c->memory);
    // Unit proxies and the rows at the point hold all that products need of weight, bias and proxies.
    c->point = make_point<Device>(memory, p, {true, cosines_fit(e, p), true});
    evaluate(e, c->point, Gradients<Real>{}, nullptr);
    Problem<Real>& kept = c->point.problem;
    kept.weight = nullptr;
    kept.bias = nullptr;
    kept.proxies = nullptr;
    e.finish();
    return c.release();
  }
  static void curvature_destroy(void* curvature) { delete static_cast<Curvature*>(curvature); }

  static void curvature_products(void* device, const void* curvature, const CurvatureProducts<Real>& products) {
    const Call c(device, curvature);
    CurvatureProducts<Real> staged = products;
    staged.direction = c.in(products.m, products.direction);
    staged.out = c.out(products.m, products.out);
    if (terms_of(products.kind).gradients) {
      fisher_product(c.e, c.point, staged);
    } else {
      tangent_product(c.e, c.point, staged);
    }
    c.e.finish();
  }

  static void curvature_scores(void* device, const void* curvature, std::int64_t m,
                               const Tangents<const Real>& direction, double* scores) {
    const Call c(device, curvature);
    sample_scores(c.e, c.point, m, c.in(m, direction), c.e.out(scores, m * c.n));
    c.e.finish();
  }

  static void curvature_sample_gradients(void* device, const void* curvature, Real* units, Real* gradients) {
    const Call c(device, curvature);
    if (units != nullptr) c.e.copy(c.e.out(units, c.n * c.d), c.point.unit, c.n * c.d);
    if (gradients != nullptr) {
      const Real* factors = c.e.in(std::vector<Real>(static_cast<std::size_t>(c.n), static_cast<Real>(c.n)));
      Device::scale_rows(c.e, c.n, 1, c.d, factors, c.point.gradient, c.e.out(gradients, c.n * c.d));
    }
    c.e.finish();
  }

  static void curvature_tables(void* device, const void* curvature, const Tangents<const Real>& direction,
                               std::int64_t from, std::int64_t rows, double* by_proxy, double* relabel) {
    const Call c(device, curvature);
    const std::int64_t size = rows * c.point.problem.classes;
    sample_tables(c.e, c.point, c.in(1, direction), from, rows, c.e.out(by_proxy, size), c.e.out(relabel, size));
    c.e.finish();
  }

  static void curvature_loss_change(void* device, const void* curvature, std::int64_t rank, const Real* left,
                                    const Real* right, double* change) {
    const Call c(device, curvature);
    {
      const std::lock_guard<std::mutex> lock(c.curvature.mutex);
      if (c.curvature.losses == nullptr) {
        typename Memory::Owner owner;
        Memory memory(c.e, owner);
        double* losses = memory.template get<double>(c.n);
        const auto mark = c.e.workspace.mark();
        sample_losses(c.e, c.point, losses);
        c.e.workspace.rewind(mark);
        c.e.settle();
        c.curvature.losses_memory = std::move(owner);
        c.curvature.losses = losses;
      }
    }
    algorithm::loss_change(c.e, c.point, c.curvature.losses, rank, c.e.in(left, rank * c.d), c.e.in(right, rank * c.D),
                           c.e.out(change, c.n));
    c.e.finish();
  }

  static void curvature_factors(void* device, const void* curvature, Real* feature, Real* output) {
    const Call c(device, curvature);
    factors(c.e, c.point, c.e.out(feature, c.D * c.D), c.e.out(output, c.d * c.d));
    c.e.finish();
  }

  static void curvature_diagonal(void* device, const void* curvature, CurvatureKind kind, Real* weight, Real* proxies) {
    const Call c(device, curvature);
    diagonal(c.e, c.point, kind, c.e.out(weight, c.d * c.D), c.e.out(proxies, c.proxies));
    c.e.finish();
  }

  static void curvature_self_influence(void* device, const void* curvature, const Real* inverse, double* out) {
    const Call c(device, curvature);
    self_influence(c.e, c.point, c.e.in(inverse, c.d * c.D), c.e.out(out, c.n));
    c.e.finish();
  }

  static void curvature_seed_recursion(void* device, const void* curvature, double damping, double scale,
                                       std::int64_t m, std::int64_t R, const Real* left, const Real* right, Real* h) {
    const Call c(device, curvature);
    const std::int64_t rows = m * c.d;
    seed_recursion(c.e, c.point, damping, scale, m, R, c.e.in(left, rows * R), c.e.in(right, R * c.D),
                   c.e.out(h, rows * c.D));
    c.e.finish();
  }

  static UpdateOutcome update_parameters(void* device, std::int32_t rule, std::int64_t count,
                                         const Update<Real>* updates) {
    return optimizer_step<Device>(engine_of<Engine>(device), rule, count, updates);
  }

  static void average(void* device, double weight, std::int64_t count, const Update<Real>* pairs) {
    average_tensors<Device>(engine_of<Engine>(device), weight, count, pairs);
  }

  static void clip(void* device, std::int64_t n, double low, double high, Real* values) {
    Engine& e = engine_of<Engine>(device);
    Device::clip(e, n, low, high, e.in_out(values, n));
    e.finish();
  }

  static double lowest(void* device, std::int64_t n, const Real* values) {
    Engine& e = engine_of<Engine>(device);
    return Device::lowest(e, n, e.in(values, n));
  }

  static void reciprocal(void* device, std::int64_t n, double shift, const Real* x, Real* out) {
    Engine& e = engine_of<Engine>(device);
    Device::reciprocal(e, n, shift, e.in(x, n), e.out(out, n));
    e.finish();
  }

  static std::int64_t find_nonfinite(void* device, std::int64_t n, const Real* values) {
    Engine& e = engine_of<Engine>(device);
    return Device::find_nonfinite(e, n, e.in(values, n));
  }

  static void gather_rows(void* device, std::int64_t available, std::int64_t columns, const Real* values,
                          std::int64_t n, const std::int64_t* ids, Real* out) {
    Engine& e = engine_of<Engine>(device);
    Device::gather_rows(e, available, columns, e.in(values, available * columns), n, e.in(ids, n),
                        e.out(out, n * columns));
    e.finish();
  }

  static void normalize_rows(void* device, std::int64_t n, std::int64_t columns, const Real* values, Real* out) {
    Engine& e = engine_of<Engine>(device);
    Device::normalize_rows(e, n, columns, e.in(values, n * columns), e.out(out, n * columns), nullptr, {});
    e.finish();
  }

  static void gemm(void* device, bool ta, bool tb, std::int64_t m, std::int64_t n, std::int64_t k, const Real* a,
                   const Real* b, Real* c) {
    Engine& e = engine_of<Engine>(device);
    Device::gemm(e,
                 {ta, tb, m, n, k, e.in(a, m * k), ta ? m : k, e.in(b, n * k), tb ? k : n, e.out(c, m * n), n, false});
    e.finish();
  }

  static void dots(void* device, std::int64_t m, std::int64_t n, const Real* x, const Real* y, double* out) {
    Engine& e = engine_of<Engine>(device);
    const Real* on_device = e.in(x, m * n);
    Device::dots(e, m, n, on_device, x == y ? on_device : e.in(y, m * n), out);
  }

  static void axpy(void* device, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y) {
    Engine& e = engine_of<Engine>(device);
    Device::axpy(e, m, n, alpha, e.in(x, m * n), e.in_out(y, m * n));
    e.finish();
  }

  static void xpby(void* device, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y) {
    Engine& e = engine_of<Engine>(device);
    Device::xpby(e, m, n, e.in(x, m * n), beta, e.in_out(y, m * n));
    e.finish();
  }

  static void multiply(void* device, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out) {
    Engine& e = engine_of<Engine>(device);
    Device::multiply(e, m, n, e.in(shared, n), e.in(x, m * n), e.out(out, m * n));
    e.finish();
  }

  static void run_program(void* device, const program::Plan& plan, void* const* inputs, void* const* outputs) {
    Engine& e = engine_of<Engine>(device);
    algorithm::run_program<Device>(e, plan, inputs, outputs);
    e.finish();
  }
};

// The table's functions, each as Guard makes it of an entry. symmetric_eigen is not among them.
template <class Device, template <auto> class Guard>
Operations<typename Device::Real> operations_table() {
  using Of = Entries<Device>;
  Operations<typename Device::Real> t{};
#define VICINAL_ENTRY(name) t.name = Guard<&Of::name>::call;
  VICINAL_OPERATIONS(VICINAL_ENTRY)
#undef VICINAL_ENTRY
  return t;
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_ENTRIES_HPP_
