# divsufsort as divsufsort::divsufsort. Installed beside bytepieceConfig.cmake, which needs it again.
find_path(BYTEPIECE_DIVSUFSORT_INCLUDE divsufsort.h)
find_library(BYTEPIECE_DIVSUFSORT_LIBRARY divsufsort)
mark_as_advanced(BYTEPIECE_DIVSUFSORT_INCLUDE BYTEPIECE_DIVSUFSORT_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(divsufsort REQUIRED_VARS BYTEPIECE_DIVSUFSORT_LIBRARY BYTEPIECE_DIVSUFSORT_INCLUDE)

if(divsufsort_FOUND AND NOT TARGET divsufsort::divsufsort)
  add_library(divsufsort::divsufsort UNKNOWN IMPORTED)
  set_target_properties(divsufsort::divsufsort PROPERTIES
    IMPORTED_LOCATION ${BYTEPIECE_DIVSUFSORT_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${BYTEPIECE_DIVSUFSORT_INCLUDE})
endif()
