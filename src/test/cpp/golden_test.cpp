// Golden values: published fixtures whose numbers were computed elsewhere, independent of this project's code and of
// the oracle. float64; tolerances are the digits printed.
#include "support.hpp"

namespace {

using namespace test;

// Fixture G: E[i][j] = sin(1 + 0.7 i + 1.1 j + 0.13 i j), P[c][j] = cos(0.5 + 0.9 c + 0.4 j + 0.07 c j).
Case fixture(const vicinal_loss& spec, std::int64_t B, std::int64_t d, std::int64_t C, std::int64_t step,
             std::int64_t classes_used) {
  Case c;
  c.spec = spec;
  c.B = B;
  c.d = d;
  c.C = C;
  for (int i = 0; i < B; ++i)
    for (int j = 0; j < d; ++j) c.embeddings.push_back(std::sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j));
  for (int k = 0; k < C * spec.centers; ++k)
    for (int j = 0; j < d; ++j) c.proxies.push_back(std::cos(0.5 + 0.9 * k + 0.4 * j + 0.07 * k * j));
  for (std::int64_t i = 0; i < B; ++i) c.labels.push_back(step * i % classes_used);
  return c;
}

double frobenius(const std::vector<double>& x) {
  double sum = 0;
  for (double v : x) sum += v * v;
  return std::sqrt(sum);
}

struct Golden {
  const char* name;
  vicinal_loss spec;
  double loss, norm_e, first_e, norm_p, first_p;
  double slack = 1;
};

const Golden kGolden[] = {
    {"ProxyAnchor", spec_of(VICINAL_PROXY_ANCHOR, 32, 0.1), 20.182801941594, 11.195252061963, -1.881718007376e-01,
     9.377464513405, 1.702884959812},
    {"ProxyNCA scale 1", spec_of(VICINAL_PROXY_NCA, 1), 1.789587621566, 0.292963535511, -4.163256464868e-02,
     0.303448660783, -3.856806564435e-03},
    {"ProxyNCA scale 9", spec_of(VICINAL_PROXY_NCA, 9), 4.794896210446, 3.507769823351, -4.265964104789e-01,
     3.495242208655, 4.016665390861e-01},
    {"ProxyNCA++ scale 3", spec_of(VICINAL_PROXY_NCA_PP, 3), 4.794896210446, 3.507769823351, -4.265964104789e-01,
     3.495242208655, 4.016665390861e-01},
    {"SoftTriple", spec_of(VICINAL_SOFT_TRIPLE, 20, 0.01, 0, 3, 0.1, 0), 6.566133314191, 3.059101515865,
     1.324460707209e-02, 2.876816858009, 2.163637668801e-01},
    {"SoftTriple regularised", spec_of(VICINAL_SOFT_TRIPLE, 20, 0.01, 0, 3, 0.1, 0.2), 6.699678309019, 3.059101515865,
     1.324460707209e-02, 2.875860113883, 2.166269330822e-01,
     // The published number comes from an implementation without the 1e-5 of the paper's code: 6e-8 apart here.
     1e5},
    {"ArcFace", spec_of(VICINAL_ARCFACE, 64, 28.6), 45.358212162611, 11.913552966625, -1.168777758276, 12.688850904726,
     1.955375922649},
    {"CosFace", spec_of(VICINAL_COSFACE, 64, 0.35), 37.941795077532, 13.120236087087, -1.305098241263, 13.806496894173,
     1.893723542686},
    {"NormalizedSoftmax", spec_of(VICINAL_NORMALIZED_SOFTMAX, 0.05), 5.242430826716, 3.924326423123,
     -4.717255256090e-01, 3.926311199889, 4.623230659630e-01},
};

TEST_CASE("fixture G: values, gradient norms and first elements") {
  const EnginePtr e = make_engine();
  for (const Golden& g : kGolden) {
    CAPTURE(g.name);
    const Case c = fixture(g.spec, 12, 8, 5, 1, 4);
    const Result<double> r = run_loss<double>(e.get(), c);
    CHECK(r.loss == doctest::Approx(g.loss).epsilon(1e-12 * g.slack));
    CHECK(frobenius(r.grad_embeddings) == doctest::Approx(g.norm_e).epsilon(1e-11));
    CHECK(r.grad_embeddings[0] == doctest::Approx(g.first_e).epsilon(1e-10));
    CHECK(frobenius(r.grad_proxies) == doctest::Approx(g.norm_p).epsilon(1e-11 * g.slack));
    CHECK(r.grad_proxies[0] == doctest::Approx(g.first_p).epsilon(1e-10 * g.slack));
    CHECK(oracle::value(c).loss == doctest::Approx(g.loss).epsilon(1e-12 * g.slack));
  }
}

TEST_CASE("larger smoke values, B=180, d=512, C=100") {
  const struct {
    const char* name;
    vicinal_loss spec;
    double loss;
  } kSmoke[] = {
      {"ProxyAnchor", spec_of(VICINAL_PROXY_ANCHOR, 32, 0.1), 17.022041774701},
      {"ProxyNCA", spec_of(VICINAL_PROXY_NCA, 1), 4.608746095297},
      {"SoftTriple", spec_of(VICINAL_SOFT_TRIPLE, 20, 0.01, 0, 2, 0.1, 0), 7.182738530291},
      {"ArcFace", spec_of(VICINAL_ARCFACE, 64, 28.6), 42.839803283221},
      {"CosFace", spec_of(VICINAL_COSFACE, 64, 0.35), 34.607679904141},
      {"NormalizedSoftmax", spec_of(VICINAL_NORMALIZED_SOFTMAX, 0.05), 6.096038594796},
  };
  const EnginePtr e = make_engine();
  for (const auto& g : kSmoke) {
    CAPTURE(g.name);
    const Case c = fixture(g.spec, 180, 512, 100, 11, 100);
    CHECK(run_loss<double>(e.get(), c).loss == doctest::Approx(g.loss).epsilon(1e-12));
    // float32: a logit is off by about steepness (64 at most) times 2e-7.
    CHECK(run_loss<float>(e.get(), c).loss == doctest::Approx(g.loss).epsilon(1e-5));
  }
}

TEST_CASE("Proxy-Anchor's forms: the probabilistic fixture") {
  const EnginePtr e = make_engine();
  const struct {
    int flags;
    double loss, norm;
  } kForms[] = {{0, 52.8800769065, 10.13965714},
                {VICINAL_REPEAT_LABELS, 52.8800769065, 10.13965714},
                {VICINAL_PER_SAMPLE_AXIS, 35.8169251328, 5.77382954},
                {VICINAL_EUCLIDEAN, 52.0629033197, 5.46606957}};
  for (const auto& f : kForms) {
    CAPTURE(f.flags);
    Case c;
    c.spec = spec_of(VICINAL_PROXY_ANCHOR, 32, 0.1, f.flags);
    c.B = 8;
    c.d = c.C = 4;
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < 4; ++j) c.embeddings.push_back(std::sin(1 + 0.7 * i + 1.3 * j + 0.1 * i * j));
    for (int k = 0; k < 4; ++k)
      for (int j = 0; j < 4; ++j) c.proxies.push_back(std::cos(0.5 + 0.9 * k + 1.1 * j + 0.2 * k * j));
    for (int i = 0; i < 8; ++i) c.labels.push_back(i % 4);
    const Result<double> r = run_loss<double>(e.get(), c);
    CHECK(r.loss == doctest::Approx(f.loss).epsilon(1e-11));
    CHECK(frobenius(r.grad_embeddings) == doctest::Approx(f.norm).epsilon(1e-8));
  }
}

TEST_CASE("Proxy-Anchor's forms: the split fixture, one class absent") {
  const EnginePtr e = make_engine();
  const struct {
    int flags;
    double loss;
  } kForms[] = {{0, 44.812553}, {VICINAL_PER_SAMPLE_AXIS, 33.324707}, {VICINAL_EUCLIDEAN, 48.880180}};
  for (const auto& f : kForms) {
    CAPTURE(f.flags);
    Case c;
    c.spec = spec_of(VICINAL_PROXY_ANCHOR, 32, 0.1, f.flags);
    c.B = 8;
    c.d = 4;
    c.C = 5;
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < 4; ++j) c.embeddings.push_back(std::sin(0.7 * (i + 1) + 1.3 * (j + 1) * (i + 2)));
    for (int k = 0; k < 5; ++k)
      for (int j = 0; j < 4; ++j) c.proxies.push_back(std::cos(0.9 * (k + 1) + 0.5 * (j + 1) * (k + 3)));
    for (int i = 0; i < 8; ++i) c.labels.push_back(i / 2);
    // The printed values come from a single-precision run: 7 digits.
    CHECK(run_loss<double>(e.get(), c).loss == doctest::Approx(f.loss).epsilon(2e-7));
  }
}

TEST_CASE("nine Iris rows: Proxy-Anchor and Proxy-NCA") {
  const double kRows[9][4] = {{5.1, 3.5, 1.4, 0.2}, {4.9, 3.0, 1.4, 0.2}, {4.7, 3.2, 1.3, 0.2},
                              {7.0, 3.2, 4.7, 1.4}, {6.4, 3.2, 4.5, 1.5}, {6.9, 3.1, 4.9, 1.5},
                              {6.3, 3.3, 6.0, 2.5}, {5.8, 2.7, 5.1, 1.9}, {7.1, 3.0, 5.9, 2.1}};
  const EnginePtr e = make_engine();
  const auto iris = [&](const vicinal_loss& spec, int rows) {
    Case c;
    c.spec = spec;
    c.B = rows;
    c.d = 4;
    c.C = 3;
    for (int i = 0; i < rows; ++i) c.embeddings.insert(c.embeddings.end(), kRows[i], kRows[i] + 4);
    c.proxies = {1, .5, .25, 0, .5, .5, .5, .25, .25, .5, .75, .5};
    for (int i = 0; i < rows; ++i) c.labels.push_back(i / 3);
    return run_loss<double>(e.get(), c).loss;
  };
  CHECK(iris(spec_of(VICINAL_PROXY_ANCHOR, 32, 0.1), 9) == doctest::Approx(33.033158367).epsilon(1e-10));
  CHECK(iris(spec_of(VICINAL_PROXY_ANCHOR, 32, 0.1), 6) == doctest::Approx(32.109437233).epsilon(1e-10));
  CHECK(iris(spec_of(VICINAL_PROXY_NCA, 32), 9) == doctest::Approx(2.380391080).epsilon(1e-9));
}

TEST_CASE("ProxyNCA of the split fixture: positive excluded, and all classes") {
  const EnginePtr e = make_engine();
  Case c;
  c.B = 8;
  c.d = 4;
  c.C = 5;
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 4; ++j) c.embeddings.push_back(std::sin(0.7 * (i + 1) + 1.3 * (j + 1) * (i + 2)));
  for (int k = 0; k < 5; ++k)
    for (int j = 0; j < 4; ++j) c.proxies.push_back(std::cos(0.9 * (k + 1) + 0.5 * (j + 1) * (k + 3)));
  for (int i = 0; i < 8; ++i) c.labels.push_back(i / 2);
  c.spec = spec_of(VICINAL_PROXY_NCA_PP, 3, 0, VICINAL_EXCLUDE_POSITIVE);
  CHECK(run_loss<double>(e.get(), c).loss == doctest::Approx(13.813594).epsilon(1e-7));
  c.spec = spec_of(VICINAL_PROXY_NCA_PP, 3);
  CHECK(run_loss<double>(e.get(), c).loss == doctest::Approx(13.870289).epsilon(1e-7));
}

}  // namespace
