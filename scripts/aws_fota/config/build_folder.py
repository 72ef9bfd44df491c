# SPDX-License-Identifier: Apache-2.0
"""Where things are in a Zephyr build folder: the application's ``.config`` and its ``aws_fota.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aws_fota.errors import InputError

DESCRIPTION = "aws_fota.yaml"
#: What zephyr/cmake/aws_fota_generate.cmake notes in the CMake cache: the description of the build.
USED = "AWS_FOTA_DESCRIPTION_USED"
#: The CMake project of a sysbuild folder.
SYSBUILD = "sysbuild_toplevel"

_CACHE_LINE = re.compile(r"([A-Za-z0-9_.-]+):[A-Z]+=(.*)")


class BuildFolder(NamedTuple):
    """The build of one application.

    Attributes:
        path: the application's own build folder; with sysbuild it lies inside the one that the user named.
        config: its ``.config``.
        description: the ``aws_fota.yaml`` of the application, None when it brings none.
    """

    path: Path
    config: Path
    description: Path | None


def locate(build: Path) -> BuildFolder:
    """The application's files in the build folder `build`.

    Raises:
        InputError: there is no such folder, no ``.config`` in it, or more than one application.
    """
    if not build.is_dir():
        raise InputError(
            "is not a folder", rule="build-folder", path=build, fix="name a build folder, as 'west build -d' does"
        )
    path = _application(build)
    return BuildFolder(path, path / "zephyr" / ".config", _description(path))


def _application(build: Path) -> Path:
    default = _default_domain(build) or _unfinished_default(build)
    if default is not None:
        return default
    if (build / "zephyr" / ".config").is_file():
        return build
    images = [folder for folder in sorted(build.iterdir()) if (folder / "zephyr" / ".config").is_file()]
    if len(images) == 1:
        return images[0]
    if images:
        names = ", ".join(str(image) for image in images)
        raise InputError(
            f"holds several images: {names}", rule="build-folder", path=build, fix="name the application's with -d"
        )
    raise InputError(
        "has no zephyr/.config in it, nor has a folder below it",
        rule="build-folder",
        path=build,
        fix="configure the build first, for example with 'west build --cmake-only'",
    )


def _default_domain(build: Path) -> Path | None:
    """The application of a sysbuild folder, where zephyr/.config is sysbuild's own."""
    domains = build / "domains.yaml"
    if not domains.is_file():
        return None
    listed = _yaml(domains)
    default = listed.get("default") if isinstance(listed, dict) else None
    entries = listed.get("domains") if isinstance(listed, dict) else None
    folders = {
        entry["name"]: entry.get("build_dir")
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    }
    if not isinstance(default, str) or default not in folders:
        raise InputError("names no default domain", rule="build-folder", path=domains, fix="build again")
    # The folder may have been moved since: what lies inside it comes before the absolute path.
    for candidate in (build / default, Path(str(folders[default]))):
        if (candidate / "zephyr" / ".config").is_file():
            return candidate
    raise InputError(
        f"names the default domain '{default}', which has no zephyr/.config",
        rule="build-folder",
        path=domains,
        fix="configure the build again",
    )


def _unfinished_default(build: Path) -> Path | None:
    """The application of a sysbuild folder whose configuration failed, so that its domains are not listed yet."""
    cache = _cache(build / "CMakeCache.txt")
    if cache.get("CMAKE_PROJECT_NAME") != SYSBUILD or not cache.get("APP_DIR"):
        return None
    # As sysbuild names it.
    application = build / Path(cache["APP_DIR"]).name
    if (application / "zephyr" / ".config").is_file():
        return application
    raise InputError(
        f"is a folder of sysbuild in which '{application.name}' was not configured",
        rule="build-folder",
        path=build,
        fix="configure the build first, for example with 'west build --sysbuild --cmake-only'",
    )


def _yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(error).split())
        raise InputError(f"cannot be read: {problem}", rule="build-folder", path=path, fix="build again") from error


def _description(application: Path) -> Path | None:
    cache = _cache(application / "CMakeCache.txt")
    if cache.get(USED):
        return Path(cache[USED])
    for folder in _folders_of_the_application(cache):
        if (folder / DESCRIPTION).is_file():
            return folder / DESCRIPTION
    return None


def _folders_of_the_application(cache: dict[str, str]) -> Iterator[Path]:
    """Where prj.conf is, and where the application is; the first that holds a description wins."""
    source = cache.get("APPLICATION_SOURCE_DIR", "")
    if cache.get("APPLICATION_CONFIG_DIR"):
        yield Path(cache["APPLICATION_CONFIG_DIR"])
    for key in ("CONF_FILE", "CACHED_CONF_FILE"):
        # Several files are joined by ';'; a relative one is relative to the application.
        for name in cache.get(key, "").split(";"):
            if name.strip():
                yield (Path(source) / name.strip()).parent
    if source:
        yield Path(source)


def _cache(path: Path) -> dict[str, str]:
    """The variables of a CMakeCache.txt; none when there is no such file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", rule="build-folder", path=path, fix="build again"
        ) from error
    found = (_CACHE_LINE.fullmatch(line) for line in text.splitlines())
    return {match[1]: match[2] for match in found if match}
