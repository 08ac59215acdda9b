// Failures inside the library: one exception type that carries a status, and the guard that turns every
// exception into a status and a sentence at the C ABI. Nothing is thrown across it.
#ifndef VICINAL_CORE_ERROR_HPP_
#define VICINAL_CORE_ERROR_HPP_

#include <exception>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>

#include "vicinal/vicinal.h"

namespace vicinal {

class Error : public std::runtime_error {
 public:
  Error(vicinal_status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  vicinal_status status() const { return status_; }

 private:
  vicinal_status status_;
};

template <class... Parts>
[[noreturn]] void fail(vicinal_status status, const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  throw Error(status, text.str());
}

template <class... Parts>
void require(bool condition, const Parts&... parts) {
  if (!condition) fail(VICINAL_INVALID_ARGUMENT, parts...);
}

// The text of vicinal_last_error() for this thread.
void set_last_error(const char* text) noexcept;

template <class Body>
vicinal_status guard(Body&& body) noexcept {
  try {
    set_last_error("");
    body();
    return VICINAL_OK;
  } catch (const Error& e) {
    set_last_error(e.what());
    return e.status();
  } catch (const std::bad_alloc&) {
    set_last_error("out of memory");
    return VICINAL_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    set_last_error(e.what());
    return VICINAL_INTERNAL;
  } catch (...) {
    set_last_error("an exception of unknown type");
    return VICINAL_INTERNAL;
  }
}

}  // namespace vicinal

#endif  // VICINAL_CORE_ERROR_HPP_
