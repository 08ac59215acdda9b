// Programs: every operation against plain loops, fusing, views, shapes, refusals.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "device/cpu/kernels.hpp"
#include "support.hpp"

namespace {

using namespace test;

// An array of a run: reals, or ints.
struct Value {
  std::vector<std::int64_t> shape;
  std::vector<double> reals;
  std::vector<std::int64_t> ints;
  bool integer = false;
};
Value reals(std::vector<std::int64_t> shape, std::vector<double> values) {
  return {std::move(shape), std::move(values), {}, false};
}
Value ints(std::vector<std::int64_t> shape, std::vector<std::int64_t> values) {
  return {std::move(shape), {}, std::move(values), true};
}

struct DestroyProgram {
  void operator()(vicinal_program* p) const { vicinal_program_destroy(p); }
};
using ProgramPtr = std::unique_ptr<vicinal_program, DestroyProgram>;

ProgramPtr program(const std::string& text) {
  vicinal_program* p = nullptr;
  const vicinal_status status = vicinal_program_create(text.c_str(), &p);
  REQUIRE_MESSAGE(status == VICINAL_OK, vicinal_last_error());
  return ProgramPtr(p);
}
std::string refusal(const std::string& text) {
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

void check_close(const std::vector<double>& got, const std::vector<double>& want, double tolerance) {
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

using Of1 = double (*)(double);
const std::map<std::string, Of1> kOf1 = {
    {"neg", [](double a) { return -a; }},
    {"abs", [](double a) { return std::abs(a); }},
    {"sign", [](double a) { return a > 0   ? 1.0
                                   : a < 0 ? -1.0
                                           : 0.0; }},
    {"step", [](double a) { return a > 0 ? 1.0 : 0.0; }},
    {"relu", [](double a) { return std::isnan(a) ? a
                                   : a > 0       ? a
                                                 : 0.0; }},
    {"exp", [](double a) { return std::exp(a); }},
    {"log", [](double a) { return std::log(a); }},
    {"log1p", [](double a) { return std::log1p(a); }},
    {"expm1", [](double a) { return std::expm1(a); }},
    {"sqrt", [](double a) { return std::sqrt(a); }},
    {"reciprocal", [](double a) { return 1 / a; }},
    {"square", [](double a) { return a * a; }},
    {"softplus", [](double a) { return a > 30 ? a : std::log1p(std::exp(a)); }},
    {"sigmoid", [](double a) { return 1 / (1 + std::exp(-a)); }},
    {"tanh", [](double a) { return std::tanh(a); }},
    {"sin", [](double a) { return std::sin(a); }},
    {"cos", [](double a) { return std::cos(a); }},
};

template <class Real>
constexpr double tolerance() {
  return sizeof(Real) == 4 ? 2e-6 : 1e-14;
}

TEST_CASE_TEMPLATE("program: every element-wise operation of one operand", Real, float, double) {
  const EnginePtr e = make_engine();
  std::vector<double> x = {0, -0.0, 1, -1, 0.5, -0.5, 1e-3, -1e-3, 3, -3, 20, -20, 60, -60, 1e-6, -1e-6, INFINITY, NAN};
  Random random(7);
  for (int i = 0; i < 1000; ++i) x.push_back(static_cast<float>(random.uniform() * 8));
  for (auto& v : x) v = static_cast<float>(v);
  for (const auto& f : kOf1) {
    INFO(f.first);
    const ProgramPtr p = program("x = input type=real rank=1\ny = " + f.first + " x\noutput y y\n");
    Run<Real> run({reals({static_cast<std::int64_t>(x.size())}, x)});
    std::vector<double> want;
    for (double v : x) {
      const bool endless = std::isinf(v) && (f.first == "sin" || f.first == "cos");
      want.push_back(endless ? NAN : f.second(v));
    }
    check_close(run(e.get(), p, 1)[0].reals, want, tolerance<Real>());
  }
}

// The errors that math/elementary.hpp states, in units of the last place; what is below the normal numbers by 2^2 or
// more may be 0.
struct Elementary {
  const char* name;
  double ulps;
  long double (*exact)(long double);
};
const Elementary kElementary[] = {
    {"exp", 3, [](long double x) { return expl(x); }},
    {"log", 1, [](long double x) { return logl(x); }},
    {"log1p", 2, [](long double x) { return log1pl(x); }},
    {"expm1", 3, [](long double x) { return expm1l(x); }},
    {"softplus", 2, [](long double x) { return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)); }},
    {"sigmoid", 3, [](long double x) { return x > 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x)); }},
    {"tanh", 7, [](long double x) { return tanhl(x); }},
};

// Numbers of every magnitude, and many where the functions are of order 1.
template <class Real>
std::vector<double> numbers() {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  std::vector<double> x;
  Random random(29);
  while (x.size() < 200000) {
    const Bits bits = static_cast<Bits>(random.bits());
    Real v;
    std::memcpy(&v, &bits, sizeof v);
    if (std::isfinite(v)) x.push_back(static_cast<double>(v));
    const double u = random.uniform();
    for (const double near : {u, 1 + u / 8, 20 * u, 100 * u, 700 * u, u * u * u * u, -1 + u * u * u * u})
      x.push_back(static_cast<double>(static_cast<Real>(near)));
  }
  return x;
}

TEST_CASE_TEMPLATE("program: elementary functions err by few units of the last place, every instruction set", Real,
                   float, double) {
  const std::vector<double> x = numbers<Real>();
  for (const int isa : {VICINAL_ISA_AUTO, VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    if (isa != VICINAL_ISA_AUTO && !vicinal::cpu::has_isa(isa)) continue;
    const EnginePtr e = make_engine(2, isa);
    if (e == nullptr) continue;
    for (const Elementary& f : kElementary) {
      const ProgramPtr p = program("x = input type=real rank=1\ny = " + std::string(f.name) + " x\noutput y y\n");
      Run<Real> run({reals({static_cast<std::int64_t>(x.size())}, x)});
      const std::vector<double> y = run(e.get(), p, 1)[0].reals;
      double worst = 0, at = 0;
      int counted = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const long double exact = f.exact(static_cast<long double>(x[i]));
        const Real nearest = static_cast<Real>(exact);
        if (!std::isfinite(nearest) || std::fabs(nearest) < 4 * std::numeric_limits<Real>::min()) {
          const double off = std::isnan(nearest)   ? !std::isnan(y[i])
                             : std::isinf(nearest) ? y[i] != nearest
                                                   : y[i] - nearest;
          CHECK_MESSAGE(std::fabs(off) <= 4 * std::numeric_limits<Real>::min(), std::string(f.name), "(", x[i], ") is ",
                        y[i]);
          continue;
        }
        ++counted;
        const double error = ulp_error(static_cast<Real>(y[i]), exact);
        if (!(error <= worst)) worst = error, at = x[i];
      }
      CHECK_MESSAGE(worst <= f.ulps, std::string(f.name), " errs by ", worst, " ulp at ", at, ", isa ", isa);
      CHECK(counted > 10000);
    }
  }
}

TEST_CASE_TEMPLATE("program: element-wise operations of two and three operands, repeated", Real, float, double) {
  const EnginePtr e = make_engine();
  const ProgramPtr p = program(R"(
a = input type=real rank=2
b = input type=real rank=2
s = input type=real rank=0
1 = add a b
2 = sub a b
3 = mul a b
4 = div a b
5 = larger a b
6 = smaller a b
7 = less a b
8 = less_equal a b
9 = equal a b
10 = select 7 a s
11 = power s exponent=1.5
12 = mul a 11
output add 1
output sub 2
output mul 3
output div 4
output larger 5
output smaller 6
output less 7
output less_equal 8
output equal 9
output select 10
output power 12
)");
  const std::vector<double> a = {1, 2, -3, 0.5, 4, -5}, b = {2, -1};
  Run<Real> run({reals({2, 3}, a), reals({2, 1}, b), reals({}, {2.25})});
  const auto out = run(e.get(), p, 11);
  for (std::size_t i = 0; i < 6; ++i) {
    const double x = a[i], y = b[i / 3];
    const double want[] = {x + y,          x - y,         x * y,          x / y,          std::max(x, y),
                           std::min(x, y), double(x < y), double(x <= y), double(x == y), x < y ? x : 2.25,
                           x * 3.375};
    for (std::size_t o = 0; o < 11; ++o) CHECK(out[o].reals[i] == doctest::Approx(want[o]).epsilon(1e-6));
  }
}

TEST_CASE_TEMPLATE("program: reductions over any axes, with masks and without", Real, float, double) {
  Random random(3);
  const std::int64_t A = 5, B = 7, C = 300;
  const Vec x = random.vector(A * B * C);
  Vec m;
  for (std::int64_t i = 0; i < A * B * C; ++i) m.push_back(random.uniform() > 0.3 ? 1.0 : 0.0);
  for (const int threads : {1, 2}) {
    const EnginePtr e = make_engine(threads);
    for (const std::string axes : {"0", "1", "2", "0,1", "0,2", "1,2", "0,1,2", "all"}) {
      INFO(axes);
      const ProgramPtr p = program("x = input type=real rank=3\nm = input type=real rank=3\n1 = sum x axes=" + axes +
                                   "\n2 = sum x m axes=" + axes + "\n3 = max x m axes=" + axes +
                                   " empty=-7\n4 = square x\n5 = sum 4 m axes=" + axes +
                                   "\noutput a 1\noutput b 2\noutput c 3\noutput d 5\n");
      Run<Real> run({reals({A, B, C}, x), reals({A, B, C}, m)});
      const auto out = run(e.get(), p, 4);
      std::map<std::int64_t, std::vector<double>> want;
      const bool all = axes == "all";
      const auto gone = [&](char axis) { return all || axes.find(axis) != std::string::npos; };
      for (std::int64_t i = 0; i < A * B * C; ++i) {
        const std::int64_t a = gone('0') ? 0 : i / (B * C), b = gone('1') ? 0 : i / C % B, c = gone('2') ? 0 : i % C;
        const std::int64_t nb = gone('1') ? 1 : B, nc = gone('2') ? 1 : C;
        auto& w = want[(a * nb + b) * nc + c];
        if (w.empty()) w = {0, 0, -INFINITY, 0};
        const double v = static_cast<Real>(x[static_cast<std::size_t>(i)]);
        w[0] += v;
        if (m[static_cast<std::size_t>(i)] == 0) continue;
        w[1] += v;
        w[2] = std::max(w[2], v);
        w[3] += v * v;
      }
      REQUIRE(out[0].reals.size() == want.size());
      CHECK(out[0].shape.size() == (all ? 0u : 3u));
      for (const auto& w : want)
        for (std::size_t o = 0; o < 4; ++o) {
          const double right = o == 2 && std::isinf(w.second[o]) ? -7 : w.second[o];
          CHECK(std::abs(out[o].reals[static_cast<std::size_t>(w.first)] - right) <=
                (sizeof(Real) == 4 ? 2e-5 : 1e-12) * std::max(1.0, std::abs(right)));
        }
    }
  }
}

TEST_CASE_TEMPLATE("program: masks of labels, positions, triplets over a grid that is never kept", Real, float,
                   double) {
  const EnginePtr e = make_engine();
  const std::int64_t B = 33;
  Random random(11);
  const Vec s = random.vector(B * B);
  std::vector<std::int64_t> y;
  for (std::int64_t i = 0; i < B; ++i) y.push_back(static_cast<std::int64_t>(random.bits() % 5) + (1LL << 40));
  // sum over a, p, n of relu(s[a, p] - s[a, n] + 0.1), p another of a's class, n of another class; and its slopes.
  const ProgramPtr p = program(R"(
s = input type=real rank=2
y = input type=int rank=1
yr = expand y axis=1
yc = expand y axis=0
same = same yr yc
i = index same axis=0
j = index same axis=1
d = equal i j
one = constant value=1
off = sub one d
pos = mul same off
neg = sub one same
pos3 = expand pos axis=2
neg3 = expand neg axis=1
sp = expand s axis=2
sn = expand s axis=1
g = sub sp sn
m = constant value=0.1
h = add g m
r = relu h
both = mul pos3 neg3
zero = constant value=0
kept = select pos3 r zero
loss = sum kept neg3 axes=all
step = step h
slope = mul step both
k = select pos3 slope zero
dp = sum_like k sp
dn = sum_like k sn
dp2 = drop dp axis=2
dn2 = drop dn axis=1
ds = sub dp2 dn2
output loss loss
output ds ds
)");
  Run<Real> run({reals({B, B}, s), ints({B}, y)});
  const auto out = run(e.get(), p, 2);
  double loss = 0;
  std::vector<double> ds(static_cast<std::size_t>(B * B), 0.0);
  for (std::int64_t a = 0; a < B; ++a)
    for (std::int64_t q = 0; q < B; ++q)
      for (std::int64_t n = 0; n < B; ++n) {
        const auto at = [&](std::int64_t i, std::int64_t j) { return static_cast<std::size_t>(i * B + j); };
        if (a == q || y[static_cast<std::size_t>(a)] != y[static_cast<std::size_t>(q)] ||
            y[static_cast<std::size_t>(a)] == y[static_cast<std::size_t>(n)])
          continue;
        const double v = static_cast<Real>(static_cast<Real>(s[at(a, q)]) - static_cast<Real>(s[at(a, n)])) + 0.1;
        if (v <= 0) continue;
        loss += v;
        ds[at(a, q)] += 1;
        ds[at(a, n)] -= 1;
      }
  CHECK(out[0].reals[0] == doctest::Approx(loss).epsilon(sizeof(Real) == 4 ? 1e-5 : 1e-12));
  check_close(out[1].reals, ds, 0);
  CHECK(run.bytes < 12 * B * B * 8);  // no grid of B^3
}

TEST_CASE_TEMPLATE("program: products, transposes, rows by index, along an axis, joined and cut", Real, float, double) {
  const EnginePtr e = make_engine();
  Random random(5);
  const std::int64_t M = 9, K = 4, N = 6;
  const Vec a = random.vector(M * K), b = random.vector(N * K);
  const ProgramPtr p = program(R"(
a = input type=real rank=2
b = input type=real rank=2
i = input type=int rank=1
ab = matmul a b tb=1
t = transpose ab axes=1,0
back = matmul t a
g = gather a i
s = scatter g i a
top = argmax ab axis=1
best = pick ab top axis=1
placed = place best top ab axis=1
run = cumsum ab axis=1
rev = cumsum ab axis=0 reverse=1
cut = slice ab axis=1 from=1 to=-1
put = pad cut ab axis=1 from=1
ends = slice_like ab cut axis=1 from=end
put2 = pad ends ab axis=1 from=end
two = concat cut ab axis=1
rows = size a axis=0
cells = size ab axis=all
eps = epsilon
output ab ab
output t t
output back back
output g g
output s s
output top top
output best best
output placed placed
output run run
output rev rev
output put put
output two two
output rows rows
output cells cells
output eps eps
output cut cut
output put2 put2
)");
  const std::vector<std::int64_t> index = {3, 3, -1, 0, 8};
  Run<Real> run({reals({M, K}, a), reals({N, K}, b), ints({5}, index)});
  const auto out = run(e.get(), p, 17);
  const auto A = [&](std::int64_t r, std::int64_t c) { return a[static_cast<std::size_t>(r * K + c)]; };
  const auto AB = [&](std::int64_t r, std::int64_t c) {
    double sum = 0;
    for (std::int64_t k = 0; k < K; ++k) sum += A(r, k) * b[static_cast<std::size_t>(c * K + k)];
    return sum;
  };
  std::map<std::string, std::vector<double>> want;
  for (std::int64_t r = 0; r < M; ++r) {
    double best = -INFINITY, sum = 0;
    std::int64_t top = 0;
    for (std::int64_t c = 0; c < N; ++c) {
      want["ab"].push_back(AB(r, c));
      if (AB(r, c) > best) best = AB(r, c), top = c;
      want["run"].push_back(sum += AB(r, c));
      double rev = 0;
      for (std::int64_t q = r; q < M; ++q) rev += AB(q, c);
      want["rev"].push_back(rev);
      want["put"].push_back(c == 0 || c == N - 1 ? 0 : AB(r, c));
      want["put2"].push_back(c < 2 ? 0 : AB(r, c));
    }
    for (std::int64_t c = 1; c < N - 1; ++c) want["two"].push_back(AB(r, c)), want["cut"].push_back(AB(r, c));
    for (std::int64_t c = 0; c < N; ++c) want["two"].push_back(AB(r, c));
    CHECK(out[5].ints[static_cast<std::size_t>(r)] == top);
    want["best"].push_back(best);
    for (std::int64_t c = 0; c < N; ++c) want["placed"].push_back(c == top ? best : 0);
    for (std::int64_t c = 0; c < K; ++c) {
      double times = 0;
      for (std::int64_t i : index) times += i == r;
      want["s"].push_back(times * A(r, c));
    }
  }
  for (std::int64_t c = 0; c < N; ++c)
    for (std::int64_t r = 0; r < M; ++r) want["t"].push_back(AB(r, c));
  for (std::int64_t c = 0; c < N; ++c)
    for (std::int64_t k = 0; k < K; ++k) {
      double sum = 0;
      for (std::int64_t r = 0; r < M; ++r) sum += AB(r, c) * A(r, k);
      want["back"].push_back(sum);
    }
  for (std::int64_t i : index)
    for (std::int64_t k = 0; k < K; ++k) want["g"].push_back(i < 0 ? 0 : A(i, k));
  const char* names[] = {"ab", "t", "back", "g", "s", "", "best", "placed", "run", "rev", "put", "two"};
  for (std::size_t o = 0; o < 12; ++o)
    if (o != 5) {
      INFO(names[o]);
      check_close(out[o].reals, want[names[o]], sizeof(Real) == 4 ? 1e-5 : 1e-13);
    }
  CHECK(out[12].reals[0] == M);
  CHECK(out[13].reals[0] == M * N);
  CHECK(out[14].reals[0] == std::numeric_limits<Real>::epsilon());
  check_close(out[15].reals, want["cut"], sizeof(Real) == 4 ? 1e-5 : 1e-13);
  check_close(out[16].reals, want["put2"], sizeof(Real) == 4 ? 1e-5 : 1e-13);
}

TEST_CASE("program: nothing comes of nothing") {
  const EnginePtr e = make_engine();
  const ProgramPtr p = program(R"(
x = input type=real rank=2
i = input type=int rank=1
g = gather x i
s = sum g axes=all
r = sum g axes=0
m = max g axes=1,0 empty=5
b = scatter g i x
output s s
output r r
output m m
output b b
)");
  Run<float> run({reals({3, 2}, {1, 2, 3, 4, 5, 6}), ints({0}, {})});
  const auto out = run(e.get(), p, 4);
  CHECK(out[0].reals == std::vector<double>{0});
  CHECK(out[1].reals == std::vector<double>{0, 0});
  CHECK(out[2].reals == std::vector<double>{5});
  CHECK(out[3].reals == std::vector<double>(6, 0.0));
}

TEST_CASE("program: refusals name the operation, the shapes and the line that built it") {
  CHECK(refusal("x = input type=real rank=2\n") == "line 2: there is no output");
  CHECK(refusal("x = input type=real rank=2\ny = cube x # Loss.java:3\noutput y y\n") ==
        "Loss.java:3: line 2: there is no operation 'cube'");
  CHECK(refusal("x = input type=real rank=2\ny = input type=real rank=1\nz = add x y\noutput z z\n") ==
        "line 3: add of ranks 2 and 1; they must be equal, or 0");
  CHECK(refusal("x = input type=int rank=2\nz = exp x\noutput z z\n") ==
        "line 2: exp: x is int where a real is expected");
  CHECK(refusal("x = input type=real rank=2\nz = exp y\noutput z z\n") == "line 2: 'y' has no line above");
  CHECK(refusal("x = input type=real rank=2\nz = sum x axes=2\noutput z z\n") == "line 2: sum: axes=2 of rank 2");
  CHECK(refusal("x = constant value=nan\noutput x x\n") == "line 1: value=nan is no finite number");
  const EnginePtr e = make_engine();
  const ProgramPtr p =
      program("a = input type=real rank=2\nb = input type=real rank=2\nc = matmul a b # MyLoss.java:12\noutput c c\n");
  Run<float> run({reals({2, 3}, Vec(6)), reals({2, 3}, Vec(6))});
  vicinal_array out{};
  CHECK(vicinal_program_shapes(p.get(), 2, run.arrays.data(), 1, &out, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "MyLoss.java:12: matmul: [2, 3] and [2, 3] do not fit");
  const ProgramPtr g = program("x = input type=real rank=1\ni = input type=int rank=1\ny = gather x i\noutput y y\n");
  Run<float> wrong({reals({2}, {1, 2}), ints({1}, {2})});
  float value = 0;
  out.name = "y";
  out.data = &value;
  out.dtype = VICINAL_F32;
  out.ndim = 1;
  out.shape[0] = 1;
  CHECK(vicinal_program_run(e.get(), g.get(), 2, wrong.arrays.data(), 1, &out) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "i[0] is 2; it must be in -1..1");
}

TEST_CASE("program: inputs, ints and one node under several names are outputs") {
  const EnginePtr e = make_engine();
  const ProgramPtr p = program(R"(
x = input type=real rank=2
i = input type=int rank=1
s = input type=real rank=0
top = argmax x axis=1
y = exp x
k = constant value=3
wide = broadcast_like k x
output x x
output i i
output s s
output top top
output again top
output y y
output y2 y
output k k
output k2 k
output wide wide
output wide2 wide
)");
  Run<float> run({reals({2, 2}, {0, 1, 3, 2}), ints({2}, {1LL << 60, -5}), reals({}, {0.1})});
  const auto out = run(e.get(), p, 11);
  CHECK(out[0].reals == std::vector<double>{0, 1, 3, 2});
  CHECK(out[1].ints == std::vector<std::int64_t>{1LL << 60, -5});
  CHECK(out[2].reals == std::vector<double>{0.1});
  CHECK(out[3].ints == std::vector<std::int64_t>{1, 0});
  CHECK(out[4].ints == out[3].ints);
  CHECK(out[6].reals == out[5].reals);
  CHECK(out[8].reals == std::vector<double>{3});
  CHECK(out[10].reals == std::vector<double>{3, 3, 3, 3});
}

TEST_CASE("program: ints of rank 0 stay ints, reals of rank 0 stay doubles") {
  const EnginePtr e = make_engine();
  const ProgramPtr p = program(R"(
i = input type=int rank=0
v = input type=int rank=1
x = input type=real rank=1
s = input type=real rank=0
row = expand i axis=0
same = same row v
one = drop v axis=0
back = expand one axis=0
number = real one
total = sum s axes=all
top = max s axes=all empty=0
output same same
output one one
output back back
output number number
output total total
output top top
)");
  const std::int64_t large = (1LL << 53) + 1;
  Run<float> run({ints({}, {large}), ints({1}, {large}), reals({1}, {0}), reals({}, {0.1})});
  const auto out = run(e.get(), p, 6);
  CHECK(out[0].reals == std::vector<double>{1});
  CHECK(out[1].ints == std::vector<std::int64_t>{large});
  CHECK(out[2].ints == std::vector<std::int64_t>{large});
  CHECK(out[3].reals == std::vector<double>{0x1p53});
  CHECK(out[4].reals == std::vector<double>{0.1});
  CHECK(out[5].reals == std::vector<double>{0.1});
}

TEST_CASE_TEMPLATE("program: a number repeated to one entry is an array of the run's type", Real, float, double) {
  const EnginePtr e = make_engine();
  const ProgramPtr p = program(R"(
x = input type=real rank=2
s = input type=real rank=0
wide = broadcast_like s x
y = matmul wide x
z = cumsum wide axis=0
output y y
output z z
output w wide
)");
  Run<Real> run({reals({1, 1}, {3}), reals({}, {0.5})});
  const auto out = run(e.get(), p, 3);
  CHECK(out[0].reals == std::vector<double>{1.5});
  CHECK(out[1].reals == std::vector<double>{0.5});
  CHECK(out[2].reals == std::vector<double>{0.5});
}

TEST_CASE("program: what is too long, too wide or too often read for one kernel is cut") {
  const EnginePtr e = make_engine();
  const auto line = [](int i, const std::string& what) { return std::to_string(i) + " = " + what + "\n"; };
  std::string chain = "x = input type=real rank=1\n0 = sin x\n", wide,
              squares = "x = input type=real rank=1\n0 = mul x x\n";
  for (int i = 1; i < 20000; ++i) chain += line(i, "sin " + std::to_string(i - 1));
  Run<double> one({reals({2}, {1, -0.5})});
  std::vector<double> want = {1, -0.5};
  for (double& v : want)
    for (int i = 0; i < 20000; ++i) v = std::sin(v);
  check_close(one(e.get(), program(chain + "output y 19999\n"), 1)[0].reals, want, 1e-13);

  std::vector<Value> inputs;
  for (int i = 0; i < 100; ++i) {
    wide += line(i, "input type=real rank=1");
    inputs.push_back(reals({2}, {double(i), 1}));
  }
  wide += "s0 = add 0 1\n";
  for (int i = 2; i < 100; ++i)
    wide += "s" + std::to_string(i - 1) + " = add s" + std::to_string(i - 2) + " " + std::to_string(i) + "\n";
  Run<double> many(inputs);
  CHECK(many(e.get(), program(wide + "output y s98\nt = sum s98 axes=all\noutput t t\n"), 2)[0].reals ==
        std::vector<double>{4950, 100});

  // x^(2^60): every node is read twice, so there are 2^60 paths.
  for (int i = 1; i < 60; ++i) squares += line(i, "mul " + std::to_string(i - 1) + " " + std::to_string(i - 1));
  Run<double> ones({reals({2}, {1, -1})});
  CHECK(ones(e.get(), program(squares + "y = sum 59 axes=all\noutput y y\n"), 1)[0].reals == std::vector<double>{2});
}

TEST_CASE("program: what is missing or makes no sense is refused") {
  const EnginePtr e = make_engine();
  vicinal_program* none = nullptr;
  CHECK(vicinal_program_create("", nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(vicinal_program_create(nullptr, &none) == VICINAL_INVALID_ARGUMENT);
  vicinal_program_destroy(nullptr);
  const std::string x = "x = input type=real rank=2\n";
  for (const char* text : {"",
                           "output",
                           "output a",
                           "a",
                           "a =",
                           "a = exp",
                           "= = =",
                           "output = exp x",
                           "x x x x",
                           "\xff\xfe",
                           "y = input type=real rank=4294967298",
                           "y = input type=real rank=-1",
                           "y = sum x axes=",
                           "y = sum x axes=,",
                           "y = sum x axes=0,0",
                           "y = transpose x axes=0",
                           "y = expand x axis=9",
                           "y = exp x x",
                           "y = exp x value=1",
                           "y = matmul x x ta=2",
                           "y = power x exponent=1e999",
                           "y = constant value=1,5",
                           "y = constant value=",
                           "y = slice x axis=0 from=0.5 to=end"}) {
    INFO(text);
    CHECK_FALSE(refusal(x + text + "\noutput y y\n").empty());
  }

  const ProgramPtr p = program(x + "y = matmul x x tb=1\noutput y y\n");
  Run<float> run({reals({2, 2}, {1, 2, 3, 4})});
  std::vector<float> memory(16);
  vicinal_array good = run.arrays[0], out = good;
  out.data = memory.data();
  out.name = "y";
  const auto refuses = [&](const vicinal_array& in, const vicinal_array& y, const char* why) {
    INFO(why);
    CHECK(vicinal_program_run(e.get(), p.get(), 1, &in, 1, &y) == VICINAL_INVALID_ARGUMENT);
  };
  CHECK(vicinal_program_run(e.get(), p.get(), 1, &good, 1, &out) == VICINAL_OK);
  CHECK(memory[3] == 25);
  CHECK(vicinal_program_run(nullptr, p.get(), 1, &good, 1, &out) == VICINAL_INVALID_ARGUMENT);
  CHECK(vicinal_program_run(e.get(), nullptr, 1, &good, 1, &out) == VICINAL_INVALID_ARGUMENT);
  CHECK(vicinal_program_run(e.get(), p.get(), 1, nullptr, 1, &out) == VICINAL_INVALID_ARGUMENT);
  CHECK(vicinal_program_run(e.get(), p.get(), 1, &good, 1, nullptr) == VICINAL_INVALID_ARGUMENT);
  for (int count : {-1, 0, 2}) {
    CHECK(vicinal_program_run(e.get(), p.get(), count, &good, 1, &out) == VICINAL_INVALID_ARGUMENT);
    CHECK(vicinal_program_run(e.get(), p.get(), 1, &good, count, &out) == VICINAL_INVALID_ARGUMENT);
  }
  vicinal_array bad = good;
  refuses((bad.data = nullptr, bad), out, "no data");
  refuses((bad = good, bad.name = nullptr, bad), out, "no name");
  refuses((bad = good, bad.dtype = 7, bad), out, "type");
  refuses((bad = good, bad.dtype = VICINAL_I64, bad), out, "ints");
  refuses((bad = good, bad.ndim = 3, bad), out, "rank");
  refuses((bad = good, bad.ndim = 1 << 30, bad), out, "dimensions");
  refuses((bad = good, bad.shape[0] = -1, bad), out, "negative");
  for (const std::int64_t size : {std::int64_t{1} << 62, std::int64_t{1} << 47, INT64_MAX})
    for (const std::int64_t other : {0, 1, 2}) {
      refuses((bad = good, bad.shape[0] = size, bad.shape[1] = other, bad), out, "overflow");
      refuses((bad = good, bad.shape[1] = size, bad.shape[0] = other, bad), out, "overflow");
    }
  refuses(good, (bad = out, bad.data = nullptr, bad), "no output");
  refuses(good, (bad = out, bad.dtype = VICINAL_F64, bad), "output's type");
  refuses(good, (bad = out, bad.shape[1] = 3, bad), "output's shape");
  refuses(good, (bad = out, bad.data = good.data, bad), "output over input");
  CHECK(std::string(vicinal_last_error()).find("overlaps") != std::string::npos);
}

TEST_CASE("program: texts with words changed at random are read or refused") {
  const EnginePtr e = make_engine();
  const std::vector<std::string> words = {
      "x",        "y",        "i",      "=",        "output",   "exp",        "add",     "sum",
      "matmul",   "expand",   "drop",   "slice",    "pad",      "gather",     "scatter", "transpose",
      "argmax",   "pick",     "place",  "concat",   "axis=0",   "axis=1",     "axis=2",  "axes=0",
      "axes=1",   "axes=all", "ta=1",   "from=1",   "from=end", "to=-1",      "cumsum",  "select",
      "same",     "index",    "real",   "sum_like", "size",     "exponent=2", "power",   "broadcast_like",
      "axes=1,0", "input",    "rank=1", "type=int", "max",      "empty=1",    "stop",    "slice_like",
      "below",    "tb=1"};
  const std::string text =
      "x = input type=real rank=2 \ni = input type=int rank=1 \ny = gather x i \nz = matmul y x tb=1 \nt = transpose z "
      "axes=1,0 \nw = sum t axes=1 \nv = expand w axis=0 \nu = drop v axis=0 \na = argmax t axis=0 \nb = pick t a "
      "axis=0 "
      "\nc = concat b t axis=0 \nd = slice c axis=0 from=1 to=-1 \noutput u u \noutput a a \noutput d d \n";
  Random random(23);
  int ran = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string changed;
    std::size_t from = 0;
    for (std::size_t at = text.find(' '); at != std::string::npos; from = at, at = text.find(' ', at + 1)) {
      const bool replace = random.bits() % 40 == 0;
      changed += replace ? " " + words[random.bits() % words.size()] : text.substr(from, at - from);
    }
    changed += "\n";
    vicinal_program* made = nullptr;
    if (vicinal_program_create(changed.c_str(), &made) != VICINAL_OK) continue;
    const ProgramPtr p(made);
    Run<float> run({reals({3, 2}, {1, 2, 3, 4, 5, 6}), ints({2}, {2, -1})});
    for (const int outputs : {1, 2, 3, 4}) {
      std::vector<vicinal_array> out(static_cast<std::size_t>(outputs));
      if (vicinal_program_shapes(p.get(), 2, run.arrays.data(), outputs, out.data(), nullptr) != VICINAL_OK) continue;
      std::vector<std::vector<double>> memory(out.size());
      for (std::size_t o = 0; o < out.size(); ++o) {
        std::int64_t count = 1;
        for (int k = 0; k < out[o].ndim; ++k) count *= out[o].shape[k];
        memory[o].resize(static_cast<std::size_t>(count + 1));
        out[o].data = memory[o].data();
      }
      const vicinal_status status = vicinal_program_run(e.get(), p.get(), 2, run.arrays.data(), outputs, out.data());
      CHECK((status == VICINAL_OK || status == VICINAL_INVALID_ARGUMENT));
      ran += status == VICINAL_OK;
    }
  }
  CHECK(ran > 500);
}

}  // namespace
