"""package: a good package is never replaced by what a broken captioner left of it; a person's word still empties it."""

from __future__ import annotations

from pathlib import Path

import pytest
from captioning import choose, needs
from making import Mill
from packing import FOLDER, listing, make, row
from serving import API_KEY, Service
from test_caption_make import configured
from workspaces import ask, portraits
from workspaces import make as run_make

from tools.mill.ends import Stop
from tools.mill.steps import input_rows
from tools.mill.tool import Made, Result, Verdict, failed, rejected
from tools.training.swap import previous_of


def lacking(base: Path, number: int, reason: str = "failed", detail: str | None = None) -> dict[str, object]:
    return row(base, number, text=None, caption_lack=reason, caption_lack_detail=detail)


def images(base: Path) -> int:
    return sum(name.endswith(".txt") and name != "EMPTY.txt" for name in listing(base / FOLDER))


def test_a_package_keeps_its_place_where_no_caption_came(tmp_path: Path) -> None:
    make(tmp_path, [row(tmp_path, number) for number in (1, 2, 3)])
    before = listing(tmp_path / FOLDER)
    rows = [
        lacking(tmp_path, 1, "caption_invalid", "The answer is not JSON."),
        lacking(tmp_path, 2, "caption_invalid", "Another sentence."),
        lacking(tmp_path, 3),
    ]
    with pytest.raises(Stop) as refused:
        make(tmp_path, rows)
    assert str(refused.value) == (
        "emma keeps its package of 3 images: a new one would have 0, because 3 images got no caption "
        "(caption_invalid 2 and failed 1, as in: The answer is not JSON). Set the captioner right and type `make all "
        f'BASE={tmp_path} RETRY_FAILED=1`, take [caption] engine = "builtin", or take out what you do not want with '
        f"`make reject BASE={tmp_path} DATASET=emma ITEM=… WHY=…`"
    )
    assert listing(tmp_path / FOLDER) == before
    assert not previous_of(tmp_path / FOLDER).exists()


@pytest.mark.parametrize(
    ("ready", "lack", "kept"),
    [(2, 2, False), (1, 3, True), (0, 1, True), (3, 1, False), (1, 1, False), (1, 40, True), (0, 0, False)],
)
def test_half_may_be_lost_for_want_of_captions_and_no_more(tmp_path: Path, ready: int, lack: int, kept: bool) -> None:
    make(tmp_path, [row(tmp_path, number) for number in range(1, 5)])
    rows = [row(tmp_path, number) for number in range(1, ready + 1)]
    rows += [lacking(tmp_path, 10 + number) for number in range(lack)]
    if kept:
        with pytest.raises(Stop, match="keeps its package of 4 images"):
            make(tmp_path, rows)
    else:
        make(tmp_path, rows)
    assert images(tmp_path) == (4 if kept else ready)


def test_where_no_package_stands_there_is_nothing_to_keep(tmp_path: Path) -> None:
    for _ in range(2):
        results = make(tmp_path, [lacking(tmp_path, 1)])
        assert results[1].verdict.reason == "missing_caption"
        assert "EMPTY.txt" in listing(tmp_path / FOLDER)


def test_why_no_caption_passed_is_known_and_a_persons_reject_is_no_lack(mill: Mill) -> None:
    choose(mill, 5)
    mill.run("composite")
    passed, fallen, unusable, forbidden, by_hand = mill.ids("cutout")

    def caption(verdict: Verdict, asked: dict[str, object]) -> Result:
        address = f"{asked['address']}/default"
        facts = {"dataset": "default", "text": "a text", "words": 2, "tokens": 2, "author": "a", "engine": "e"}
        return Result(made=(Made("caption", address, facts=facts | {"prompt_version": "p"}, verdict=verdict),))

    answers = {
        passed: lambda asked: caption(Verdict(), asked),
        fallen: lambda asked: Result(failed("No answer.")),
        unusable: lambda asked: Result(rejected("caption_invalid", "No JSON.")),
        forbidden: lambda asked: caption(rejected("caption_forbidden_word", "It says x."), asked),
        by_hand: lambda asked: caption(Verdict(), asked),
    }
    before = input_rows(mill.db, "package", "default")
    assert {found["caption_lack"] for found in before} == {"waiting"}
    mill.run("caption", lambda asked: answers[asked["item_id"]](asked))
    text = mill.one("select id from item where kind = 'caption' and parent_id = ?", by_hand)
    mill.decide("reject", text)
    lacks = {
        mill.one("select parent_id from item where id = ?", found["item_id"]): (
            found["text"] is not None,
            found["caption_lack"],
            found["caption_lack_detail"],
        )
        for found in input_rows(mill.db, "package", "default")
    }
    assert lacks == {
        passed: (True, None, None),
        fallen: (False, "failed", "No answer."),
        unusable: (False, "caption_invalid", "No JSON."),
        forbidden: (False, "caption_forbidden_word", "It says x."),
        by_hand: (False, None, None),
    }


@needs("openai")
def test_a_broken_captioner_leaves_the_package_and_a_person_may_empty_it(service: Service, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(API_KEY, encoding="utf-8")
    base = portraits(tmp_path / "my set", config='[score]\nmin_crop_mp = 0.05\n[dataset.emma]\ntrigger = "ohwx"\n')
    assert run_make("all", base=base).returncode == 0
    before = listing(base / FOLDER)
    n = sum(name.endswith(".txt") for name in before)
    assert n >= 2

    service.usual = "html"
    (base / "config.toml").write_text(configured(service, key, input_price=0, output_price=0), encoding="utf-8")
    for _ in range(2):
        broken = run_make("all", base=base)
        assert broken.returncode == 2
        [line] = [line for line in broken.stderr.splitlines() if line.startswith("Stopped: emma keeps its package")]
        assert line.startswith(f"Stopped: emma keeps its package of {n} images: a new one would have 0, because ")
        assert "answered something that is not of its protocol" in line
        assert f"`make all 'BASE={base}' RETRY_FAILED=1`" in line.replace(f"BASE='{base}'", f"'BASE={base}'")
        assert listing(base / FOLDER) == before

    service.usual = "good"
    mended = run_make("all", base=base, env={"RETRY_FAILED": "1"})
    assert mended.returncode == 0, mended.stderr
    assert set(listing(base / FOLDER)) == set(before)
    assert listing(base / FOLDER) != before

    shown = " ".join(str(found[0]) for found in ask(base, "select item_id from cutouts"))
    assert run_make("reject", f"ITEM={shown}", "WHY=no", base=base).returncode == 0
    emptied = run_make("all", base=base)
    assert emptied.returncode == 0, emptied.stderr
    assert "EMPTY.txt" in listing(base / FOLDER)
