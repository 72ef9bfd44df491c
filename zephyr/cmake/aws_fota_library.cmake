# SPDX-License-Identifier: Apache-2.0
#
# Compiles the generated module, and lets the application include its headers.

zephyr_library_named(aws_fota)
zephyr_library_sources(${aws_fota_sources})
zephyr_library_include_directories("${aws_fota_folder}/src/core" "${aws_fota_folder}/src/zephyr")
# The state of a slot's trailer.
zephyr_library_link_libraries_ifdef(CONFIG_MCUBOOT_BOOTUTIL_LIB MCUBOOT_BOOTUTIL)
if(CONFIG_MBEDTLS)
  zephyr_library_link_libraries_ifdef(CONFIG_MBEDTLS mbedTLS)
endif()

add_custom_target(aws_fota_headers DEPENDS ${aws_fota_headers})
target_include_directories(zephyr_interface INTERFACE "${aws_fota_folder}/include")
add_dependencies(zephyr_interface aws_fota_headers)
