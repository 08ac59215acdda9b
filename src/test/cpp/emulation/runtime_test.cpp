// The emulated runtime: streams, events, graphs, memory, errors.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include "counters.hpp"
#include "device_memory.hpp"
#include "support.hpp"

using emulation::launch;

namespace {

__global__ void add(float* x, float value, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) x[i] += value;
}

__global__ void store(int* x, int i) {
  x[i] = 1;
}

__global__ void give_up() {
  __syncthreads();
  if (threadIdx.x == 3) __trap();
  __syncthreads();
}

}  // namespace

TEST_CASE("work is done when somebody waits for it, not before") {
  cudaStream_t stream;
  OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  float* host;
  OK(cudaMallocHost(&host, 4 * sizeof(float)));
  const Device<float> x(4);
  std::fill(host, host + 4, 1.0f);
  OK(cudaMemcpyAsync(x.data, host, 4 * sizeof(float), cudaMemcpyHostToDevice, stream));
  launch(add, dim3(1), dim3(32), 0, stream, x.data, 2.0f, 4);
  OK(cudaMemcpyAsync(host, x.data, 4 * sizeof(float), cudaMemcpyDeviceToHost, stream));
  CHECK_EQ(host[0], 1.0f);
  CHECK(std::isnan(x.get()[0]));  // the default stream does not wait for this one
  OK(cudaStreamSynchronize(stream));
  CHECK_EQ(host[0], 3.0f);

  SUBCASE("a pageable source is read at once, a pinned one late") {
    float pageable[4] = {5, 5, 5, 5};
    OK(cudaMemcpyAsync(x.data, pageable, sizeof pageable, cudaMemcpyHostToDevice, stream));
    pageable[0] = 6;
    OK(cudaMemcpyAsync(x.data + 1, host, sizeof(float), cudaMemcpyHostToDevice, stream));
    host[0] = 7;
    OK(cudaMemcpyAsync(pageable, x.data, sizeof pageable, cudaMemcpyDeviceToHost, stream));
    CHECK_EQ(pageable[0], 5.0f);
    CHECK_EQ(pageable[1], 7.0f);
  }
  SUBCASE("an event is waited for without what came after it") {
    cudaEvent_t event;
    OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    launch(add, dim3(1), dim3(32), 0, stream, x.data, 10.0f, 4);
    OK(cudaEventRecord(event, stream));
    launch(add, dim3(1), dim3(32), 0, stream, x.data, 100.0f, 4);
    OK(cudaEventSynchronize(event));
    CHECK_EQ(x.get()[0], 13.0f);
    OK(cudaEventDestroy(event));
  }
  cudaGetLastError();
  OK(cudaStreamDestroy(stream));
  OK(cudaFreeHost(host));
}

TEST_CASE("a graph replays with what memory holds by then") {
  cudaStream_t stream;
  OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  const Device<float> x(std::vector<float>{1, 2});
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  float value = 10;
  launch(add, dim3(1), dim3(32), 0, stream, x.data, value, 2);
  value = 1000;  // arguments were copied
  launch(add, dim3(1), dim3(32), 0, stream, x.data, 1.0f, 1);
  OK(cudaStreamEndCapture(stream, &graph));
  OK(cudaGraphInstantiate(&exec, graph, 0));
  OK(cudaGraphDestroy(graph));
  CHECK_EQ(x.get(), std::vector<float>{1, 2});
  OK(cudaGraphLaunch(exec, stream));
  OK(cudaStreamSynchronize(stream));
  CHECK_EQ(x.get(), std::vector<float>{12, 12});
  x.set({0, 0});
  OK(cudaGraphLaunch(exec, stream));
  OK(cudaGraphLaunch(exec, stream));
  OK(cudaGraphExecDestroy(exec));
  OK(cudaStreamSynchronize(stream));
  CHECK_EQ(x.get(), std::vector<float>{22, 20});

  SUBCASE("waiting for a capturing stream spoils the capture") {
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    CHECK_EQ(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
    CHECK_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    CHECK_EQ(graph, nullptr);
    CHECK_EQ(cudaGetLastError(), cudaErrorStreamCaptureInvalidated);
  }
  SUBCASE("allocating spoils it too") {
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    void* p;
    CHECK_EQ(cudaMalloc(&p, 256), cudaErrorStreamCaptureUnsupported);
    CHECK_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
  }
  SUBCASE("so does waiting for the device in any thread, which fails") {
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    cudaError_t waited = cudaSuccess;
    std::thread([&] { waited = cudaDeviceSynchronize(); }).join();
    CHECK_EQ(waited, cudaErrorStreamCaptureUnsupported);
    CHECK_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
  }
  SUBCASE("so does a copy of memory that is not pinned") {
    OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    float host = 0;
    CHECK_EQ(cudaMemcpyAsync(&host, x.data, sizeof host, cudaMemcpyDeviceToHost, stream),
             cudaErrorStreamCaptureUnsupported);
    CHECK_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
  }
  SUBCASE("and a test's wish") {
    vicinal_emulation_refuse_captures(1);
    for (const cudaError_t wanted : {cudaErrorStreamCaptureInvalidated, cudaSuccess}) {
      OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
      launch(add, dim3(1), dim3(32), 0, stream, x.data, 1.0f, 2);
      CHECK_EQ(cudaStreamEndCapture(stream, &graph), wanted);
    }
    OK(cudaGraphDestroy(graph));
  }
  cudaGetLastError();
  OK(cudaStreamDestroy(stream));
}

TEST_CASE("memory runs out, and comes back") {
  using namespace emulation;
  const std::size_t before = device_memory::used(), capacity = device_memory::capacity();
  device_memory::set_capacity(before + (1 << 20));
  void *a, *b;
  OK(cudaMalloc(&a, 1 << 20));
  CHECK_EQ(reinterpret_cast<std::uintptr_t>(a) % 256, 0);
  CHECK_EQ(cudaMalloc(&b, 1), cudaErrorMemoryAllocation);
  CHECK_EQ(b, nullptr);
  CHECK_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  CHECK_EQ(cudaGetLastError(), cudaSuccess);
  std::size_t free, total;
  OK(cudaMemGetInfo(&free, &total));
  CHECK_EQ(free, 0);
  OK(cudaFree(a));
  OK(cudaMalloc(&b, 1));
  OK(cudaFree(b));
  CHECK_EQ(cudaFree(b), cudaErrorInvalidValue);
  cudaGetLastError();
  CHECK_EQ(device_memory::used(), before);
  device_memory::set_capacity(capacity);
  // What is fresh holds NaN.
  const Device<float> x(3);
  CHECK(std::isnan(x.get()[2]));
  float y[4];
  CHECK_EQ(cudaMemcpy(y, x.data, sizeof y, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  CHECK_EQ(cudaMemcpy(y, x.data, sizeof(float), cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  cudaPointerAttributes attributes;
  OK(cudaPointerGetAttributes(&attributes, x.data + 1));
  CHECK_EQ(attributes.type, cudaMemoryTypeDevice);
  OK(cudaPointerGetAttributes(&attributes, y));
  CHECK_EQ(attributes.type, cudaMemoryTypeUnregistered);
  float* pinned;
  OK(cudaMallocHost(&pinned, sizeof y));
  OK(cudaPointerGetAttributes(&attributes, pinned + 3));
  CHECK_EQ(attributes.type, cudaMemoryTypeHost);
  OK(cudaFreeHost(pinned));
  cudaGetLastError();
}

TEST_CASE("bad launches are refused") {
  const Device<int> x(std::vector<int>{0, 0});
  auto error_of = [&](dim3 grid, dim3 block, std::size_t shared) {
    launch(store, grid, block, shared, nullptr, x.data, 0);
    return cudaGetLastError();
  };
  CHECK_EQ(error_of(dim3(1), dim3(1025), 0), cudaErrorInvalidConfiguration);
  CHECK_EQ(error_of(dim3(1), dim3(32, 33), 0), cudaErrorInvalidConfiguration);
  CHECK_EQ(error_of(dim3(0), dim3(1), 0), cudaErrorInvalidConfiguration);
  CHECK_EQ(error_of(dim3(1, 65536), dim3(1), 0), cudaErrorInvalidConfiguration);
  CHECK_EQ(error_of(dim3(1), dim3(1), 49153), cudaErrorInvalidValue);
  CHECK_EQ(x.get()[0], 0);
  CHECK_EQ(error_of(dim3(1), dim3(1), 49152), cudaSuccess);
  CHECK_EQ(x.get()[0], 1);
}

TEST_CASE("a kernel that traps makes every later call fail") {
  const auto [signal, text] = dies([] {
    launch(give_up, dim3(3), dim3(64), 0, nullptr);
    const cudaError_t first = cudaDeviceSynchronize();
    void* p;
    const cudaError_t later = cudaMalloc(&p, 1);
    cudaGetLastError();
    std::fprintf(stderr, "%s %s %s", cudaGetErrorName(first), cudaGetErrorName(later),
                 cudaGetErrorName(cudaGetLastError()));
  });
  CHECK_EQ(signal, 0);
  CHECK_EQ(text, "cudaErrorLaunchFailure cudaErrorLaunchFailure cudaErrorLaunchFailure");
}
