# SPDX-License-Identifier: Apache-2.0
"""A device in a process of its own, so that a test can kill it: FLASH RECORD KEY HOST PORT THING."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from imgtool import keys

from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.host.build_cache import build
from aws_fota.host.device import Device
from aws_fota.host.device_settings import DeviceSettings
from aws_fota.host.library import Core
from aws_fota.host.mqtt_link import Endpoint
from aws_fota.jobdoc.load import load

if __name__ == "__main__":
    flash, record, key, host, port, thing = sys.argv[1:]
    settings = DeviceSettings(thing, Endpoint(host, int(port)), Path(flash), Path(record), keys.load(key), 0.02)
    Device(Core(build(Model(load(), Settings()))), settings).start()
    threading.Event().wait()
