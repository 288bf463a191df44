"""caption_edit: a person's caption, by whatever name the image has; what is refused, and with which words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import RunTool
from making import Mill

from tools.caption_edit import edit
from tools.mill.settings import ROOT, UsageError

DONE = "The caption of cutout {} in {} is yours. The next `make` puts it into the package."


@pytest.fixture
def done(mill: Mill) -> Mill:
    """A mill that has run through, one of whose composites lies in a package."""
    mill.run_all()
    step = mill.step("package")["id"]
    mill.db.execute("insert into package (step_id, digest, state, at) values (?, 'd', 'current', '')", (step,))
    values = (mill.ids("composite")[0], mill.ids("caption")[0], "07_final_training/default/one.png")
    mill.db.execute("insert into package_item (package_id, item_id, caption_id, path) values (1, ?, ?, ?)", values)
    return mill


def said(mill: Mill) -> list[Any]:
    return mill.all(
        "select kind, address, dataset, value, note from decision where verdict = 'caption' order by decision.id"
    )


@pytest.mark.parametrize("kind", ["cutout", "composite", "caption", "image", "text"])
def test_a_caption_is_written_for_the_cutout_whatever_names_it(done: Mill, kind: str) -> None:
    cutout = done.one("select parent_id from item where id = ?", done.ids("composite")[0])
    if kind in ("image", "text"):
        name = f"07_final_training/default/one.{'png' if kind == 'image' else 'txt'}"
    else:
        name = str(cutout if kind == "cutout" else done.ids(kind)[0])
    assert edit(done.base, name, " ohwx,\ta red\nhat ", why="the model got it wrong") == (
        DONE.format(cutout, "default"),
    )
    address = done.one("select address from item where id = ?", cutout)
    assert said(done) == [("cutout", address, "default", "ohwx, a red hat", "the model got it wrong")]


def test_the_last_word_is_the_caption_until_it_is_undone(done: Mill, run_tool: RunTool) -> None:
    def texts() -> list[Any]:
        return done.all(
            """select caption.text from caption join item on item.id = caption.item_id
            join outcome on outcome.item_id = item.id and outcome.latest and outcome.passed
            where item.newest and caption.author = 'person'"""
        )

    item = str(done.ids("composite")[0])
    for text in ("first", "second"):
        edit(done.base, item, text)
        run_tool(done.base, "caption", dataset="default")
        assert texts() == [text]
    uid = done.one("select uid from decision where value = 'second'")
    done.db.execute(
        """insert into decision (uid, kind, address, verdict, undoes, actor, created_at)
        select 'u', kind, address, 'undo', ?, actor, created_at from decision where uid = ?""",
        (uid, uid),
    )
    run_tool(done.base, "caption", dataset="default")
    assert texts() == ["first"]


def test_a_missing_trigger_is_told(done: Mill) -> None:
    (done.base / "config.toml").write_text('[dataset.default]\ntrigger = "ohwx"\n', encoding="utf-8")
    item = done.ids("cutout")[0]
    (told,) = edit(done.base, str(item), "ohwxy")
    assert told == f"{DONE.format(item, 'default')} It does not begin with the trigger, ohwx; it stays as it is."
    assert edit(done.base, str(item), "Ohwx, a hat") == (DONE.format(item, "default"),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" \n", 'The text is empty. Write it as TEXT="…", one line.'),
        ("x" * 2001, 'The text has 2001 characters; a caption has at most 2000. Write it as TEXT="…", one line.'),
        ("a\x07", r"""The text holds the sign '\x07', which trainers cannot read. Write it as TEXT="…", one line."""),
        (
            "caf\udce9",
            r"""The text holds the sign '\udce9', which trainers cannot read. Write it as TEXT="…", one line.""",
        ),
    ],
)
def test_what_can_be_no_caption_is_refused(done: Mill, text: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        edit(done.base, str(done.ids("cutout")[0]), text)
    assert str(refused.value) == why
    assert said(done) == []


def test_what_leads_to_no_cutout_is_refused(done: Mill) -> None:
    frame, both = done.ids("frame")[0], " ".join(str(item) for item in done.ids("cutout")[:2])
    for item, why in {
        str(frame): f"frame {frame} has no caption. Name a packaged image, a composite, a cut-out or a caption.",
        both: f"{both} names 2 items. A caption is written for one at a time.",
        "nothing": f"nothing is no item of {done.base}. Give an id, a path below the workspace, or an address.",
    }.items():
        with pytest.raises(UsageError) as refused:
            edit(done.base, item, "ohwx")
        assert str(refused.value) == why
    assert said(done) == []


def test_a_dataset_is_asked_for_where_there_are_several(done: Mill) -> None:
    (done.base / "config.toml").write_text("[dataset.default]\n[dataset.emma]\n", encoding="utf-8")
    cutout, composite = done.ids("cutout")[0], done.ids("composite")[0]
    with pytest.raises(UsageError, match="Say DATASET= with one of: default, emma"):
        edit(done.base, str(cutout), "ohwx")
    with pytest.raises(UsageError, match="There is no dataset eva"):
        edit(done.base, str(cutout), "ohwx", dataset="eva")
    edit(done.base, str(cutout), "for emma", dataset="emma")
    edit(done.base, str(composite), "for default")
    assert [(row[2], row[3]) for row in said(done)] == [("emma", "for emma"), ("default", "for default")]


def test_the_command_says_what_it_did(done: Mill) -> None:
    item = done.ids("cutout")[0]
    done.db.close()
    command = [sys.executable, "-m", "tools.caption_edit", "--base", str(done.base), str(item), "--text", "ohwx, $HOME"]
    ran = subprocess.run(command, cwd=Path(ROOT), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", f"{DONE.format(item, 'default')}\n")
    ran = subprocess.run([*command[:-1], ""], cwd=Path(ROOT), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (2, 'Error: The text is empty. Write it as TEXT="…", one line.\n')
