// cuBLAS over the OpenBLAS of the processor: column-major, queued on the handle's stream like a kernel. Tensor-core
// modes round the inputs, nearest even, to the format that the mode names, and then multiply in float32.
#include "cublas.hpp"

#include <cblas.h>

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "api.hpp"
#include "block.hpp"
#include "device_memory.hpp"
#include "intrinsics.hpp"

struct cublasContext {
  cudaStream_t stream;
  char* workspace;
  std::size_t workspace_bytes;
  int math;
};

namespace emulation::blas {
namespace {

// The nearest number whose last `dropped` mantissa bits are zero, ties to even; infinities and NaN stay.
float round_mantissa(float x, unsigned dropped) {
  const unsigned bits = bit_cast<unsigned>(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  const unsigned odd = bits >> dropped & 1;
  return bit_cast<float>((bits + (1u << (dropped - 1)) - 1 + odd) & ~((1u << dropped) - 1));
}

float from_bf16(std::uint16_t x) {
  return bit_cast<float>(static_cast<unsigned>(x) << 16);
}
std::uint16_t to_bf16(float x) {
  return static_cast<std::uint16_t>(bit_cast<unsigned>(round_mantissa(x, 16)) >> 16);
}

struct Matrix {
  const void* data;
  int type, op, rows, columns, stride;  // rows and columns as stored: before op
  const char* at(long long element) const { return static_cast<const char*>(data) + element * size_of(type); }
  static int size_of(int type) { return type == kR64F ? 8 : type == kR16BF ? 2 : 4; }
};

struct Gemm {
  int m, n, k;
  double alpha, beta;
  Matrix a, b, c;
  long long astride, bstride, cstride;
  int batch;
  unsigned dropped;  // mantissa bits of float32 inputs that the mode does not see
};

CBLAS_TRANSPOSE op_of(int op) {
  return op == kN ? CblasNoTrans : CblasTrans;
}

// A float32 copy with the mode's rounding; null when the matrix can be used where it is.
std::vector<float> converted(const Gemm& g, const Matrix& x, long long offset) {
  std::vector<float> copy;
  if (x.type == kR32F && g.dropped == 0) return copy;
  copy.resize(static_cast<std::size_t>(x.rows) * x.columns);
  for (int j = 0; j < x.columns; ++j) {
    for (int i = 0; i < x.rows; ++i) {
      const char* element = x.at(offset + i + static_cast<long long>(j) * x.stride);
      float value = 0;
      if (x.type == kR16BF) {
        std::uint16_t half;
        std::memcpy(&half, element, sizeof half);
        value = from_bf16(half);
      } else {
        std::memcpy(&value, element, sizeof value);
        value = round_mantissa(value, g.dropped);
      }
      copy[static_cast<std::size_t>(j) * x.rows + i] = value;
    }
  }
  return copy;
}

void multiply_double(const Gemm& g, int i) {
  cblas_dgemm(CblasColMajor, op_of(g.a.op), op_of(g.b.op), g.m, g.n, g.k, g.alpha,
              reinterpret_cast<const double*>(g.a.at(i * g.astride)), g.a.stride,
              reinterpret_cast<const double*>(g.b.at(i * g.bstride)), g.b.stride, g.beta,
              reinterpret_cast<double*>(const_cast<char*>(g.c.at(i * g.cstride))), g.c.stride);
}

void multiply_float(const Gemm& g, int i) {
  const std::vector<float> a = converted(g, g.a, i * g.astride), b = converted(g, g.b, i * g.bstride);
  const bool narrow = g.c.type == kR16BF;
  std::vector<float> wide(narrow ? static_cast<std::size_t>(g.m) * g.n : 0);
  auto* c = const_cast<char*>(g.c.at(i * g.cstride));
  auto* half = reinterpret_cast<std::uint16_t*>(c);
  auto each = [&](auto body) {
    for (int column = 0; column < g.n; ++column) {
      for (int row = 0; row < g.m; ++row) {
        body(wide[static_cast<std::size_t>(column) * g.m + row],
             half[row + static_cast<long long>(column) * g.c.stride]);
      }
    }
  };
  if (narrow && g.beta != 0) each([](float& x, std::uint16_t h) { x = from_bf16(h); });
  cblas_sgemm(
      CblasColMajor, op_of(g.a.op), op_of(g.b.op), g.m, g.n, g.k, static_cast<float>(g.alpha),
      a.empty() ? reinterpret_cast<const float*>(g.a.at(i * g.astride)) : a.data(), a.empty() ? g.a.stride : g.a.rows,
      b.empty() ? reinterpret_cast<const float*>(g.b.at(i * g.bstride)) : b.data(), b.empty() ? g.b.stride : g.b.rows,
      static_cast<float>(g.beta), narrow ? wide.data() : reinterpret_cast<float*>(c), narrow ? g.m : g.c.stride);
  if (narrow) each([](float x, std::uint16_t& h) { h = to_bf16(x); });
}

// Whatever else lies in the workspace is lost: its ends, so that it stays cheap.
void scribble(char* workspace, std::size_t bytes) {
  const std::size_t edge = bytes < 8192 ? bytes / 2 : 4096;
  std::memset(workspace, 0xff, edge);
  std::memset(workspace + bytes - edge, 0xff, edge);
}

bool valid(const Matrix& x) {
  return x.op >= kN && x.op <= kC && x.rows >= 0 && x.columns >= 0 && x.stride >= (x.rows > 1 ? x.rows : 1);
}

bool inside(const Matrix& x, long long stride, int batch) {
  if (x.rows == 0 || x.columns == 0) return true;
  const long long last = (batch - 1) * stride + static_cast<long long>(x.columns - 1) * x.stride + x.rows;
  return stride < 0 || device_memory::holds(x.data, static_cast<std::size_t>(last) * Matrix::size_of(x.type));
}

int enqueue_gemm(cublasHandle_t handle, Gemm g) {
  if (handle == nullptr) return kNotInitialized;
  if (!valid(g.a) || !valid(g.b) || !valid(g.c) || g.batch < 0) return kInvalidValue;
  if (g.m == 0 || g.n == 0 || g.batch == 0) return kSuccess;
  const cudaError_t error = call([&] {
    // The device would report an illegal address, much later.
    if (!inside(g.a, g.astride, g.batch) || !inside(g.b, g.bstride, g.batch) || !inside(g.c, g.cstride, g.batch)) {
      fail("a matrix of a cuBLAS product does not lie in one allocation of device memory");
    }
    cudaStream_t stream = nullptr;
    if (const cudaError_t e = resolve(handle->stream, &stream)) return e;
    ++counters().products;
    enqueue(stream, {[g, workspace = handle->workspace, bytes = handle->workspace_bytes] {
              if (workspace != nullptr) scribble(workspace, bytes);
              for (int i = 0; i < g.batch; ++i) g.c.type == kR64F ? multiply_double(g, i) : multiply_float(g, i);
            }});
    return cudaSuccess;
  });
  return error == cudaSuccess ? kSuccess : kExecutionFailed;
}

}  // namespace
}  // namespace emulation::blas

using namespace emulation::blas;

int cublasCreate_v2(cublasHandle_t* handle) {
  openblas_set_num_threads(1);  // other threads of its own would compete with the tests'
  *handle = new cublasContext{};
  return kSuccess;
}
// Waits for the device, as documented.
int cublasDestroy_v2(cublasHandle_t handle) {
  delete handle;
  if (cudaDeviceSynchronize() != cudaSuccess) return kExecutionFailed;
  return handle == nullptr ? kNotInitialized : kSuccess;
}
int cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  handle->workspace = nullptr;  // as the library does: a stream's workspace is set after the stream
  handle->workspace_bytes = 0;
  return kSuccess;
}
int cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(workspace) % 256 != 0) return kInvalidValue;
  handle->workspace = static_cast<char*>(workspace);
  handle->workspace_bytes = bytes;
  return kSuccess;
}
int cublasSetMathMode(cublasHandle_t handle, int mode) {
  handle->math = mode;
  return kSuccess;
}
int cublasSetAtomicsMode(cublasHandle_t, int) {
  return kSuccess;
}
int cublasSetPointerMode_v2(cublasHandle_t, int mode) {
  return mode == 0 ? kSuccess : kNotSupported;
}
int cublasGetVersion_v2(cublasHandle_t, int* version) {
  *version = 130000;
  return kSuccess;
}

const char* cublasGetStatusName(int status) {
  switch (status) {
    case kSuccess:
      return "CUBLAS_STATUS_SUCCESS";
    case kNotInitialized:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case kInvalidValue:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case kExecutionFailed:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case kNotSupported:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "CUBLAS_STATUS_INTERNAL_ERROR";
}
const char* cublasGetStatusString(int status) {
  switch (status) {
    case kSuccess:
      return "success";
    case kNotInitialized:
      return "the library was not initialized";
    case kInvalidValue:
      return "an unsupported value or parameter was passed to the function";
    case kExecutionFailed:
      return "the function failed to launch on the GPU";
    case kNotSupported:
      return "the requested functionality is not supported";
  }
  return "an internal operation failed";
}

int cublasGemmStridedBatchedEx(cublasHandle_t handle, int opa, int opb, int m, int n, int k, const void* alpha,
                               const void* a, int atype, int lda, long long astride, const void* b, int btype, int ldb,
                               long long bstride, const void* beta, void* c, int ctype, int ldc, long long cstride,
                               int batch, int compute, int) {
  const bool wide = compute == k64F || compute == k64FPedantic;
  const bool fast = compute == k32FFastTF32 || compute == k32FFast16BF;
  if (!wide && !fast && compute != k32F && compute != k32FPedantic) return kNotSupported;
  const bool types =
      wide ? atype == kR64F && ctype == kR64F
           : (atype == kR32F && ctype == kR32F) || (atype == kR16BF && !fast && (ctype == kR32F || ctype == kR16BF));
  if (!types || atype != btype) return kNotSupported;
  if (alpha == nullptr || beta == nullptr) return kInvalidValue;
  auto scalar = [wide](const void* x) {
    return wide ? *static_cast<const double*>(x) : static_cast<double>(*static_cast<const float*>(x));
  };
  Gemm g{};
  g.m = m, g.n = n, g.k = k;
  g.alpha = scalar(alpha), g.beta = scalar(beta);
  g.a = {a, atype, opa, opa == kN ? m : k, opa == kN ? k : m, lda};
  g.b = {b, btype, opb, opb == kN ? k : n, opb == kN ? n : k, ldb};
  g.c = {c, ctype, kN, m, n, ldc};
  g.astride = astride, g.bstride = bstride, g.cstride = cstride;
  g.batch = batch;
  const bool tf32 = compute == k32FFastTF32 || (compute == k32F && handle != nullptr && handle->math == kTF32Math);
  g.dropped = compute == k32FFast16BF ? 16 : tf32 && atype == kR32F ? 13 : 0;
  return enqueue_gemm(handle, g);
}

int cublasGemmEx(cublasHandle_t handle, int opa, int opb, int m, int n, int k, const void* alpha, const void* a,
                 int atype, int lda, const void* b, int btype, int ldb, const void* beta, void* c, int ctype, int ldc,
                 int compute, int algorithm) {
  return cublasGemmStridedBatchedEx(handle, opa, opb, m, n, k, alpha, a, atype, lda, 0, b, btype, ldb, 0, beta, c,
                                    ctype, ldc, 0, 1, compute, algorithm);
}

int cublasSgemm_v2(cublasHandle_t handle, int opa, int opb, int m, int n, int k, const float* alpha, const float* a,
                   int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
  return cublasGemmEx(handle, opa, opb, m, n, k, alpha, a, kR32F, lda, b, kR32F, ldb, beta, c, kR32F, ldc, k32F, -1);
}
int cublasDgemm_v2(cublasHandle_t handle, int opa, int opb, int m, int n, int k, const double* alpha, const double* a,
                   int lda, const double* b, int ldb, const double* beta, double* c, int ldc) {
  return cublasGemmEx(handle, opa, opb, m, n, k, alpha, a, kR64F, lda, b, kR64F, ldb, beta, c, kR64F, ldc, k64F, -1);
}
