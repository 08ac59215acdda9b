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

  Kernel k{};
  Shape grid;
  std::map<int, int> values;  // node to its position in the list
  std::vector<Virtual> list;
  std::vector<int> inlined;  // nodes that are computed here
  bool full = false;         // more than a kernel holds

  int put(MapOp op, int a, int b, int c, double value);
  int put_operand(const Operand& o);
  // The value becomes a result, where `where` is not 0; -1: everywhere. Its place is set later.
  void put_result(const Result& r, int value, int where);
  // Instructions and registers of the machine. False if the kernel's limits are too narrow.
  bool finish();

 private:
  bool is_zero(int r) const;
  // Operands whose zeros leave nothing of the value r: masks in front of which it is selected.
  void find_skips(int r, std::set<int>& seen, std::set<int>& skips) const;
  std::set<int> skips_of(const Virtual& result) const;
  // What is computed only to be selected by a mask, else 0, or for a result that counts where a mask is not 0, moves in
  // front of that, with a jump over both for where the mask is 0.
  void put_jumps();
  // Registers of the machine for the list's values: free again after their last reader. False: there are too few.
  bool assign();

  std::vector<Virtual> kept_;  // results that are kept, for the end of the code
};

// Whether every axis in front of the last that `reduced` keeps lies in front of those that it reduces.
bool in_order(const Shape& grid, const bool* reduced);

// A kernel's simplest form: no axes of size 1; kept axes outside reduced ones; where nothing is reduced, neighbours
// joined if every operand allows it. How a sum is made follows from the grid alone, not from what else the kernel does.
void simplify(Kernel& k);

}  // namespace vicinal::program

#endif  // VICINAL_PROGRAM_CODE_HPP_
