# SPDX-License-Identifier: Apache-2.0
"""How names of the job document are spelled in C, and which names C or the module have taken already.

Beside the description and not beside the templates, because a description whose names meet each other in C is refused.
"""

from __future__ import annotations

import re

from aws_fota.jobdoc.model import PathStep

#: What stands behind ``AWS_FOTA_FIELD_`` for the members of the envelope (templates/include/aws_fota/message.h.j2).
ENVELOPE_MACROS = frozenset(
    {
        "MESSAGE",
        "CLIENT_TOKEN",
        "EXECUTION",
        "JOB_ID",
        "STATUS",
        "VERSION_NUMBER",
        "JOB_DOCUMENT",
        "EXECUTION_STATE",
        "CODE",
        "IN_PROGRESS_JOBS",
        "QUEUED_JOBS",
        "END",
    }
)

#: Keywords of C23 and C++20, names that are macros in some compiler or header that a build includes (`mips` on MIPS, as
#: `linux` on Linux), and the types of the members: C++ refuses `uint32_t uint32_t`.
TAKEN = frozenset(
    """
    alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char char16_t char32_t char8_t
    class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype
    default delete do double dynamic_cast else enum errno explicit export extern false float for friend goto i386 if
    inline int int32_t linux log long math_errhandling mips mutable namespace new noexcept not not_eq nullptr
    operator or or_eq private protected public register reinterpret_cast requires restrict return short signed
    signgam size_t sizeof sparc static static_assert static_cast stderr stdin stdout struct switch template this
    thread_local throw true try typedef typeid typename typeof typeof_unqual uint16_t uint32_t uint64_t uint8_t
    union unix unsigned using virtual void volatile wchar_t while xor xor_eq
    """.split()  # noqa: SIM905
)

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_MACRO = re.compile(r"[^A-Za-z0-9]+")


def macro(text: str) -> str:
    """The part of a macro's or enumerator's name that stands for `text`: upper case, digits, single underscores.

    ``fwVersion`` becomes ``FW_VERSION``. A text without any ASCII letter or digit is spelled by its UTF-8 bytes, so
    that something always stands there. Not injective: the checks of the description refuse what falls together.
    """
    # Upper case last, when it is all ASCII: what str.upper() makes of other characters depends on Python's version.
    name = _NOT_MACRO.sub("_", _WORD_BOUNDARY.sub("_", text)).strip("_").upper()
    return name or "X" + text.encode("utf-8").hex().upper()


def path_macro(path: tuple[PathStep, ...]) -> str:
    """What stands behind ``AWS_FOTA_FIELD_`` for a path; one that the envelope has already gets ``DOCUMENT_``."""
    name = "_".join(macro(str(step)) for step in path)
    return "DOCUMENT_" + name if name in ENVELOPE_MACROS else name
