// The errors that the emulation reports, with the values of the CUDA runtime.
#ifndef VICINAL_EMULATION_ERROR_CODES_HPP_
#define VICINAL_EMULATION_ERROR_CODES_HPP_

#define VICINAL_EMULATION_ERRORS(X)                                                                         \
  X(cudaSuccess, 0, "no error")                                                                             \
  X(cudaErrorInvalidValue, 1, "invalid argument")                                                           \
  X(cudaErrorMemoryAllocation, 2, "out of memory")                                                          \
  X(cudaErrorInvalidConfiguration, 9, "invalid configuration argument")                                     \
  X(cudaErrorInvalidMemcpyDirection, 21, "invalid copy direction for memcpy")                               \
  X(cudaErrorNoDevice, 100, "no CUDA-capable device is detected")                                           \
  X(cudaErrorInvalidDevice, 101, "invalid device ordinal")                                                  \
  X(cudaErrorInvalidResourceHandle, 400, "invalid resource handle")                                         \
  X(cudaErrorNotReady, 600, "device not ready")                                                             \
  X(cudaErrorLaunchFailure, 719, "unspecified launch failure")                                              \
  X(cudaErrorStreamCaptureUnsupported, 900, "operation not permitted when stream is capturing")             \
  X(cudaErrorStreamCaptureInvalidated, 901, "operation failed due to a previous error during capture")      \
  X(cudaErrorStreamCaptureUnjoined, 904, "capturing stream has unjoined work")                              \
  X(cudaErrorCapturedEvent, 907, "operation not permitted on an event last recorded in a capturing stream") \
  X(cudaErrorStreamCaptureWrongThread, 908, "attempt to terminate a thread-local capture sequence from another thread")

#define VICINAL_EMULATION_VALUE(NAME, VALUE, TEXT) NAME = VALUE,
enum cudaError { VICINAL_EMULATION_ERRORS(VICINAL_EMULATION_VALUE) };
#undef VICINAL_EMULATION_VALUE
typedef cudaError cudaError_t;

#endif  // VICINAL_EMULATION_ERROR_CODES_HPP_
