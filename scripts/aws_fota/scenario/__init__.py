# SPDX-License-Identifier: Apache-2.0
"""Scenarios: what goes wrong in one update, and how it ends. Read from YAML, ordered from the local AWS."""
