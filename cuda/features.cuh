// Feature rows for a call: where they lie on the device, or block by block from the host when they are too many.
#ifndef VICINAL_CUDA_FEATURES_CUH_
#define VICINAL_CUDA_FEATURES_CUH_

#include <cstring>

#include "engine.cuh"
#include "rows.cuh"

namespace vicinal::cuda {

// Bytes of features that are sent at a time, at most.
constexpr std::int64_t kStreamed = std::int64_t{64} << 20;

template <class Real>
class Features {
 public:
  Features() = default;
  // Features [n, width] on the device or on the host. Host features are copied whole when they take at most `most`
  // bytes, else streamed. Null stays null.
  Features(Engine& e, const Real* features, std::int64_t n, std::int64_t width, std::int64_t most) : width_(width) {
    if (features == nullptr) return;
    if (!e.on_host(features)) {
      device_ = features;
    } else if (n * width * static_cast<std::int64_t>(sizeof(Real)) <= most) {
      copy_ = Buffer<Real>(e.ordinal, n * width);
      e.copy(copy_.get(), features, n * width);
      device_ = copy_.get();
    } else {
      host_ = features;
    }
  }
  // Before the first rows() only.
  Features(Features&&) = default;
  Features& operator=(Features&&) = default;
  ~Features() {
    for (Slot& s : slots_) s.release();
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
  }

  bool streamed() const { return host_ != nullptr; }

  // Keeps a rounded copy beside the features of the device, for many products with them: where the engine rounds, and
  // where the copy takes at most `most` bytes.
  void round(Engine& e, std::int64_t n, std::int64_t most) {
    if constexpr (std::is_same_v<Real, float>) {
      if (!e.rounds || device_ == nullptr || n * width_ * static_cast<std::int64_t>(sizeof(Bf16)) > most) return;
      rounded_ = Buffer<Bf16>(e.ordinal, n * width_);
      round_values(e, n * width_, device_, rounded_.get());
    }
  }
  bool rounded() const { return rounded_.get() != nullptr; }

  // Rows [begin, begin + rows) on the device, valid for work queued before the next call but one. While the device
  // works on a block, the next is copied to pinned memory and sent from there.
  Operand<const Real> rows(Engine& e, std::int64_t begin, std::int64_t rows) const {
    if (host_ == nullptr) return Operand<const Real>(device_, rounded_.get()) + begin * width_;
    if (last_ != nullptr && last_->begin == begin && last_->rows == rows) return last_->device.get();
    if (stream_ == nullptr)
      check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream for features");
    if (last_ != nullptr) check(cudaEventRecord(last_->used, e.stream), "recording an event");
    Slot& slot = slots_[next_];
    next_ = 1 - next_;
    slot.reserve(e, rows * width_);
    check(cudaEventSynchronize(slot.used), "waiting for features");
    const std::size_t bytes = static_cast<std::size_t>(rows * width_) * sizeof(Real);
    void* pinned = e.pinned(static_cast<int>(&slot - slots_), bytes);
    std::memcpy(pinned, host_ + begin * width_, bytes);
    check(cudaMemcpyAsync(slot.device.get(), pinned, bytes, cudaMemcpyHostToDevice, stream_), "sending features");
    check(cudaEventRecord(slot.sent, stream_), "recording an event");
    check(cudaStreamWaitEvent(e.stream, slot.sent, 0), "waiting for features");
    slot.begin = begin;
    slot.rows = rows;
    last_ = &slot;
    return slot.device.get();
  }

 private:
  struct Slot {
    Buffer<Real> device;
    std::int64_t count = 0, begin = -1, rows = 0;
    cudaEvent_t used = nullptr, sent = nullptr;

    void reserve(Engine& e, std::int64_t wanted) {
      if (used == nullptr) {
        check(cudaEventCreateWithFlags(&used, cudaEventDisableTiming), "creating an event");
        check(cudaEventCreateWithFlags(&sent, cudaEventDisableTiming), "creating an event");
      }
      if (wanted <= count) return;
      check(cudaStreamSynchronize(e.stream), "waiting for the device");
      begin = -1;
      device = Buffer<Real>();
      device = Buffer<Real>(e.ordinal, wanted);
      count = wanted;
    }
    void release() {
      if (used != nullptr) cudaEventDestroy(used);
      if (sent != nullptr) cudaEventDestroy(sent);
    }
  };

  const Real* device_ = nullptr;
  const Real* host_ = nullptr;
  std::int64_t width_ = 0;
  Buffer<Real> copy_;
  Buffer<Bf16> rounded_;
  mutable Slot slots_[2];
  mutable Slot* last_ = nullptr;
  mutable cudaStream_t stream_ = nullptr;
  mutable int next_ = 0;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_FEATURES_CUH_
