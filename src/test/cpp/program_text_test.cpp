// Programs: texts and arrays that are refused.
#include <limits>

#include "programs.hpp"

namespace {

using namespace test;

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
                           "i = input type=int rank=1\ny = proxy_loss x i x",
                           "i = input type=int rank=1\ny = proxy_loss x x x loss=cosface",
                           "i = input type=int rank=1\ny = proxy_loss x i x loss=",
                           "i = input type=int rank=1\ny = proxy_loss x i x loss=cosface,scale",
                           "i = input type=int rank=1\ny = proxy_loss x i x loss=cosface,scale=x",
                           "i = input type=int rank=1\ny = proxy_loss x i x loss=cosface,scale=1,scale=1",
                           "i = input type=int rank=1\ny = proxy_loss x i x loss=cosface proxies=1",
                           "i = input type=int rank=1\ny = proxy_gradient x i x loss=cosface proxies=2",
                           "i = input type=int rank=1\ny = proxy_product x i x loss=cosface",
                           "y = uniform x x x stream=0",
                           "k = input type=int rank=0\ny = uniform k k x",
                           "k = input type=int rank=0\ny = uniform k k x stream=-1",
                           "k = input type=int rank=0\ny = uniform k k x stream=4294967296",
                           "k = input type=int rank=1\ny = normal k k x stream=0",
                           "k = input type=int rank=0\ni = input type=int rank=1\ny = normal k i x stream=0",
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
  const std::vector<std::string> words = {"x",
                                          "y",
                                          "i",
                                          "=",
                                          "output",
                                          "exp",
                                          "add",
                                          "sum",
                                          "matmul",
                                          "expand",
                                          "drop",
                                          "slice",
                                          "pad",
                                          "gather",
                                          "scatter",
                                          "transpose",
                                          "argmax",
                                          "pick",
                                          "place",
                                          "concat",
                                          "axis=0",
                                          "axis=1",
                                          "axis=2",
                                          "axes=0",
                                          "axes=1",
                                          "axes=all",
                                          "ta=1",
                                          "from=1",
                                          "from=end",
                                          "to=-1",
                                          "cumsum",
                                          "select",
                                          "same",
                                          "index",
                                          "real",
                                          "sum_like",
                                          "size",
                                          "exponent=2",
                                          "power",
                                          "broadcast_like",
                                          "axes=1,0",
                                          "input",
                                          "rank=1",
                                          "type=int",
                                          "max",
                                          "empty=1",
                                          "stop",
                                          "slice_like",
                                          "below",
                                          "tb=1",
                                          "order=2",
                                          "log_bessel",
                                          "k",
                                          "uniform",
                                          "normal",
                                          "stream=1",
                                          "proxy_loss",
                                          "proxy_gradient",
                                          "proxy_product",
                                          "loss=cosface",
                                          "proxies=1",
                                          "l",
                                          "join",
                                          "split"};
  const std::string text =
      "x = input type=real rank=2 \ni = input type=int rank=1 \nk = input type=int rank=0 \nr = uniform k k x stream=0 "
      "\nl = input type=int rank=1 \nq = proxy_gradient x l x loss=cosface "
      "\ny = gather x i \nz = matmul y x tb=1 \nt = transpose z "
      "axes=1,0 \nw = sum t axes=1 \nv = expand w axis=0 \nu = drop v axis=0 \na = argmax t axis=0 \nb = pick t a "
      "axis=0 "
      "\nc = concat b t axis=0 \nd = slice c axis=0 from=1 to=-1 \noutput u u \noutput a a \noutput d d "
      "\noutput r r \noutput q q \n";
  Random random(23);
  int ran = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string changed;
    std::size_t from = 0;
    for (std::size_t at = text.find(' '); at != std::string::npos; from = at, at = text.find(' ', at + 1)) {
      const bool replace = random.bits() % 60 == 0;
      changed += replace ? " " + words[random.bits() % words.size()] : text.substr(from, at - from);
    }
    changed += "\n";
    vicinal_program* made = nullptr;
    if (vicinal_program_create(changed.c_str(), &made) != VICINAL_OK) continue;
    const ProgramPtr p(made);
    Run<float> run({reals({3, 2}, {1, 2, 3, 4, 5, 6}), ints({2}, {2, -1}), ints({}, {5}), ints({3}, {0, 2, 1})});
    for (const int outputs : {1, 2, 3, 4, 5, 6}) {
      std::vector<vicinal_array> out(static_cast<std::size_t>(outputs));
      if (vicinal_program_shapes(p.get(), 4, run.arrays.data(), outputs, out.data(), nullptr) != VICINAL_OK) continue;
      std::vector<std::vector<double>> memory(out.size());
      for (std::size_t o = 0; o < out.size(); ++o) {
        std::int64_t count = 1;
        for (int k = 0; k < out[o].ndim; ++k) count *= out[o].shape[k];
        memory[o].resize(static_cast<std::size_t>(count + 1));
        out[o].data = memory[o].data();
      }
      const vicinal_status status = vicinal_program_run(e.get(), p.get(), 4, run.arrays.data(), outputs, out.data());
      CHECK((status == VICINAL_OK || status == VICINAL_INVALID_ARGUMENT));
      ran += status == VICINAL_OK;
    }
  }
  CHECK(ran > 500);
}

}  // namespace
