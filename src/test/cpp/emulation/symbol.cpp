// Kernels are hidden or static, so the dynamic linker does not know them; the symbol table of the file does.
#include "symbol.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

namespace emulation {
namespace {

std::string mangled(const char* file, std::uintptr_t address) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (bytes.size() < sizeof(ElfW(Ehdr))) return "";
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(bytes.data());
  const auto* sections = reinterpret_cast<const ElfW(Shdr)*>(bytes.data() + header->e_shoff);
  for (int i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const auto* symbols = reinterpret_cast<const ElfW(Sym)*>(bytes.data() + sections[i].sh_offset);
    const char* names = bytes.data() + sections[sections[i].sh_link].sh_offset;
    for (std::size_t s = 0; s < sections[i].sh_size / sizeof *symbols; ++s) {
      if (ELF64_ST_TYPE(symbols[s].st_info) == STT_FUNC && symbols[s].st_value == address)
        return names + symbols[s].st_name;
    }
  }
  return "";
}

}  // namespace

std::string symbol_of(const void* function) {
  Dl_info info{};
  link_map* map = nullptr;
  if (dladdr1(function, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0) return "unknown";
  const char* file = info.dli_fname[0] == '/' ? info.dli_fname : "/proc/self/exe";
  const std::string name = info.dli_saddr == function
                               ? info.dli_sname
                               : mangled(file, reinterpret_cast<std::uintptr_t>(function) - map->l_addr);
  if (name.empty()) return "unknown";
  int status = 0;
  char* demangled = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  const std::string readable = status == 0 ? demangled : name;
  std::free(demangled);
  return readable;
}

}  // namespace emulation
