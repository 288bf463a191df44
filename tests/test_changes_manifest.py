"""Changes that only the manifest knows of: decisions, runs by hand, another manifest in its place, failed items."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import Mill
from stamping import ALL, Check, since, stamp

from tools.mill.tool import Result, failed
from tools.mill.words import command
from tools.stamps import changes


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("video", "intake"),
        ("frame", "extract"),
        ("person", "detect"),
        ("cutout", "mask"),
        ("composite", "composite.default"),
        ("caption", "caption.default"),
    ],
)
def test_a_decision_is_noticed_where_its_kind_is_first_judged(mill: Mill, check: Check, kind: str, name: str) -> None:
    stamp(mill.base, check)
    item = mill.ids(kind)[0]
    for verdict in ("reject", "undo"):
        mill.decide(verdict, item)
        assert check() == since(name)
        stamp(mill.base, check)


def test_a_decision_for_one_dataset_is_noticed_there(mill: Mill, check: Check) -> None:
    stamp(mill.base, check)
    mill.decide("reject", mill.ids("cutout")[0], dataset="default")
    assert check() == ALL[ALL.index("select.default") :]


@pytest.mark.parametrize("tool", ["intake", "match", "score", "caption"])
def test_a_run_by_hand_is_noticed_from_its_step_on(mill: Mill, check: Check, tool: str) -> None:
    stamp(mill.base, check)
    mill.recorder(tool)
    assert check() == since(f"{tool}.default" if tool == "caption" else tool)


def test_another_manifest_in_its_place_is_noticed(mill: Mill, check: Check, tmp_path: Path) -> None:
    stamp(mill.base, check)
    mill.db.close()
    for path in mill.base.glob("manifest.db*"):
        path.rename(tmp_path / path.name)
    assert check() == ALL
    other = Mill(mill.base)
    other.refresh()
    other.run_all()
    stamp(mill.base, check)
    other.db.close()
    for path in (*mill.base.glob("manifest.db*"),):
        path.unlink()
    for path in tmp_path.glob("manifest.db*"):
        path.rename(mill.base / path.name)
    assert check() == ALL


# --- failed items ---


def test_failed_items_are_told_and_tried_again_when_asked(
    mill: Mill, check: Check, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mill.run("mask", lambda row: Result(failed("It broke.")), version=2)
    stamp(mill.base, check)
    assert changes.main(["check", str(mill.base)]) == 3
    assert capsys.readouterr().err == (
        "Everything is up to date; no tool was started.\n"
        f"4 items failed earlier. `{command(mill.base, 'failures')}` names them; RETRY_FAILED=1 tries again.\n"
    )
    for text, missing in (("", []), ("0", []), ("1", since("mask"))):
        monkeypatch.setenv("MILL_RETRY_FAILED", text)
        assert check() == missing
