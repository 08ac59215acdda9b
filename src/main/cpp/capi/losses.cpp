// The C ABI's losses: what there is, and a caller's loss checked.
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "capi/checks.hpp"
#include "math/losses.hpp"

namespace vicinal::capi {
namespace {

struct LossParameter : vicinal_loss_parameter {
  void (*set)(LossSpec& spec, double value);
};

struct ListedLoss {
  LossKind kind;
  const char* name;
  std::vector<LossParameter> parameters;
};

const std::vector<ListedLoss>& losses() {
#define VICINAL_PARAMETER(member, ...)                                                                           \
  LossParameter {                                                                                                \
    {__VA_ARGS__}, [](LossSpec& spec, double value) { spec.member = static_cast<decltype(spec.member)>(value); } \
  }
#define VICINAL_NUMBER(name, member, standard, least, most) \
  VICINAL_PARAMETER(member, name, nullptr, 0, standard, least, most)
#define VICINAL_WHOLE(name, member, standard, least, most) \
  VICINAL_PARAMETER(member, name, nullptr, 1, standard, least, most)
#define VICINAL_CHOICE(name, member, choices) VICINAL_PARAMETER(member, name, choices, 1, 0, 0, 1)
#define VICINAL_LOSS(ID, name, visit, decomposes, softmax, soft_labels, distances, ...) \
  {LossKind::ID, name, {__VA_ARGS__}},
  static const std::vector<ListedLoss> list = {
#include "math/losses.def"
  };
#undef VICINAL_PARAMETER
  return list;
}

// Null: there is none of that name.
template <class Entry>
const Entry* find(const std::vector<Entry>& list, const char* name) {
  for (const Entry& entry : list)
    if (std::strcmp(entry.name, name) == 0) return &entry;
  return nullptr;
}

template <class Entry>
std::string names(const std::vector<Entry>& list) {
  std::string all;
  for (const Entry& entry : list) all.append(all.empty() ? "" : ", ").append(entry.name);
  return all;
}

// Null: there is none at that position.
template <class Entry>
const Entry* at(const std::vector<Entry>& list, std::int32_t position) {
  const auto i = static_cast<std::size_t>(position);
  return i < list.size() ? &list[i] : nullptr;
}

std::string range(const LossParameter& p) {
  if (p.choices != nullptr) return sentence("0 or 1 (", p.choices, ")");
  return sentence(p.whole != 0 ? "a whole number " : "", "in ", p.least, "..", p.most);
}

LossSpec with_defaults(const ListedLoss& loss) {
  LossSpec spec;
  spec.kind = loss.kind;
  for (const LossParameter& p : loss.parameters) p.set(spec, p.standard);
  return spec;
}

// The losses that have a trait: with their defaults, or with one parameter that gives it to them.
std::string losses_with(bool math::Traits::*trait) {
  std::string all;
  const auto has = [&](const LossSpec& spec) { return math::traits_of(spec).*trait; };
  const auto add = [&](const std::string& name) { all.append(all.empty() ? "" : ", ").append(name); };
  for (const ListedLoss& loss : losses()) {
    if (has(with_defaults(loss))) {
      add(loss.name);
      continue;
    }
    for (const LossParameter& p : loss.parameters) {
      LossSpec spec = with_defaults(loss);
      p.set(spec, p.choices != nullptr ? 1 : p.least);
      if (!has(spec)) continue;
      const std::string value = p.choices != nullptr ? std::strstr(p.choices, ", ") + 2 : sentence(p.least);
      add(sentence(loss.name, " with ", p.name, " ", value));
      break;
    }
  }
  return all;
}

}  // namespace

// Every call of a loss comes through here, and a small one takes microseconds: sentences are made for refusals only.
LossSpec read_loss(const vicinal_loss* spec) {
  check_pointer("spec", spec);
  require(spec->struct_size == sizeof(vicinal_loss), "spec.struct_size is ", spec->struct_size,
          "; this library expects ", sizeof(vicinal_loss));
  check_pointer("spec.name", spec->name);
  const ListedLoss* loss = find(losses(), spec->name);
  if (loss == nullptr) fail(VICINAL_INVALID_ARGUMENT, "'", spec->name, "' is no loss; choose ", names(losses()));
  LossSpec out = with_defaults(*loss);
  require(spec->count >= 0, "spec.count is ", spec->count, "; it must be at least 0");
  require(spec->count == 0 || (spec->names != nullptr && spec->values != nullptr),
          "spec.names or spec.values is null; spec.count is ", spec->count);
  std::uint64_t given = 0;  // a bit each
  for (std::int32_t i = 0; i < spec->count; ++i) {
    require(spec->names[i] != nullptr, "spec.names[", i, "] is null");
    const LossParameter* p = find(loss->parameters, spec->names[i]);
    if (p == nullptr)
      fail(VICINAL_INVALID_ARGUMENT, loss->name, ": unknown parameter '", spec->names[i], "'; it has ",
           names(loss->parameters));
    const std::uint64_t bit = std::uint64_t{1} << (p - loss->parameters.data());
    require((given & bit) == 0, loss->name, ": ", p->name, " is given twice");
    given |= bit;
    const double value = spec->values[i];
    const bool inside = value >= p->least && value <= p->most && (p->whole == 0 || value == std::floor(value));
    if (!inside) fail(VICINAL_INVALID_ARGUMENT, loss->name, ": ", p->name, " is ", value, "; it must be ", range(*p));
    p->set(out, value);
  }
  return out;
}

void check_trait(const LossSpec& spec, bool math::Traits::*trait, const char* argument, const char* lack,
                 const char* remedy) {
  if (math::traits_of(spec).*trait) return;
  const ListedLoss& loss = losses()[static_cast<std::size_t>(spec.kind)];
  const char* const so = math::traits_of(with_defaults(loss)).*trait ? " with these parameters " : " ";
  fail(VICINAL_INVALID_ARGUMENT, argument, ": ", loss.name, so, lack, "; ", remedy, " ", losses_with(trait));
}

}  // namespace vicinal::capi

using namespace vicinal::capi;

extern "C" {

const char* vicinal_loss_name(int32_t loss) {
  const ListedLoss* listed = at(losses(), loss);
  return listed == nullptr ? nullptr : listed->name;
}

const vicinal_loss_parameter* vicinal_loss_parameter_at(int32_t loss, int32_t position) {
  const ListedLoss* listed = at(losses(), loss);
  return listed == nullptr ? nullptr : at(listed->parameters, position);
}

vicinal_status vicinal_loss_traits(const vicinal_loss* spec, int32_t* traits) {
  return vicinal::guard([&] {
    check_pointer("traits", traits);
    const vicinal::math::Traits t = vicinal::math::traits_of(read_loss(spec));
    *traits = (t.decomposes ? VICINAL_DECOMPOSES : 0) | (t.softmax ? VICINAL_SOFTMAX : 0) |
              (t.soft_labels ? VICINAL_SOFT_LABELS : 0);
  });
}

}  // extern "C"
