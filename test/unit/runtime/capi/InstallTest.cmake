# Installs the runtime into a folder of its own, moves it, and builds examples/c against it: once through CMake's
# package, once through pkg-config. BUILD, SOURCE, COMPILER, WRITE_TINY, WORK, LIBDIR are given.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()
if(NOT LIBDIR)
  set(LIBDIR lib)
endif()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --component runtime --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${WORK}/moved)
run(${WRITE_TINY} ${WORK}/tiny.tbo)

# --- What it links --------------------------------------------------------------------------------
foreach(file ${LIBDIR}/libtombolo.so bin/tombolo-run)
  run(readelf -d ${WORK}/moved/${file})
  if(output MATCHES "LLVM|MLIR|libdl-|libclang")
    message(FATAL_ERROR "${file} links more than it may:\n${output}")
  endif()
endforeach()
run(readelf -W --dyn-syms ${WORK}/moved/${LIBDIR}/libtombolo.so)
string(REGEX MATCHALL "(FUNC|OBJECT) +(GLOBAL|WEAK) +DEFAULT +[0-9]+ [^\n]*" symbols "${output}")
foreach(symbol ${symbols})
  if(NOT symbol MATCHES "tombolo_[a-z_]+@@TOMBOLO_0")
    message(FATAL_ERROR "libtombolo.so shows a symbol that is not of the C interface: ${symbol}")
  endif()
endforeach()

# --- Through CMake --------------------------------------------------------------------------------
run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/examples/c -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/moved
  -DCMAKE_C_COMPILER=${COMPILER} "-DCMAKE_C_FLAGS=-std=c99 -Wall -Wextra -Werror -pedantic")
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/generate ${WORK}/tiny.tbo Hello)
if(NOT output MATCHES "tiny model" OR NOT output MATCHES "tokens read")
  message(FATAL_ERROR "the example says:\n${output}")
endif()

# --- Through pkg-config ---------------------------------------------------------------------------
set(ENV{PKG_CONFIG_PATH} ${WORK}/moved/${LIBDIR}/pkgconfig)
execute_process(COMMAND pkg-config --cflags --libs tombolo OUTPUT_VARIABLE flags RESULT_VARIABLE result
  OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "pkg-config does not find tombolo")
endif()
separate_arguments(flags UNIX_COMMAND "${flags}")
run(${COMPILER} ${SOURCE}/examples/c/generate.c -o ${WORK}/generate ${flags})
run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${WORK}/moved/${LIBDIR} ${WORK}/generate ${WORK}/tiny.tbo Hello)

# --- tombolo-run, from where it was moved ---------------------------------------------------------
run(${WORK}/moved/bin/tombolo-run ${WORK}/tiny.tbo -p Hello -n 5 --json --trace ${WORK}/trace.json)
foreach(field input_ids generated_ids text prefill_tokens_per_second decode_tokens_per_second load_seconds
    finish_reason)
  if(NOT output MATCHES "\"${field}\"")
    message(FATAL_ERROR "tombolo-run --json lacks '${field}':\n${output}")
  endif()
endforeach()
string(JSON count LENGTH "${output}" generated_ids)
if(NOT count EQUAL 5)
  message(FATAL_ERROR "expects 5 generated ids:\n${output}")
endif()
file(READ ${WORK}/trace.json trace)
string(JSON count LENGTH "${trace}" traceEvents)
run(${WORK}/moved/bin/tombolo-run ${WORK}/tiny.tbo --raw -p Hello -n 5)
run(${WORK}/moved/bin/tombolo-run ${WORK}/tiny.tbo --ids 1,2,3 -n 5 --temperature 1 --seed 3 --stop x --stop y)

# --- What it refuses ------------------------------------------------------------------------------
function(refuses status message)
  execute_process(COMMAND ${WORK}/moved/bin/tombolo-run ${ARGN} RESULT_VARIABLE result OUTPUT_QUIET
    ERROR_VARIABLE output)
  if(NOT result EQUAL ${status} OR NOT output MATCHES "${message}")
    message(FATAL_ERROR "expects status ${status} and '${message}', but got ${result}:\n${output}")
  endif()
endfunction()
refuses(1 "tombolo-run: error: .*CMakeCache.txt: expects a Tombolo artifact" ${BUILD}/CMakeCache.txt -p x)
refuses(1 "expects code for target 'cuda'" ${WORK}/tiny.tbo -p x --target cuda)
refuses(1 "expects a context of 1 to 1000 tokens" ${WORK}/tiny.tbo -p x --context 2000)
refuses(1 "top-p: expects a number" ${WORK}/tiny.tbo -p x --top-p 3)
refuses(2 "--threads" ${WORK}/tiny.tbo -p x --threads 5000)
refuses(2 "expects MODEL")
