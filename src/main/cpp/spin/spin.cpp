// Keeps libgomp's threads from spinning long. Loaded before libgomp, which reads its environment when it is loaded and
// offers no function for this.
//
// By default a libgomp thread that waits at a barrier spins 300,000 times, about 15 ms, before it sleeps. That is
// harmless while every thread has a core to itself; when another process takes one of them, the waiting thread burns
// the time that the late one needs, at every barrier: a loss of 0.6 ms was measured at 100 ms on a busy machine, and
// at 1.1 ms with the count below, which is libgomp's own for a machine with more threads than cores (about 50 us).
//
// Whoever sets OMP_WAIT_POLICY or GOMP_SPINCOUNT knows better and is obeyed.
#include <cstdlib>

namespace {

__attribute__((constructor)) void limit_spinning() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "1000", 0);
}

}  // namespace
