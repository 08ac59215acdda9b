// Chooses the kernel table: the one place that knows the instruction sets.
#include "device/cpu/kernels.hpp"

namespace vicinal::cpu {

#define VICINAL_DECLARE_KERNELS(isa)         \
  namespace isa {                            \
  void fill_rows(Kernels<float>&);           \
  void fill_rows(Kernels<double>&);          \
  void fill_loss_rows(Kernels<float>&);      \
  void fill_loss_rows(Kernels<double>&);     \
  void fill_columns(Kernels<float>&);        \
  void fill_columns(Kernels<double>&);       \
  void fill_softmax_table(Kernels<float>&);  \
  void fill_softmax_table(Kernels<double>&); \
  void fill_elements(Kernels<float>&);       \
  void fill_elements(Kernels<double>&);      \
  void fill_optimizer(Kernels<float>&);      \
  void fill_optimizer(Kernels<double>&);     \
  void fill_vectors(Kernels<float>&);        \
  void fill_vectors(Kernels<double>&);       \
  void fill_close_pairs(Kernels<float>&);    \
  void fill_close_pairs(Kernels<double>&);   \
  void fill_program(Kernels<float>&);        \
  void fill_program(Kernels<double>&);       \
  template <class Real>                      \
  Kernels<Real> table() {                    \
    Kernels<Real> k{};                       \
    fill_rows(k);                            \
    fill_loss_rows(k);                       \
    fill_columns(k);                         \
    fill_softmax_table(k);                   \
    fill_elements(k);                        \
    fill_optimizer(k);                       \
    fill_vectors(k);                         \
    fill_close_pairs(k);                     \
    fill_program(k);                         \
    return k;                                \
  }                                          \
  }

VICINAL_DECLARE_KERNELS(base)
VICINAL_DECLARE_KERNELS(avx2)
VICINAL_DECLARE_KERNELS(avx512)
#undef VICINAL_DECLARE_KERNELS

template <class Real>
const Kernels<Real>& kernels(int isa) {
  // Even filling a table runs code of its set, so a set that the processor lacks is left empty.
  static const Kernels<Real> base_table = base::table<Real>();
  static const Kernels<Real> avx2_table = has_isa(VICINAL_ISA_AVX2) ? avx2::table<Real>() : Kernels<Real>{};
  static const Kernels<Real> avx512_table = has_isa(VICINAL_ISA_AVX512) ? avx512::table<Real>() : Kernels<Real>{};
  return isa == VICINAL_ISA_AVX512 ? avx512_table : isa == VICINAL_ISA_AVX2 ? avx2_table : base_table;
}
template const Kernels<float>& kernels<float>(int);
template const Kernels<double>& kernels<double>(int);

bool has_isa(int isa) {
  switch (isa) {
    case VICINAL_ISA_BASE:
      return true;
    case VICINAL_ISA_AVX2:
      return __builtin_cpu_supports("x86-64-v3");
    case VICINAL_ISA_AVX512:
      return __builtin_cpu_supports("x86-64-v4");
    default:
      return false;
  }
}

int best_isa() {
  return has_isa(VICINAL_ISA_AVX512) ? VICINAL_ISA_AVX512
         : has_isa(VICINAL_ISA_AVX2) ? VICINAL_ISA_AVX2
                                     : VICINAL_ISA_BASE;
}

const char* isa_name(int isa) {
  return isa == VICINAL_ISA_AVX512 ? "avx512" : isa == VICINAL_ISA_AVX2 ? "avx2" : "base";
}

}  // namespace vicinal::cpu
