# SPDX-License-Identifier: Apache-2.0
"""Finding .config and aws_fota.yaml from a build folder, with and without sysbuild."""

from __future__ import annotations

from pathlib import Path

import pytest

from aws_fota.config.build_folder import locate
from aws_fota.errors import InputError


def image(folder: Path, cache: str = "") -> Path:
    (folder / "zephyr").mkdir(parents=True)
    (folder / "zephyr" / ".config").write_text("CONFIG_X=y\n", encoding="utf-8")
    (folder / "CMakeCache.txt").write_text(cache, encoding="utf-8")
    return folder


def domains(build: Path, default: str, folder: Path) -> None:
    text = f"default: {default}\nbuild_dir: {build}\ndomains:\n  - name: {default}\n    build_dir: {folder}\n"
    (build / "domains.yaml").write_text(text, encoding="utf-8")


def test_a_plain_build(tmp_path: Path) -> None:
    build = image(tmp_path / "build")
    found = locate(build)
    assert (found.path, found.config, found.description) == (build, build / "zephyr" / ".config", None)


def test_sysbuild_takes_the_default_domain(tmp_path: Path) -> None:
    build = image(tmp_path / "build")
    image(build / "mcuboot")
    application = image(build / "app")
    domains(build, "app", tmp_path / "moved" / "app")
    assert locate(build).config == application / "zephyr" / ".config"


def test_sysbuild_follows_the_folder_of_the_domain(tmp_path: Path) -> None:
    build = image(tmp_path / "build")
    application = image(tmp_path / "elsewhere")
    domains(build, "app", application)
    assert locate(build).path == application


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "default: app\n",
        "default: 5\ndomains: [{name: 5}]\n",
        "default: app\ndomains: 5\n",
        "a: " + 5000 * "[",
        "a: [\n",
        "",
    ],
)
def test_a_broken_list_of_domains(tmp_path: Path, text: str) -> None:
    build = image(tmp_path / "build")
    (build / "domains.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"domains\.yaml: (names no default domain|cannot be read)"):
        locate(build)


def test_a_domain_that_is_not_configured(tmp_path: Path) -> None:
    build = image(tmp_path / "build")
    domains(build, "app", build / "app")
    with pytest.raises(InputError, match="names the default domain 'app', which has no"):
        locate(build)


def test_sysbuild_before_it_has_listed_the_domains(tmp_path: Path) -> None:
    """So it is after a configuration that `check` would explain."""
    build = image(tmp_path / "build", "CMAKE_PROJECT_NAME:STATIC=sysbuild_toplevel\nAPP_DIR:PATH=/somewhere/app/\n")
    image(build / "mcuboot")
    with pytest.raises(InputError, match="a folder of sysbuild in which 'app' was not configured"):
        locate(build)
    application = image(build / "app")
    assert locate(build).path == application


def test_one_image_below_is_enough_and_two_are_too_many(tmp_path: Path) -> None:
    build = tmp_path / "build"
    application = image(build / "app")
    assert locate(build).path == application
    image(build / "other")
    with pytest.raises(InputError, match=r"holds several images: .*app, .*other; name the application's with -d"):
        locate(build)


def test_what_is_no_build_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        locate(tmp_path / "none")
    with pytest.raises(InputError, match=r"has no zephyr/\.config in it.*configure the build first"):
        locate(tmp_path)


@pytest.mark.parametrize(
    ("cache", "place"),
    [
        ("APPLICATION_SOURCE_DIR:PATH={root}/app\n", "app"),
        ("APPLICATION_CONFIG_DIR:INTERNAL={root}/conf\nAPPLICATION_SOURCE_DIR:PATH={root}/app\n", "conf"),
        ("APPLICATION_SOURCE_DIR:PATH={root}/app\nCONF_FILE:STRING={root}/conf/prj.conf\n", "conf"),
        ("APPLICATION_SOURCE_DIR:PATH={root}/app\nCACHED_CONF_FILE:STRING=../conf/prj.conf;x.conf\n", "conf"),
        ("// APPLICATION_SOURCE_DIR:PATH={root}/conf\nAPPLICATION_SOURCE_DIR:PATH={root}/app\n", "app"),
    ],
)
def test_the_description_is_found_beside_the_application_or_its_prj_conf(
    tmp_path: Path, cache: str, place: str
) -> None:
    build = image(tmp_path / "build", cache.format(root=tmp_path))
    assert locate(build).description is None
    (tmp_path / place).mkdir()
    (tmp_path / place / "aws_fota.yaml").write_text("version: 1\n", encoding="utf-8")
    (tmp_path / "app").mkdir(exist_ok=True)
    found = locate(build).description
    assert found is not None
    assert found.samefile(tmp_path / place / "aws_fota.yaml")
