#include "counters.hpp"

#include "api.hpp"

namespace emulation {

vicinal_emulation_counters& counters() {
  static vicinal_emulation_counters counted{};
  return counted;
}

int& refused_captures() {
  static int count = 0;
  return count;
}

}  // namespace emulation

void vicinal_emulation_read_counters(vicinal_emulation_counters* now) {
  const std::lock_guard<std::mutex> hold(emulation::runtime_lock());
  *now = emulation::counters();
}

void vicinal_emulation_refuse_captures(int count) {
  const std::lock_guard<std::mutex> hold(emulation::runtime_lock());
  emulation::refused_captures() = count;
}
