# SPDX-License-Identifier: Apache-2.0
"""Things, jobs and executions in the state file."""

from __future__ import annotations

import json
from typing import Any

from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.preconf.json import make_converter

from aws_fota.emulator.jobs_ledger import JobsLedger
from aws_fota.emulator.jobs_model import Change, ControlError, Execution, Job
from aws_fota.emulator.jobs_things import Thing, ThingGroup
from aws_fota.emulator.state_file import StateFile

_Key = tuple[str, str, int]

_converter = make_converter(detailed_validation=False)
# Each has a table of its own, so that an update costs the same however long the history is.
_converter.register_unstructure_hook(Job, make_dict_unstructure_fn(Job, _converter, executions=override(omit=True)))
_converter.register_unstructure_hook(
    Execution, make_dict_unstructure_fn(Execution, _converter, history=override(omit=True))
)

#: Members that are times of the monotonic clock.
_DEADLINES = ("in_progress_deadline", "step_deadline", "next_batch_at")


class JobsKeeper:
    """Writes what changed in a ledger, and reads it back.

    Args:
        file: the state file.
        ledger: the state.
    """

    def __init__(self, file: StateFile, ledger: JobsLedger) -> None:
        self._file = file
        self._ledger = ledger
        self._saved_jobs: dict[str, tuple[Job, str]] = {}
        #: What the settings "things" and "groups" hold.
        self._saved_lists: dict[str, str] = {}
        #: Executions to be written, with the number of changes that their history got since they were.
        self._touched: dict[_Key, int] = {}

    def load(self) -> None:
        """Fill the ledger, which is empty, with what is in the file.

        Raises:
            InputError: the file is damaged.
        """
        try:
            settings = dict(self._file.rows("SELECT name, value FROM settings"))
            self._saved_lists = {name: settings.get(name, "[]") for name in ("things", "groups")}
            things = _converter.structure(json.loads(self._saved_lists["things"]), list[Thing])
            groups = _converter.structure(json.loads(self._saved_lists["groups"]), list[ThingGroup])
            self._ledger.restore(things, groups, self._jobs())
        except (ValueError, TypeError, LookupError, AttributeError, ControlError) as error:
            raise self._file.damaged(f"what it says of jobs makes no sense ({type(error).__name__})") from error

    def _jobs(self) -> list[Job]:
        jobs: dict[str, Job] = {}
        executions: dict[_Key, Execution] = {}
        for job_id, body in self._file.rows("SELECT job_id, body FROM jobs ORDER BY place"):
            job = jobs[job_id] = _converter.structure(self._shifted(json.loads(body), -1), Job)
            self._saved_jobs[job_id] = job, body
        for *key, body in self._file.rows("SELECT * FROM executions ORDER BY job_id, thing, number"):
            job_id, thing, number = key
            execution = _converter.structure(self._shifted(json.loads(body), -1), Execution)
            executions[job_id, thing, number] = execution
            jobs[job_id].executions.setdefault(thing, []).append(execution)
        for *key, _, body in self._file.rows("SELECT * FROM changes ORDER BY job_id, thing, number, version"):
            job_id, thing, number = key
            executions[job_id, thing, number].history.append(_converter.structure(json.loads(body), Change))
        for job in jobs.values():
            # As they were made: by the targets' order, and not by name.
            made = {thing: job.executions[thing] for thing in job.targets if thing in job.executions}
            job.executions = {**made, **job.executions}
        return list(jobs.values())

    def changed(self, change: Change) -> None:
        """Note a change of an execution, to be written by :meth:`save`."""
        key = (change.job_id, change.thing, change.execution_number)
        self._touched[key] = self._touched.get(key, 0) + 1

    def timed(self, execution: Execution) -> None:
        """Note that a timer of an execution was set."""
        self._touched.setdefault((execution.job_id, execution.thing, execution.number), 0)

    def save(self, *, everything: bool) -> None:
        """Write what changed: executions that were noted, and their jobs; all jobs and things with `everything`."""
        job_ids = dict.fromkeys(job_id for job_id, _, _ in self._touched)
        if everything:
            job_ids.update(dict.fromkeys([*self._saved_jobs, *self._ledger.jobs]))
            self._save_lists()
        for job_id in job_ids:
            self._save_job(job_id)
        for key, changes in self._touched.items():
            execution = self._ledger.execution(*key)
            if execution is not None:
                self._save_execution(key, execution, changes)
            else:
                for table in ("changes", "executions"):
                    self._file.execute(f"DELETE FROM {table} WHERE job_id = ? AND thing = ? AND number = ?", key)
        self._touched.clear()

    def _save_execution(self, key: _Key, execution: Execution, changes: int) -> None:
        body = _text(self._shifted(_converter.unstructure(execution), 1))
        self._file.execute("INSERT OR REPLACE INTO executions VALUES (?, ?, ?, ?)", (*key, body))
        for change in execution.history[-changes:] if changes else ():
            values = (*key, change.version_number, _text(_converter.unstructure(change)))
            self._file.execute("INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?)", values)

    def _save_lists(self) -> None:
        for name, values in (("things", self._ledger.things), ("groups", self._ledger.groups)):
            text = _text(_converter.unstructure(list(values.values())))
            if text != self._saved_lists.get(name):
                self._file.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, text))
                self._saved_lists[name] = text

    def _save_job(self, job_id: str) -> None:
        job = self._ledger.jobs.get(job_id)
        earlier, written = self._saved_jobs.get(job_id, (None, ""))
        if earlier is not None and earlier is not job:
            for table in ("changes", "executions", "jobs"):
                self._file.execute(f"DELETE FROM {table} WHERE job_id = ?", (job_id,))
            del self._saved_jobs[job_id]
            written = ""
        if job is None:
            return
        body = _text(self._shifted(_converter.unstructure(job), 1))
        if body != written:
            self._file.execute(
                "INSERT INTO jobs (job_id, body) VALUES (?, ?) ON CONFLICT (job_id) DO UPDATE SET body = excluded.body",
                (job_id, body),
            )
            self._saved_jobs[job_id] = job, body

    def _shifted(self, body: dict[str, Any], sign: int) -> dict[str, Any]:
        """`body` with its deadlines moved from the monotonic clock, which starts anew, to the wall's (-1: back)."""
        clock = self._ledger.clock
        for name in _DEADLINES:
            if body.get(name) is not None:
                body[name] += sign * (clock.wall() - clock.monotonic())
        return body


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
