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

struct Matrix {
  const void* data;
  int op, rows, columns, stride;  // rows and columns as stored: before op
};

struct Gemm {
  int m, n, k;
  double alpha, beta;
  Matrix a, b, c;
  bool wide;         // of doubles
  unsigned dropped;  // mantissa bits of float32 inputs that the mode does not see
};

CBLAS_TRANSPOSE op_of(int op) {
  return op == kN ? CblasNoTrans : CblasTrans;
}

// A copy with the mode's rounding; empty when the matrix can be used where it is.
std::vector<float> rounded(const Gemm& g, const Matrix& x) {
  std::vector<float> copy;
  if (g.dropped == 0) return copy;
  copy.resize(static_cast<std::size_t>(x.rows) * x.columns);
  for (int j = 0; j < x.columns; ++j)
    for (int i = 0; i < x.rows; ++i)
      copy[static_cast<std::size_t>(j) * x.rows + i] =
          round_mantissa(static_cast<const float*>(x.data)[i + static_cast<long long>(j) * x.stride], g.dropped);
  return copy;
}

template <class T>
T* elements(const Matrix& x) {
  return static_cast<T*>(const_cast<void*>(x.data));
}

void multiply(const Gemm& g) {
  if (g.wide) {
    cblas_dgemm(CblasColMajor, op_of(g.a.op), op_of(g.b.op), g.m, g.n, g.k, g.alpha, elements<double>(g.a), g.a.stride,
                elements<double>(g.b), g.b.stride, g.beta, elements<double>(g.c), g.c.stride);
    return;
  }
  const std::vector<float> a = rounded(g, g.a), b = rounded(g, g.b);
  cblas_sgemm(CblasColMajor, op_of(g.a.op), op_of(g.b.op), g.m, g.n, g.k, static_cast<float>(g.alpha),
              a.empty() ? elements<float>(g.a) : a.data(), a.empty() ? g.a.stride : g.a.rows,
              b.empty() ? elements<float>(g.b) : b.data(), b.empty() ? g.b.stride : g.b.rows,
              static_cast<float>(g.beta), elements<float>(g.c), g.c.stride);
}

// Whatever else lies in the workspace is lost: its ends, so that it stays cheap.
void scribble(char* workspace, std::size_t bytes) {
  const std::size_t edge = bytes < 8192 ? bytes / 2 : 4096;
  std::memset(workspace, 0xff, edge);
  std::memset(workspace + bytes - edge, 0xff, edge);
}

bool valid(const Matrix& x) {
  return x.op >= kN && x.op <= kT && x.rows >= 0 && x.columns >= 0 && x.stride >= (x.rows > 1 ? x.rows : 1);
}

bool inside(const Matrix& x, std::size_t size) {
  if (x.rows == 0 || x.columns == 0) return true;
  const long long last = static_cast<long long>(x.columns - 1) * x.stride + x.rows;
  return device_memory::holds(x.data, static_cast<std::size_t>(last) * size);
}

int enqueue_gemm(cublasHandle_t handle, Gemm g) {
  if (handle == nullptr) return kNotInitialized;
  if (!valid(g.a) || !valid(g.b) || !valid(g.c)) return kInvalidValue;
  if (g.m == 0 || g.n == 0) return kSuccess;
  const cudaError_t error = call([&] {
    // The device would report an illegal address, much later.
    const std::size_t size = g.wide ? sizeof(double) : sizeof(float);
    if (!inside(g.a, size) || !inside(g.b, size) || !inside(g.c, size)) {
      fail("a matrix of a cuBLAS product does not lie in one allocation of device memory");
    }
    cudaStream_t stream = nullptr;
    if (const cudaError_t e = resolve(handle->stream, &stream)) return e;
    ++counters().products;
    enqueue(stream, [g, workspace = handle->workspace, bytes = handle->workspace_bytes] {
      if (workspace != nullptr) scribble(workspace, bytes);
      multiply(g);
    });
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
int cublasGetVersion_v2(cublasHandle_t, int* version) {
  *version = 130000;
  return kSuccess;
}

int cublasGemmEx(cublasHandle_t handle, int opa, int opb, int m, int n, int k, const void* alpha, const void* a,
                 int atype, int lda, const void* b, int btype, int ldb, const void* beta, void* c, int ctype, int ldc,
                 int compute, int) {
  const bool wide = compute == k64F || compute == k64FPedantic;
  const bool fast = compute == k32FFastTF32 || compute == k32FFast16BF;
  if (!wide && !fast && compute != k32F && compute != k32FPedantic) return kNotSupported;
  const int type = wide ? kR64F : kR32F;
  if (atype != type || btype != type || ctype != type) return kNotSupported;
  if (alpha == nullptr || beta == nullptr) return kInvalidValue;
  auto scalar = [wide](const void* x) {
    return wide ? *static_cast<const double*>(x) : static_cast<double>(*static_cast<const float*>(x));
  };
  Gemm g{};
  g.m = m, g.n = n, g.k = k;
  g.alpha = scalar(alpha), g.beta = scalar(beta);
  g.a = {a, opa, opa == kN ? m : k, opa == kN ? k : m, lda};
  g.b = {b, opb, opb == kN ? k : n, opb == kN ? n : k, ldb};
  g.c = {c, kN, m, n, ldc};
  g.wide = wide;
  g.dropped = compute == k32FFast16BF ? 16 : compute == k32FFastTF32 ? 13 : 0;
  return enqueue_gemm(handle, g);
}
