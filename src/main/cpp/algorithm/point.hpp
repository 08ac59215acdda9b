// A loss at one point: the problem, its unit vectors, and what derivatives share. evaluate() computes value and
// gradients and fills what the point keeps; tangent_product() and others work at a kept point.
// Shapes       rows [n, d], proxies [C K, d] in kernel order (centre-major), cosines [block, ld].
// Everything in this folder is a template over a Device (device/cpu/device.hpp, cuda/device.cuh): its types, and
// operations with a body for each device.
#ifndef VICINAL_ALGORITHM_POINT_HPP_
#define VICINAL_ALGORITHM_POINT_HPP_

#include <algorithm>
#include <cstdint>

#include "algorithm/data.hpp"
#include "core/device.h"

namespace vicinal::algorithm {

// What the point keeps beyond the call.
struct Keep {
  bool rows;     // unit, inverse, gradient, beta
  bool cosines;  // with rows
  bool proxies;  // proxy_gradient, proxy_beta
};

template <class Device>
struct Point {
  using Real = typename Device::Real;

  Problem<Real> problem;               // its arrays are the device's, but for the features, which are behind `features`
  typename Device::Features features;  // rows(e, begin, rows) of them
  std::int64_t centers;                // K
  std::int64_t columns;                // C K
  std::int64_t ld;                     // of cosine matrices: columns padded to whole vectors
  RowOrder order;                      // of the proxies
  bool by_columns;                     // Proxy-Anchor's own form: reductions over samples
  bool detached;                       // proxies are constants
  // Sample weights multiply after the row kernels, so that what is kept of a row is its own, whatever its weight.
  bool late_weights;

  Real* unit_proxies;     // [columns, d] kernel order
  Real* inverse_proxies;  // [columns] 1 / norm, 0 for a zero proxy
  Real* proxy_gradient;   // [columns, d] kept, or null
  Real* proxy_beta;       // [columns] p^ . dL/dp^

  // Rows, kept for Hessian-vector products, or null. With late weights gradient and beta are those of L_i / N.
  Real* unit;      // [n, d]
  Real* inverse;   // [n]
  Real* gradient;  // [n, d] dL/du
  Real* beta;      // [n] z . dL/dz
  Real* cosines;   // [n, ld], or null: recomputed

  Columns<Real> column;
  Real* counts;  // [C] samples per class (Proxy-Anchor), else null
};

// Temporary memory of the call.
template <class T, class Engine>
T* take(Engine& e, std::int64_t count) {
  return e.workspace.template get<T>(count);
}

constexpr std::int64_t bytes_of(std::int64_t elements, std::size_t size) {
  return elements * static_cast<std::int64_t>(size);
}

template <class Device>
Point<Device> make_point(typename Device::Memory& memory, const Problem<typename Device::Real>& problem,
                         const Keep& keep) {
  using Real = typename Device::Real;
  constexpr std::int64_t kPad = 16;  // cosine rows start at multiples of 64 bytes of floats
  auto& e = memory.engine();
  Point<Device> p{};
  const std::int64_t C = problem.classes, d = problem.d, n = problem.n, D = problem.features_width;
  p.centers = problem.spec.centers;
  p.columns = C * p.centers;
  p.ld = (p.columns + kPad - 1) / kPad * kPad;
  p.order = {C, p.centers};
  p.by_columns = !math::traits_of(problem.spec).decomposes;
  p.detached = problem.spec.detach_proxies;
  p.late_weights = keep.rows && !p.by_columns && problem.weights != nullptr;

  p.problem = problem;
  p.problem.labels = memory.resident(problem.labels, n);
  p.problem.weights = memory.resident(problem.weights, n);
  p.problem.soft_labels = memory.resident(problem.soft_labels, n * C);
  p.problem.proxies = e.in(problem.proxies, p.columns * d);
  p.problem.embeddings = e.in(problem.embeddings, n * d);
  p.problem.weight = e.in(problem.weight, d * D);
  p.problem.bias = e.in(problem.bias, d);
  p.features = Device::features(e, problem, keep.rows);

  p.unit_proxies = memory.template get<Real>(p.columns * d);
  p.inverse_proxies = memory.template get<Real>(p.columns);
  if (keep.proxies) {
    p.proxy_gradient = memory.template get<Real>(p.columns * d);
    p.proxy_beta = memory.template get<Real>(p.columns);
  }
  if (keep.rows) {
    p.unit = memory.template get<Real>(n * d);
    p.inverse = memory.template get<Real>(n);
    p.gradient = memory.template get<Real>(n * d);
    p.beta = memory.template get<Real>(n);
    if (keep.cosines) p.cosines = memory.template get<Real>(n * p.ld);
  }
  if (p.by_columns || problem.spec.per_sample) {
    // What counts and reductions start from lies together, so that one fill makes it zero.
    double* zeros = memory.template get<double>(7 * C + 1);
    e.zero(zeros, 7 * C + 1);
    p.column.sums = zeros;
    p.counts = reinterpret_cast<Real*>(zeros + 4 * C);
    p.column.shift_positive = p.counts + C;
    p.column.shift_negative = p.counts + 2 * C;
    Real* present = p.counts + 3 * C;
    p.column.present = present;
    Device::count_labels(e, n, C, p.problem.labels, p.counts, present);
  }
  if (p.by_columns) {
    p.column.factor_positive = memory.template get<Real>(C);
    p.column.factor_negative = memory.template get<Real>(C);
    p.column.positive = memory.template get<double>(C);
    p.column.negative = memory.template get<double>(C);
  }
  return p;
}

// Rows per block so that a block's temporaries fit the engine's workspace, and its streamed features beside them.
// Blocks are of about one size.
template <class Device>
std::int64_t block_rows(const typename Device::Engine& e, const Point<Device>& point, std::int64_t n,
                        std::int64_t bytes_per_row) {
  const auto pieces = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  std::int64_t most = n;
  if (point.features.streamed()) {
    const std::int64_t row = bytes_of(point.problem.features_width, sizeof(typename Device::Real));
    most = Device::kStreamed / row;
    bytes_per_row += row;
  }
  most = std::max<std::int64_t>(1, std::min(most, e.workspace_bytes / bytes_per_row));
  return n == 0 ? 0 : pieces(n, pieces(n, most));
}

// body(begin, rows) for blocks of at most `most` rows of [begin, end). What a block takes of the workspace is given
// back at its end, and between blocks the caller may stop the call.
template <class Engine, class Body>
void each_block(Engine& e, std::int64_t begin, std::int64_t end, std::int64_t most, Body&& body) {
  for (std::int64_t at = begin; at < end; at += most) {
    const auto mark = e.workspace.mark();
    body(at, std::min(most, end - at));
    e.workspace.rewind(mark);
    if (most < end - begin) e.poll();
  }
}

// out [rows, width] = rows of features times weight [width, D]' + bias [width]; weight or bias may be null (not both).
template <class Device>
void affine_rows(typename Device::Engine& e, const Point<Device>& point, std::int64_t begin, std::int64_t rows,
                 std::int64_t width, const typename Device::Real* weight, const typename Device::Real* bias,
                 typename Device::Real* out) {
  const std::int64_t D = point.problem.features_width;
  if (bias != nullptr) Device::fill_rows(e, rows, width, bias, out);
  if (weight != nullptr)
    Device::gemm(e, {false, true, rows, width, D, point.features.rows(e, begin, rows), D, weight, D, out, width,
                     bias != nullptr});
}

// s [rows, ld] = unit rows times unit proxies, with the cosines that stand for zero vectors put in.
template <class Device>
void cosines_of(typename Device::Engine& e, const Point<Device>& point, std::int64_t rows,
                const typename Device::Real* unit, const typename Device::Real* inverse, typename Device::Real* s) {
  const std::int64_t d = point.problem.d;
  Device::gemm(e, {false, true, rows, point.columns, d, unit, d, point.unit_proxies, d, s, point.ld, false});
  Device::put_zero_cosines(e, zero_cosines(point.problem.spec), rows, point.columns, point.ld, inverse,
                           point.inverse_proxies, s);
}

// The kept cosines of a kept point's rows, or those computed into `own`.
template <class Device>
const typename Device::Real* kept_cosines(typename Device::Engine& e, const Point<Device>& point, std::int64_t begin,
                                          std::int64_t rows, typename Device::Real* own) {
  if (point.cosines != nullptr) return point.cosines + begin * point.ld;
  cosines_of(e, point, rows, point.unit + begin * point.problem.d, point.inverse + begin, own);
  return own;
}

// The tile of rows [begin, begin + rows) for loss_rows, without cosines and outputs.
template <class Device>
typename Device::LossTile loss_tile(const Point<Device>& point, std::int64_t begin, std::int64_t rows) {
  const Problem<typename Device::Real>& p = point.problem;
  typename Device::LossTile tile{};
  tile.rows = rows;
  tile.classes = p.classes;
  tile.ld = point.ld;
  tile.directions = 1;
  tile.labels = p.labels + begin;
  tile.weights = p.weights == nullptr || point.late_weights ? nullptr : p.weights + begin;
  tile.soft_labels = p.soft_labels == nullptr ? nullptr : p.soft_labels + begin * p.classes;
  tile.repetitions = point.counts;
  tile.mean = 1.0 / static_cast<double>(p.n);
  return tile;
}

// The same for the operations on columns; st (or null) has a leading dimension of its own.
template <class Device>
ColumnTile<typename Device::Real> column_tile(const Point<Device>& point, std::int64_t begin, std::int64_t rows,
                                              const typename Device::Real* s, const typename Device::Real* st,
                                              std::int64_t ld_t) {
  const Problem<typename Device::Real>& p = point.problem;
  ColumnTile<typename Device::Real> tile{};
  tile.rows = rows;
  tile.classes = p.classes;
  tile.ld = point.ld;
  tile.ld_t = ld_t;
  tile.labels = p.labels + begin;
  tile.weights = p.weights == nullptr ? nullptr : p.weights + begin;
  tile.s = s;
  tile.st = st;
  return tile;
}

// Unit tangents of the proxies along m directions [C K, d] in the caller's order, unit_t [m, columns, d], and their
// alpha = p^ . direction [m, columns], both in kernel order.
template <class Device>
void proxy_tangents(typename Device::Engine& e, const Point<Device>& point, std::int64_t m,
                    const typename Device::Real* direction, typename Device::Real* alpha,
                    typename Device::Real* unit_t) {
  const std::int64_t K = point.columns, d = point.problem.d;
  for (std::int64_t q = 0; q < m; ++q)
    Device::tangent_rows(e, K, 1, d, point.unit_proxies, point.inverse_proxies, direction + q * K * d, alpha + q * K,
                         unit_t + q * K * d, point.order);
}

// Whether SoftTriple's centre regulariser is part of the loss.
template <class Device>
bool has_regulariser(const Point<Device>& point) {
  return point.centers > 1 && point.problem.spec.tau > 0;
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_POINT_HPP_
