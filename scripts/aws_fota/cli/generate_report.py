# SPDX-License-Identifier: Apache-2.0
"""What ``generate`` prints: lines for people, JSON for programs, and the diff of ``--check``."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from aws_fota.cli.model_options import ModelSource
from aws_fota.codegen.output_folder import Comparison, State

#: Of the JSON; raised when a reader of an earlier one could misunderstand it.
FORMAT_VERSION = 1

#: What a state leads to, in the words of the JSON, by mode.
ACTIONS = {
    "write": {
        State.UNCHANGED: "unchanged",
        State.DIFFERS: "written",
        State.MISSING: "written",
        State.STALE: "removed",
    },
    "dry-run": {
        State.UNCHANGED: "unchanged",
        State.DIFFERS: "would-write",
        State.MISSING: "would-write",
        State.STALE: "would-remove",
    },
    "check": {state: state.value for state in State},
}


def mode_of(args: argparse.Namespace) -> str:
    """Which column of :data:`ACTIONS` the options ask for."""
    return "check" if args.check else "dry-run" if args.dry_run else "write"


def as_json(comparisons: Sequence[Comparison], folder: Path, source: ModelSource, mode: str) -> str:
    """The list of files with digest and action. A file that is only on disk has the digest of what is there."""
    files = []
    for comparison in comparisons:
        content = comparison.new if comparison.new is not None else comparison.old
        files.append(
            {
                "path": comparison.path,
                "sha256": hashlib.sha256(content or b"").hexdigest(),
                "action": ACTIONS[mode][comparison.state],
            }
        )
    whole = {
        "version": FORMAT_VERSION,
        "mode": mode,
        "config": None if source.config is None else str(source.config),
        "description": str(source.description),
        "output": str(folder),
        "files": files,
    }
    return json.dumps(whole, indent=2)


def lines(comparisons: Sequence[Comparison], folder: Path, source: ModelSource, dry_run: bool) -> Iterator[str]:
    """What was done, or would be, in a few lines for people."""
    if dry_run:
        for comparison in comparisons:
            action = ACTIONS["dry-run"][comparison.state]
            if action != "unchanged":
                yield f"{action.replace('-', ' ')} {folder / comparison.path}"
        return
    count = Counter(ACTIONS["write"][comparison.state] for comparison in comparisons)
    total = count["written"] + count["unchanged"]
    if not count["written"] and not count["removed"]:
        yield f"{folder}: {total} files from {source.words} are up to date"
        return
    removed = f", {count['removed']} removed" if count["removed"] else ""
    yield f"{folder}: {count['written']} of {total} files from {source.words} written{removed}"


def failure(comparisons: Sequence[Comparison], folder: Path) -> str:
    """Why ``--check`` fails, in one sentence; empty when it does not."""
    count = Counter(comparison.state for comparison in comparisons)
    total = len(comparisons) - count[State.STALE]
    if count[State.MISSING] == total and not count[State.STALE]:
        return "nothing has been generated here" if folder.is_dir() else "does not exist, nothing has been generated"
    parts = [
        f"{count[state]} {word}"
        for state, word in (
            (State.DIFFERS, "differ"),
            (State.MISSING, "are missing"),
            (State.STALE, "should not be there any more"),
        )
        if count[state]
    ]
    return f"of {total} files {', '.join(parts)}" if parts else ""


def print_diff(comparisons: Sequence[Comparison], folder: Path) -> None:
    """A unified diff from what is on disk to what is generated; nothing where nothing was generated at all."""
    if all(comparison.state is State.MISSING for comparison in comparisons):
        return
    for comparison in comparisons:
        if comparison.state is not State.UNCHANGED:
            print("".join(_diff(comparison, folder)), end="")


def _diff(comparison: Comparison, folder: Path) -> Iterator[str]:
    # Not at the top: few runs show a difference.
    import difflib

    name = str(folder / comparison.path)
    old_name = name if comparison.old is not None else "/dev/null"
    new_name = f"{name} (generated)" if comparison.new is not None else "/dev/null"
    old, new = _text_lines(comparison.old), _text_lines(comparison.new)
    for line in difflib.unified_diff(old, new, old_name, new_name):
        yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


def _text_lines(content: bytes | None) -> list[str]:
    # Only \n ends a line here; what cannot be decoded is shown, not refused.
    text = (content or b"").decode("utf-8", "backslashreplace")
    return [line for line in re.split(r"(?<=\n)", text) if line]
