// Handles, enumerations and structures of the CUDA runtime: those members that the emulation knows.
#ifndef VICINAL_EMULATION_RUNTIME_TYPES_HPP_
#define VICINAL_EMULATION_RUNTIME_TYPES_HPP_

#include <cstddef>

typedef struct CUstream_st* cudaStream_t;
typedef struct CUevent_st* cudaEvent_t;
typedef struct CUgraph_st* cudaGraph_t;
typedef struct CUgraphExec_st* cudaGraphExec_t;

#define cudaStreamNonBlocking 0x01
#define cudaEventDisableTiming 0x02

enum cudaMemcpyKind {
  cudaMemcpyHostToHost = 0,
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3,
  cudaMemcpyDefault = 4
};

enum cudaMemoryType {
  cudaMemoryTypeUnregistered = 0,
  cudaMemoryTypeHost = 1,
  cudaMemoryTypeDevice = 2,
  cudaMemoryTypeManaged = 3
};

struct cudaPointerAttributes {
  cudaMemoryType type;
  int device;
  void* devicePointer;
  void* hostPointer;
};

struct cudaDeviceProp {
  size_t totalGlobalMem;
  int major;
  int minor;
  int multiProcessorCount;
};

enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };

#endif  // VICINAL_EMULATION_RUNTIME_TYPES_HPP_
