// A GPU's types at a point of a loss (algorithm/point.hpp), and its operations that stand on one.
#ifndef VICINAL_CUDA_POINT_CUH_
#define VICINAL_CUDA_POINT_CUH_

#include <memory>
#include <vector>

#include "algorithm/point.hpp"
#include "core/device.h"
#include "engine.cuh"
#include "features.cuh"
#include "loss_columns.cuh"
#include "loss_rows.cuh"
#include "rows.cuh"

namespace vicinal::cuda {

template <class Real>
struct Device;  // device.cuh
template <class Real>
using Point = algorithm::Point<Device<Real>>;

// Where a point's arrays live: in the call's workspace, or with an owner that outlives the call.
class Memory {
 public:
  using Owner = std::vector<Buffer<char>>;
  explicit Memory(Engine& e) : engine_(&e) {}
  Memory(Engine& e, Owner& owner) : engine_(&e), owner_(&owner) {}
  template <class T>
  T* get(std::int64_t count) {
    if (owner_ == nullptr) return engine_->workspace.get<T>(count);
    owner_->emplace_back(engine_->ordinal, count * static_cast<std::int64_t>(sizeof(T)));
    return reinterpret_cast<T*>(owner_->back().get());
  }
  // Host memory as a copy here; the device's as it is, borrowed. Null stays null.
  template <class T>
  const T* resident(const T* values, std::int64_t count) {
    if (values == nullptr || !engine_->on_host(values)) return values;
    T* copied = get<T>(count);
    engine_->copy(copied, values, count);
    return copied;
  }
  Engine& engine() { return *engine_; }

 private:
  Engine* engine_;
  Owner* owner_ = nullptr;
};

// SoftTriple's centre regulariser: its value added to totals (or null) and its gradient written to dL/dp^ (or null).
template <class Real>
void centre_regulariser(Engine& e, const Point<Real>& point, Real* gradient, LossTotals* totals);
// The tangent of that gradient along unit_t added to the tangent of dL/dp^.
template <class Real>
void centre_regulariser_tangent(Engine& e, const Point<Real>& point, const Real* unit_t, Real* gradient_t);

}  // namespace vicinal::cuda

#endif  // VICINAL_CUDA_POINT_CUH_
