// Engines: options, determinism, cancellation, exceptions inside parallel regions, the vector exp.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "device/cpu/engine.hpp"
#include "support.hpp"

namespace {

using namespace test;

TEST_CASE("engine: what it says about itself") {
  const EnginePtr e = make_engine(3, VICINAL_ISA_BASE);
  const std::string isa = vicinal_engine_isa(e.get()), blas = vicinal_engine_blas(e.get());
  CHECK(std::string(vicinal_engine_device(e.get())) == device());
  CHECK(isa.find(on_cpu() ? "base" : "sm_") == 0);
  CHECK(vicinal_engine_threads(e.get()) == (on_cpu() ? 3 : 1));
  CHECK(blas.find(on_cpu() ? "OpenBLAS" : "cuBLAS") != std::string::npos);
  CHECK(vicinal_abi_version() == VICINAL_ABI_VERSION);
  const EnginePtr all = make_engine(0);
  CHECK(vicinal_engine_threads(all.get()) >= 1);
  vicinal_engine_destroy(nullptr);
  vicinal_curvature_destroy(nullptr);
}

template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

TEST_CASE("results are bit-identical from call to call and from engine to engine") {
  for (const Registered& r : registry()) {
    CAPTURE(r.name);
    const Case c = make_case<float>(r.spec, 130, 70, 90, 77);
    Random random(1);
    const Vec V = random.vector(c.B * c.d), U = random.vector(static_cast<std::int64_t>(c.proxies.size()));
    const EnginePtr one = make_engine(2), two = make_engine(2);
    const Result<float> first = run_loss<float>(one.get(), c);
    const Product<float> product = run_hvp<float>(one.get(), c, V, U);
    for (vicinal_engine* e : {one.get(), two.get()}) {
      const Result<float> again = run_loss<float>(e, c);
      CHECK(again.loss == first.loss);
      CHECK(same_bits(again.grad_embeddings, first.grad_embeddings));
      CHECK(same_bits(again.grad_proxies, first.grad_proxies));
      const Product<float> other = run_hvp<float>(e, c, V, U);
      CHECK(same_bits(other.embeddings, product.embeddings));
      CHECK(same_bits(other.proxies, product.proxies));
    }
  }
}

TEST_CASE("engines on eight threads at once do not disturb each other") {
  const Case c = make_case<float>(proxy_anchor(32, 0.1), 64, 48, 40, 3);
  const EnginePtr reference = make_engine(2);
  const Result<float> expected = run_loss<float>(reference.get(), c);
  std::atomic<int> equal{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const EnginePtr e = make_engine(2);
      for (int i = 0; i < 5; ++i) {
        const Result<float> r = run_loss<float>(e.get(), c);
        if (r.loss == expected.loss && same_bits(r.grad_proxies, expected.grad_proxies)) ++equal;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(equal.load() == 40);
}

TEST_CASE("a call is cancelled from another thread, and the engine is usable afterwards") {
  if (!on_cpu()) return;  // one product is one launch; wide_test.cpp cancels between blocks
  for (int threads : {1, 2}) {
    CAPTURE(threads);
    const EnginePtr e = make_engine(threads);
    const std::int64_t n = 6000;
    const std::vector<float> a(static_cast<std::size_t>(n * n), 1.0f);
    std::vector<float> c(a.size());
    std::atomic<bool> done{false};
    std::thread stopper([&] {  // 432 GFLOP take seconds; ask until the call has started and seen it
      while (!done.load()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        vicinal_engine_cancel(e.get());
      }
    });
    const vicinal_status status = call::gemm<float>(e.get(), n, n, n, a.data(), a.data(), c.data());
    done.store(true);
    stopper.join();
    CHECK(status == VICINAL_CANCELLED);
    CHECK(std::string(vicinal_last_error()) == "the call was cancelled");
    CHECK(std::find(c.begin(), c.end(), 0.0f) != c.end());  // products that it had not come to
    float small[1] = {2}, out[1] = {0};
    CHECK(call::gemm<float>(e.get(), 1, 1, 1, small, small, out) == VICINAL_OK);
    CHECK(out[0] == 4.0f);
    CHECK(std::string(vicinal_last_error()).empty());
  }
}

TEST_CASE("an exception inside a parallel region is rethrown outside it") {
  vicinal::cpu::Engine e;
  e.threads = 2;
  std::atomic<int> ran{0};
  CHECK_THROWS_WITH_AS(vicinal::cpu::parallel(e, 100,
                                              [&](std::int64_t task) {
                                                ++ran;
                                                if (task % 2 == 1) throw std::runtime_error("task failed");
                                              }),
                       "task failed", std::runtime_error);
  CHECK(ran.load() < 100);  // the rest was not started
  ran = 0;
  vicinal::cpu::parallel(e, 100, [&](std::int64_t) { ++ran; });
  CHECK(ran.load() == 100);
}

TEST_CASE("parts cover a range once, in order, aligned") {
  for (std::int64_t n : {0, 1, 15, 16, 17, 100, 11318})
    for (std::int64_t parts : {1, 2, 3, 7}) {
      std::int64_t at = 0;
      for (std::int64_t i = 0; i < parts; ++i) {
        const vicinal::cpu::Range r = vicinal::cpu::part(n, parts, i, 16);
        CHECK(r.begin == at);
        CHECK((r.begin % 16 == 0 || r.size() == 0));
        at = r.end;
      }
      CHECK(at == n);
    }
}

TEST_CASE("workspace: blocks do not overlap, rewinding reuses, one chunk after growth") {
  vicinal::cpu::Workspace w;
  w.begin();
  float* a = w.get<float>(100);
  float* b = w.get<float>(3 << 20);  // larger than the first chunk
  for (int i = 0; i < 100; ++i) a[i] = 1;
  for (int i = 0; i < (3 << 20); ++i) b[i] = 2;
  CHECK(a[99] == 1);
  CHECK(reinterpret_cast<std::uintptr_t>(b) % 64 == 0);
  const auto mark = w.mark();
  double* c = w.get<double>(10);
  w.rewind(mark);
  CHECK(w.get<double>(10) == c);
  w.begin();
  const char* start = w.get<char>(1);
  CHECK(w.get<char>(13 << 20) - start == 64);  // the two chunks have become one
}

template <class Real>
void check_exp(double low, double high) {
  for (int isa : {VICINAL_ISA_BASE, VICINAL_ISA_AVX2, VICINAL_ISA_AVX512}) {
    if (!vicinal::cpu::has_isa(isa)) continue;
    CAPTURE(isa);
    const auto& k = vicinal::cpu::kernels<Real>(isa);
    constexpr int n = 200000;
    std::vector<Real> x, y(n);
    for (int i = 0; i < n; ++i) x.push_back(static_cast<Real>(low + (high - low) * i / (n - 1)));
    x[0] = Real(0);
    x[1] = Real(1e-8);
    x[2] = Real(-1e-8);
    k.exp_array(n, x.data(), y.data());
    double worst = 0;
    for (int i = 0; i < n; ++i)
      worst = std::fmax(worst, ulp_error(y[static_cast<std::size_t>(i)],
                                         expl(static_cast<long double>(x[static_cast<std::size_t>(i)]))));
    CHECK(worst <= 2.0);  // math/exp.hpp states 2
    CHECK(worst > 0.1);   // the comparison is alive
    CHECK(y[0] == Real(1));

    const Real special[4] = {std::numeric_limits<Real>::quiet_NaN(), -std::numeric_limits<Real>::infinity(),
                             std::numeric_limits<Real>::infinity(), Real(low * 2)};
    Real out[4];
    k.exp_array(4, special, out);
    CHECK(std::isnan(out[0]));
    CHECK(out[1] == Real(0));
    CHECK(static_cast<double>(out[2]) == doctest::Approx(std::exp(high)).epsilon(1e-5));
    CHECK(out[3] == Real(0));
  }
}

TEST_CASE("exp: at most 2 ulp, every instruction set") {
  check_exp<float>(-87, 88);
  check_exp<double>(-708, 709);
}

}  // namespace
