// The code of one fused kernel while it is written.
#ifndef VICINAL_PROGRAM_CODE_HPP_
#define VICINAL_PROGRAM_CODE_HPP_

#include <map>
#include <set>

#include "program/program.hpp"

namespace vicinal::program {

struct Code {
  struct Virtual {
    MapOp op;
    int a, b, c;  // positions in the list, or the machine's operands
    double k;
  };

  Kernel k;
  Shape grid;
  std::map<int, int> values;  // node to its position in the list
  std::vector<Virtual> list;
  std::vector<int> inlined;  // nodes that are computed here
  bool full = false;         // more than a kernel holds

  int put(MapOp op, int a, int b, int c, double value);
  int put_operand(const Operand& o);
  // Instructions and registers of the machine. False if the kernel's limits are too narrow.
  bool finish(int result, int where);

 private:
  bool is_zero(int r) const;
  // Operands whose zeros leave nothing of the value r: masks in front of which it is selected.
  void find_skips(int r, std::set<int>& seen, std::set<int>& skips) const;
  // What is computed only to be selected by a mask, else 0, moves in front of the select, with a jump over both for
  // where the mask is 0. What tells `where` stays in front.
  void put_jumps(int& result, int& where);
  // Registers of the machine for the list's values: free again after their last reader. False: there are too few.
  bool assign(int result, int where);
};

// A kernel's simplest form: no axes of size 1, neighbours joined where every operand allows it, kept axes outside
// reduced ones.
void simplify(Kernel& k);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_CODE_HPP_
