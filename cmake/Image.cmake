# libvicinal_image: files of pictures, through the libjpeg-turbo, libpng and libwebp inside the leptonica preset's jar. A
# library of its own, so that who has features loads no codecs.
set(VICINAL_LEPTONICA "" CACHE PATH "Unpacked leptonica preset: include/jpeglib.h and libleptonica.so.6")
if(NOT EXISTS "${VICINAL_LEPTONICA}/libleptonica.so.6")
  message(FATAL_ERROR
    "VICINAL_LEPTONICA=${VICINAL_LEPTONICA} has no libleptonica.so.6: run mvn, which unpacks the preset")
endif()
add_library(leptonica SHARED IMPORTED)
set_target_properties(leptonica PROPERTIES
  IMPORTED_LOCATION "${VICINAL_LEPTONICA}/libleptonica.so.6"
  IMPORTED_SONAME libleptonica.so.6
  INTERFACE_INCLUDE_DIRECTORIES "${VICINAL_LEPTONICA}/include")

file(GLOB IMAGE_SOURCES CONFIGURE_DEPENDS "${CPP}/image/*.cpp")
add_library(vicinal_image SHARED ${IMAGE_SOURCES} "${CPP}/core/error.cpp")
target_include_directories(vicinal_image PRIVATE "${CPP}/include" "${CPP}")
target_compile_options(vicinal_image PRIVATE -O3)
target_link_libraries(vicinal_image PRIVATE vicinal_warnings leptonica)
set_target_properties(vicinal_image PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${VICINAL_OUTPUT}"
  LINK_OPTIONS "-static-libstdc++;-static-libgcc;-Wl,--no-undefined;-Wl,--exclude-libs,ALL;-Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/image-exports.map"
  LINK_DEPENDS "${CMAKE_SOURCE_DIR}/cmake/image-exports.map"
  BUILD_RPATH_USE_ORIGIN ON BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN")
add_dependencies(devices vicinal_image)
