// C ABI: exact nearest neighbours, on devices that search themselves.
#include "capi/arguments.hpp"

using namespace vicinal;
using namespace vicinal::capi;

extern "C" vicinal_status vicinal_nearest(vicinal_engine* engine, const vicinal_array* queries,
                                          const vicinal_array* gallery, const vicinal_array* self,
                                          const vicinal_array* ids, const vicinal_array* distances) {
  return guard([&] {
    Arguments<float> a(begin_call(engine));
    const vicinal_engine& e = a.engine;
    if (e.table->nearest == nullptr)
      fail(VICINAL_UNAVAILABLE, "device '", e.table->name,
           "' has no neighbour search of its own: FAISS serves the processor");
    const Search rows = read_search(a, queries, gallery, self);
    check_columns("G", rows.G);
    require(given(ids) && ids->ndim == 2, "ids must be a matrix of int64");
    const std::int64_t k = ids->shape[1], available = rows.G - (rows.self == nullptr ? 0 : 1);
    require(k >= 1 && k <= available, "k is ", k, "; it must be in 1..", available);
    Nearest search{rows.Q, rows.G, rows.d, rows.queries, rows.gallery, nullptr, k, nullptr, nullptr};
    search.ids = a.get<std::int64_t>("ids", ids, {rows.Q, k}, true);
    search.distances = a.get<double>(nullptr, distances, {rows.Q, k}, true);
    a.apart();
    const HostView<std::int64_t> host_self(e, rows.self, rows.Q);
    search.self = host_self.get();
    for (std::int64_t q = 0; search.self != nullptr && q < rows.Q; ++q)
      require(search.self[q] >= -1 && search.self[q] < rows.G, "self[", q, "] is ", search.self[q],
              "; it must be -1 or in 0..", rows.G - 1);
    e.table->nearest(e.device, search);
  });
}
