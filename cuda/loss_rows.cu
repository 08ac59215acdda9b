// Row kernels of the losses that reduce over the classes of one sample: one block per row and tangent (loss_row.cuh).
// Determinism  every row is independent; the rows' losses are summed in order.
#include "loss_rows.cuh"

#include "loss_row.cuh"

namespace vicinal::cuda {
namespace {

// What the kinds of rows use of shared memory themselves, at most, and how much more a kernel may have unasked.
constexpr std::int64_t kStaticShared = 2048, kSharedOfAll = (48 << 10) - kStaticShared;
template <class T>
constexpr unsigned kMostThreads = sizeof(T) == sizeof(float) ? 1024 : 512;

// One block per row, or fewer blocks than rows where rows need scratch. Shared memory holds `held` elements.
template <class T, class Kind, class Real>
__global__ void __launch_bounds__(kMostThreads<T>)
    rows_kernel(Kind kind, LossTile<Real> tile, std::int64_t rows, std::int64_t held, Real* scratch, double* losses,
                int* empties) {
  VICINAL_DYNAMIC_SHARED(Real, near);
  for (std::int64_t t = blockIdx.x; t < rows; t += gridDim.x) {
    Row<Real> r = row_of(tile, t);
    r.held = held;
    r.held_s = near;
    r.held_st = near + held;
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

// Elements of a row that a block holds between its passes: all, or as many as there is room for if the second-level
// cache holds what is left over of the rows at work, one per processor; else none, for more blocks at a time.
template <class T>
std::int64_t held_elements(const Engine& e, std::int64_t length) {
  constexpr auto kSize = static_cast<std::int64_t>(sizeof(T));
  const std::int64_t most = (e.shared_bytes - kStaticShared) / kSize;
  if (length <= most) return length;
  return (length - most) * kSize * e.processors <= e.cache_bytes / 2 ? most : 0;
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
    unsigned threads = row_threads(Kind::kScratch == 0 ? tile.classes : 4 * tile.classes);
    const std::int64_t held = held_elements<T>(e, tile.ld), shared = held * static_cast<std::int64_t>(sizeof(T));
    if (shared > e.shared_bytes / 2) threads = kMostThreads<T>;  // no second block has room on the processor
    const auto kernel = rows_kernel<T, Kind, Real>;
    if (shared > kSharedOfAll)
      allow_shared(e.ordinal, reinterpret_cast<const void*>(kernel), e.shared_bytes - kStaticShared);
    launch(kernel, dim3(static_cast<unsigned>(blocks)), dim3(threads), static_cast<std::size_t>(shared), e.stream, kind,
           tile, rows, held, scratch, losses, empties);
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
