# The packages this project builds on: an installed one where there is one, else the pinned source.
# To take a source from a folder instead: -DFETCHCONTENT_SOURCE_DIR_<NAME>=folder, name in capitals.
include(FetchContent)

macro(bytepiece_fetch name repository commit)
  message(STATUS "${name} is not installed: taking the source ${repository}")
  FetchContent_Declare(${name} GIT_REPOSITORY https://github.com/${repository} GIT_TAG ${commit} ${ARGN})
  FetchContent_MakeAvailable(${name})
endmacro()

find_package(Threads REQUIRED)

find_package(fmt QUIET)
if(NOT TARGET fmt::fmt)
  bytepiece_fetch(fmt fmtlib/fmt e69e5f977d458f2650bb346dadf2ad30c5320281)  # 10.2.1
endif()

find_package(simdjson QUIET)
if(NOT TARGET simdjson::simdjson)
  bytepiece_fetch(simdjson simdjson/simdjson 0c0ce1bd48baa0677dc7c0945ea7cd1e8b52b297)  # 3.13.0
endif()

list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(utf8proc QUIET MODULE)
if(NOT TARGET utf8proc::utf8proc)
  set(UTF8PROC_INSTALL OFF)
  bytepiece_fetch(utf8proc JuliaStrings/utf8proc 34db3f7954e9298e89f42641ac78e0450f80a70d)  # 2.9.0
  add_library(utf8proc::utf8proc ALIAS utf8proc)
endif()

# xxHash is used as a header only.
find_path(BYTEPIECE_XXHASH_INCLUDE xxhash.h)
if(NOT BYTEPIECE_XXHASH_INCLUDE)
  bytepiece_fetch(xxhash Cyan4973/xxHash bbb27a5efb85b92a0486cf361a8635715a53f6ba SOURCE_SUBDIR none)  # 0.8.2
  set(BYTEPIECE_XXHASH_INCLUDE ${xxhash_SOURCE_DIR})
endif()
add_library(bytepiece_xxhash INTERFACE)
target_include_directories(bytepiece_xxhash SYSTEM INTERFACE $<BUILD_INTERFACE:${BYTEPIECE_XXHASH_INCLUDE}>)
add_library(xxhash::xxhash ALIAS bytepiece_xxhash)

# protozero is headers only.
find_path(BYTEPIECE_PROTOZERO_INCLUDE protozero/pbf_reader.hpp)
if(NOT BYTEPIECE_PROTOZERO_INCLUDE)
  bytepiece_fetch(protozero mapbox/protozero f379578a3f7c8162aac0ac31c2696de09a5b5f93 SOURCE_SUBDIR none)  # 1.7.1
  set(BYTEPIECE_PROTOZERO_INCLUDE ${protozero_SOURCE_DIR}/include)
endif()
add_library(bytepiece_protozero INTERFACE)
target_include_directories(bytepiece_protozero SYSTEM INTERFACE $<BUILD_INTERFACE:${BYTEPIECE_PROTOZERO_INCLUDE}>)
add_library(protozero::protozero ALIAS bytepiece_protozero)

find_package(divsufsort QUIET MODULE)
if(NOT TARGET divsufsort::divsufsort)
  set(BUILD_EXAMPLES OFF)
  bytepiece_fetch(divsufsort y-256/libdivsufsort 5f60d6f026c30fb4ac296f696b3c8b0eb71bd428)  # after 2.0.1
  add_library(divsufsort::divsufsort ALIAS divsufsort)
  target_include_directories(divsufsort INTERFACE ${divsufsort_BINARY_DIR}/include)
endif()

find_package(ZLIB REQUIRED)

find_package(LibArchive QUIET)
if(NOT TARGET LibArchive::LibArchive)
  set(ENABLE_TEST OFF)
  set(ENABLE_INSTALL OFF)
  foreach(program TAR CPIO CAT UNZIP)
    set(ENABLE_${program} OFF)
  endforeach()
  bytepiece_fetch(libarchive libarchive/libarchive 8a7a9cc527fd1d6d8664315d3bed47c4259479cc)  # 3.7.9
  add_library(LibArchive::LibArchive ALIAS archive_static)
  target_include_directories(archive_static INTERFACE ${libarchive_SOURCE_DIR}/libarchive)
endif()

if(BYTEPIECE_BUILD_TOOLS)
  find_package(CLI11 QUIET)
  if(NOT TARGET CLI11::CLI11)
    bytepiece_fetch(CLI11 CLIUtils/CLI11 6c7b07a878ad834957b98d0f9ce1dbe0cb204fc9)  # 2.4.2
  endif()
endif()

if(BYTEPIECE_MPI)
  find_package(MPI REQUIRED COMPONENTS CXX)
endif()

if(BYTEPIECE_BUILD_TESTS)
  find_package(doctest QUIET)
  if(NOT TARGET doctest::doctest)
    bytepiece_fetch(doctest doctest/doctest ae7a13539fb71f270b87eb2e874fbac80bc8dda2)  # 2.4.11
  endif()
endif()
