# SPDX-License-Identifier: Apache-2.0
"""The local AWS: a device gateway with the Jobs service behind it, and an S3-like HTTP server.

Layers, each usable without the ones below it in this list:

* ``service``, ``jobs_*``: AWS IoT Jobs as a pure, synchronous model on an injected clock; no sockets.
* ``mqtt_*``, ``gateway_*``: MQTT 3.1.1 packets without I/O, sessions and subscriptions, and the server in front.
* ``storage_*``, ``http_server``: objects, presigned URLs, and the HTTP server with its faults.
* ``emulator``: one object that holds all three; ``emulator_thread`` runs it for synchronous callers.
* ``command``: the ``emulate`` command.
"""
