// Workspace: grow-only memory for the temporaries of one call. The first call of a size pays the page faults, later
// calls none (faulting in 8 MiB costs more than a whole B = 180 loss). All blocks are 64-byte aligned, uninitialised.
#ifndef VICINAL_CPU_WORKSPACE_HPP_
#define VICINAL_CPU_WORKSPACE_HPP_

#include <cstdint>
#include <utility>
#include <vector>

#include "device/cpu/memory.hpp"

namespace vicinal::cpu {

class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { release(); }

  // Starts a call: everything handed out before is invalid. Several chunks become one of their total size.
  void begin() {
    if (chunks_.size() > 1) {
      std::int64_t total = 0;
      for (const Chunk& c : chunks_) total += c.bytes;
      release();
      add(total);
    }
    current_ = 0;
    used_ = 0;
  }

  template <class T>
  T* get(std::int64_t count) {
    const std::int64_t bytes = (count * static_cast<std::int64_t>(sizeof(T)) + 63) / 64 * 64;
    while (current_ >= chunks_.size() || used_ + bytes > chunks_[current_].bytes) {
      if (current_ + 1 >= chunks_.size()) {
        add(bytes > kChunk ? bytes : kChunk);
        current_ = chunks_.size() - 1;
      } else {
        ++current_;
      }
      used_ = 0;
    }
    char* at = chunks_[current_].data + used_;
    used_ += bytes;
    return reinterpret_cast<T*>(at);
  }

  // What was handed out after a mark is given back by rewind: the temporaries of one block.
  struct Mark {
    std::size_t chunk;
    std::int64_t used;
  };
  Mark mark() const { return {current_, used_}; }
  void rewind(const Mark& m) {
    current_ = m.chunk;
    used_ = m.used;
  }

 private:
  static constexpr std::int64_t kChunk = 1 << 20;  // smallest allocation; small losses fit one
  struct Chunk {
    char* data;
    std::int64_t bytes;
  };

  void add(std::int64_t bytes) {
    chunks_.reserve(chunks_.size() + 1);
    chunks_.push_back({static_cast<char*>(take_memory(bytes, "workspace")), bytes});
  }
  void release() {
    for (const Chunk& c : chunks_) give_memory(c.data, c.bytes);
    chunks_.clear();
  }

  std::vector<Chunk> chunks_;
  std::size_t current_ = 0;
  std::int64_t used_ = 0;
};

// A 64-byte aligned array with an owner of its own, for what outlives a call.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::int64_t count)
      : bytes_(count * static_cast<std::int64_t>(sizeof(T))),
        data_(static_cast<T*>(take_memory(bytes_, "working arrays"))) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& o) noexcept : bytes_(o.bytes_), data_(std::exchange(o.data_, nullptr)) {}
  Buffer& operator=(Buffer&& o) noexcept {
    std::swap(bytes_, o.bytes_);
    std::swap(data_, o.data_);
    return *this;
  }
  ~Buffer() { give_memory(data_, bytes_); }
  T* get() const { return data_; }

 private:
  std::int64_t bytes_ = 0;
  T* data_ = nullptr;
};

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_WORKSPACE_HPP_
