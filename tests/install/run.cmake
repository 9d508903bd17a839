# Installs COMPONENTS from BINARY_DIR to an empty place, builds the project in SOURCE_DIR against it, runs its program.
cmake_path(GET SOURCE_DIR FILENAME name)
set(work ${BINARY_DIR}/install-test/${name})
file(REMOVE_RECURSE ${work})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nfailed (${result}):\n${output}")
  endif()
endfunction()

if(SANITIZE)
  string(APPEND FLAGS " -fsanitize=${SANITIZE}")
endif()
string(REPLACE "," ";" COMPONENTS "${COMPONENTS}")
foreach(component ${COMPONENTS})
  run(${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${work}/prefix --component ${component})
endforeach()
run(${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${work}/build -G Ninja -D CMAKE_PREFIX_PATH=${work}/prefix
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_FLAGS=${FLAGS})
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/consumer)
