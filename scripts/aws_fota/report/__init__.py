# SPDX-License-Identifier: Apache-2.0
"""Traces of updates, and sequence diagrams drawn from them.

``trace`` collects entries, ``sequence`` makes steps of them in the words of ``sequence_words``, and
``diagram_text`` and ``diagram_svg`` draw the steps.
"""
