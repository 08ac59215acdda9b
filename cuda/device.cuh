// A GPU as the algorithms (algorithm/) see it: types, and operations that device/cpu/device.hpp has for the processor.
// What an operation does is said where it is declared.
#ifndef VICINAL_CUDA_DEVICE_CUH_
#define VICINAL_CUDA_DEVICE_CUH_

#include <limits>

#include "distances.cuh"
#include "loss_change.cuh"
#include "loss_columns.cuh"
#include "loss_rows.cuh"
#include "operations.cuh"
#include "point.cuh"
#include "row_weights.cuh"
#include "rows.cuh"
#include "softmax.cuh"
#include "softmax_table.cuh"

namespace vicinal::cuda {

template <class Element>
struct Device {
  using Real = Element;
  using Engine = cuda::Engine;
  using Memory = cuda::Memory;
  using Features = cuda::Features<Real>;
  using RowWeights = cuda::RowWeights<Real>;
  using LossTile = cuda::LossTile<Real>;

  // G beside G' costs a write, so only where it is read.
  static constexpr bool kAlwaysGradient = false;
  static constexpr bool kProxyTiles = false;
  static constexpr std::int64_t kStreamed = cuda::kStreamed;

  static constexpr std::int64_t kFactorRows = std::numeric_limits<std::int64_t>::max(), kFactorPanel = 512;

  static std::int64_t moved_bytes(std::int64_t elements) { return elements * std::int64_t{sizeof(double)}; }

  // A kept point reads its features once per product: they stay on the device when a good part of it is left over.
  static Features features(Engine& e, const Problem<Real>& p, bool kept) {
    const std::int64_t most = kept ? arena(e.ordinal).room() / 2 : e.workspace_bytes;
    return {e, p.features, p.n, p.features_width, most};
  }
  // Unknown: the values lie on the device and can be anything.
  static double largest(std::int64_t, const Real*) { return std::numeric_limits<double>::infinity(); }

  // Queues the work of a loss, as a graph where that is worth it (device.cu).
  template <class Work>
  static void repeat(Engine& e, const Problem<Real>& p, const Gradients<Real>& out, Work&& work);
  // The same of a program's steps, whose arrays are on the device.
  template <class Work>
  static void repeat(Engine& e, const program::Plan& plan, const std::vector<void*>& buffers, Work&& work);
  // Between the steps of a program. Those that are recorded wait for nothing.
  static void poll(Engine& e) {
    if (!e.graphs.recording()) e.poll();
  }

  static constexpr auto gemm = cuda::gemm<Real>;
  static constexpr auto gemm_over_rows = cuda::gemm<Real>;

  static constexpr auto normalize_rows = cuda::normalize_rows<Real>;
  static constexpr auto project_rows = cuda::project_rows<Real>;
  static constexpr auto tangent_rows = cuda::tangent_rows<Real>;
  static constexpr auto project_rows_tangent = cuda::project_rows_tangent<Real>;
  static constexpr auto row_derivatives = cuda::row_derivatives<Real>;
  static constexpr auto outer_rows = cuda::outer_rows<Real>;
  static constexpr auto fill_rows = cuda::fill_rows<Real>;
  static constexpr auto scale_rows = cuda::scale_rows<Real>;
  static constexpr auto add_column_sums = cuda::add_column_sums<Real>;
  static constexpr auto to_real = cuda::to_real<Real>;
  static constexpr auto add = cuda::add<Real>;
  static constexpr auto put_zero_cosines = cuda::put_zero_cosines<Real>;

  static constexpr auto loss_rows = cuda::loss_rows<Real>;
  static constexpr auto raise_columns = cuda::raise_columns<Real>;
  static constexpr auto absorb_columns = cuda::absorb_columns<Real>;
  static constexpr auto finish_columns = cuda::finish_columns<Real>;
  static constexpr auto column_tangents = cuda::column_tangents<Real>;
  static constexpr auto apply_columns = cuda::apply_columns<Real>;
  static constexpr auto score_columns = cuda::score_columns<Real>;
  static constexpr auto count_labels = cuda::count_labels<Real>;
  static constexpr auto softmax_table = cuda::softmax_table<Real>;

  static constexpr auto softmax_probabilities = cuda::softmax_probabilities<Real>;
  static constexpr auto softmax_differences = cuda::softmax_differences<Real>;
  static constexpr auto mirror = cuda::mirror<Real>;
  static constexpr auto fold = cuda::fold<Real>;
  static constexpr auto factor_sides = cuda::factor_sides<Real>;
  static constexpr auto add_spread = cuda::add_spread<Real>;
  static constexpr auto square = cuda::square<Real>;
  static constexpr auto softmax_diagonal = cuda::softmax_diagonal<Real>;
  static constexpr auto normalisation_diagonal = cuda::normalisation_diagonal<Real>;
  static constexpr auto fisher_diagonal = cuda::fisher_diagonal<Real>;
  static constexpr auto spread_proxies = cuda::spread_proxies<Real>;
  static constexpr auto proxy_diagonal = cuda::proxy_diagonal<Real>;
  static constexpr auto quadratic_forms = cuda::quadratic_forms<Real>;

  static constexpr auto dot_rows = cuda::dot_rows<Real>;
  static constexpr auto moved_losses = cuda::moved_losses<Real>;

  static constexpr auto step_norms = cuda::step_norms<Real>;
  static constexpr auto combine_rows = cuda::combine_rows<Real>;
  static constexpr auto couple_rows = cuda::couple_rows<Real>;
  static constexpr auto recursion_steps = cuda::recursion_steps<Real>;

  static constexpr auto centre_regulariser = cuda::centre_regulariser<Real>;
  static constexpr auto centre_regulariser_tangent = cuda::centre_regulariser_tangent<Real>;

  static constexpr auto gradient_squares = cuda::gradient_squares<Real>;
  static constexpr auto step_tensors = cuda::step_tensors<Real>;
  static constexpr auto clip = cuda::clip<Real>;
  static constexpr auto lowest = cuda::lowest<Real>;
  static constexpr auto reciprocal = cuda::reciprocal<Real>;
  static constexpr auto find_nonfinite = cuda::find_nonfinite<Real>;
  static constexpr auto gather_rows = cuda::gather_rows<Real>;
  static constexpr auto dots = cuda::dots<Real>;
  static constexpr auto axpy = cuda::axpy<Real>;
  static constexpr auto xpby = cuda::xpby<Real>;
  static constexpr auto multiply = cuda::multiply<Real>;

  static constexpr std::int64_t kCloseSide = 4096, kClosePairBytes = 32;
  static constexpr auto row_squares = cuda::squared_norms;
  static constexpr auto close_tile = cuda::close_tile;

  static constexpr auto product = cuda::gemm<Real>;
  static constexpr auto run_kernel = cuda::run_kernel<Real>;
  static constexpr auto run_axis = cuda::run_axis<Real>;
  static constexpr auto run_image = cuda::run_image<Real>;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_DEVICE_CUH_
