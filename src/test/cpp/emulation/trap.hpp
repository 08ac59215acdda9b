// A sentence instead of a bare signal when somebody touches device memory that he may not touch.
#ifndef VICINAL_EMULATION_TRAP_HPP_
#define VICINAL_EMULATION_TRAP_HPP_

namespace emulation {
// Done at the first call of the runtime if VICINAL_EMULATED_TRAP=1. Not by default: a Java virtual machine has its own
// use for these signals.
void install_trap();
}  // namespace emulation

#endif  // VICINAL_EMULATION_TRAP_HPP_
