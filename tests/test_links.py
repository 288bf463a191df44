"""Links: what was rejected lies by tool and reason for a file browser; rebuilt, never a file of the user's touched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hostile_names import forty
from making import Mill

from tools.mill import find, links
from tools.mill.plan import PLAN
from tools.mill.tool import Result, failed, rejected


def rebuild(mill: Mill, tool: str, dataset: str = "") -> dict[str, str]:
    """The links of a step after rebuilding, with where they lead."""
    name = mill.dataset(tool, dataset)
    links.rebuild(mill.db, mill.base, mill.step(tool, dataset)["id"], tool, name)
    return {
        str(path.relative_to(mill.base / "rejected" / tool / name)): os.readlink(path)
        for path in (mill.base / "rejected" / tool / name).rglob("*")
        if path.is_symlink()
    }


def test_each_rejected_file_lies_under_its_reason(mill: Mill) -> None:
    mill.run("intake", lambda row: Result(rejected("impostor" if "a.mp4" in row["path"] else "unreadable")))
    assert rebuild(mill, "intake") == {
        "impostor/a.mp4": "../../../00_raw_videos/a.mp4",
        "unreadable/b.mp4": "../../../00_raw_videos/b.mp4",
    }
    for path in (mill.base / "rejected").rglob("*.mp4"):
        assert path.read_bytes() == path.name.encode(), "it leads to the file itself"


def test_what_came_back_or_changed_its_reason_moves(mill: Mill) -> None:
    reasons = iter(["impostor", "unreadable"])
    mill.run("intake", lambda row: Result(rejected(next(reasons))))
    first = rebuild(mill, "intake")
    mill.run("intake", lambda row: Result(rejected("unreadable")), version=2)
    assert sorted(rebuild(mill, "intake")) == ["unreadable/a.mp4", "unreadable/b.mp4"]
    assert not (mill.base / "rejected" / "intake" / "impostor").exists()
    mill.run("intake", version=3)
    assert rebuild(mill, "intake") == {}
    assert not (mill.base / "rejected" / "intake").exists()
    assert len(first) == 2


def test_what_stays_is_let_alone_and_what_was_lost_is_made_again(mill: Mill) -> None:
    mill.run("intake", lambda row: Result(rejected("impostor")))
    rebuild(mill, "intake")
    kept, lost = (mill.base / "rejected" / "intake" / "impostor" / name for name in ("a.mp4", "b.mp4"))
    before = kept.lstat()
    lost.unlink()
    assert len(rebuild(mill, "intake")) == 2
    assert kept.lstat().st_ino == before.st_ino
    wrong = mill.base / "rejected" / "intake" / "impostor" / "wrong.mp4"
    wrong.symlink_to("nowhere")
    assert len(rebuild(mill, "intake")) == 2


def test_a_dataset_has_its_own(mill: Mill) -> None:
    mill.run_all()
    mill.run("select", lambda row: Result(rejected("over_quota", "Full.")), version=2)
    found = rebuild(mill, "select")
    assert len(found) == 4
    assert all(
        name.startswith("over_quota/") and target.startswith("../../../../03_") for name, target in found.items()
    )
    assert (mill.base / "rejected" / "select" / "default").is_dir()


def test_what_a_person_rejected_is_shown_as_that_and_what_failed_is_not(mill: Mill) -> None:
    mill.run_all()
    mill.decide("reject", mill.ids("frame")[0])
    assert [name.split("/")[0] for name in rebuild(mill, "extract")] == ["rejected_by_hand"]
    mill.run("mask", lambda row: Result(failed("It broke.")), version=2)
    assert rebuild(mill, "mask") == {}


def test_what_does_not_reach_a_step_is_not_shown_there(mill: Mill) -> None:
    mill.run_all()
    mill.bound("score", min_sharpness=0.9)
    assert len(rebuild(mill, "score")) == 4
    mill.decide("reject", *mill.ids("video"))
    assert rebuild(mill, "score") == {}


def test_files_of_one_name_lie_side_by_side(workspace: Path) -> None:
    mill = Mill(workspace)
    long = "x" * 251 + ".mp4"
    mill.put("clip.mp4", "a/clip.mp4", "b/clip.mp4", long, f"a/{long}")
    mill.run("intake", lambda row: Result(rejected("impostor")))
    found = rebuild(mill, "intake")
    assert {name for name in found if "clip" in name} == {
        "impostor/clip.mp4",
        "impostor/clip~2.mp4",
        "impostor/clip~3.mp4",
    }
    assert {name for name in found if "x" in name.removesuffix(".mp4").removeprefix("impostor/")[:1]} == {
        f"impostor/{long}",
        f"impostor/{'x' * 249}~2.mp4",
    }
    assert sorted(found.values()) == sorted({*found.values()})
    mill.db.close()


def test_names_that_hurt(workspace: Path) -> None:
    root = os.fsencode(workspace / "00_raw_videos")
    names = forty(b".mp4")
    for name in names:
        with open(os.path.join(root, name), "wb") as file:
            file.write(name)
    mill = Mill(workspace)
    mill.refresh()
    mill.run("intake", lambda row: Result(rejected("impostor")))
    rebuild(mill, "intake")
    folder = os.fsencode(workspace / "rejected" / "intake" / "impostor")
    assert sorted(os.listdir(folder)) == sorted(names)
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            assert file.read() == name
    mill.db.close()


@pytest.mark.parametrize("step", ["first", "second"])
def test_a_tool_that_had_nothing_to_do_still_shows_what_was_decided_elsewhere(
    workspace: Path, run_tool: Any, picture: Any, step: str
) -> None:
    """A reject is settled when it is said; the next run of the step has nothing to do but to show it."""
    picture(workspace / "00_raw_photos" / "a.jpg", 1)
    picture(workspace / "00_raw_photos" / "b.jpg", 2)
    run_tool(workspace, "intake")
    from tools.decide import decide

    decide(workspace, "reject", ["00_raw_photos/a.jpg"], "", "")
    assert run_tool(workspace, "intake").counts == {}
    link = workspace / "rejected" / "intake" / "rejected_by_hand" / "a.jpg"
    assert link.is_symlink()
    if step == "second":
        decide(workspace, "undo", ["00_raw_photos/a.jpg"], "", "")
        run_tool(workspace, "intake")
        assert not (workspace / "rejected" / "intake").exists()


def test_people_who_passed_lie_under_what_they_show(mill: Mill) -> None:
    """Two people, and later only one of them, who sits now."""
    tools = [step.tool for step in PLAN]
    for tool in tools[: tools.index("match") + 1]:
        mill.run(tool)
    one, two = mill.passed("match")[:2]
    crops = {item: mill.one("select path from item where id = ?", item) for item in (one, two)}
    mill.db.execute("update person set shot = 'unknown', view = null, posture = null, arms = null, extent = null")
    mill.db.execute("update person set shot = 'far', view = 'back', posture = 'standing' where item_id = ?", (one,))
    mill.db.execute("update person set shot = 'close', arms = 'up' where item_id = ?", (two,))

    def sorted_people() -> dict[str, str]:
        links.lay_out(mill.db, mill.base, links.PEOPLE, "mill/sorted_people", mill.step("match")["id"])
        found = (path for path in (mill.base / "people").rglob("*") if path.is_symlink())
        return {str(path.relative_to(mill.base / "people")): os.readlink(path) for path in found}

    def link(category: str, item: int) -> tuple[str, str]:
        return f"{category}/{Path(crops[item]).name}", f"../../../{crops[item]}"

    assert sorted_people() == dict(
        [
            *(link("shot/far", one), link("view/back", one), link("posture/standing", one)),
            *(link("shot/close", two), link("arms/up", two)),
        ]
    )
    (row,) = find.items(mill.db, mill.base, f"people/view/back/{Path(crops[one]).name}")
    assert row["id"] == one
    mill.db.execute("update person set posture = 'sitting' where item_id = ?", (one,))
    mill.db.execute("update outcome set passed = 0 where item_id = ?", (two,))
    assert sorted_people() == dict([link("shot/far", one), link("view/back", one), link("posture/sitting", one)])
