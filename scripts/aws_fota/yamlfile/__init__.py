# SPDX-License-Identifier: Apache-2.0
"""YAML files that people write: plain values with their lines, held against a pykwalify schema."""
