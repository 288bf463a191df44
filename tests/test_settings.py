"""Settings: which source of a value wins, and what is said of a key or a value that cannot be used."""

from __future__ import annotations

import dataclasses
import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.mill import settings
from tools.mill.plan import BY_TOOL
from tools.mill.settings import ROOT, UsageError, load, parse
from tools.mill.tool import Dataset

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return folder


def min_side(base: Path, environ: dict[str, str] | None = None) -> int:
    value: int = load(base, environ or {}).sections["intake"]["min_side"]
    return value


# --- which one wins ---


def test_the_project_says_what_nobody_else_says(tmp_path: Path) -> None:
    loaded = load(tmp_path, {})
    assert loaded.sections == {tool: PROJECT[tool] for tool in BY_TOOL}
    assert loaded.datasets == {"default": PROJECT["dataset"]["default"]}
    assert not loaded.test


def test_each_level_wins_over_the_one_below(tmp_path: Path) -> None:
    base = write(tmp_path / "data", "")
    assert min_side(base) == PROJECT["intake"]["min_side"]
    write(base, "[intake]\nmin_side = 301")
    assert min_side(base) == 301.0
    assert min_side(base, {"MILL_INTAKE_MIN_SIDE": "302"}) == 302


def test_the_slice_stands_between(tmp_path: Path) -> None:
    """Project, data, project's [test], data's [test], its own, the environment: each over those before it."""
    data, test = tmp_path / "data", tmp_path / "data" / "data_TEST"
    write(data, "[intake]\nmax_megapixels = 11")
    write(test, "")
    assert load(test, {}).test
    megapixels = load(test, {}).sections["intake"]["max_megapixels"]
    assert (megapixels, type(megapixels)) == (11.0, float), "data's config.toml holds for its slice"
    assert min_side(test) == PROJECT["test"]["intake"]["min_side"] != PROJECT["intake"]["min_side"]
    assert min_side(data) == PROJECT["intake"]["min_side"], "[test] holds nowhere else"
    write(data, "[intake]\nmin_side = 303")
    assert min_side(test) == PROJECT["test"]["intake"]["min_side"], "what [test] says holds in the slice"
    write(data, "[intake]\nmin_side = 303\n[test.intake]\nmin_side = 304")
    assert min_side(test) == 304
    assert min_side(data) == 303
    write(test, "[intake]\nmin_side = 305")
    assert min_side(test) == 305
    write(test, "[intake]\nmin_side = 305\n[test.intake]\nmin_side = 306")
    assert min_side(test) == 306
    assert min_side(test, {"MILL_INTAKE_MIN_SIDE": "307"}) == 307


def test_the_slice_is_known_by_where_it_lies_not_by_what_it_was_called_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = write(tmp_path / "data_TEST", "")
    monkeypatch.chdir(test)
    assert load(Path(), {}).test
    assert min_side(Path()) == PROJECT["test"]["intake"]["min_side"]


def test_a_file_that_was_edited_is_read_again(tmp_path: Path) -> None:
    for value in (301, 302):
        write(tmp_path, f"[intake]\nmin_side = {value}")
        assert min_side(tmp_path) == value


def test_environment_that_speaks_of_no_tool_is_let_alone(tmp_path: Path) -> None:
    load(tmp_path, {"MILL_JOBS": "4", "MILL_RETRY_FAILED": "1", "MILL": "x", "INTAKE_MIN_SIDE": "1"})


# --- datasets ---


def test_datasets_inherit_what_they_do_not_say(tmp_path: Path) -> None:
    write(tmp_path, '[dataset.emma]\nsubject = "Emma"\n[dataset.max-2]\n')
    found = load(tmp_path, {}).datasets
    default = PROJECT["dataset"]["default"]
    assert found == {"emma": {**default, "subject": "Emma"}, "max-2": default}
    assert settings.dataset_names(load(tmp_path, {})) == ("emma", "max-2")


def test_the_slice_makes_the_datasets_of_its_workspace(tmp_path: Path) -> None:
    write(tmp_path, '[dataset.emma]\nsubject = "Emma"\ncount = 30')
    test = write(tmp_path / "data_TEST", "[dataset.emma]\ncount = 5")
    emma = load(test, {}).datasets["emma"]
    assert (emma["subject"], emma["count"]) == ("Emma", 5)


def test_a_dataset_is_what_the_code_takes(tmp_path: Path) -> None:
    """Every key of [dataset.default] is a field of Dataset with that default, and the other way round."""
    assert Dataset(**load(tmp_path, {}).datasets["default"]) == Dataset()
    assert {"name", *PROJECT["dataset"]["default"]} == {field.name for field in dataclasses.fields(Dataset)}


# --- the project's own file ---


@pytest.mark.parametrize("tool", BY_TOOL)
def test_the_projects_file_says_what_the_tool_takes(tool: str) -> None:
    """[TOOL] has exactly the parameters and limits that the tool declares, with the same defaults."""
    declared = importlib.import_module(f"tools.{tool}").TOOL
    values = {limit.key: limit.default for limit in declared.limits}
    for field in dataclasses.fields(declared.params):
        values[field.name] = getattr(declared.params(), field.name)
    assert PROJECT[tool] == values
    for field in dataclasses.fields(declared.params):
        assert type(PROJECT[tool][field.name]) is type(values[field.name]), field.name


@pytest.mark.parametrize("tool", BY_TOOL)
def test_every_tool_is_the_one_that_its_file_says(tool: str) -> None:
    declared = importlib.import_module(f"tools.{tool}").TOOL
    assert declared.name == tool
    assert (declared.work is None) != (declared.work_set is None)
    assert hasattr(declared.params(), "deadline_s") or declared.work is None, "an item that hangs must be ended"


def test_no_other_sections() -> None:
    assert set(PROJECT) == {*BY_TOOL, "test", "dataset"}
    assert set(PROJECT["dataset"]) == {"default"}
    for tool, table in PROJECT["test"].items():
        for key, value in table.items():
            assert type(value) is type(PROJECT[tool][key]), f"[test.{tool}] {key}"


def test_every_key_is_explained() -> None:
    from tools.mill.command import key_comments

    for tool in BY_TOOL:
        assert set(key_comments(tool)) == set(PROJECT[tool])


# --- what cannot be used ---

INTAKE_KEYS = ", ".join(PROJECT["intake"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[intake]\nmin_sid = 1", "[intake] min_sid is not a setting. Did you mean min_side?"),
        ("[intake]\nzzz = 1", f"[intake] zzz is not a setting. There are: {INTAKE_KEYS}."),
        ("[test.intake]\nmin_sid = 1", "[test.intake] min_sid is not a setting. Did you mean min_side?"),
        ("[intak]\n", f"[intak] is not a section. There are: {', '.join(BY_TOOL)}, dataset.NAME."),
        ("[test.intak]\n", f"[test.intak] is not a section. There are: {', '.join(BY_TOOL)}, dataset.NAME."),
        ("min_side = 1", f"[min_side] is not a section. There are: {', '.join(BY_TOOL)}, dataset.NAME."),
        ("intake = 1", f"[intake] is not a section. There are: {', '.join(BY_TOOL)}, dataset.NAME."),
        ("test = 1", "test is not a setting. Did you mean a section, [test.NAME]?"),
        ("dataset = 'emma'", "dataset is not a setting. Did you mean a section, [dataset.NAME]?"),
        ("[dataset.emma]\ntriger = ''", "[dataset.emma] triger is not a setting. Did you mean trigger?"),
        (
            "[dataset.Emma]\n",
            "[dataset.Emma] is no name for a dataset. Use 1 to 40 of a-z, 0-9 and -, not first -.",
        ),
        ("[dataset]\nemma = 1", "[dataset.emma] is no name for a dataset. Use 1 to 40 of a-z, 0-9 and -, not first -."),
        ("[dataset.emma]\ncount = 4.5", "[dataset.emma] count must be a whole number, as in 40, not 4.5."),
        ("[dataset.emma]\ncount = true", "[dataset.emma] count must be a whole number, as in 40, not True."),
        ("[dataset.emma]\ntrigger = 1", '[dataset.emma] trigger must be a text, as in "", not 1.'),
        ("[dataset.emma]\nquota = {clse = 1}", "[dataset.emma] quota has no 'clse'. Did you mean close?"),
        (
            "[dataset.emma]\nquota = {close = 'all'}",
            "[dataset.emma] quota must hold numbers, as in {close = 0.35, mid = 0.4, far = 0.25}.",
        ),
        ("[intake]\nmin_side = '480'", "[intake] min_side must be a whole number, as in 480, not '480'."),
        ("[intake]\nmin_side = true", "[intake] min_side must be a whole number, as in 480, not True."),
        ("[intake]\nmin_side = 480.5", "[intake] min_side must be a whole number, as in 480, not 480.5."),
        ("[intake]\nmax_missing = '10 %'", "[intake] max_missing must be a number, as in 0.1, not '10 %'."),
        ("[intake]\nmax_missing = true", "[intake] max_missing must be a number, as in 0.1, not True."),
        ("[intake]\nmax_missing = nan", "[intake] max_missing must be a number, as in 0.1, not nan."),
    ],
)
def test_what_cannot_be_used_is_named_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load(tmp_path, {})
    assert str(caught.value) == f"{tmp_path / 'config.toml'}: {message}"


def test_the_file_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages run inside the workspace: its config.toml must not be mistaken for the project's."""
    write(tmp_path, "[nonsense]")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"^{tmp_path}/config.toml: "):
        load(Path(), {})


def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "[intake]\nmin_side = ")
    with pytest.raises(UsageError) as caught:
        load(tmp_path, {})
    assert str(caught.value) == (
        f"{tmp_path / 'config.toml'} is not valid TOML: Invalid value (at end of document). Mend that line."
    )
    (tmp_path / "config.toml").write_bytes(b'[dataset.emma]\ntrigger = "\xff"')
    with pytest.raises(UsageError, match=r"is not valid TOML: .* Mend that line\.$"):
        load(tmp_path, {})


def test_the_environment_is_named_where_it_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, {"MILL_INTAKE_MIN_SID": "1"})
    assert str(caught.value) == ("The environment's MILL_INTAKE_MIN_SID is not a setting. Did you mean min_side?")
    with pytest.raises(UsageError) as caught:
        load(tmp_path, {"MILL_INTAKE_MIN_SIDE": "wide"})
    assert str(caught.value) == (
        "The environment's MILL_INTAKE_MIN_SIDE: [intake] min_side must be a whole number, as in 480, not 'wide'."
    )


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("2", 1.0, 2.0),
        ("0.25", 1.0, 0.25),
        ("3", 1, 3),
        ("true", False, True),
        ("a text, = [not] toml", "", "a text, = [not] toml"),
        ("42", "", "42"),
        ("close=0.5,far=1", {"close": 0.0, "mid": 0.0, "far": 0.0}, {"close": 0.5, "far": 1.0}),
        ("{close = 0.5}", {"close": 0.0}, {"close": 0.5}),
    ],
)
def test_a_value_written_as_text(text: str, default: object, value: object) -> None:
    found = parse(text, default, "[tool] key", "--key")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "default"), [("1.5", 1), ("yes", False), ("1", False), ("", 1.0), ("a=1", {"b": 1.0})]
)
def test_a_text_that_is_no_such_value(text: str, default: object) -> None:
    with pytest.raises(UsageError, match=r"^--key: \[tool\] key "):
        parse(text, default, "[tool] key", "--key")
