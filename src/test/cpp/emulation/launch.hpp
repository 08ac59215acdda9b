// Launches a kernel. The same signature over <<<>>> serves the real device.
#ifndef VICINAL_EMULATION_LAUNCH_HPP_
#define VICINAL_EMULATION_LAUNCH_HPP_

#include <tuple>
#include <type_traits>
#include <utility>

#include "block.hpp"
#include "runtime_api.hpp"

namespace emulation {

void submit(Launch launch, cudaStream_t stream);

// Arguments are copied now; errors are left for cudaGetLastError.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream, A&&... arguments) {
  static_assert(sizeof...(P) == sizeof...(A), "one argument per parameter");
  static_assert((std::is_trivially_copyable_v<P> && ...), "parameters are copied to the device byte by byte");
  std::tuple<P...> copies(static_cast<P>(std::forward<A>(arguments))...);
  submit({reinterpret_cast<const void*>(kernel), grid, block, shared, [kernel, copies] { std::apply(kernel, copies); }},
         stream);
}

}  // namespace emulation

#endif  // VICINAL_EMULATION_LAUNCH_HPP_
