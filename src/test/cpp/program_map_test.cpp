// Programs: the element-wise operations against the C library.
#include <cstring>
#include <limits>
#include <map>

#include "device/cpu/kernels.hpp"
#include "programs.hpp"

namespace {

using namespace test;

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

}  // namespace
