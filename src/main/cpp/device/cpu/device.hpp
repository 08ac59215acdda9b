// The processor as the algorithms (algorithm/) see it: types, and operations that cuda/device.cuh has for a GPU. What
// an operation does is said where it is declared.
#ifndef VICINAL_CPU_DEVICE_HPP_
#define VICINAL_CPU_DEVICE_HPP_

#include "device/cpu/loss_change.hpp"
#include "device/cpu/losses.hpp"
#include "device/cpu/operations.hpp"
#include "device/cpu/point.hpp"
#include "device/cpu/program.hpp"
#include "device/cpu/proxy_tiles.hpp"
#include "device/cpu/row_weights.hpp"
#include "device/cpu/rows.hpp"
#include "device/cpu/softmax.hpp"

namespace vicinal::cpu {

template <class Element>
struct Device {
  using Real = Element;
  using Engine = cpu::Engine;
  using Memory = cpu::Memory;
  using Features = cpu::Features<Real>;
  using RowWeights = cpu::RowWeights<Real>;
  using LossTile = cpu::LossTile<Real>;

  // The row kernels write G beside G', whoever reads it.
  static constexpr bool kAlwaysGradient = true;
  // A batch against many proxies goes over tiles of them (device/cpu/proxy_tiles.hpp).
  static constexpr bool kProxyTiles = true;
  static constexpr std::int64_t kStreamed = 0;  // bytes of features sent at a time: none are

  // Rows of features per tile of their factor, read once from memory for all panels, and columns of it per product:
  // half of what lies below is saved.
  static constexpr std::int64_t kFactorRows = 4096, kFactorPanel = 256;

  // Of the workspace per row of a block, for elements in double: none, for tasks hold a few rows at a time
  // (device/cpu/loss_change.cpp).
  static std::int64_t moved_bytes(std::int64_t) { return 0; }

  static Features features(Engine&, const Problem<Real>& p, bool) { return {p.features, p.features_width}; }
  // The largest of n values.
  static double largest(std::int64_t n, const Real* values) {
    return static_cast<double>(*std::max_element(values, values + n));
  }

  // Does the work of a loss or of a program's steps.
  template <class What, class Arrays, class Work>
  static void repeat(Engine&, const What&, const Arrays&, Work&& work) {
    work();
  }
  // Between the steps of a program.
  static void poll(Engine& e) { e.poll(); }

  static constexpr auto gemm = cpu::gemm<Real>;
  static constexpr auto gemm_over_rows = cpu::gemm_over_rows<Real>;

  static constexpr auto normalize_rows = cpu::normalize_rows<Real>;
  static constexpr auto project_rows = cpu::project_rows<Real>;
  static constexpr auto tangent_rows = cpu::tangent_rows<Real>;
  static constexpr auto project_rows_tangent = cpu::project_rows_tangent<Real>;
  static constexpr auto row_derivatives = cpu::row_derivatives<Real>;
  static constexpr auto outer_rows = cpu::outer_rows<Real>;
  static constexpr auto fill_rows = cpu::fill_rows<Real>;
  static constexpr auto scale_rows = cpu::scale_rows<Real>;
  static constexpr auto add_column_sums = cpu::add_column_sums<Real>;
  static constexpr auto to_real = cpu::to_real<Real>;
  static constexpr auto add = cpu::add<Real>;
  static constexpr auto put_zero_cosines = cpu::put_zero_cosines<Real, Real>;

  static constexpr auto loss_rows = cpu::loss_rows<Real>;
  static constexpr auto raise_columns = cpu::raise_columns<Real>;
  static constexpr auto absorb_columns = cpu::absorb_columns<Real>;
  static constexpr auto finish_columns = cpu::finish_columns<Real>;
  static constexpr auto column_tangents = cpu::column_tangents<Real>;
  static constexpr auto apply_columns = cpu::apply_columns<Real>;
  static constexpr auto score_columns = cpu::score_columns<Real>;
  static constexpr auto count_labels = cpu::count_labels<Real>;
  static constexpr auto softmax_table = cpu::softmax_table<Real>;

  static constexpr auto softmax_probabilities = cpu::softmax_probabilities<Real>;
  static constexpr auto softmax_differences = cpu::softmax_differences<Real>;
  static constexpr auto mirror = cpu::mirror<Real>;
  static constexpr auto fold = cpu::fold<Real>;
  static constexpr auto factor_sides = cpu::factor_sides<Real>;
  static constexpr auto add_spread = cpu::add_spread<Real>;
  static constexpr auto square = cpu::square<Real>;
  static constexpr auto softmax_diagonal = cpu::softmax_diagonal<Real>;
  static constexpr auto normalisation_diagonal = cpu::normalisation_diagonal<Real>;
  static constexpr auto fisher_diagonal = cpu::fisher_diagonal<Real>;
  static constexpr auto spread_proxies = cpu::spread_proxies<Real>;
  static constexpr auto proxy_diagonal = cpu::proxy_diagonal<Real>;
  static constexpr auto quadratic_forms = cpu::quadratic_forms<Real>;

  static constexpr auto dot_rows = cpu::dot_rows<Real>;
  static constexpr auto moved_losses = cpu::moved_losses<Real>;

  static constexpr auto step_norms = cpu::step_norms<Real>;
  static constexpr auto combine_rows = cpu::combine_rows<Real>;
  static constexpr auto couple_rows = cpu::couple_rows<Real>;
  static constexpr auto recursion_steps = cpu::recursion_steps<Real>;

  static constexpr auto tiled_cosines = cpu::tiled_cosines<Real>;
  static constexpr auto tiled_gradients = cpu::tiled_gradients<Real>;
  static constexpr auto centre_regulariser = cpu::centre_regulariser<Real>;
  static constexpr auto centre_regulariser_tangent = cpu::centre_regulariser_tangent<Real>;

  static constexpr auto gradient_squares = cpu::gradient_squares<Real>;
  static constexpr auto step_tensors = cpu::step_tensors<Real>;
  static constexpr auto clip = cpu::clip<Real>;
  static constexpr auto lowest = cpu::lowest<Real>;
  static constexpr auto reciprocal = cpu::reciprocal<Real>;
  static constexpr auto find_nonfinite = cpu::find_nonfinite<Real>;
  static constexpr auto gather_rows = cpu::gather_rows<Real>;
  static constexpr auto dots = cpu::dots<Real>;
  static constexpr auto axpy = cpu::axpy<Real>;
  static constexpr auto xpby = cpu::xpby<Real>;
  static constexpr auto multiply = cpu::multiply<Real>;

  // Of close pairs: a tile's largest side, and bytes for each of its pairs.
  static constexpr std::int64_t kCloseSide = 2048, kClosePairBytes = 4;
  static constexpr auto row_squares = cpu::row_squares;
  static constexpr auto close_tile = cpu::close_tile;

  static constexpr auto product = cpu::product<Real>;
  static constexpr auto run_kernel = cpu::run_kernel<Real>;
  static constexpr auto run_axis = cpu::run_axis<Real>;
  static constexpr auto run_image = cpu::run_image<Real>;
};

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_DEVICE_HPP_
