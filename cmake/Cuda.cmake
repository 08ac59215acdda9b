# libvicinal_cuda, the CUDA device: built wherever there is an nvcc, so that a machine without a GPU still proves that it
# compiles. The CUDA runtime is linked statically; cuBLAS is looked up at run time (cuda/blas.cu).
include(CheckLanguage)
set(VICINAL_CUDA AUTO CACHE STRING "Build libvicinal_cuda: AUTO (where nvcc is), ON (or fail), OFF")
# PTX alone compiles in a seventh of the time and runs on every GPU since 2018, whose driver translates it once.
# "release" is code for each of them, and PTX for newer ones.
set(VICINAL_CUDA_ARCHITECTURES "75-virtual" CACHE STRING "GPUs that libvicinal_cuda is compiled for, or release")
set(CUDA_ARCHITECTURES_OF_RELEASE "75-real;80-real;86-real;89-real;90-real;100-real;120")
set(VICINAL_CUDA_OUTPUT "${CMAKE_BINARY_DIR}" CACHE PATH "Folder that receives libvicinal_cuda.so")
file(GLOB CUDA_SOURCES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/cuda/*.cu")

if(NOT VICINAL_CUDA STREQUAL "OFF")
  check_language(CUDA)
endif()
# What a build makes: the processor's device, and the GPU's where it can.
add_custom_target(devices DEPENDS vicinal)
if(CMAKE_CUDA_COMPILER)
  set(CMAKE_CUDA_ARCHITECTURES "${VICINAL_CUDA_ARCHITECTURES}")
  if(VICINAL_CUDA_ARCHITECTURES STREQUAL "release")
    set(CMAKE_CUDA_ARCHITECTURES "${CUDA_ARCHITECTURES_OF_RELEASE}")
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  add_library(vicinal_cuda SHARED ${CUDA_SOURCES})
  target_include_directories(vicinal_cuda PRIVATE "${CMAKE_SOURCE_DIR}/cuda" "${CPP}/include" "${CPP}")
  target_compile_options(vicinal_cuda PRIVATE -Werror=all-warnings -Xfatbin=-compress-all
    "-Xcompiler=-Wall,-Wextra,-Wshadow,-Werror,-fvisibility=hidden,-fvisibility-inlines-hidden")
  set_target_properties(vicinal_cuda PROPERTIES
    CUDA_RUNTIME_LIBRARY Static
    LIBRARY_OUTPUT_DIRECTORY "${VICINAL_CUDA_OUTPUT}"
    LINK_OPTIONS "-static-libstdc++;-static-libgcc;-Wl,--no-undefined;-Wl,--exclude-libs,ALL")
  target_link_libraries(vicinal_cuda PRIVATE dl)
  add_dependencies(devices vicinal_cuda)
  message(STATUS "CUDA: libvicinal_cuda for ${CMAKE_CUDA_ARCHITECTURES} with ${CMAKE_CUDA_COMPILER}")
elseif(VICINAL_CUDA STREQUAL "ON")
  message(FATAL_ERROR "VICINAL_CUDA is ON, but there is no nvcc: install the CUDA toolkit or set CUDACXX")
else()
  message(STATUS "CUDA: libvicinal_cuda is not built: no nvcc was found (CUDACXX names one)")
endif()

# The same sources on an emulated device (src/test/cpp/emulation), for tests on machines without a GPU.
if(VICINAL_TESTS)
  foreach(source ${CUDA_SOURCES})
    get_filename_component(name "${source}" NAME_WE)
    set(wrapper "${CMAKE_BINARY_DIR}/emulated/${name}.cpp")
    file(GENERATE OUTPUT "${wrapper}" CONTENT "#include \"${source}\"\n")
    list(APPEND EMULATED_SOURCES "${wrapper}")
  endforeach()
  file(GLOB EMULATION_SOURCES CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/test/cpp/emulation/*.cpp")
  set(EMULATION_TESTS ${EMULATION_SOURCES})
  list(FILTER EMULATION_SOURCES EXCLUDE REGEX "(_test|main)\\.cpp$")
  list(FILTER EMULATION_TESTS INCLUDE REGEX "(_test|main)\\.cpp$")
  add_library(vicinal_emulation OBJECT EXCLUDE_FROM_ALL ${EMULATION_SOURCES})
  target_include_directories(vicinal_emulation PUBLIC "${CMAKE_SOURCE_DIR}/src/test/cpp")
  target_link_libraries(vicinal_emulation PUBLIC vicinal_options)
  add_library(vicinal_cuda_emulated SHARED EXCLUDE_FROM_ALL ${EMULATED_SOURCES} $<TARGET_OBJECTS:vicinal_emulation>)
  target_compile_definitions(vicinal_cuda_emulated PRIVATE VICINAL_EMULATED)
  # A wrapper is one translation unit, so its included file may use its own unnamed namespace.
  target_compile_options(vicinal_cuda_emulated PRIVATE -Wno-subobject-linkage)
  target_include_directories(vicinal_cuda_emulated PRIVATE "${CMAKE_SOURCE_DIR}/cuda" "${CMAKE_SOURCE_DIR}/src/test/cpp")
  target_link_libraries(vicinal_cuda_emulated PRIVATE vicinal_options dl)
  set_target_properties(vicinal_cuda_emulated PROPERTIES BUILD_RPATH "${VICINAL_OPENBLAS}"
    LINK_OPTIONS "-Wl,--no-undefined")
endif()
