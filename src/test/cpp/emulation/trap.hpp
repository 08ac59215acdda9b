// A sentence instead of a bare signal when somebody touches device memory that he may not touch.
#ifndef VICINAL_EMULATION_TRAP_HPP_
#define VICINAL_EMULATION_TRAP_HPP_

namespace emulation {
// VICINAL_EMULATED_TRAP=1 installs it. Off by default: a Java virtual machine has a use for these signals.
void install_trap_if_wanted();
}  // namespace emulation

#endif  // VICINAL_EMULATION_TRAP_HPP_
