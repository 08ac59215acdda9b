// The emulated device language, tested by kernels whose results are known.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "support.hpp"
#include "trap.hpp"

using emulation::launch;

namespace {

constexpr unsigned kAll = 0xffffffffu;

__global__ void block_sums(const float* __restrict__ x, float* sums, int n) {
  __shared__ float partial[32];
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  float v = i < n ? x[i] : 0.0f;
  for (int bits = 16; bits > 0; bits >>= 1) v += __shfl_xor_sync(kAll, v, bits);
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (lane == 0) partial[warp] = v;
  __syncthreads();
  if (warp == 0) {
    v = lane < blockDim.x / 32 ? partial[lane] : 0.0f;
    for (int bits = 16; bits > 0; bits >>= 1) v += __shfl_xor_sync(kAll, v, bits);
    if (lane == 0) sums[blockIdx.x] = v;
  }
}

__global__ void histogram(const int* keys, int* counts, double* total, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  atomicAdd(&counts[keys[i]], 1);
  atomicAdd(total, 0.5);
}

// A tile of dynamic shared memory, padded against bank conflicts.
__global__ void transpose(const float* in, float* out, int rows, int columns) {
  float* tile = emulation::dynamic_shared<float>();
  const unsigned size = blockDim.x;
  unsigned c = blockIdx.x * size + threadIdx.x, r = blockIdx.y * size + threadIdx.y;
  if (static_cast<int>(r) < rows && static_cast<int>(c) < columns)
    tile[threadIdx.y * (size + 1) + threadIdx.x] = in[r * columns + c];
  __syncthreads();
  c = blockIdx.y * size + threadIdx.x;
  r = blockIdx.x * size + threadIdx.y;
  if (static_cast<int>(r) < columns && static_cast<int>(c) < rows)
    out[r * rows + c] = tile[threadIdx.x * (size + 1) + threadIdx.y];
}

__global__ void lanes(int* out) {
  const int lane = static_cast<int>(threadIdx.x);
  int* row = out + lane * 7;
  row[0] = __shfl_sync(kAll, lane, 5);
  row[1] = __shfl_sync(kAll, lane, 3, 8);
  row[2] = __shfl_up_sync(kAll, lane, 2, 16);
  row[3] = static_cast<int>(__ballot_sync(kAll, lane % 3 == 0));
  row[4] = __syncthreads_or(lane == 31) + 2 * __syncthreads_or(0);
  // Two halves of the warp, each by itself and in its own time.
  const unsigned half = lane < 16 ? 0xffffu : 0xffff0000u;
  int sum = lane;
  for (int bits = 8; bits > 0; bits >>= 1) sum += __shfl_xor_sync(half, sum, bits);
  row[5] = sum;
  row[6] = __shfl_xor_sync(kAll, lane, 3, 8);
}

__global__ void from_previous_block(int* x) {
  x[blockIdx.x + 1] = x[blockIdx.x] + 1;
}

__global__ void from_previous_thread(int* x) {
  x[threadIdx.x + 1] = x[threadIdx.x] + 1;
}

__global__ void two_barriers(int* x) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  x[0] = 1;
}

__global__ void early_exit(int* x) {
  if (threadIdx.x == 7) return;
  x[0] = __shfl_sync(kAll, 1, 0);
}

__global__ void half_missing(int* x) {
  if (threadIdx.x < 16)
    __syncthreads();
  else
    x[0] = __shfl_sync(kAll, 1, 0);
}

__global__ void store(int* x, int i) {
  x[i] = 1;
}

__global__ void load_shared(float* out, int i) {
  *out = emulation::dynamic_shared<float>()[i];
}

}  // namespace

TEST_CASE("a block reduces with shuffles and a barrier") {
  for (unsigned threads : {32u, 256u, 1024u}) {
    const int n = 5000, blocks = (n + static_cast<int>(threads) - 1) / static_cast<int>(threads);
    std::vector<float> x(n);
    std::iota(x.begin(), x.end(), 1.0f);
    const Device<float> in(x), sums(static_cast<std::size_t>(blocks));
    launch(block_sums, dim3(static_cast<unsigned>(blocks)), dim3(threads), 0, nullptr, in.data, sums.data, n);
    const auto parts = sums.get();
    CHECK_EQ(std::accumulate(parts.begin(), parts.end(), 0.0), n * (n + 1) / 2.0);
  }
}

TEST_CASE("atomics count") {
  const int n = 1000;
  std::vector<int> keys(n);
  for (int i = 0; i < n; ++i) keys[static_cast<std::size_t>(i)] = i % 7;
  const Device<int> in(keys), counts(std::vector<int>(7, 0));
  const Device<double> total(std::vector<double>{0});
  launch(histogram, dim3(8), dim3(128), 0, nullptr, in.data, counts.data, total.data, n);
  CHECK_EQ(counts.get(), std::vector<int>{143, 143, 143, 143, 143, 143, 142});
  CHECK_EQ(total.get()[0], 500.0);
}

TEST_CASE("two-dimensional grids and dynamic shared memory") {
  const int rows = 37, columns = 50;
  std::vector<float> x(static_cast<std::size_t>(rows * columns));
  std::iota(x.begin(), x.end(), 0.0f);
  const Device<float> in(x), out(x.size());
  launch(transpose, dim3(7, 5), dim3(8, 8), 8 * 9 * sizeof(float), nullptr, in.data, out.data, rows, columns);
  const auto y = out.get();
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c)
      REQUIRE_EQ(y[static_cast<std::size_t>(c * rows + r)], x[static_cast<std::size_t>(r * columns + c)]);
  }
}

TEST_CASE("dynamic shared memory is not zero") {
  const Device<float> out(std::vector<float>{0});
  launch(load_shared, dim3(1), dim3(1), 64, nullptr, out.data, 15);
  CHECK(std::isnan(out.get()[0]));
}

TEST_CASE("warp intrinsics") {
  const Device<int> out(32 * 7);
  launch(lanes, dim3(1), dim3(32), 0, nullptr, out.data);
  const auto got = out.get();
  for (int lane = 0; lane < 32; ++lane) {
    const int* row = &got[static_cast<std::size_t>(lane) * 7];
    CHECK_EQ(row[0], 5);
    CHECK_EQ(row[1], lane / 8 * 8 + 3);
    CHECK_EQ(row[2], lane % 16 < 2 ? lane : lane - 2);
    CHECK_EQ(static_cast<unsigned>(row[3]), 0x49249249u);
    CHECK_EQ(row[4], 1);
    CHECK_EQ(row[5], lane < 16 ? 120 : 376);
    CHECK_EQ(row[6], lane ^ 3);
  }
}

TEST_CASE("nothing may depend on the order of blocks or threads") {
  const int n = 64;
  std::vector<int> x(n + 1, 0), sequential(n + 1);
  std::iota(sequential.begin(), sequential.end(), 0);
  const Device<int> d(x);
  launch(from_previous_block, dim3(n), dim3(1), 0, nullptr, d.data);
  CHECK_NE(d.get(), sequential);
  int differs = 0;
  for (int i = 0; i < 10; ++i) {
    d.set(x);
    launch(from_previous_thread, dim3(1), dim3(n), 0, nullptr, d.data);
    differs += d.get() != sequential;
  }
  CHECK_GE(differs, 8);
}

TEST_CASE("misuse of barriers and masks ends in a sentence") {
  const Device<int> x(4);
  auto run = [&](void (*kernel)(int*), unsigned threads) {
    return dies([&] {
      launch(kernel, dim3(1), dim3(threads), 0, nullptr, x.data);
      cudaDeviceSynchronize();
    });
  };
  auto [signal, text] = run(two_barriers, 64);
  CHECK_EQ(signal, SIGABRT);
  CHECK(contains(text, "two_barriers"));
  CHECK(contains(text, "__syncthreads at"));
  std::tie(signal, text) = run(early_exit, 32);
  CHECK_EQ(signal, SIGABRT);
  CHECK(contains(text, "thread (7,0,0) has exited"));
  std::tie(signal, text) = run(half_missing, 32);
  CHECK_EQ(signal, SIGABRT);
  CHECK(contains(text, "deadlock"));
  CHECK_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_CASE("device memory is out of the host's reach, and guarded") {
  const Device<int> x(std::vector<int>(10, 3));
  const auto [signal, text] = dies([&] { std::fprintf(stderr, "%d", x.data[0]); });
  CHECK((signal == SIGSEGV || signal == SIGBUS));
  CHECK_EQ(text, "");
  const auto trapped = dies([&] {
    emulation::install_trap();
    std::fprintf(stderr, "%d", x.data[4]);
  });
  CHECK_EQ(trapped.second, "vicinal emulation: the host touched an allocation of 40 bytes of device memory\n");
  const auto outside = dies([&] {
    emulation::install_trap();
    launch(store, dim3(1), dim3(1), 0, nullptr, x.data, 64);
    cudaDeviceSynchronize();
  });
  CHECK(contains(outside.second,
                 "kernel (anonymous namespace)::store(int*, int), block (0,0,0), thread (0,0,0) touched"));
  CHECK(contains(outside.second, "217 bytes after the end of an allocation of 40 bytes"));
  auto store_at = [&](int i) {
    return dies([&] {
      launch(store, dim3(1), dim3(1), 0, nullptr, x.data, i);
      cudaDeviceSynchronize();
      cudaFree(x.data);
    });
  };
  CHECK_EQ(store_at(9).first, 0);
  CHECK(contains(store_at(10).second, "something wrote 0 bytes after an allocation of 40 bytes"));
  CHECK(contains(store_at(-1).second, "4 bytes before"));
  CHECK_NE(store_at(64).first, 0);
  CHECK_EQ(dies([&] {
             launch(load_shared, dim3(1), dim3(1), 64, nullptr, reinterpret_cast<float*>(x.data), 16);
             cudaDeviceSynchronize();
           }).first,
           SIGSEGV);
}

TEST_CASE("many host threads at once") {
  std::vector<std::thread> hosts;
  std::vector<float> results(8, 0.0f);
  for (std::size_t t = 0; t < results.size(); ++t) {
    hosts.emplace_back([t, &results] {
      cudaStream_t stream;
      cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
      std::vector<float> x(300, static_cast<float>(t));
      float *in, *out, sum = 0;
      cudaMalloc(&in, x.size() * sizeof(float));
      cudaMalloc(&out, sizeof(float));
      for (int i = 0; i < 50; ++i) {
        cudaMemcpyAsync(in, x.data(), x.size() * sizeof(float), cudaMemcpyHostToDevice, stream);
        launch(block_sums, dim3(1), dim3(512), 0, stream, in, out, 300);
        cudaMemcpyAsync(&sum, out, sizeof sum, cudaMemcpyDeviceToHost, stream);
        results[t] += sum;
      }
      cudaFree(in);
      cudaFree(out);
      cudaStreamDestroy(stream);
    });
  }
  for (auto& h : hosts) h.join();
  for (std::size_t t = 0; t < results.size(); ++t) CHECK_EQ(results[t], 50 * 300.0f * static_cast<float>(t));
}
