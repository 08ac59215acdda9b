// C ABI: exact nearest neighbours, on devices that search themselves.
#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

void check_nearest(const Nearest& n) {
  check_size("Q", n.Q);
  check_columns("G", n.G);
  check_columns("d", n.d);
  check_product("queries", n.Q, n.d);
  check_product("gallery", n.G, n.d);
  check_pointer("queries", n.queries);
  check_pointer("gallery", n.gallery);
  check_pointer("ids", n.ids);
  const std::int64_t available = n.G - (n.self == nullptr ? 0 : 1);
  require(n.k >= 1 && n.k <= available, "k is ", n.k, "; it must be in 1..", available);
  check_product("ids", n.Q, n.k);
}

}  // namespace
}  // namespace vicinal::capi

extern "C" vicinal_status vicinal_nearest_f32(vicinal_engine* engine, int64_t Q, int64_t G, int64_t d,
                                              const float* queries, const float* gallery, const int64_t* self,
                                              int64_t k, int64_t* ids, double* distances) {
  return vicinal::guard([&] {
    vicinal_engine& e = vicinal::capi::begin_call(engine);
    if (e.table->nearest == nullptr)
      vicinal::fail(VICINAL_UNAVAILABLE, "device '", e.table->name,
                    "' has no neighbour search of its own: FAISS serves the processor");
    vicinal::Nearest search{Q, G, d, queries, gallery, self, k, ids, distances};
    vicinal::capi::check_nearest(search);
    const vicinal::capi::HostView<std::int64_t> host_self(e, self, Q);
    search.self = host_self.get();
    for (std::int64_t q = 0; search.self != nullptr && q < Q; ++q)
      vicinal::require(search.self[q] >= -1 && search.self[q] < G, "self[", q, "] is ", search.self[q],
                       "; it must be -1 or in 0..", G - 1);
    e.table->nearest(e.device, search);
  });
}
