# The libraries of the runtime that are headers, or can be, from the build machine: for a target whose own packages are
# not installed. They are linked to from a folder of their own, since /usr/include holds the build machine's C library.
include_guard()
set(_headers ${CMAKE_BINARY_DIR}/headers)

# tombolo_header_only(TARGET path)
function(tombolo_header_only target path)
  find_path(${target}_DIR ${path} PATHS /usr/include /usr/local/include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  string(REGEX REPLACE "/.*" "" first ${path})
  file(MAKE_DIRECTORY ${_headers})
  file(CREATE_LINK ${${target}_DIR}/${first} ${_headers}/${first} SYMBOLIC)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${_headers})
endfunction()

tombolo_header_only(nlohmann_json::nlohmann_json nlohmann/json.hpp)
tombolo_header_only(CLI11::CLI11 CLI/CLI.hpp)
tombolo_header_only(fmt::fmt fmt/format.h)
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)
tombolo_header_only(Tombolo::XXHash xxhash.h)
# The schema's classes, which everything may use.
tombolo_header_only(flatbuffers::headers flatbuffers/flatbuffers.h)
include_directories(SYSTEM ${_headers})
