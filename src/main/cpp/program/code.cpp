#include "program/code.hpp"

#include <algorithm>
#include <iterator>

#include "program/choose.hpp"

namespace vicinal::program {
namespace {

// Whether a, b, c are registers.
bool registers(MapOp op) {
  return op < MapOp::load || op == MapOp::jump || op == MapOp::result;
}

}  // namespace

int Code::put(MapOp op, int a, int b, int c, double value) {
  list.push_back({op, a, b, c, value});
  return static_cast<int>(list.size()) - 1;
}

int Code::put_operand(const Operand& o) {
  if (k.operands == kMostOperands) {
    full = true;
    return 0;
  }
  k.operand[k.operands] = o;
  return k.operands++;
}

void Code::put_result(const Result& r, int value, int where) {
  if (k.results == kMostResults) {
    full = true;
    return;
  }
  const Virtual v{MapOp::result, value, where, -1, static_cast<double>(k.results)};
  k.result[k.results] = r;
  k.result[k.results++].where = where >= 0;
  (r.reduction == Reduction::none ? kept_ : list).push_back(v);
}

bool Code::finish() {
  list.insert(list.end(), kept_.begin(), kept_.end());
  if (full) return false;
  std::set<int> skips;
  bool first = true;
  for (const Virtual& v : list) {
    if (v.op != MapOp::result) continue;
    const std::set<int> of = skips_of(v);
    if (first) skips = of;
    first = false;
    for (auto s = skips.begin(); s != skips.end();) s = of.count(*s) > 0 ? std::next(s) : skips.erase(s);
  }
  put_jumps();
  if (!assign()) return false;
  for (int s : skips)
    if (k.skips < kMostSkips) k.skip[k.skips++] = static_cast<std::uint8_t>(s);
  return true;
}

std::set<int> Code::skips_of(const Virtual& result) const {
  std::set<int> seen, skips;
  const Reduction reduction = k.result[static_cast<int>(result.k)].reduction;
  if (reduction == Reduction::none) return {};
  if (result.b >= 0 && list[static_cast<std::size_t>(result.b)].op == MapOp::load)
    skips.insert(list[static_cast<std::size_t>(result.b)].a);
  if (reduction == Reduction::sum) find_skips(result.a, seen, skips);
  return skips;
}

bool Code::is_zero(int r) const {
  const Virtual& v = list[static_cast<std::size_t>(r)];
  return v.op == MapOp::constant && v.k == 0;
}

void Code::find_skips(int r, std::set<int>& seen, std::set<int>& skips) const {
  if (!seen.insert(r).second) return;
  const Virtual& v = list[static_cast<std::size_t>(r)];
  switch (v.op) {
    case MapOp::select:
      if (is_zero(v.c)) {
        const Virtual& mask = list[static_cast<std::size_t>(v.a)];
        if (mask.op == MapOp::load) skips.insert(mask.a);
        find_skips(v.b, seen, skips);
      }
      break;
    case MapOp::mul:
      find_skips(v.a, seen, skips);
      find_skips(v.b, seen, skips);
      break;
    case MapOp::neg:
      find_skips(v.a, seen, skips);
      break;
    case MapOp::div:
      find_skips(v.a, seen, skips);
      break;
    default:
      break;
  }
}

void Code::put_jumps() {
  const int length = static_cast<int>(list.size());
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  std::vector<std::vector<std::pair<int, int>>> users(list.size());  // who reads it, as which operand
  for (int i = 0; i < length; ++i) {
    const Virtual& v = list[at(i)];
    if (!registers(v.op)) continue;
    const int operands[3] = {v.a, v.b, v.c};
    for (int o = 0; o < 3; ++o)
      if (operands[o] >= 0) users[at(operands[o])].emplace_back(i, o);
  }
  std::vector<int> goal_of(list.size(), -1), inside(list.size(), 0);
  std::vector<std::vector<int>> together(list.size());  // results with one mask, by the first
  for (int r = length; r-- > 0;) {
    const Virtual& v = list[at(r)];
    const bool selects = v.op == MapOp::select && is_zero(v.c), counts = v.op == MapOp::result && v.b >= 0;
    if ((!selects && !counts) || goal_of[at(r)] >= 0) continue;
    std::vector<int> goals = {r};
    for (int other = 0; counts && other < r; ++other)
      if (list[at(other)].op == MapOp::result && list[at(other)].b == v.b) goals.push_back(other);
    std::vector<int> branch;
    std::vector<bool> in(list.size(), false);
    int cost = counts ? kCheap - 2 : 0;  // a result costs something itself
    for (int i = selects ? v.b : r - 1; i >= 0; --i) {
      bool only = !users[at(i)].empty();
      for (const auto& u : users[at(i)]) {
        const bool by_goal = std::find(goals.begin(), goals.end(), u.first) != goals.end();
        only = only && (by_goal ? u.second == (selects ? 1 : 0) : in[at(u.first)]);
      }
      if (!only || goal_of[at(i)] >= 0) continue;
      in[at(i)] = true;
      branch.push_back(i);
      cost += cost_of(list[at(i)].op);
    }
    if (cost <= kCheap) continue;
    for (int i : branch) goal_of[at(i)] = r;
    inside[at(r)] = static_cast<int>(branch.size());
    for (const int other : goals)
      if (other != r) goal_of[at(other)] = r, together[at(r)].push_back(other);
  }
  std::vector<Virtual> ordered;
  std::vector<int> place(list.size());
  const auto move = [&](int i) {
    place[at(i)] = static_cast<int>(ordered.size());
    ordered.push_back(list[at(i)]);
  };
  for (int i = 0; i < length; ++i) {
    if (goal_of[at(i)] >= 0) continue;
    if (inside[at(i)] > 0) {
      const int mask = list[at(i)].op == MapOp::select ? list[at(i)].a : list[at(i)].b;
      ordered.push_back({MapOp::jump, mask, -1, -1, static_cast<double>(inside[at(i)])});
      for (int j = 0; j < i; ++j)
        if (goal_of[at(j)] == i && list[at(j)].op != MapOp::result) move(j);
      for (const int other : together[at(i)]) move(other);
    }
    move(i);
  }
  for (Virtual& v : ordered)
    if (registers(v.op))
      for (int* r : {&v.a, &v.b, &v.c})
        if (*r >= 0) *r = place[at(*r)];
  list = std::move(ordered);
}

bool Code::assign() {
  const int length = static_cast<int>(list.size());
  if (length > kMostCode) return false;
  std::vector<int> last(static_cast<std::size_t>(length), -1), reg(static_cast<std::size_t>(length), -1);
  for (int i = 0; i < length; ++i) {
    const auto& v = list[static_cast<std::size_t>(i)];
    if (!registers(v.op)) continue;
    for (int r : {v.a, v.b, v.c})
      if (r >= 0) last[static_cast<std::size_t>(r)] = i;
  }
  // What a jump's instructions read is there until their end: they may run several times, for parts of a tile.
  for (int i = 0; i < length; ++i) {
    const auto& v = list[static_cast<std::size_t>(i)];
    const int end = i + 1 + static_cast<int>(v.k);
    for (int r = 0; v.op == MapOp::jump && r < i; ++r) {
      int& at = last[static_cast<std::size_t>(r)];
      if (at > i && at < end) at = end;
    }
  }
  std::vector<std::vector<int>> ends(static_cast<std::size_t>(length));
  for (int r = 0; r < length; ++r)
    if (last[static_cast<std::size_t>(r)] >= 0)
      ends[static_cast<std::size_t>(last[static_cast<std::size_t>(r)])].push_back(r);
  std::vector<int> free;
  for (int r = kMostRegisters; r-- > 0;) free.push_back(r);
  for (int i = 0; i < length; ++i) {
    const auto& v = list[static_cast<std::size_t>(i)];
    Instruction in{v.op, 0, 0, 0, 0, v.k};
    if (registers(v.op)) {
      const int from[3] = {v.a, v.b, v.c};
      std::uint8_t* const to[3] = {&in.a, &in.b, &in.c};
      for (int o = 0; o < 3; ++o)
        if (from[o] >= 0) *to[o] = static_cast<std::uint8_t>(reg[static_cast<std::size_t>(from[o])]);
    } else if (v.op != MapOp::constant) {
      in.a = static_cast<std::uint8_t>(v.a);
      in.b = static_cast<std::uint8_t>(std::max(v.b, 0));
      in.c = static_cast<std::uint8_t>(std::max(v.c, 0));
    }
    for (const int r : ends[static_cast<std::size_t>(i)]) free.push_back(reg[static_cast<std::size_t>(r)]);
    if (v.op == MapOp::jump || v.op == MapOp::result) {
      if (v.op == MapOp::result) in.to = static_cast<std::uint8_t>(v.k);
      k.code[i] = in;
      continue;
    }
    if (free.empty()) return false;
    in.to = static_cast<std::uint8_t>(free.back());
    reg[static_cast<std::size_t>(i)] = free.back();
    free.pop_back();
    k.code[i] = in;
  }
  k.length = length;
  return true;
}

}  // namespace vicinal::program
