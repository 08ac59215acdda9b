#include "capi/arguments.hpp"

#include <algorithm>

namespace vicinal::capi {
namespace {

const char* type_name(std::int32_t dtype) {
  return dtype == VICINAL_F32 ? "F32" : dtype == VICINAL_F64 ? "F64" : "I64";
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Dims& shape) {
  out << '[';
  for (std::int32_t i = 0; i < shape.count; ++i) out << (i > 0 ? ", " : "") << shape.sizes[i];
  return out << ']';
}

void check_form(const char* name, const vicinal_array* a) {
  require(a != nullptr, name, " is missing");
  check_pointer("array.name", a->name);
  require(a->data != nullptr, a->name, " is missing");
  require(a->dtype >= VICINAL_F32 && a->dtype <= VICINAL_I64, a->name, " has dtype ", a->dtype, "; the types are 1..3");
  require(a->ndim >= 0 && a->ndim <= VICINAL_MOST_DIMENSIONS, a->name, " has ", a->ndim, " dimensions; give 0..",
          VICINAL_MOST_DIMENSIONS);
}

void check_type(const vicinal_array* a, std::int32_t dtype) {
  require(a->dtype == dtype, a->name, " is ", type_name(a->dtype), " where ", type_name(dtype),
          " is expected; convert it");
}

std::int64_t elements(const vicinal_array* a) {
  std::int64_t n = 1;
  for (std::int32_t i = 0; i < a->ndim; ++i)
    require(!__builtin_mul_overflow(n, a->shape[i], &n), a->name, " of shape ", Dims(a), " is too large");
  check_size("n", n);
  return n;
}

void* Arrays::check(const char* needed, const vicinal_array* a, std::int32_t dtype, const Dims& shape, bool output) {
  if (needed == nullptr && !given(a)) return nullptr;
  check_form(needed, a);
  check_type(a, dtype);
  require(a->ndim == shape.count && std::equal(shape.sizes, shape.sizes + shape.count, a->shape), a->name,
          " has shape ", Dims(a), " where ", shape, " is expected");
  std::int64_t size = dtype == VICINAL_F32 ? 4 : 8, room;
  for (std::int32_t i = 0; i < a->ndim; ++i) {
    require(a->shape[i] >= 0, a->name, " has shape ", Dims(a), "; give sizes of 0 or more");
    require(!__builtin_mul_overflow(size, a->shape[i], &size) && !__builtin_mul_overflow(size, std::int64_t{4}, &room),
            a->name, " of shape ", Dims(a), " is too large");
  }
  const char* begin = static_cast<const char*>(a->data);
  const Noted noted{a->name, begin, begin + size, output};
  if (count_ < kMost) {
    noted_[count_] = noted;
  } else {
    more_.push_back(noted);
  }
  ++count_;
  return a->data;
}

void Arrays::check_apart() const {
  const auto compare = [](const Noted& a, const Noted& b) {
    if (!(a.output || b.output) || a.begin >= b.end || b.begin >= a.end) return;
    fail(VICINAL_INVALID_ARGUMENT, a.output ? a.name : b.name, " overlaps ", a.output ? b.name : a.name,
         "; give it memory of its own");
  };
  if (count_ <= kMost) {
    for (int i = 0; i < count_; ++i)
      for (int j = 0; j < i; ++j) compare(noted_[i], noted_[j]);
    return;
  }
  // In the order of their addresses an array meets first the one before it that reaches furthest: had that one hidden
  // another, the two would have met.
  std::vector<Noted> all(noted_, noted_ + kMost);
  all.insert(all.end(), more_.begin(), more_.end());
  std::sort(all.begin(), all.end(), [](const Noted& a, const Noted& b) { return a.begin < b.begin; });
  const Noted* furthest = nullptr;
  for (const Noted& next : all) {
    if (next.begin == next.end) continue;
    if (furthest != nullptr) compare(next, *furthest);
    if (furthest == nullptr || next.end > furthest->end) furthest = &next;
  }
}

}  // namespace vicinal::capi
