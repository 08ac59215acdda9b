// The C ABI's losses: what there is, and a caller's loss checked.
#include "capi/losses.hpp"

#include <string>

#include "capi/checks.hpp"

namespace vicinal::capi {

const std::vector<ListedLoss>& losses() {
#define VICINAL_NUMBER(name, member, standard, least, most)                        \
  LossParameter {                                                                  \
    {name, nullptr, 0, standard, least, most}, &LossSpec::member, nullptr, nullptr \
  }
#define VICINAL_WHOLE(name, member, standard, least, most)                         \
  LossParameter {                                                                  \
    {name, nullptr, 1, standard, least, most}, nullptr, &LossSpec::member, nullptr \
  }
#define VICINAL_CHOICE(name, member, choices)                        \
  LossParameter {                                                    \
    {name, choices, 0, 0, 0, 1}, nullptr, nullptr, &LossSpec::member \
  }
#define VICINAL_LOSS(ID, kind, name, visit, decomposes, softmax, soft_labels, distances, ...) \
  {VICINAL_##ID, name, {__VA_ARGS__}},
  static const std::vector<ListedLoss> list = {
#include "math/losses.def"
  };
#undef VICINAL_NUMBER
#undef VICINAL_WHOLE
#undef VICINAL_CHOICE
  return list;
}

#define VICINAL_LOSS(ID, kind, ...) static_assert(VICINAL_##ID == (kind));
#include "math/losses.def"

namespace {

// Null: there is none.
const ListedLoss* find(std::int32_t kind) {
  for (const ListedLoss& loss : losses())
    if (loss.kind == kind) return &loss;
  return nullptr;
}

// Fields of vicinal_loss.
struct Field {
  const char* name;
  double vicinal_loss::*from;
  double LossSpec::*to;
};
constexpr Field kFields[] = {{"scale", &vicinal_loss::scale, &LossSpec::scale},
                             {"margin", &vicinal_loss::margin, &LossSpec::margin},
                             {"gamma", &vicinal_loss::gamma, &LossSpec::gamma},
                             {"tau", &vicinal_loss::tau, &LossSpec::tau}};
struct Flag {
  int bit;
  bool LossSpec::*to;
};
constexpr Flag kFlags[] = {{VICINAL_EXCLUDE_POSITIVE, &LossSpec::exclude_positive},
                           {VICINAL_PER_SAMPLE_AXIS, &LossSpec::per_sample},
                           {VICINAL_REPEAT_LABELS, &LossSpec::repeat_labels},
                           {VICINAL_EUCLIDEAN, &LossSpec::euclidean},
                           {VICINAL_DETACH_PROXIES, &LossSpec::detach_proxies}};

}  // namespace

LossSpec read_loss(const vicinal_loss* spec) {
  check_pointer("spec", spec);
  require(spec->struct_size == sizeof(vicinal_loss), "spec.struct_size is ", spec->struct_size,
          "; this library expects ", sizeof(vicinal_loss));
  const ListedLoss* loss = find(spec->kind);
  require(loss != nullptr, "spec.kind is ", spec->kind, "; the kinds are 1..", losses().size());
  LossSpec out;
  out.kind = spec->kind;
  int allowed = 0;
  std::int32_t most_centers = 1;
  for (const LossParameter& p : loss->parameters) {
    for (const Flag& flag : kFlags) {
      if (p.choice != flag.to) continue;
      allowed |= flag.bit;
      out.*flag.to = (spec->flags & flag.bit) != 0;
    }
    if (p.whole == &LossSpec::centers) most_centers = static_cast<std::int32_t>(p.described.most);
  }
  require((spec->flags & ~allowed) == 0, "spec.flags is ", spec->flags, "; kind ", spec->kind, " knows ", allowed);
  require(spec->centers >= 1 && spec->centers <= most_centers, "spec.centers is ", spec->centers, "; it must be ",
          most_centers > 1 ? "in 1.." : "", most_centers, " for this loss");
  out.centers = spec->centers;
  for (const Field& field : kFields)
    for (const LossParameter& p : loss->parameters) {
      if (p.number != field.to) continue;
      const std::string name = std::string("spec.") + field.name;
      const std::string known =
          field.name == std::string(p.described.name) ? "" : std::string(" (") + p.described.name + ")";
      check_parameter((name + known).c_str(), spec->*field.from, p.described.least, true, p.described.most);
      out.*field.to = spec->*field.from;
    }
  return out;
}

}  // namespace vicinal::capi

extern "C" {

const char* vicinal_loss_name(int32_t kind) {
  const vicinal::capi::ListedLoss* loss = vicinal::capi::find(kind);
  return loss == nullptr ? nullptr : loss->name;
}

const vicinal_loss_parameter* vicinal_loss_parameter_at(int32_t kind, int32_t position) {
  const vicinal::capi::ListedLoss* loss = vicinal::capi::find(kind);
  const auto at = static_cast<std::size_t>(position);
  return loss == nullptr || at >= loss->parameters.size() ? nullptr : &loss->parameters[at].described;
}

vicinal_status vicinal_loss_traits(const vicinal_loss* spec, int32_t* traits) {
  return vicinal::guard([&] {
    vicinal::capi::check_pointer("traits", traits);
    const vicinal::math::Traits t = vicinal::math::traits_of(vicinal::capi::read_loss(spec));
    *traits = (t.decomposes ? VICINAL_DECOMPOSES : 0) | (t.softmax ? VICINAL_SOFTMAX : 0) |
              (t.soft_labels ? VICINAL_SOFT_LABELS : 0);
  });
}

}  // extern "C"
