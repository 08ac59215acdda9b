#!/usr/bin/env bash
# Two facts about the linked library: it exports exactly what vicinal.h declares, and no function outside the avx2 and
# avx512 namespaces uses their registers (one definition rule: the linker may keep any copy of a template).
#   symbols.sh LIBVICINAL VICINAL_H
set -euo pipefail
library=$1
header=$2

declared=$(sed -e 's@/\*.*\*/@@' "$header" | grep -E '^VICINAL_API' | grep -oE 'vicinal_[a-z0-9_]+\(' | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$library" | awk '{print $NF}' | sort -u)
if ! diff <(echo "$declared") <(echo "$exported"); then
  echo "symbols: $library and $header differ (< declared only, > exported only)"
  exit 1
fi

wide=$(objdump -d --no-show-raw-insn -C "$library" | awk '
  /^[0-9a-f]+ <.*>:$/ { name = $0; next }
  /%[yz]mm/ && name !~ /(avx2|avx512)::/ { print name }' | sort -u)
if [ -n "$wide" ]; then
  echo "symbols: baseline code uses wide registers in:"
  echo "$wide"
  exit 1
fi
echo "symbols: $(echo "$declared" | wc -l) exports as declared, baseline code is baseline"
