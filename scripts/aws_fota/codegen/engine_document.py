# SPDX-License-Identifier: Apache-2.0
"""The transition table for people: as Markdown, which ``doc/transitions.md`` is, and as a Mermaid state diagram."""

from __future__ import annotations

from collections.abc import Sequence

from aws_fota.codegen import engine_words
from aws_fota.codegen.transitions import ROWS, Features, Row, rows

#: How the features of a build are told.
_FEATURES = {
    "offers": "foreign jobs are offered",
    "leaves": "foreign jobs are left alone, or offered",
    "not leaves": "foreign jobs are not left alone",
    "rejects": "foreign jobs are rejected",
    "dispatches": "operations are described",
    "digests": "`sha256` described",
    "reports_on_download": "`REPORT_ON_DOWNLOAD`",
    "not reports_on_download": "not `REPORT_ON_DOWNLOAD`",
}

#: A row that counts in more phases than these is drawn from one node that stands for them all.
_MANY = 6
_ANYWHERE = "ANYWHERE"

_HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# The engine's transitions

Written by `aws-fota generate --print transitions-markdown` from `scripts/aws_fota/codegen/transitions.py`; a test
compares the two. What the words stand for in full is in [engine.md](engine.md).

Each input is an event. The first row of that event whose phase is the engine's and whose condition holds is taken: its
effect runs, what it does is noted, its phase is entered, and the event that follows is looked up next. `EXAMINE` and
`JUDGE` look into the input and the job, and become another event. Without a row nothing changes.
`..._DUE` asks for a request at the end of the step, `FORGET` clears the job.
"""


def as_markdown(features: Features | None = None) -> str:
    """The table in Markdown: of one build, or of all with a remark where a row is not in each of them."""
    chosen = ROWS if features is None else rows(features)
    remarks = features is None
    parts = [_HEAD]
    for event in dict.fromkeys(row.event for row in chosen):
        of_event = [row for row in chosen if row.event == event]
        parts.append(f"\n## {event}\n\n{_sentence(engine_words.EVENTS[event])}\n\n{_table(of_event, remarks)}")
    parts.append("\n## The diagram\n\n```mermaid\n" + as_mermaid(features) + "```\n")
    return "".join(parts)


def as_mermaid(features: Features | None = None) -> str:
    """The changes of phase as a state diagram in Mermaid's language."""
    labels: dict[tuple[str, str], list[str]] = {}
    for row in ROWS if features is None else rows(features):
        if not row.to:
            continue
        sources = [_ANYWHERE] if len(row.phases) > _MANY else [phase for phase in row.phases if phase != row.to]
        for source in sources:
            events = labels.setdefault((source, row.to), [])
            if row.event not in events:
                events.append(row.event)
    lines = ["stateDiagram-v2", "    [*] --> UNBOOTED", "    UNBOOTED --> IDLE: BOOT"]
    for (source, to), events in labels.items():
        # What happens anywhere is not drawn once more.
        elsewhere = labels.get((_ANYWHERE, to), []) if source != _ANYWHERE else []
        own = [event for event in events if event not in elsewhere]
        if own:
            lines.append(f"    {source} --> {to}: {', '.join(own)}")
    return "\n".join(lines) + "\n"


def _table(of_event: Sequence[Row], remarks: bool) -> str:
    header = ["phases", "condition", "effect", "does", "next phase", "then", *(["only where"] if remarks else [])]
    lines = [_line(header), _line(["---"] * len(header))]
    for row in of_event:
        cells = [
            _phases(row.phases),
            engine_words.GUARDS.get(row.guard, ""),
            engine_words.EFFECTS.get(row.effect, ""),
            ", ".join(f"`{name}`" for name in (*row.does, *((f"TELL {row.tell}",) if row.tell else ()))),
            row.to,
            row.then,
        ]
        lines.append(_line([*cells, *([_FEATURES.get(row.only, "")] if remarks else [])]))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _phases(phases: tuple[str, ...]) -> str:
    """The phases, or which few they are not."""
    others = [phase for phase in engine_words.BOOTED if phase not in phases]
    if len(others) > _MANY:
        return ", ".join(phases)
    everywhere = "every one" if phases[0] == "UNBOOTED" else "every one after `BOOT`"
    return everywhere + (f" but {', '.join(others)}" if others else "")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
