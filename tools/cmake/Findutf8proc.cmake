# utf8proc as utf8proc::utf8proc. Installed beside bytepieceConfig.cmake, which needs it again.
find_path(BYTEPIECE_UTF8PROC_INCLUDE utf8proc.h)
find_library(BYTEPIECE_UTF8PROC_LIBRARY utf8proc)
mark_as_advanced(BYTEPIECE_UTF8PROC_INCLUDE BYTEPIECE_UTF8PROC_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(utf8proc REQUIRED_VARS BYTEPIECE_UTF8PROC_LIBRARY BYTEPIECE_UTF8PROC_INCLUDE)

if(utf8proc_FOUND AND NOT TARGET utf8proc::utf8proc)
  add_library(utf8proc::utf8proc UNKNOWN IMPORTED)
  set_target_properties(utf8proc::utf8proc PROPERTIES
    IMPORTED_LOCATION ${BYTEPIECE_UTF8PROC_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${BYTEPIECE_UTF8PROC_INCLUDE})
endif()
