# The OpenBLAS of the JavaCPP preset, unpacked from its jar. Its own CMake package names files that the jar does not
# have, so the target is defined by hand.
if(NOT EXISTS "${VICINAL_OPENBLAS}/libopenblas.so.0")
  message(FATAL_ERROR "VICINAL_OPENBLAS=${VICINAL_OPENBLAS} has no libopenblas.so.0: run mvn, which unpacks the preset")
endif()
add_library(openblas SHARED IMPORTED)
set_target_properties(openblas PROPERTIES
  IMPORTED_LOCATION "${VICINAL_OPENBLAS}/libopenblas.so.0"
  IMPORTED_SONAME libopenblas.so.0
  INTERFACE_INCLUDE_DIRECTORIES "${VICINAL_OPENBLAS}/include"
  INTERFACE_LINK_OPTIONS "-Wl,-rpath-link,${VICINAL_OPENBLAS}")
