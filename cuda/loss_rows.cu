// Row kernels of the losses that reduce over the classes of one sample: one block per row and tangent (loss_row.cuh).
// Determinism  every row is independent; the rows' losses are summed in order.
#include "loss_rows.cuh"

#include "loss_row.cuh"

namespace vicinal::cuda {
namespace {

// One block per row, or fewer blocks than rows where rows need scratch.
template <class T, class Kind, class Real>
__global__ void __launch_bounds__(kMostRowThreads)
    rows_kernel(Kind kind, LossTile<Real> tile, std::int64_t rows, Real* scratch, double* losses, int* empties) {
  for (std::int64_t t = blockIdx.x; t < rows; t += gridDim.x) {
    const Row<Real> r = row_of(tile, t);
    const RowLoss row = kind.template run<T>(tile, r, scratch + blockIdx.x * Kind::kScratch * tile.classes);
    if (threadIdx.x != 0 || !r.owner) continue;
    if (tile.per_sample != nullptr) tile.per_sample[r.i] = static_cast<Real>(row.loss);
    if (losses == nullptr) continue;
    losses[r.i] = r.weight * row.loss;
    empties[r.i] = row.empty ? 1 : 0;
  }
}

// Adds the mean of the rows' losses, one block in a fixed order.
__global__ void add_rows(std::int64_t rows, double mean, const double* losses, const int* empties, LossTotals* totals) {
  __shared__ BlockSlots<double> slots;
  double loss = 0, empty = 0;
  for (std::int64_t i = threadIdx.x; i < rows; i += blockDim.x) {
    loss += losses[i];
    empty += empties[i];
  }
  loss = block_sum(loss, slots);
  empty = block_sum(empty, slots);
  if (threadIdx.x == 0) {
    totals->loss += mean * loss;
    totals->empty += static_cast<long long>(empty);
  }
}

template <class T, class Real>
void run(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, double* losses, int* empties) {
  with_row<Real>(spec, tile.soft_labels != nullptr, [&](auto kind) {
    using Kind = decltype(kind);
    const std::int64_t rows = tile.rows * tile.directions;
    const std::int64_t blocks =
        Kind::kScratch == 0 ? rows : std::min<std::int64_t>(rows, static_cast<std::int64_t>(e.processors) * 8);
    Real* scratch = e.workspace.get<Real>(Kind::kScratch == 0 ? 1 : blocks * Kind::kScratch * tile.classes);
    // A class of several centres is a thread's work for longer than a class of one.
    const unsigned threads = row_threads(Kind::kScratch == 0 ? tile.classes : 4 * tile.classes);
    launch(rows_kernel<T, Kind, Real>, dim3(static_cast<unsigned>(blocks)), dim3(threads), 0, e.stream, kind, tile,
           rows, scratch, losses, empties);
  });
}

}  // namespace

template <class Real>
void loss_rows(Engine& e, const LossSpec& spec, const LossTile<Real>& tile, LossTotals* totals) {
  const Workspace::Mark mark = e.workspace.mark();
  double* losses = totals == nullptr ? nullptr : e.workspace.get<double>(tile.rows);
  int* empties = totals == nullptr ? nullptr : e.workspace.get<int>(tile.rows);
  if (tile.st == nullptr) {
    run<Real, Real>(e, spec, tile, losses, empties);
  } else {
    run<math::Dual<Real>, Real>(e, spec, tile, losses, empties);
  }
  if (totals != nullptr)
    launch(add_rows, dim3(1), dim3(256), 0, e.stream, tile.rows, tile.mean, losses, empties, totals);
  e.workspace.rewind(mark);
}
template void loss_rows(Engine&, const LossSpec&, const LossTile<float>&, LossTotals*);
template void loss_rows(Engine&, const LossSpec&, const LossTile<double>&, LossTotals*);

}  // namespace vicinal::cuda
