// Room for OpenBLAS, asked for before it is needed.
#ifndef VICINAL_CPU_BLAS_BUFFERS_HPP_
#define VICINAL_CPU_BLAS_BUFFERS_HPP_

namespace vicinal::cpu {

// OpenBLAS maps a buffer for every thread that is inside one of its functions, keeps it for later calls, and ends the
// process where it cannot (ulimit -v, ulimit -d). So an engine has the buffers of all its threads mapped when it is
// made; where there is no room, the engine is refused. Safe for any thread.
void reserve_blas_buffers(int threads);
// The engine with that many threads is gone; its buffers serve the next one.
void release_blas_buffers(int threads) noexcept;

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_BLAS_BUFFERS_HPP_
