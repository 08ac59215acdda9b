// The emulated cuBLAS against a naive product.
#include "cublas.hpp"
#include "bfloat16.hpp"

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
  const int m = 7, n = 5, k = 9, batch = 3;
  const int lda = (opa == kN ? m : k) + 2, ldb = (opb == kN ? k : n) + 1, ldc = m + 3;
  const long long as = lda * (opa == kN ? k : m) + 5, bs = ldb * (opb == kN ? n : k), cs = ldc * n;
  const auto a = numbers<T>(static_cast<std::size_t>(as * batch), 1),
             b = numbers<T>(static_cast<std::size_t>(bs * batch), 2);
  auto c = numbers<T>(static_cast<std::size_t>(cs * batch), 3);
  if (beta == 0) {
    for (auto& v : c) v = std::numeric_limits<T>::quiet_NaN();
  }
  const auto before = c;
  T *da = upload(a), *db = upload(b), *dc = upload(c);
  const Handle h;
  const int type = sizeof(T) == 8 ? kR64F : kR32F;
  const T alpha = T(1.5);
  REQUIRE_EQ(cublasGemmStridedBatchedEx(h.handle, opa, opb, m, n, k, &alpha, da, type, lda, as, db, type, ldb, bs,
                                        &beta, dc, type, ldc, cs, batch, sizeof(T) == 8 ? k64F : k32F, -1),
             kSuccess);
  download(c, dc);
  for (int p = 0; p < batch; ++p) {
    const std::vector<T> ap(a.begin() + p * as, a.end()), bp(b.begin() + p * bs, b.end());
    for (int j = 0; j < n; ++j) {
      for (int i = 0; i < ldc; ++i) {
        const auto e = static_cast<std::size_t>(p * cs + i + j * ldc);
        if (i >= m) {
          CHECK_EQ(std::memcmp(&c[e], &before[e], sizeof(T)), 0);  // between columns nothing is written
          continue;
        }
        double sum = 0;
        for (int l = 0; l < k; ++l) sum += at(ap, opa, lda, i, l) * at(bp, opb, ldb, l, j);
        sum *= alpha;
        if (beta != 0) sum += static_cast<double>(beta) * before[e];
        CHECK_LE(std::abs(c[e] - sum), 20 * std::numeric_limits<T>::epsilon());
      }
    }
  }
  for (T* x : {da, db, dc}) cudaFree(x);
}

// 1x1 products show how the inputs are rounded.
float product(float a, float b, int compute, int math = kDefaultMath) {
  float *da = upload(std::vector<float>{a}), *db = upload(std::vector<float>{b}), *dc = upload(std::vector<float>{0});
  const Handle h;
  const float one = 1, zero = 0;
  cublasSetMathMode(h.handle, math);
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
  for (int opa : {kN, kT, kC}) {
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
  CHECK_EQ(product(x, 1, k32F, kTF32Math), 1 + 4 * tiny);
  CHECK_EQ(product(x, 1, k32FPedantic, kTF32Math), x);
  const float small = std::ldexp(1.0f, -8);  // and of bf16's 7
  CHECK_EQ(product(1 + small, 1, k32FFast16BF), 1.0f);
  CHECK_EQ(product(1 + 3 * small, 1, k32FFast16BF), 1 + 4 * small);
  CHECK(std::isinf(product(std::numeric_limits<float>::max(), 1, k32FFast16BF)));
}

TEST_CASE("bfloat16 is the nearest, ties to even, and keeps NaN") {
  const auto bits = [](float x) { return static_cast<int>(__float2bfloat16_rn(x).bits); };
  CHECK_EQ(bits(1.0f), 0x3f80);
  CHECK_EQ(bits(1 + std::ldexp(1.0f, -8)), 0x3f80);      // a tie: the even one below
  CHECK_EQ(bits(1 + 3 * std::ldexp(1.0f, -8)), 0x3f82);  // and above
  CHECK_EQ(bits(-1 - std::ldexp(1.0f, -8) - std::ldexp(1.0f, -20)), 0xbf81);
  CHECK_EQ(bits(std::numeric_limits<float>::max()), 0x7f80);
  CHECK_EQ(bits(-std::numeric_limits<float>::infinity()), 0xff80);
  CHECK_EQ(bits(std::numeric_limits<float>::quiet_NaN()), 0x7fff);
  CHECK_EQ(bits(std::numeric_limits<float>::denorm_min()), 0);
  CHECK_EQ(__bfloat162float(__float2bfloat16_rn(-0.15625f)), -0.15625f);
}

TEST_CASE("bf16 operands") {
  const auto half = [](float x) {
    unsigned bits;
    std::memcpy(&bits, &x, sizeof bits);
    return static_cast<std::uint16_t>(bits >> 16);
  };
  std::uint16_t *a = upload(std::vector<std::uint16_t>{half(1.5f), half(-2)}),
                *b = upload(std::vector<std::uint16_t>{half(4), half(0.5f)});
  auto* c = upload(std::vector<float>{1});
  auto* d = upload(std::vector<std::uint16_t>{half(8)});
  const Handle h;
  const float alpha = 1, beta = 2;
  REQUIRE_EQ(cublasGemmEx(h.handle, kN, kN, 1, 1, 2, &alpha, a, kR16BF, 1, b, kR16BF, 2, &beta, c, kR32F, 1, k32F, -1),
             kSuccess);
  REQUIRE_EQ(cublasGemmEx(h.handle, kN, kN, 1, 1, 2, &alpha, a, kR16BF, 1, b, kR16BF, 2, &beta, d, kR16BF, 1, k32F, -1),
             kSuccess);
  std::vector<float> wide(1);
  std::vector<std::uint16_t> narrow(1);
  download(wide, c);
  download(narrow, d);
  CHECK_EQ(wide[0], 7.0f);
  CHECK_EQ(narrow[0], half(21));
  for (void* x : {static_cast<void*>(a), static_cast<void*>(b), static_cast<void*>(c), static_cast<void*>(d)})
    cudaFree(x);
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
  auto multiply = [&] { return cublasSgemm_v2(h.handle, kN, kN, 1, 1, 1, &one, a, 1, a, 1, &one, c, 1); };
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
  CHECK_EQ(cublasSgemm_v2(h.handle, kN, kN, 2, 2, 2, &one, a, 1, a, 2, &one, a, 2), kInvalidValue);
  CHECK_EQ(cublasSgemm_v2(h.handle, 3, kN, 2, 2, 2, &one, a, 2, a, 2, &one, a, 2), kInvalidValue);
  CHECK_EQ(cublasGemmEx(h.handle, kN, kN, 1, 1, 1, &one, a, kR32F, 1, a, kR64F, 1, &one, a, kR32F, 1, k32F, -1),
           kNotSupported);
  CHECK_EQ(cublasSetWorkspace_v2(h.handle, a + 1, 8), kInvalidValue);
  cudaFree(a);
}
