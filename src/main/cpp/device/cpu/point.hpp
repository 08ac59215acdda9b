// The processor's types at a point of a loss (algorithm/point.hpp), and its operations that stand on one.
#ifndef VICINAL_CPU_POINT_HPP_
#define VICINAL_CPU_POINT_HPP_

#include <cstdint>
#include <vector>

#include "algorithm/point.hpp"
#include "core/device.h"
#include "device/cpu/engine.hpp"
#include "device/cpu/losses.hpp"
#include "device/cpu/rows.hpp"
#include "device/cpu/workspace.hpp"

namespace vicinal::cpu {

template <class Real>
struct Device;  // device/cpu/device.hpp
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
    owner_->emplace_back(count * static_cast<std::int64_t>(sizeof(T)));
    return reinterpret_cast<T*>(owner_->back().get());
  }
  // The caller's array, borrowed.
  template <class T>
  const T* resident(const T* values, std::int64_t) {
    return values;
  }
  Engine& engine() { return *engine_; }

 private:
  Engine* engine_;
  Owner* owner_ = nullptr;
};

// Feature rows, where they lie.
template <class Real>
class Features {
 public:
  Features() = default;
  Features(const Real* features, std::int64_t width) : features_(features), width_(width) {}
  static constexpr bool streamed() { return false; }
  const Real* rows(const Engine&, std::int64_t begin, std::int64_t) const { return features_ + begin * width_; }

 private:
  const Real* features_ = nullptr;
  std::int64_t width_ = 0;
};

// SoftTriple's centre regulariser: its value added to totals (or null), its gradient written to dL/dp^ (kernel order,
// or null), and the tangent of that gradient along unit_t added to the tangent of dL/dp^.
template <class Real>
void centre_regulariser(Engine& e, const Point<Real>& point, Real* gradient, LossTotals* totals);
template <class Real>
void centre_regulariser_tangent(Engine& e, const Point<Real>& point, const Real* unit_t, Real* gradient_t);

}  // namespace vicinal::cpu

#endif  // VICINAL_CPU_POINT_HPP_
