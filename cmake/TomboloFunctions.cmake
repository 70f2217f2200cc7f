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
  target_link_libraries(${name} PUBLIC ${ARG_LIBS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# What nearly every file that uses MLIR includes, compiled once: most of such a file's time is headers.
function(tombolo_use_mlir_headers name)
  target_include_directories(${name} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  if(NOT TARGET TomboloMlirHeaders)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/cmake/MlirHeaders.cpp CONTENT "// Carries the precompiled headers.\n")
    add_library(TomboloMlirHeaders OBJECT ${CMAKE_BINARY_DIR}/cmake/MlirHeaders.cpp)
    target_compile_options(TomboloMlirHeaders PRIVATE ${TOMBOLO_WARNINGS})
    target_include_directories(TomboloMlirHeaders SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
    target_precompile_headers(TomboloMlirHeaders PRIVATE
      <mlir/Dialect/Arith/IR/Arith.h> <mlir/Dialect/Func/IR/FuncOps.h> <mlir/Dialect/Linalg/IR/Linalg.h>
      <mlir/Dialect/MemRef/IR/MemRef.h> <mlir/Dialect/SCF/IR/SCF.h> <mlir/Dialect/Tensor/IR/Tensor.h>
      <mlir/Dialect/Vector/IR/VectorOps.h> <mlir/IR/Builders.h> <mlir/IR/BuiltinOps.h> <mlir/IR/IRMapping.h>
      <mlir/IR/OpImplementation.h> <mlir/IR/SymbolTable.h> <mlir/Pass/Pass.h>
      <mlir/Transforms/DialectConversion.h> <mlir/Transforms/GreedyPatternRewriteDriver.h>)
  endif()
  target_precompile_headers(${name} REUSE_FROM TomboloMlirHeaders)
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

# tombolo_add_unittest(NAME sources... [LIBS lib...] [LABELS label...])
# One GoogleTest program, each of its tests a ctest test.
function(tombolo_add_unittest name)
  cmake_parse_arguments(ARG "" "" "LIBS;LABELS" ${ARGN})
  if(NOT TOMBOLO_BUILD_TESTS)
    return()
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE ${TOMBOLO_WARNINGS})
  target_compile_definitions(${name} PRIVATE TOMBOLO_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    TOMBOLO_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest GTest::gmock GTest::gtest_main Threads::Threads)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/bin)
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()

# tombolo_add_fuzzer(NAME source.cpp [LIBS lib...] CORPUS dir)
# A libFuzzer program build/test/fuzz/NAME; ctest replays and extends the corpus for ten seconds.
function(tombolo_add_fuzzer name)
  cmake_parse_arguments(ARG "" "CORPUS" "LIBS;SOURCES" ${ARGN})
  if(NOT TOMBOLO_BUILD_TESTS OR NOT TOMBOLO_BUILD_FUZZERS OR NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    return()
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  # The sources under test are compiled into the fuzzer with coverage and sanitizers; libraries in LIBS are not.
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -g1 -O1)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/fuzz)
  set(seeds ${CMAKE_BINARY_DIR}/test/fuzz/${name}.corpus)
  file(MAKE_DIRECTORY ${seeds})
  add_test(NAME fuzz.${name} COMMAND ${name} -max_total_time=10 -timeout=10 -rss_limit_mb=3000 -print_final_stats=0
    ${seeds} ${ARG_CORPUS})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS "fast;fuzz" TIMEOUT 120)
endfunction()
