# What 'cmake --install' installs: libraries, headers, the CMake package, pkg-config files, the licence and, with
# the command line, its manual page and completions.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# An installed library must find its packages again where it is used.
foreach(package fmt::fmt simdjson::simdjson utf8proc::utf8proc divsufsort::divsufsort LibArchive::LibArchive)
  get_target_property(found ${package} IMPORTED)
  if(NOT found)
    message(STATUS "${package} is built from source: there will be nothing to install (install the package first)")
    return()
  endif()
endforeach()

# ---- Libraries and headers ----

# An export set per library, so that users need the packages of those only that they ask for.
function(bytepiece_install name)
  install(TARGETS bytepiece_${name} EXPORT bytepiece-${name} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT bytepiece-${name} NAMESPACE bytepiece:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bytepiece)
endfunction()

foreach(name core train corpus attention c)
  bytepiece_install(${name})
endforeach()
install(DIRECTORY include/bytepiece DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# ---- find_package(bytepiece) ----

set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/bytepiece)
configure_package_config_file(tools/cmake/bytepieceConfig.cmake.in ${PROJECT_BINARY_DIR}/bytepieceConfig.cmake
                              INSTALL_DESTINATION ${folder})
# Before 1.0 a minor version may change what is there.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bytepieceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bytepieceConfig.cmake ${PROJECT_BINARY_DIR}/bytepieceConfigVersion.cmake
        tools/cmake/Findutf8proc.cmake tools/cmake/Finddivsufsort.cmake DESTINATION ${folder})

# ---- pkg-config ----

# The libraries are static, so what they need is needed always: Requires, not Requires.private. Folders are
# relative to the file, so that the whole can be moved.
file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
function(bytepiece_pkg_config name description libs requires)
  file(WRITE ${PROJECT_BINARY_DIR}/${name}.pc
"prefix=\${pcfiledir}/${to_prefix}
libdir=\${prefix}/${CMAKE_INSTALL_LIBDIR}
includedir=\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}

Name: ${name}
Description: ${description}
Version: ${PROJECT_VERSION}
Requires: ${requires}
Libs: -L\${libdir} ${libs}
Cflags: -I\${includedir}
")
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

bytepiece_pkg_config(bytepiece "${PROJECT_DESCRIPTION}" "-lbytepiece -pthread" "fmt simdjson libutf8proc")
bytepiece_pkg_config(bytepiece-train "Trains models for bytepiece" "-lbytepiece_train -ldivsufsort" "bytepiece")
bytepiece_pkg_config(bytepiece-corpus "Reads corpora for bytepiece" "-lbytepiece_corpus"
                     "bytepiece libarchive zlib")
bytepiece_pkg_config(bytepiece-attention "Batches of ids for attention runtimes" "-lbytepiece_attention" "bytepiece")
bytepiece_pkg_config(bytepiece-c "bytepiece for C" "-lbytepiece_c" "")

# ---- The command line ----

if(BYTEPIECE_BUILD_TOOLS)
  install(TARGETS bytepiece RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(BYTEPIECE_MPI)
    install(TARGETS bytepiece-mpi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  function(bytepiece_generated kind name destination)
    set(file ${PROJECT_BINARY_DIR}/generated/${name})
    add_custom_command(OUTPUT ${file} COMMAND bytepiece --generate ${kind} > ${file} DEPENDS bytepiece VERBATIM)
    set_property(GLOBAL APPEND PROPERTY bytepiece_generated ${file})
    install(FILES ${file} DESTINATION ${destination})
  endfunction()
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/generated)
  bytepiece_generated(man bytepiece.1 ${CMAKE_INSTALL_MANDIR}/man1)
  bytepiece_generated(bash bytepiece ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  bytepiece_generated(zsh _bytepiece ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  bytepiece_generated(fish bytepiece.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  get_property(files GLOBAL PROPERTY bytepiece_generated)
  add_custom_target(bytepiece_generated ALL DEPENDS ${files})
endif()
