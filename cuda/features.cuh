// Feature rows for a call: where they lie on the device, or block by block from the host when they are too many.
#ifndef VICINAL_CUDA_FEATURES_CUH_
#define VICINAL_CUDA_FEATURES_CUH_

#include "engine.cuh"

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

  bool streamed() const { return host_ != nullptr; }

  // Rows [begin, begin + rows) on the device, for work queued before the next call.
  const Real* rows(Engine& e, std::int64_t begin, std::int64_t rows) const {
    if (host_ == nullptr) return device_ + begin * width_;
    return e.piece(host_ + begin * width_, rows * width_);
  }

 private:
  const Real* device_ = nullptr;
  const Real* host_ = nullptr;
  std::int64_t width_ = 0;
  Buffer<Real> copy_;
};

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_FEATURES_CUH_
