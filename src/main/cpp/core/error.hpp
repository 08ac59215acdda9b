// Failures inside the library: one exception type that carries a status, and the guard that turns every
// exception into a status and a sentence at the C ABI. Nothing is thrown across it.
#ifndef VICINAL_CORE_ERROR_HPP_
#define VICINAL_CORE_ERROR_HPP_

#include <charconv>
#include <exception>
#include <iterator>
#include <limits>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "vicinal/vicinal.h"

namespace vicinal {

class Error : public std::runtime_error {
 public:
  Error(vicinal_status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  vicinal_status status() const { return status_; }

 private:
  vicinal_status status_;
};

// A part of a sentence. Numbers have the digits that tell them from their neighbours, six at least.
template <class Part>
void put(std::ostream& text, const Part& part) {
  if constexpr (std::is_floating_point_v<Part>) {
    char digits[32];
    char* end = digits;
    Part read = 0;
    for (int count = 6; count <= std::numeric_limits<Part>::max_digits10 && (count == 6 || read != part); ++count) {
      end = std::to_chars(digits, std::end(digits), part, std::chars_format::general, count).ptr;
      std::from_chars(digits, end, read);
    }
    text.write(digits, end - digits);
  } else {
    text << part;
  }
}

template <class... Parts>
std::string sentence(const Parts&... parts) {
  std::ostringstream text;
  (put(text, parts), ...);
  return text.str();
}

template <class... Parts>
[[noreturn]] void fail(vicinal_status status, const Parts&... parts) {
  throw Error(status, sentence(parts...));
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
