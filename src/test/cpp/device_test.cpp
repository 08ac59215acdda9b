// What only a second device has: memory of its own beside the host's, features that it cannot hold, a request to stop.
// On the processor the memory entries are the process's, and the rest is skipped.
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "heads.hpp"

namespace {

using namespace test;

// Value and gradients of a head, everything on the host or everything on the device.
struct Gradient {
  double loss;
  Vec weight, bias, proxies;
};

Gradient gradient(vicinal_engine* e, const Head& h, const double* features, const std::int64_t* labels,
                  const double* weight, const double* bias, const double* proxies, double* gw, double* gb, double* gp) {
  Gradient g{};
  ok(call::head_gradient<double>(e, &h.at.spec, h.at.B, h.D, h.at.d, h.at.C, features, labels, nullptr, nullptr, weight,
                                 bias, proxies, &g.loss, nullptr, nullptr, gw, gb, gp));
  return g;
}

Gradient from_host(vicinal_engine* e, const Head& h) {
  Vec gw = poisoned<double>(h.weight.size()), gb = poisoned<double>(h.bias.size()),
      gp = poisoned<double>(h.at.proxies.size());
  Gradient g = gradient(e, h, h.features.data(), h.at.labels.data(), h.weight.data(), h.bias.data(),
                        h.at.proxies.data(), gw.data(), gb.data(), gp.data());
  g.weight = gw;
  g.bias = gb;
  g.proxies = gp;
  return g;
}

void agree(const Gradient& a, const Gradient& b) {
  CHECK(a.loss == doctest::Approx(b.loss).epsilon(1e-12));
  CHECK(difference(a.weight, b.weight) < 1e-11);
  CHECK(difference(a.bias, b.bias) < 1e-11);
  CHECK(difference(a.proxies, b.proxies) < 1e-11);
}

}  // namespace

TEST_CASE("memory: what was written comes back, and everything is returned") {
  const std::int64_t before = in_use();
  {
    const Vec values = Random{3}.vector(100003);
    const There<double> there(values);
    CHECK(there.values() == values);
    CHECK(in_use() >= before + 100003 * 8);
    ok(vicinal_memory_zero(device(), there.get(), 800));
    const Vec after = there.values();
    CHECK(after[99] == 0);
    CHECK(after[100] == values[100]);
    const There<double> fresh(Vec(10, 1.0));
  }
  CHECK(in_use() == before);
  void* address = nullptr;
  CHECK(vicinal_memory_allocate(device(), 0, &address) == VICINAL_INVALID_ARGUMENT);
  CHECK(vicinal_memory_allocate("cuda:77", 8, &address) == VICINAL_UNAVAILABLE);
  CHECK(vicinal_memory_release(device(), nullptr) == VICINAL_OK);
}

TEST_CASE("memory: a call with large arguments is forgotten by the next") {
  if (on_cpu()) return;
  constexpr std::int64_t kRows = 300, kColumns = std::int64_t{1} << 18;  // 300 MiB
  const std::vector<float> values(static_cast<std::size_t>(kRows * kColumns), 0.5F), few(4, 2.0F);
  std::vector<float> row(static_cast<std::size_t>(kColumns));
  const std::int64_t id = kRows - 1, first = 3;
  const EnginePtr e = make_engine(2, VICINAL_ISA_AUTO, 1 << 20);
  const std::int64_t before = in_use();
  ok(call::gather_rows<float>(e.get(), kRows, kColumns, values.data(), 1, &id, row.data()));
  CHECK(row == std::vector<float>(row.size(), 0.5F));
  CHECK(in_use() - before >= kRows * kColumns * 4);
  ok(call::gather_rows<float>(e.get(), 4, 1, few.data(), 1, &first, row.data()));
  CHECK(row[0] == 2.0F);
  CHECK(in_use() - before < 32 << 20);
}

TEST_CASE("memory: too much is a sentence, and the device goes on") {
  if (on_cpu()) return;
  void* address = nullptr;
  CHECK(vicinal_memory_allocate(device(), std::int64_t{1} << 42, &address) == VICINAL_OUT_OF_MEMORY);
  CHECK(std::string(vicinal_last_error()).find("MiB were asked for") != std::string::npos);
  ok(vicinal_memory_set_limit(device(), in_use() + (1 << 20)));
  CHECK(vicinal_memory_allocate(device(), 8 << 20, &address) == VICINAL_OUT_OF_MEMORY);
  CHECK(std::string(vicinal_last_error()).find("limit") != std::string::npos);
  ok(vicinal_memory_set_limit(device(), 0));
  const There<double> there(Vec(10, 1.0));
  CHECK(there.values() == Vec(10, 1.0));
}

TEST_CASE("head: arrays of the device, of the host, and features in blocks give the same") {
  for (const char* name : {"proxy-anchor", "soft-triple K 2", "cosface"}) {
    CAPTURE(name);
    for (const Registered& r : registry()) {
      if (r.name != name) continue;
      const Head h = make_head(r.spec, 700, 50, 12, 9, true, 8);
      const EnginePtr e = make_engine(1);
      const Gradient host = from_host(e.get(), h);

      const There<double> x(h.features), w(h.weight), b(h.bias), p(h.at.proxies);
      const There<std::int64_t> y(h.at.labels);
      const There<double> gw(Vec(h.weight.size())), gb(Vec(h.bias.size())), gp(Vec(h.at.proxies.size()));
      Gradient there = gradient(e.get(), h, x.get(), y.get(), w.get(), b.get(), p.get(), gw.get(), gb.get(), gp.get());
      there.weight = gw.values();
      there.bias = gb.values();
      there.proxies = gp.values();
      agree(there, host);
    }
  }
  // 1 MiB of workspace: 6000 x 50 doubles of host memory are streamed.
  const Head h = make_head(cosface(16, 0.2), 6000, 50, 6, 4, true, 9);
  agree(from_host(make_engine(1, VICINAL_ISA_AUTO, 1 << 20).get(), h), from_host(make_engine(1).get(), h));
}

TEST_CASE("two calls at once on a curvature whose features stay on the host do not disturb each other") {
  if (on_cpu()) return;
  const Head h = make_head(cosface(16, 0.2), 1500, 300, 4, 5, false, 13);  // 3.4 MiB of features
  const EnginePtr engines[] = {make_engine(1, VICINAL_ISA_AUTO, 1 << 20), make_engine(1, VICINAL_ISA_AUTO, 1 << 20)};
  const Vec directions[] = {Random{14}.vector(4 * 300), Random{15}.vector(4 * 300)};
  const auto product = [&](int i, const vicinal_curvature* c) {
    Vec out = poisoned<double>(directions[i].size());
    call::curvature_hvp<double>(engines[i].get(), c, directions[i].data(), nullptr, nullptr, out.data(), nullptr,
                                nullptr);
    return out;  // NaN where the call failed
  };
  const CurvaturePtr resident = make_curvature(engines[0].get(), h);
  const Vec expected[] = {product(0, resident.get()), product(1, resident.get())};
  ok(vicinal_memory_set_limit(device(), in_use() + (6 << 20)));
  {
    const std::int64_t before = in_use();
    const CurvaturePtr streamed = make_curvature(engines[0].get(), h);
    CHECK(in_use() - before < 3 << 20);  // a piece, not the whole
    std::vector<std::thread> threads;
    int wrong[2] = {0, 0};
    for (int i : {0, 1})
      threads.emplace_back([&, i] {
        for (int k = 0; k < 8; ++k)
          if (!(difference(product(i, streamed.get()), expected[i]) < 1e-11)) ++wrong[i];
      });
    for (std::thread& t : threads) t.join();
    CHECK(wrong[0] == 0);
    CHECK(wrong[1] == 0);
  }
  ok(vicinal_memory_set_limit(device(), 0));
}

TEST_CASE("ids and weights of the device are checked before they are followed") {
  if (on_cpu()) return;
  const Head h = make_head(cosface(16, 0.2), 40, 7, 5, 4, true, 10);
  const EnginePtr e = make_engine(1);
  std::vector<std::int64_t> labels = h.at.labels;
  labels[31] = 4;
  labels[35] = -1000000;
  const There<std::int64_t> y(labels);
  double loss = 0;
  CHECK(call::head_gradient<double>(e.get(), &h.at.spec, 40, 7, 5, 4, h.features.data(), y.get(), nullptr, nullptr,
                                    h.weight.data(), h.bias.data(), h.at.proxies.data(), &loss, nullptr, nullptr,
                                    nullptr, nullptr, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "labels[31] is 4; it must be in 0..3");
  Vec weights(40, 1.0);
  weights[7] = -2;
  const There<double> w(weights);
  CHECK(call::head_gradient<double>(e.get(), &h.at.spec, 40, 7, 5, 4, h.features.data(), h.at.labels.data(), w.get(),
                                    nullptr, h.weight.data(), h.bias.data(), h.at.proxies.data(), &loss, nullptr,
                                    nullptr, nullptr, nullptr, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "weights[7] is -2; it must be finite and not negative");
}

TEST_CASE("a call on the device stops between blocks") {
  if (on_cpu()) return;
  const Head h = make_head(cosface(16, 0.2), 60000, 8, 4, 40, true, 11);
  const EnginePtr e = make_engine(1, VICINAL_ISA_AUTO, 1 << 20);
  std::atomic<bool> done{false};
  std::thread stopper([&] {  // asks until the call has started and seen it
    while (!done.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      vicinal_engine_cancel(e.get());
    }
  });
  double loss = 0;
  const vicinal_status status = call::head_gradient<double>(
      e.get(), &h.at.spec, h.at.B, h.D, h.at.d, h.at.C, h.features.data(), h.at.labels.data(), nullptr, nullptr,
      h.weight.data(), h.bias.data(), h.at.proxies.data(), &loss, nullptr, nullptr, nullptr, nullptr, nullptr);
  done.store(true);
  stopper.join();
  CHECK(status == VICINAL_CANCELLED);
  float small[1] = {2}, out[1] = {0};
  CHECK(call::gemm<float>(e.get(), 1, 1, 1, small, small, out) == VICINAL_OK);
  CHECK(out[0] == 4.0f);
}

TEST_CASE("rounded products stay within their precision") {
  if (on_cpu()) return;
  Random random(12);
  const std::int64_t m = 20, n = 30, k = 64;
  const std::vector<float> a = cast<float>(random.vector(m * k)), b = cast<float>(random.vector(n * k));
  const auto product = [&](int precision) {
    const EnginePtr e = make_rounding_engine(precision);
    std::vector<float> c(static_cast<std::size_t>(m * n));
    ok(call::gemm<float>(e.get(), m, n, k, a.data(), b.data(), c.data()));
    return c;
  };
  const std::vector<float> plain = product(VICINAL_PRECISION_F32);
  // Each input is off by half a unit in the last place that is kept, relative to sum |a||b| of at most k here.
  const double bounds[] = {std::ldexp(1.0, -11) * 2, std::ldexp(1.0, -8) * 2};
  for (int precision : {VICINAL_PRECISION_TF32, VICINAL_PRECISION_BF16}) {
    const std::vector<float> rounded = product(precision);
    double largest = 0;
    for (std::size_t j = 0; j < plain.size(); ++j) {
      const std::size_t width = static_cast<std::size_t>(k), row = j / static_cast<std::size_t>(n),
                        column = j % static_cast<std::size_t>(n);
      double size = 0;
      for (std::int64_t i = 0; i < k; ++i)
        size += std::fabs(static_cast<double>(a[row * width + static_cast<std::size_t>(i)]) *
                          static_cast<double>(b[column * width + static_cast<std::size_t>(i)]));
      largest = std::max(largest, std::fabs(static_cast<double>(rounded[j] - plain[j])) / size);
    }
    CHECK(largest > 0);
    CHECK(largest < bounds[precision - 1]);
  }
  vicinal_engine_options o{};
  o.struct_size = sizeof o;
  o.precision = VICINAL_PRECISION_BF16;
  vicinal_engine* raw = nullptr;
  CHECK(vicinal_engine_create("cpu", &o, &raw) == VICINAL_INVALID_ARGUMENT);
}

TEST_CASE("a library of another version, or from other lists and layouts, gives no table") {
  if (on_cpu()) return;
  void* library = dlopen(std::getenv("VICINAL_TEST_DEVICE_LIBRARY"), RTLD_LAZY | RTLD_NOLOAD);
  REQUIRE(library != nullptr);
  const auto entry = reinterpret_cast<vicinal::TableEntry>(dlsym(library, "vicinal_cuda_table"));
  const bool found = entry != nullptr;
  REQUIRE(found);
  const std::uint64_t fingerprint = vicinal::table_fingerprint();
  CHECK(entry(VICINAL_ABI_VERSION, fingerprint) != nullptr);
  CHECK(entry(VICINAL_ABI_VERSION, fingerprint + 1) == nullptr);
  CHECK(entry(VICINAL_ABI_VERSION + 1, fingerprint) == nullptr);
}
