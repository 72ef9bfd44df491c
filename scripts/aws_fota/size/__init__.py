# SPDX-License-Identifier: Apache-2.0
"""Flash, RAM and stack of the module in a linked image."""
