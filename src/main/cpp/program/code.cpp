#include "program/code.hpp"

#include <algorithm>

#include "program/choose.hpp"

namespace vicinal::program {
namespace {

// Whether a, b, c are registers.
bool registers(MapOp op) {
  return op < MapOp::load || op == MapOp::jump;
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

bool Code::finish(int result, int where) {
  if (full) return false;
  std::set<int> seen, skips;
  if (where >= 0 && list[static_cast<std::size_t>(where)].op == MapOp::load)
    skips.insert(list[static_cast<std::size_t>(where)].a);
  if (k.reduction == Reduction::sum) find_skips(result, seen, skips);
  put_jumps(result, where);
  if (!assign(result, where)) return false;
  for (int s : skips)
    if (k.skips < kMostSkips) k.skip[k.skips++] = static_cast<std::uint8_t>(s);
  return true;
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

void Code::put_jumps(int& result, int& where) {
  const int length = static_cast<int>(list.size());
  std::vector<std::vector<std::pair<int, int>>> users(list.size());  // who reads it, as which operand
  for (int i = 0; i < length; ++i) {
    const Virtual& v = list[static_cast<std::size_t>(i)];
    if (!registers(v.op)) continue;
    const int operands[3] = {v.a, v.b, v.c};
    for (int o = 0; o < 3; ++o)
      if (operands[o] >= 0) users[static_cast<std::size_t>(operands[o])].emplace_back(i, o);
  }
  for (int r : {result, where})
    if (r >= 0) users[static_cast<std::size_t>(r)].emplace_back(length, 0);
  std::vector<int> select_of(list.size(), -1), inside(list.size(), 0);
  for (int r = length; r-- > k.masks;) {
    const Virtual& v = list[static_cast<std::size_t>(r)];
    if (v.op != MapOp::select || !is_zero(v.c) || select_of[static_cast<std::size_t>(r)] >= 0) continue;
    std::vector<int> branch;
    std::vector<bool> in(list.size(), false);
    int cost = 0;
    for (int i = v.b; i >= k.masks; --i) {
      bool only = true;
      for (const auto& u : users[static_cast<std::size_t>(i)])
        only = only && (u.first == r ? u.second == 1 : u.first < length && in[static_cast<std::size_t>(u.first)]);
      if (!only || select_of[static_cast<std::size_t>(i)] >= 0) continue;
      in[static_cast<std::size_t>(i)] = true;
      branch.push_back(i);
      cost += cost_of(list[static_cast<std::size_t>(i)].op);
    }
    if (cost <= kCheap) continue;
    for (int i : branch) select_of[static_cast<std::size_t>(i)] = r;
    inside[static_cast<std::size_t>(r)] = static_cast<int>(branch.size());
  }
  std::vector<Virtual> ordered;
  std::vector<int> place(list.size());
  const auto move = [&](int i) {
    place[static_cast<std::size_t>(i)] = static_cast<int>(ordered.size());
    ordered.push_back(list[static_cast<std::size_t>(i)]);
  };
  for (int i = 0; i < length; ++i) {
    if (select_of[static_cast<std::size_t>(i)] >= 0) continue;
    if (inside[static_cast<std::size_t>(i)] > 0) {
      const double over = inside[static_cast<std::size_t>(i)];
      ordered.push_back({MapOp::jump, list[static_cast<std::size_t>(i)].a, -1, -1, over});
      for (int j = 0; j < i; ++j)
        if (select_of[static_cast<std::size_t>(j)] == i) move(j);
    }
    move(i);
  }
  for (Virtual& v : ordered)
    if (registers(v.op))
      for (int* r : {&v.a, &v.b, &v.c})
        if (*r >= 0) *r = place[static_cast<std::size_t>(*r)];
  for (int* r : {&result, &where})
    if (*r >= 0) *r = place[static_cast<std::size_t>(*r)];
  list = std::move(ordered);
}

bool Code::assign(int result, int where) {
  const int length = static_cast<int>(list.size());
  if (length > kMostCode) return false;
  std::vector<int> last(static_cast<std::size_t>(length), -1), reg(static_cast<std::size_t>(length), -1);
  for (int i = 0; i < length; ++i) {
    const auto& v = list[static_cast<std::size_t>(i)];
    if (!registers(v.op)) continue;
    for (int r : {v.a, v.b, v.c})
      if (r >= 0) last[static_cast<std::size_t>(r)] = i;
  }
  for (int r : {result, where})
    if (r >= 0) last[static_cast<std::size_t>(r)] = length;
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
      std::set<int> once;
      for (int r : from)
        if (r >= 0 && last[static_cast<std::size_t>(r)] == i && once.insert(r).second)
          free.push_back(reg[static_cast<std::size_t>(r)]);
    } else if (v.op != MapOp::constant) {
      in.a = static_cast<std::uint8_t>(v.a);
      in.b = static_cast<std::uint8_t>(std::max(v.b, 0));
    }
    if (v.op == MapOp::jump) {
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
  k.result = static_cast<std::uint8_t>(reg[static_cast<std::size_t>(result)]);
  k.where = static_cast<std::int16_t>(where < 0 ? -1 : reg[static_cast<std::size_t>(where)]);
  return true;
}

}  // namespace vicinal::program
