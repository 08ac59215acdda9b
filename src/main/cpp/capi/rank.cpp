// C ABI: ranks of relevant gallery rows.
#include <limits>

#include "capi/checks.hpp"

namespace vicinal::capi {
namespace {

void check_offsets(std::int64_t Q, const std::int64_t* offsets, std::int64_t relevant_size) {
  require(offsets[0] == 0, "offsets[0] is ", offsets[0], "; it must be 0");
  for (std::int64_t q = 0; q < Q; ++q)
    require(offsets[q + 1] >= offsets[q], "offsets[", q + 1, "] is below offsets[", q, "]; they must ascend");
  require(offsets[Q] == relevant_size, "relevant_size is ", relevant_size, "; offsets[Q] is ", offsets[Q]);
}

void check_ranking(const Ranking& r, std::int64_t relevant_size) {
  check_size("G", r.G);
  check_columns("d", r.d);
  require(r.G <= std::numeric_limits<std::int32_t>::max(), "G is ", r.G, "; at most 2147483647 rows are supported");
  check_product("queries", r.Q, r.d);
  check_product("gallery", r.G, r.d);
  check_pointer("queries", r.queries);
  check_pointer("gallery", r.gallery);
  if (relevant_size > 0) {
    check_pointer("relevant", r.relevant);
    check_pointer("ranks", r.ranks);
  }
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

extern "C" vicinal_status vicinal_rank_f32(vicinal_engine* engine, int64_t Q, int64_t G, int64_t d,
                                           const float* queries, const float* gallery, const int64_t* self,
                                           const int64_t* offsets, const int64_t* relevant, int64_t relevant_size,
                                           int64_t* ranks, int8_t* tied) {
  return vicinal::guard([&] {
    vicinal_engine& e = vicinal::capi::begin_call(engine);
    vicinal::capi::check_size("Q", Q);
    vicinal::capi::check_pointer("offsets", offsets);
    const vicinal::capi::HostView<std::int64_t> host_offsets(e, offsets, Q + 1), host_self(e, self, Q);
    // The rest may be read only when the offsets end where the caller says.
    vicinal::capi::check_offsets(Q, host_offsets.get(), relevant_size);
    const vicinal::capi::HostView<std::int64_t> host_relevant(e, relevant, relevant_size);
    const vicinal::Ranking ranking{
        Q, G, d, queries, gallery, host_self.get(), host_offsets.get(), host_relevant.get(), ranks, tied};
    vicinal::capi::check_ranking(ranking, relevant_size);
    e.table->rank(e.device, ranking);
  });
}
