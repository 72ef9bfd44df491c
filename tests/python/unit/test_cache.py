# SPDX-License-Identifier: Apache-2.0
"""What is kept between runs: never needed, never trusted from others."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from aws_fota import cache, resources
from aws_fota.codegen.generate import generate
from aws_fota.codegen.model import Model
from aws_fota.config.limits import Settings
from aws_fota.errors import AwsFotaError
from aws_fota.jobdoc.load import load
from aws_fota.yamlfile import schema, source
from descriptions import DEFAULT


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_FOTA_CACHE", str(tmp_path / "cache"))


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("AWS_FOTA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache.cache_folder() == Path("/x/west-aws-fota")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache.cache_folder() == Path("/home/me/.cache/west-aws-fota")


def test_a_folder_that_others_can_write_to_is_not_used() -> None:
    folder = cache.private_folder("x")
    assert folder is not None
    for mode in (0o720, 0o702):
        folder.chmod(mode)
        assert cache.private_folder("x") is None
    folder.chmod(0o700)
    assert cache.private_folder("x") == folder


def test_without_a_folder_everything_works(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    assert cache.private_folder("x") is None
    cache.keep(tmp_path / "cache/x", b"1")
    assert generate(Model(load())).files == generate(Model(load())).files


def test_compiled_templates_are_taken_from_it_and_damaged_ones_are_not() -> None:
    files = generate(Model(DEFAULT)).files
    (folder,) = (cache.cache_folder() / "templates").iterdir()
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    assert kept
    assert generate(Model(DEFAULT)).files == files
    for path, content in kept.items():
        path.write_bytes(content[: len(content) // 2])
    assert generate(Model(DEFAULT)).files == files
    assert {path: path.read_bytes() for path in folder.iterdir()} == kept


def test_only_a_sound_description_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    real = schema._raw

    def counted(source: schema.YamlSource, rules: dict[str, object]) -> list[object]:
        looks.append(source.path.name)
        return real(source, rules)

    monkeypatch.setattr(schema, "_raw", counted)
    path = tmp_path / "aws_fota.yaml"
    for text, name in (
        ("version: 1\n", "broken"),
        ((Path(schema.resources.default_description()).read_text()), "sound"),
    ):
        path.write_text(text)
        for _ in range(2):
            if name == "sound":
                assert load(path).fields
            else:
                with pytest.raises(Exception, match="is missing"):
                    load(path)
    assert looks == ["aws_fota.yaml"] * 3


def test_a_checked_description_is_taken_from_it_without_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "aws_fota.yaml"
    path.write_bytes(resources.default_description().read_bytes())
    described = load(path)
    (kept,) = (cache.cache_folder() / "checked").iterdir()
    monkeypatch.setattr(source, "parse", None)
    assert load(path) == described
    assert (load(path).path, load(path).source) == (str(path), "aws_fota.yaml")
    monkeypatch.undo()
    monkeypatch.setenv("AWS_FOTA_CACHE", str(tmp_path / "cache"))
    for damaged in (b"", kept.read_bytes()[:40], pickle.dumps("another thing")):
        kept.write_bytes(damaged)
        assert load(path) == described
        assert pickle.loads(kept.read_bytes()) == described


def test_a_description_that_was_refused_is_refused_again(tmp_path: Path) -> None:
    path = tmp_path / "aws_fota.yaml"
    path.write_bytes(resources.default_description().read_bytes().replace(b"type: u32", b"type: u33"))
    for _ in range(2):
        with pytest.raises(AwsFotaError, match="u33"):
            load(path)
    assert not list((cache.cache_folder() / "checked").iterdir())


def test_one_that_other_limits_let_through_is_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "aws_fota.yaml"
    deep = resources.default_description().read_bytes().replace(b"path: size\n", b"path: a.b.c.d.size\n")
    path.write_bytes(deep)
    assert load(path, Settings(json_depth=16)).fields[2].path == ("a", "b", "c", "d", "size")
    with pytest.raises(AwsFotaError, match="JSON_DEPTH"):
        load(path, Settings(json_depth=4))
