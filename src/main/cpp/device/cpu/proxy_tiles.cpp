// Evaluation over tiles of proxies.
// Cost         each proxy is read and its gradient written once; the batch is packed again for every tile.
// Determinism  tiles depend on sizes and thread count only; shares are summed in order.
#include "device/cpu/device.hpp"

#include <cstring>
#include <vector>

namespace vicinal::cpu {
namespace {

// Proxies per tile: fewer pay more for packing the batch again (256: 6 % slower), more leave the second-level cache
// (512 rows of 512 floats are 1 MiB) before they are projected.
constexpr std::int64_t kProxyTile = 512;
constexpr std::int64_t kCut = 16;  // tiles begin at multiples of a vector

template <class Real>
std::int64_t parts_of(const Engine& e, const Point<Real>& point) {
  const Problem<Real>& p = point.problem;
  const double flops = 2.0 * static_cast<double>(p.n) * static_cast<double>(point.columns) * static_cast<double>(p.d);
  return std::min<std::int64_t>(flops < kSerialFlops ? 1 : e.threads, (point.columns + kProxyTile - 1) / kProxyTile);
}

// body(part, range of kernel-ordered proxies), tile after tile; a part is one task's contiguous share.
template <class Real, class Body>
void over_tiles(const Engine& e, const Point<Real>& point, Body&& body) {
  const std::int64_t parts = parts_of(e, point);
  parallel(e, parts, [&](std::int64_t t) {
    const Range mine = part(point.columns, parts, t, kCut);
    const std::int64_t tiles = (mine.size() + kProxyTile - 1) / kProxyTile;
    for (std::int64_t i = 0; i < tiles; ++i) {
      const Range r = part(mine.size(), tiles, i, kCut);
      e.poll();
      body(t, Range{mine.begin + r.begin, mine.begin + r.end});
    }
  });
}

// dL/dP from dL/dP^ of a range of proxies.
template <class Real>
void project(const Kernels<Real>& k, const Point<Real>& point, Range r, const Real* from, Real* out) {
  const std::int64_t d = point.problem.d;
  in_order(point.order, r, [&](std::int64_t row, std::int64_t target, std::int64_t count) {
    Real* to = point.proxy_gradient == nullptr ? out + target * d : point.proxy_gradient + row * d;
    k.project_rows(count, d, point.unit_proxies + row * d, point.inverse_proxies + row, from + (row - r.begin) * d,
                   point.proxy_beta == nullptr ? nullptr : point.proxy_beta + row, to);
    if (point.proxy_gradient != nullptr && out != nullptr)
      std::memcpy(out + target * d, to, static_cast<std::size_t>(count * d) * sizeof(Real));
  });
}

}  // namespace

template <class Real>
void tiled_cosines(Engine& e, const Point<Real>& point, std::int64_t rows, const Real* unit, const Real* inverse,
                   Real* s) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t d = point.problem.d;
  over_tiles(e, point, [&](std::int64_t, Range r) {
    in_order(point.order, r, [&](std::int64_t row, std::int64_t source, std::int64_t count) {
      k.normalize_rows(count, d, point.problem.proxies + source * d, point.unit_proxies + row * d,
                       point.inverse_proxies + row);
    });
    gemm_serial<Real>(
        {false, true, rows, r.size(), d, unit, d, point.unit_proxies + r.begin * d, d, s + r.begin, point.ld, false});
  });
  put_zero_cosines(e, zero_cosines(point.problem.spec), rows, point.columns, point.ld, inverse, point.inverse_proxies,
                   s);
}

template <class Real>
void tiled_gradients(Engine& e, const Point<Real>& point, const TiledGradients<Real>& r) {
  const Kernels<Real>& k = kernels<Real>(e.isa);
  const std::int64_t d = point.problem.d, rows = r.rows, ld = point.ld, parts = parts_of(e, point);
  std::vector<Real*> shares(static_cast<std::size_t>(parts)), tiles(shares.size());
  for (std::int64_t t = 0; t < parts; ++t) {
    const std::size_t at = static_cast<std::size_t>(t);
    if (r.q != nullptr) shares[at] = t == 0 ? r.q : e.workspace.get<Real>(rows * d);
    if (r.proxies_wanted && r.proxies == nullptr) tiles[at] = e.workspace.get<Real>((kProxyTile + kCut) * d);
  }
  over_tiles(e, point, [&](std::int64_t t, Range range) {
    const std::size_t at = static_cast<std::size_t>(t);
    const bool first = range.begin == part(point.columns, parts, t, kCut).begin;
    const Real* g = r.g + range.begin;
    if (r.q != nullptr)
      gemm_serial<Real>(
          {false, false, rows, d, range.size(), g, ld, point.unit_proxies + range.begin * d, d, shares[at], d, !first});
    if (r.proxies_wanted) {
      Real* tile = r.proxies == nullptr ? tiles[at] : r.proxies + range.begin * d;
      gemm_serial<Real>({true, false, range.size(), d, rows, g, ld, r.unit, d, tile, d, r.proxies != nullptr});
      project<Real>(k, point, range, tile, r.out);
    }
  });
  if (r.q == nullptr) return;
  parallel_ranges(e, rows, 8.0 * static_cast<double>(rows) * static_cast<double>(d), [&](Range range) {
    for (std::size_t t = 1; t < shares.size(); ++t)
      for (std::int64_t j = range.begin * d; j < range.end * d; ++j) r.q[j] += shares[t][j];
    Real* q = r.q + range.begin * d;
    k.project_rows(range.size(), d, r.unit + range.begin * d, r.inverse + range.begin, q,
                   r.beta == nullptr ? nullptr : r.beta + range.begin, q);
  });
}

#define VICINAL_INSTANTIATE(Real)                                                                          \
  template void tiled_cosines(Engine&, const Point<Real>&, std::int64_t, const Real*, const Real*, Real*); \
  template void tiled_gradients(Engine&, const Point<Real>&, const TiledGradients<Real>&);
VICINAL_INSTANTIATE(float)
VICINAL_INSTANTIATE(double)
#undef VICINAL_INSTANTIATE

}  // namespace vicinal::cpu
