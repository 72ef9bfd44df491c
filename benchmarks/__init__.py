# SPDX-License-Identifier: Apache-2.0
"""What this project costs: bytes and instructions of the generated C on a Cortex-M33, and the time of the tools.

``make bench`` runs them all. They measure and never judge: a time on a busy machine is no reason to fail.
"""
