# SPDX-License-Identifier: Apache-2.0
"""Firmware updates for Zephyr devices through AWS IoT Jobs: generator, oracle, emulator and virtual device."""

__version__ = "0.1.0"
