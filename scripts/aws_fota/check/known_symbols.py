# SPDX-License-Identifier: Apache-2.0
"""Options of Zephyr and the nRF Connect SDK that rules ask for: default, bounds, and the file that defines them.

A ``.config`` says what each really is; the defaults stand in where only a fragment such as ``prj.conf`` is given.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_fota.check.amounts import UNBOUNDED


@dataclass(frozen=True)
class KnownSymbol:
    """One Kconfig symbol; `default` is None where it depends on others."""

    default: int | None
    where: str
    minimum: int = 0
    maximum: int = UNBOUNDED


_NRF = "the nRF Connect SDK's subsys/net/lib"
_NRF_2 = f"{_NRF}/download_client/Kconfig (2.x)"
_NRF_3 = f"{_NRF}/downloader/Kconfig (3.x)"
_MBEDTLS = "modules/mbedtls/Kconfig"

KNOWN = {
    "AWS_FOTA_PAYLOAD_SIZE": KnownSymbol(1350, f"{_NRF}/aws_fota/Kconfig"),
    "AWS_FOTA_DOWNLOAD_SECURITY_TAG": KnownSymbol(-1, "the library's Kconfig", minimum=-1),
    "AWS_FOTA_HOSTNAME_MAX_LEN": KnownSymbol(255, f"{_NRF}/aws_fota/Kconfig (up to 2.4)"),
    "AWS_FOTA_FILE_PATH_MAX_LEN": KnownSymbol(255, f"{_NRF}/aws_fota/Kconfig (up to 2.4)"),
    "CLIENT_ID_MAX_LEN": KnownSymbol(64, f"{_NRF}/aws_jobs/Kconfig"),
    "UPDATE_JOB_PAYLOAD_LEN": KnownSymbol(1350, f"{_NRF}/aws_jobs/Kconfig"),
    "AWS_IOT_CLIENT_ID_MAX_LEN": KnownSymbol(40, f"{_NRF}/aws_iot/Kconfig"),
    "MQTT_HELPER_RX_TX_BUFFER_SIZE": KnownSymbol(256, f"{_NRF}/mqtt_helper/Kconfig"),
    "MQTT_HELPER_PAYLOAD_BUFFER_LEN": KnownSymbol(None, f"{_NRF}/mqtt_helper/Kconfig"),
    "DOWNLOAD_CLIENT_BUF_SIZE": KnownSymbol(2048, _NRF_2, 256, 4096),
    "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE": KnownSymbol(2048, _NRF_2),
    "DOWNLOAD_CLIENT_STACK_SIZE": KnownSymbol(1280, _NRF_2, 768, 4096),
    "DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE": KnownSymbol(255, _NRF_2, 8, 256),
    "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE": KnownSymbol(255, _NRF_2, 8, 2048),
    "DOWNLOADER_STACK_SIZE": KnownSymbol(1280, _NRF_3, 768, 4096),
    "DOWNLOADER_MAX_HOSTNAME_SIZE": KnownSymbol(256, _NRF_3, 8, 256),
    "DOWNLOADER_MAX_FILENAME_SIZE": KnownSymbol(255, _NRF_3, 8, 2048),
    "FOTA_DOWNLOAD_BUF_SZ": KnownSymbol(2048, f"{_NRF}/fota_download/Kconfig (3.x)"),
    "FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH": KnownSymbol(512, f"{_NRF}/fota_download/Kconfig"),
    "MBEDTLS_SSL_MAX_CONTENT_LEN": KnownSymbol(1500, _MBEDTLS),
    "MBEDTLS_SSL_IN_CONTENT_LEN": KnownSymbol(16384, "nrf/subsys/nrf_security/Kconfig.tls", 0, 16384),
    "MBEDTLS_SSL_OUT_CONTENT_LEN": KnownSymbol(16384, "nrf/subsys/nrf_security/Kconfig.tls", 0, 16384),
    "MBEDTLS_HEAP_SIZE": KnownSymbol(512, _MBEDTLS),
    "NET_SOCKETS_TLS_MAX_CONTEXTS": KnownSymbol(1, "subsys/net/lib/sockets/Kconfig"),
}

#: Symbols that are y or n, and which they are where nothing sets them and nothing selects them.
KNOWN_SWITCHES = {
    "AWS_FOTA": False,
    "AWS_FOTA_CODEGEN": False,
    "AWS_FOTA_DOWNLOADER_HTTP": False,
    "AWS_IOT": False,
    "MQTT_HELPER": False,
    "MQTT_HELPER_NATIVE_TLS": False,
    "MQTT_LIB_TLS": False,
    "NRF_MODEM_LIB": False,
    "NET_SOCKETS_SOCKOPT_TLS": False,
    "FOTA_DOWNLOAD": False,
    "FOTA_DOWNLOAD_NATIVE_TLS": False,
    "MBEDTLS": False,
    "MBEDTLS_BUILTIN": True,
    "MBEDTLS_ENABLE_HEAP": False,
}

#: A choice's numeric symbol, and the values that its members ``<symbol>_<value>`` stand for.
CHOICES = {"DOWNLOAD_CLIENT_HTTP_FRAG_SIZE": (256, 512, 1024, 2048, 4096)}
