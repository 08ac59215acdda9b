// The few functions of cuBLAS that this library calls, looked up in the cuBLAS that the process has loaded: no header
// and no link to it are needed to build. Names, values and signatures are those of cuBLAS 12 and 13.
#ifndef VICINAL_CUDA_BLAS_CUH_
#define VICINAL_CUDA_BLAS_CUH_

#include <cstdint>

#include "runtime.cuh"

namespace vicinal::cuda {

class Blas {
 public:
  Blas() = default;
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas() { close(); }

  // A handle on the stream, with a workspace of its own, as graphs need. VICINAL_UNAVAILABLE when cuBLAS is not loaded.
  void open(cudaStream_t stream, void* workspace, std::size_t bytes, int precision);
  void close();  // before its stream
  int version() const { return version_; }

  // Column-major c [m, n] = op(a) op(b) + beta c. `exact_type`: no other number format takes part.
  void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
            std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc,
            bool exact_type);
  void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
            std::int64_t lda, const double* b, std::int64_t ldb, double beta, double* c, std::int64_t ldc,
            bool exact_type);

 private:
  struct Matrix {
    const void* values;
    int type;
    std::int64_t ld;
  };
  void multiply(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const Matrix& a,
                const Matrix& b, const void* one, const void* beta, void* c, int c_type, std::int64_t ldc, int compute);

  void* handle_ = nullptr;
  int compute_ = 0;
  int version_ = 0;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_BLAS_CUH_
