# SPDX-License-Identifier: Apache-2.0
"""Which part of the library a piece of an image belongs to, for the generated module and for the in-tree library."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePosixPath

from aws_fota.size.elf_file import Memory


class Group(Enum):
    """A part of the library; the value is its name in tables and budgets."""

    PARSER = "parser"
    ENGINE = "engine"
    TOPICS = "topics"
    DOWNLOAD = "download"
    GLUE = "glue"
    TABLES = "tables"


_MEMBER = re.compile(r"\(([^()]+)\)$")
_SUFFIX = re.compile(r"\.(c|cpp|S)?\.?(o|obj)$")

#: Sources of the generated module, by their names without folder and suffix; the first that matches counts.
_OURS = (
    (re.compile(r"parser.*"), Group.PARSER),
    (re.compile(r"engine.*|record|publication.*|version"), Group.ENGINE),
    (re.compile(r"topic|jobs_topics|jobs_requests"), Group.TOPICS),
    (re.compile(r"connection|download|fota_download|http|http_headers|slot|slot_writer|image"), Group.DOWNLOAD),
    (re.compile(r".*"), Group.GLUE),
)
#: Zephyr names the module's archive so (zephyr/cmake/aws_fota_library.cmake); plain builds keep src/core in the path.
_OUR_OWNER = re.compile(r"(^|/)libaws_fota\.a\(|(^|/)src/(core|zephyr|ncs)/[a-z_]+\.(c\.)?(o|obj)$")

#: Parts of the nRF Connect SDK that do the same work, by where their objects are.
_IN_TREE = (
    (re.compile(r"aws_fota_json|cjson", re.IGNORECASE), Group.PARSER),
    (re.compile(r"lib__aws_fota|net/lib/aws_fota/"), Group.ENGINE),
    (re.compile(r"lib__aws_jobs|net/lib/aws_jobs/"), Group.TOPICS),
    (re.compile(r"download_client|fota_download|lib__downloader|net/lib/downloader/"), Group.DOWNLOAD),
)

#: Names without a map: locals of these files, and globals that begin so.
_PREFIXES = (
    ("aws_fota_parser_", Group.PARSER),
    ("aws_fota_job_hash", Group.PARSER),
    ("aws_fota_thing_name_valid", Group.TOPICS),
    ("aws_fota_url_identity", Group.ENGINE),
    ("aws_fota_subscription_", Group.ENGINE),
    ("aws_fota_url_", Group.PARSER),
    ("aws_fota_engine_", Group.ENGINE),
    ("aws_fota_record_", Group.ENGINE),
    ("aws_fota_publication_", Group.ENGINE),
    ("aws_fota_version_", Group.ENGINE),
    ("aws_fota_topic_", Group.TOPICS),
    ("aws_jobs_", Group.TOPICS),
    ("fota_download_", Group.DOWNLOAD),
    ("download_client_", Group.DOWNLOAD),
    ("downloader_", Group.DOWNLOAD),
    ("cJSON", Group.PARSER),
    ("aws_fota_", Group.GLUE),
)
#: Source files whose base names say enough: others in a large image may have the same.
_FILES = {
    "aws_fota_json.c": Group.PARSER,
    "cJSON.c": Group.PARSER,
    "aws_fota.c": Group.ENGINE,
    "aws_jobs.c": Group.TOPICS,
    "jobs_topics.c": Group.TOPICS,
    "jobs_requests.c": Group.TOPICS,
    "fota_download.c": Group.DOWNLOAD,
    "download_client.c": Group.DOWNLOAD,
    "downloader.c": Group.DOWNLOAD,
}


def by_owner(owner: str, memory: Memory) -> Group | None:
    """The group of a piece from an object file; None where it is of neither library."""
    if _OUR_OWNER.search(owner):
        name = source(owner)
        group = next(group for pattern, group in _OURS if pattern.fullmatch(name))
        core = group in (Group.PARSER, Group.ENGINE)
        return Group.TABLES if core and memory is Memory.CONSTANT else group
    for pattern, group in _IN_TREE:
        if pattern.search(owner):
            return group
    return None


def by_name(name: str, file: str, memory: Memory) -> Group | None:
    """The group of a symbol without a map: by its source file if it is local, else by its name."""
    group = _FILES.get(file)
    if group is None and not file:
        group = next((group for prefix, group in _PREFIXES if name.startswith(prefix)), None)
    for prefix, of in (("parser", Group.PARSER), ("engine", Group.ENGINE)):
        if file.startswith(prefix) and file.endswith(".c"):
            group = of
    in_core = file.startswith(("parser", "engine")) or name.startswith(("aws_fota_parser_", "aws_fota_engine_"))
    return Group.TABLES if group is not None and in_core and memory is Memory.CONSTANT else group


def source(owner: str) -> str:
    """The name of the source file without folder and suffix: ``parser`` of ``libaws_fota.a(parser.c.obj)``."""
    member = _MEMBER.search(owner)
    return _SUFFIX.sub("", PurePosixPath(member[1] if member else owner).name)
