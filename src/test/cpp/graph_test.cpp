// Calls that repeat themselves on a device: the first is run, the second recorded, the third replayed, and nobody can
// tell which one it was. What the emulated device counts says that they really were.
#include <dlfcn.h>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "emulation/counters.hpp"
#include "heads.hpp"
#include "programs.hpp"

namespace {

using namespace test;

// ---- the emulated device's counters ----

void* emulated(const char* function) {
  if (on_cpu()) return nullptr;
  void* library = dlopen(std::getenv("VICINAL_TEST_DEVICE_LIBRARY"), RTLD_LAZY | RTLD_NOLOAD);
  return library == nullptr ? nullptr : dlsym(library, function);
}

using Counters = vicinal_emulation_counters;

// Zeros on a device that does not count.
Counters counters() {
  static const auto read = reinterpret_cast<void (*)(Counters*)>(emulated("vicinal_emulation_read_counters"));
  Counters now{};
  if (read != nullptr) read(&now);
  return now;
}
// Without memory that stays where it is there are no graphs to count.
bool counting() {
  return emulated("vicinal_emulation_read_counters") != nullptr && std::getenv("VICINAL_CUDA_EXACT_MEMORY") == nullptr;
}

// What a call did: how it was queued, and what.
enum class How { run, recorded, replayed };
How how(const Counters& before, const Counters& after) {
  if (after.graphs == before.graphs) return How::run;
  return after.captures == before.captures ? How::replayed : How::recorded;
}

// ---- calls ----

struct Shape {
  Loss spec;
  std::int64_t n, d, C, D;  // D 0: embeddings are given
  bool weights, soft;
};

template <class Real>
struct Inputs {
  std::vector<Real> x, weight, bias, proxies, weights, soft;  // x: embeddings or features
  std::vector<std::int64_t> labels;
};

template <class Real>
Inputs<Real> draw(const Shape& s, std::uint64_t seed) {
  Random random(seed);
  const auto some = [&](std::int64_t n) { return cast<Real>(random.vector(n)); };
  const auto positive = [&](std::int64_t n) {
    std::vector<Real> v = some(n);
    for (Real& x : v) x = std::fabs(x) + Real(0.25);
    return v;
  };
  Inputs<Real> in;
  in.x = some(s.n * (s.D > 0 ? s.D : s.d));
  if (s.D > 0) in.weight = some(s.d * s.D);
  if (s.D > 0) in.bias = some(s.d);
  in.proxies = some(s.C * s.spec.centers() * s.d);
  if (s.weights) in.weights = positive(s.n);
  if (s.soft) in.soft = positive(s.n * s.C);
  for (std::int64_t i = 0; i < s.n; ++i)
    in.labels.push_back(static_cast<std::int64_t>(random.bits() % static_cast<std::uint64_t>(s.C)));
  return in;
}

template <class Real>
struct Pointers {
  const Real *x, *weight, *bias, *proxies, *weights, *soft;
  const std::int64_t* labels;
  Real *per_sample, *rows, *gradient_bias, *gradient_proxies;  // rows: of the embeddings, or of the weight
};

template <class Real>
vicinal_status gradient(vicinal_engine* e, const Shape& s, const Pointers<Real>& p, double* loss, std::int64_t* empty) {
  if (s.D > 0)
    return call::head_gradient<Real>(e, &s.spec, s.n, s.D, s.d, s.C, p.x, p.labels, p.weights, p.soft, p.weight, p.bias,
                                     p.proxies, loss, empty, p.per_sample, p.rows, p.gradient_bias, p.gradient_proxies);
  return call::loss<Real>(e, &s.spec, s.n, s.d, s.C, p.x, p.labels, p.proxies, p.weights, p.soft, loss, empty,
                          p.per_sample, p.rows, p.gradient_proxies);
}

template <class Real>
struct Outcome {
  double loss = 0;
  std::int64_t empty = 0;
  std::vector<Real> per_sample, rows, gradient_bias, gradient_proxies;

  explicit Outcome(const Shape& s)
      : per_sample(column_form(s.spec) ? 0 : s.n),
        rows((s.D > 0 ? s.D : s.n) * s.d),
        gradient_bias(s.D > 0 ? s.d : 0),
        gradient_proxies(s.C * s.spec.centers() * s.d) {}
};

template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0);
}
template <class Real>
bool operator==(const Outcome<Real>& a, const Outcome<Real>& b) {
  return same_bits<double>({a.loss}, {b.loss}) && a.empty == b.empty && same_bits(a.per_sample, b.per_sample) &&
         same_bits(a.rows, b.rows) && same_bits(a.gradient_bias, b.gradient_bias) &&
         same_bits(a.gradient_proxies, b.gradient_proxies);
}

template <class T>
T* or_none(std::vector<T>& v) {
  return v.empty() ? nullptr : v.data();
}

// Arrays of the host, which are never recorded.
template <class Real>
Outcome<Real> from_host(const Shape& s, const Inputs<Real>& in, vicinal_engine* e = nullptr) {
  static const EnginePtr plain = make_engine(1);
  Outcome<Real> out(s);
  const Pointers<Real> p{or_null(in.x),
                         or_null(in.weight),
                         or_null(in.bias),
                         or_null(in.proxies),
                         or_null(in.weights),
                         or_null(in.soft),
                         in.labels.data(),
                         or_none(out.per_sample),
                         or_none(out.rows),
                         or_none(out.gradient_bias),
                         or_none(out.gradient_proxies)};
  REQUIRE_MESSAGE(gradient(e == nullptr ? plain.get() : e, s, p, &out.loss, &out.empty) == VICINAL_OK,
                  vicinal_last_error());
  return out;
}

// Inputs and outputs of a call on the device.
template <class Real>
class Placed {
 public:
  Placed(const Shape& s, const Inputs<Real>& in) : shape(s), empty_(s) {
    place(x, in.x);
    place(weight, in.weight);
    place(bias, in.bias);
    place(proxies, in.proxies);
    place(weights, in.weights);
    place(soft, in.soft);
    labels.emplace(in.labels);
    place(per_sample, poisoned<Real>(empty_.per_sample.size()));
    place(rows, poisoned<Real>(empty_.rows.size()));
    place(gradient_bias, poisoned<Real>(empty_.gradient_bias.size()));
    place(gradient_proxies, poisoned<Real>(empty_.gradient_proxies.size()));
  }
  void set(const Inputs<Real>& in) {
    put(x, in.x);
    put(weight, in.weight);
    put(bias, in.bias);
    put(proxies, in.proxies);
    put(weights, in.weights);
    put(soft, in.soft);
    labels->set(in.labels);
  }
  Pointers<Real> pointers() const {
    return {at(x),         at(weight),     at(bias), at(proxies),       at(weights),         at(soft),
            labels->get(), at(per_sample), at(rows), at(gradient_bias), at(gradient_proxies)};
  }
  vicinal_status run(vicinal_engine* e, Outcome<Real>& out) const {
    return gradient(e, shape, pointers(), &out.loss, &out.empty);
  }
  // Poisons the outputs, calls, and reads them.
  Outcome<Real> of(vicinal_engine* e) {
    Outcome<Real> out = empty_;
    put(per_sample, poisoned<Real>(out.per_sample.size()));
    put(rows, poisoned<Real>(out.rows.size()));
    put(gradient_bias, poisoned<Real>(out.gradient_bias.size()));
    put(gradient_proxies, poisoned<Real>(out.gradient_proxies.size()));
    const Counters before = counters();
    REQUIRE_MESSAGE(run(e, out) == VICINAL_OK, vicinal_last_error());
    last = how(before, counters());
    read(out);
    return out;
  }
  void read(Outcome<Real>& out) const {
    if (per_sample) out.per_sample = per_sample->values();
    if (rows) out.rows = rows->values();
    if (gradient_bias) out.gradient_bias = gradient_bias->values();
    if (gradient_proxies) out.gradient_proxies = gradient_proxies->values();
  }

  using Array = std::optional<There<Real>>;
  Shape shape;
  Array x, weight, bias, proxies, weights, soft, per_sample, rows, gradient_bias, gradient_proxies;
  std::optional<There<std::int64_t>> labels;
  How last = How::run;

 private:
  static void place(Array& array, const std::vector<Real>& values) {
    if (!values.empty()) array.emplace(values);
  }
  static void put(Array& array, const std::vector<Real>& values) {
    if (array) array->set(values);
  }
  static Real* at(const Array& array) { return array ? array->get() : nullptr; }
  Outcome<Real> empty_;
};

Loss loss_of(const char* name) {
  for (const Registered& r : registry())
    if (r.name == name) return r.spec;
  FAIL(name);
  return {};
}

// Runs it three times, so that the third was a replay.
template <class Real>
void settle(vicinal_engine* e, Placed<Real>& call) {
  for (int i = 0; i < 3; ++i) call.of(e);
  if (counting()) REQUIRE(call.last == How::replayed);
}

template <class Real>
void repeat(const Registered& r, std::int64_t D, int precision = VICINAL_PRECISION_F32) {
  CAPTURE(r.name);
  CAPTURE(D);
  CAPTURE(precision);
  const Shape s{r.spec, 37, 12, 9, D, !r.soft, r.soft};
  const EnginePtr e = make_rounding_engine(precision), plain = make_rounding_engine(precision);
  std::uint64_t seed = 100;
  Placed<Real> there(s, draw<Real>(s, seed));
  for (const How wanted : {How::run, How::recorded, How::replayed, How::replayed}) {
    const Inputs<Real> in = draw<Real>(s, ++seed);
    there.set(in);
    CHECK(there.of(e.get()) == from_host(s, in, plain.get()));
    if (counting()) CHECK(there.last == wanted);
  }
}

// A program with a product, sums that several blocks share, an operation along an axis, a copied output, a number that
// differs from run to run, and ids that are checked.
constexpr const char* kProgram = R"(
x = input type=real rank=2
y = input type=int rank=1
m = input type=real rank=0
i = input type=int rank=1
s = matmul x x tb=1
yr = expand y axis=1
yc = expand y axis=0
same = same yr yc
h = add s m
r = relu h
loss = sum r same axes=all
c = cumsum s axis=1 reverse=0
g = gather x i
output loss loss
output c c
output g g
output x x
)";

Run<float> drawn(std::int64_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::int64_t> y, i;
  for (std::int64_t k = 0; k < n; ++k) y.push_back(static_cast<std::int64_t>(random.bits() % 4));
  for (int k = 0; k < 5; ++k) i.push_back(static_cast<std::int64_t>(random.bits() % static_cast<std::uint64_t>(n)));
  return Run<float>({reals({n, 6}, random.vector(n * 6)), ints({n}, y), reals({}, random.vector(1)), ints({5}, i)});
}
// Runs a program, and compares it with plans that nobody has run before, and that are so run as they are. It goes with
// its test, for memory of the emulated device that stays makes every later launch dearer.
struct Programs {
  const EnginePtr engine, plain = make_engine(1);
  std::uint64_t seed = 500;

  std::vector<Value> run_plainly(Run<float>& run) const { return run(plain.get(), program(kProgram), 4); }
  // With arrays of the host at addresses and of contents that this run has alone.
  How run(const ProgramPtr& p, std::int64_t n) {
    Run<float> run = drawn(n, ++seed);
    const Counters before = counters();
    const std::vector<Value> got = run(engine.get(), p, 4);
    const How how_run = how(before, counters());
    const std::vector<Value> want = run_plainly(run);
    for (std::size_t o = 0; o < want.size(); ++o) CHECK(same_bits(got[o].reals, want[o].reals));
    return how_run;
  }
};

}  // namespace

TEST_CASE("graphs: a repeated call sees what its memory holds by then") {
  if (on_cpu()) return;
  for (const Registered& r : registry()) {
    repeat<float>(r, 0);
    repeat<double>(r, 21);
    repeat<float>(r, 21, VICINAL_PRECISION_BF16);
  }
}

TEST_CASE("graphs: an id or a weight that is refused, and good ones again") {
  if (on_cpu()) return;
  const Shape s{loss_of("cosface"), 40, 6, 5, 0, true, false};
  const EnginePtr e = make_engine(1);
  const Inputs<float> good = draw<float>(s, 1);
  Placed<float> there(s, good);
  settle(e.get(), there);
  const Outcome<float> expected = from_host(s, good);
  const auto refused = [&](const Inputs<float>& in, const char* sentence) {
    there.set(in);
    Outcome<float> out(s);
    CHECK(there.run(e.get(), out) == VICINAL_INVALID_ARGUMENT);
    CHECK(std::string(vicinal_last_error()) == sentence);
    there.set(good);
    CHECK(there.of(e.get()) == expected);
    if (counting()) CHECK(there.last == How::replayed);
  };
  Inputs<float> bad = good;
  bad.labels[31] = 5;
  bad.labels[38] = -7;
  refused(bad, "labels[31] is 5; it must be in 0..4");
  bad = good;
  bad.weights[7] = -2;
  refused(bad, "weights[7] is -2; it must be finite and not negative");
  bad.labels[2] = 9;  // the first of the checks speaks
  refused(bad, "labels[2] is 9; it must be in 0..4");
}

TEST_CASE("graphs: every address tells calls apart") {
  if (on_cpu()) return;
  const Registered anchor{"", proxy_anchor(32, 0.1, {"mode"}), false};
  for (const bool soft : {false, true}) {
    const Shape s{soft ? loss_of("proxy-nca-pp") : anchor.spec, 24, 8, 6, 10, !soft, soft};
    const EnginePtr e = make_engine(1);
    const Inputs<double> first = draw<double>(s, 1), second = draw<double>(s, 2);
    Placed<double> a(s, first), b(s, second);
    settle(e.get(), a);
    // One argument is the other call's.
    using P = Pointers<double>;
    using In = Inputs<double>;
    const std::vector<std::pair<std::function<void(P&, const P&)>, std::function<void(In&, const In&)>>> swaps = {
        {[](P& p, const P& o) { p.x = o.x; }, [](In& i, const In& o) { i.x = o.x; }},
        {[](P& p, const P& o) { p.weight = o.weight; }, [](In& i, const In& o) { i.weight = o.weight; }},
        {[](P& p, const P& o) { p.bias = o.bias; }, [](In& i, const In& o) { i.bias = o.bias; }},
        {[](P& p, const P& o) { p.proxies = o.proxies; }, [](In& i, const In& o) { i.proxies = o.proxies; }},
        {[](P& p, const P& o) { p.weights = o.weights; }, [](In& i, const In& o) { i.weights = o.weights; }},
        {[](P& p, const P& o) { p.soft = o.soft; }, [](In& i, const In& o) { i.soft = o.soft; }},
        {[](P& p, const P& o) { p.labels = o.labels; }, [](In& i, const In& o) { i.labels = o.labels; }},
    };
    for (std::size_t k = 0; k < swaps.size(); ++k) {
      CAPTURE(k);
      P p = a.pointers();
      In in = first;
      swaps[k].first(p, b.pointers());
      swaps[k].second(in, second);
      Outcome<double> out(s);
      REQUIRE(gradient(e.get(), s, p, &out.loss, &out.empty) == VICINAL_OK);
      a.read(out);
      CHECK(out == from_host(s, in));
    }
    a.of(e.get());
    // One output is another array, or is not wanted: the array of before keeps what it holds.
    const std::vector<std::pair<double * P::*, Placed<double>::Array Placed<double>::*>> outputs = {
        {&P::per_sample, &Placed<double>::per_sample},
        {&P::rows, &Placed<double>::rows},
        {&P::gradient_bias, &Placed<double>::gradient_bias},
        {&P::gradient_proxies, &Placed<double>::gradient_proxies},
    };
    for (const auto& [pointer, array] : outputs) {
      const auto size = (a.*array)->values().size();
      const std::vector<double> before = (a.*array)->values();
      (b.*array)->set(poisoned<double>(size));
      const std::vector<double> marker(size, 77.0);
      (a.*array)->set(marker);
      P p = a.pointers();
      p.*pointer = b.pointers().*pointer;
      double loss = 0;
      REQUIRE(gradient(e.get(), s, p, &loss, nullptr) == VICINAL_OK);
      CHECK(same_bits((b.*array)->values(), before));
      p.*pointer = nullptr;
      REQUIRE(gradient(e.get(), s, p, &loss, nullptr) == VICINAL_OK);
      CHECK(same_bits((a.*array)->values(), marker));
    }
  }
}

// The list says what there is, so that a parameter that is missing in the calls' keys is noticed.
TEST_CASE("graphs: every parameter of every loss tells calls apart") {
  if (on_cpu()) return;
  const vicinal_loss_parameter* p = nullptr;
  const EnginePtr e = make_engine(1);
  std::uint64_t seed = 3;
  for (std::int32_t loss = 0; vicinal_loss_name(loss) != nullptr; ++loss)
    for (std::int32_t i = 0; (p = vicinal_loss_parameter_at(loss, i)) != nullptr; ++i) {
      Loss spec{vicinal_loss_name(loss), {}};
      CAPTURE(spec.name);
      CAPTURE(std::string(p->name));
      if (spec.is("soft-triple")) spec.parameters["centers"] = 2;
      Loss other = spec;
      other.parameters[p->name] = p->whole == 0 ? 1.5 * p->standard : p->choices != nullptr ? 1 : 3;
      const auto shape = [](const Loss& of) { return Shape{of, 20, 8, 6, 0, false, false}; };
      // Arrays for the larger number of centres.
      const Inputs<double> in = draw<double>(shape(other), ++seed);
      Placed<double> there(shape(other), in);
      // Proxy-Anchor has losses of single samples in one of its modes only.
      const bool singles = !column_form(spec) && !column_form(other);
      if (!singles) there.per_sample.reset();
      there.shape = shape(spec);
      Outcome<double> before(shape(other)), after = from_host(shape(other), in);
      if (!singles) after.per_sample.clear();
      if (!singles) before.per_sample.clear();
      for (int repeat = 0; repeat < 3; ++repeat) REQUIRE(there.run(e.get(), before) == VICINAL_OK);
      there.read(before);
      there.shape = shape(other);
      const Counters then = counters();
      Outcome<double> out = before;
      REQUIRE(there.run(e.get(), out) == VICINAL_OK);
      if (counting()) CHECK(how(then, counters()) == How::run);
      there.read(out);
      CHECK(out == after);
      CHECK_FALSE(out == before);
    }
  const Shape s{proxy_nca(1), 20, 8, 6, 0, false, false};
  const Inputs<double> in = draw<double>(s, 4);
  Placed<double> there(s, in);
  settle(e.get(), there);
  there.shape.spec = normalized_softmax(1);
  CHECK(there.of(e.get()) == from_host(there.shape, in));
}

TEST_CASE("graphs: sizes that take turns, and more of them than are kept") {
  if (on_cpu()) return;
  const EnginePtr e = make_engine(1);
  std::vector<std::unique_ptr<Placed<float>>> calls;
  std::vector<Outcome<float>> expected;
  for (int i = 0; i < 20; ++i) {
    const Shape s{loss_of(i % 2 == 0 ? "proxy-anchor" : "arcface"), 10 + i, 8, 5, 0, false, false};
    const Inputs<float> in = draw<float>(s, static_cast<std::uint64_t>(i));
    calls.push_back(std::make_unique<Placed<float>>(s, in));
    expected.push_back(from_host(s, in));
  }
  const auto turns = [&](std::size_t first, std::size_t count, How wanted) {
    for (std::size_t i = first; i < first + count; ++i) {
      CAPTURE(i);
      CHECK(calls[i]->of(e.get()) == expected[i]);
      if (counting()) CHECK(calls[i]->last == wanted);
    }
  };
  for (const How wanted : {How::run, How::recorded, How::replayed, How::replayed}) turns(0, 2, wanted);
  for (const How wanted : {How::run, How::recorded, How::replayed}) turns(2, 14, wanted);
  turns(0, 16, How::replayed);
  turns(16, 1, How::run);  // in place of the first
  turns(1, 15, How::replayed);
  for (const How wanted : {How::recorded, How::replayed}) turns(16, 1, wanted);
  turns(0, 1, How::run);  // forgotten
}

TEST_CASE("graphs: a larger call between two replays") {
  if (on_cpu()) return;
  const EnginePtr e = make_engine(1);
  const Shape small{loss_of("soft-triple K 3"), 30, 16, 12, 0, false, false};
  const Inputs<double> in = draw<double>(small, 5);
  Placed<double> there(small, in);
  settle(e.get(), there);
  const Shape large{loss_of("cosface"), 10, 700, 1600, 0, false, false};  // 9 MiB of proxies, twice
  const Inputs<double> much = draw<double>(large, 6);
  Placed<double> big(large, much);
  const Outcome<double> expected = from_host(large, much), wanted = from_host(small, in);
  for (int i = 0; i < 3; ++i) {
    CHECK(big.of(e.get()) == expected);
    // A replay writes where its recording did, which is still the engine's: not even after a call that needs no
    // temporaries does it go back to the driver.
    std::int64_t first = 0;
    REQUIRE(call::find_nonfinite<double>(e.get(), 1, there.x->get(), &first) == VICINAL_OK);
    REQUIRE(vicinal_memory_set_limit(device(), 1) == VICINAL_OK);
    REQUIRE(vicinal_memory_set_limit(device(), 0) == VICINAL_OK);
    CHECK(there.of(e.get()) == wanted);
    if (counting()) CHECK(there.last == How::replayed);
  }
  if (counting()) CHECK(big.last == How::replayed);
}

TEST_CASE("graphs: a recording that fails is no failure of the call, and is not tried again") {
  const auto refuse = reinterpret_cast<void (*)(int)>(emulated("vicinal_emulation_refuse_captures"));
  if (refuse == nullptr) return;
  const EnginePtr e = make_engine(1);
  const Shape s{loss_of("proxy-anchor"), 30, 8, 6, 9, true, false};
  Placed<float> there(s, draw<float>(s, 7));
  for (int i = 0; i < 4; ++i) {
    if (i == 1) refuse(1);
    const Inputs<float> in = draw<float>(s, static_cast<std::uint64_t>(50 + i));
    there.set(in);
    CHECK(there.of(e.get()) == from_host(s, in));
    CHECK(there.last == How::run);
  }
}

TEST_CASE("graphs: several blocks and arrays of the host are not recorded") {
  if (on_cpu()) return;
  const Shape s{loss_of("cosface"), 1500, 8, 100, 0, false, false};
  const Inputs<double> in = draw<double>(s, 8);
  const EnginePtr blocks = make_engine(1, VICINAL_ISA_AUTO, 1 << 20), e = make_engine(1);
  Placed<double> there(s, in);
  const Outcome<double> expected = there.of(blocks.get());
  for (int i = 0; i < 3; ++i) {
    CHECK(there.of(blocks.get()) == expected);
    CHECK(there.last == How::run);
  }
  CHECK(difference(expected.rows, Vec(from_host(s, in).rows)) < 1e-12);
  // One host array among the device's.
  for (int i = 0; i < 4; ++i) {
    Pointers<double> p = there.pointers();
    Inputs<double> other = in;
    other.proxies[0] += i;
    p.proxies = other.proxies.data();
    const Counters before = counters();
    Outcome<double> out(s);
    REQUIRE(gradient(e.get(), s, p, &out.loss, &out.empty) == VICINAL_OK);
    CHECK(how(before, counters()) == How::run);
    there.read(out);
    CHECK(out == from_host(s, other));
  }
}

TEST_CASE("graphs: a request to stop does not outlive its call") {
  if (on_cpu()) return;
  const Shape s{loss_of("arcface"), 30, 8, 6, 0, false, false};
  const EnginePtr e = make_engine(1);
  const Inputs<float> in = draw<float>(s, 9);
  Placed<float> there(s, in);
  settle(e.get(), there);
  vicinal_engine_cancel(e.get());
  CHECK(there.of(e.get()) == from_host(s, in));
}

// Waiting for the whole device would spoil a recording, and be refused itself.
TEST_CASE("graphs: other threads use the device's memory and engines meanwhile") {
  if (on_cpu()) return;
  std::atomic<bool> done{false};
  std::atomic<int> failures{0};
  std::thread writer([&] {
    const There<double> there(Vec(100, 1.0));
    Vec values(100, 2.0);
    while (!done.load())
      if (vicinal_memory_write(device(), there.get(), values.data(), 800) != VICINAL_OK) ++failures;
  });
  std::thread opener([&] {
    while (!done.load()) make_engine(1);
  });
  const Shape s{loss_of("proxy-anchor"), 30, 8, 6, 0, false, false};
  const Inputs<float> in = draw<float>(s, 10);
  const Outcome<float> expected = from_host(s, in);
  const EnginePtr e = make_engine(1);
  std::vector<std::unique_ptr<Placed<float>>> calls;
  for (int i = 0; i < 40; ++i) {
    calls.push_back(std::make_unique<Placed<float>>(s, in));  // another address, another key
    for (int k = 0; k < 3; ++k) CHECK(calls.back()->of(e.get()) == expected);
  }
  done.store(true);
  writer.join();
  opener.join();
  CHECK(failures.load() == 0);
}

TEST_CASE("graphs: everything is returned with the engine") {
  if (on_cpu()) return;
  const std::int64_t before = in_use();
  {
    const Shape s{loss_of("proxy-nca-pp"), 30, 8, 6, 0, false, false};
    const EnginePtr e = make_engine(1);
    Placed<float> there(s, draw<float>(s, 11));
    settle(e.get(), there);
  }
  CHECK(in_use() == before);
}

TEST_CASE("graphs: a program's plans in turns, other contents each time, and a larger call between") {
  if (!counting()) return;
  Programs both{make_engine(1, VICINAL_ISA_AUTO, 1 << 20)};
  ProgramPtr p = program(kProgram);
  for (const How wanted : {How::run, How::recorded, How::replayed, How::replayed})
    for (const std::int64_t n : {200, 30}) CHECK(both.run(p, n) == wanted);
  // Rows of a matrix that is copied to the workspace: a chunk more of it.
  const ProgramPtr rows =
      program("x = input type=real rank=2\ni = input type=int rank=1\ng = gather x i\noutput g g\n");
  const auto copied = [&](std::int64_t mebibytes) {
    const std::int64_t n = mebibytes << 18;
    Run<float> run({reals({1, 1}, {1}), ints({1}, {n - 1})});
    std::vector<float> values(static_cast<std::size_t>(n), 3.0f);
    run.arrays[0].shape[0] = n;
    run.arrays[0].data = values.data();
    CHECK(run(both.engine.get(), rows, 1)[0].reals == Vec{3});
  };
  copied(12);
  for (const std::int64_t n : {200, 30}) CHECK(both.run(p, n) == How::replayed);
  // Another program, perhaps where the first one lay.
  p.reset();
  p = program(kProgram);
  CHECK(both.run(p, 200) == How::run);
}

TEST_CASE("graphs: a program's arrays on the device, and an id that is refused") {
  if (!counting()) return;
  const Programs both{make_engine(1)};
  vicinal_engine* const e = both.engine.get();
  const ProgramPtr p = program(kProgram);
  const There<float> x[] = {There<float>(std::vector<float>(240)), There<float>(std::vector<float>(240))};
  const There<std::int64_t> ids(std::vector<std::int64_t>(5));
  std::uint64_t seed = 900;
  const auto run_there = [&](const There<float>& place) {
    Run<float> run = drawn(40, ++seed);
    const std::vector<Value> want = both.run_plainly(run);
    place.set(run.typed[0]);
    ids.set(run.inputs[3].ints);
    run.arrays[0].data = place.get();
    run.arrays[3].data = ids.get();
    const Counters before = counters();
    const std::vector<Value> got = run(e, p, 4);
    const How how_run = how(before, counters());
    for (std::size_t o = 0; o < want.size(); ++o) CHECK(same_bits(got[o].reals, want[o].reals));
    return how_run;
  };
  for (const How wanted : {How::run, How::recorded, How::replayed})
    for (const There<float>& place : x) CHECK(run_there(place) == wanted);
  Run<float> bad = drawn(40, 1);
  ids.set({0, 1, 40, 2, 3});
  bad.arrays[0].data = x[0].get();
  bad.arrays[3].data = ids.get();
  std::vector<float> c(1600), g(30), copy(240);
  double loss = 0;
  vicinal_array out[4] = {};
  REQUIRE(vicinal_program_shapes(p.get(), 4, bad.arrays.data(), 4, out, nullptr) == VICINAL_OK);
  void* const data[] = {&loss, c.data(), g.data(), copy.data()};
  for (int o = 0; o < 4; ++o) out[o].data = data[o];
  CHECK(vicinal_program_run(e, p.get(), 4, bad.arrays.data(), 4, out) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "i[2] is 40; it must be in -1..39");
  CHECK(run_there(x[0]) == How::replayed);
}

TEST_CASE("graphs: a program whose recording fails runs on") {
  const auto refuse = reinterpret_cast<void (*)(int)>(emulated("vicinal_emulation_refuse_captures"));
  if (refuse == nullptr) return;
  Programs both{make_engine(1)};
  const ProgramPtr p = program(kProgram);
  for (int i = 0; i < 4; ++i) {
    if (i == 1) refuse(1);
    CHECK(both.run(p, 200) == How::run);
  }
}

// docs/performance.md has these numbers.
TEST_CASE("graphs: what a small call queues is counted") {
  if (!counting()) return;
  struct Row {
    Loss spec;
    std::int64_t D;
    long long kernels, products, fills;
    int precision = VICINAL_PRECISION_F32;
  };
  const Row rows[] = {
      {proxy_anchor(32, 0.1), 0, 10, 3, 1},
      {proxy_nca_pp(3), 0, 8, 3, 0},
      {soft_triple(20, 0.01, 10, 0.1, 0.0), 0, 7, 3, 0},
      {proxy_anchor(32, 0.1), 64, 14, 5, 2},
      {proxy_anchor(32, 0.1), 0, 10, 3, 1, VICINAL_PRECISION_BF16},
      {proxy_nca_pp(3), 0, 8, 3, 0, VICINAL_PRECISION_BF16},
      {soft_triple(20, 0.01, 10, 0.1, 0.0), 0, 7, 3, 0, VICINAL_PRECISION_BF16},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec.name);
    CAPTURE(row.D);
    CAPTURE(row.precision);
    const Shape s{row.spec, 180, 32, 100, row.D, false, false};
    const EnginePtr e = make_rounding_engine(row.precision);
    Placed<float> there(s, draw<float>(s, 12));
    const Pointers<float> p = [&] {
      Pointers<float> all = there.pointers();
      all.per_sample = nullptr;
      return all;
    }();
    std::array<Counters, 5> c;
    double loss = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      c[i] = counters();
      REQUIRE(gradient(e.get(), s, p, &loss, nullptr) == VICINAL_OK);
    }
    c[4] = counters();
    CHECK(c[1].kernels - c[0].kernels == row.kernels);
    CHECK(c[1].products - c[0].products == row.products);
    CHECK(c[1].fills - c[0].fills == row.fills);
    CHECK(c[1].copies == c[0].copies);
    CHECK(c[1].waits - c[0].waits == 1);
    for (const std::size_t i : {std::size_t{2}, std::size_t{3}}) {  // replays
      CHECK(c[i + 1].graphs - c[i].graphs == 1);
      CHECK(c[i + 1].waits - c[i].waits == 1);
      CHECK(c[i + 1].kernels == c[i].kernels);
      CHECK(c[i + 1].products == c[i].products);
      CHECK(c[i + 1].fills == c[i].fills);
      CHECK(c[i + 1].copies == c[i].copies);
    }
    CHECK(c[4].allocations == c[1].allocations);
    CHECK(c[4].queries == c[0].queries);
  }
}
