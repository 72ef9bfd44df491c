# SPDX-License-Identifier: Apache-2.0
"""The limits that an ELF file really has: sizes of the buffers that were made from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_fota.check.inputs import Linked
from aws_fota.check.verdict import Library
from aws_fota.errors import InputError
from aws_fota.size.elf_file import Image, read

#: In-tree library: source file, symbol, Kconfig symbol, bytes of the buffer beyond its value.
_IN_TREE = (
    ("aws_fota.c", "payload_buf", "AWS_FOTA_PAYLOAD_SIZE", 0),
    ("aws_fota.c", "hostname", "DOWNLOAD_CLIENT_MAX_HOSTNAME_SIZE", 0),
    ("aws_fota.c", "file_path", "DOWNLOAD_CLIENT_MAX_FILENAME_SIZE", 0),
    ("aws_fota.c", "notify_next_topic", "CLIENT_ID_MAX_LEN", 20 + 65),
)
_HELPER = (
    ("mqtt_helper.c", "rx_buffer", "MQTT_HELPER_RX_TX_BUFFER_SIZE", 0),
    ("mqtt_helper.c", "payload_buf", "MQTT_HELPER_PAYLOAD_BUFFER_LEN", 0),
)
#: Our glue: the function's static buffer has a number behind its name.
_OURS = (("mqtt.c", "piece", "AWS_FOTA_PAYLOAD_SIZE", 0),)
#: Members of our ``struct aws_fota_url``, which have a NUL more than their limit.
_MEMBERS = {"host": "AWS_FOTA_HOSTNAME_MAX_LEN", "path": "AWS_FOTA_FILE_PATH_MAX_LEN"}
_STRUCT = "aws_fota_url"


def linked_limits(path: Path, library: Library, generation: str = "2.x") -> tuple[Linked, ...]:
    """What was linked.

    Args:
        generation: of the nRF Connect SDK, which the names of its limits depend on.

    Raises:
        InputError: it is no ELF file, has no symbols, or none of the library.
    """
    image = read(path)
    found = list(_buffers(image, (*_HELPER, *(_OURS if library is Library.OURS else _in_tree(generation)))))
    if library is Library.OURS:
        found += _members(path)
        ours = any(symbol.name.startswith("aws_fota_") for symbol in image.symbols)
    else:
        ours = any(symbol.file == "aws_fota.c" for symbol in image.symbols)
    if not ours:
        raise InputError(
            f"has no symbol of the library that CONFIG_{library.value} builds",
            rule="elf",
            path=path,
            fix="name the zephyr.elf of the application that the configuration is of",
        )
    return tuple(found)


def _in_tree(generation: str) -> tuple[tuple[str, str, str, int], ...]:
    """The in-tree library's buffers, with the names that their limits have in a generation."""
    renamed = {
        "2.4": {"hostname": "AWS_FOTA_HOSTNAME_MAX_LEN", "file_path": "AWS_FOTA_FILE_PATH_MAX_LEN"},
        "3.x": {"hostname": "DOWNLOADER_MAX_HOSTNAME_SIZE", "file_path": "DOWNLOADER_MAX_FILENAME_SIZE"},
    }.get(generation, {})
    return tuple((file, symbol, renamed.get(symbol, limit), extra) for file, symbol, limit, extra in _IN_TREE)


def _buffers(image: Image, wanted: tuple[tuple[str, str, str, int], ...]) -> Iterator[Linked]:
    for file, name, limit, extra in wanted:
        sizes = {
            symbol.size for symbol in image.symbols if symbol.file == file and symbol.name.partition(".")[0] == name
        }
        # Two buffers of one name in files of one name could not be told apart.
        if len(sizes) == 1:
            yield Linked(limit, sizes.pop() - extra, f"{name} of {file}")


def _members(path: Path) -> list[Linked]:
    """The lengths of host and path, from the first debug information that has the struct."""
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as stream:
        try:
            elf = ELFFile(stream)
            if not elf.has_dwarf_info():
                return []
            for unit in elf.get_dwarf_info().iter_CUs():
                found = _of_unit(unit)
                if found:
                    return found
        except (ELFError, DWARFError, KeyError, ValueError, AttributeError) as error:
            words = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"has debug information that cannot be read: {words}", rule="elf", path=path, fix="build again"
            ) from error
    return []


def _of_unit(unit: Any) -> list[Linked]:
    top = unit.get_top_DIE()
    name = top.attributes.get("DW_AT_name")
    # Only our own files know the struct; reading all units of a large image takes seconds.
    if name is None or b"src/core/" not in name.value:
        return []
    for entry in top.iter_children():
        named = entry.attributes.get("DW_AT_name")
        if entry.tag == "DW_TAG_structure_type" and named is not None and named.value == _STRUCT.encode():
            return [limit for member in entry.iter_children() for limit in _member(member)]
    return []


def _member(member: Any) -> Iterator[Linked]:
    name = member.attributes["DW_AT_name"].value.decode("ascii", "replace")
    if name in _MEMBERS:
        array = member.get_DIE_from_attribute("DW_AT_type")
        for subrange in array.iter_children():
            bound = subrange.attributes.get("DW_AT_upper_bound")
            if bound is not None:
                # The bound is the last index, which is the NUL's.
                yield Linked(_MEMBERS[name], int(bound.value), f"{name} of struct {_STRUCT}")
