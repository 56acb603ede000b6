# The four kinds of target of this tree. SRCS are relative to the calling folder, DEPS are link
# names; every target gets the warnings, C++20 and the include root of its folder.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# mr_library(pg SRCS ... DEPS ...)  ->  static mr_pg, alias mediarouter::pg, includes as "pg/x.h"
function(mr_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_library(mr_${name} STATIC ${ARG_SRCS})
  add_library(mediarouter::${name} ALIAS mr_${name})
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR PARENT_PATH include_root)
  target_include_directories(mr_${name} PUBLIC ${include_root})
  target_link_libraries(mr_${name} PUBLIC ${ARG_DEPS} PRIVATE mr_warnings)
endfunction()

# mr_service(key-vault CORE vault)  ->  binary mediarouter-key-vault from main.cc
function(mr_service name)
  cmake_parse_arguments(ARG "" "CORE" "" ${ARGN})
  add_executable(mediarouter-${name} main.cc)
  target_link_libraries(mediarouter-${name} PRIVATE mediarouter::${ARG_CORE} mr_warnings)
endfunction()

# mr_test(base_test LABEL unit SRCS ... DEPS ...)  ->  Catch2 binary; ctest runs each of its cases
function(mr_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SRCS;DEPS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(${name} ${ARG_SRCS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} mediarouter::test_support mr_warnings)
  if(NOT TARGET mr_all_tests)
    add_custom_target(mr_all_tests)
  endif()
  add_dependencies(mr_all_tests ${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300)
endfunction()

# mr_proto_library(proto_vault FILES mediarouter/vault/v1/x.proto ... DEPS ...)
function(mr_proto_library name)
  cmake_parse_arguments(ARG "" "" "FILES;DEPS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/proto)
  set(generated)
  foreach(file ${ARG_FILES})
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(outputs ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc
      ${out}/${stem}.grpc.pb.h)
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/proto --cpp_out=${out} --grpc_out=${out}
        --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${file}
      DEPENDS ${CMAKE_SOURCE_DIR}/proto/${file}
      COMMENT "protoc ${file}")
    list(APPEND generated ${out}/${stem}.pb.cc ${out}/${stem}.grpc.pb.cc)
  endforeach()
  file(MAKE_DIRECTORY ${out})
  add_library(mr_${name} STATIC ${generated})
  if(NOT TARGET mr_protos)
    add_custom_target(mr_protos)
  endif()
  add_dependencies(mr_protos mr_${name})
  add_library(mediarouter::${name} ALIAS mr_${name})
  target_include_directories(mr_${name} SYSTEM PUBLIC ${out})
  target_link_libraries(mr_${name} PUBLIC ${ARG_DEPS} gRPC::grpc++ protobuf::libprotobuf)
endfunction()

# mr_embed(target file symbol [NAMESPACE a::b])
# makes the file's text available as `extern const char symbol[];`.
function(mr_embed target file symbol)
  cmake_parse_arguments(ARG "" "NAMESPACE" "" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_CURRENT_SOURCE_DIR}/${file} -DOUT=${out}
      -DSYMBOL=${symbol} -DNAMESPACE=${ARG_NAMESPACE} -P ${CMAKE_SOURCE_DIR}/tools/cmake/Embed.cmake
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${CMAKE_SOURCE_DIR}/tools/cmake/Embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
