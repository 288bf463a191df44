"""caption: colours, light, figure and words on their own; what may stand beside an image; the tool as a whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cutouts import FACE, SOURCE, Pixels, astronaut, bench, solid, store_cutout

from tools import caption
from tools.describe.checks import fault, finished
from tools.describe.colours import NAMED, clothing, shares
from tools.describe.figure import whole
from tools.describe.job import CaptionJob, Draft
from tools.describe.light import light
from tools.describe.wording import prose, shot_tag, tags, words
from tools.engines.protocols import Box
from tools.engines.template import TemplateCaptioner
from tools.mill.settings import ROOT
from tools.training.targets import TARGETS

ADDRESS = f"{SOURCE}/t000000.000000/p0512-0347"
FORBIDDEN = caption.Params().forbidden_words
HEAD = Box(40, 10, 60, 34)


def dressed(cloth: tuple[int, int, int], second: tuple[int, int, int] | None = None, skin: int = 150) -> Pixels:
    """A figure of 100 x 200 px: a head with skin, hair above it, and one or two colours of cloth below."""
    rgba = solid(100, 200, (20, 0, 80, 200), cloth)
    rgba[:42, :, :3] = (skin, int(skin * 0.75), int(skin * 0.62))
    rgba[:10, :, :3] = (60, 40, 25)
    if second:
        rgba[140:, :, :3] = second
    return rgba


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((255, 0, 0), "red"),
        ((0, 0, 128), "navy"),
        ((0, 0, 255), "blue"),
        ((255, 165, 0), "orange"),
        ((255, 192, 203), "pink"),
        ((0, 128, 0), "green"),
        ((128, 0, 128), "purple"),
        ((0, 128, 128), "teal"),
        ((245, 245, 220), "white"),
        ((139, 69, 19), "brown"),
        ((173, 216, 230), "light blue"),
    ],
)
def test_web_colours_have_their_names(colour: tuple[int, int, int], name: str) -> None:
    found = shares(np.full((10, 3), colour, np.uint8))
    assert next(iter(found)) == name
    assert found[name] == 1


def test_every_name_names_itself() -> None:
    for name, values in NAMED.items():
        assert shares(np.array(values, np.uint8))[name] == 1


def test_clothes_are_named_below_the_face() -> None:
    assert clothing(dressed((40, 90, 190)), HEAD) == ("blue",)
    assert clothing(dressed((40, 90, 190), (240, 240, 240)), HEAD) == ("blue", "white")
    assert clothing(dressed((40, 90, 190)), None) == ("blue",)


def test_shades_of_one_cloth_are_one_colour() -> None:
    assert clothing(dressed((190, 28, 38), (100, 18, 26)), HEAD) == ("red",)


def test_a_small_part_of_another_colour_is_not_named() -> None:
    rgba = dressed((40, 90, 190))
    rgba[172:, :, :3] = (240, 240, 240)
    assert clothing(rgba, HEAD) == ("blue",)
    rgba[164:, :, :3] = (240, 240, 240)
    assert clothing(rgba, HEAD) == ("blue", "white")


def test_skin_and_hair_are_no_clothes() -> None:
    bare = dressed((40, 90, 190))
    bare[120:, :, :3] = bare[25, 50, :3]
    assert clothing(bare, HEAD) == ("blue",)
    long_hair = dressed((240, 240, 240))
    long_hair[42:, 20:45, :3] = (60, 40, 25)
    assert clothing(long_hair, HEAD) == ("white",)


def test_nothing_opaque_wears_nothing() -> None:
    assert clothing(solid(40, 40, (0, 0, 0, 0)), None) == ()


@pytest.mark.parametrize(
    ("left", "right", "forehead", "word"),
    [
        (59, 59, 59, "dim"),
        (61, 61, 61, "soft"),
        (204, 204, 204, "soft"),
        (206, 206, 206, "bright"),
        (100, 64, 100, "high-contrast"),
        (100, 66, 100, None),
        (100, 84, 100, None),
        (84, 100, 100, None),
        (100, 86, 100, "soft"),
    ],
)
def test_light_is_read_off_the_cheeks(left: int, right: int, forehead: int, word: str | None) -> None:
    image = solid(100, 100, (0, 0, 100, 100), (forehead,) * 3)
    image[40:80, :50, :3] = left
    image[40:80, 50:, :3] = right
    assert light(image, Box(10, 10, 90, 90)) == word


def test_without_a_face_only_darkness_is_told() -> None:
    assert light(solid(40, 40, (0, 0, 40, 40), (59,) * 3), None) == "dim"
    assert light(solid(40, 40, (0, 0, 40, 40), (61,) * 3), None) is None
    assert light(solid(40, 40, (0, 0, 0, 0)), None) is None


def test_a_figure_is_whole_where_head_and_feet_are_seen() -> None:
    standing = solid(100, 400, (20, 10, 80, 390))[..., 3]
    assert whole(standing, Box(40, 20, 80, 60), cut_below=False)
    assert not whole(standing, Box(40, 20, 80, 60), cut_below=True)
    assert not whole(standing, Box(30, 20, 90, 80), cut_below=False)
    assert whole(standing, None, cut_below=False)
    assert not whole(solid(100, 120, (20, 10, 80, 110))[..., 3], None, cut_below=False)
    assert not whole(solid(100, 400, (20, 10, 80, 400))[..., 3], None, cut_below=False)


def test_tags_begin_with_the_trigger() -> None:
    text = tags("ohwx", "woman", shot_tag("close", False), "soft", ("black", "white"))
    assert text == "ohwx, woman, close-up portrait, black clothing, white clothing, soft light"
    assert tags("", "person", None, None, ()) == "person"


def test_prose_begins_with_the_trigger() -> None:
    assert prose("ohwx", "woman", "far", True, "high-contrast", ("red", "blue"), 15) == (
        "ohwx, a woman, in a full-body shot, seen from head to toe. The clothing is red and blue. "
        "The light is hard, with one side of the figure in shadow."
    )
    assert prose("", "actor", "unknown", False, None, (), 15) == (
        "An actor, shown alone, as a single figure in view. There is only this one figure to be seen, and nobody else."
    )


def test_far_and_cut_is_no_full_body() -> None:
    assert shot_tag("far", True) == "full-body shot"
    assert shot_tag("far", False) == "three-quarter shot"
    assert shot_tag("mid", False) == "medium shot"
    assert shot_tag("unknown", True) is None


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("trigger", ["", "ohwx"])
@pytest.mark.parametrize("shot", ["close", "mid", "far", "unknown"])
@pytest.mark.parametrize("seen", [True, False])
def test_a_template_caption_never_offends(target: str, trigger: str, shot: str, seen: bool) -> None:
    """Whatever was measured and whatever was not: length, form and words are right."""
    image = dressed((40, 90, 190), (240, 240, 240)) if seen else solid(40, 40, (0, 0, 0, 0))
    for figure in (True, False):
        job = CaptionJob(image, HEAD if seen else None, shot, figure, trigger, "person", TARGETS[target])
        (draft,) = TemplateCaptioner().run([job])
        text = finished(draft.text, trigger)
        assert text == draft.text
        assert fault(text, draft, trigger, TARGETS[target], FORBIDDEN) is None
        assert text.startswith(trigger)
        assert text.isprintable()


def test_one_answer_for_each_question_in_order() -> None:
    jobs = [
        CaptionJob(dressed(colour), HEAD, "mid", False, "", "person", TARGETS["sdxl"])
        for colour in ((190, 28, 38), (48, 136, 62))
    ]
    drafts = TemplateCaptioner().run(jobs)
    assert [draft.clothing for draft in drafts] == ["red", "green"]
    assert [(draft.view, draft.eyes) for draft in drafts] == [(None, None)] * 2


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
        ("ohwx" + " a" * 55, DRAFT, "caption_invalid", f"56 words, sdxl wants 1 to 55: ohwx{' a' * 55}"),
        ("ohwx, blurry Background", DRAFT, "caption_forbidden_word", 'It says "background": ohwx, blurry Background'),
    ],
)
def test_what_is_wrong_with_a_caption_has_its_reason(text: str, draft: Draft, reason: str, sentence: str) -> None:
    assert fault(text, draft, "ohwx", TARGETS["sdxl"], FORBIDDEN) == (reason, sentence)
    assert reason in {declared.code for declared in caption.REASONS}


def test_the_longest_caption_and_words_inside_words_are_fine() -> None:
    assert fault("ohwx" + " a" * 54, DRAFT, "ohwx", TARGETS["sdxl"], FORBIDDEN) is None
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
    return store_cutout(base, frame, rgba, ADDRESS, cut_bottom=1, **{**face, **columns})


def test_the_astronaut_wears_an_orange_suit_with_a_black_collar(tmp_path: Path) -> None:
    result = caption.work(
        _astronaut_row(tmp_path),
        bench(tmp_path, caption.Params(engine="builtin"), trigger="ohwx", class_word="woman"),
    )
    (made,) = result.made
    assert (made.kind, made.address, made.file) == ("caption", f"{ADDRESS}/emma", None)
    assert made.facts == {
        "dataset": "emma",
        "text": "ohwx, woman, medium shot, orange clothing, black clothing, soft light",
        "author": "template",
        "engine": "builtin",
        "prompt_version": "template-1",
        "words": 10,
        "shot": "medium shot",
        "light": "soft",
        "clothing": "orange and black",
        "view": None,
        "eyes": None,
    }
    assert made.verdict.status == "ok"


@pytest.mark.parametrize(
    ("columns", "framing"),
    [({"box_whole": 1}, "full-body shot"), ({"box_whole": 0}, None), ({"box_whole": 1, "cut_bottom": 1}, None)],
)
def test_a_whole_figure_without_a_face_is_a_full_body(
    tmp_path: Path, columns: dict[str, int], framing: str | None
) -> None:
    rgba = solid(100, 300, (30, 10, 70, 290))
    row = store_cutout(tmp_path, rgba[..., :3], rgba, ADDRESS, shot="unknown", **columns)
    (made,) = caption.work(row, bench(tmp_path, caption.Params(engine="builtin"))).made
    assert made.facts["shot"] == framing


def test_facts_are_columns_of_the_manifest(tmp_path: Path) -> None:
    (made,) = caption.work(_astronaut_row(tmp_path), bench(tmp_path, caption.Params(engine="builtin"))).made
    db = sqlite3.connect(":memory:")
    db.executescript((ROOT / "sql/migrations/0005_datasets.sql").read_text(encoding="utf-8"))
    columns = {row[1] for row in db.execute("pragma table_info(caption)")}
    assert columns == {"item_id", *made.facts}


def test_a_forbidden_word_is_told_beside_the_text(tmp_path: Path) -> None:
    params = caption.Params(engine="builtin", forbidden_words="orange")
    (made,) = caption.work(_astronaut_row(tmp_path), bench(tmp_path, params, trigger="ohwx")).made
    assert made.verdict.reason == "caption_forbidden_word"
    assert made.facts["text"].startswith("ohwx, person")
