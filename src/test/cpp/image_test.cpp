// Programs: convolutions, their two adjoints and pools against plain loops, of sizes that fill several tiles and lanes.
#include "device/cpu/onednn.hpp"
#include "programs.hpp"

namespace {

using namespace test;

// Sizes, and how the window moves.
struct Form {
  std::int64_t n, h, w, c, o, kh, kw, groups = 1;
  std::int64_t sy = 1, sx = 1, top = 0, left = 0, bottom = 0, right = 0, dy = 1, dx = 1;
  std::int64_t oh() const { return (h + top + bottom - dy * (kh - 1) - 1) / sy + 1; }
  std::int64_t ow() const { return (w + left + right - dx * (kw - 1) - 1) / sx + 1; }
  std::string slide() const {
    const auto text = [](std::int64_t v) { return std::to_string(v); };
    return " stride=" + text(sy) + "," + text(sx) + " padding=" + text(top) + "," + text(left) + "," + text(bottom) +
           "," + text(right) + " dilation=" + text(dy) + "," + text(dx);
  }
  // body(position, entry, place) of pixels and of a place of the window.
  template <class Body>
  void each(Body&& body) const {
    for (std::int64_t i = 0; i < n * oh() * ow(); ++i)
      for (std::int64_t q = 0; q < kh * kw; ++q) {
        const std::int64_t y = i / ow() % oh() * sy - top + q / kw * dy, x = i % ow() * sx - left + q % kw * dx;
        if (y >= 0 && y < h && x >= 0 && x < w) body(i, (i / ow() / oh() * h + y) * w + x, q);
      }
  }
};

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

template <class Real>
Vec rounded(const Vec& v) {
  Vec r;
  for (const double x : v) r.push_back(static_cast<Real>(x));
  return r;
}

template <class Real>
void check_convolution(vicinal_engine* e, const Form& f) {
  INFO(f.n, " x ", f.h, " x ", f.w, " x ", f.c, " to ", f.o, ", ", f.kh, " x ", f.kw, ", groups ", f.groups, f.slide());
  Random random(77);
  const std::int64_t in = f.c / f.groups, on = f.o / f.groups, window = f.kh * f.kw;
  const Vec x = rounded<Real>(random.vector(f.n * f.h * f.w * f.c)),
            w = rounded<Real>(random.vector(f.o * in * window)),
            g = rounded<Real>(random.vector(f.n * f.oh() * f.ow() * f.o));
  Vec y(g.size()), dx(x.size()), dw(w.size());
  f.each([&](std::int64_t i, std::int64_t p, std::int64_t q) {
    for (std::int64_t o = 0; o < f.o; ++o)
      for (std::int64_t j = 0; j < in; ++j) {
        const std::int64_t of_x = p * f.c + o / on * in + j, of_w = (o * in + j) * window + q, of_y = i * f.o + o;
        y[at(of_y)] += x[at(of_x)] * w[at(of_w)];
        dx[at(of_x)] += g[at(of_y)] * w[at(of_w)];
        dw[at(of_w)] += g[at(of_y)] * x[at(of_x)];
      }
  });
  const std::string how = f.slide() + " groups=" + std::to_string(f.groups) + "\n";
  const ProgramPtr p = program("x = input type=real rank=4\nw = input type=real rank=4\ng = input type=real rank=4\n" +
                               ("y = conv x w" + how) + "dx = conv_data g w x" + how + "dw = conv_weight x g w" + how +
                               "output y y\noutput dx dx\noutput dw dw\n");
  Run<Real> run(
      {reals({f.n, f.h, f.w, f.c}, x), reals({f.o, in, f.kh, f.kw}, w), reals({f.n, f.oh(), f.ow(), f.o}, g)});
  const auto out = run(e, p, 3);
  // Sums of so many products of numbers below 1, in any order.
  const auto tolerance = [](std::int64_t terms) {
    return (sizeof(Real) == 4 ? 3e-7 : 1e-15) * std::sqrt(static_cast<double>(terms)) * 4;
  };
  check_close(out[0].reals, y, tolerance(in * window));
  check_close(out[1].reals, dx, tolerance(on * window));
  check_close(out[2].reals, dw, tolerance(f.n * f.oh() * f.ow()));
  // The same bits again, on memory that was used.
  const auto again = run(e, p, 3);
  for (std::size_t o = 0; o < 3; ++o) CHECK(again[o].reals == out[o].reals);
}

TEST_CASE_TEMPLATE("program: convolutions and their adjoints are those of plain loops", Real, float, double) {
  const std::vector<Form> forms = {
      {2, 9, 8, 3, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1},          // a first layer
      {2, 7, 7, 16, 32, 1, 1},                             // 1 x 1
      {1, 15, 13, 8, 4, 7, 7, 1, 2, 2, 3, 3, 3, 3},        // stride 2, odd sizes
      {1, 8, 8, 4, 4, 3, 3, 1, 2, 2, 0, 0, 1, 1},          // padding on two sides
      {1, 11, 10, 4, 6, 3, 2, 1, 1, 1, 2, 1, 2, 1, 2, 3},  // dilation
      {2, 6, 5, 16, 16, 3, 3, 4, 1, 1, 1, 1, 1, 1},        // groups of 4 channels
      {2, 7, 6, 24, 24, 5, 5, 24, 2, 1, 2, 2, 2, 2},       // a channel each
      {1, 6, 6, 3, 12, 3, 3, 3, 1, 1, 1, 1, 1, 1},         // four of each channel
      {3, 2, 2, 2, 3, 5, 5, 1, 1, 1, 2, 2, 2, 2},          // a kernel larger than the image
      {1, 1, 1, 5, 7, 1, 1},                               // a pixel
      {1, 3, 1, 2, 2, 1, 1, 1, 5, 3},                      // a stride beyond the image
      {1, 4, 4, 1, 1, 2, 2, 1, 3, 3, 4, 4, 4, 4},          // windows in the padding alone
  };
  for (const int threads : {1, 2}) {
    if (threads > 1 && !on_cpu()) break;
    const EnginePtr e = make_engine(threads);
    for (const Form& f : forms) check_convolution<Real>(e.get(), f);
    if (!on_cpu()) break;
    // Several tiles, jobs and lanes.
    check_convolution<Real>(e.get(), {3, 20, 20, 32, 48, 3, 3, 1, 1, 1, 1, 1, 1, 1});
    check_convolution<Real>(e.get(), {2, 20, 21, 40, 40, 3, 3, 2, 2, 2, 1, 1, 1, 1});
    check_convolution<Real>(e.get(), {2, 18, 17, 300, 300, 3, 3, 300, 1, 1, 1, 1, 1, 1});
  }
}

TEST_CASE_TEMPLATE("program: pools are those of plain loops", Real, float, double) {
  const EnginePtr e = make_engine();
  for (const Form& f : {Form{2, 7, 9, 5, 5, 3, 3, 1, 2, 2, 1, 1, 1, 1}, Form{1, 5, 4, 200, 200, 2, 3},
                        Form{1, 6, 6, 3, 3, 2, 2, 1, 1, 1, 0, 1, 1, 0, 2, 2}, Form{1, 1, 1, 1, 1, 1, 1}}) {
    Random random(78);
    const Vec x = rounded<Real>(random.vector(f.n * f.h * f.w * f.c)),
              g = rounded<Real>(random.vector(f.n * f.oh() * f.ow() * f.c));
    Vec sum(g.size()), spread(x.size()), top(g.size());
    std::vector<std::int64_t> best(g.size(), -1);
    f.each([&](std::int64_t i, std::int64_t p, std::int64_t) {
      for (std::int64_t c = 0; c < f.c; ++c) {
        const double v = x[at(p * f.c + c)];
        sum[at(i * f.c + c)] += v;
        spread[at(p * f.c + c)] += g[at(i * f.c + c)];
        if (best[at(i * f.c + c)] >= 0 && v <= top[at(i * f.c + c)]) continue;
        top[at(i * f.c + c)] = v;
        best[at(i * f.c + c)] = p % (f.h * f.w);
      }
    });
    const std::string how = " window=" + std::to_string(f.kh) + "," + std::to_string(f.kw) + f.slide() + "\n";
    const ProgramPtr p =
        program("x = input type=real rank=4\ng = input type=real rank=4\ns = pool_sum x" + how + "b = pool_spread g x" +
                how + "a = pool_argmax x" + how + "output s s\noutput b b\noutput a a\n");
    Run<Real> run({reals({f.n, f.h, f.w, f.c}, x), reals({f.n, f.oh(), f.ow(), f.c}, g)});
    const auto out = run(e.get(), p, 3);
    check_close(out[0].reals, sum, sizeof(Real) == 4 ? 1e-6 : 1e-14);
    check_close(out[1].reals, spread, sizeof(Real) == 4 ? 1e-6 : 1e-14);
    CHECK(out[2].ints == best);
  }
}

TEST_CASE("program: of equal entries a pool takes the first, of NaN the first") {
  const EnginePtr e = make_engine();
  const ProgramPtr p = program(
      "x = input type=real rank=4\na = pool_argmax x window=1,3 stride=1,1 padding=0,0,0,0 dilation=1,1\noutput a a\n");
  const double none = std::numeric_limits<double>::quiet_NaN(), low = -std::numeric_limits<double>::infinity();
  Run<float> run({reals({1, 1, 8, 1}, {2, 2, 1, none, 3, none, low, low})});
  CHECK(run(e.get(), p, 1)[0].ints == std::vector<std::int64_t>{0, 3, 3, 3, 5, 5});
}

TEST_CASE("program: numbers of a window that make no sense are refused") {
  const std::string x = "x = input type=real rank=4\n";
  const std::string good = "stride=1,1 padding=0,0,0,0 dilation=1,1";
  CHECK(refusal(x + "y = conv x x " + good + "\noutput y y\n") ==
        "line 2: groups=; it must be 1 whole number in 1..1048576");
  CHECK(refusal(x + "y = pool_sum x window=2 " + good + "\noutput y y\n") ==
        "line 2: window=2; it must be 2 whole numbers between commas in 1..1048576");
  for (const char* bad : {"stride=0,1 padding=0,0,0,0 dilation=1,1", "stride=1,1 padding=0,0,0 dilation=1,1",
                          "stride=1,1 padding=0,0,0,-1 dilation=1,1", "stride=1,1 padding=0,0,0,0 dilation=1,1,1",
                          "stride=1, padding=0,0,0,0 dilation=1,1", "stride=1;1 padding=0,0,0,0 dilation=1,1",
                          "stride=1,1 padding=0,0,0,0 dilation=1,99999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(refusal(x + "y = pool_sum x window=2,2 " + bad + "\noutput y y\n").empty());
  }
  CHECK_FALSE(refusal("x = input type=real rank=3\ny = pool_sum x window=2,2 " + good + "\noutput y y\n").empty());
}

// Its plain loops, which it tests itself with, would be slower than ours.
TEST_CASE("oneDNN has a kernel for every convolution of the networks") {
  if (!on_cpu()) return;
  vicinal::cpu::Engine e;
  e.threads = 2;
  using vicinal::program::ImageOp;
  const auto has = [&](const Form& f) {
    const std::int64_t in = f.c / f.groups;
    std::vector<float> x(at(f.n * f.h * f.w * f.c)), w(at(f.o * in * f.kh * f.kw)), y(at(f.n * f.oh() * f.ow() * f.o));
    bool all = true;
    for (const ImageOp op : {ImageOp::conv, ImageOp::conv_data, ImageOp::conv_weight}) {
      const bool data = op == ImageOp::conv_data;
      const float *first = data ? y.data() : x.data(), *second = op == ImageOp::conv_weight ? y.data() : w.data();
      float* const out = op == ImageOp::conv ? y.data() : data ? x.data() : w.data();
      e.begin();
      all = all && vicinal::cpu::onednn_convolve(e,
                                                 {op,
                                                  f.n,
                                                  f.c,
                                                  f.o,
                                                  f.groups,
                                                  {f.h, f.oh(), f.kh, f.sy, f.top, f.dy},
                                                  {f.w, f.ow(), f.kw, f.sx, f.left, f.dx}},
                                                 first, second, out);
    }
    return all;
  };
  CHECK(has({2, 14, 14, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1}));
  CHECK(has({2, 14, 14, 64, 128, 1, 1, 1, 2, 2}));
  CHECK(has({2, 28, 28, 3, 64, 7, 7, 1, 2, 2, 3, 3, 3, 3}));
  CHECK(has({2, 28, 28, 1, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1}));
  CHECK(has({1, 14, 14, 256, 256, 3, 3, 32, 1, 1, 1, 1, 1, 1}));
  CHECK(has({1, 14, 14, 96, 96, 5, 5, 96, 1, 1, 2, 2, 2, 2}));
  CHECK(has({1, 15, 15, 32, 32, 3, 3, 32, 2, 2, 0, 0, 1, 1}));
}

}  // namespace
