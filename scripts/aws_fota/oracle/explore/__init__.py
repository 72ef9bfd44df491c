# SPDX-License-Identifier: Apache-2.0
"""All reachable states of the oracle's engine in small worlds: service, network, flash, bootloader, application.

``python -m aws_fota.oracle.explore`` runs the worlds of ``worlds.py``. What a world is stands in ``world.py``, what can
happen in it in ``moves.py``, what must hold in ``step_properties.py`` and ``state_properties.py``.
"""
