// Shared by the native tests: engines, the registry of losses under test, deterministic inputs, comparisons.
#ifndef VICINAL_TEST_SUPPORT_HPP_
#define VICINAL_TEST_SUPPORT_HPP_

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "calls.hpp"
#include "oracle/losses.hpp"
#include "vicinal/vicinal.h"

namespace test {

using oracle::Case;
using oracle::Loss;
using oracle::Vec;

// The call went well, or the test ends with the library's sentence.
inline void ok(vicinal_status status) {
  REQUIRE_MESSAGE(status == VICINAL_OK, vicinal_last_error());
}
// The call refused an argument, in a sentence with these words.
inline void refused(vicinal_status status, const char* words) {
  CHECK(status == VICINAL_INVALID_ARGUMENT);
  CHECK_MESSAGE(std::string(vicinal_last_error()).find(words) != std::string::npos, vicinal_last_error());
}

struct Destroy {
  void operator()(vicinal_engine* e) const { vicinal_engine_destroy(e); }
  void operator()(vicinal_curvature* c) const { vicinal_curvature_destroy(c); }
};
using EnginePtr = std::unique_ptr<vicinal_engine, Destroy>;
using CurvaturePtr = std::unique_ptr<vicinal_curvature, Destroy>;

// The device under test: the processor, or the one of the library that VICINAL_TEST_DEVICE_LIBRARY names.
inline const char* device() {
  static const char* const name = [] {
    const char* library = std::getenv("VICINAL_TEST_DEVICE_LIBRARY");
    if (library == nullptr) return "cpu";
    ok(vicinal_device_open(library));
    return "cuda";
  }();
  return name;
}
inline bool on_cpu() {
  return device()[1] == 'p';
}

// Device memory with an owner.
template <class T>
class There {
 public:
  explicit There(const std::vector<T>& values) : size_(values.size()) {
    const std::int64_t bytes = static_cast<std::int64_t>(size_ * sizeof(T));
    ok(vicinal_memory_allocate(device(), bytes, &address_));
    ok(vicinal_memory_write(device(), address_, values.data(), bytes));
  }
  There(const There&) = delete;
  There& operator=(const There&) = delete;
  ~There() { vicinal_memory_release(device(), address_); }
  T* get() const { return static_cast<T*>(address_); }
  void set(const std::vector<T>& values) const {
    REQUIRE(values.size() == size_);
    ok(vicinal_memory_write(device(), address_, values.data(), static_cast<std::int64_t>(size_ * sizeof(T))));
  }
  std::vector<T> values() const {
    std::vector<T> out(size_);
    ok(vicinal_memory_read(device(), out.data(), address_, static_cast<std::int64_t>(size_ * sizeof(T))));
    return out;
  }

 private:
  std::size_t size_;
  void* address_ = nullptr;
};

inline std::int64_t in_use() {
  std::int64_t bytes = 0;
  ok(vicinal_memory_usage(device(), &bytes, nullptr, nullptr));
  return bytes;
}

// Null when the processor lacks the set.
inline EnginePtr open_engine(const char* device, vicinal_engine_options o) {
  o.struct_size = sizeof o;
  vicinal_engine* e = nullptr;
  const vicinal_status status = vicinal_engine_create(device, &o, &e);
  if (status == VICINAL_UNAVAILABLE) return nullptr;
  REQUIRE_MESSAGE(status == VICINAL_OK, vicinal_last_error());
  return EnginePtr(e);
}

inline EnginePtr make_engine(int threads = 2, int isa = VICINAL_ISA_AUTO, std::int64_t workspace = 0) {
  if (!on_cpu() && isa > VICINAL_ISA_BASE) return nullptr;
  vicinal_engine_options o{};
  o.threads = threads;
  o.isa = isa;
  o.workspace_bytes = workspace;
  return open_engine(device(), o);
}

inline EnginePtr make_rounding_engine(int precision, std::int64_t workspace = 0) {
  vicinal_engine_options o{};
  o.precision = precision;
  o.workspace_bytes = workspace;
  return open_engine(device(), o);
}

// To compare a device with.
inline EnginePtr make_processor() {
  vicinal_engine_options o{};
  o.threads = 2;
  return open_engine("cpu", o);
}

inline Loss proxy_nca(double scale, bool exclude_positive = false) {
  return {"proxy-nca", {{"scale", scale}, {"exclude-positive", exclude_positive}}};
}
inline Loss proxy_nca_pp(double scale, bool exclude_positive = false) {
  return {"proxy-nca-pp", {{"scale", scale}, {"exclude-positive", exclude_positive}}};
}
// With these choices: "mode" stands for its other one, nca.
inline Loss proxy_anchor(double alpha, double margin, std::initializer_list<const char*> choices = {}) {
  Loss loss{"proxy-anchor", {{"alpha", alpha}, {"margin", margin}}};
  for (const char* choice : choices) loss.parameters[choice] = 1;
  return loss;
}
inline Loss soft_triple(double la, double margin, int centers, double gamma = 0.1, double tau = 0.2) {
  return {"soft-triple", {{"la", la}, {"margin", margin}, {"centers", centers}, {"gamma", gamma}, {"tau", tau}}};
}
inline Loss normalized_softmax(double temperature) {
  return {"normalized-softmax", {{"temperature", temperature}}};
}
inline Loss cosface(double scale, double margin) {
  return {"cosface", {{"scale", scale}, {"margin", margin}}};
}
inline Loss arcface(double scale, double margin_degrees) {
  return {"arcface", {{"scale", scale}, {"margin-degrees", margin_degrees}}};
}

struct Registered {
  std::string name;
  Loss spec;
  bool soft;  // takes soft labels
};

// Every loss, form and flag under test. A new loss is tested by being listed here.
inline const std::vector<Registered>& registry() {
  static const std::vector<Registered> list = {
      {"proxy-nca", proxy_nca(1), true},
      {"proxy-nca scale 9", proxy_nca(9), true},
      {"proxy-nca exclude-positive", proxy_nca(4, true), false},
      {"proxy-nca-pp", proxy_nca_pp(3), true},
      {"proxy-nca-pp exclude-positive", proxy_nca_pp(3, true), false},
      {"proxy-anchor", proxy_anchor(32, 0.1), false},
      {"proxy-anchor alpha 200 (shifted)", proxy_anchor(200, 0.1), false},
      {"proxy-anchor repeat-labels", proxy_anchor(32, 0.1, {"repeat-labels"}), false},
      {"proxy-anchor euclidean", proxy_anchor(32, 0.1, {"euclidean"}), false},
      {"proxy-anchor detached", proxy_anchor(32, 0.1, {"detach-proxies"}), false},
      {"proxy-anchor nca", proxy_anchor(32, 0.1, {"mode"}), false},
      {"proxy-anchor nca euclidean", proxy_anchor(32, 0.1, {"mode", "euclidean"}), false},
      {"soft-triple K 1", soft_triple(20, 0.01, 1), false},
      {"soft-triple K 2", soft_triple(20, 0.01, 2), false},
      {"soft-triple K 3", soft_triple(20, 0.01, 3, 0.1, 0.0), false},
      {"soft-triple K 17", soft_triple(20, 0.01, 17), false},
      {"normalized-softmax", normalized_softmax(0.05), true},
      {"cosface", cosface(64, 0.35), false},
      {"arcface", arcface(64, 28.6), false},
      {"arcface margin 60", arcface(16, 60), false},
  };
  return list;
}

inline bool column_form(const Loss& s) {
  return s.by_columns();
}

inline bool cosine_softmax(const Loss& s) {
  if (s.is("proxy-nca") || s.is("proxy-nca-pp")) return s["exclude-positive"] == 0;
  return (s.is("soft-triple") && s.centers() == 1) || s.is("normalized-softmax") || s.is("cosface");
}

// The steepest logit per unit of cosine: it multiplies the rounding error of a cosine.
inline double steepness(const Loss& s) {
  if (s.is("proxy-nca")) return 2 * s["scale"];
  if (s.is("proxy-nca-pp")) return 2 * s["scale"] * s["scale"];
  if (s.is("proxy-anchor")) return s["alpha"];
  if (s.is("normalized-softmax")) return 1 / s["temperature"];
  if (s.is("soft-triple")) return s["la"] * (1 + 2 / s["gamma"]);  // dS/ds reaches 1 + (s - S) / gamma
  return s["scale"];
}

// Distance to the correctly rounded value, in units of the last place of the result.
template <class Real>
double ulp_error(Real actual, long double exact) {
  int exponent;
  std::frexp(static_cast<double>(exact), &exponent);
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<Real>::digits);
  return static_cast<double>(std::fabs((static_cast<long double>(actual) - exact) / unit));
}

// Uniform in (-1, 1), rounded to float so that both element types see the same numbers.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 1) {}
  std::uint64_t bits() {  // splitmix64
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<float>(static_cast<double>(bits() >> 11) * 0x1p-52 - 1); }
  Vec vector(std::int64_t n) {
    Vec v(static_cast<std::size_t>(n));
    for (double& x : v) x = uniform();
    return v;
  }

 private:
  std::uint64_t state_;
};

template <class Real>
Case make_case(const Loss& spec, std::int64_t B, std::int64_t d, std::int64_t C, std::uint64_t seed) {
  Random random(seed);
  Case c;
  c.spec = spec;
  c.B = B;
  c.d = d;
  c.C = C;
  c.embeddings = random.vector(B * d);
  c.proxies = random.vector(C * spec.centers() * d);
  for (std::int64_t i = 0; i < B; ++i)  // the last class is absent when there are several
    c.labels.push_back(static_cast<std::int64_t>(random.bits() % static_cast<std::uint64_t>(C > 1 ? C - 1 : 1)));
  const bool single = sizeof(Real) == sizeof(float);
  c.sine_floor = single ? 1e-6f : 1e-12;
  c.distance_floor = single ? 1e-6f : 1e-12;
  return c;
}

template <class Real>
std::vector<Real> cast(const Vec& v) {
  return std::vector<Real>(v.begin(), v.end());
}
template <class Real>
std::vector<Real> poisoned(std::size_t n) {  // an output that is not written stays NaN and fails
  return std::vector<Real>(n, std::numeric_limits<Real>::quiet_NaN());
}
template <class T>
const T* or_null(const std::vector<T>& v) {
  return v.empty() ? nullptr : v.data();
}

inline double largest(const Vec& v) {
  double top = 0;
  for (double x : v) top = std::fabs(x) > top ? std::fabs(x) : top;
  return top;
}

// Largest difference relative to the largest expected element (or to `scale` when that is larger); NaN and
// differing lengths give infinity, so that comparisons with a tolerance fail.
template <class Real>
double difference(const std::vector<Real>& actual, const Vec& expected, double scale = 1e-30) {
  if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
  const double unit = std::fmax(largest(expected), scale);
  double worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double e = std::fabs(static_cast<double>(actual[i]) - expected[i]) / unit;
    if (!(e <= worst)) worst = std::isnan(e) ? std::numeric_limits<double>::infinity() : e;
  }
  return worst;
}

template <class Real>
struct Result {
  double loss = std::numeric_limits<double>::quiet_NaN();
  std::int64_t empty = -1;
  std::vector<Real> per_sample, grad_embeddings, grad_proxies;
};

template <class Real>
Result<Real> run_loss(vicinal_engine* e, const Case& c) {
  const auto z = cast<Real>(c.embeddings), p = cast<Real>(c.proxies), w = cast<Real>(c.weights),
             t = cast<Real>(c.soft_labels);
  Result<Real> r;
  r.grad_embeddings = poisoned<Real>(z.size());
  r.grad_proxies = poisoned<Real>(p.size());
  if (!column_form(c.spec)) r.per_sample = poisoned<Real>(c.labels.size());
  ok(call::loss<Real>(e, &c.spec, c.B, c.d, c.C, z.data(), c.labels.data(), p.data(), or_null(w), or_null(t), &r.loss,
                      &r.empty, r.per_sample.empty() ? nullptr : r.per_sample.data(), r.grad_embeddings.data(),
                      r.grad_proxies.data()));
  return r;
}

template <class Real>
struct Product {
  std::vector<Real> embeddings, proxies;
};

// Empty directions are passed as null.
template <class Real>
Product<Real> run_hvp(vicinal_engine* e, const Case& c, const Vec& V, const Vec& U) {
  const auto z = cast<Real>(c.embeddings), p = cast<Real>(c.proxies), w = cast<Real>(c.weights),
             t = cast<Real>(c.soft_labels), v = cast<Real>(V), u = cast<Real>(U);
  Product<Real> r{poisoned<Real>(z.size()), poisoned<Real>(p.size())};
  ok(call::loss_hvp<Real>(e, &c.spec, c.B, c.d, c.C, z.data(), c.labels.data(), p.data(), or_null(w), or_null(t),
                          or_null(v), or_null(u), r.embeddings.data(), r.proxies.data()));
  return r;
}

}  // namespace test

#endif  // VICINAL_TEST_SUPPORT_HPP_
