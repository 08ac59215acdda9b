// C ABI: pairs of rows within a distance.
#include <limits>

#include "capi/arguments.hpp"

using namespace vicinal;
using namespace vicinal::capi;

extern "C" vicinal_status vicinal_close_pairs(vicinal_engine* engine, const vicinal_array* rows,
                                              const vicinal_array* others, double limit, int64_t most, int32_t* first,
                                              int32_t* second, double* distances, int64_t* total, int64_t* zeros) {
  return guard([&] {
    Arguments<float> a(begin_call(engine));
    check_form("rows", rows);
    const bool same = !given(others);
    const Search s = read_search(a, rows, same ? rows : others, nullptr);
    check_columns("N", s.Q);
    check_columns("G", s.G);
    require(limit >= 0, "limit is ", limit, "; it must be 0 or more");
    require(most >= 0, "most is ", most, "; it must be 0 or more");
    check_pointer("total", total);
    if (most > 0) {
      check_pointer("first", first);
      check_pointer("second", second);
      check_pointer("distances", distances);
    }
    a.apart();
    a.engine.table->close_pairs(a.engine.device, {s.Q, s.G, s.d, s.queries, same ? nullptr : s.gallery, limit, most,
                                                  first, second, distances, total, zeros});
  });
}
