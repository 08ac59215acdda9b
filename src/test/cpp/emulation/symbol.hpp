// The name of a function, static ones included.
#ifndef VICINAL_EMULATION_SYMBOL_HPP_
#define VICINAL_EMULATION_SYMBOL_HPP_

#include <string>

namespace emulation {
std::string symbol_of(const void* function);
}

#endif  // VICINAL_EMULATION_SYMBOL_HPP_
