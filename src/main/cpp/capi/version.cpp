#include "vicinal/vicinal.h"

extern "C" int vicinal_abi_version(void) { return VICINAL_ABI_VERSION; }
