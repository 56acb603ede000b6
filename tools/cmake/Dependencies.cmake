# Every library that the tree links, as Debian 12 packages it, behind one name each.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
# Module mode first: Debian ships no ProtobufConfig.cmake, and gRPCConfig looks for the targets.
find_package(Protobuf REQUIRED)
find_package(absl REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(Catch2 2 CONFIG REQUIRED)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx libpq)
pkg_check_modules(LIBAV REQUIRED IMPORTED_TARGET libavformat libavcodec libavutil libswscale)

add_library(mr_pqxx INTERFACE)
target_link_libraries(mr_pqxx INTERFACE PkgConfig::PQXX)
# libpqxx 6.4 as packaged leaves std::optional support off; it is header-only, so on here.
target_compile_definitions(mr_pqxx INTERFACE PQXX_HAVE_OPTIONAL)

add_library(mr_asio INTERFACE)
target_link_libraries(mr_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(mr_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
