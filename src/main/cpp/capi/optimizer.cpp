// C ABI: an optimiser's step over many parameters, averages of parameters.
#include <algorithm>

#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

constexpr double kAny = 1e300;
constexpr std::int64_t kClipSets = 65536;

constexpr const char* kVelocity = "velocity";  // needed where there is momentum

// The states of each rule, in their places.
struct Rule {
  int count;
  const char* states[math::kMostStates];
};
constexpr Rule kRules[] = {{1, {kVelocity}},
                           {1, {kVelocity}},
                           {2, {"first_moment", "second_moment"}},
                           {2, {"first_moment", "second_moment"}},
                           {2, {"mean_square", kVelocity}},
                           {3, {"mean_square", kVelocity, "mean_gradient"}}};
static_assert(sizeof kRules / sizeof *kRules == VICINAL_CENTERED_RMSPROP + 1, "every rule has its states");

void check_part(const char* name, double value) {
  require(value >= 0 && value < 1, name, " is ", value, "; it must be at least 0 and below 1");
}

void check_settings(const vicinal_update& s) {
  check_size("step", s.step);
  check_parameter("lr", s.lr, 0, true, kAny);
  check_parameter("weight_decay", s.weight_decay, 0, true, kAny);
  check_parameter("eps", s.eps, 0, true, kAny);
  check_parameter("momentum", s.momentum, 0, true, kAny);
  check_part("beta1", s.beta1);
  check_part("beta2", s.beta2);
  check_parameter("clip_value", s.clip_value, 0, true, kAny);
  check_parameter("clip_norm", s.clip_norm, 0, true, kAny);
  require(s.clip_value == 0 || s.clip_norm == 0, "clip_value is ", s.clip_value, " and clip_norm is ", s.clip_norm,
          "; give one of the two");
  require(s.clip_set >= 0 && s.clip_set < kClipSets, "clip_set is ", s.clip_set, "; it must be in 0..", kClipSets - 1);
}

// The parameter and what moves it, which comes after it.
template <class Real>
Update<Real> read_pair(Arguments<Real>& a, const vicinal_array* own, const char* parameter, const char* gradient) {
  Update<Real> u{};
  check_form(parameter, own);
  u.n = elements(own);
  u.parameter = a.out(parameter, own, Dims(own));
  u.gradient = a.in(gradient, own + 1, Dims(own));
  return u;
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal;
using namespace vicinal::capi;

extern "C" {

vicinal_status vicinal_update_parameters(vicinal_engine* engine, int32_t rule, int32_t count,
                                         const vicinal_update* updates, const vicinal_array* arrays, double* norm,
                                         int64_t* nonfinite) {
  return call(engine, "parameter", arrays, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    require(rule >= 0 && rule <= VICINAL_CENTERED_RMSPROP, "rule is ", rule, "; the rules are 0..",
            VICINAL_CENTERED_RMSPROP);
    check_size("count", count);
    check_pointer("updates", updates);
    check_pointer("norm", norm);
    check_pointer("nonfinite", nonfinite);
    const Rule& of = kRules[rule];
    std::vector<Update<Real>> all;
    all.reserve(static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) {
      const vicinal_array* own = arrays + i * (2 + of.count);
      check_settings(updates[i]);
      Update<Real> u = read_pair(a, own, "parameter", "gradient");
      u.settings = updates[i];
      for (int k = 0; k < of.count; ++k) {
        u.states[k] = a.optional_out(own + 2 + k, Dims(own));
        require(u.states[k] != nullptr || (of.states[k] == kVelocity && u.settings.momentum == 0), of.states[k], " of ",
                own->name, " is missing");
      }
      all.push_back(u);
    }
    const UpdateOutcome outcome = a.run(a.ops.update_parameters, rule, std::int64_t{count}, all.data());
    *norm = outcome.norm;
    *nonfinite = outcome.nonfinite;
  });
}

vicinal_status vicinal_average(vicinal_engine* engine, double weight, int32_t count, const vicinal_array* arrays) {
  return call(engine, "average", arrays, [&](auto& a) {
    using Real = typename std::decay_t<decltype(a)>::Real;
    check_size("count", count);
    check_parameter("weight", weight, 0, true, 1);
    std::vector<Update<Real>> pairs;
    pairs.reserve(static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) pairs.push_back(read_pair(a, arrays + 2 * i, "average", "value"));
    a.run(a.ops.average, weight, std::int64_t{count}, pairs.data());
  });
}

}  // extern "C"
