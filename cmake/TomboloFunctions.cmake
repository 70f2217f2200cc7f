# Functions that the folders' CMakeLists.txt share.
include_guard()

set(TOMBOLO_WARNINGS -Wall -Wextra -Wno-unused-parameter)
# LLVM's headers are not compiled with our warnings, and its -fno-rtti default does not apply to Debian's packages.

# tombolo_add_library(NAME sources... [LIBS lib...] [DEPENDS target...])
# A static library without MLIR: support, readers, runtime, text.
function(tombolo_add_library name)
  cmake_parse_arguments(ARG "" "" "LIBS;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${TOMBOLO_WARNINGS})
  tombolo_use_headers(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LIBS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# By times, a header that was restored (ccache) or checked out again would seem newer than what holds it.
set(TOMBOLO_PCH_OPTIONS "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")

# tombolo_add_precompiled_headers(NAME headers... [INCLUDE dir...] [OPTIONS option...] [LIBS lib...])
# Headers compiled once, for `target_precompile_headers(... REUSE_FROM NAME)`: most of a file's time is headers.
# OPTIONS are those of the targets that use them, LIBS their libraries whose headers these are.
function(tombolo_add_precompiled_headers name)
  cmake_parse_arguments(ARG "" "" "INCLUDE;OPTIONS;LIBS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/cmake/${name}.cpp CONTENT "// Carries the precompiled headers.\n")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/cmake/${name}.cpp)
  target_compile_options(${name} PRIVATE ${TOMBOLO_WARNINGS} ${ARG_OPTIONS} ${TOMBOLO_PCH_OPTIONS})
  target_include_directories(${name} SYSTEM PRIVATE ${ARG_INCLUDE})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  target_precompile_headers(${name} PRIVATE ${ARG_UNPARSED_ARGUMENTS})
endfunction()

# What files without MLIR include most. A build with CMAKE_DISABLE_PRECOMPILE_HEADERS shows what a file forgot to.
set(TOMBOLO_HEADERS
  <algorithm> <array> <bit> <charconv> <chrono> <cmath> <cstdint> <cstring> <filesystem> <fstream> <functional> <map>
  <memory> <numeric> <optional> <set> <span> <sstream> <string> <string_view> <tuple> <unordered_map> <unordered_set>
  <variant> <vector> <nlohmann/json.hpp>)

function(tombolo_use_headers name)
  if(NOT TARGET TomboloHeaders)
    tombolo_add_precompiled_headers(TomboloHeaders ${TOMBOLO_HEADERS} LIBS nlohmann_json::nlohmann_json)
  endif()
  target_precompile_headers(${name} REUSE_FROM TomboloHeaders)
endfunction()

# What nearly every file that uses MLIR includes.
set(TOMBOLO_MLIR_HEADERS
  <mlir/Dialect/Arith/IR/Arith.h> <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/Linalg/IR/Linalg.h>
  <mlir/Dialect/MemRef/IR/MemRef.h> <mlir/Dialect/SCF/IR/SCF.h> <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h> <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/IRMapping.h>
  <mlir/IR/OpImplementation.h> <mlir/IR/SymbolTable.h> <mlir/Pass/Pass.h>
  <mlir/Transforms/DialectConversion.h> <mlir/Transforms/GreedyPatternRewriteDriver.h>)

function(tombolo_use_mlir_headers name)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  if(NOT TARGET TomboloMlirHeaders)
    tombolo_add_precompiled_headers(TomboloMlirHeaders ${TOMBOLO_MLIR_HEADERS}
      INCLUDE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  endif()
  target_precompile_headers(${name} REUSE_FROM TomboloMlirHeaders)
endfunction()

# What nearly every test includes, with and without MLIR. Tests are compiled more often than their own code runs long.
set(TOMBOLO_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)
function(tombolo_use_test_headers name mlir)
  set(headers <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
  if(mlir)
    set(pch TomboloMlirTestHeaders)
    list(APPEND headers ${TOMBOLO_MLIR_HEADERS})
    set(include ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  else()
    set(pch TomboloTestHeaders)
  endif()
  if(NOT TARGET ${pch})
    tombolo_add_precompiled_headers(${pch} ${headers} INCLUDE ${include} OPTIONS -fPIE ${TOMBOLO_TEST_OPTIONS}
      LIBS GTest::gtest)
  endif()
  target_precompile_headers(${name} REUSE_FROM ${pch})
  target_compile_options(${name} PRIVATE ${TOMBOLO_TEST_OPTIONS})
endfunction()

# tombolo_add_mlir_library(NAME sources... [LIBS lib...] [DEPENDS target...])
# A static library that uses MLIR; links the one shared libMLIR and libLLVM.
function(tombolo_add_mlir_library name)
  cmake_parse_arguments(ARG "" "" "LIBS;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${TOMBOLO_WARNINGS})
  tombolo_use_mlir_headers(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LIBS} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# tombolo_add_unittest(NAME sources... [MLIR] [LIBS lib...] [LABELS label...])
# One GoogleTest program, each of its tests a ctest test. MLIR: its sources include MLIR's headers.
function(tombolo_add_unittest name)
  cmake_parse_arguments(ARG "MLIR" "" "LIBS;LABELS" ${ARGN})
  if(NOT TOMBOLO_BUILD_TESTS)
    return()
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${TOMBOLO_WARNINGS})
  target_compile_definitions(${name} PRIVATE TOMBOLO_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    TOMBOLO_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest GTest::gmock GTest::gtest_main Threads::Threads)
  tombolo_use_test_headers(${name} ${ARG_MLIR})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/bin)
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()

set(TOMBOLO_FUZZ_FLAGS -fsanitize=fuzzer,address,undefined)
set(TOMBOLO_FUZZ_OPTIMIZATION -O0 CACHE STRING "Optimization of the fuzzers: -O0 compiles in half the time, -O1 fuzzes for hours")

# What all that is compiled for fuzzers is compiled with: coverage and sanitizers. Eight files at once, since instrumented
# templates are most of their time: names in unnamed namespaces of a folder of readers differ from each other.
function(tombolo_instrument name)
  set(options ${TOMBOLO_FUZZ_FLAGS} -fno-sanitize-recover=undefined -g1 ${TOMBOLO_FUZZ_OPTIMIZATION} -fPIE)
  target_compile_options(${name} PRIVATE ${options})
  if(NOT TARGET TomboloFuzzHeaders)
    tombolo_add_precompiled_headers(TomboloFuzzHeaders ${TOMBOLO_HEADERS} OPTIONS ${options})
  endif()
  target_precompile_headers(${name} REUSE_FROM TomboloFuzzHeaders)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# tombolo_sources_of(VARIABLE targets...)
# The files that libraries of this project are made of, so that fuzzers miss none.
function(tombolo_sources_of variable)
  set(all)
  foreach(target ${ARGN})
    get_target_property(folder ${target} SOURCE_DIR)
    get_target_property(sources ${target} SOURCES)
    list(TRANSFORM sources PREPEND ${folder}/)
    list(APPEND all ${sources})
  endforeach()
  set(${variable} ${all} PARENT_SCOPE)
endfunction()

# tombolo_add_fuzzed_library(NAME sources...)
# Sources under test that several fuzzers share.
function(tombolo_add_fuzzed_library name)
  add_library(${name} STATIC EXCLUDE_FROM_ALL ${ARGN})
  tombolo_instrument(${name})
endfunction()

# tombolo_add_fuzzer(NAME sources... [LIBS lib...] CORPUS dir)
# A libFuzzer program build/test/fuzz/NAME; ctest replays and extends the corpus for ten seconds. Its sources are
# instrumented; libraries in LIBS are where tombolo_add_fuzzed_library made them.
function(tombolo_add_fuzzer name)
  cmake_parse_arguments(ARG "" "CORPUS" "LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  tombolo_instrument(${name})
  target_link_options(${name} PRIVATE ${TOMBOLO_FUZZ_FLAGS})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/fuzz)
  set(seeds ${CMAKE_BINARY_DIR}/test/fuzz/${name}.corpus)
  file(MAKE_DIRECTORY ${seeds})
  add_test(NAME fuzz.${name} COMMAND ${name} -max_total_time=10 -timeout=10 -rss_limit_mb=3000 -print_final_stats=0
    ${seeds} ${ARG_CORPUS})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS "fast;fuzz" TIMEOUT 120)
endfunction()
