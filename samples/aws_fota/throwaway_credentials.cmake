# SPDX-License-Identifier: Apache-2.0
#
# Credentials of an authority that nobody trusts, for builds that are only to be built.

find_package(Python3 REQUIRED COMPONENTS Interpreter)
get_filename_component(scripts "${CMAKE_CURRENT_LIST_DIR}/../../scripts" ABSOLUTE)
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env "PYTHONPATH=${scripts}" PYTHONDONTWRITEBYTECODE=1 ${Python3_EXECUTABLE} -c
    "import sys; from pathlib import Path; from aws_fota.emulator.certificates import CertificateFolder; \
CertificateFolder(Path(sys.argv[1])).issue('device-1')"
    "${CMAKE_CURRENT_BINARY_DIR}/throwaway"
  COMMAND_ERROR_IS_FATAL ANY
)
set(CONFIG_SAMPLE_CREDENTIALS "\"${CMAKE_CURRENT_BINARY_DIR}/throwaway/things/device-1\"" CACHE STRING "" FORCE)
