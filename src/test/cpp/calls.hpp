// The entries of the C ABI for plain pointers and sizes: every array gets the name of its argument.
#ifndef VICINAL_TEST_CALLS_HPP_
#define VICINAL_TEST_CALLS_HPP_

#include <algorithm>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "core/device.h"
#include "oracle/losses.hpp"
#include "vicinal/vicinal.h"

namespace call {

using std::int64_t;
using Engine = vicinal_engine*;
using Curvature = const vicinal_curvature*;

template <class T>
struct Array : vicinal_array {
  Array(const char* its_name, T* values, std::initializer_list<int64_t> sizes) : vicinal_array{} {
    using Element = std::remove_const_t<T>;
    name = its_name;
    data = const_cast<Element*>(values);
    dtype = std::is_same_v<Element, float> ? VICINAL_F32 : std::is_same_v<Element, double> ? VICINAL_F64 : VICINAL_I64;
    for (int64_t size : sizes) shape[ndim++] = size;
  }
};
#define VICINAL_ARRAY(values, ...) &static_cast<const vicinal_array&>(Array{#values, values, {__VA_ARGS__}})

// A loss as the library takes it; null stays null.
class Spec {
 public:
  Spec(const oracle::Loss* loss) : loss_(loss) {
    if (loss == nullptr) return;
    for (const auto& [name, value] : loss->parameters) {
      names_.push_back(name.c_str());
      values_.push_back(value);
    }
    struct_ = {sizeof struct_, loss->name.c_str(), static_cast<std::int32_t>(names_.size()), names_.data(),
               values_.data()};
  }
  Spec(const Spec&) = delete;
  operator const vicinal_loss*() const { return loss_ == nullptr ? nullptr : &struct_; }
  // Rows of the proxy matrix.
  int64_t rows(int64_t C) const { return C * (loss_ == nullptr ? 1 : loss_->centers()); }

 private:
  const oracle::Loss* loss_;
  std::vector<const char*> names_;
  std::vector<double> values_;
  vicinal_loss struct_{};
};
// Sizes at a curvature.
struct At {
  int64_t N = 0, D = 0, d = 0, P = 0;
  explicit At(Curvature c) {
    if (c != nullptr) N = c->n, D = c->features_width, d = c->d, P = c->classes * c->spec.centers;
  }
};
#define AT const At at(curvature)
#define A VICINAL_ARRAY

template <class Real>
vicinal_status loss(Engine e, const Spec& spec, int64_t B, int64_t d, int64_t C, const Real* embeddings,
                    const int64_t* labels, const Real* proxies, const Real* weights, const Real* soft_labels,
                    double* loss, int64_t* empty, Real* per_sample, Real* grad_embeddings, Real* grad_proxies) {
  const int64_t P = spec.rows(C);
  return vicinal_loss_gradient(e, spec, C, A(embeddings, B, d), A(labels, B), A(proxies, P, d), A(weights, B),
                               A(soft_labels, B, C), loss, empty, A(per_sample, B), A(grad_embeddings, B, d),
                               A(grad_proxies, P, d));
}
template <class Real>
vicinal_status loss_hvp(Engine e, const Spec& spec, int64_t B, int64_t d, int64_t C, const Real* embeddings,
                        const int64_t* labels, const Real* proxies, const Real* weights, const Real* soft_labels,
                        const Real* direction_embeddings, const Real* direction_proxies, Real* hvp_embeddings,
                        Real* hvp_proxies) {
  const int64_t P = spec.rows(C);
  return vicinal_loss_hvp(e, spec, C, A(embeddings, B, d), A(labels, B), A(proxies, P, d), A(weights, B),
                          A(soft_labels, B, C), A(direction_embeddings, B, d), A(direction_proxies, P, d),
                          A(hvp_embeddings, B, d), A(hvp_proxies, P, d));
}
template <class Real>
vicinal_status head_embed(Engine e, int64_t N, int64_t D, int64_t d, const Real* features, const Real* weight,
                          const Real* bias, Real* embeddings) {
  return vicinal_head_embed(e, A(features, N, D), A(weight, d, D), A(bias, d), A(embeddings, N, d));
}
template <class Real>
vicinal_status head_gradient(Engine e, const Spec& spec, int64_t N, int64_t D, int64_t d, int64_t C,
                             const Real* features, const int64_t* labels, const Real* weights, const Real* soft_labels,
                             const Real* weight, const Real* bias, const Real* proxies, double* loss, int64_t* empty,
                             Real* per_sample, Real* grad_weight, Real* grad_bias, Real* grad_proxies) {
  const int64_t P = spec.rows(C);
  return vicinal_head_gradient(e, spec, C, A(features, N, D), A(labels, N), A(weights, N), A(soft_labels, N, C),
                               A(weight, d, D), A(bias, d), A(proxies, P, d), loss, empty, A(per_sample, N),
                               A(grad_weight, d, D), A(grad_bias, d), A(grad_proxies, P, d));
}
template <class Real>
vicinal_status curvature_create(Engine e, const Spec& spec, int64_t N, int64_t D, int64_t d, int64_t C,
                                const Real* features, const int64_t* labels, const Real* weights,
                                const Real* soft_labels, const Real* weight, const Real* bias, const Real* proxies,
                                vicinal_curvature** curvature) {
  const int64_t P = spec.rows(C);
  return vicinal_curvature_create(e, spec, C, A(features, N, D), A(labels, N), A(weights, N), A(soft_labels, N, C),
                                  A(weight, d, D), A(bias, d), A(proxies, P, d), curvature);
}
template <class Real>
vicinal_status curvature_hvp(Engine e, Curvature curvature, const Real* direction_weight, const Real* direction_bias,
                             const Real* direction_proxies, Real* hvp_weight, Real* hvp_bias, Real* hvp_proxies) {
  AT;
  return vicinal_curvature_hvp(e, curvature, A(direction_weight, at.d, at.D), A(direction_bias, at.d),
                               A(direction_proxies, at.P, at.d), A(hvp_weight, at.d, at.D), A(hvp_bias, at.d),
                               A(hvp_proxies, at.P, at.d));
}
template <class Real>
vicinal_status curvature_products(Engine e, Curvature curvature, int kind, int64_t m, const Real* direction_weight,
                                  const Real* direction_proxies, const int64_t* change_offsets,
                                  const int64_t* change_ids, const double* change_deltas, Real* product_weight,
                                  Real* product_proxies) {
  AT;
  return vicinal_curvature_products(e, curvature, kind, A(direction_weight, m, at.d, at.D),
                                    A(direction_proxies, m, at.P, at.d), change_offsets, change_ids, change_deltas,
                                    A(product_weight, m, at.d, at.D), A(product_proxies, m, at.P, at.d));
}
template <class Real>
vicinal_status curvature_scores(Engine e, Curvature curvature, int64_t m, const Real* direction_weight,
                                const Real* direction_proxies, double* scores) {
  AT;
  return vicinal_curvature_scores(e, curvature, A(direction_weight, m, at.d, at.D), A(direction_proxies, m, at.P, at.d),
                                  A(scores, m, at.N));
}
template <class Real>
vicinal_status curvature_sample_gradients(Engine e, Curvature curvature, Real* units, Real* gradients) {
  AT;
  return vicinal_curvature_sample_gradients(e, curvature, A(units, at.N, at.d), A(gradients, at.N, at.d));
}
template <class Real>
vicinal_status curvature_tables(Engine e, Curvature curvature, const Real* direction_weight,
                                const Real* direction_proxies, int64_t from, int64_t rows, double* by_proxy,
                                double* relabel) {
  AT;
  return vicinal_curvature_tables(e, curvature, A(direction_weight, 1, at.d, at.D), A(direction_proxies, 1, at.P, at.d),
                                  from, A(by_proxy, rows, at.P), A(relabel, rows, at.P));
}
template <class Real>
vicinal_status curvature_loss_change(Engine e, Curvature curvature, int64_t R, const Real* left, const Real* right,
                                     double* change) {
  AT;
  return vicinal_curvature_loss_change(e, curvature, A(left, R, at.d), A(right, R, at.D), A(change, at.N));
}
template <class Real>
vicinal_status curvature_factors(Engine e, Curvature curvature, Real* feature_factor, Real* output_factor) {
  AT;
  return vicinal_curvature_factors(e, curvature, A(feature_factor, at.D, at.D), A(output_factor, at.d, at.d));
}
template <class Real>
vicinal_status curvature_diagonal(Engine e, Curvature curvature, int kind, Real* weight, Real* proxies) {
  AT;
  return vicinal_curvature_diagonal(e, curvature, kind, A(weight, at.d, at.D), A(proxies, at.P, at.d));
}
template <class Real>
vicinal_status curvature_self_influence(Engine e, Curvature curvature, const Real* inverse, double* out) {
  AT;
  return vicinal_curvature_self_influence(e, curvature, A(inverse, at.d, at.D), A(out, at.N));
}
template <class Real>
vicinal_status curvature_seed_recursion(Engine e, Curvature curvature, double damping, double scale, int64_t m,
                                        int64_t R, const Real* left, const Real* right, Real* h) {
  AT;
  return vicinal_curvature_seed_recursion(e, curvature, damping, scale, A(left, m, at.d, R), A(right, R, at.D),
                                          A(h, m, at.d, at.D));
}
template <class Real>
vicinal_status clip(Engine e, int64_t n, double low, double high, Real* values) {
  return vicinal_clip(e, low, high, A(values, n));
}
template <class Real>
vicinal_status lowest(Engine e, int64_t n, const Real* values, double* lowest) {
  return vicinal_lowest(e, A(values, n), lowest);
}
template <class Real>
vicinal_status reciprocal(Engine e, int64_t n, double shift, const Real* x, Real* out) {
  return vicinal_reciprocal(e, shift, A(x, n), A(out, n));
}
template <class Real>
vicinal_status find_nonfinite(Engine e, int64_t n, const Real* values, int64_t* first) {
  return vicinal_find_nonfinite(e, A(values, n), first);
}
template <class Real>
vicinal_status gather_rows(Engine e, int64_t N, int64_t columns, const Real* values, int64_t n, const int64_t* ids,
                           Real* out) {
  return vicinal_gather_rows(e, A(values, N, columns), A(ids, n), A(out, n, columns));
}
template <class Real>
vicinal_status normalize_rows(Engine e, int64_t n, int64_t columns, const Real* values, Real* out) {
  return vicinal_normalize_rows(e, A(values, n, columns), A(out, n, columns));
}
template <class Real>
vicinal_status dots(Engine e, int64_t m, int64_t n, const Real* x, const Real* y, double* dots) {
  return vicinal_dots(e, A(x, m, n), A(y, m, n), dots);
}
template <class Real>
vicinal_status axpy(Engine e, int64_t m, int64_t n, const double* alpha, const Real* x, Real* y) {
  return vicinal_axpy(e, alpha, A(x, m, n), A(y, m, n));
}
template <class Real>
vicinal_status xpby(Engine e, int64_t m, int64_t n, const Real* x, const double* beta, Real* y) {
  return vicinal_xpby(e, A(x, m, n), beta, A(y, m, n));
}
template <class Real>
vicinal_status multiply(Engine e, int64_t m, int64_t n, const Real* shared, const Real* x, Real* out) {
  return vicinal_multiply(e, A(shared, n), A(x, m, n), A(out, m, n));
}
template <class Real>
vicinal_status gemm(Engine e, int64_t m, int64_t n, int64_t k, const Real* a, const Real* b, Real* c, bool ta = false,
                    bool tb = true) {
  return vicinal_gemm(e, ta, tb, A(a, ta ? k : m, ta ? m : k), A(b, tb ? n : k, tb ? k : n), A(c, m, n));
}
template <class Real>
vicinal_status symmetric_eigen(Engine e, int64_t n, Real* matrix, Real* values) {
  return vicinal_symmetric_eigen(e, A(matrix, n, n), A(values, n));
}
inline vicinal_status rank(Engine e, int64_t Q, int64_t G, int64_t d, const float* queries, const float* gallery,
                           const int64_t* self, const int64_t* offsets, const int64_t* relevant, int64_t size,
                           int64_t* ranks, int8_t* tied) {
  return vicinal_rank(e, A(queries, Q, d), A(gallery, G, d), A(self, Q), A(offsets, Q + 1), A(relevant, size),
                      A(ranks, size), tied);
}
inline vicinal_status nearest(Engine e, int64_t Q, int64_t G, int64_t d, const float* queries, const float* gallery,
                              const int64_t* self, int64_t k, int64_t* ids, double* distances) {
  return vicinal_nearest(e, A(queries, Q, d), A(gallery, G, d), A(self, Q), A(ids, Q, k), A(distances, Q, k));
}
inline vicinal_status close_pairs(Engine e, int64_t N, int64_t G, int64_t d, const float* rows, const float* others,
                                  double limit, int64_t most, int32_t* first, int32_t* second, double* distances,
                                  int64_t* total, int64_t* zeros) {
  return vicinal_close_pairs(e, A(rows, N, d), A(others, G, d), limit, most, first, second, distances, total, zeros);
}

#undef A
#undef AT
#undef VICINAL_ARRAY

}  // namespace call

#endif  // VICINAL_TEST_CALLS_HPP_
