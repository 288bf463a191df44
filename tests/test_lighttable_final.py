"""The final set: what it holds and lacks, who could stand in, what waits for the next make, what trainers see."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lighting import Visitor, paint, rows
from manifest_filled import filled
from workspaces import tool

from tools.lighttable import finalset, standins
from tools.mill.manifest import connect
from tools.mill.settings import UsageError, load
from tools.report import state

CONFIG = """
[dataset.default]
count = 2
quota = {close = 0.5, far = 0.5}
[dataset.other]
"""
DANCE, SECOND, PORTRAIT = 21, 23, 25
"""The cut-outs that passed score; the first and the last are chosen, by the story of tests/made_up.py."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = filled(tmp_path)
    paint(base)
    (base / "config.toml").write_text(CONFIG)
    return base


@pytest.fixture
def visitor(base: Path) -> Iterator[Visitor]:
    one = Visitor(base)
    yield one
    one.close()


def said(base: Path) -> list[tuple[Any, ...]]:
    return rows(base, "select verdict, item_id, dataset, note from decision order by id")


def chosen(base: Path, dataset: str = "default") -> list[int]:
    """What stands in the set, after select has worked for real."""
    made = tool("select", "--dataset", dataset, base=base)
    assert made.returncode == 0, made.stderr
    question = "select item_id from selection where chosen and dataset = ? order by rank"
    return [row[0] for row in rows(base, question, dataset)]


def forecast(base: Path, out: Collection[int] = (), pinned: Collection[int] = ()) -> list[int]:
    with closing(connect(base)) as db:
        there = standins.read_field(db, base, "default", standins.Looks())
    return list(standins.forecast(there, frozenset(out), frozenset(pinned)).chosen)


# --- what is shown ---


def test_the_set_is_shown_with_captions_sizes_and_reasons(visitor: Visitor) -> None:
    text = visitor.ask("/-/final").text
    assert text.count('class="card"') == 2
    assert text.count("emma, close-up, red coat, soft light") == 2
    assert "1024 × 1024 <small>2 images, 20 steps an epoch" in text
    assert "differs by 0.40 from those before it · score 0.80" in text
    assert 'alt="image 1: close, 1024 by 1024 px"' in text


def test_gaps_are_told_in_the_words_of_status(visitor: Visitor, base: Path) -> None:
    with closing(connect(base)) as db:
        told = next(one for one in state.read(db).selections if one.dataset == "default").gaps
    assert told == ["far 0 of 2"]  # by the count that the set was chosen with
    text = visitor.ask("/-/final").text
    assert "<li>far 0 of 1</li>" in text
    assert "[dataset.default] was edited since." in text
    (base / "config.toml").write_text("[dataset.default]\ncount = 4\nquota = {close = 0.5, far = 0.5}\n")
    text = visitor.ask("/-/final").text
    assert "<li>far 0 of 2</li>" in text
    assert "was edited since" not in text


def test_a_dataset_that_was_not_chosen_says_what_to_type(visitor: Visitor, base: Path) -> None:
    text = visitor.ask("/-/final?dataset=other").text
    assert "Nothing has been chosen yet for other." in text
    assert f"To choose: make stage4 BASE={base} DATASET=other." in text
    assert '<option value="/-/final?dataset=default">default</option>' in text
    answer = visitor.ask("/-/final?dataset=nobody")
    assert answer.status_code == 404
    assert "There is no dataset nobody. There are: default, other." in answer.text


def test_a_cell_of_the_matrix_narrows_what_is_shown(visitor: Visitor, base: Path) -> None:
    (photo,) = (row[0] for row in rows(base, "select address from item where kind = 'photo'"))
    assert visitor.ask(f"/-/final?source={photo}&shot=close&view=none").text.count('class="card"') == 1
    assert visitor.ask("/-/final?shot=far").text.count('class="card"') == 0
    assert visitor.ask("/-/final?shot=close").text.count('class="card"') == 2


def image(**values: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "chosen": 1,
        "shot": "close",
        "view": "front",
        "source": "a",
        "width": 1024,
        "height": 1024,
    } | values


def test_the_matrix_counts_shots_views_and_sources_against_their_quotas(base: Path) -> None:
    dataset = standins.dataset_of(load(base), "other")  # 40 images: close 14, mid 16, far 10; 10 from one source
    chosen = [image(id=place, source="a") for place in range(11)] + [image(id=11, source="b", shot="far", view=None)]
    found = finalset.matrix(chosen, dataset)
    assert [(bar.word, bar.n, bar.bound, bar.is_off) for bar in found.shots] == [
        ("close", 11, 14, True),
        ("mid", 0, 16, True),
        ("far", 1, 10, True),
    ]
    assert [(line.bar.word, line.bar.n, line.bar.bound, line.bar.is_off) for line in found.lines] == [
        ("a", 11, 10, True),
        ("b", 1, 10, False),
    ]
    assert found.total == {("close", "front"): 11, ("far", ""): 1}
    assert found.views == {"front": 11, "three-quarter": 0, "side": 0, "back": 0, "": 1}
    assert found.columns[0] == ("close", ["front", "three-quarter", "side", "back"])
    assert found.columns[2] == ("far", ["front", "three-quarter", "side", "back", ""])
    full = finalset.matrix([image(id=place, source="a" if place < 10 else "b") for place in range(14)], dataset)
    assert not full.shots[0].is_off
    assert [(line.bar.n, line.bar.is_off) for line in full.lines] == [(10, False), (4, False)]


def test_each_trainer_says_what_it_drops_enlarges_and_crops(base: Path) -> None:
    """A square, and a canvas below the resolution: sd-scripts leaves it, OneTrainer enlarges it and fills no batch."""
    settings = load(base)
    settings = dataclasses.replace(
        settings, sections={**settings.sections, "package": {"num_repeats": 3, "batch_size": 4}}
    )
    dataset = standins.dataset_of(settings, "default")
    made = [image(id=1, text="x"), image(id=2, text="x"), image(id=3, width=512, height=768, text="")]
    there, packaged, _ = finalset.package_of(base, settings, dataset, made)
    assert not packaged
    by_name = {one.trainer.name: one for one in finalset.training(there, "sdxl")}
    assert next(iter(by_name)) == "sd-scripts"
    kohya, onetrainer = by_name["sd-scripts"], by_name["OneTrainer"]
    # 2 images × 3 repeats in batches of 4 are 2 steps, 1 × 3 is 1.
    assert kohya.buckets == [((1024, 1024), 2, 2), ((512, 768), 1, 1)]
    assert kohya.losses == {"without a caption": 1}
    assert onetrainer.losses == {
        "without a caption": 1,
        "dropped for want of a full batch": 1,
        "enlarged": 1,
        "cropped": 1,
    }
    assert onetrainer.steps == 1
    assert finalset.see(made[2], onetrainer, there)["marks"] == ["dropped", "enlarged", "cropped"]
    assert finalset.see(made[0], kohya, there) == {"bucket": (1024, 1024), "marks": []}
    assert by_name["musubi-tuner"].fate is None


def test_the_trainer_that_is_looked_at_groups_the_images(visitor: Visitor) -> None:
    text = visitor.ask("/-/final?trainer=ai-toolkit").text
    assert "looks into folders too: give it a copy without masks/" in text
    assert "--dataset_config dataset.toml" not in text
    assert "musubi-tuner</b> does not train sdxl" in text


# --- who stands in ---


def test_the_forecast_is_what_select_then_chooses(base: Path) -> None:
    assert forecast(base) == chosen(base) == [DANCE, PORTRAIT]
    assert set(forecast(base, out={DANCE})) == {SECOND, PORTRAIT}
    assert forecast(base, pinned={SECOND})[0] == SECOND


def test_stand_ins_are_shown_beside_it(visitor: Visitor) -> None:
    text = visitor.ask(f"/-/final/stand-ins/{DANCE}?dataset=default").text
    assert f'data-into="{SECOND}"' in text
    assert "comes in by itself" in text
    assert f'data-into="{PORTRAIT}"' not in text  # it is in the set
    answer = visitor.ask("/-/final/stand-ins/1?dataset=default")
    assert (answer.status_code, "There is no cutout 1 in this workspace." in answer.text) == (404, True)


def test_what_a_swap_writes_and_changes_is_told_before(visitor: Visitor, base: Path) -> None:
    text = visitor.ask(f"/-/final/effect/{DANCE}/{SECOND}?dataset=default").text
    assert '<div id="effect" data-pin="false">' in text
    assert f"<b>reject</b> cutout {DANCE}. Cutout {SECOND} comes in by itself, nothing more is written." in text
    assert "Nobody else comes in or leaves." in text
    # With four wanted all three are in, and nobody is left to come in by itself.
    (base / "config.toml").write_text("[dataset.default]\ncount = 4\nquota = {close = 0.5, far = 0.5}\n")
    text = visitor.ask(f"/-/final/stand-ins/{DANCE}?dataset=default").text
    assert f"Nobody is left to stand in for close, cutout {DANCE}" in text
    answer = visitor.ask(f"/-/final/effect/{DANCE}/24?dataset=default")
    assert (answer.status_code, "Cutout 24 cannot be chosen any more." in answer.text) == (404, True)


def test_a_pin_that_pushes_somebody_out_says_so(visitor: Visitor, base: Path) -> None:
    """One is wanted: the others leave when another is pinned."""
    (base / "config.toml").write_text("[dataset.default]\ncount = 1\nquota = {close = 1.0}\n")
    with closing(connect(base)) as db:
        there = standins.read_field(db, base, "default", standins.Looks())
    (first,) = standins.forecast(there).chosen
    natural, other = (standins.effect(there, first, one) for one in sorted({DANCE, SECOND, PORTRAIT} - {first}))
    assert sorted([natural.by_itself, other.by_itself]) == [False, True]
    pinned = natural if other.by_itself else other
    assert (pinned.comes, pinned.goes) == ([], [])
    # Not instead of the one that is in: then that one leaves.
    spare = next(one for one in (DANCE, SECOND, PORTRAIT) if one != first)
    assert standins.effect(there, next(iter({DANCE, SECOND, PORTRAIT} - {first, spare})), spare).goes == [first]


@pytest.mark.parametrize("pin", [False, True])
def test_a_swap_is_one_word_that_select_obeys_and_undo_takes_back(visitor: Visitor, base: Path, pin: bool) -> None:
    chosen(base)
    wanted = {"dataset": "default", "out": DANCE, "into": SECOND, "pin": pin, "why": "blinks"}
    answer = visitor.post("/-/final/swap", wanted)
    assert answer.status_code == 200, answer.text
    expected = [("reject", DANCE, "default", "blinks")]
    assert said(base) == expected + [("pin", SECOND, "default", f"instead of cutout {DANCE}")] * pin
    promised = forecast(base)
    assert SECOND in promised
    assert DANCE not in promised
    assert chosen(base) == promised
    assert visitor.post("/-/decide/undo", {"words": answer.json()["words"]}).status_code == 200
    assert chosen(base) == [DANCE, PORTRAIT]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"out": DANCE, "into": DANCE}, "Name two cut-outs that are there."),
        ({"out": DANCE, "into": 1}, "Name two cut-outs that are there."),
        ({"out": DANCE, "into": 99999}, "Name two cut-outs that are there."),
        ({"out": DANCE}, "The images are not named as a list of ids."),
        ({"out": DANCE, "into": "23"}, "The images are not named as a list of ids."),
        ({"out": DANCE, "into": SECOND, "dataset": "nobody"}, "There is no dataset nobody."),
        ({"out": DANCE, "into": SECOND, "why": 5}, "why is to be a text"),
    ],
)
def test_what_cannot_be_swapped_is_said_and_nothing_written(
    visitor: Visitor, base: Path, wanted: dict[str, Any], sentence: str
) -> None:
    answer = visitor.post("/-/final/swap", {"dataset": "default", "pin": True} | wanted)
    assert (answer.status_code, answer.json()["error"].startswith(sentence)) == (400, True), answer.text
    assert said(base) == []


def test_what_cannot_be_pinned_leaves_no_half_swap(base: Path) -> None:
    """The blurry one is out for all datasets, so that no pin for one of them could be obeyed."""
    with pytest.raises(UsageError, match="cutout 24 cannot be pinned"):
        standins.swap(base, "default", DANCE, 24, "", pin=True)
    assert said(base) == []


def test_clearing_speaks_of_this_dataset(visitor: Visitor, base: Path) -> None:
    for dataset in ("default", "other"):
        visitor.post("/-/decide/write", {"verdict": "reject", "ids": [DANCE], "dataset": dataset})
    assert visitor.post("/-/final/clear", {"dataset": "default", "ids": [DANCE]}).status_code == 200
    standing = rows(
        base,
        """select dataset from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid)""",
    )
    assert standing == [("other",)]
    answer = visitor.post("/-/final/clear", {"dataset": "default", "ids": [DANCE]})
    assert (answer.status_code, answer.json()["error"][:22]) == (400, "There is no decision o")


# --- what waits ---


def test_what_was_decided_since_the_last_make_waits(visitor: Visitor, base: Path) -> None:
    chosen(base)
    assert 'class="waits"' not in visitor.ask("/-/final").text
    assert visitor.ask("/-/final/forecast?dataset=default").text.strip() == ""
    words = visitor.post(
        "/-/decide/write", {"verdict": "reject", "ids": [DANCE], "dataset": "default", "why": "<b>blinks</b>"}
    ).json()["words"]
    text = visitor.ask("/-/final").text
    assert f"<b>1 change waits</b> for <code>make all BASE={base} DATASET=default</code>" in text
    assert "rejected, “&lt;b&gt;blinks&lt;/b&gt;”" in text
    assert "<b>1</b> of 2 images" in text
    told = visitor.ask("/-/final/forecast?dataset=default").text
    assert "1 comes in" in told
    assert f'data-id="{SECOND}"' in told
    assert 'class="waits"' not in visitor.ask("/-/final?dataset=other").text
    visitor.post("/-/decide/write", {"verdict": "pin", "ids": [SECOND]})
    assert "<b>2 changes wait</b>" in visitor.ask("/-/final").text
    assert "pinned<span" in visitor.ask("/-/final?dataset=other").text  # said of all datasets
    assert chosen(base) == [SECOND, PORTRAIT]
    assert 'class="waits"' not in visitor.ask("/-/final").text
    # What a make has obeyed and is taken back then waits again.
    visitor.post("/-/decide/undo", {"words": words})
    assert "<b>1 change waits</b>" in visitor.ask("/-/final").text
    assert "reject taken back" in visitor.ask("/-/final").text


def test_a_word_that_was_taken_back_at_once_is_no_change(visitor: Visitor, base: Path) -> None:
    chosen(base)
    words = visitor.post("/-/decide/write", {"verdict": "pin", "ids": [SECOND], "dataset": "default"}).json()["words"]
    visitor.post("/-/decide/undo", {"words": words})
    assert 'class="waits"' not in visitor.ask("/-/final").text


def test_what_earlier_steps_still_have_to_do_is_not_foreseen(visitor: Visitor, base: Path) -> None:
    chosen(base)
    with sqlite3.connect(base / "manifest.db") as db:
        judged = (
            "select id from outcome where kind = 'person' and latest and step_id = (select id from step where tool = ?)"
        )
        db.execute(f"update outcome set stale = 1 where id = (select min(id) from ({judged}))", ("mask",))
    text = visitor.ask("/-/final/forecast?dataset=default").text
    assert text.strip() == '<p class="soft">1 waits for mask: what they give is not foreseen here.</p>'


def test_sources_that_gave_nothing_are_named_with_what_stopped_them(visitor: Visitor, base: Path) -> None:
    assert "Every source gave something." in visitor.ask("/-/final/unused?dataset=default").text
    assert '<span title="00_raw_videos/dance.mp4">dance.mp4</span>' in visitor.ask("/-/final/unused?dataset=other").text


def test_a_cutout_that_cannot_be_read_is_said(visitor: Visitor, base: Path) -> None:
    (path,) = rows(base, "select path from item where id = ?", SECOND)[0]
    (base / path).unlink()
    answer = visitor.ask("/-/final/forecast?dataset=default")
    assert answer.status_code == 404
    assert "`make verify REPAIR=1` has it made again." in answer.text


def test_hostile_words_are_text(visitor: Visitor, base: Path) -> None:
    evil = '<img src=x onerror="alert(1)">'
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update caption set text = ?", (evil,))
        db.execute("update file set shown = ?", (evil,))
        db.execute('update "select" set score_parts = ?', (evil,))
    for path in ("/-/final", "/-/final?by=source", f"/-/final/stand-ins/{DANCE}?dataset=default"):
        text = visitor.ask(path).text
        assert evil not in text
        assert "&lt;img src=x" in text
    bad = visitor.ask("/-/final?dataset=%3Cscript%3E")
    assert (bad.status_code, "<script>" in bad.text.split("<main")[1]) == (404, False)


def test_an_empty_workspace_has_nothing_to_show(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    visitor = Visitor(tmp_path)
    text = visitor.ask("/-/final").text
    assert "Nothing has been chosen yet for default." in text
    assert "There are no composites yet" in text
    for part in ("forecast", "unused"):
        assert visitor.ask(f"/-/final/{part}?dataset=default").status_code == 200
    visitor.close()
