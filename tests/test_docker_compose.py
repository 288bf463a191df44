"""The container's compose file: what is mounted and passed on, and that the page says the same."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile import DOCKERFILE, ROOT, defaults, environment, told

from tools.engines.vertex import CONTAINER_KEY

COMPOSE = ROOT / "docker" / "docker-compose.yml"
PAGE = ROOT / "docs" / "docker.md"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text()))


@pytest.fixture(scope="module")
def mill(compose: dict[str, Any]) -> dict[str, Any]:
    assert list(compose["services"]) == ["mill"]
    return dict(compose["services"]["mill"])


def test_the_build_is_this_image(compose: dict[str, Any], mill: dict[str, Any]) -> None:
    assert compose["name"] == "framemill"
    assert (COMPOSE.parent / mill["build"]["context"]).resolve() == ROOT
    assert ROOT / mill["build"]["dockerfile"] == DOCKERFILE
    assert mill["build"]["args"] == {
        name: f"${{{'MILL_LOCK' if name == 'LOCK' else name}:-{value}}}" for name, value in defaults().items()
    }


def test_the_workspace_the_models_and_home_are_mounted(compose: dict[str, Any], mill: dict[str, Any]) -> None:
    (work,) = told("WORKDIR")
    mounted = {volume["target"]: volume for volume in mill["volumes"]}
    assert set(mounted) == {f"{work}/data", f"{work}/models", environment()["HOME"]}
    assert mounted[f"{work}/data"]["source"] == "${MILL_DATA:-../data}"
    assert mounted[f"{work}/data"]["bind"] == {"create_host_path": False}
    assert (COMPOSE.parent / mounted[f"{work}/models"]["source"]).resolve() == ROOT / "models"
    assert mounted[environment()["HOME"]]["source"] in compose["volumes"]


def test_the_key_is_a_secret_where_the_captioner_looks(compose: dict[str, Any], mill: dict[str, Any]) -> None:
    (work,) = told("WORKDIR")
    (secret,) = mill["secrets"]
    assert secret["target"] == f"{work}/{CONTAINER_KEY.relative_to(ROOT).as_posix()}"
    assert compose["secrets"] == {secret["source"]: {"file": "${MILL_KEY_FILE:-/dev/null}"}}
    assert not Path("/dev/null").is_file()  # so that no key is no key


def test_no_key_stands_in_the_files(mill: dict[str, Any]) -> None:
    assert {name: value for name, value in mill["environment"].items() if value} == {"MILL_ACTOR": "${USER:-}"}
    assert not [name for name in environment() if re.search("KEY|TOKEN|SECRET|CREDENTIAL", name)]


def test_it_may_do_little_and_listens_to_this_machine_only(mill: dict[str, Any]) -> None:
    assert mill["cap_drop"] == ["ALL"]
    assert mill["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "user", "network_mode", "pid", "ipc", "cap_add", "devices"} & set(mill)
    assert [port.split(":")[0] for port in mill["ports"]] == ["127.0.0.1"]


@pytest.mark.parametrize("path", ["docker/service-account-key.json", "docker/.env", "data/manifest.db"])
def test_git_ignores_what_is_yours(path: str) -> None:
    asked = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, capture_output=True, check=False)
    if asked.returncode == 128:
        pytest.skip("this is no git repository")
    assert asked.returncode == 0


# --- the page ---


def commands(page: Path) -> list[list[str]]:
    """Every `docker …` line of a page's blocks."""
    blocks = re.findall(r"^```\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [
        shlex.split(line, comments=True)
        for block in blocks
        for line in block.splitlines()
        if line.startswith("docker ")
    ]


@pytest.mark.parametrize("page", [ROOT / "README.md", PAGE], ids=lambda page: page.name)
def test_the_commands_on_the_page_are_those_of_the_compose_file(page: Path, compose: dict[str, Any]) -> None:
    targets = set(re.findall(r"^## ([a-z0-9-]+) ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    found = [words for words in commands(page) if words[1] == "compose"]
    assert found
    for words in found:
        assert words[2:4] == ["-f", COMPOSE.relative_to(ROOT).as_posix()]
        rest = [word for word in words[4:] if not word.startswith("-")]
        if rest[0] != "run":
            assert rest == ["build"]
            continue
        assert rest[1] in compose["services"]
        if rest[2] == "make":
            assert {word for word in rest[3:] if "=" not in word} <= targets


def test_the_page_names_every_variable_and_no_other() -> None:
    named = set(re.findall(r"MILL_[A-Z]+", PAGE.read_text()))
    assert named == set(re.findall(r"\$\{(MILL_[A-Z]+)", COMPOSE.read_text()))
