// The part of cuBLAS that the device layer calls: C names and values; enumerations are ints, as in our own
// declarations.
#ifndef VICINAL_EMULATION_CUBLAS_HPP_
#define VICINAL_EMULATION_CUBLAS_HPP_

#include "runtime_api.hpp"

struct cublasContext;
typedef cublasContext* cublasHandle_t;

namespace emulation::blas {
// cublasStatus_t
constexpr int kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7, kExecutionFailed = 13, kNotSupported = 15;
// cublasOperation_t
constexpr int kN = 0, kT = 1;
// cudaDataType_t
constexpr int kR32F = 0, kR64F = 1;
// cublasComputeType_t
constexpr int k32F = 68, k32FPedantic = 69, k64F = 70, k64FPedantic = 71, k32FFast16BF = 75, k32FFastTF32 = 77;
}  // namespace emulation::blas

extern "C" {
int cublasCreate_v2(cublasHandle_t* handle);
int cublasDestroy_v2(cublasHandle_t handle);
int cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream);
int cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t bytes);
int cublasGetVersion_v2(cublasHandle_t handle, int* version);
int cublasGemmEx(cublasHandle_t handle, int opa, int opb, int m, int n, int k, const void* alpha, const void* a,
                 int atype, int lda, const void* b, int btype, int ldb, const void* beta, void* c, int ctype, int ldc,
                 int compute, int algorithm);
}

#endif  // VICINAL_EMULATION_CUBLAS_HPP_
