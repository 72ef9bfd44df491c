# SPDX-License-Identifier: Apache-2.0
"""The compiled core: built once, declared by its own headers, and loaded with all its functions."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.errors import EnvironmentLacks, InputError
from aws_fota.host import build_cache
from aws_fota.host.build_cache import Built, build
from aws_fota.host.compiler import CompileFailed, Compiler, find_compiler
from aws_fota.host.engine import Engine
from aws_fota.host.image import ImageVersion
from aws_fota.host.inputs import Action, Boot, Message, Plain, Result, Url
from aws_fota.host.library import Core
from aws_fota.jobdoc.load import load

MODEL = Model(load(), Settings())
DESCRIBED = (
    b'{"clientToken":"0000000b","execution":{"jobId":"j-1","status":"QUEUED","versionNumber":3,"jobDocument":'
    b'{"operation":"app_fw_update","fwversion":"v1.2.3","size":300,"sha256":"%s",'
    b'"location":{"url":"http://h.x:81/p?q=1"}}}}' % (b"ab" * 32)
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(MODEL, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def core(built: Built) -> Core:
    return Core(built)


def test_a_core_is_built_once_for_each_content(built: Built) -> None:
    cache = built.library.parents[1]
    assert built.fresh
    assert build(MODEL, cache=cache) == Built(built.library, built.declarations, fresh=False)
    other = build(Model(MODEL.description, Settings(payload_size=64)), cache=cache)
    assert other.fresh
    assert other.library.parent != built.library.parent
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        {built.library.parent.name, other.library.parent.name}
    )


def test_concurrent_builds_end_with_one_core(tmp_path: Path) -> None:
    results: list[Built] = []
    threads = [threading.Thread(target=lambda: results.append(build(MODEL, cache=tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert results[0].library == results[1].library
    assert [path.name for path in tmp_path.iterdir()] == [results[0].library.parent.name]
    Core(results[0])


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_FOTA_CACHE", "/a")
    assert build_cache.cache_folder() == Path("/a")
    monkeypatch.delenv("AWS_FOTA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert build_cache.cache_folder() == Path("/b/west-aws-fota")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/c")
    assert build_cache.cache_folder() == Path("/c/.cache/west-aws-fota")


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(InputError, match="AWS_FOTA_CACHE"):
        build(MODEL, cache=blocked / "cache")


def test_a_cache_without_room_is_named_and_left_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"No space left on device.*AWS_FOTA_CACHE"):
        build(MODEL, cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_compiler_one_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentLacks, match=r"^no C compiler: .* apt install gcc\) \[compiler\]$"):
        find_compiler()


def test_a_wrong_cc_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -m64")
    with pytest.raises(EnvironmentLacks, match="'no-such-compiler', which CC names"):
        find_compiler()


def test_cc_may_bring_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "gcc -DEXTRA")
    assert find_compiler().command[1:] == ("-DEXTRA",)


def test_a_compile_error_has_the_compilers_words(tmp_path: Path) -> None:
    (tmp_path / "broken.c").write_text("int broken(void) { return nothing; }\n")
    with pytest.raises(CompileFailed, match=r"broken\.c:1:.*'nothing' undeclared"):
        find_compiler().shared_library(tmp_path, ["broken.c"], "broken.so", sanitize=False)


def test_what_a_killed_compiler_leaves_goes_with_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "of the build"
    folder.mkdir()
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\ntouch "$TMPDIR/left.o"\n', encoding="utf-8")
    compiler.chmod(0o755)
    Compiler((str(compiler),), "").shared_library(folder, ["core.c"], "core.so", sanitize=False)
    assert (folder / "left.o").exists()


def test_declarations_hold_numeric_macros_and_no_system_header(built: Built, core: Core) -> None:
    assert "CONST_AWS_FOTA_RECORD_MAX" in built.declarations
    assert "__attribute__" not in built.declarations
    assert core.limit("RECORD_MAX") == 256
    assert core.limit("TOPIC_MAX") == 12 + 128 + 6 + 64 + 16
    assert core.limit("PAYLOAD_SIZE") == MODEL.settings.payload_size


def test_enums_go_both_ways(core: Core) -> None:
    assert core.actions.name(core.actions.value("PUBLISH")) == "PUBLISH"
    assert list(core.timers) == ["REQUEST", "DOWNLOAD"]
    assert core.fields.value("LOCATION_URL") > core.fields.value("OPERATION") == 16


def test_a_message_is_parsed_however_it_is_split(core: Core) -> None:
    whole = core.parse("EXECUTION", DESCRIBED)
    assert core.results.name(whole.result) == "OK"
    assert (whole.job_id, whole.status, whole.version_number, whole.client_token) == ("j-1", 1, 3, 11)
    assert whole.job == {
        "operation": "app_fw_update",
        "version": "v1.2.3",
        "size": 300,
        "sha256": b"\xab" * 32,
        "url": Url("http", "h.x", 81, "/p?q=1"),
    }
    assert core.parse("EXECUTION", DESCRIBED, range(1, len(DESCRIBED))) == whole
    assert core.parse("EXECUTION", DESCRIBED, [5, 5, 7]) == whole


def test_a_refusal_tells_field_and_offset(core: Core) -> None:
    broken = core.parse("EXECUTION", DESCRIBED.replace(b"300", b"-1 "))
    assert core.results.name(broken.result) == "OUT_OF_RANGE"
    assert core.fields.name(broken.field) == "SIZE"
    assert DESCRIBED[broken.offset : broken.offset + 1] in (b"0", b"3", b" ")
    assert broken.job["size"] == 0


def test_remembered_jobs_are_passed_over(core: Core) -> None:
    pending = b'{"inProgressJobs":[],"queuedJobs":[{"jobId":"a"},{"jobId":"b"}]}'
    assert core.parse("PENDING", pending).job_id == "a"
    assert core.parse("PENDING", pending, remembered=[core.job_hash("a")]).job_id == "b"


def test_a_url_shows_no_query(core: Core) -> None:
    result, url = core.split_url(b"https://h.x:8443/a/b.bin?X-Amz-Signature=1")
    assert (result, url) == ("OK", Url("https", "h.x", 8443, "/a/b.bin?X-Amz-Signature=1"))
    assert str(url) == "https://h.x:8443/a/b.bin"
    assert core.split_url(b"ftp://h.x/")[0] == "WRONG_VALUE"
    assert core.split_url(b"")[0] == "WRONG_VALUE"


def test_versions(core: Core) -> None:
    assert core.parse_version("v1.2.3+4") == ImageVersion(1, 2, 3, 4)
    assert core.parse_version("1.2") is None
    assert core.compare_versions(ImageVersion(1, 2, 3), ImageVersion(1, 10, 0)) < 0
    assert core.compare_versions(ImageVersion(1, 2, 3, 1), ImageVersion(1, 2, 3)) > 0


def test_topics(core: Core) -> None:
    assert core.parse_topic("t", b"$aws/things/t/jobs/j-1/update/accepted") == ("UPDATE_ACCEPTED", "j-1")
    assert core.parse_topic("t", b"$aws/things/other/jobs/notify") == ("FOREIGN", "")
    assert core.parse_topic("t", b"") == ("FOREIGN", "")


BOOT = Boot(None, b"\x01" * 32, ImageVersion(1, 0, 0), True, False, 4096, 10)


def test_an_engine_goes_from_boot_to_the_first_update(core: Core) -> None:
    engine = Engine(core, "thing")
    assert engine.phase == "UNBOOTED"
    assert engine.step(BOOT) == ()
    subscribe, timer = engine.step(Plain("CONNECTED"))
    assert (subscribe, timer.name, timer.what) == (Action("SUBSCRIBE"), "TIMER_START", "REQUEST")
    assert set(engine.subscriptions()) == {"$aws/things/thing/jobs/notify", "$aws/things/thing/jobs/notify-next"}
    assert [action.name for action in engine.step(Result("SUBSCRIBED"))] == ["PUBLISH", "TIMER_START"]
    topic, payload = engine.publication()
    assert topic == "$aws/things/thing/jobs/$next/get"
    token = payload.split(b'"')[3]
    read = engine.read(b"%s/accepted" % topic.encode(), DESCRIBED.replace(b"0000000b", token), 7, range(1, 300))
    assert read is not None
    message, parsed = read
    assert message.identity == hashlib.sha256(b"http://h.x:81/p").digest()
    assert parsed.job_id == "j-1"
    actions = engine.step(message)
    assert actions[0] == Action("ACKNOWLEDGE", packet_id=7)
    assert (engine.phase, engine.job_id, engine.size) == ("STARTING", "j-1", 300)
    assert engine.publication()[0] == "$aws/things/thing/jobs/j-1/update"
    assert (engine.etag, engine.reason, engine.detail) == (None, "NONE", 0)
    assert str(engine.url) == "http://h.x:81/p"
    assert 124 < len(engine.record()) <= 256


def test_an_identity_is_over_host_and_port_of_the_scheme(core: Core) -> None:
    engine = Engine(core, "t")
    assert engine.identity() is None
    assert engine.url is None


def test_a_topic_of_somebody_else_is_not_read(core: Core) -> None:
    engine = Engine(core, "t")
    engine.step(BOOT)
    assert engine.read(b"$aws/things/u/jobs/notify", b"{}", 1) is None
    assert engine.read(b"lights/on", b"", 0) is None


def test_a_message_that_is_no_json_is_an_input_all_the_same(core: Core) -> None:
    engine = Engine(core, "t")
    engine.step(BOOT)
    read = engine.read(b"$aws/things/t/jobs/notify-next", b"{", 3)
    assert read is not None
    assert read[0] == Message(b"$aws/things/t/jobs/notify-next", core.results.value("TRUNCATED"), 0, 3)
    assert engine.step(read[0])[0] == Action("ACKNOWLEDGE", packet_id=3)


@pytest.mark.parametrize("thing", ["", "a b", "x" * 129, "a/b"])
def test_a_wrong_thing_name_is_an_input_error(core: Core, thing: str) -> None:
    with pytest.raises(InputError, match="thing-name"):
        Engine(core, thing)


def test_nothing_to_publish_is_not_made_up(core: Core) -> None:
    engine = Engine(core, "t")
    engine.step(BOOT)
    with pytest.raises(RuntimeError, match="errno 22"):
        engine.publication()


def test_a_sanitized_core_runs_in_a_process_with_its_runtime(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from aws_fota.codegen.model import Model
        from aws_fota.host.build_cache import build
        from aws_fota.host.library import Core
        from aws_fota.jobdoc.load import load
        core = Core(build(Model(load()), sanitize=True, cache=Path(sys.argv[1])))
        text = b'{"execution":{"jobId":"j"}}'
        for end in range(len(text) + 1):
            core.parse("WATCH", text[:end], range(1, end))
        print("read", flush=True)
        # One byte more than there is: what the exact allocations are for.
        core.lib.aws_fota_url_split(core.memory(b"http://h/abcdefgh", "char"), 18, core.new("struct aws_fota_url *"))
        print("not noticed", flush=True)
    """)
    environment = {**os.environ, **find_compiler().preload(), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "read\n", done.stderr
    assert "heap-buffer-overflow" in done.stderr
