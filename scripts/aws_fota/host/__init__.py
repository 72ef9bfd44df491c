# SPDX-License-Identifier: Apache-2.0
"""The generated core on this machine, and a virtual device around it.

Layers, each usable without those below it in this list:

* ``compiler``, ``build_cache``: the core as a shared library.
  ``library``, ``engine``, ``inputs``: loaded, in dataclasses.
* ``image``, ``slot``, ``bootloader``, ``record_file``: images, flash and what MCUboot does at a reset.
* ``fetcher``, ``mqtt_link``: HTTP and MQTT. ``session``: the glue of one boot. ``device``: from power-on to power-off.
* ``simulate``: the command; the other ``simulate_*`` modules and ``job_document`` are its parts.
"""
