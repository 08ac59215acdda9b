// A device is a table of functions. The CPU's is built in (device/cpu/device.cpp); another device fills the same table
// from a library of its own. Arguments are plain data that mirror the C ABI, already checked by capi/: sizes,
// pointers, labels, parameters. The built-in table's functions report failure by throwing vicinal::Error, which
// capi/ turns into a status; a table from another library wraps its entries so that no exception leaves that library.
#ifndef VICINAL_CORE_DEVICE_H_
#define VICINAL_CORE_DEVICE_H_

#include <cstdint>

#include "math/losses.hpp"
#include "math/optimizer.hpp"
#include "program/plan.hpp"
#include "vicinal/vicinal.h"

namespace vicinal {

// What every loss entry shares. Embeddings are given, or come from a head over features.
template <class Real>
struct Problem {
  LossSpec spec;
  std::int64_t n, d, classes;  // rows, embedding width, C
  const std::int64_t* labels;
  const Real* weights;          // [n] or null
  const Real* soft_labels;      // [n, C] or null
  const Real* proxies;          // [C K, d]
  const Real* embeddings;       // [n, d], or null when the head gives them:
  std::int64_t features_width;  // D
  const Real* features;         // [n, D]
  const Real* weight;           // [d, D]
  const Real* bias;             // [d] or null
};

// Outputs of value and gradient; every pointer but loss may be null.
template <class Real>
struct Gradients {
  double* loss;
  std::int64_t* empty;
  Real* per_sample;
  Real* embeddings;
  Real* proxies;
  Real* weight;
  Real* bias;
};

// A direction, or a Hessian-vector product: any part may be null.
template <class Real>
struct Tangents {
  Real* embeddings;
  Real* proxies;
  Real* weight;
  Real* bias;
};

// Changes of sample weights per direction: those of direction q are [offsets[q], offsets[q + 1]) of ids and deltas.
struct WeightChanges {
  const std::int64_t* offsets;  // [m + 1], or null: none
  const std::int64_t* ids;
  const double* deltas;
};

// The curvature matrices of vicinal.h.
enum class CurvatureKind { kHessian = VICINAL_HESSIAN, kGaussNewton = VICINAL_GAUSS_NEWTON, kFisher = VICINAL_FISHER };
// What the samples' parts of a matrix are made of.
struct CurvatureTerms {
  bool gauss_newton;   // J' (second derivative of the loss by the cosines) J
  bool normalisation;  // the second derivative of the cosines
  bool gradients;      // dL_i dL_i'
};
template <bool gauss_newton, bool normalisation, bool gradients>
constexpr CurvatureTerms made_of() {
  static_assert(gradients ? !gauss_newton && !normalisation : gauss_newton,
                "products exist of Gauss-Newton's part, with or without the normalisation's, and of gradients alone");
  return {gauss_newton, normalisation, gradients};
}
// Nothing at all: there is no such kind. A kind that does not say so does not compile.
constexpr CurvatureTerms terms_of(CurvatureKind kind) {
  switch (kind) {
    case CurvatureKind::kHessian:
      return made_of<true, true, false>();
    case CurvatureKind::kGaussNewton:
      return made_of<true, false, false>();
    case CurvatureKind::kFisher:
      return made_of<false, false, true>();
  }
  return {};
}

// m products with a curvature matrix; every part of direction and out has m of them, one after the other.
template <class Real>
struct CurvatureProducts {
  CurvatureKind kind;
  std::int64_t m;
  Tangents<const Real> direction;
  WeightChanges changes;
  Tangents<Real> out;
};

// One parameter of an optimiser's step; its states in the order of vicinal.h, null where the rule has none. An average
// is a parameter, what is averaged its gradient.
template <class Real>
struct Update {
  vicinal_update settings;
  std::int64_t n;
  Real* parameter;
  const Real* gradient;
  Real* states[math::kMostStates];
};
struct UpdateOutcome {
  double norm;             // of all gradients
  std::int64_t nonfinite;  // -1, or the tensor: below count its gradient is not finite, from there on its parameter
};

// The operations of one element type. `device` is the state that create returned.
template <class Real>
struct Operations {
  // Finite and not negative, or an error that names them; may be noticed at the end of the call.
  void (*check_weights)(void* device, const char* name, std::int64_t n, std::int64_t columns, const Real* values);
  void (*loss)(void* device, const Problem<Real>&, const Gradients<Real>&);
  void (*loss_hvp)(void* device, const Problem<Real>&, const Tangents<const Real>& direction,
                   const Tangents<Real>& out);
  void (*embed)(void* device, const Problem<Real>&, Real* embeddings);
  void* (*curvature_create)(void* device, const Problem<Real>&);
  void (*curvature_destroy)(void* curvature);
  void (*curvature_products)(void* device, const void* curvature, const CurvatureProducts<Real>&);
  void (*curvature_scores)(void* device, const void* curvature, std::int64_t m, const Tangents<const Real>& direction,
                           double* scores);
  void (*curvature_sample_gradients)(void* device, const void* curvature, Real* units, Real* gradients);
  void (*curvature_tables)(void* device, const void* curvature, const Tangents<const Real>& direction,
                           std::int64_t from, std::int64_t rows, double* by_proxy, double* relabel);
  void (*curvature_loss_change)(void* device, const void* curvature, std::int64_t rank, const Real* left,
                                const Real* right, double* change);
  UpdateOutcome (*update_parameters)(void* device, std::int32_t rule, std::int64_t count, const Update<Real>* updates);
  void (*average)(void* device, double weight, std::int64_t count, const Update<Real>* pairs);
  void (*clip)(void* device, std::int64_t n, double low, double high, Real* values);
  double (*lowest)(void* device, std::int64_t n, const Real* values);
  void (*reciprocal)(void* device, std::int64_t n, double shift, const Real* x, Real* out);
  std::int64_t (*find_nonfinite)(void* device, std::int64_t n, const Real* values);
  void (*gather_rows)(void* device, std::int64_t available, std::int64_t columns, const Real* values, std::int64_t n,
                      const std::int64_t* ids, Real* out);
  void (*normalize_rows)(void* device, std::int64_t n, std::int64_t columns, const Real* values, Real* out);
  // c [m, n] = op(a) op(b): a [m, k] or, transposed, [k, m]; b [k, n] or [n, k].
  void (*gemm)(void* device, bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
               const Real* a, const Real* b, Real* c);
  void (*symmetric_eigen)(void* device, std::int64_t n, Real* matrix, Real* values);

  // Kronecker factors and diagonals; any output may be null.
  void (*curvature_factors)(void* device, const void* curvature, Real* feature, Real* output);
  void (*curvature_diagonal)(void* device, const void* curvature, CurvatureKind kind, Real* weight, Real* proxies);
  void (*curvature_self_influence)(void* device, const void* curvature, const Real* inverse, double* out);
  void (*curvature_seed_recursion)(void* device, const void* curvature, double damping, double scale, std::int64_t m,
                                   std::int64_t R, const Real* left, const Real* right, Real* h);

  // m rows of n elements.
  void (*dots)(void* device, std::int64_t m, std::int64_t n, const Real* x, const Real* y, double* out);
  void (*axpy)(void* device, std::int64_t m, std::int64_t n, const double* alpha, const Real* x, Real* y);
  void (*xpby)(void* device, std::int64_t m, std::int64_t n, const Real* x, const double* beta, Real* y);
  void (*multiply)(void* device, std::int64_t m, std::int64_t n, const Real* shared, const Real* x, Real* out);

  // One run: the inputs' and outputs' data in the program's order.
  void (*run_program)(void* device, const program::Plan& plan, void* const* inputs, void* const* outputs);
};

// Every member but symmetric_eigen, which the processor alone has: entry(name) for each.
// clang-format off
#define VICINAL_OPERATIONS(entry)                                                                                   \
  entry(check_weights) entry(loss) entry(loss_hvp) entry(embed) entry(curvature_create) entry(curvature_destroy)    \
  entry(curvature_products) entry(curvature_scores) entry(curvature_sample_gradients) entry(curvature_tables)       \
  entry(curvature_loss_change) entry(update_parameters) entry(average) entry(clip) entry(lowest) entry(reciprocal)         \
  entry(find_nonfinite) entry(gather_rows) entry(normalize_rows) entry(gemm) entry(curvature_factors)               \
  entry(curvature_diagonal) entry(curvature_self_influence) entry(curvature_seed_recursion) entry(dots) entry(axpy) \
  entry(xpby) entry(multiply) entry(run_program)
// clang-format on
#define VICINAL_ONE_MORE(name) +1
static_assert(sizeof(Operations<float>) == (1 VICINAL_OPERATIONS(VICINAL_ONE_MORE)) * sizeof(void*),
              "a new operation is listed here too");
#undef VICINAL_ONE_MORE

// Ranks of relevant gallery rows; the members are vicinal_rank's arguments.
struct Ranking {
  std::int64_t Q, G, d;
  const float* queries;
  const float* gallery;
  const std::int64_t* self;
  const std::int64_t* offsets;
  const std::int64_t* relevant;
  std::int64_t* ranks;
  std::int8_t* tied;
};

// Exact nearest neighbours; the members are vicinal_nearest's arguments.
struct Nearest {
  std::int64_t Q, G, d;
  const float* queries;
  const float* gallery;
  const std::int64_t* self;
  std::int64_t k;
  std::int64_t* ids;
  double* distances;
};

// Close pairs; the members are vicinal_close_pairs's arguments. What lies behind `most` is host memory.
struct ClosePairs {
  std::int64_t N, G, d;
  const float* rows;
  const float* others;  // null: the rows, every two once
  double limit;
  std::int64_t most;
  std::int32_t* first;
  std::int32_t* second;
  double* distances;
  std::int64_t* total;
  std::int64_t* zeros;
};

// Memory of the device with a number, and where a pointer points.
struct MemoryTable {
  void* (*allocate)(int ordinal, std::int64_t bytes);  // zero-filled
  void (*release)(int ordinal, void* address);
  void (*zero)(int ordinal, void* address, std::int64_t bytes);
  void (*write)(int ordinal, void* address, const void* host, std::int64_t bytes);
  void (*read)(int ordinal, void* host, const void* address, std::int64_t bytes);
  void (*usage)(int ordinal, std::int64_t* in_use, std::int64_t* held, std::int64_t* limit);
  void (*set_limit)(int ordinal, std::int64_t bytes);
  bool (*on_host)(const void* address);  // the processor may touch it
};

struct DeviceTable {
  const char* name;
  int (*count)();  // devices of this kind
  MemoryTable memory;
  void* (*create)(int ordinal, const vicinal_engine_options&);
  void (*destroy)(void* device);
  void (*begin)(void* device);   // a call starts: clears the cancel request
  void (*cancel)(void* device);  // from any thread
  const char* (*isa)(const void* device);
  std::int32_t (*threads)(const void* device);
  const char* (*blas)(const void* device);
  // Of another library's table: the status and the sentence of this thread's last call, which is then forgotten.
  vicinal_status (*failure)(const char** sentence);
  // Ids in 0..bound-1, or an error that names them; may be noticed at the end of the call.
  void (*check_ids)(void* device, const char* name, std::int64_t n, std::int64_t bound, const std::int64_t* ids);
  Operations<float> f32;
  Operations<double> f64;
  void (*rank)(void* device, const Ranking&);
  void (*nearest)(void* device, const Nearest&);  // null: not on this device
  void (*close_pairs)(void* device, const ClosePairs&);
};

template <class Real>
const Operations<Real>& operations(const DeviceTable& table);
template <>
inline const Operations<float>& operations<float>(const DeviceTable& table) {
  return table.f32;
}
template <>
inline const Operations<double>& operations<double>(const DeviceTable& table) {
  return table.f64;
}

const DeviceTable& cpu_table();

// What both sides of a table take for granted beside the C ABI: sizes of what it passes, the losses and a program's
// operations with their places and parameters. A library built from other ones has another number.
constexpr std::uint64_t table_fingerprint() {
  constexpr char kLists[] =
#define VICINAL_TEXT(...) #__VA_ARGS__
#define VICINAL_LOSS(...) VICINAL_TEXT(__VA_ARGS__)
#include "math/losses.def"
#define VICINAL_MAP(...) VICINAL_TEXT(__VA_ARGS__)
#include "program/map.def"
#undef VICINAL_TEXT
      ;
  constexpr std::uint64_t kSizes[] = {sizeof(DeviceTable),
                                      sizeof(LossSpec),
                                      sizeof(Problem<double>),
                                      sizeof(Gradients<double>),
                                      sizeof(CurvatureProducts<double>),
                                      sizeof(Update<double>),
                                      sizeof(Ranking),
                                      sizeof(Nearest),
                                      sizeof(ClosePairs),
                                      sizeof(program::Plan),
                                      sizeof(program::Kernel)};
  std::uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
  for (const std::uint64_t size : kSizes) hash = (hash ^ size) * 0x100000001B3u;
  for (const char c : kLists)
    if (c != ' ') hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;  // compilers space text differently
  return hash;
}

// What another library exports as `vicinal_cuda_table`: null when it was built as another version, or from other lists
// and layouts.
using TableEntry = const DeviceTable* (*)(int abi_version, std::uint64_t fingerprint);

}  // namespace vicinal

// The C ABI's handles.
struct vicinal_engine {
  const vicinal::DeviceTable* table;
  int ordinal;
  void* device;
};

struct vicinal_curvature {
  const vicinal::DeviceTable* table;
  void* state;
  bool is_double;
  bool has_bias;
  vicinal::LossSpec spec;
  std::int64_t n, d, classes, features_width;
};

#endif  // VICINAL_CORE_DEVICE_H_
