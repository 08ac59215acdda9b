// What tests ask of the emulation beside the CUDA API. They find these functions in the library by name.
#ifndef VICINAL_EMULATION_COUNTERS_HPP_
#define VICINAL_EMULATION_COUNTERS_HPP_

extern "C" {

// Calls of the runtime since the process began, those whose work was captured included.
struct vicinal_emulation_counters {
  long long kernels, products, fills, copies;  // queued
  long long graphs, captures;                  // launched; ended well
  long long waits, queries, allocations;       // for the device; about a pointer; of device memory
};
__attribute__((visibility("default"))) void vicinal_emulation_read_counters(struct vicinal_emulation_counters* now);

// The next `count` captures turn out to be spoilt when they end.
__attribute__((visibility("default"))) void vicinal_emulation_refuse_captures(int count);
}

namespace emulation {

// Under the runtime's lock.
vicinal_emulation_counters& counters();
int& refused_captures();

}  // namespace emulation

#endif  // VICINAL_EMULATION_COUNTERS_HPP_
