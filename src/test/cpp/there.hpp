// Arrays in the memory of the device under test.
#ifndef VICINAL_TEST_THERE_HPP_
#define VICINAL_TEST_THERE_HPP_

#include "support.hpp"

namespace test {

// Device memory with an owner.
template <class T>
class There {
 public:
  explicit There(const std::vector<T>& values) : size_(values.size()) {
    const std::int64_t bytes = static_cast<std::int64_t>(size_ * sizeof(T));
    REQUIRE_MESSAGE(vicinal_memory_allocate(device(), bytes, &address_) == VICINAL_OK, vicinal_last_error());
    REQUIRE(vicinal_memory_write(device(), address_, values.data(), bytes) == VICINAL_OK);
  }
  There(const There&) = delete;
  There& operator=(const There&) = delete;
  ~There() { vicinal_memory_release(device(), address_); }
  T* get() const { return static_cast<T*>(address_); }
  void set(const std::vector<T>& values) const {
    REQUIRE(values.size() == size_);
    REQUIRE(vicinal_memory_write(device(), address_, values.data(), static_cast<std::int64_t>(size_ * sizeof(T))) ==
            VICINAL_OK);
  }
  std::vector<T> values() const {
    std::vector<T> out(size_);
    REQUIRE(vicinal_memory_read(device(), out.data(), address_, static_cast<std::int64_t>(size_ * sizeof(T))) ==
            VICINAL_OK);
    return out;
  }

 private:
  std::size_t size_;
  void* address_ = nullptr;
};

inline std::int64_t in_use() {
  std::int64_t bytes = 0;
  REQUIRE(vicinal_memory_usage(device(), &bytes, nullptr, nullptr) == VICINAL_OK);
  return bytes;
}

}  // namespace test

#endif  // VICINAL_TEST_THERE_HPP_
