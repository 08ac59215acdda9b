// Sums over rows, per column, of terms made on the fly.
// Threads      one thread per column and chunk of rows, so that neighbours read neighbouring elements.
// Determinism  a column's sum runs over a chunk's rows in order, then over chunks in order, in double.
#ifndef VICINAL_CUDA_COLUMN_SUMS_CUH_
#define VICINAL_CUDA_COLUMN_SUMS_CUH_

#include "engine.cuh"

namespace vicinal::cuda {

constexpr std::int64_t kSumRows = 256;  // per chunk

// parts [chunks, columns].
template <class Term>
__global__ void sum_chunks(std::int64_t rows, std::int64_t columns, Term term, double* parts) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= columns) return;
  for (std::int64_t chunk = blockIdx.y; chunk * kSumRows < rows; chunk += gridDim.y) {
    const std::int64_t end = (chunk + 1) * kSumRows < rows ? (chunk + 1) * kSumRows : rows;
    double sum = 0;
    for (std::int64_t i = chunk * kSumRows; i < end; ++i) sum += term(i, c);
    parts[chunk * columns + c] = sum;
  }
}
template <class Term>
__global__ void merge_chunks(std::int64_t chunks, std::int64_t columns, const double* parts, double* sums) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= columns) return;
  double sum = sums[c];
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += parts[chunk * columns + c];
  sums[c] = sum;
}

// sums [columns] += sum over rows of term(row, column), a double; `term` is called on the device.
template <class Term>
void add_column_terms(Engine& e, std::int64_t rows, std::int64_t columns, const Term& term, double* sums) {
  const std::int64_t chunks = ceil_div(rows, kSumRows);
  const unsigned tiles = static_cast<unsigned>(ceil_div(columns, 128));
  const Workspace::Mark mark = e.workspace.mark();
  double* parts = e.workspace.get<double>(chunks * columns);
  launch(sum_chunks<Term>, dim3(tiles, static_cast<unsigned>(std::min<std::int64_t>(chunks, 65535))), dim3(128), 0,
         e.stream, rows, columns, term, parts);
  launch(merge_chunks<Term>, dim3(tiles), dim3(128), 0, e.stream, chunks, columns, parts, sums);
  e.workspace.rewind(mark);  // later work of the stream comes after these kernels
}

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_COLUMN_SUMS_CUH_
