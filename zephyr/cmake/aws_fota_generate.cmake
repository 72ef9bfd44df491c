# SPDX-License-Identifier: Apache-2.0
#
# Checks the configuration, and makes the rule that generates the module.
#
# In:  AWS_FOTA_DESCRIPTION  the application's aws_fota.yaml; without it the one beside prj.conf, else the built-in one.
# Out: aws_fota_folder   where the module is generated
#      aws_fota_sources  its C files
#      aws_fota_headers  its headers

get_filename_component(aws_fota_root "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(aws_fota_folder "${CMAKE_CURRENT_BINARY_DIR}/generated")

# The same places, in the same order, as config/build_folder.py looks in for `generate -d`.
set(aws_fota_description "")
set(aws_fota_candidates "")
if(DEFINED AWS_FOTA_DESCRIPTION AND NOT AWS_FOTA_DESCRIPTION STREQUAL "")
  get_filename_component(aws_fota_description "${AWS_FOTA_DESCRIPTION}" ABSOLUTE BASE_DIR "${APPLICATION_SOURCE_DIR}")
else()
  set(aws_fota_places "${APPLICATION_CONFIG_DIR}")
  foreach(file IN LISTS CONF_FILE)
    get_filename_component(file "${file}" ABSOLUTE BASE_DIR "${APPLICATION_SOURCE_DIR}")
    get_filename_component(place "${file}" DIRECTORY)
    list(APPEND aws_fota_places "${place}")
  endforeach()
  list(APPEND aws_fota_places "${APPLICATION_SOURCE_DIR}")
  foreach(place IN LISTS aws_fota_places)
    if(place AND EXISTS "${place}/aws_fota.yaml")
      set(aws_fota_description "${place}/aws_fota.yaml")
      break()
    elseif(place)
      list(APPEND aws_fota_candidates "${place}/aws_fota.yaml")
    endif()
  endforeach()
endif()
# One that is written later, in a place that comes before, is found by the next build.
if(aws_fota_candidates)
  file(GLOB aws_fota_candidates CONFIGURE_DEPENDS ${aws_fota_candidates})
endif()
if(aws_fota_description)
  message(STATUS "AWS FOTA: jobs as in ${aws_fota_description}")
else()
  message(STATUS "AWS FOTA: jobs as in the built-in aws_fota.yaml, for there is none beside prj.conf")
endif()
# `generate -d` takes it from the CMake cache.
set(AWS_FOTA_DESCRIPTION_USED "${aws_fota_description}" CACHE INTERNAL "The aws_fota.yaml of this build, if any")

set(aws_fota_generate
  ${CMAKE_COMMAND} -E env "PYTHONPATH=${aws_fota_root}/scripts" PYTHONDONTWRITEBYTECODE=1
  ${PYTHON_EXECUTABLE} -m aws_fota generate --config "${DOTCONFIG}" --output "${aws_fota_folder}"
)
if(aws_fota_description)
  list(APPEND aws_fota_generate --description "${aws_fota_description}")
endif()

# Lists the files to generate into `aws_fota_list`; more options come behind.
macro(aws_fota_list_files)
  execute_process(
    COMMAND ${aws_fota_generate} --dry-run --format json ${ARGN}
    OUTPUT_VARIABLE aws_fota_list
    ERROR_VARIABLE aws_fota_error
    RESULT_VARIABLE aws_fota_result
  )
  # Indented, CMake leaves lines as they are: Kconfig lines and commands are there to be copied.
  string(STRIP "${aws_fota_error}" aws_fota_error)
  string(REPLACE "\n" "\n  " aws_fota_error "${aws_fota_error}")
endmacro()

# What is wrong with the configuration is told here, before anything is compiled: what no generator takes, and what the
# rules of `check` know by the configuration alone.
set(aws_fota_rule_failed 1)
if(CONFIG_AWS_FOTA_CHECK)
  aws_fota_list_files(--judge)
  if(aws_fota_result EQUAL aws_fota_rule_failed AND NOT CONFIG_AWS_FOTA_CHECK_FATAL)
    message(WARNING "The AWS FOTA module does not fit its configuration:\n  ${aws_fota_error}")
    aws_fota_list_files()
  endif()
else()
  aws_fota_list_files()
endif()
if(NOT aws_fota_result EQUAL 0)
  message(FATAL_ERROR "The AWS FOTA module cannot be built as it is configured:\n  ${aws_fota_error}")
endif()

# In the order of the list, which is that of the depfile: Ninja expects the first output to be its first target.
set(aws_fota_outputs "")
set(aws_fota_sources "")
set(aws_fota_headers "")
string(JSON aws_fota_count LENGTH "${aws_fota_list}" files)
math(EXPR aws_fota_last "${aws_fota_count} - 1")
foreach(index RANGE ${aws_fota_last})
  string(JSON action GET "${aws_fota_list}" files ${index} action)
  string(JSON path GET "${aws_fota_list}" files ${index} path)
  if(action STREQUAL "would-remove")
    continue()
  endif()
  list(APPEND aws_fota_outputs "${aws_fota_folder}/${path}")
  if(path MATCHES "\\.c$")
    list(APPEND aws_fota_sources "${aws_fota_folder}/${path}")
  else()
    list(APPEND aws_fota_headers "${aws_fota_folder}/${path}")
  endif()
endforeach()

# A new file of the generator, or another set of generated files, needs another list.
file(GLOB aws_fota_package CONFIGURE_DEPENDS
  "${aws_fota_root}/scripts/aws_fota/*.py"
  "${aws_fota_root}/scripts/aws_fota/cli/*.py"
  "${aws_fota_root}/scripts/aws_fota/codegen/*.py"
  "${aws_fota_root}/scripts/aws_fota/config/*.py"
  "${aws_fota_root}/scripts/aws_fota/jobdoc/*.py"
)
# A rule that changed judges again, and generates nothing.
file(GLOB aws_fota_rules CONFIGURE_DEPENDS
  "${aws_fota_root}/scripts/aws_fota/check/*.py"
  "${aws_fota_root}/scripts/aws_fota/check/rules/*.py"
)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${aws_fota_package} ${aws_fota_rules} ${aws_fota_description} "${aws_fota_root}/schemas/aws_fota.schema.yaml"
)

# Files that did not change are not written again. Ninja takes that as it is; Make would run the command forever.
set(aws_fota_touch "")
if(CMAKE_GENERATOR MATCHES "Makefiles")
  set(aws_fota_touch COMMAND ${CMAKE_COMMAND} -E touch ${aws_fota_outputs})
endif()

add_custom_command(
  OUTPUT ${aws_fota_outputs}
  COMMAND ${aws_fota_generate} --depfile "${CMAKE_CURRENT_BINARY_DIR}/generated.d"
  ${aws_fota_touch}
  DEPENDS "${DOTCONFIG}" ${aws_fota_package}
  DEPFILE "${CMAKE_CURRENT_BINARY_DIR}/generated.d"
  COMMENT "Generating the AWS FOTA module"
  VERBATIM
)
