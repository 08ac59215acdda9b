# The headers of the JavaCPP preset's oneDNN, unpacked from its jar. The library is opened at run time
# (device/cpu/onednn.cpp), so nothing links it.
if(NOT EXISTS "${VICINAL_ONEDNN}/include/dnnl.h")
  message(FATAL_ERROR "VICINAL_ONEDNN=${VICINAL_ONEDNN} has no include/dnnl.h: run mvn, which unpacks the preset")
endif()
add_library(onednn INTERFACE)
target_include_directories(onednn SYSTEM INTERFACE "${VICINAL_ONEDNN}/include")
target_link_libraries(onednn INTERFACE dl)
