// A batch against many proxies (one block, more columns than rows), over tiles of proxies: a tile is normalised and
// multiplied while it is in cache, and dL/dP^ is projected before it leaves it. A strategy of the processor, whose
// memory is slow beside its second-level cache; evaluate() asks for it.
#ifndef VICINAL_CPU_PROXY_TILES_HPP_
#define VICINAL_CPU_PROXY_TILES_HPP_

#include "device/cpu/point.hpp"

namespace vicinal::cpu {

// Unit proxies, and the cosines s [rows, ld] of unit rows with them.
template <class Real>
void tiled_cosines(Engine& e, const Point<Real>& point, std::int64_t rows, const Real* unit, const Real* inverse,
                   Real* s);

template <class Real>
struct TiledGradients {
  std::int64_t rows;
  const Real* g;  // [rows, ld] dL/ds
  const Real* unit;
  const Real* inverse;
  Real* q;              // [rows, d] dL/du, or null
  Real* beta;           // [rows] or null
  bool proxies_wanted;  // in the point, and `out`
  Real* proxies;        // [columns, d] a share of dL/dP^ to start from, or null
  Real* out;            // [columns, d] dL/dP in the caller's order, or null
};
// Every tile's share of Q, summed per task and then over tasks in order, and its finished gradient.
template <class Real>
void tiled_gradients(Engine& e, const Point<Real>& point, const TiledGradients<Real>& r);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_PROXY_TILES_HPP_
