// The emulated cuBLAS against a naive product.
#include "cublas.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using namespace emulation::blas;

template <class T>
T* upload(const std::vector<T>& values) {
  T* data = nullptr;
  REQUIRE_EQ(cudaMalloc(&data, values.size() * sizeof(T)), cudaSuccess);
  REQUIRE_EQ(cudaMemcpy(data, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
  return data;
}

template <class T>
void download(std::vector<T>& values, const T* data) {
  REQUIRE_EQ(cudaMemcpy(values.data(), data, values.size() * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
}

template <class T>
std::vector<T> numbers(std::size_t n, unsigned seed) {
  std::vector<T> x(n);
  for (auto& v : x)
    v = static_cast<T>(static_cast<int>((seed = seed * 1664525u + 1013904223u) >> 16) % 1000) / T(500) - T(1);
  return x;
}

// Column-major, element (i, j) of op(X).
template <class T>
double at(const std::vector<T>& x, int op, int ld, int i, int j) {
  return op == kN ? x[static_cast<std::size_t>(i + j * ld)] : x[static_cast<std::size_t>(j + i * ld)];
}

struct Handle {
  cublasHandle_t handle;
  Handle() { REQUIRE_EQ(cublasCreate_v2(&handle), kSuccess); }
  ~Handle() { cublasDestroy_v2(handle); }
};

template <class T>
void compare(int opa, int opb, T beta) {
  const int m = 7, n = 5, k = 9;
  const int lda = (opa == kN ? m : k) + 2, ldb = (opb == kN ? k : n) + 1, ldc = m + 3;
  const auto a = numbers<T>(static_cast<std::size_t>(lda * (opa == kN ? k : m)), 1),
             b = numbers<T>(static_cast<std::size_t>(ldb * (opb == kN ? n : k)), 2);
  auto c = numbers<T>(static_cast<std::size_t>(ldc * n), 3);
  if (beta == 0) {
    for (auto& v : c) v = std::numeric_limits<T>::quiet_NaN();
  }
  const auto before = c;
  T *da = upload(a), *db = upload(b), *dc = upload(c);
  const Handle h;
  const int type = sizeof(T) == 8 ? kR64F : kR32F;
  const T alpha = T(1.5);
  REQUIRE_EQ(cublasGemmEx(h.handle, opa, opb, m, n, k, &alpha, da, type, lda, db, type, ldb, &beta, dc, type, ldc,
                          sizeof(T) == 8 ? k64F : k32F, -1),
             kSuccess);
  download(c, dc);
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < ldc; ++i) {
      const auto e = static_cast<std::size_t>(i + j * ldc);
      if (i >= m) {
        CHECK_EQ(std::memcmp(&c[e], &before[e], sizeof(T)), 0);  // between columns nothing is written
        continue;
      }
      double sum = 0;
      for (int l = 0; l < k; ++l) sum += at(a, opa, lda, i, l) * at(b, opb, ldb, l, j);
      sum *= alpha;
      if (beta != 0) sum += static_cast<double>(beta) * before[e];
      CHECK_LE(std::abs(c[e] - sum), 20 * std::numeric_limits<T>::epsilon());
    }
  }
  for (T* x : {da, db, dc}) cudaFree(x);
}

// 1x1 products show how the inputs are rounded.
float product(float a, float b, int compute) {
  float *da = upload(std::vector<float>{a}), *db = upload(std::vector<float>{b}), *dc = upload(std::vector<float>{0});
  const Handle h;
  const float one = 1, zero = 0;
  REQUIRE_EQ(
      cublasGemmEx(h.handle, kN, kN, 1, 1, 1, &one, da, kR32F, 1, db, kR32F, 1, &zero, dc, kR32F, 1, compute, -1),
      kSuccess);
  std::vector<float> c(1);
  download(c, dc);
  for (float* x : {da, db, dc}) cudaFree(x);
  return c[0];
}

}  // namespace

TEST_CASE("products of all transposes agree with the definition") {
  for (int opa : {kN, kT}) {
    for (int opb : {kN, kT}) {
      compare<float>(opa, opb, 0.0f);
      compare<float>(opa, opb, 0.25f);
      compare<double>(opa, opb, 0.0);
      compare<double>(opa, opb, -2.0);
    }
  }
}

TEST_CASE("tensor-core modes round their inputs") {
  const float tiny = std::ldexp(1.0f, -11), x = 1 + 3 * tiny;  // a tie of TF32's 10 bits: to even is up
  CHECK_EQ(product(x, 1, k32F), x);
  CHECK_EQ(product(x, 1, k32FPedantic), x);
  CHECK_EQ(product(x, 1, k32FFastTF32), 1 + 4 * tiny);
  CHECK_EQ(product(1 + tiny, 1, k32FFastTF32), 1.0f);
  CHECK_EQ(product(1, -(1 + tiny * 1.01f), k32FFastTF32), -(1 + 2 * tiny));
  const float small = std::ldexp(1.0f, -8);  // and of bf16's 7
  CHECK_EQ(product(1 + small, 1, k32FFast16BF), 1.0f);
  CHECK_EQ(product(1 + 3 * small, 1, k32FFast16BF), 1 + 4 * small);
  CHECK(std::isinf(product(std::numeric_limits<float>::max(), 1, k32FFast16BF)));
}

TEST_CASE("products wait in their stream, are captured, and spoil their workspace") {
  float* a = upload(std::vector<float>{2});
  float* c = upload(std::vector<float>{0});
  void* workspace = nullptr;
  REQUIRE_EQ(cudaMalloc(&workspace, 1024), cudaSuccess);
  cudaStream_t stream;
  REQUIRE_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  REQUIRE_EQ(cudaMemsetAsync(workspace, 0, 1024, stream), cudaSuccess);
  const Handle h;
  cublasSetStream_v2(h.handle, stream);
  REQUIRE_EQ(cublasSetWorkspace_v2(h.handle, workspace, 1024), kSuccess);
  const float one = 1;
  const auto multiply = [&] {
    return cublasGemmEx(h.handle, kN, kN, 1, 1, 1, &one, a, kR32F, 1, a, kR32F, 1, &one, c, kR32F, 1, k32F, -1);
  };
  std::vector<float> value(1);
  REQUIRE_EQ(multiply(), kSuccess);
  download(value, c);
  CHECK_EQ(value[0], 0.0f);
  REQUIRE_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  download(value, c);
  CHECK_EQ(value[0], 4.0f);
  std::vector<int> left(1);
  download(left, static_cast<int*>(workspace));
  CHECK_EQ(left[0], -1);

  cudaGraph_t graph;
  cudaGraphExec_t exec;
  REQUIRE_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  REQUIRE_EQ(multiply(), kSuccess);
  REQUIRE_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  REQUIRE_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
  for (int i = 0; i < 3; ++i) REQUIRE_EQ(cudaGraphLaunch(exec, stream), cudaSuccess);
  REQUIRE_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  download(value, c);
  CHECK_EQ(value[0], 16.0f);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
  for (void* x : {static_cast<void*>(a), static_cast<void*>(c), workspace}) cudaFree(x);
}

TEST_CASE("bad arguments of products are refused") {
  const Handle h;
  const float one = 1;
  float* a = upload(std::vector<float>(4, 1));
  const auto multiply = [&](int opa, int lda, int btype) {
    return cublasGemmEx(h.handle, opa, kN, 2, 2, 2, &one, a, kR32F, lda, a, btype, 2, &one, a, kR32F, 2, k32F, -1);
  };
  CHECK_EQ(multiply(kN, 1, kR32F), kInvalidValue);
  CHECK_EQ(multiply(3, 2, kR32F), kInvalidValue);
  CHECK_EQ(multiply(kN, 2, kR64F), kNotSupported);
  CHECK_EQ(cublasSetWorkspace_v2(h.handle, a + 1, 8), kInvalidValue);
  cudaFree(a);
}
