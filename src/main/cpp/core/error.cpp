#include "core/error.hpp"

#include <cstring>

namespace vicinal {
namespace {

constexpr std::size_t kMaxText = 1024;  // longer sentences are cut: no allocation may fail here
thread_local char last_error[kMaxText] = "";

}  // namespace

void set_last_error(const char* text) noexcept {
  std::strncpy(last_error, text, kMaxText - 1);
  last_error[kMaxText - 1] = '\0';
}

}  // namespace vicinal

extern "C" const char* vicinal_last_error(void) {
  return vicinal::last_error;
}
