"""caption: the words; what may stand beside an image; the tool as a whole, with an engine and with a person's text."""

from __future__ import annotations

import itertools
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cutouts import FACE, SOURCE, Pixels, astronaut, bench, input_columns, solid, store_cutout

from tools import caption
from tools.choose import quotas
from tools.describe import wording
from tools.describe.checks import fault, finished
from tools.describe.clothes import Worn
from tools.describe.job import CaptionJob, Draft
from tools.describe.tokens import tokens_about, tokens_at_most
from tools.describe.wording import Told, prose, tags, words, worn
from tools.engines.template import TemplateCaptioner
from tools.media.geometry import Box
from tools.media.image import encode_webp
from tools.mill import files
from tools.mill.manifest import connect
from tools.training.targets import TARGETS

ADDRESS = f"{SOURCE}/t000000.000000/p0512-0347"
FORBIDDEN = caption.Params().forbidden_words
HEAD = Box(80, 20, 120, 60)
DRESSED = Worn(("black", "white"), ("navy",))


def told(**values: Any) -> Told:
    plain: dict[str, Any] = {"trigger": "ohwx", "class_word": "woman", "shot": "mid", "view": None, "expression": None}
    return Told(**{**plain, "worn": Worn(), "light": None, "seed": "seed", **values})


def first_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say everything in the first of its ways."""
    monkeypatch.setattr(Told, "one", lambda self, ways, name: ways[0])


def test_tags_begin_with_the_trigger(monkeypatch: pytest.MonkeyPatch) -> None:
    first_ways(monkeypatch)
    full = told(shot="close", view="front", expression="smiling", worn=DRESSED, light="soft")
    assert tags(full) == (
        "ohwx, woman, close-up portrait, facing the camera, smiling, black and white top, navy bottoms, soft light"
    )
    assert tags(told(trigger="", class_word="person", shot="unknown")) == "person"
    assert (
        tags(told(shot="whole", worn=Worn(("black",), ("dark grey",)))) == "ohwx, woman, full-body shot, black clothing"
    )
    assert (
        tags(told(shot="far", worn=Worn((), ("blue",)))) == "ohwx, woman, three-quarter length portrait, blue bottoms"
    )


def test_prose_begins_with_the_trigger(monkeypatch: pytest.MonkeyPatch) -> None:
    first_ways(monkeypatch)
    full = told(shot="whole", view="side", expression="mouth open", worn=Worn(("orange",), ("blue",)), light="backlit")
    assert prose(full, 15) == (
        "ohwx, a woman, in a full-body shot, in profile, mouth open. The clothes are an orange top and blue bottoms. "
        "The light comes from behind."
    )
    short = told(trigger="", class_word="actor", shot="unknown")
    assert prose(short, 15) == (
        "An actor, shown as a single figure. There is only this one figure to be seen, and nobody else."
    )
    assert prose(short, 20).endswith("and nobody else. This is a single still frame.")


def test_the_clothes_in_few_words() -> None:
    assert worn(told(worn=DRESSED)) == "black and white top, navy bottoms"
    assert worn(told(worn=Worn(("orange",), ()))) == "orange clothing"
    assert worn(told()) is None


def everything() -> list[Told]:
    """Every combination of what can be said, with a few seeds."""
    shots = ("close", "bust", "mid", "far", "whole", "unknown")
    postures, arms = (None, *wording.POSTURE), (None, *wording.ARMS)
    views, faces = (None, *wording.VIEW), (None, *wording.EXPRESSION)
    clothes = (Worn(), Worn(("dark green", "light blue"), ("light grey",)), Worn(("black",), ()), Worn((), ("beige",)))
    combined = itertools.product(shots, views, faces, clothes, (None, *wording.LIGHT_TAG), ("", "ohwx"))
    return [
        told(trigger=trigger, shot=shot, view=view, expression=face, worn=cloth, light=light, seed=str(number % 7),
             posture=postures[number % 5], arms=arms[number // 5 % 3])
        for number, (shot, view, face, cloth, light, trigger) in enumerate(combined)
    ]  # fmt: skip


def test_how_somebody_holds_themselves_stands_behind_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    first_ways(monkeypatch)
    full = told(shot="whole", view="back", posture="crouching", arms="up", light="soft")
    assert tags(full) == "ohwx, woman, full-body shot, seen from behind, crouching, hand raised, soft light"
    assert prose(full, 5) == (
        "ohwx, a woman, in a full-body shot, seen from behind, crouching, hand raised. The light is soft and even."
    )
    assert tags(told(shot="bust", posture="sitting", arms="out")) == (
        "ohwx, woman, head and shoulders portrait, sitting, arm held out"
    )


def test_there_are_words_for_every_view_that_a_person_may_be_seen_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(wording.VIEW) == set(quotas.VIEWS)
    first_ways(monkeypatch)
    assert tags(told(shot="whole", view="back")).endswith(", seen from behind")


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_a_template_caption_never_offends(target: str) -> None:
    """Whatever was measured and whatever was not: length, form and words are right."""
    wanted = TARGETS[target]
    for one in everything():
        text = tags(one) if wanted.style == "tags" else prose(one, wanted.min_words)
        assert finished(text, one.trigger) == text
        assert fault(text, Draft(text, "template", "2"), one.trigger, wanted, FORBIDDEN) is None
        assert text.isprintable()
        if wanted.style == "tags":
            assert tokens_at_most(text) <= (wanted.max_tokens or 0) - 8, "room for a clause about the ground"


def test_permanent_traits_are_never_named() -> None:
    said = " ".join(f"{tags(one)} {prose(one, 20)}" for one in everything()).lower()
    traits = ("hair", "eyes", "skin", "beard", "old", "young", "tall", "slim", "nose", "glasses", "tattoo", "blond")
    assert not [trait for trait in traits if f" {trait}" in said]


def test_the_same_things_are_said_in_many_ways_and_always_alike_for_one_image() -> None:
    def captions(style: str) -> list[str]:
        same = [told(view="front", worn=Worn(("black",), ()), light="soft", seed=str(number)) for number in range(40)]
        return [tags(one) if style == "tags" else prose(one, 15) for one in same]

    for style in ("tags", "prose"):
        assert len(set(captions(style))) >= 20
        assert captions(style) == captions(style)


@pytest.mark.parametrize(
    ("text", "most", "about"),
    [("", 0, 0), ("a woman, smiling", 4, 4), ("close-up", 3, 3), ("ohwx 42", 6, 3), ("it's", 3, 2), ("é", 2, 1)],
)
def test_tokens_are_counted_without_the_vocabulary(text: str, most: int, about: int) -> None:
    assert (tokens_at_most(text), tokens_about(text)) == (most, about)


def dressed(cloth: tuple[int, int, int]) -> Pixels:
    rgba = solid(200, 400, (60, 0, 140, 400), cloth)
    rgba[:66, :, :3] = (150, 112, 93)
    return rgba


def test_one_answer_for_each_question_in_order() -> None:
    jobs = [
        CaptionJob(dressed(colour), HEAD, "far", True, "", "person", TARGETS["sdxl"])
        for colour in ((190, 28, 38), (48, 136, 62))
    ]
    drafts = TemplateCaptioner().run(jobs)
    assert [(draft.clothing, draft.shot) for draft in drafts] == [
        ("red clothing", "whole"),
        ("green clothing", "whole"),
    ]
    assert [(draft.view, draft.eyes, draft.expression) for draft in drafts] == [(None, None, None)] * 2


@pytest.mark.parametrize(
    ("shot", "whole", "extent", "cut_below", "framing"),
    [
        ("far", True, None, False, "whole"),
        ("far", False, None, False, "far"),
        ("mid", True, None, False, "mid"),
        ("mid", False, "full", False, "whole"),
        ("unknown", False, "full", False, "whole"),
        ("far", True, "full", True, "far"),
        ("far", True, "knees", False, "far"),
        ("far", True, "waist", False, "mid"),
        ("far", False, "bust", False, "bust"),
        ("mid", False, "head", False, "bust"),
        ("close", False, "bust", False, "close"),
        ("unknown", False, "bust", False, "close"),
    ],
)
def test_keypoints_decide_how_much_is_seen_and_else_the_outline(
    shot: str, whole: bool, extent: str | None, cut_below: bool, framing: str
) -> None:
    job = CaptionJob(
        dressed((190, 28, 38)), HEAD, shot, whole, "", "person", TARGETS["sdxl"], extent=extent, cut_below=cut_below
    )
    assert TemplateCaptioner().run([job])[0].shot == framing


def test_who_crouches_with_their_back_to_us_is_told_so(tmp_path: Path) -> None:
    row = _astronaut_row(tmp_path, view="back", extent="full", posture="crouching", arms="out", cut_bottom=0)
    row |= {f"face_{edge}_px": None for edge in ("x0", "y0", "x1", "y1")}
    (made,) = caption.work(row, bench(tmp_path, caption.Params(engine="builtin"), class_word="woman")).made
    assert (made.facts["shot"], made.facts["view"]) == ("whole", "back")
    assert any(way in made.facts["text"] for way in wording.POSTURE["crouching"])
    assert any(way in made.facts["text"] for way in wording.ARMS["out"])


def test_standing_and_hanging_arms_go_without_saying() -> None:
    job = CaptionJob(dressed((190, 28, 38)), HEAD, "mid", False, "", "person", TARGETS["sdxl"])
    (plain,) = TemplateCaptioner().run([job])
    (same,) = TemplateCaptioner().run([replace(job, posture="standing", arms="down")])
    assert same.text == plain.text


@pytest.mark.parametrize(("height", "view"), [(36, "front"), (35, None)])
def test_the_view_of_a_tiny_face_is_not_told(height: int, view: str | None) -> None:
    face = Box(80, 20, 120, 20 + height)
    job = CaptionJob(dressed((190, 28, 38)), face, "far", True, "", "person", TARGETS["sdxl"], view="front")
    assert TemplateCaptioner().run([job])[0].view == view


@pytest.mark.parametrize(
    ("text", "trigger", "line"),
    [
        ("a woman\n in red ", "ohwx", "ohwx, a woman in red"),
        ("ohwx, a woman", "ohwx", "ohwx, a woman"),
        ("Ohwx woman", "ohwx", "Ohwx woman"),
        ("emmaline sings", "emma", "emma, emmaline sings"),
        ("a woman", "", "a woman"),
        ("  ", "ohwx", ""),
    ],
)
def test_a_caption_is_one_line_with_the_trigger_first(text: str, trigger: str, line: str) -> None:
    assert finished(text, trigger) == line


DRAFT = Draft("", "a model", "1")


@pytest.mark.parametrize(
    ("text", "draft", "reason", "sentence"),
    [
        (
            "",
            Draft("", "m", "1", "refused", "It will not describe people."),
            "caption_refused",
            "It will not describe people.",
        ),
        ("{", Draft("{", "m", "1", "invalid", "No JSON."), "caption_invalid", "No JSON."),
        ("ohwx, a", Draft("a", "m", "1", "truncated", "Cut."), "caption_truncated", "Cut."),
        ("", DRAFT, "caption_empty", "The captioner gave no text."),
        ("ohwx" + " a" * 60, DRAFT, "caption_invalid", f"61 words, sdxl wants 1 to 60: ohwx{' a' * 60}"),
        (
            "ohwx" + " hippopotamus" * 25,
            DRAFT,
            "caption_invalid",
            f"About 76 tokens, sdxl reads 75: ohwx{' hippopotamus' * 25}",
        ),
        ("ohwx, blurry Background", DRAFT, "caption_forbidden_word", 'It says "background": ohwx, blurry Background'),
    ],
)
def test_what_is_wrong_with_a_caption_has_its_reason(text: str, draft: Draft, reason: str, sentence: str) -> None:
    assert fault(text, draft, "ohwx", TARGETS["sdxl"], FORBIDDEN) == (reason, sentence)
    assert reason in {declared.code for declared in caption.REASONS}


def test_the_longest_caption_and_words_inside_words_are_fine() -> None:
    assert fault("ohwx" + " a" * 59, DRAFT, "ohwx", TARGETS["sdxl"], FORBIDDEN) is None
    assert fault("ohwx, an imagery of backgrounds", DRAFT, "ohwx", TARGETS["sdxl"], FORBIDDEN) is None
    assert fault("photo, a woman", DRAFT, "photo", TARGETS["sdxl"], FORBIDDEN) is None
    assert fault("ohwx, red hat", DRAFT, "ohwx", TARGETS["sdxl"], " , red  hat") is None
    assert fault("ohwx, red hat", DRAFT, "ohwx", TARGETS["sdxl"], "red hat") is not None


def test_words_are_counted_as_people_do() -> None:
    assert words("ohwx, a well-lit woman's close-up.") == 5
    assert words(" , . ") == 0


# The tool itself.


def _astronaut_row(base: Path, **columns: Any) -> dict[str, Any]:
    frame, rgba = astronaut()
    face = dict(zip(("face_x0_px", "face_y0_px", "face_x1_px", "face_y1_px"), FACE, strict=True))
    crop = files.store(base, "02_person_crops/astronaut.webp", encode_webp(frame))
    row = store_cutout(base, frame, rgba, ADDRESS, cut_bottom=1, landmarks_json=None, crop_path=crop.path)
    return {**row, "view": "front", **face, **columns}


def test_the_input_has_the_columns_of_these_rows(tmp_path: Path) -> None:
    assert input_columns(tmp_path, "caption") <= set(_astronaut_row(tmp_path))


def test_the_astronaut_wears_an_orange_suit_with_a_black_collar(tmp_path: Path) -> None:
    result = caption.work(
        _astronaut_row(tmp_path),
        bench(tmp_path, caption.Params(engine="builtin"), trigger="ohwx", class_word="woman"),
    )
    (made,) = result.made
    assert (made.kind, made.address, made.file) == ("caption", f"{ADDRESS}/emma", None)
    text = made.facts["text"]
    assert text.startswith("ohwx, woman, ")
    assert "orange and black cloth" in text
    assert made.facts == {
        "dataset": "emma",
        "text": text,
        "author": "template",
        "engine": "builtin",
        "prompt_version": "template-3",
        "words": words(text),
        "tokens": tokens_at_most(text),
        "shot": "mid",
        "light": None,
        "clothing": "orange and black clothing",
        "view": "front",
        "eyes": None,
        "expression": None,
        "ground": 0,
    }
    assert made.verdict.status == "ok"


@pytest.mark.parametrize(
    ("columns", "shot"),
    [({"box_whole": 1}, "whole"), ({"box_whole": 0}, None), ({"box_whole": 1, "cut_bottom": 1}, None)],
)
def test_a_whole_figure_without_a_face_is_a_full_body(
    tmp_path: Path, columns: dict[str, int], shot: str | None
) -> None:
    rgba = solid(100, 300, (30, 10, 70, 290))
    row = store_cutout(tmp_path, rgba[..., :3], rgba, ADDRESS, shot="unknown", landmarks_json=None, **columns)
    (made,) = caption.work(row, bench(tmp_path, caption.Params(engine="builtin"))).made
    assert made.facts["shot"] == shot


def test_facts_are_columns_of_the_manifest(tmp_path: Path) -> None:
    (made,) = caption.work(_astronaut_row(tmp_path), bench(tmp_path, caption.Params(engine="builtin"))).made
    db: sqlite3.Connection = connect(tmp_path, create=True)
    of_models = {"request", "prose", "tags", "seen", "left_out", "doubts", "second_request"}
    assert {row[1] for row in db.execute("pragma table_info(caption)")} == {"item_id", *made.facts, *of_models}
    db.close()


def test_a_forbidden_word_is_told_beside_the_text(tmp_path: Path) -> None:
    params = caption.Params(engine="builtin", forbidden_words="orange")
    (made,) = caption.work(_astronaut_row(tmp_path), bench(tmp_path, params, trigger="ohwx")).made
    assert made.verdict.reason == "caption_forbidden_word"
    assert made.facts["text"].startswith("ohwx, person")


def test_a_persons_text_is_taken_to_the_letter(tmp_path: Path) -> None:
    """No engine, no forbidden word, no trigger put in front: the picture is not even there."""
    params = caption.Params(engine="builtin", ground=True)
    row = {"item_id": 1, "kind": "cutout", "address": ADDRESS, "said": "a Photo, beautiful", "said_by": "kim"}
    (made,) = caption.work(row, bench(tmp_path, params, trigger="ohwx", target="flux")).made
    assert made.verdict.status == "ok"
    assert made.facts == {
        "dataset": "emma",
        "text": "a Photo, beautiful",
        "author": "person",
        "engine": "person",
        "prompt_version": "person",
        "words": 3,
        "tokens": tokens_at_most("a Photo, beautiful"),
        "ground": 0,
    }


def test_a_text_that_no_trainer_could_read_is_refused(tmp_path: Path) -> None:
    row = {"item_id": 1, "kind": "cutout", "address": ADDRESS, "said": "two\nlines", "said_by": "kim"}
    (made,) = caption.work(row, bench(tmp_path, caption.Params(engine="builtin"))).made
    assert (made.verdict.reason, made.verdict.detail) == (
        "caption_invalid",
        "The text that kim wrote holds the sign '\\n', which trainers cannot read.",
    )
