// The Hessian of a loss applied to m directions, at a point that keeps its unit rows and gradients.
// Computes     per block, with u' a direction of the embeddings (given, or X V' + v) and p' of the proxies:
//                z' = (u' - (z.u') z) / r            tangent of the unit rows; p^' likewise, once
//                S' = Z' P^' + Z P^''                tangents of the cosines, two products
//                G, G' from S, S'                    the loss kernel on dual numbers
//                Q' = G' P^ + G P^''                 tangent of dL/dz
//                out = (Q' - (z.Q') z) / r - (g.z') z - (z.u' / r) g - (z.Q / r) z'
//              and the same for the proxies from G'' Z + G' Z'. Parts whose direction or output is absent are skipped.
//              Gauss-Newton's matrix is what is left without G, g and z.Q: the logits of a cosine softmax are linear in
//              S, so G' is then diag(pi) - pi pi' applied to S'.
// Weights      a row's contribution is linear in its weight, so weights (and their changes per direction) multiply at
//              the end; Proxy-Anchor's column form has them inside.
// Shapes       directions of a row lie side by side: z', Q' [block, m, d], S', G' [block, m, ld]; the two products with
//              X are then one matrix product each for all directions.
// Cost         W only: 4 N d (D + C K) flops a direction, plus 2 N C K d when the cosines were not kept.
// Determinism  blocks depend on sizes and workspace only.
#ifndef VICINAL_ALGORITHM_TANGENT_PRODUCT_HPP_
#define VICINAL_ALGORITHM_TANGENT_PRODUCT_HPP_

#include "algorithm/point.hpp"

namespace vicinal::algorithm {

template <class Device>
class TangentProduct {
 public:
  using Engine = typename Device::Engine;
  using Real = typename Device::Real;

  TangentProduct(Engine& e, const Point<Device>& point, const CurvatureProducts<Real>& products)
      : e_(e),
        point_(point),
        p_(point.problem),
        m_(products.m),
        direction_(products.direction),
        out_(products.out),
        weights_(e, point.late_weights ? p_.weights : nullptr, products.m, products.changes) {
    if (point.detached) direction_.proxies = nullptr;
    rows_moved_ = direction_.embeddings != nullptr || direction_.weight != nullptr || direction_.bias != nullptr;
    rows_wanted_ = out_.embeddings != nullptr || out_.weight != nullptr || out_.bias != nullptr;
    proxies_wanted_ = out_.proxies != nullptr && !point.detached;
    const bool turns = terms_of(products.kind).normalisation;
    proxies_turn_ = turns && direction_.proxies != nullptr;
    turned_ = turns && rows_moved_;
    gradient_wanted_ = Device::kAlwaysGradient || (rows_wanted_ && proxies_turn_) ||
                       (proxies_wanted_ && (turned_ || (proxies_turn_ && weights_.changed())));
  }

  void run() {
    const std::int64_t n = p_.n, d = p_.d, ld = point_.ld;
    prepare_proxies();
    const std::int64_t own = point_.cosines == nullptr ? 1 : 0, kept = gradient_wanted_ ? 1 : 0;
    const std::int64_t scaled = proxies_wanted_ ? weights_.columns() : 0;
    const std::int64_t per_row =
        bytes_of((kept + own + m_) * ld + m_ * ((2 + scaled) * d + 1 + weights_.columns()), sizeof(Real));
    const std::int64_t rows = block_rows(e_, point_, n, per_row);
    if (rows_moved_) {
      moved_ = take<Real>(e_, rows * m_ * d);
      alpha_ = take<Real>(e_, rows * m_);
    }
    if (own != 0) s_ = take<Real>(e_, rows * ld);
    if (gradient_wanted_) g_ = take<Real>(e_, rows * ld);
    st_ = take<Real>(e_, rows * m_ * ld);
    scale_ = weights_.columns() == 0 ? nullptr : take<Real>(e_, rows * m_);
    if (scaled != 0) scaled_unit_ = take<Real>(e_, rows * m_ * d);
    if (rows_wanted_ && out_.embeddings == nullptr) q_ = take<Real>(e_, rows * m_ * d);
    if (out_.bias != nullptr) {
      bias_ = take<double>(e_, m_ * d);
      e_.zero(bias_, m_ * d);
    }
    if (point_.by_columns) reduce_columns(rows);
    sweep(rows, [&] {
      if (point_.by_columns) {
        apply_columns();
      } else {
        typename Device::LossTile tile = loss_tile(point_, begin_, rows_);
        tile.directions = m_;
        tile.s = cosines_;
        tile.st = st_;
        tile.g = g_;
        tile.gt = st_;
        Device::loss_rows(e_, p_.spec, tile, nullptr);
      }
      outputs();
    });
    finish();
  }

 private:
  std::int64_t proxy_size() const { return point_.columns * p_.d; }
  Real* unit_t(std::int64_t q) const { return unit_proxies_t_ + q * proxy_size(); }

  void prepare_proxies() {
    if (direction_.proxies != nullptr) {
      unit_proxies_t_ = take<Real>(e_, m_ * proxy_size());
      proxy_alpha_ = take<Real>(e_, m_ * point_.columns);
      proxy_tangents(e_, point_, m_, direction_.proxies, proxy_alpha_, unit_proxies_t_);
    }
    if (proxies_wanted_) {
      proxies_t_ = take<Real>(e_, m_ * proxy_size());
      if (proxies_turn_ && weights_.changed()) {
        changed_gradient_ = take<Real>(e_, m_ * proxy_size());
        e_.zero(changed_gradient_, m_ * proxy_size());
      }
    }
  }

  // body() for every block, with cosines_ and their tangents st_ filled. A second sweep over a single block finds it
  // as the first one left it.
  template <class Body>
  void sweep(std::int64_t most, Body&& body) {
    each_block(e_, 0, p_.n, most, [&](std::int64_t begin, std::int64_t rows) {
      begin_ = begin;
      rows_ = rows;
      if (!(filled_ && most >= p_.n)) fill();
      filled_ = true;
      body();
    });
  }

  void fill() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Real* unit = point_.unit + begin_ * d;
    if (rows_moved_) {
      const Real* v = moved_;
      if (direction_.embeddings != nullptr) {
        v = direction_.embeddings + begin_ * d;
      } else {
        affine_rows(e_, point_, begin_, rows_, m_ * d, direction_.weight, direction_.bias, moved_);
      }
      Device::tangent_rows(e_, rows_, m_, d, unit, point_.inverse + begin_, v, alpha_, moved_, {});
      Device::gemm(e_, {false, true, rows_ * m_, K, d, moved_, d, point_.unit_proxies, d, st_, ld, false});
    }
    if (unit_proxies_t_ != nullptr) {
      for (std::int64_t q = 0; q < m_; ++q)
        Device::gemm(e_, {false, true, rows_, K, d, unit, d, unit_t(q), d, st_ + q * ld, m_ * ld, rows_moved_});
    } else if (!rows_moved_) {
      e_.zero(st_, rows_ * m_ * ld);
    }
    cosines_ = kept_cosines(e_, point_, begin_, rows_, s_);
  }

  ColumnTile<Real> tile(std::int64_t q) const {
    return column_tile(point_, begin_, rows_, cosines_, st_ + q * point_.ld, m_ * point_.ld);
  }

  // Proxy-Anchor: the tangents of its reductions, then of its factors.
  void reduce_columns(std::int64_t rows) {
    const std::int64_t C = p_.classes;
    double* sums = take<double>(e_, m_ * 4 * C);
    e_.zero(sums, m_ * 4 * C);
    sweep(rows, [&] {
      for (std::int64_t q = 0; q < m_; ++q)
        Device::absorb_columns(e_, p_.spec, tile(q), point_.column, sums + q * 4 * C);
    });
    factors_t_ = take<Real>(e_, m_ * 2 * C);
    for (std::int64_t q = 0; q < m_; ++q)
      Device::column_tangents(e_, C, point_.column, sums + (4 * q + 2) * C, factors_t_ + q * 2 * C);
  }

  void apply_columns() {
    for (std::int64_t q = 0; q < m_; ++q)
      Device::apply_columns(e_, p_.spec, tile(q), point_.column, factors_t_ + q * 2 * p_.classes,
                            q == 0 || Device::kAlwaysGradient ? g_ : nullptr, st_ + q * point_.ld);
  }

  void outputs() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns, md = m_ * d;
    const Real* unit = point_.unit + begin_ * d;
    if (scale_ != nullptr) weights_.fill(e_, begin_, rows_, scale_);
    if (rows_wanted_) {
      Real* q = out_.embeddings == nullptr ? q_ : out_.embeddings + begin_ * d;
      Device::gemm(e_, {false, false, rows_ * m_, d, K, st_, ld, point_.unit_proxies, d, q, d, false});
      for (std::int64_t t = 0; proxies_turn_ && t < m_; ++t)
        Device::gemm(e_, {false, false, rows_, d, K, g_, ld, unit_t(t), d, q + t * d, md, true});
      Device::project_rows_tangent(e_, rows_, m_, d, unit, point_.inverse + begin_, q, point_.gradient + begin_ * d,
                                   point_.beta + begin_, turned_ ? moved_ : nullptr, turned_ ? alpha_ : nullptr, scale_,
                                   q, {});
      if (out_.weight != nullptr) {
        const std::int64_t D = p_.features_width;
        Device::gemm_over_rows(e_, {true, false, md, D, rows_, q, md, point_.features.rows(e_, begin_, rows_), D,
                                    out_.weight, D, begin_ > 0});
      }
      if (out_.bias != nullptr) Device::add_column_sums(e_, rows_, md, q, bias_);
    }
    if (proxies_wanted_) {
      if (changed_gradient_ != nullptr) weights_.add_changes(e_, begin_, rows_, K, ld, d, g_, unit, changed_gradient_);
      if (scale_ != nullptr) {  // the sums over samples for the proxies take z and z' times the weights
        Device::scale_rows(e_, rows_, m_, d, scale_, unit, scaled_unit_);
        if (turned_) Device::scale_rows(e_, rows_ * m_, 1, d, scale_, moved_, moved_);
      }
      for (std::int64_t q = 0; q < m_; ++q) {
        Real* sum = proxies_t_ + q * proxy_size();
        const Real* z = scale_ == nullptr ? unit : scaled_unit_ + q * d;
        Device::gemm_over_rows(
            e_, {true, false, K, d, rows_, st_ + q * ld, m_ * ld, z, scale_ == nullptr ? d : md, sum, d, begin_ > 0});
        if (turned_) Device::gemm_over_rows(e_, {true, false, K, d, rows_, g_, ld, moved_ + q * d, md, sum, d, true});
      }
    }
  }

  void finish() {
    const std::int64_t d = p_.d, K = point_.columns;
    if (out_.bias != nullptr) Device::to_real(e_, m_ * d, 1, bias_, out_.bias);
    if (!proxies_wanted_) {
      if (out_.proxies != nullptr) e_.zero(out_.proxies, m_ * proxy_size());
      return;
    }
    const bool changed = changed_gradient_ != nullptr;
    Real* beta = changed ? take<Real>(e_, K) : nullptr;
    for (std::int64_t q = 0; q < m_; ++q) {
      Real* tangent = proxies_t_ + q * proxy_size();
      Real* gradient = changed ? changed_gradient_ + q * proxy_size() : point_.proxy_gradient;
      if (proxies_turn_ && has_regulariser(point_)) Device::centre_regulariser_tangent(e_, point_, unit_t(q), tangent);
      if (changed) {
        Device::project_rows(e_, K, d, point_.unit_proxies, point_.inverse_proxies, gradient, beta, gradient, nullptr,
                             {});
        Device::add(e_, proxy_size(), point_.proxy_gradient, gradient);
        Device::add(e_, K, point_.proxy_beta, beta);
      }
      Device::project_rows_tangent(e_, K, 1, d, point_.unit_proxies, point_.inverse_proxies, tangent, gradient,
                                   changed ? beta : point_.proxy_beta, proxies_turn_ ? unit_t(q) : nullptr,
                                   proxies_turn_ ? proxy_alpha_ + q * K : nullptr, nullptr,
                                   out_.proxies + q * proxy_size(), point_.order);
    }
  }

  Engine& e_;
  const Point<Device>& point_;
  const Problem<Real>& p_;
  std::int64_t m_;
  Tangents<const Real> direction_;
  Tangents<Real> out_;
  typename Device::RowWeights weights_;
  bool rows_moved_ = false, rows_wanted_ = false, proxies_wanted_ = false;
  bool turned_ = false;           // terms with z' beside those of S'
  bool proxies_turn_ = false;     // likewise with p^'
  bool gradient_wanted_ = false;  // G itself beside G'

  // Proxies, kernel order, [m, columns, d].
  Real* unit_proxies_t_ = nullptr;  // null: the proxies do not move
  Real* proxy_alpha_ = nullptr;
  Real* proxies_t_ = nullptr;         // tangent of dL/dP^
  Real* changed_gradient_ = nullptr;  // what changed weights add to dL/dP^
  // The current block.
  std::int64_t begin_ = 0, rows_ = 0;
  bool filled_ = false;
  Real* moved_ = nullptr;  // z'
  Real* alpha_ = nullptr;  // z . u'
  Real* s_ = nullptr;
  const Real* cosines_ = nullptr;
  Real* st_ = nullptr;  // S', then G'
  Real* g_ = nullptr;
  Real* scaled_unit_ = nullptr;  // z times the weights
  Real* scale_ = nullptr;        // weights, or null: ones
  Real* q_ = nullptr;
  double* bias_ = nullptr;
  Real* factors_t_ = nullptr;  // [m, 2, C]
};

// Of the Hessian, or of its positive semidefinite part, Gauss-Newton's matrix.
template <class Device>
void tangent_product(typename Device::Engine& e, const Point<Device>& point,
                     const CurvatureProducts<typename Device::Real>& products) {
  TangentProduct<Device>(e, point, products).run();
}

}  // namespace vicinal::algorithm

#endif  // VICINAL_ALGORITHM_TANGENT_PRODUCT_HPP_
