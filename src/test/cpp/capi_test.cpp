// The C ABI refuses what is wrong with a status and one sentence that names the argument.
#include <string>

#include "support.hpp"

namespace {

using namespace test;

// A correct call that each check spoils in one place.
struct Call {
  Loss spec = normalized_softmax(0.05);
  std::int64_t B = 3, d = 2, C = 2;
  std::vector<float> z = {1, 2, 3, 4, 5, 6}, p = {1, 0, 0, 1}, w = {1, 1, 1}, t = {1, 0, 0, 1, 1, 0};
  std::vector<std::int64_t> y = {0, 1, 0};
  bool use_w = false, use_t = false, use_per_sample = true;
  double loss = 0;

  vicinal_status run(vicinal_engine* e) {
    std::vector<float> per(3), ge(6), gp(4);
    return call::loss<float>(e, &spec, B, d, C, z.data(), y.data(), p.data(), use_w ? w.data() : nullptr,
                             use_t ? t.data() : nullptr, &loss, nullptr, use_per_sample ? per.data() : nullptr,
                             ge.data(), gp.data());
  }
};

template <class Spoil>
void refuses(vicinal_engine* e, const std::string& text, Spoil&& spoil) {
  Call call;
  spoil(call);
  CAPTURE(text);
  CHECK(call.run(e) == VICINAL_INVALID_ARGUMENT);
  const std::string error = vicinal_last_error();
  CAPTURE(error);
  CHECK(error.find(text) != std::string::npos);
  CHECK(error.find('\n') == std::string::npos);
}

TEST_CASE("losses: every argument is checked") {
  const EnginePtr owner = make_engine(1);
  vicinal_engine* e = owner.get();
  Call good;
  CHECK(good.run(e) == VICINAL_OK);
  CHECK(std::string(vicinal_last_error()).empty());

  refuses(nullptr, "engine is null", [](Call&) {});
  refuses(e, "B is 0", [](Call& c) { c.B = 0; });
  refuses(e, "B is -1", [](Call& c) { c.B = -1; });
  refuses(e, "d is 0", [](Call& c) { c.d = 0; });
  refuses(e, "classes are 0", [](Call& c) { c.C = 0; });
  refuses(e, "C is 9223372036854775807", [](Call& c) { c.C = INT64_MAX; });
  refuses(e, "d is 4294967296", [](Call& c) { c.d = std::int64_t{1} << 32; });
  refuses(e, "too large", [](Call& c) {
    c.B = 2000000000;
    c.d = 2000000000;
  });
  refuses(e, "labels[1] is 2; it must be in 0..1", [](Call& c) { c.y[1] = 2; });
  refuses(e, "labels[2] is -1", [](Call& c) { c.y[2] = -1; });
  refuses(e, "weights[1] is -1", [](Call& c) {
    c.use_w = true;
    c.w[1] = -1;
  });
  refuses(e, "weights[2] is nan", [](Call& c) {
    c.use_w = true;
    c.w[2] = std::numeric_limits<float>::quiet_NaN();
  });
  refuses(e, "weights[0] is inf", [](Call& c) {
    c.use_w = true;
    c.w[0] = std::numeric_limits<float>::infinity();
  });
  refuses(e, "soft_labels[1, 0] is -0.5", [](Call& c) {
    c.use_t = true;
    c.t[2] = -0.5f;
  });
  refuses(e, "soft_labels: cosface needs one label per sample; choose proxy-nca, proxy-nca-pp, normalized-softmax",
          [](Call& c) {
            c.use_t = true;
            c.spec = cosface(64, 0.35);
          });
  refuses(e, "soft_labels: proxy-nca with these parameters needs one label per sample; choose ", [](Call& c) {
    c.use_t = true;
    c.spec = proxy_nca(1, true);
  });
  refuses(e,
          "per-sample values: proxy-anchor is not a sum over samples; pass null, or choose proxy-nca, proxy-nca-pp, "
          "proxy-anchor with mode nca, soft-triple, ",
          [](Call& c) { c.spec = proxy_anchor(32, 0.1); });
  refuses(e, "cosface: scale is -1; it must be in 0.0001..10000", [](Call& c) { c.spec = cosface(-1, 0.35); });
}

// Traits read a loss as every call does.
std::string refused(const vicinal_loss* spec) {
  std::int32_t traits = 0;
  CHECK(vicinal_loss_traits(spec, &traits) == VICINAL_INVALID_ARGUMENT);
  return vicinal_last_error();
}
std::string refused(const Loss& spec) {
  return refused(static_cast<const vicinal_loss*>(call::Spec(&spec)));
}

TEST_CASE("losses: names, parameters and their values are checked") {
  CHECK(refused(Loss{"cosfaec", {}}) ==
        "'cosfaec' is no loss; choose proxy-nca, proxy-nca-pp, proxy-anchor, soft-triple, normalized-softmax, cosface, "
        "arcface");
  CHECK(refused(Loss{"cosface", {{"sclae", 1}}}) == "cosface: unknown parameter 'sclae'; it has margin, scale");
  CHECK(refused(Loss{"arcface", {{"margin", 1}}}) ==
        "arcface: unknown parameter 'margin'; it has margin-degrees, scale");
  CHECK(refused(normalized_softmax(0)) == "normalized-softmax: temperature is 0; it must be in 0.0001..10000");
  CHECK(refused(proxy_nca(10000.001)) == "proxy-nca: scale is 10000.001; it must be in 0.0001..10000");
  CHECK(refused(proxy_nca(std::nextafter(1e-4, 0))) ==
        "proxy-nca: scale is 9.999999999999999e-05; it must be in 0.0001..10000");
  CHECK(refused(proxy_nca(NAN)) == "proxy-nca: scale is nan; it must be in 0.0001..10000");
  CHECK(refused(cosface(64, INFINITY)) == "cosface: margin is inf; it must be in -10000..10000");
  CHECK(refused(arcface(64, 181)) == "arcface: margin-degrees is 181; it must be in 0..180");
  CHECK(refused(soft_triple(20, 0.01, 1, 0.0)) == "soft-triple: gamma is 0; it must be in 0.0001..10000");
  CHECK(refused(soft_triple(20, 0.01, 1, 0.1, -1.0)) == "soft-triple: tau is -1; it must be in 0..10000");
  CHECK(refused(soft_triple(20, 0.01, 0)) == "soft-triple: centers is 0; it must be a whole number in 1..10000");
  CHECK(refused(soft_triple(20, 0.01, 10001)) ==
        "soft-triple: centers is 10001; it must be a whole number in 1..10000");
  CHECK(refused(Loss{"soft-triple", {{"centers", 2.5}}}) ==
        "soft-triple: centers is 2.5; it must be a whole number in 1..10000");
  CHECK(refused(Loss{"proxy-nca", {{"exclude-positive", 0.5}}}) ==
        "proxy-nca: exclude-positive is 0.5; it must be 0 or 1 (false, true)");
  CHECK(refused(Loss{"proxy-anchor", {{"mode", 2}}}) == "proxy-anchor: mode is 2; it must be 0 or 1 (anchor, nca)");

  CHECK(refused(nullptr) == "spec is null");
  const char* twice[] = {"scale", "margin", "scale"};
  const double values[] = {1, 1, 1};
  const vicinal_loss good{sizeof good, "cosface", 2, twice, values};
  std::int32_t traits = 0;
  CHECK(vicinal_loss_traits(&good, &traits) == VICINAL_OK);
  vicinal_loss bad = good;
  bad.count = 3;
  CHECK(refused(&bad) == "cosface: scale is given twice");
  bad.count = -1;
  CHECK(refused(&bad) == "spec.count is -1; it must be at least 0");
  bad = good;
  bad.values = nullptr;
  CHECK(refused(&bad) == "spec.names or spec.values is null; spec.count is 2");
  bad = good;
  bad.struct_size = 4;
  CHECK(refused(&bad).find("spec.struct_size is 4") == 0);
  bad = good;
  bad.name = nullptr;
  CHECK(refused(&bad) == "spec.name is null");
  twice[1] = nullptr;
  CHECK(refused(&good) == "spec.names[1] is null");
}

TEST_CASE("losses: what is not given has its default") {
  const EnginePtr e = make_engine(1);
  const vicinal_loss_parameter* p = nullptr;
  for (std::int32_t loss = 0; vicinal_loss_name(loss) != nullptr; ++loss) {
    Loss all{vicinal_loss_name(loss), {}}, none = all;
    for (std::int32_t i = 0; (p = vicinal_loss_parameter_at(loss, i)) != nullptr; ++i) {
      all.parameters[p->name] = p->standard;
      if (all.is("soft-triple")) none.parameters["centers"] = all["centers"];  // the shape depends on it
    }
    CAPTURE(all.name);
    Case c = make_case<double>(all, 6, 4, 3, 5);
    const double expected = run_loss<double>(e.get(), c).loss;
    c.spec = none;
    CHECK(run_loss<double>(e.get(), c).loss == expected);
  }
  CHECK(vicinal_loss_name(-1) == nullptr);
  CHECK(vicinal_loss_parameter_at(0, -1) == nullptr);
}

TEST_CASE("losses: null pointers and directions") {
  const EnginePtr e = make_engine(1);
  Call c;
  std::vector<float> out(6);
  double loss = 0;
  const auto call = [&](const float* z, const std::int64_t* y, const float* p, double* value) {
    return call::loss<float>(e.get(), &c.spec, 3, 2, 2, z, y, p, nullptr, nullptr, value, nullptr, nullptr, nullptr,
                             nullptr);
  };
  CHECK(call(c.z.data(), c.y.data(), c.p.data(), &loss) == VICINAL_OK);
  CHECK(call(nullptr, c.y.data(), c.p.data(), &loss) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "embeddings is missing");
  CHECK(call(c.z.data(), nullptr, c.p.data(), &loss) == VICINAL_INVALID_ARGUMENT);
  CHECK(call(c.z.data(), c.y.data(), nullptr, &loss) == VICINAL_INVALID_ARGUMENT);
  CHECK(call(c.z.data(), c.y.data(), c.p.data(), nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::loss<float>(e.get(), nullptr, 3, 2, 2, c.z.data(), c.y.data(), c.p.data(), nullptr, nullptr, &loss,
                          nullptr, nullptr, nullptr, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::loss_hvp<float>(e.get(), &c.spec, 3, 2, 2, c.z.data(), c.y.data(), c.p.data(), nullptr, nullptr, nullptr,
                              nullptr, out.data(), nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()).find("direction is missing") != std::string::npos);
}

TEST_CASE("engine options are checked") {
  vicinal_engine* e = nullptr;
  vicinal_engine_options o{};
  const auto create = [&](const char* device) { return vicinal_engine_create(device, &o, &e); };
  o.struct_size = 1;
  CHECK(create("cpu") == VICINAL_INVALID_ARGUMENT);
  o.struct_size = sizeof o;
  o.threads = -1;
  CHECK(create("cpu") == VICINAL_INVALID_ARGUMENT);
  o.threads = 0;
  o.workspace_bytes = 1000;
  CHECK(create("cpu") == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()).find("workspace_bytes is 1000") != std::string::npos);
  o.workspace_bytes = 0;
  o.isa = 9;
  CHECK(create("cpu") == VICINAL_INVALID_ARGUMENT);
  o.isa = 0;
  CHECK(create("quantum") == VICINAL_UNAVAILABLE);
  CHECK(std::string(vicinal_last_error()).find("'quantum'") != std::string::npos);
  CHECK(create(nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(e == nullptr);
  CHECK(vicinal_engine_create("cpu", nullptr, &e) == VICINAL_OK);
  const EnginePtr owner(e);
}

TEST_CASE("head and curvature: what does not belong together is refused") {
  const EnginePtr e = make_engine(1);
  const Loss spec = normalized_softmax(0.05);
  const std::vector<double> x = {1, 2, 3, 4, 5, 6}, w = {1, 0, 0, 1}, p = {1, 0, 0, 1};
  const std::vector<std::int64_t> y = {0, 1, 0};
  std::vector<double> out(4);
  double loss;
  CHECK(call::head_gradient<double>(e.get(), &spec, 3, 2, 2, 2, x.data(), y.data(), nullptr, nullptr, w.data(), nullptr,
                                    p.data(), &loss, nullptr, nullptr, nullptr, out.data(),
                                    nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()).find("grad_bias") != std::string::npos);
  const auto array = [](const char* name, const void* values, std::int32_t dtype, std::int64_t rows,
                        std::int64_t columns) {
    return vicinal_array{name, const_cast<void*>(values), dtype, columns == 0 ? 1 : 2, {rows, columns}};
  };
  const vicinal_array features = array("features", x.data(), VICINAL_F64, 3, 2),
                      labels = array("labels", y.data(), VICINAL_I64, 3, 0),
                      weight = array("weight", w.data(), VICINAL_F64, 2, 2),
                      proxies = array("proxies", p.data(), VICINAL_F64, 2, 2),
                      nameless = array(nullptr, out.data(), VICINAL_F64, 2, 0);
  CHECK(vicinal_head_gradient(e.get(), call::Spec(&spec), 2, &features, &labels, nullptr, nullptr, &weight, nullptr,
                              &proxies, &loss, nullptr, nullptr, nullptr, &nameless,
                              nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "array.name is null");
  vicinal_curvature* raw = nullptr;
  REQUIRE(call::curvature_create<double>(e.get(), &spec, 3, 2, 2, 2, x.data(), y.data(), nullptr, nullptr, w.data(),
                                         nullptr, p.data(), &raw) == VICINAL_OK);
  const CurvaturePtr curvature(raw);
  CHECK(call::curvature_hvp<double>(e.get(), raw, nullptr, nullptr, nullptr, out.data(), nullptr, nullptr) ==
        VICINAL_INVALID_ARGUMENT);
  CHECK(call::curvature_hvp<double>(e.get(), raw, w.data(), nullptr, nullptr, nullptr, nullptr, nullptr) ==
        VICINAL_INVALID_ARGUMENT);
  CHECK(call::curvature_hvp<double>(e.get(), raw, w.data(), p.data(), nullptr, out.data(), nullptr, nullptr) ==
        VICINAL_INVALID_ARGUMENT);
  const float wf[4] = {1, 0, 0, 1};
  float outf[4];
  CHECK(call::curvature_hvp<float>(e.get(), raw, wf, nullptr, nullptr, outf, nullptr, nullptr) ==
        VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()).find("direction_weight is F32 where F64 is expected") != std::string::npos);
  CHECK(call::curvature_hvp<double>(e.get(), nullptr, w.data(), nullptr, nullptr, out.data(), nullptr, nullptr) ==
        VICINAL_INVALID_ARGUMENT);
}

TEST_CASE("arrays: type, shape and overlap are checked, with the caller's names") {
  const EnginePtr e = make_engine(1);
  float memory[16] = {};
  const auto array = [&](const char* name, std::int64_t rows, std::int64_t columns, int at) {
    return vicinal_array{name, memory + at, VICINAL_F32, 2, {rows, columns}};
  };
  const auto refused = [&](const vicinal_array& a, const vicinal_array& b, const vicinal_array& c, const char* text) {
    CHECK(vicinal_gemm(e.get(), 0, 1, &a, &b, &c) == VICINAL_INVALID_ARGUMENT);
    CHECK(std::string(vicinal_last_error()) == text);
  };
  const vicinal_array a = array("left", 2, 3, 0), b = array("right", 2, 3, 6), c = array("product", 2, 2, 12);
  CHECK(vicinal_gemm(e.get(), 0, 1, &a, &b, &c) == VICINAL_OK);
  CHECK(vicinal_gemm(e.get(), 0, 1, &a, &a, &c) == VICINAL_OK);  // inputs may be the same
  vicinal_array bad = c;
  bad.dtype = VICINAL_F64;
  refused(a, b, bad, "product is F64 where F32 is expected; convert it");
  refused(bad, b, c, "right is F32 where F64 is expected; convert it");
  bad.dtype = 7;
  refused(a, b, bad, "product has dtype 7; the types are 1..3");
  bad.dtype = VICINAL_I64;
  refused(bad, b, c, "product is of int64; give float32 or float64");
  bad = c;
  bad.ndim = 9;
  refused(a, b, bad, "product has 9 dimensions; give 0..8");
  bad.ndim = 1;
  refused(a, b, bad, "product has shape [2] where [2, 2] is expected");
  refused(bad, b, c, "product has shape [2] where a matrix is expected");
  bad = c;
  bad.data = nullptr;
  refused(a, b, bad, "product is missing");
  CHECK(vicinal_gemm(e.get(), 0, 1, nullptr, &b, &c) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "a is missing");
  CHECK(vicinal_gemm(e.get(), 0, 1, &a, nullptr, &c) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "b is missing");
  CHECK(vicinal_gemm(e.get(), 0, 1, &a, &b, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "c is missing");
  refused(a, array("right", 2, 4, 6), c, "right has shape [2, 4] where [2, 3] is expected");
  refused(a, b, array("product", 2, 2, 5), "product overlaps left; give it memory of its own");
  refused(array("left", 1 << 30, 1 << 30, 0), array("right", 1, 1 << 30, 0), c,
          "left of shape [1073741824, 1073741824] is too large");
}

TEST_CASE("arrays: bad arguments") {
  const EnginePtr e = make_engine(1);
  float a[4] = {1, 2, 3, 4}, b[4];
  std::int64_t at;
  const std::int64_t ids[2] = {0, 2};
  CHECK(call::clip<float>(e.get(), 4, 0, 0, a) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::clip<float>(e.get(), 4, 0, NAN, a) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::clip<float>(e.get(), 0, -1, 1, a) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::clip<float>(e.get(), 4, -1, 1, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::lowest<float>(e.get(), 4, a, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::reciprocal<float>(e.get(), 4, NAN, a, b) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::reciprocal<float>(e.get(), 4, 1, a, a) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::find_nonfinite<float>(e.get(), 4, a, nullptr) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::find_nonfinite<float>(e.get(), 4, nullptr, &at) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::gather_rows<float>(e.get(), 2, 2, a, 2, ids, b) == VICINAL_INVALID_ARGUMENT);
  CHECK(std::string(vicinal_last_error()) == "ids[1] is 2; it must be in 0..1");
  CHECK(call::normalize_rows<float>(e.get(), 2, 0, a, b) == VICINAL_INVALID_ARGUMENT);
  CHECK(call::gemm<float>(e.get(), 2, 2, 0, a, a, b) == VICINAL_INVALID_ARGUMENT);
}

}  // namespace
