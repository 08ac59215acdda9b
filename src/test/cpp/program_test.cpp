// Programs: reductions, views, products, fusing, outputs against plain loops.
#include <limits>
#include <map>

#include "programs.hpp"

namespace {

using namespace test;

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

TEST_CASE_TEMPLATE("program: of what a mask selects little only that is computed", Real, float, double) {
  const EnginePtr e = make_engine();
  Random random(31);
  const std::int64_t R = 5, C = 2000;
  Vec x = random.vector(R * C), row = random.vector(R);
  const ProgramPtr p = program(R"(
x = input type=real rank=2
m = input type=real rank=2
r = input type=real rank=2
zero = constant value=0
t = sum x axes=1
a = sub x r
b = mul a r
c = exp b
f = add c a
half = constant value=0.5
d = mul f half
s = sum d m axes=1
step = step d
n = sum step m axes=all
sq = square m
e = sigmoid sq
k = select m e zero
l = mul k r
output s s
output n n
output l l
output t t
)");
  for (const std::int64_t every : {1, 3, 40, 200, 700, 5000}) {
    Vec m;
    for (std::int64_t i = 0; i < R * C; ++i) m.push_back(i % every == 0 ? 1.0 : 0.0);
    Run<Real> run({reals({R, C}, x), reals({R, C}, m), reals({R, 1}, row)});
    const auto out = run(e.get(), p, 4);
    std::vector<double> sums(static_cast<std::size_t>(R)), kept;
    double above = 0;
    for (std::int64_t i = 0; i < R * C; ++i) {
      const double v = static_cast<Real>(x[static_cast<std::size_t>(i)]),
                   q = static_cast<Real>(row[static_cast<std::size_t>(i / C)]), a = v - q,
                   d = (std::exp(a * q) + a) / 2;
      const bool counts = m[static_cast<std::size_t>(i)] != 0;
      if (counts) sums[static_cast<std::size_t>(i / C)] += d, above += d > 0;
      kept.push_back(counts ? q / (1 + std::exp(-1.0)) : 0);
    }
    INFO("one of ", every);
    check_close(out[0].reals, sums, sizeof(Real) == 4 ? 1e-5 : 1e-12);
    CHECK(std::abs(out[1].reals[0] - above) <= (sizeof(Real) == 4 ? 2 : 0));
    check_close(out[2].reals, kept, sizeof(Real) == 4 ? 1e-5 : 1e-12);
  }
}

TEST_CASE("program: sums do not depend on what else is computed of their grid") {
  const EnginePtr e = make_engine();
  Random random(37);
  const std::int64_t A = 37, B = 700;
  const std::string head = "x = input type=real rank=2\ny = exp x\n";
  Run<float> run({reals({A, B}, random.vector(A * B))});
  const std::vector<std::string> lines = {"s0 = sum y axes=0\n", "s1 = sum y axes=1\n", "s2 = sum y axes=all\n",
                                          "s3 = max y axes=0 empty=0\n"};
  std::string all = head, outputs;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    all += lines[i];
    outputs += "output s" + std::to_string(i) + " s" + std::to_string(i) + "\n";
  }
  const auto together = run(e.get(), program(all + "z = mul y x\n" + outputs + "output z z\n"), 5);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string name = "s" + std::to_string(i);
    CHECK(run(e.get(), program(head + lines[i] + "output " + name + " " + name + "\n"), 1)[0].reals ==
          together[i].reals);
  }
}

TEST_CASE_TEMPLATE("program: a product with few entries leaves the zeros out", Real, float, double) {
  const EnginePtr e = make_engine();
  Random random(41);
  const std::int64_t M = 300, K = 333, N = 40;
  const ProgramPtr p = program("a = input type=real rank=2\nb = input type=real rank=2\nc = matmul a b\noutput c c\n");
  const Vec b = random.vector(K * N);
  for (const int every : {1, 10, 20, 400}) {
    Vec a(static_cast<std::size_t>(M * K)), c(static_cast<std::size_t>(M * N));
    for (std::size_t i = 0; i < a.size(); i += static_cast<std::size_t>(every)) a[i] = random.uniform() - 0.5;
    for (std::int64_t i = 0; i < M; ++i)
      for (std::int64_t k = 0; k < K; ++k)
        for (std::int64_t j = 0; j < N; ++j)
          c[static_cast<std::size_t>(i * N + j)] +=
              a[static_cast<std::size_t>(i * K + k)] * b[static_cast<std::size_t>(k * N + j)];
    Run<Real> run({reals({M, K}, a), reals({K, N}, b)});
    check_close(run(e.get(), p, 1)[0].reals, c, sizeof(Real) == 4 ? 1e-4 : 1e-12);
  }
}

TEST_CASE_TEMPLATE("program: a matrix plus its transpose, where it lies", Real, float, double) {
  const EnginePtr e = make_engine();
  Random random(43);
  for (const std::int64_t n : {1, 5, 32, 100}) {
    const ProgramPtr p = program(R"(
x = input type=real rank=2
y = square x
t = transpose y axes=1,0
s = add y t
r = sum s axes=1
q = matmul s s
output r r
output q q
)");
    const Vec x = random.vector(n * n);
    Run<Real> run({reals({n, n}, x)});
    const auto out = run(e.get(), p, 2);
    const auto at = [&](std::int64_t i, std::int64_t j) {
      const double a = x[static_cast<std::size_t>(i * n + j)], b = x[static_cast<std::size_t>(j * n + i)];
      return a * a + b * b;
    };
    std::vector<double> r, q;
    for (std::int64_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        double product = 0;
        for (std::int64_t k = 0; k < n; ++k) product += at(i, k) * at(k, j);
        q.push_back(product);
        sum += at(i, j);
      }
      r.push_back(sum);
    }
    check_close(out[0].reals, r, sizeof(Real) == 4 ? 1e-5 : 1e-12);
    check_close(out[1].reals, q, sizeof(Real) == 4 ? 1e-5 : 1e-12);
    CHECK(run.bytes <= n * n * static_cast<std::int64_t>(sizeof(Real)) + 512);  // the sum lies over the squares
  }
}

}  // namespace
