// Programs of the C ABI in tests: texts run on values, and what they are compared with.
#ifndef VICINAL_TEST_PROGRAMS_HPP_
#define VICINAL_TEST_PROGRAMS_HPP_

#include <algorithm>
#include <cmath>
#include <string>

#include "support.hpp"

namespace test {

// An array of a run: reals, or ints.
struct Value {
  std::vector<std::int64_t> shape;
  std::vector<double> reals;
  std::vector<std::int64_t> ints;
  bool integer = false;
};
inline Value reals(std::vector<std::int64_t> shape, std::vector<double> values) {
  return {std::move(shape), std::move(values), {}, false};
}
inline Value ints(std::vector<std::int64_t> shape, std::vector<std::int64_t> values) {
  return {std::move(shape), {}, std::move(values), true};
}

struct DestroyProgram {
  void operator()(vicinal_program* p) const { vicinal_program_destroy(p); }
};
using ProgramPtr = std::unique_ptr<vicinal_program, DestroyProgram>;

inline ProgramPtr program(const std::string& text) {
  vicinal_program* p = nullptr;
  const vicinal_status status = vicinal_program_create(text.c_str(), &p);
  REQUIRE_MESSAGE(status == VICINAL_OK, vicinal_last_error());
  return ProgramPtr(p);
}
inline std::string refusal(const std::string& text) {
  vicinal_program* p = nullptr;
  REQUIRE(vicinal_program_create(text.c_str(), &p) == VICINAL_INVALID_ARGUMENT);
  return vicinal_last_error();
}

// Runs a program; the inputs stand in the order of its lines.
template <class Real>
struct Run {
  std::vector<std::vector<Real>> typed;
  std::vector<std::vector<double>> doubles;
  std::vector<vicinal_array> arrays;
  std::vector<Value> inputs;
  std::int64_t bytes = 0;

  explicit Run(std::vector<Value> values) : inputs(std::move(values)) {
    typed.resize(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Value& v = inputs[i];
      vicinal_array a{};
      a.name = "input";
      a.ndim = static_cast<std::int32_t>(v.shape.size());
      std::copy(v.shape.begin(), v.shape.end(), a.shape);
      if (v.integer) {
        v.ints.reserve(1);
        a.data = v.ints.data();
        a.dtype = VICINAL_I64;
      } else if (v.shape.empty()) {
        a.data = v.reals.data();
        a.dtype = VICINAL_F64;
      } else {
        typed[i].assign(v.reals.begin(), v.reals.end());
        typed[i].reserve(1);
        a.data = typed[i].data();
        a.dtype = sizeof(Real) == 4 ? VICINAL_F32 : VICINAL_F64;
      }
      arrays.push_back(a);
    }
  }

  std::vector<Value> operator()(vicinal_engine* e, const ProgramPtr& p, int outputs) {
    std::vector<vicinal_array> out(static_cast<std::size_t>(outputs));
    REQUIRE_MESSAGE(vicinal_program_shapes(p.get(), static_cast<std::int32_t>(arrays.size()), arrays.data(), outputs,
                                           out.data(), &bytes) == VICINAL_OK,
                    vicinal_last_error());
    std::vector<Value> values(out.size());
    std::vector<std::vector<char>> memory(out.size());
    for (std::size_t o = 0; o < out.size(); ++o) {
      std::int64_t count = 1;
      for (int k = 0; k < out[o].ndim; ++k) {
        count *= out[o].shape[k];
        values[o].shape.push_back(out[o].shape[k]);
      }
      memory[o].resize(static_cast<std::size_t>(count * 8 + 8));
      out[o].data = memory[o].data();
    }
    REQUIRE_MESSAGE(vicinal_program_run(e, p.get(), static_cast<std::int32_t>(arrays.size()), arrays.data(), outputs,
                                        out.data()) == VICINAL_OK,
                    vicinal_last_error());
    for (std::size_t o = 0; o < out.size(); ++o) {
      std::int64_t count = 1;
      for (std::int64_t s : values[o].shape) count *= s;
      values[o].integer = out[o].dtype == VICINAL_I64;
      for (std::int64_t i = 0; i < count; ++i) {
        if (out[o].dtype == VICINAL_I64) values[o].ints.push_back(static_cast<const std::int64_t*>(out[o].data)[i]);
        if (out[o].dtype == VICINAL_F32) values[o].reals.push_back(static_cast<const float*>(out[o].data)[i]);
        if (out[o].dtype == VICINAL_F64) values[o].reals.push_back(static_cast<const double*>(out[o].data)[i]);
      }
    }
    return values;
  }
};

inline void check_close(const std::vector<double>& got, const std::vector<double>& want, double tolerance) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("element ", i, ": ", got[i], " where ", want[i], " is right");
    if (std::isnan(want[i]) || std::isinf(want[i])) {
      CHECK((std::isnan(want[i]) ? std::isnan(got[i]) : got[i] == want[i]));
    } else {
      CHECK(std::abs(got[i] - want[i]) <= tolerance * std::max(1.0, std::abs(want[i])));
    }
  }
}

}  // namespace test

#endif  // VICINAL_TEST_PROGRAMS_HPP_
