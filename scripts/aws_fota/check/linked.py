# SPDX-License-Identifier: Apache-2.0
"""The limits that an ELF file really has: sizes of the buffers that were made from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_fota.check.debug_information import debug_information
from aws_fota.check.inputs import Linked
from aws_fota.check.verdict import Library
from aws_fota.errors import InputError
from aws_fota.jobdoc.model import Description, FieldType
from aws_fota.size.elf_file import DAMAGED, Image, Memory, read

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
_URL, _JOB = "aws_fota_url", "aws_fota_job"


#: Which machines Zephyr's CONFIG_ARCH builds for (arch/*/Kconfig); of others nothing is known here.
_MACHINES = {
    "arc": {"EM_ARC_COMPACT2", "EM_ARC_COMPACT3", "EM_ARC_COMPACT3_64"},
    "arm": {"EM_ARM"},
    "arm64": {"EM_AARCH64"},
    "mips": {"EM_MIPS"},
    "posix": {"EM_386", "EM_X86_64", "EM_AARCH64"},
    "riscv": {"EM_RISCV"},
    "sparc": {"EM_SPARC"},
    "x86": {"EM_386", "EM_X86_64", "EM_IAMCU"},
    "xtensa": {"EM_XTENSA"},
}


def refuse_other_architecture(path: Path, architecture: str) -> None:
    """Refuse an ELF file that a build cannot have made.

    Args:
        architecture: CONFIG_ARCH; empty where it is not known.

    Raises:
        InputError: the file is for another architecture, or no ELF file that can be read.
    """
    machine = read(path).machine
    if machine not in _MACHINES.get(architecture, {machine}):
        raise InputError(
            f"is for {machine.removeprefix('EM_')}, and the configuration for '{architecture}'",
            rule="elf",
            path=path,
            fix="name the zephyr.elf of the build that the configuration is of",
        )


def linked_limits(
    path: Path, library: Library, generation: str = "2.x", description: Description | None = None
) -> tuple[Linked, ...]:
    """What was linked.

    Args:
        description: whose fields to compare with those of our ``struct aws_fota_job``.
        generation: of the nRF Connect SDK, which the names of its limits depend on.

    Raises:
        InputError: it is no ELF file, has no symbols, or none of the library.
    """
    image = read(path)
    found = list(_buffers(image, (*_HELPER, *(_OURS if library is Library.OURS else _in_tree(generation)))))
    if library is Library.OURS:
        found += _from_debug_information(path, description)
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


def buffer_size(path: Path, name: str) -> int:
    """Bytes of the one variable `name`, such as an application's MQTT buffer.

    Raises:
        InputError: there is none, or there are several of different sizes.
    """
    sizes = {
        symbol.size
        for symbol in read(path).symbols
        if symbol.name.partition(".")[0] == name and symbol.memory is not Memory.CODE
    }
    if len(sizes) != 1:
        what = "several variables of different sizes" if sizes else "no variable"
        raise InputError(
            f"has {what} named '{name}'", rule="elf", path=path, fix="give the number of bytes instead of a name"
        )
    return sizes.pop()


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


def _from_debug_information(path: Path, description: Description | None) -> list[Linked]:
    """The lengths of host, path and fields, from the first of our files that has the structs."""
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as stream:
        try:
            elf = ELFFile(stream)
            if not elf.has_dwarf_info():
                return []
            for unit in debug_information(elf).iter_CUs():
                structs = _structs(unit)
                if structs:
                    found = [_of_url(name, entry) for name, entry in structs.get(_URL, {}).items() if name in _MEMBERS]
                    return found + list(_of_job(structs.get(_JOB, {}), description))
        except (ELFError, DWARFError, *DAMAGED) as error:
            words = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"has debug information that cannot be read: {words}", rule="elf", path=path, fix="build again"
            ) from error
    return []


def _structs(unit: Any) -> dict[str, dict[str, int]]:
    """Our structs in one unit: the name of each member, and how many elements it has, 1 for one that is no array."""
    top = unit.get_top_DIE()
    name = top.attributes.get("DW_AT_name")
    # Only our own files are read: all units of a large image take seconds.
    if name is None or b"src/core/" not in name.value:
        return {}
    found = {}
    for entry in _children(top):
        named = entry.attributes.get("DW_AT_name")
        if entry.tag == "DW_TAG_structure_type" and named is not None and named.value in (_URL.encode(), _JOB.encode()):
            members = [member for member in _children(entry) if member.tag == "DW_TAG_member"]
            found[named.value.decode("ascii")] = {
                member.attributes["DW_AT_name"].value.decode("ascii", "replace"): _elements(member)
                for member in members
            }
    return found


def _children(entry: Any) -> Iterator[Any]:
    """The entries below one.

    Raises:
        ValueError: they do not follow each other; in a damaged file they can go round for ever.
    """
    last = -1
    for child in entry.iter_children():
        if child.offset <= last:
            raise ValueError("entries that go round in a circle")
        last = child.offset
        yield child


def _elements(member: Any) -> int:
    for subrange in _children(member.get_DIE_from_attribute("DW_AT_type")):
        if subrange.tag != "DW_TAG_subrange_type":
            continue
        # gcc tells the last index, and clang the number of elements.
        bound, count = (subrange.attributes.get(f"DW_AT_{name}") for name in ("upper_bound", "count"))
        if bound is not None:
            return int(bound.value) + 1
        if count is not None:
            return int(count.value)
    return 1


def _of_url(name: str, elements: int) -> Linked:
    return Linked(_MEMBERS[name], elements - 1, f"{name} of struct aws_fota_url")


def _of_job(members: dict[str, int], description: Description | None) -> Iterator[Linked]:
    """Each described field against the member it lands in; 0 elements where there is none."""
    if not members or description is None:
        return
    for field in description.fields:
        elements = members.get(field.destination, 0)
        expected = {FieldType.STRING: field.max_length + 1, FieldType.HEX: field.size}.get(field.type, 1)
        yield Linked(
            f"{field.destination} of {description.source}",
            elements,
            f"{field.destination} of struct aws_fota_job",
            expected,
        )
