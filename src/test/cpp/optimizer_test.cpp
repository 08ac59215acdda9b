// Optimiser steps over many tensors against naive recurrences in double: rules, clipping, what is not finite, averages.
#include <string>

#include "support.hpp"

namespace {

using namespace test;

const std::int64_t kLengths[] = {1, 17, 1000, 16385, 70001};  // pieces end inside and at the end; work for two threads

int states_of(int rule) {
  return rule <= VICINAL_NESTEROV ? 1 : rule == VICINAL_CENTERED_RMSPROP ? 3 : 2;
}

// A parameter with gradient and states, and their arguments.
template <class Real>
struct Tensor {
  std::vector<Real> p, g;
  std::vector<std::vector<Real>> states;
  vicinal_update s{};

  Tensor(int rule, const Vec& values, const vicinal_update& settings) : p(cast<Real>(values)), g(values.size()) {
    s = settings;
    states.assign(static_cast<std::size_t>(states_of(rule)), std::vector<Real>(values.size(), Real(0)));
  }
};

template <class Real>
void add(std::vector<vicinal_array>& arrays, const char* name, Real* values, std::int64_t n) {
  arrays.push_back(call::Array<Real>{name, values, {n}});
}

struct Outcome {
  vicinal_status status;
  double norm = -99;
  std::int64_t nonfinite = -99;
};

template <class Real>
Outcome update(vicinal_engine* e, int rule, std::vector<Tensor<Real>>& tensors) {
  std::vector<vicinal_array> arrays;
  std::vector<vicinal_update> updates;
  for (Tensor<Real>& t : tensors) {
    const auto n = static_cast<std::int64_t>(t.p.size());
    add(arrays, "weight", t.p.data(), n);
    add(arrays, "gradient of weight", t.g.data(), n);
    for (auto& state : t.states) add(arrays, "state of weight", state.empty() ? nullptr : state.data(), n);
    updates.push_back(t.s);
  }
  Outcome out;
  out.status = vicinal_update_parameters(e, rule, static_cast<int>(tensors.size()), updates.data(), arrays.data(),
                                         &out.norm, &out.nonfinite);
  return out;
}

// The same one number at a time, in double, from the papers and torch's documentation.
struct Naive {
  Vec p, a, b, c;
  explicit Naive(const Vec& values) : p(values), a(values.size()), b(a), c(a) {}

  void step(int rule, const vicinal_update& s, const Vec& gradient) {
    for (std::size_t i = 0; i < p.size(); ++i) {
      double g = gradient[i];
      if (rule == VICINAL_ADAMW) {
        p[i] -= s.lr * s.weight_decay * p[i];
      } else {
        g += s.weight_decay * p[i];
      }
      if (rule == VICINAL_SGD || rule == VICINAL_NESTEROV) {
        if (s.momentum != 0) {
          a[i] = s.step == 1 ? g : s.momentum * a[i] + g;
          g = rule == VICINAL_NESTEROV ? g + s.momentum * a[i] : a[i];
        }
        p[i] -= s.lr * g;
      } else if (rule == VICINAL_ADAM || rule == VICINAL_ADAMW) {
        a[i] = s.beta1 * a[i] + (1 - s.beta1) * g;
        b[i] = s.beta2 * b[i] + (1 - s.beta2) * g * g;
        const double m = a[i] / (1 - std::pow(s.beta1, s.step)), v = b[i] / (1 - std::pow(s.beta2, s.step));
        p[i] -= s.lr * m / (std::sqrt(v) + s.eps);
      } else {
        a[i] = s.beta2 * a[i] + (1 - s.beta2) * g * g;
        double square = a[i];
        if (rule == VICINAL_CENTERED_RMSPROP) {
          c[i] = s.beta2 * c[i] + (1 - s.beta2) * g;
          square = std::max(0.0, square - c[i] * c[i]);
        }
        double u = g / (std::sqrt(square) + s.eps);
        if (s.momentum > 0) u = b[i] = s.momentum * b[i] + u;
        p[i] -= s.lr * u;
      }
    }
  }
};

vicinal_update settings(int rule, double momentum, double eps) {
  vicinal_update s{};
  s.step = 1;
  s.lr = 0.02;
  s.weight_decay = 0.1;
  s.eps = eps;
  s.momentum = rule == VICINAL_ADAM || rule == VICINAL_ADAMW ? 0 : momentum;
  s.beta1 = rule == VICINAL_ADAM || rule == VICINAL_ADAMW ? 0.9 : 0;
  s.beta2 = 0.97;
  return s;
}

template <class Real>
void follows(vicinal_engine* e, int rule, double eps) {
  Random random(2);
  std::vector<Tensor<Real>> tensors;
  std::vector<Naive> naive;
  for (std::int64_t n : kLengths) {  // in one call; every other one without momentum and, if it may, without states
    const Vec start = random.vector(n);
    tensors.emplace_back(rule, start, settings(rule, naive.size() % 2 == 0 ? 0.9 : 0, eps));
    if (tensors.back().s.momentum == 0 && rule <= VICINAL_NESTEROV) tensors.back().states[0].clear();
    naive.emplace_back(start);
  }
  for (int step = 1; step <= 4; ++step) {
    double squares = 0;
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      const Vec g = random.vector(static_cast<std::int64_t>(tensors[t].p.size()));
      tensors[t].g = cast<Real>(g);
      tensors[t].s.step = step;
      naive[t].step(rule, tensors[t].s, g);
      for (const Real x : tensors[t].g) squares += static_cast<double>(x) * static_cast<double>(x);
    }
    const Outcome out = update(e, rule, tensors);
    ok(out.status);
    CHECK(out.nonfinite == -1);
    CHECK(out.norm == doctest::Approx(std::sqrt(squares)).epsilon(1e-12));
  }
  // Four steps round a few times at magnitude 1. What divides by the root of a small variance enlarges its rounding.
  const double allowed = sizeof(Real) == sizeof(double) ? (eps < 1 && rule >= VICINAL_RMSPROP ? 1e-10 : 1e-13)
                         : rule == VICINAL_CENTERED_RMSPROP && eps < 1 ? 3e-3
                                                                       : 1e-5;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    CAPTURE(t);
    CHECK(difference(tensors[t].p, naive[t].p) <= allowed);
  }
}

TEST_CASE_TEMPLATE("optimizer: every rule follows its recurrence", Real, float, double) {
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    const EnginePtr e = make_engine(2, isa);
    if (e == nullptr) continue;
    for (int rule = VICINAL_SGD; rule <= VICINAL_CENTERED_RMSPROP; ++rule)
      for (double eps : {1e-8, 1.0}) {
        CAPTURE(isa);
        CAPTURE(rule);
        CAPTURE(eps);
        follows<Real>(e.get(), rule, eps);
      }
  }
}

TEST_CASE_TEMPLATE("optimizer: gradients are clipped by value or together, and not written", Real, float, double) {
  const EnginePtr e = make_engine();
  Random random(3);
  std::vector<Tensor<Real>> tensors;
  std::vector<Naive> naive;
  std::vector<Vec> gradients;
  // By value; two sets of two tensors, of which the second is short enough; and as it is.
  const std::int64_t lengths[] = {20000, 30, 17000, 8, 5, 70};
  const double value[] = {0.25, 0, 0, 0, 0, 0}, norm[] = {0, 3, 3, 50, 50, 0};
  const std::int64_t set[] = {0, 7, 7, 2, 2, 0};
  for (int t = 0; t < 6; ++t) {
    const Vec start = random.vector(lengths[t]);
    vicinal_update s = settings(VICINAL_SGD, 0, 0);
    s.weight_decay = 0.5;
    s.clip_value = value[t];
    s.clip_norm = norm[t];
    s.clip_set = set[t];
    tensors.emplace_back(VICINAL_SGD, start, s);
    naive.emplace_back(start);
    tensors.back().g = cast<Real>(random.vector(lengths[t]));
    gradients.push_back(Vec(tensors.back().g.begin(), tensors.back().g.end()));
  }
  double squares = 0, first = 0;
  for (int t = 0; t < 6; ++t)
    for (const double x : gradients[static_cast<std::size_t>(t)]) {
      squares += x * x;
      if (t == 1 || t == 2) first += x * x;
    }
  REQUIRE(std::sqrt(first) > 3);
  for (std::size_t t = 0; t < 6; ++t) {
    Vec g = gradients[t];
    for (double& x : g) {
      if (t == 0) x = std::max(-0.25, std::min(0.25, x));
      if (t == 1 || t == 2) x *= 3 / (std::sqrt(first) + 1e-6);
    }
    naive[t].step(VICINAL_SGD, tensors[t].s, g);
  }
  const Outcome out = update(e.get(), VICINAL_SGD, tensors);
  ok(out.status);
  CHECK(out.norm == doctest::Approx(std::sqrt(squares)).epsilon(1e-12));
  for (std::size_t t = 0; t < 6; ++t) {
    CAPTURE(t);
    CHECK(difference(tensors[t].p, naive[t].p) <= (sizeof(Real) == 8 ? 1e-14 : 1e-6));
    CHECK(Vec(tensors[t].g.begin(), tensors[t].g.end()) == gradients[t]);
  }
}

TEST_CASE_TEMPLATE("optimizer: a gradient that is not finite changes nothing", Real, float, double) {
  const EnginePtr e = make_engine();
  const Real bad[] = {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity(),
                      -std::numeric_limits<Real>::infinity()};
  for (int rule : {VICINAL_SGD, VICINAL_ADAMW})
    for (const Real value : bad) {
      Random random(4);
      std::vector<Tensor<Real>> tensors;
      for (std::int64_t n : {40000, 3, 20000}) {
        tensors.emplace_back(rule, random.vector(n), settings(rule, 0.9, 1e-8));
        tensors.back().g = cast<Real>(random.vector(n));
        tensors.back().s.clip_value = 0.5;
      }
      tensors[2].g[19999] = value;
      tensors[1].g[1] = value;
      const std::vector<Tensor<Real>> before = tensors;
      const Outcome out = update(e.get(), rule, tensors);
      ok(out.status);
      CHECK(out.nonfinite == 1);
      CHECK_FALSE(std::isfinite(out.norm));
      for (std::size_t t = 0; t < 3; ++t) {
        CHECK(tensors[t].p == before[t].p);
        CHECK(tensors[t].states == before[t].states);
      }
    }
}

TEST_CASE_TEMPLATE("optimizer: a constant gradient has no variance, and no NaN", Real, float, double) {
  const EnginePtr e = make_engine();
  Random random(5);
  std::vector<Tensor<Real>> tensors;
  tensors.emplace_back(VICINAL_CENTERED_RMSPROP, random.vector(999), settings(VICINAL_CENTERED_RMSPROP, 0, 1));
  tensors[0].g = cast<Real>(random.vector(999));
  tensors[0].s.weight_decay = 0;
  for (int step = 1; step <= 300; ++step) {
    tensors[0].s.beta2 = 0.5;
    const Outcome out = update(e.get(), VICINAL_CENTERED_RMSPROP, tensors);
    ok(out.status);
    REQUIRE(out.nonfinite == -1);
  }
}

TEST_CASE_TEMPLATE("optimizer: the largest finite gradients are finite", Real, float, double) {
  const EnginePtr e = make_engine();
  std::vector<Tensor<Real>> tensors;
  tensors.emplace_back(VICINAL_SGD, Vec(9, 1.0), settings(VICINAL_SGD, 0, 0));
  tensors[0].g.assign(9, std::numeric_limits<Real>::max());
  tensors[0].s.clip_norm = 1;
  const Outcome out = update(e.get(), VICINAL_SGD, tensors);
  ok(out.status);
  CHECK(out.nonfinite == -1);
  for (const Real x : tensors[0].p) CHECK(std::isfinite(x));
}

TEST_CASE_TEMPLATE("optimizer: the first parameter that a step makes infinite is named", Real, float, double) {
  const EnginePtr e = make_engine();
  std::vector<Tensor<Real>> tensors;
  for (std::int64_t n : {40000, 3, 20000}) {
    tensors.emplace_back(VICINAL_SGD, Vec(static_cast<std::size_t>(n), 1.0), settings(VICINAL_SGD, 0, 0));
    tensors.back().s.weight_decay = 0;
  }
  for (std::size_t t = 1; t < 3; ++t) {
    tensors[t].s.lr = 1e100;
    tensors[t].g.back() = std::numeric_limits<Real>::max();
  }
  if (sizeof(Real) == 8) tensors[1].s.lr = tensors[2].s.lr = 1e300;
  const Outcome out = update(e.get(), VICINAL_SGD, tensors);
  ok(out.status);
  CHECK(out.nonfinite == 3 + 1);
}

TEST_CASE("optimizer: the same bits for every number of threads") {
  if (!on_cpu()) return;
  std::vector<std::vector<float>> first;
  double norm = 0;
  for (int threads : {1, 2, 5}) {
    const EnginePtr e = make_engine(threads);
    Random random(6);
    std::vector<Tensor<float>> tensors;
    for (std::int64_t n : {3, 90000, 5, 5, 5, 1000, 70001}) {
      tensors.emplace_back(VICINAL_ADAM, random.vector(n), settings(VICINAL_ADAM, 0, 1e-8));
      tensors.back().g = cast<float>(random.vector(n));
      tensors.back().s.clip_norm = 2;
    }
    const Outcome out = update(e.get(), VICINAL_ADAM, tensors);
    ok(out.status);
    std::vector<std::vector<float>> all;
    for (auto& t : tensors) all.push_back(t.p);
    if (threads == 1) {
      first = all;
      norm = out.norm;
    }
    CHECK(all == first);
    CHECK(out.norm == norm);
  }
}

TEST_CASE("optimizer: memory of the device is stepped in place, beside the host's") {
  const EnginePtr e = make_engine();
  Random random(8);
  const Vec start = random.vector(30000), gradient = random.vector(30000);
  std::vector<Tensor<double>> host;
  host.emplace_back(VICINAL_ADAM, start, settings(VICINAL_ADAM, 0, 1e-8));
  host[0].g = gradient;
  ok(update(e.get(), VICINAL_ADAM, host).status);
  const There<double> p(start), g(gradient), v(Vec(start.size(), 0.0));
  Vec m(start.size(), 0.0);
  std::vector<vicinal_array> arrays;
  add(arrays, "p", p.get(), 30000);
  add(arrays, "g", g.get(), 30000);
  add(arrays, "m", m.data(), 30000);
  add(arrays, "v", v.get(), 30000);
  double norm;
  std::int64_t nonfinite;
  ok(vicinal_update_parameters(e.get(), VICINAL_ADAM, 1, &host[0].s, arrays.data(), &norm, &nonfinite));
  CHECK(p.values() == host[0].p);
  CHECK(m == host[0].states[0]);
  CHECK(v.values() == host[0].states[1]);
}

TEST_CASE_TEMPLATE("optimizer: averages", Real, float, double) {
  const EnginePtr e = make_engine();
  Random random(9);
  std::vector<std::vector<Real>> averages, values;
  std::vector<vicinal_array> arrays;
  std::vector<Vec> expected;
  for (std::int64_t n : kLengths) {
    const Vec a = random.vector(n), x = random.vector(n);
    averages.push_back(cast<Real>(a));
    values.push_back(cast<Real>(x));
    expected.push_back(a);
    for (std::size_t i = 0; i < a.size(); ++i) expected.back()[i] = 0.9 * a[i] + 0.1 * x[i];
  }
  for (std::size_t t = 0; t < values.size(); ++t) {
    add(arrays, "average", averages[t].data(), kLengths[t]);
    add(arrays, "value", values[t].data(), kLengths[t]);
  }
  ok(vicinal_average(e.get(), 0.1, static_cast<int>(values.size()), arrays.data()));
  for (std::size_t t = 0; t < values.size(); ++t)
    CHECK(difference(averages[t], expected[t]) <= (sizeof(Real) == 8 ? 1e-15 : 3e-7));
  refused(vicinal_average(e.get(), 1.5, 1, arrays.data()),
          "weight is 1.5; it must be finite, at least 0 and at most 1");
  refused(vicinal_average(e.get(), 0.1, 0, arrays.data()), "count is 0");
}

TEST_CASE("optimizer: bad arguments") {
  const EnginePtr e = make_engine(1);
  const auto with = [&](int rule, auto change) {
    std::vector<Tensor<double>> tensors;
    for (int t = 0; t < 9; ++t) tensors.emplace_back(rule, Vec(4, 1.0), settings(rule, 0.9, 1e-8));
    change(tensors[5]);
    const Outcome out = update(e.get(), rule, tensors);
    CHECK(out.norm == -99);
    return out.status;
  };
  using T = Tensor<double>&;
  refused(with(VICINAL_SGD, [](T t) { t.s.step = 0; }), "step is 0; it must be at least 1");
  refused(with(VICINAL_SGD, [](T t) { t.s.lr = -0.1; }), "lr is -0.1; it must be finite");
  refused(with(VICINAL_SGD, [](T t) { t.s.momentum = NAN; }), "momentum is nan");
  refused(with(VICINAL_SGD, [](T t) { t.states[0].clear(); }), "velocity of weight is missing");
  refused(with(VICINAL_ADAM, [](T t) { t.states[1].clear(); }), "second_moment of weight is missing");
  refused(with(VICINAL_RMSPROP, [](T t) { t.states[0].clear(); }), "mean_square of weight is missing");
  refused(with(VICINAL_ADAM, [](T t) { t.s.beta1 = 1; }), "beta1 is 1; it must be at least 0 and below 1");
  refused(with(VICINAL_ADAM, [](T t) { t.s.clip_value = t.s.clip_norm = 1; }), "give one of the two");
  refused(with(VICINAL_ADAM, [](T t) { t.s.clip_set = 65536; }), "clip_set is 65536; it must be in 0..65535");
  refused(with(6, [](T) {}), "rule is 6; the rules are 0..5");

  // More arrays than a few: what overlaps is found as well, and what is only read may be shared.
  double block[64] = {};
  std::vector<vicinal_update> updates(12, settings(VICINAL_SGD, 0, 0));
  const auto overlapping = [&](std::int64_t eleventh) {
    std::vector<vicinal_array> arrays;
    for (std::int64_t t = 0; t < 12; ++t) {
      add(arrays, t == 11 ? "last" : "weight", block + (t == 11 ? eleventh : 4 * t), 4);
      add(arrays, "gradient", block + 60, 4);
      add<double>(arrays, "velocity", nullptr, 4);
    }
    double norm;
    std::int64_t nonfinite;
    return vicinal_update_parameters(e.get(), VICINAL_SGD, 12, updates.data(), arrays.data(), &norm, &nonfinite);
  };
  ok(overlapping(44));
  refused(overlapping(42), "overlaps");
  refused(overlapping(3), "overlaps");
  refused(overlapping(57), "last overlaps gradient; give it memory of its own");
}

}  // namespace
