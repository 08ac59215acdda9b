// The text of a program to its nodes. Ranks and types are static and checked here; sizes are a run's.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <map>
#include <sstream>
#include <unordered_map>

#include "core/error.hpp"
#include "program/program.hpp"

namespace vicinal::program {
namespace {

// What an operation takes: `ints` operands from position `first_int` on are ints; the others real. -1: either.
struct Form {
  Op op;
  MapOp map;
  int least, most;
  const char* attributes;  // the allowed ones, blank-separated
};

const std::unordered_map<std::string, Form>& forms() {
  static const auto* table = new std::unordered_map<std::string, Form>{
#define VICINAL_MAP(name, operands, expression) {#name, {Op::map, MapOp::name, operands, operands, ""}},
#include "program/map.def"
      {"input", {Op::input, MapOp::load, 0, 0, "type rank"}},
      {"constant", {Op::constant, MapOp::load, 0, 0, "value"}},
      {"epsilon", {Op::epsilon, MapOp::load, 0, 0, ""}},
      {"size", {Op::size, MapOp::load, 1, 1, "axis"}},
      {"same", {Op::same, MapOp::same, 2, 2, ""}},
      {"below", {Op::below, MapOp::below, 2, 2, ""}},
      {"real", {Op::real, MapOp::load, 1, 1, ""}},
      {"index", {Op::index, MapOp::load, 1, 1, "axis"}},
      {"uniform", {Op::random, MapOp::uniform, 3, 3, "stream"}},
      {"normal", {Op::random, MapOp::normal, 3, 3, "stream"}},
      {"stop", {Op::stop, MapOp::load, 1, 1, ""}},
      {"flip", {Op::flip, MapOp::load, 1, 1, ""}},
      {"broadcast_like", {Op::broadcast_like, MapOp::load, 2, 2, ""}},
      {"sum_like", {Op::sum_like, MapOp::load, 2, 2, ""}},
      {"expand", {Op::expand, MapOp::load, 1, 1, "axis"}},
      {"drop", {Op::drop, MapOp::load, 1, 1, "axis"}},
      {"sum", {Op::sum, MapOp::load, 1, 2, "axes"}},
      {"max", {Op::max, MapOp::load, 1, 2, "axes empty"}},
      {"argmax", {Op::argmax, MapOp::load, 1, 2, "axis"}},
      {"cumsum", {Op::cumsum, MapOp::load, 1, 1, "axis reverse"}},
      {"matmul", {Op::matmul, MapOp::load, 2, 2, "ta tb"}},
      {"transpose", {Op::transpose, MapOp::load, 1, 1, "axes"}},
      {"gather", {Op::gather, MapOp::load, 2, 2, ""}},
      {"scatter", {Op::scatter, MapOp::load, 3, 3, ""}},
      {"pick", {Op::pick, MapOp::load, 2, 2, "axis"}},
      {"place", {Op::place, MapOp::load, 3, 3, "axis"}},
      {"concat", {Op::concat, MapOp::load, 2, 2, "axis"}},
      {"slice", {Op::slice, MapOp::load, 1, 1, "axis from to"}},
      {"slice_like", {Op::slice_like, MapOp::load, 2, 2, "axis from"}},
      {"pad", {Op::pad, MapOp::load, 2, 2, "axis from"}},
      {"proxy_loss", {Op::loss, MapOp::load, 3, 3, "loss"}},
      {"proxy_gradient", {Op::loss_gradient, MapOp::load, 3, 3, "loss proxies"}},
      {"proxy_product", {Op::loss_product, MapOp::load, 5, 5, "loss proxies"}},
      {"join", {Op::join, MapOp::load, 1, 1, "axis"}},
      {"split", {Op::split, MapOp::load, 2, 2, "axis"}},
      {"conv", {Op::conv, MapOp::load, 2, 2, "stride padding dilation groups"}},
      {"conv_data", {Op::conv_data, MapOp::load, 3, 3, "stride padding dilation groups"}},
      {"conv_weight", {Op::conv_weight, MapOp::load, 3, 3, "stride padding dilation groups"}},
      {"pool_argmax", {Op::pool_argmax, MapOp::load, 1, 1, "window stride padding dilation ceil"}},
      {"pool_sum", {Op::pool_sum, MapOp::load, 1, 1, "window stride padding dilation ceil"}},
      {"pool_spread", {Op::pool_spread, MapOp::load, 2, 2, "window stride padding dilation ceil"}},
  };
  return *table;
}

// The attribute of an element-wise operation that has one: the k of program/map.def.
const char* attribute_of(MapOp map) {
  switch (map) {
    case MapOp::power:
      return "exponent";
    case MapOp::log_bessel:
    case MapOp::bessel_ratio:
    case MapOp::bessel_slope:
      return "order";
    default:
      return "";
  }
}

// One line at a time, with what its sentences start with.
class Reader {
 public:
  Reader(const char* text, ReadLoss of_losses) : text_(text), read_loss_(of_losses) {}

  Program read() {
    std::istringstream lines(text_);
    std::string line;
    while (std::getline(lines, line)) {
      ++number_;
      site_.clear();
      if (const std::size_t hash = line.find('#'); hash != std::string::npos) {
        const std::size_t from = line.find_first_not_of(" #", hash);
        if (from != std::string::npos) site_ = line.substr(from);
        line.resize(hash);
      }
      std::istringstream tokens(line);
      std::vector<std::string> words;
      for (std::string word; tokens >> word;) words.push_back(word);
      if (words.empty()) continue;
      if (words[0] == "output" && (words.size() < 2 || words[1] != "=")) {
        check(words.size() == 3, "an output is 'output NAME VALUE'");
        program_.outputs.emplace_back(words[1], find(words[2]));
      } else {
        check(words.size() >= 3 && words[1] == "=", "a line is 'NAME = OPERATION ...' or 'output NAME VALUE'");
        node(words);
      }
    }
    ++number_;
    check(!program_.outputs.empty(), "there is no output");
    return std::move(program_);
  }

 private:
  template <class... Parts>
  void check(bool right, const Parts&... parts) const {
    if (!right) fail(VICINAL_INVALID_ARGUMENT, site_.empty() ? "" : site_ + ": ", "line ", number_, ": ", parts...);
  }

  int find(const std::string& name) const {
    const auto at = names_.find(name);
    check(at != names_.end(), "'", name, "' has no line above");
    return at->second;
  }

  void node(const std::vector<std::string>& words) {
    const auto form = forms().find(words[2]);
    check(form != forms().end(), "there is no operation '", words[2], "'");
    const Form& f = form->second;
    check(names_.count(words[0]) == 0, "'", words[0], "' is there already");
    Node n{};
    n.op = f.op;
    n.map = f.map;
    n.name = words[0];
    n.operation = words[2];
    n.site = site_;
    attributes_.clear();
    for (std::size_t i = 3; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      if (equals == std::string::npos) {
        n.operands.push_back(find(words[i]));
        continue;
      }
      const std::string key = words[i].substr(0, equals);
      std::istringstream allowed(f.op == Op::map ? attribute_of(f.map) : f.attributes);
      bool known = false;
      for (std::string a; allowed >> a;) known = known || a == key;
      check(known, n.operation, " has no attribute '", key, "'");
      attributes_[key] = words[i].substr(equals + 1);
    }
    const int operands = static_cast<int>(n.operands.size());
    check(operands >= f.least && operands <= f.most, n.operation, " takes ", f.least,
          f.most > f.least ? " or " + std::to_string(f.most) : std::string(), " operands, not ", operands);
    infer_rank(n);
    check(n.rank >= 0 && n.rank <= kMostRank, n.operation, " has rank ", n.rank, "; it must be in 0..", kMostRank);
    names_[n.name] = static_cast<int>(program_.nodes.size());
    if (n.op == Op::input) program_.inputs.push_back(static_cast<int>(program_.nodes.size()));
    program_.nodes.push_back(std::move(n));
  }

  const Node& operand(const Node& n, int i) const {
    return program_.nodes[static_cast<std::size_t>(n.operands[static_cast<std::size_t>(i)])];
  }
  void want_real(const Node& n, int i) const {
    check(!operand(n, i).integer, n.operation, ": ", operand(n, i).name, " is int where a real is expected");
  }
  void want_int(const Node& n, int i) const {
    check(operand(n, i).integer, n.operation, ": ", operand(n, i).name, " is real where an int is expected");
  }
  void want_rank(const Node& n, int i, int rank) const {
    check(operand(n, i).rank == rank, n.operation, ": ", operand(n, i).name, " has rank ", operand(n, i).rank,
          " where ", rank, " is expected");
  }

  const std::string* attribute(const char* key) const {
    const auto at = attributes_.find(key);
    return at == attributes_.end() ? nullptr : &at->second;
  }
  double number(const Node& n, const char* key, const double* standard) const {
    const std::string* text = attribute(key);
    check(text != nullptr || standard != nullptr, n.operation, " needs ", key, "=");
    return text == nullptr ? *standard : finite(key, *text);
  }
  double finite(const std::string& key, const std::string& text) const {
    double value = 0;
    const char *begin = text.c_str(), *end = begin + text.size();
    const auto read = std::from_chars(begin, end, value);  // the same in every locale, which Java sets to the user's
    check(read.ec == std::errc() && read.ptr == end && std::isfinite(value), key, "=", text, " is no finite number");
    return value;
  }
  std::int64_t whole(const Node& n, const char* key, const double* standard) const {
    const double value = number(n, key, standard);
    check(value == std::floor(value) && std::abs(value) < 1e15, key, "=", value, " is no whole number");
    return static_cast<std::int64_t>(value);
  }
  // A whole number, or end.
  std::int64_t position(const Node& n, const char* key) const {
    const std::string* text = attribute(key);
    return text != nullptr && *text == "end" ? kEnd : whole(n, key, nullptr);
  }
  bool flag(const Node& n, const char* key) const {
    const double no = 0;
    const std::int64_t value = whole(n, key, &no);
    check(value == 0 || value == 1, key, "=", value, "; it must be 0 or 1");
    return value == 1;
  }
  int axis_of(const Node& n, int rank) const {
    const std::int64_t axis = whole(n, "axis", nullptr);
    check(axis >= 0 && axis < rank, n.operation, ": axis=", axis, " of rank ", rank);
    return static_cast<int>(axis);
  }
  void read_axes(Node& n, int rank) const {
    const std::string* text = attribute("axes");
    check(text != nullptr, n.operation, " needs axes=");
    if (*text == "all") {
      n.all = true;
      return;
    }
    std::istringstream list(*text);
    for (std::string word; std::getline(list, word, ',');) {
      check(word.size() == 1 && word[0] >= '0' && word[0] < '0' + rank, n.operation, ": axes=", *text, " of rank ",
            rank);
      const int axis = word[0] - '0';
      check(std::find(n.axes.begin(), n.axes.end(), axis) == n.axes.end(), n.operation, ": axes=", *text, " repeats ",
            axis);
      n.axes.push_back(axis);
    }
    check(!n.axes.empty(), n.operation, " needs axes=");
  }
  // So many whole numbers between commas.
  void numbers(const char* key, std::int64_t least, std::initializer_list<std::int64_t*> to) const {
    constexpr std::int64_t kMost = 1 << 20;
    const std::string* text = attribute(key);
    const char *at = text == nullptr ? nullptr : text->data(), *end = text == nullptr ? nullptr : at + text->size();
    bool right = text != nullptr;
    for (std::int64_t* const number : to) {
      right = right && (number == *to.begin() || (at != end && *at++ == ','));
      if (!right) break;
      const auto read = std::from_chars(at, end, *number);
      right = read.ec == std::errc() && *number >= least && *number <= kMost;
      at = read.ptr;
    }
    check(right && at == end, key, "=", text == nullptr ? "" : *text, "; it must be ", to.size(),
          to.size() == 1 ? " whole number in " : " whole numbers between commas in ", least, "..", kMost);
  }
  void read_slide(Node& n, bool pool) const {
    Slide& s = n.slide;
    if (pool) numbers("window", 1, {&s.window[0], &s.window[1]});
    numbers("stride", 1, {&s.stride[0], &s.stride[1]});
    numbers("padding", 0, {&s.before[0], &s.before[1], &s.after[0], &s.after[1]});
    numbers("dilation", 1, {&s.dilation[0], &s.dilation[1]});
    if (!pool) numbers("groups", 1, {&s.groups});
    s.ceil = pool && flag(n, "ceil");
  }
  // Operands of an element-wise operation: one rank, or rank 0.
  void broadcast_rank(Node& n) const {
    for (int i = 0; i < static_cast<int>(n.operands.size()); ++i) {
      const int rank = operand(n, i).rank;
      check(rank == 0 || n.rank == 0 || rank == n.rank, n.operation, " of ranks ", n.rank, " and ", rank,
            "; they must be equal, or 0");
      n.rank = std::max(n.rank, rank);
    }
  }
  // NAME,PARAMETER=VALUE,...
  void read_loss(Node& n) const {
    const std::string* text = attribute("loss");
    check(text != nullptr, n.operation, " needs loss=");
    n.loss_text = *text;
    std::istringstream parts(*text);
    std::string name;
    std::getline(parts, name, ',');
    std::vector<std::string> parameters;
    std::vector<double> values;
    for (std::string part; std::getline(parts, part, ',');) {
      const std::size_t equals = part.find('=');
      check(equals != std::string::npos, n.operation, ": loss=", *text, " is not NAME,PARAMETER=VALUE,...");
      parameters.push_back(part.substr(0, equals));
      values.push_back(finite(parameters.back(), part.substr(equals + 1)));
    }
    std::vector<const char*> names;
    for (const std::string& one : parameters) names.push_back(one.c_str());
    const vicinal_loss spec{sizeof(vicinal_loss), name.c_str(), static_cast<std::int32_t>(names.size()), names.data(),
                            values.data()};
    try {
      n.loss = read_loss_(&spec);
    } catch (const Error& e) {
      check(false, n.operation, ": ", e.what());
    }
  }
  void where(Node& n) const {
    want_real(n, 0);
    if (n.operands.size() < 2) return;
    want_real(n, 1);
    check(operand(n, 1).rank == 0 || operand(n, 1).rank == operand(n, 0).rank, n.operation, " of rank ",
          operand(n, 0).rank, " where ", operand(n, 1).name, " of rank ", operand(n, 1).rank, "; they must be equal");
  }

  void infer_rank(Node& n) const {
    switch (n.op) {
      case Op::input: {
        const std::string* type = attribute("type");
        check(type != nullptr && (*type == "real" || *type == "int"), "an input has type=real or type=int");
        n.integer = *type == "int";
        const std::int64_t rank = whole(n, "rank", nullptr);
        check(rank >= 0 && rank <= kMostRank, n.operation, " has rank ", rank, "; it must be in 0..", kMostRank);
        n.rank = static_cast<int>(rank);
        return;
      }
      case Op::constant:
        n.value = number(n, "value", nullptr);
        return;
      case Op::epsilon:
        return;
      case Op::size: {
        const std::string* axis = attribute("axis");
        n.all = axis != nullptr && *axis == "all";
        if (!n.all) n.axis = axis_of(n, operand(n, 0).rank);
        return;
      }
      case Op::map:
        for (int i = 0; i < static_cast<int>(n.operands.size()); ++i) want_real(n, i);
        if (const char* const name = attribute_of(n.map); *name != 0) {
          n.value = number(n, name, nullptr);
          check(n.map == MapOp::power || n.value >= 0, n.operation, " of order ", n.value, "; it must be 0 or more");
        }
        broadcast_rank(n);
        return;
      case Op::same:
      case Op::below:
        want_int(n, 0);
        want_int(n, 1);
        broadcast_rank(n);
        check(n.rank > 0, n.operation, " of scalars");
        return;
      case Op::real:
        want_int(n, 0);
        n.rank = operand(n, 0).rank;
        return;
      case Op::index:
        n.rank = operand(n, 0).rank;
        n.axis = axis_of(n, n.rank);
        return;
      case Op::random:
        want_int(n, 0);
        want_rank(n, 0, 0);
        want_int(n, 1);
        n.rank = operand(n, 2).rank;
        if (operand(n, 1).rank != 0) want_rank(n, 1, n.rank);
        n.value = static_cast<double>(whole(n, "stream", nullptr));
        check(n.value >= 0 && n.value < 0x1p32, n.operation, ": stream=", n.value, "; it must be in 0..4294967295");
        return;
      case Op::stop:
      case Op::flip:
        want_real(n, 0);
        n.rank = operand(n, 0).rank;
        return;
      case Op::broadcast_like:
        want_real(n, 0);
        n.rank = operand(n, 1).rank;
        if (operand(n, 0).rank != 0) want_rank(n, 0, n.rank);
        return;
      case Op::sum_like:
        want_real(n, 0);
        n.rank = operand(n, 1).rank;
        if (n.rank != 0) want_rank(n, 0, n.rank);
        return;
      case Op::expand:
        n.integer = operand(n, 0).integer;
        n.rank = operand(n, 0).rank + 1;
        n.axis = axis_of(n, n.rank);
        return;
      case Op::drop:
        n.integer = operand(n, 0).integer;
        n.rank = operand(n, 0).rank - 1;
        n.axis = axis_of(n, n.rank + 1);
        return;
      case Op::sum:
      case Op::max:
        where(n);
        read_axes(n, operand(n, 0).rank);
        n.rank = n.all ? 0 : operand(n, 0).rank;
        if (n.op == Op::max) n.value = number(n, "empty", nullptr);
        return;
      case Op::argmax:
        where(n);
        n.integer = true;
        n.rank = operand(n, 0).rank;
        n.axis = axis_of(n, n.rank);
        return;
      case Op::cumsum:
        want_real(n, 0);
        n.rank = operand(n, 0).rank;
        n.axis = axis_of(n, n.rank);
        n.reverse = flag(n, "reverse");
        return;
      case Op::matmul:
        for (int i = 0; i < 2; ++i) want_real(n, i);
        n.rank = std::max(2, operand(n, 0).rank);
        for (int i = 0; i < 2; ++i) want_rank(n, i, n.rank);
        n.transpose_a = flag(n, "ta");
        n.transpose_b = flag(n, "tb");
        return;
      case Op::transpose:
        want_real(n, 0);
        n.rank = operand(n, 0).rank;
        read_axes(n, n.rank);
        check(!n.all && static_cast<int>(n.axes.size()) == n.rank, "transpose of rank ", n.rank, " needs every axis");
        return;
      case Op::gather:
        want_real(n, 0);
        want_int(n, 1);
        want_rank(n, 1, 1);
        n.rank = operand(n, 0).rank;
        check(n.rank >= 1, "gather of a scalar");
        return;
      case Op::scatter:
        want_real(n, 0);
        want_int(n, 1);
        want_rank(n, 1, 1);
        n.rank = operand(n, 2).rank;
        check(n.rank >= 1, "scatter into a scalar");
        want_rank(n, 0, n.rank);
        return;
      case Op::pick:
      case Op::place:
        want_real(n, 0);
        want_int(n, 1);
        n.rank = operand(n, 0).rank;
        want_rank(n, 1, n.rank);
        if (n.op == Op::place) want_rank(n, 2, n.rank);
        n.axis = axis_of(n, n.rank);
        return;
      case Op::concat:
      case Op::slice_like:
      case Op::pad:
        want_real(n, 0);
        if (n.op == Op::concat) want_real(n, 1);
        n.rank = operand(n, 0).rank;
        want_rank(n, 1, n.rank);
        n.axis = axis_of(n, n.rank);
        if (n.op != Op::concat) n.from = position(n, "from");
        return;
      case Op::slice: {
        want_real(n, 0);
        n.rank = operand(n, 0).rank;
        n.axis = axis_of(n, n.rank);
        const double zero = 0;
        n.from = whole(n, "from", &zero);
        n.to = attribute("to") == nullptr ? kEnd : position(n, "to");
        return;
      }
      case Op::loss:
      case Op::loss_gradient:
      case Op::loss_product:
        for (int i = 0; i < static_cast<int>(n.operands.size()); ++i) {
          i == 1 ? want_int(n, i) : want_real(n, i);
          want_rank(n, i, i == 1 ? 1 : 2);
        }
        read_loss(n);
        if (n.op == Op::loss) return;
        n.rank = 2;
        n.of_proxies = flag(n, "proxies");
        return;
      case Op::join:
        n.integer = operand(n, 0).integer;
        n.rank = operand(n, 0).rank - 1;
        n.axis = axis_of(n, n.rank);
        return;
      case Op::split:
        n.integer = operand(n, 0).integer;
        n.rank = operand(n, 1).rank;
        want_rank(n, 0, n.rank - 1);
        n.axis = axis_of(n, n.rank - 1);
        return;
      case Op::conv:
      case Op::conv_data:
      case Op::conv_weight:
      case Op::pool_argmax:
      case Op::pool_sum:
      case Op::pool_spread: {
        const bool pool = n.op == Op::pool_argmax || n.op == Op::pool_sum || n.op == Op::pool_spread;
        for (int i = 0; i < static_cast<int>(n.operands.size()); ++i) want_real(n, i), want_rank(n, i, 4);
        n.rank = 4;
        n.integer = n.op == Op::pool_argmax;
        read_slide(n, pool);
        return;
      }
    }
  }

  const char* text_;
  ReadLoss read_loss_;
  Program program_;
  std::unordered_map<std::string, int> names_;
  std::map<std::string, std::string> attributes_;
  std::string site_;
  int number_ = 0;
};

}  // namespace

Program parse(const char* text, ReadLoss read_loss) {
  return Reader(text, read_loss).read();
}

}  // namespace vicinal::program
