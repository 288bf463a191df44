"""status: the whole output for an empty and a filled workspace, what it points at, and its exit code."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asking import ask
from made_up import person
from manifest_filled import STARTED, filled, item, play, source, words

from tools.decide import decide
from tools.mill.manifest import connect
from tools.mill.settings import ROOT, UsageError
from tools.mill.sources import refresh
from tools.mill.tool import Asked, Result, failed
from tools.report import advice
from tools.report.state import State, dominating
from tools.status import failed as failed_lines
from tools.status import main

BOX = "p0156-0556"

FUNNEL = """\
stage  tool       dataset  kind       in  ok  rejected  failed  waiting  seconds
    0  intake              photo       1   1         0       0        0      0.5
    0  intake              video       3   1         2       0        0      1.5
    1  extract             photo       1   1         0       0        0      0.5
    1  extract             video       1   1         0       0        0      0.5
    1  extract             frame       9   8         1       0        0      0.0
    2  detect              frame       8   7         1       0        0      4.0
    2  detect              person      7   6         1       0        0      0.0
    2  embed               person      6   6         0       0        0      3.0
    2  match               person      6   6         0       0        0      3.0
    3  mask                person      6   5         0       1        0      3.0
    3  mask                cutout      5   4         1       0        0      0.0
    4  score               cutout      4   3         1       0        0      2.0
    4  select     default  cutout      3   2         1       0        0      1.5
    5  composite  default  cutout      2   2         0       0        0      1.0
    5  composite  default  composite   2   2         0       0        0      0.0
    6  caption    default  cutout      2   2         0       0        0      1.0
    6  caption    default  caption     2   2         0       0        0      0.0
    7  package    default  composite   2   2         0       0        0      1.0
"""

REASONS = f"""\
tool     dataset  kind    reason          n  share  means
intake            video   impostor        1   33 %  {words("intake", "impostor")[0]}
intake            video   low_resolution  1   33 %  {words("intake", "low_resolution")[0]}
extract           frame   near_duplicate  1   11 %  {words("extract", "near_duplicate")[0]}
detect            frame   no_person       1   12 %  {words("detect", "no_person")[0]}
detect            person  low_confidence  1   14 %  {words("detect", "low_confidence")[0]}
mask              cutout  empty_mask      1   20 %  {words("mask", "empty_mask")[0]}
mask              person  failed          1   17 %  The tool broke on this item.
score             cutout  blurry          1   25 %  {words("score", "blurry")[0]}
select   default  cutout  same_moment     1   33 %  {words("select", "same_moment")[0]}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return filled(tmp_path / "work")


def status(base: Path, *words: str) -> tuple[str, int | None]:
    return ask(main, base, *words)


def test_a_workspace_without_a_manifest_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^.*manifest\.db does not exist\. Mend BASE, or put footage into .*00_raw_v"):
        status(tmp_path)


def test_an_empty_workspace(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    assert status(tmp_path, "--final") == (
        "stage  tool  dataset  kind  in  ok  rejected  failed  waiting  seconds\n"
        "\n"
        "Package: none yet. There is no footage.\n"
        "\n"
        f"Next: put footage into {tmp_path}/00_raw_videos, then: make all BASE={tmp_path}\n",
        0,
    )


def test_a_filled_workspace(base: Path) -> None:
    assert status(base) == (
        f"{FUNNEL}\n{REASONS}\n"
        "People seen: at least 1.\n"
        "Selection default: 2 of 4 images: far 0 of 2.\n"
        "Dataset default has no trigger word, so that nothing calls what is trained: "
        f'[dataset.default] trigger = "…" in {base}/config.toml\n'
        f"Package default: {base}/07_final_training/default/, 2 images\n"
        "\n"
        f"Next: make failures BASE={base}  # what broke and why; RETRY_FAILED=1 tries again\n",
        0,
    )


def test_final_names_what_failed_and_says_so_by_its_exit_code(base: Path) -> None:
    text, code = status(base, "--final")
    path = connect(base).execute("select path from persons where status = 'failed'").fetchone()[0]
    assert f"\n\n1 item failed:\n  mask, person 16, {path}: ValueError: the crop has no pixels\n\nNext: " in text
    assert code == 3


def test_the_exit_code_reaches_the_shell(base: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tools.status", "--base", str(base), *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    assert (run("--final").returncode, run().returncode) == (3, 0)
    missing = run("--base", "/nowhere/at/all")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.startswith("Error: /nowhere/at/all/manifest.db does not exist.")


def test_of_many_failed_the_first_are_named_and_the_rest_counted() -> None:
    one = {"tool": "mask", "kind": "person", "item_id": 7, "path": None, "address": "a/t0/p0", "detail": "x\ny"}
    found = dataclasses.replace(blank(), funnel=[funnel_row("mask", 30, failed=25)], failed=[one] * 20)
    lines = list(failed_lines(found))
    assert lines[0] == "25 items failed:"
    assert lines[1] == r"  mask, person 7, a/t0/p0: x\ny"
    assert (len(lines), lines[-1]) == (22, "  and 5 more: make failures")


def test_json_holds_the_same(base: Path) -> None:
    text, code = status(base, "--json", "--final")
    found = json.loads(text)
    assert code == 3
    assert [row["tool"] for row in found["funnel"]][-1] == "package"
    assert all(
        row["inputs"] == sum(row[key] for key in ("ok", "rejected", "failed", "waiting")) for row in found["funnel"]
    )
    assert found["selections"] == [{"dataset": "default", "chosen": 2, "wanted": 4, "gaps": ["far 0 of 2"]}]
    assert found["packages"] == [
        {
            "dataset": "default",
            "images": 2,
            "at": found["packages"][0]["at"],
            "first_path": "07_final_training/default/1.png",
        }
    ]
    assert (found["people"], found["adrift"], found["running"], len(found["failed"])) == (1, [], [], 1)
    assert found["next"].startswith("make failures ")


def test_decisions_that_find_nobody_are_told(base: Path) -> None:
    db = connect(base)
    decide(base, "reject", [str(item(db, "frame", "t000002.000000"))], "", "")
    (base / "00_raw_videos" / "dance.mp4").unlink()
    refresh(db, base, Asked(accept_vanished=True))
    db.close()
    text, _ = status(base)
    assert (
        f"1 decision finds no image any more; nothing is lost. See: make query BASE={base} Q=decisions_adrift\n" in text
    )


def test_a_run_that_has_not_ended_is_told(base: Path) -> None:
    db = connect(base)
    masks = "(select id from step where tool = 'mask')"
    db.execute(f"update run set status = 'running', pid = 7, host = 'mill' where step_id = {masks}")
    db.close()
    assert "mask runs since 2024-05-01 10:00:00 UTC (process 7 on mill), or was killed.\n" in status(base)[0]
    assert STARTED.startswith("2024-05-01T10:00:00")


def test_a_reason_that_takes_over_half_of_a_stage_is_pointed_at(base: Path) -> None:
    db = connect(base)
    video = source(db, "dance.mp4")
    sharp = {address[0]: 0.39 for address in db.execute("select address from item where kind = 'cutout'")}
    worst = f"{video}/t000003.500000/{BOX}"
    answers = {who: Result(measures={"sharpness": 0.1 if who == worst else value}) for who, value in sharp.items()}
    play(db, base, "score", answers, pace=3.0)
    near = item(db, "cutout", f"t000000.000000/{BOX}")
    db.close()
    text, _ = status(base)
    assert (
        f"score: blurry 100 % of the cutouts: look at {base}/rejected/score/blurry/, "
        f"or type: make explain BASE={base} ITEM={near}\n"
    ) in text
    assert f"2 images; not of today's selection, renew it: make all BASE={base}\n" in text


def test_the_plain_workspace_is_not_named_in_commands(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(base.parent)
    base.rename(base.parent / "data")
    assert "Next: make failures  # what broke" in status(Path("data"))[0]
    (base.parent / "data").rename(base.parent / "data_TEST")
    assert f"Next: make failures BASE={base.parent} TEST=1  # what broke" in status(base.parent / "data_TEST")[0]


def blank() -> State:
    return State([], [], None, [], [], [], [], [])


def funnel_row(tool: str, inputs: int, ok: int = 0, failed: int = 0, waiting: int = 0, **more: str) -> dict[str, Any]:
    counts = {
        "inputs": inputs,
        "ok": ok,
        "failed": failed,
        "waiting": waiting,
        "rejected": inputs - ok - failed - waiting,
    }
    kind = {"intake": "video", "extract": "video", "detect": "frame", "match": "person", "mask": "person"}[tool]
    return {"tool": tool, "dataset": "", "kind": kind, **counts, **more}


def reason_row(tool: str, reason: str, n: int, share: float, kind: str = "cutout") -> dict[str, Any]:
    return {"tool": tool, "dataset": "", "kind": kind, "reason": reason, "n": n, "share": share}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([reason_row("score", "blurry", 4, 0.5)], None),
        ([reason_row("score", "blurry", 4, 0.51)], "blurry"),
        ([reason_row("score", "blurry", 3, 0.9)], None),
        ([reason_row("select", "same_moment", 90, 0.9)], None),
        ([reason_row("match", "unwanted_person", 90, 0.9, "person")], None),
        ([reason_row("match", "other_person", 90, 0.9, "person")], None),
        ([reason_row("match", "identity_unsure", 90, 0.9, "person")], "identity_unsure"),
        ([reason_row("score", "blurry", 9, 0.6), reason_row("detect", "no_person", 10, 0.7)], "no_person"),
    ],
)
def test_what_dominates(rows: list[dict[str, Any]], expected: str | None) -> None:
    found = advice.dominant(dataclasses.replace(blank(), failures=rows))
    assert (found and found["reason"]) == expected


def test_each_stage_kind_and_dataset_has_its_own_hint() -> None:
    """In the order of the stages; of one dataset's share the other's is no part."""
    rows = [
        reason_row("detect", "no_person", 10, 0.6, "frame"),
        reason_row("detect", "too_small", 4, 0.55, "person"),
        reason_row("caption", "caption_empty", 5, 0.51) | {"dataset": "emma"},
        reason_row("caption", "caption_empty", 5, 0.5) | {"dataset": "tom"},
    ]
    assert [(row["tool"], row["kind"], row["dataset"]) for row in dominating(rows)] == [
        ("detect", "frame", ""),
        ("detect", "person", ""),
        ("caption", "cutout", "emma"),
    ]


@pytest.mark.parametrize(
    ("row", "item_id", "linked", "said"),
    [
        (
            reason_row("score", "blurry", 61, 0.612),
            *(7, True),
            "score: blurry 61 % of the cutouts: look at data/rejected/score/blurry/, or type: make explain ITEM=7",
        ),
        (
            reason_row("package", "missing_caption", 9, 0.9, "composite") | {"dataset": "emma"},
            *(8, True),
            "package emma: missing_caption 90 % of the composites: look at data/rejected/package/emma/missing_caption/"
            ", or type: make explain ITEM=8",
        ),
        (
            reason_row("mask", "failed", 999, 0.999, "person"),
            *(9, False),
            "mask: failed over 99 % of the persons: type: make explain ITEM=9",
        ),
        (
            reason_row("extract", "near_duplicate", 4, 0.501, "frame"),
            *(3, False),
            "extract: near_duplicate 50 % of the frames: type: make explain ITEM=3",
        ),
    ],
)
def test_a_hint_says_where_to_look(row: dict[str, Any], item_id: int, linked: bool, said: str) -> None:
    assert advice.hint(row | {"item_id": item_id, "linked": linked}, Path("data")) == said


@pytest.mark.parametrize(("blurred", "told"), [(4, False), (5, True)])
def test_over_half_and_not_half(base: Path, blurred: int, told: bool) -> None:
    """Of nine persons a limit rejects four or five; what it says leads to links that are there."""
    db = connect(base)
    frames = [f"{source(db, 'dance.mp4')}/t{index / 2:013.6f}" for index in range(8) if index != 1]
    frames += [f"{source(db, 'portrait.jpg')}/t{0:013.6f}"]
    answers = {
        frame: Result(made=(person(frame, 0.1 if number < blurred else 0.9),)) for number, frame in enumerate(frames)
    }
    play(db, base, "detect", answers, pace=3.0)
    [(share,)] = db.execute("select share from failures where reason = 'low_confidence'").fetchall()
    assert share == blurred / 8
    db.close()
    text, _ = status(base)
    folder = base / "rejected" / "detect" / "low_confidence"
    assert (f"\ndetect: low_confidence 62 % of the persons: look at {folder}/, or type: make explain " in text) == told
    assert len(list(folder.iterdir())) == blurred


def test_what_failed_and_what_was_dropped_is_shown_by_a_command_alone(base: Path) -> None:
    db = connect(base)
    frames = [row[0] for row in db.execute("select address from item where kind = 'frame' and newest")]
    broken = {address: Result(failed("It broke.")) for address in frames}
    play(db, base, "detect", broken, pace=3.0)
    db.close()
    text, _ = status(base)
    first = text.partition("detect: failed 100 % of the frames: type: make explain ")[2].splitlines()[0]
    assert first.startswith(f"BASE={base} ITEM=")
    kind = connect(base).execute("select kind from item where id = ?", (first.rpartition("=")[2],)).fetchone()[0]
    assert kind == "frame"


@pytest.mark.parametrize(
    ("funnel", "failures", "why"),
    [
        ([], [], "There is no footage."),
        ([funnel_row("intake", 2, waiting=2)], [], "2 videos wait for intake."),
        ([funnel_row("intake", 2, ok=2), funnel_row("extract", 2, ok=1, waiting=1)], [], "1 video waits for extract."),
        ([funnel_row("intake", 2, ok=2), funnel_row("extract", 2, ok=2)], [], "Nothing reached detect."),
        (
            [funnel_row("intake", 3)],
            [reason_row("intake", "impostor", 2, 0.6, "video"), reason_row("intake", "too_large", 1, 0.3, "video")],
            "At intake nothing passed: impostor 2 and too_large 1.",
        ),
    ],
)
def test_why_nothing_was_packaged(funnel: list[dict[str, Any]], failures: list[dict[str, Any]], why: str) -> None:
    assert advice.why_none(dataclasses.replace(blank(), funnel=funnel, failures=failures), "default") == why


def test_what_to_type_next() -> None:
    base, made = Path("data"), {"dataset": "emma", "images": 2, "first_path": "07_final_training/emma/a b.png"}
    done = dataclasses.replace(blank(), funnel=[funnel_row("intake", 9, ok=9)])
    good = dataclasses.replace(done, packages=[made])
    blurred = dataclasses.replace(good, failures=[reason_row("score", "blurry", 9, 0.9)])
    waits = dataclasses.replace(good, funnel=[funnel_row("intake", 9, ok=8, waiting=1)])
    broke = dataclasses.replace(good, funnel=[funnel_row("intake", 9, ok=7, waiting=1, failed=1)])
    said = [
        advice.next_command(state, base, 7 if state.failures else None)
        for state in (blank(), broke, waits, good, blurred, done)
    ]
    assert said == [
        "put footage into data/00_raw_videos, then: make all",
        "make failures  # what broke and why; RETRY_FAILED=1 tries again",
        "make all  # goes on with what waits",
        "make reject ITEM='07_final_training/emma/a b.png' WHY=…  # if you do not like an image",
        "make explain ITEM=7  # why one of them is out",
        "make failures  # what was rejected, and what to do",
    ]
