// The Hessian of a loss applied to m directions: the twin of cpu/tangent_product.cpp, which has the formulas.
// Shapes       directions of a row lie side by side: z', Q' [block, m, d], S', G' [block, m, ld]; the two products with
//              X are then one matrix product each for all directions.
// Cost         W only: 4 N d (D + C K) flops a direction, plus 2 N C K d when the cosines were not kept.
//              The loss kernel reads S and S' and writes G'; G only where another product needs it.
// Determinism  blocks depend on sizes and workspace only.
#include "point.cuh"
#include "row_weights.cuh"

namespace vicinal::cuda {
namespace {

template <class Real>
__global__ void add_kernel(std::int64_t n, const Real* x, Real* y) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step)
    y[i] += x[i];
}

template <class Real>
class TangentProduct {
 public:
  TangentProduct(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products)
      : e_(e),
        point_(point),
        p_(point.problem),
        m_(products.m),
        direction_(products.direction),
        out_(products.out),
        hessian_(products.kind == VICINAL_HESSIAN),
        weights_(e, point, products.m, products.changes) {
    if (point.detached) direction_.proxies = nullptr;
    rows_moved_ = direction_.embeddings != nullptr || direction_.weight != nullptr || direction_.bias != nullptr;
    rows_wanted_ = out_.embeddings != nullptr || out_.weight != nullptr || out_.bias != nullptr;
    proxies_wanted_ = out_.proxies != nullptr && !point.detached;
    proxies_turn_ = hessian_ && direction_.proxies != nullptr;
    gradient_wanted_ = (rows_wanted_ && proxies_turn_) ||
                       (proxies_wanted_ && ((hessian_ && rows_moved_) || (proxies_turn_ && weights_.changed())));
  }

  void run() {
    const std::int64_t n = p_.n, d = p_.d, ld = point_.ld;
    prepare_proxies();
    const std::int64_t own = point_.cosines == nullptr ? 1 : 0;
    const std::int64_t kept = gradient_wanted_ ? 1 : 0, scaled = proxies_wanted_ ? weights_.columns() : 0;
    const std::int64_t per_row = static_cast<std::int64_t>(sizeof(Real)) *
                                     ((kept + own + m_) * ld + m_ * ((2 + scaled) * d + 1 + weights_.columns())) +
                                 rounded_bytes<Real>(e_) * ((kept + m_) * ld + m_ * (2 + scaled) * d);
    const std::int64_t rows = block_rows(e_, point_, n, per_row);
    if (rows_moved_) {
      moved_ = operand<Real>(e_, e_.workspace, rows * m_ * d);
      alpha_ = get<Real>(rows * m_);
    }
    const bool rounded = point_.features.rounded();
    weight_ = direction_.weight;
    if (rounded) weight_ = rounded_copy(e_, m_ * d * p_.features_width, direction_.weight);
    if (own != 0) s_ = get<Real>(rows * ld);
    if (gradient_wanted_) g_ = product_operand<Real>(e_, e_.workspace, rows * ld);
    st_ = get<Real>(rows * m_ * ld);
    gt_ = product_operand(e_, e_.workspace, rows * m_ * ld, st_);
    scale_ = weights_.buffer(e_, rows);
    if (scaled != 0) scaled_unit_ = operand<Real>(e_, e_.workspace, rows * m_ * d);
    if (rows_wanted_ && out_.embeddings == nullptr) q_.values = get<Real>(rows * m_ * d);
    if (rounded && out_.weight != nullptr) q_.rounded = get<Bf16>(rows * m_ * d);
    if (out_.bias != nullptr) {
      bias_ = get<double>(m_ * d);
      e_.zero(bias_, m_ * d);
    }
    if (point_.by_columns) reduce_columns(rows);
    each_block(rows, [&] {
      if (point_.by_columns) {
        apply_columns();
      } else {
        LossTile<Real> tile = loss_tile(point_, begin_, rows_);
        tile.directions = m_;
        tile.s = cosines_;
        tile.st = st_;
        tile.g = g_;
        tile.gt = gt_;
        loss_rows<Real>(e_, p_.spec, tile, nullptr);
      }
      outputs();
    });
    finish();
  }

 private:
  template <class T>
  T* get(std::int64_t count) {
    return e_.workspace.template get<T>(count);
  }
  std::int64_t proxy_size() const { return point_.columns * p_.d; }
  Operand<Real> unit_t(std::int64_t q) const { return unit_proxies_t_ + q * proxy_size(); }

  // Unit tangents of the proxies, in kernel order.
  void prepare_proxies() {
    const std::int64_t K = point_.columns;
    if (direction_.proxies != nullptr) {
      unit_proxies_t_ = operand<Real>(e_, e_.workspace, m_ * proxy_size());
      proxy_alpha_ = get<Real>(m_ * K);
      for (std::int64_t q = 0; q < m_; ++q)
        tangent_rows<Real>(e_, K, 1, p_.d, point_.unit_proxies, point_.inverse_proxies,
                           direction_.proxies + q * proxy_size(), proxy_alpha_ + q * K, unit_t(q), point_.order);
    }
    if (proxies_wanted_) {
      proxies_t_ = get<Real>(m_ * proxy_size());
      if (proxies_turn_ && weights_.changed()) {
        changed_gradient_ = get<Real>(m_ * proxy_size());
        e_.zero(changed_gradient_, m_ * proxy_size());
      }
    }
  }

  // body() for every block, with cosines_ and their tangents st_ filled.
  template <class Body>
  void each_block(std::int64_t rows, Body&& body) {
    for (begin_ = 0; begin_ < p_.n; begin_ += rows) {
      const Workspace::Mark mark = e_.workspace.mark();
      rows_ = std::min(rows, p_.n - begin_);
      if (!(filled_ && rows >= p_.n)) fill();
      filled_ = true;
      body();
      e_.workspace.rewind(mark);
      e_.poll();
    }
  }

  void fill() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns;
    const Operand<Real> unit = point_.unit + begin_ * d;
    if (rows_moved_) {
      const Real* v = moved_;
      if (direction_.embeddings != nullptr) {
        v = direction_.embeddings + begin_ * d;
      } else {
        affine_rows<Real>(e_, point_, begin_, rows_, m_ * d, weight_, direction_.bias, moved_);
      }
      tangent_rows<Real>(e_, rows_, m_, d, unit, point_.inverse + begin_, v, alpha_, moved_);
      gemm<Real>(e_, {false, true, rows_ * m_, K, d, moved_, d, point_.unit_proxies, d, st_, ld, false});
    }
    if (unit_proxies_t_ != nullptr) {
      for (std::int64_t q = 0; q < m_; ++q)
        gemm<Real>(e_, {false, true, rows_, K, d, unit, d, unit_t(q), d, st_ + q * ld, m_ * ld, rows_moved_});
    } else if (!rows_moved_) {
      e_.zero(st_, rows_ * m_ * ld);
    }
    if (point_.cosines != nullptr) {
      cosines_ = point_.cosines + begin_ * ld;
    } else {
      cosines_of<Real>(e_, point_, rows_, unit, point_.inverse + begin_, s_);
      cosines_ = s_;
    }
  }

  ColumnTile<Real> tile(std::int64_t q) const {
    return column_tile<Real>(point_, begin_, rows_, cosines_, st_ + q * point_.ld, m_ * point_.ld);
  }

  // Proxy-Anchor: the tangents of its reductions, then of its factors.
  void reduce_columns(std::int64_t rows) {
    const std::int64_t C = p_.classes;
    double* sums = get<double>(m_ * 4 * C);
    e_.zero(sums, m_ * 4 * C);
    each_block(rows, [&] {
      for (std::int64_t q = 0; q < m_; ++q) absorb_columns(e_, p_.spec, tile(q), point_.column, sums + q * 4 * C);
    });
    factors_t_ = get<Real>(m_ * 2 * C);
    for (std::int64_t q = 0; q < m_; ++q)
      column_tangents(e_, C, point_.column, sums + (4 * q + 2) * C, factors_t_ + q * 2 * C);
  }

  void apply_columns() {
    for (std::int64_t q = 0; q < m_; ++q)
      cuda::apply_columns<Real>(e_, p_.spec, tile(q), point_.column, factors_t_ + q * 2 * p_.classes,
                                q == 0 ? g_ : Operand<Real>(), gt_ + q * point_.ld);
  }

  void outputs() {
    const std::int64_t d = p_.d, ld = point_.ld, K = point_.columns, md = m_ * d;
    const Operand<Real> unit = point_.unit + begin_ * d;
    const bool turned = hessian_ && rows_moved_;
    if (scale_ != nullptr) weights_.fill(e_, begin_, rows_, scale_);
    if (rows_wanted_) {
      Operand<Real> q = q_;
      if (out_.embeddings != nullptr) q.values = out_.embeddings + begin_ * d;
      gemm<Real>(e_, {false, false, rows_ * m_, d, K, gt_, ld, point_.unit_proxies, d, q.values, d, false});
      for (std::int64_t t = 0; proxies_turn_ && t < m_; ++t)
        gemm<Real>(e_, {false, false, rows_, d, K, g_, ld, unit_t(t), d, q.values + t * d, md, true});
      project_rows_tangent<Real>(e_, rows_, m_, d, unit, point_.inverse + begin_, q, point_.gradient + begin_ * d,
                                 point_.beta + begin_, turned ? moved_ : nullptr, turned ? alpha_ : nullptr, scale_, q);
      if (out_.weight != nullptr) {
        const std::int64_t D = p_.features_width;
        gemm<Real>(e_, {true, false, md, D, rows_, q, md, point_.features.rows(e_, begin_, rows_), D, out_.weight, D,
                        begin_ > 0});
      }
      if (out_.bias != nullptr) add_column_sums<Real>(e_, rows_, md, q, bias_);
    }
    if (proxies_wanted_) {
      if (changed_gradient_ != nullptr) weights_.add_changes(e_, begin_, rows_, K, ld, d, g_, unit, changed_gradient_);
      if (scale_ != nullptr) {  // the sums over samples for the proxies take z and z' times the weights
        scale_rows<Real>(e_, rows_, m_, d, scale_, unit, scaled_unit_);
        if (turned) scale_rows<Real>(e_, rows_ * m_, 1, d, scale_, moved_, moved_);
      }
      for (std::int64_t q = 0; q < m_; ++q) {
        Real* sum = proxies_t_ + q * proxy_size();
        const Operand<Real> z = scale_ == nullptr ? unit : scaled_unit_ + q * d;
        gemm<Real>(
            e_, {true, false, K, d, rows_, gt_ + q * ld, m_ * ld, z, scale_ == nullptr ? d : md, sum, d, begin_ > 0});
        if (turned) gemm<Real>(e_, {true, false, K, d, rows_, g_, ld, moved_ + q * d, md, sum, d, true});
      }
    }
  }

  void finish() {
    const std::int64_t d = p_.d, K = point_.columns;
    if (out_.bias != nullptr) to_real(e_, m_ * d, bias_, out_.bias);
    if (proxies_wanted_) {
      const bool changed = changed_gradient_ != nullptr;
      Real* beta = changed ? get<Real>(K) : nullptr;
      for (std::int64_t q = 0; q < m_; ++q) {
        Real* tangent = proxies_t_ + q * proxy_size();
        Real* gradient = changed ? changed_gradient_ + q * proxy_size() : point_.proxy_gradient;
        if (hessian_) centre_regulariser_tangent<Real>(e_, point_, proxies_turn_ ? unit_t(q) : nullptr, tangent);
        if (changed) {
          project_rows<Real>(e_, K, d, point_.unit_proxies, point_.inverse_proxies, gradient, beta, gradient);
          add(proxy_size(), point_.proxy_gradient, gradient);
          add(K, point_.proxy_beta, beta);
        }
        project_rows_tangent<Real>(e_, K, 1, d, point_.unit_proxies, point_.inverse_proxies, tangent, gradient,
                                   changed ? beta : point_.proxy_beta, proxies_turn_ ? unit_t(q) : nullptr,
                                   proxies_turn_ ? proxy_alpha_ + q * K : nullptr, nullptr,
                                   out_.proxies + q * proxy_size(), point_.order);
      }
    } else if (out_.proxies != nullptr) {
      e_.zero(out_.proxies, m_ * proxy_size());
    }
  }
  void add(std::int64_t n, const Real* x, Real* y) {
    launch(add_kernel<Real>, grid_for(e_, n, 256), dim3(256), 0, e_.stream, n, x, y);
  }

  Engine& e_;
  const Point<Real>& point_;
  const Problem<Real>& p_;
  std::int64_t m_;
  Tangents<const Real> direction_;
  Tangents<Real> out_;
  bool hessian_;
  RowWeights<Real> weights_;
  bool rows_moved_ = false, rows_wanted_ = false, proxies_wanted_ = false;
  bool proxies_turn_ = false;     // terms with p^' beside those of S'
  bool gradient_wanted_ = false;  // G itself beside G'

  // Proxies, kernel order, [m, columns, d].
  Operand<Real> unit_proxies_t_;  // null: the proxies do not move
  Real* proxy_alpha_ = nullptr;
  Real* proxies_t_ = nullptr;         // tangent of dL/dP^
  Real* changed_gradient_ = nullptr;  // what changed weights add to dL/dP^
  // The current block.
  std::int64_t begin_ = 0, rows_ = 0;
  bool filled_ = false;
  Operand<Real> moved_;    // z'
  Real* alpha_ = nullptr;  // z . u'
  Real* s_ = nullptr;
  const Real* cosines_ = nullptr;
  Real* st_ = nullptr;
  Operand<Real> g_, gt_;
  Operand<Real> scaled_unit_;  // z times the weights
  Operand<const Real> weight_;
  Real* scale_ = nullptr;  // weights, or null: ones
  Operand<Real> q_;
  double* bias_ = nullptr;
  Real* factors_t_ = nullptr;  // [m, 2, C]
};

}  // namespace

template <class Real>
void tangent_product(Engine& e, const Point<Real>& point, const CurvatureProducts<Real>& products) {
  TangentProduct<Real>(e, point, products).run();
}
template void tangent_product<float>(Engine&, const Point<float>&, const CurvatureProducts<float>&);
template void tangent_product<double>(Engine&, const Point<double>&, const CurvatureProducts<double>&);

}  // namespace vicinal::cuda
