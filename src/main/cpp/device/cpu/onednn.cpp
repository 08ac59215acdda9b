// oneDNN, as far as we call it: float32 convolutions of images [n, height, width, channels].
// Loading    the jar's libdnnl.so.3, which Java has mapped before a program with a convolution runs; else whatever the
//            system's loader finds of that name. One that has a thread pool other than OpenMP is not used.
// Threads    its regions take libgomp's width of the calling thread: our engine's, for the time of a call. Its kernels
//            are made for that number.
// Memory     none of its own: what a kernel needs beside its arrays is taken from the engine's workspace.
// Layout     images lie as they are; weights are written in the order that the kernel wants, each time.
#include "device/cpu/onednn.hpp"

#include <dlfcn.h>
#include <dnnl.h>

#include <map>
#include <memory>
#include <mutex>

namespace vicinal::cpu {
namespace {

using program::ImageAxis;
using program::ImageOp;
using program::ImageStep;

#define VICINAL_ONEDNN_FUNCTIONS(F)                  \
  F(version)                                         \
  F(engine_create)                                   \
  F(stream_create)                                   \
  F(stream_destroy)                                  \
  F(memory_desc_create_with_tag)                     \
  F(memory_desc_destroy)                             \
  F(memory_desc_equal)                               \
  F(memory_desc_get_size)                            \
  F(memory_create)                                   \
  F(memory_destroy)                                  \
  F(primitive_attr_create)                           \
  F(primitive_attr_destroy)                          \
  F(primitive_attr_set_scratchpad_mode)              \
  F(primitive_desc_destroy)                          \
  F(primitive_desc_query)                            \
  F(primitive_desc_query_md)                         \
  F(primitive_create)                                \
  F(primitive_destroy)                               \
  F(primitive_execute)                               \
  F(reorder_primitive_desc_create)                   \
  F(convolution_forward_primitive_desc_create)       \
  F(convolution_backward_data_primitive_desc_create) \
  F(convolution_backward_weights_primitive_desc_create)

struct Library {
#define F(name) decltype(&dnnl_##name) name;
  VICINAL_ONEDNN_FUNCTIONS(F)
#undef F
  dnnl_engine_t engine;

  bool open() {
    void* const file = dlopen("libdnnl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (file == nullptr) return false;
#define F(function)                                                                \
  function = reinterpret_cast<decltype(function)>(dlsym(file, "dnnl_" #function)); \
  if (function == nullptr) return false;
    VICINAL_ONEDNN_FUNCTIONS(F)
#undef F
    return version()->cpu_runtime == DNNL_RUNTIME_OMP && engine_create(&engine, dnnl_cpu, 0) == dnnl_success;
  }
};

// Null: there is none. Never closed.
const Library* library() {
  static const Library* const opened = [] {
    auto made = std::make_unique<Library>();
    return made->open() ? made.release() : nullptr;
  }();
  return opened;
}

struct Destroy {
  void operator()(dnnl_stream_t s) const { library()->stream_destroy(s); }
  void operator()(dnnl_memory_desc_t d) const { library()->memory_desc_destroy(d); }
  void operator()(dnnl_memory_t m) const { library()->memory_destroy(m); }
  void operator()(dnnl_primitive_attr_t a) const { library()->primitive_attr_destroy(a); }
  void operator()(dnnl_primitive_desc_t d) const { library()->primitive_desc_destroy(d); }
  void operator()(dnnl_primitive_t p) const { library()->primitive_destroy(p); }
};
template <class T>
using Own = std::unique_ptr<T, Destroy>;

// What a function of oneDNN makes; null where it does not.
template <class T, class... P, class... A>
Own<T> make(dnnl_status_t (*create)(T**, P...), A... arguments) {
  T* made = nullptr;
  return Own<T>(create(&made, static_cast<P>(arguments)...) == dnnl_success ? made : nullptr);
}

// A kernel of oneDNN. Any number of threads may run it, each with memory of its own.
struct Made {
  Own<dnnl_primitive_desc> what;
  Own<dnnl_primitive> run;
  const_dnnl_memory_desc_t memory(dnnl_query_t which) const {
    return library()->primitive_desc_query_md(what.get(), which, 0);
  }
  static std::int64_t bytes(const_dnnl_memory_desc_t d) {
    return d == nullptr ? 0 : static_cast<std::int64_t>(library()->memory_desc_get_size(d));
  }
  // Whether there is one, and not the plain loops that oneDNN tests itself with.
  bool finish(Own<dnnl_primitive_desc> desc) {
    const char* name = nullptr;
    if (desc == nullptr ||
        library()->primitive_desc_query(desc.get(), dnnl_query_impl_info_str, 0, &name) != dnnl_success ||
        std::strncmp(name, "ref", 3) == 0)
      return false;
    run = make(library()->primitive_create, desc.get());
    what = std::move(desc);
    return run != nullptr;
  }
};

struct Convolution {
  Own<dnnl_memory_desc> image, weights, result;  // as they lie in our memory
  const_dnnl_memory_desc_t wanted = nullptr;     // weights as the kernel reads or writes them
  Made kernel, reorder;                          // reorder: between the two, where they differ
};

std::shared_ptr<const Convolution> make_convolution(const ImageStep& s) {
  const Library& l = *library();
  const dnnl_dims_t image = {s.n, s.c, s.y.size, s.x.size}, result = {s.n, s.o, s.y.count, s.x.count};
  const dnnl_dims_t grouped = {s.groups, s.o / s.groups, s.c / s.groups, s.y.window, s.x.window};
  const bool groups = s.groups > 1;
  const auto reach = [](const ImageAxis& a) { return a.dilation * (a.window - 1) + 1; };
  const auto after = [&](const ImageAxis& a) { return (a.count - 1) * a.stride + reach(a) - a.size - a.before; };
  const dnnl_dims_t stride = {s.y.stride, s.x.stride}, dilation = {s.y.dilation - 1, s.x.dilation - 1},
                    before = {s.y.before, s.x.before}, behind = {after(s.y), after(s.x)};
  auto c = std::make_shared<Convolution>();
  const auto describe = [&](int rank, const dnnl_dim_t* sizes, dnnl_format_tag_t tag) {
    return make(l.memory_desc_create_with_tag, rank, sizes, dnnl_f32, tag);
  };
  c->image = describe(4, image, dnnl_nhwc);
  c->result = describe(4, result, dnnl_nhwc);
  c->weights = describe(groups ? 5 : 4, groups ? grouped : grouped + 1, groups ? dnnl_goihw : dnnl_oihw);
  const auto any = describe(groups ? 5 : 4, groups ? grouped : grouped + 1, dnnl_format_tag_any);
  const auto own = make(l.primitive_attr_create);
  if (!c->image || !c->result || !c->weights || !any || !own) return nullptr;
  if (l.primitive_attr_set_scratchpad_mode(own.get(), dnnl_scratchpad_mode_user) != dnnl_success) return nullptr;

  const dnnl_memory_desc_t x = c->image.get(), y = c->result.get(), w = any.get();
  auto desc = make(l.convolution_forward_primitive_desc_create, l.engine, dnnl_forward_training,
                   dnnl_convolution_direct, x, w, nullptr, y, stride, dilation, before, behind, own.get());
  if (desc == nullptr) return nullptr;
  if (s.op == ImageOp::conv_data)
    desc = make(l.convolution_backward_data_primitive_desc_create, l.engine, dnnl_convolution_direct, x, w, y, stride,
                dilation, before, behind, desc.get(), own.get());
  if (s.op == ImageOp::conv_weight)
    desc = make(l.convolution_backward_weights_primitive_desc_create, l.engine, dnnl_convolution_direct, x, w, nullptr,
                y, stride, dilation, before, behind, desc.get(), own.get());
  if (!c->kernel.finish(std::move(desc))) return nullptr;
  c->wanted = c->kernel.memory(s.op == ImageOp::conv_weight ? dnnl_query_diff_weights_md : dnnl_query_weights_md);
  if (l.memory_desc_equal(c->wanted, c->weights.get()) != 0) return c;
  const bool out = s.op == ImageOp::conv_weight;
  const const_dnnl_memory_desc_t from = out ? c->wanted : c->weights.get(), to = out ? c->weights.get() : c->wanted;
  return c->reorder.finish(make(l.reorder_primitive_desc_create, from, l.engine, to, l.engine, own.get())) ? c
                                                                                                           : nullptr;
}

// Made once for each form; null: oneDNN has none that is fast.
std::shared_ptr<const Convolution> convolution(const ImageStep& s, int threads) {
  constexpr std::size_t kMost = 4096;
  static std::mutex mutex;
  static auto* const known = new std::map<std::vector<std::int64_t>, std::shared_ptr<const Convolution>>;
  std::vector<std::int64_t> form = {static_cast<std::int64_t>(s.op), threads, s.n, s.c, s.o, s.groups};
  for (const ImageAxis& a : {s.y, s.x})
    form.insert(form.end(), {a.size, a.count, a.window, a.stride, a.before, a.dilation});
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = known->find(form);
  if (at != known->end()) return at->second;
  if (known->size() >= kMost) known->clear();
  return (*known)[std::move(form)] = make_convolution(s);
}

// libgomp's width for this thread, as long as it lasts.
struct Width {
  const int before = omp_get_max_threads();
  explicit Width(int threads) { omp_set_num_threads(threads); }
  ~Width() { omp_set_num_threads(before); }
  Width(const Width&) = delete;
  Width& operator=(const Width&) = delete;
};

// Runs a kernel once.
class Run {
 public:
  Run(Engine& e, const Made& kernel) : kernel_(kernel) {
    const auto scratch = kernel.memory(dnnl_query_scratchpad_md);
    const std::int64_t bytes = Made::bytes(scratch);
    if (bytes > 0) add(DNNL_ARG_SCRATCHPAD, scratch, e.workspace.get<char>(bytes));
  }
  void add(int argument, const_dnnl_memory_desc_t desc, const void* data) {
    memories_.push_back(make(library()->memory_create, desc, library()->engine, const_cast<void*>(data)));
    arguments_.push_back({argument, memories_.back().get()});
  }
  void go() const {
    const auto stream = make(library()->stream_create, library()->engine, dnnl_stream_default_flags);
    bool right = stream != nullptr;
    for (const auto& m : memories_) right = right && m != nullptr;
    right = right && library()->primitive_execute(kernel_.run.get(), stream.get(), static_cast<int>(arguments_.size()),
                                                  arguments_.data()) == dnnl_success;
    if (!right) fail(VICINAL_INTERNAL, "oneDNN could not run a convolution that it had made");
  }

 private:
  const Made& kernel_;
  std::vector<Own<dnnl_memory>> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

}  // namespace

bool onednn_convolve(Engine& e, const ImageStep& s, const float* x, const float* other, float* out) {
  if (library() == nullptr) return false;
  const Width width(team(e.threads));
  const auto c = convolution(s, omp_get_max_threads());
  if (c == nullptr) return false;
  e.poll();
  const bool writes = s.op == ImageOp::conv_weight;  // the weights, rather than reads them
  const auto mark = e.workspace.mark();
  const float* weights = writes ? out : other;
  if (c->reorder.run != nullptr) weights = e.workspace.get<float>(Made::bytes(c->wanted) / 4);
  const auto turn = [&] {
    if (c->reorder.run == nullptr) return;
    Run run(e, c->reorder);
    run.add(DNNL_ARG_FROM, writes ? c->wanted : c->weights.get(), writes ? weights : other);
    run.add(DNNL_ARG_TO, writes ? c->weights.get() : c->wanted, writes ? out : weights);
    run.go();
  };
  if (!writes) turn();
  Run run(e, c->kernel);
  switch (s.op) {
    case ImageOp::conv_data:
      run.add(DNNL_ARG_DIFF_DST, c->result.get(), x);
      run.add(DNNL_ARG_WEIGHTS, c->wanted, weights);
      run.add(DNNL_ARG_DIFF_SRC, c->image.get(), out);
      break;
    case ImageOp::conv_weight:
      run.add(DNNL_ARG_SRC, c->image.get(), x);
      run.add(DNNL_ARG_DIFF_DST, c->result.get(), other);
      run.add(DNNL_ARG_DIFF_WEIGHTS, c->wanted, weights);
      break;
    default:
      run.add(DNNL_ARG_SRC, c->image.get(), x);
      run.add(DNNL_ARG_WEIGHTS, c->wanted, weights);
      run.add(DNNL_ARG_DST, c->result.get(), out);
      break;
  }
  run.go();
  if (writes) turn();
  e.workspace.rewind(mark);
  return true;
}

}  // namespace vicinal::cpu
