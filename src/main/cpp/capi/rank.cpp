// C ABI: ranks of relevant gallery rows.
#include <limits>

#include "capi/arguments.hpp"

namespace vicinal::capi {
namespace {

void check_offsets(std::int64_t Q, const std::int64_t* offsets, std::int64_t relevant_size) {
  require(offsets[0] == 0, "offsets[0] is ", offsets[0], "; it must be 0");
  for (std::int64_t q = 0; q < Q; ++q)
    require(offsets[q + 1] >= offsets[q], "offsets[", q + 1, "] is below offsets[", q, "]; they must ascend");
  require(offsets[Q] == relevant_size, "relevant has ", relevant_size, " rows; offsets[Q] is ", offsets[Q]);
}

void check_ranking(const Ranking& r) {
  for (std::int64_t q = 0; q < r.Q; ++q) {
    const std::int64_t self = r.self == nullptr ? -1 : r.self[q];
    require(self >= -1 && self < r.G, "self[", q, "] is ", self, "; it must be -1 or in 0..", r.G - 1);
    for (std::int64_t o = r.offsets[q]; o < r.offsets[q + 1]; ++o) {
      const std::int64_t g = r.relevant[o];
      require(g >= 0 && g < r.G, "relevant[", o, "] is ", g, "; it must be in 0..", r.G - 1);
      require(o == r.offsets[q] || r.relevant[o - 1] < g, "relevant[", o, "] is ", g,
              "; a query's rows must ascend, each once");
      require(g != self, "relevant[", o, "] is the query's own row ", g);
    }
  }
}

}  // namespace
}  // namespace vicinal::capi

using namespace vicinal;
using namespace vicinal::capi;

extern "C" vicinal_status vicinal_rank(vicinal_engine* engine, const vicinal_array* queries,
                                       const vicinal_array* gallery, const vicinal_array* self,
                                       const vicinal_array* offsets, const vicinal_array* relevant,
                                       const vicinal_array* ranks, int8_t* tied) {
  return guard([&] {
    Arguments<float> a(begin_call(engine));
    const Search rows = read_search(a, queries, gallery, self);
    require(rows.G <= std::numeric_limits<std::int32_t>::max(), "G is ", rows.G,
            "; at most 2147483647 rows are supported");
    require(relevant != nullptr && relevant->ndim == 1, "relevant must be a vector of int64");
    const std::int64_t size = relevant->shape[0];
    const std::int64_t* starts = a.get<std::int64_t>("offsets", offsets, {rows.Q + 1}, false);
    const bool some = size > 0;  // no row needs no memory
    const std::int64_t* ids = a.get<std::int64_t>(some ? "relevant" : nullptr, relevant, {size}, false);
    std::int64_t* out = a.get<std::int64_t>(some ? "ranks" : nullptr, ranks, {size}, true);
    a.apart();
    const vicinal_engine& e = a.engine;
    const HostView<std::int64_t> host_offsets(e, starts, rows.Q + 1), host_self(e, rows.self, rows.Q);
    // The rest may be read only when the offsets end where the caller says.
    check_offsets(rows.Q, host_offsets.get(), size);
    const HostView<std::int64_t> host_relevant(e, ids, size);
    const Ranking ranking{
        rows.Q, rows.G, rows.d, rows.queries, rows.gallery, host_self.get(), host_offsets.get(), host_relevant.get(),
        out,    tied};
    check_ranking(ranking);
    e.table->rank(e.device, ranking);
  });
}
