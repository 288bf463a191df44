"""Decide: what people say of an image is written down, obeyed, and refused with a reason where nobody could obey it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from making import Mill

from tools.decide import PINNABLE
from tools.mill.settings import UsageError
from tools.mill.tool import OK, Made, Result, failed, rejected

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def done(mill: Mill) -> Mill:
    mill.run_all()
    return mill


def refusal(mill: Mill, verdict: str, item: object, dataset: str = "") -> str:
    from tools.decide import decide

    before = mill.all("select count(*) from decision")
    with pytest.raises(UsageError) as caught:
        decide(mill.base, verdict, [str(item)], dataset, "")
    assert mill.all("select count(*) from decision") == before, "what is refused is not written"
    return str(caught.value)


# --- what is written ---


def test_a_decision_says_who_when_what_and_why(done: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILL_ACTOR", "Zoë")
    cutout = done.ids("cutout")[0]
    done.decide("reject", cutout, why="eyes closed")
    row = done.one("select * from decision")
    address = done.one("select address from item where id = ?", cutout)
    expected = {"kind": "cutout", "address": address, "dataset": "", "item_id": cutout, "verdict": "reject"}
    expected |= {"undoes": None, "note": "eyes closed", "actor": "Zoë"}
    assert {key: row[key] for key in expected} == expected
    assert row["created_at"].endswith("Z")
    assert len(row["uid"]) == 32
    done.decide("undo", cutout)
    assert done.all("select verdict, undoes, note from decision order by id") == [
        ("reject", None, "eyes closed"),
        ("undo", row["uid"], None),
    ]


def test_who_has_no_name_has_a_number(done: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run as a user that it does not know."""
    import pwd

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(_: int) -> object:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    done.decide("reject", done.ids("cutout")[0])
    assert done.one("select actor from decision") == f"user {os.getuid()}"


def test_items_are_named_by_id_path_address_link_or_package(done: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.mill import find, links

    cutout = done.ids("cutout")[0]
    path, address = done.one("select path, address from item where id = ?", cutout)
    monkeypatch.chdir(done.base)
    (done.base / path).parent.mkdir(parents=True)
    (done.base / path).touch()
    for text in (str(cutout), path, str(done.base / path), f"./{path}", f" {path} "):
        assert [row["id"] for row in find.items(done.db, done.base, text)] == [cutout], text
    assert find.items(done.db, done.base, address)[0]["address"] == address
    done.decide("reject", cutout)
    links.rebuild(done.db, done.base, done.step("mask")["id"], "mask", "")
    (link,) = [found for found in (done.base / "rejected").rglob("*") if found.is_symlink()]
    assert [row["id"] for row in find.items(done.db, done.base, str(link))] == [cutout]
    both = find.items(done.db, done.base, f"{cutout} '{path}'")
    assert [row["id"] for row in both] == [cutout, cutout]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Say which item: ITEM=… takes ids (as `make query` shows them) or paths below the workspace."),
        ("99999", "99999 is no item of {base}. Give an id, a path below the workspace, or an address."),
        ("9" * 30, "{text} is no item of {base}. Give an id, a path below the workspace, or an address."),
        ("1 nowhere.png", "nowhere.png is no item of {base}. Give an id, a path below the workspace, or an address."),
        ("un'balanced", "un'balanced is no item of {base}. Give an id, a path below the workspace, or an address."),
    ],
)
def test_what_names_nothing_is_said(done: Mill, text: str, message: str) -> None:
    assert refusal(done, "reject", text) == message.format(base=done.base, text=text)


def test_an_id_that_was_replaced_means_who_stands_there_now(done: Mill) -> None:
    old = done.ids("frame")[0]
    done.run("extract", done.frames(2, "other"), version=2)
    new = done.ids("frame")[0]
    assert old != new
    done.decide("reject", old)
    assert done.one("select item_id from decision") == new


def test_a_packaged_image_stands_for_its_cutout_in_its_dataset(done: Mill) -> None:
    composite, caption, other = *done.ids("composite")[:1], done.ids("caption")[0], done.ids("composite")[1]
    cutout = done.one("select parent_id from item where id = ?", composite)
    step = done.step("package")["id"]
    done.db.execute("insert into package (step_id, digest, state, at) values (?, 'd', 'current', '')", (step,))
    for number, item in enumerate((composite, other)):
        values = (item, caption, f"07_final_training/default/{number}.png")
        done.db.execute("insert into package_item (package_id, item_id, caption_id, path) values (1, ?, ?, ?)", values)
    from tools.decide import decide

    decide(done.base, "reject", ["07_final_training/default/0.png 07_final_training/default/1.png"], "", "")
    assert done.all("select kind, item_id, dataset from decision order by id") == [
        ("cutout", cutout, "default"),
        ("cutout", done.one("select parent_id from item where id = ?", other), "default"),
    ]
    assert len(done.passed("package")) == 2


# --- what is refused ---


def test_a_defect_cannot_be_kept_and_the_error_says_why(mill: Mill) -> None:
    mill.run_all(upto="match")
    mill.run("mask", lambda row: Result(rejected("empty_mask", "The mask is empty.")))
    person = mill.ids("person")[0]
    for verdict, word in (("keep", "kept"), ("pin", "pinned")):
        assert refusal(mill, verdict, person) == (
            f"person {person} cannot be {word}: empty_mask, The mask is empty. A decision cannot make a usable image "
            "of it. Take a better mask engine, lower mask.min_coverage, or keep the cutouts that are right."
        )
    mill.decide("reject", person)


def test_what_failed_cannot_be_kept(mill: Mill) -> None:
    mill.run("intake")
    mill.run("extract", lambda row: Result(failed("It broke")))
    video = mill.ids("video")[0]
    assert refusal(mill, "keep", video) == (
        f"video {video} cannot be kept: failed, It broke. A decision cannot make a usable image of it. Read the "
        "detail; RETRY_FAILED=1 tries again."
    )


def test_what_was_not_chosen_can_be_pinned_and_not_kept(done: Mill) -> None:
    done.run("select", lambda row: Result(rejected("over_quota", "Kept instead: x.png")), version=2)
    cutout = done.ids("cutout")[0]
    assert refusal(done, "keep", cutout) == (
        f"cutout {cutout} cannot be kept: over_quota, Kept instead: x.png. A keep only overrides limits. "
        "`make pin ITEM=…` has it chosen."
    )
    done.decide("pin", cutout)
    done.bound("score", min_sharpness=0.9)
    assert done.passed("score") == [cutout], "a pin also overrides limits"
    other = done.ids("cutout")[1]
    done.decide("keep", other)
    assert done.passed("score") == [cutout, other], "what no longer reaches select is not refused for what select said"


def test_a_row_without_a_file_cannot_be_kept_or_pinned(mill: Mill) -> None:
    mill.run("intake")

    def identical(row: object) -> Result:
        assert isinstance(row, dict)
        verdict = rejected("near_duplicate", "0.4 of 255 from the frame before it.")
        return Result(made=(Made("frame", f"{row['address']}/t000000.000000", verdict=verdict),))

    mill.run("extract", identical)
    frame = mill.ids("frame")[0]
    for verdict, word in (("keep", "kept"), ("pin", "pinned")):
        assert refusal(mill, verdict, frame) == (
            f"frame {frame} cannot be {word}: near_duplicate, 0.4 of 255 from the frame before it. No file was made of "
            "it. Nothing is lost. A lower extract.identical keeps more."
        )


@pytest.mark.parametrize("kind", ["video", "frame", "person", "cutout", "composite", "caption"])
def test_only_what_is_chosen_can_be_pinned(done: Mill, kind: str) -> None:
    item = done.ids(kind)[0]
    if kind in PINNABLE:
        done.decide("pin", item)
        assert done.one("select verdict from decision") == "pin"
    else:
        assert refusal(done, "pin", item) == (
            f"{kind} {item} cannot be pinned: only frames, persons and cut-outs are chosen. Pin one of those."
        )


def test_one_dataset_cannot_keep_what_the_shared_steps_drop(done: Mill) -> None:
    done.bound("score", min_sharpness=0.9)
    cutout = done.ids("cutout")[0]
    for verdict, word in (("keep", "kept"), ("pin", "pinned")):
        assert refusal(done, verdict, cutout, "default") == (
            f"cutout {cutout} cannot be {word} for default alone: it does not pass score, which works for all "
            "datasets. Say it without DATASET."
        )
    done.decide("reject", cutout, dataset="default")
    done.decide("keep", cutout)
    assert done.passed("score") == [cutout]


def test_there_must_be_something_to_undo(done: Mill) -> None:
    cutout = done.ids("cutout")[0]
    sentence = f"cutout {cutout} has no decision to undo. `make explain` shows them."
    assert refusal(done, "undo", cutout) == sentence
    done.decide("reject", cutout)
    assert refusal(done, "undo", cutout, "default") == sentence, "what was said for all is undone for all"
    done.decide("undo", cutout)
    done.decide("reject", cutout, dataset="default")
    done.decide("undo", cutout)
    assert refusal(done, "undo", cutout, "default") == sentence


def test_a_dataset_must_be_there(done: Mill) -> None:
    assert refusal(done, "reject", 1, "emma") == "There is no dataset emma. There are: default."


def test_all_or_nothing(done: Mill) -> None:
    cutout = done.ids("cutout")[0]
    assert "is no item" in refusal(done, "reject", f"{cutout} 99999")
    assert len(done.passed("package")) == 4


def test_without_a_manifest_there_is_nothing_to_decide_on(tmp_path: Path) -> None:
    from tools.decide import decide

    with pytest.raises(UsageError) as caught:
        decide(tmp_path, "reject", ["1"], "", "")
    assert str(caught.value) == (
        f"{tmp_path}/manifest.db does not exist. Mend BASE, or put footage into {tmp_path}/00_raw_videos and type "
        "`make all`."
    )
    assert list(tmp_path.iterdir()) == []


# --- as a program ---


def test_as_people_type_it(done: Mill) -> None:
    cutout = done.ids("cutout")[0]
    path = done.one("select path from item where id = ?", cutout)

    def decide(*arguments: str) -> tuple[int, str, str]:
        found = subprocess.run(
            [sys.executable, "-m", "tools.decide", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            cwd=done.base,
            check=False,
        )
        return found.returncode, found.stdout, found.stderr

    why = "it's `dark` $HOME"
    assert decide("reject", "--base", ".", "--dataset", "", "--why", why, "--", path) == (
        *(0, ""),
        f"cutout {cutout} is rejected. The next `make` obeys.\n",
    )
    assert done.one("select note from decision") == why
    assert decide("undo", "--base", ".", "--dataset", "", "--why", "", "--", str(cutout)) == (
        *(0, ""),
        f"cutout {cutout} is free again. The next `make` obeys.\n",
    )
    code, out, err = decide("undo", "--base", ".", "--", str(cutout))
    assert (code, out) == (2, "")
    assert err == f"Error: cutout {cutout} has no decision to undo. `make explain` shows them.\n"
    assert decide("reject", "--base", ".", "--dataset", "default", "--", str(cutout))[2] == (
        f"cutout {cutout} is rejected in dataset default. The next `make` obeys.\n"
    )


def test_a_pin_reaches_the_set_that_is_chosen_from(done: Mill) -> None:
    """select itself asks for it: a choice is the tool's, and no decision overrides its verdict."""
    from tools.mill import steps

    first, second = done.ids("cutout")[:2]
    done.decide("pin", first)
    done.decide("reject", second, dataset="default")
    rows = {row["item_id"]: (row["pinned"], row["excluded"]) for row in steps.input_rows(done.db, "select", "default")}
    assert rows[first] == (True, False)
    assert rows[second] == (False, True)
    full = rejected("over_quota", "Full.")
    done.run("select", lambda row: Result(OK if row["item_id"] == first else full), version=2)
    assert done.passed("select") == [first]
    done.check()
