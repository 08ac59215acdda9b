// cuBLAS by its symbols.
#include "blas.cuh"

#include <dlfcn.h>

#include <limits>

#include "vicinal/vicinal.h"

#ifdef VICINAL_EMULATED
#include "emulation/cublas.hpp"
#endif

namespace vicinal::cuda {
namespace {

// cublas_api.h, library_types.h
constexpr int kNoTranspose = 0, kTranspose = 1;
constexpr int kReal32 = 0, kReal64 = 1;
constexpr int kCompute32 = 68, kCompute32Pedantic = 69, kCompute32Fast16B = 75, kCompute32FastTf32 = 77;
constexpr int kCompute64 = 70, kCompute64Pedantic = 71;
constexpr int kDefaultAlgorithm = -1;

struct Functions {
  int (*create)(void** handle) = nullptr;
  int (*destroy)(void* handle) = nullptr;
  int (*set_stream)(void* handle, cudaStream_t stream) = nullptr;
  int (*set_workspace)(void* handle, void* workspace, std::size_t bytes) = nullptr;
  int (*get_version)(void* handle, int* version) = nullptr;
  int (*gemm)(void* handle, int transpose_a, int transpose_b, int m, int n, int k, const void* alpha, const void* a,
              int a_type, int lda, const void* b, int b_type, int ldb, const void* beta, void* c, int c_type, int ldc,
              int compute, int algorithm) = nullptr;
};

#ifdef VICINAL_EMULATED
template <class F, class G>
void bind(F& to, G* from) {
  to = reinterpret_cast<F>(reinterpret_cast<void*>(from));
}
Functions find() {
  Functions f;
  bind(f.create, cublasCreate_v2);
  bind(f.destroy, cublasDestroy_v2);
  bind(f.set_stream, cublasSetStream_v2);
  bind(f.set_workspace, cublasSetWorkspace_v2);
  bind(f.get_version, cublasGetVersion_v2);
  bind(f.gemm, cublasGemmEx);
  return f;
}
#else
void* loaded() {
  for (const char* name : {"libcublas.so.13", "libcublas.so.12"}) {
    void* library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
    if (library != nullptr) return library;
  }
  fail(VICINAL_UNAVAILABLE, "cuBLAS is not loaded: the process loads libcublas.so.13 before it opens this device");
}
template <class F>
void bind(void* library, const char* name, F& to) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) fail(VICINAL_UNAVAILABLE, "cuBLAS has no ", name, ": version 12 or 13 is needed");
  to = reinterpret_cast<F>(symbol);
}
Functions find() {
  Functions f;
  void* library = loaded();
  bind(library, "cublasCreate_v2", f.create);
  bind(library, "cublasDestroy_v2", f.destroy);
  bind(library, "cublasSetStream_v2", f.set_stream);
  bind(library, "cublasSetWorkspace_v2", f.set_workspace);
  bind(library, "cublasGetVersion_v2", f.get_version);
  bind(library, "cublasGemmEx", f.gemm);
  return f;
}
#endif

const Functions& functions() {
  static const Functions found = find();
  return found;
}

void check_blas(int status, const char* what) {
  if (status == 0) return;
  fail(status == 3 ? VICINAL_OUT_OF_MEMORY : VICINAL_INTERNAL, "cuBLAS: ", what, " returned status ", status);
}

}  // namespace

void Blas::close() {
  if (handle_ != nullptr) functions().destroy(handle_);
  handle_ = nullptr;
}

void Blas::open(cudaStream_t stream, void* workspace, std::size_t bytes, int precision) {
  const Functions& f = functions();
  check_blas(f.create(&handle_), "cublasCreate");
  check_blas(f.get_version(handle_, &version_), "cublasGetVersion");
  check_blas(f.set_stream(handle_, stream), "cublasSetStream");
  check_blas(f.set_workspace(handle_, workspace, bytes), "cublasSetWorkspace");
  compute_ = precision == VICINAL_PRECISION_TF32   ? kCompute32FastTf32
             : precision == VICINAL_PRECISION_BF16 ? kCompute32Fast16B
                                                   : kCompute32;
}

void Blas::multiply(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const Matrix& a,
                    const Matrix& b, const void* one, const void* beta, void* c, int c_type, std::int64_t ldc,
                    int compute) {
  const auto dimension = [](std::int64_t size) {
    require(size <= std::numeric_limits<int>::max(), "a product with ", size,
            " rows or columns is more than cuBLAS takes");
    return static_cast<int>(size);
  };
  check_blas(
      functions().gemm(handle_, transpose_a ? kTranspose : kNoTranspose, transpose_b ? kTranspose : kNoTranspose,
                       dimension(m), dimension(n), dimension(k), one, a.values, a.type, dimension(a.ld), b.values,
                       b.type, dimension(b.ld), beta, c, c_type, dimension(ldc), compute, kDefaultAlgorithm),
      "cublasGemmEx");
}

void Blas::gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
                std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc,
                bool exact_type) {
  const float one = 1;
  multiply(transpose_a, transpose_b, m, n, k, {a, kReal32, lda}, {b, kReal32, ldb}, &one, &beta, c, kReal32, ldc,
           exact_type ? kCompute32Pedantic : compute_);
}

void Blas::gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
                std::int64_t lda, const double* b, std::int64_t ldb, double beta, double* c, std::int64_t ldc,
                bool exact_type) {
  const double one = 1;
  multiply(transpose_a, transpose_b, m, n, k, {a, kReal64, lda}, {b, kReal64, ldb}, &one, &beta, c, kReal64, ldc,
           exact_type ? kCompute64Pedantic : kCompute64);
}

}  // namespace vicinal::cuda
