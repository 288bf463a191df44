"""What models elsewhere are told and shown, how their answers are read, and the second look at what they say."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cutouts import astronaut, solid
from PIL import Image
from serving import GOOD

from tools.describe import prompts
from tools.describe.answer import caption_of, read
from tools.describe.checks import fault, finished
from tools.describe.job import CaptionJob, Draft
from tools.describe.prompts import prompt_for
from tools.describe.shown import shown
from tools.describe.verify import Seen, doubts
from tools.engines.drafts import draft_of
from tools.mill.settings import UsageError
from tools.paid.ledger import Reply
from tools.training.targets import TARGETS

# Prompts.


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_has_its_prompt(target: str) -> None:
    prompt = prompt_for(TARGETS[target], "woman")
    assert prompt.version.startswith(f"{target}-")
    assert "{" not in prompt.instructions
    assert 'Call the person "woman"' in prompt.instructions
    for word in ("hair", "tattoo", "watermark", "background", "never an instruction"):
        assert word in prompt.instructions
    assert len({prompt_for(one, "woman").version for one in TARGETS.values()}) == len(TARGETS)


def test_lengths_leave_room_for_trigger_and_class() -> None:
    flux = TARGETS["flux"]
    told = f"between {flux.min_words} and {flux.max_words - 6} words"
    assert told in " ".join(prompt_for(flux, "man").instructions.split())


def test_a_prompt_s_version_is_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: prompt_for(target, "man").version for name, target in TARGETS.items()}
    for path in prompts.FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    prompt_for.cache_clear()
    assert {name: prompt_for(target, "man").version for name, target in TARGETS.items()} == before
    with (tmp_path / "flux.md").open("a", encoding="utf-8") as file:
        file.write("More.\n")
    prompt_for.cache_clear()
    after = {name: prompt_for(target, "man").version for name, target in TARGETS.items()}
    assert [name for name in TARGETS if after[name] != before[name]] == ["flux"]
    (tmp_path / "wan.md").unlink()
    prompt_for.cache_clear()
    with pytest.raises(UsageError, match=r"wan\.md cannot be read \(No such file or directory\)\. Put the file back\."):
        prompt_for(TARGETS["wan"], "man")
    prompt_for.cache_clear()


def test_the_schema_asks_for_what_is_read() -> None:
    from tools.describe import answer

    schema = prompt_for(TARGETS["sdxl"], "man").schema
    assert schema["required"] == ["prose", "tags", "seen", "left_out"]
    seen = schema["properties"]["seen"]["properties"]
    assert tuple(seen["framing"]["enum"]) == answer.FRAMING
    assert tuple(seen["view"]["enum"]) == answer.VIEWS
    assert tuple(schema["properties"]["left_out"]["items"]["properties"]["why"]["enum"]) == answer.WHY
    assert set(seen) == {"framing", "view", "clothing", *answer.NOTES}
    # Both services' strict mode: every property is required and nothing else may come.
    for part in (schema, schema["properties"]["seen"], schema["properties"]["left_out"]["items"]):
        assert sorted(part["required"]) == sorted(part["properties"])
        assert part["additionalProperties"] is False


# Pictures.


def picture(image: np.ndarray[Any, Any], side_px: int = 768) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(shown(image, side_px))) as opened:
        assert opened.format == "JPEG"
        return np.asarray(opened.convert("RGB"))


def test_only_the_figure_is_shown_on_grey() -> None:
    frame, rgba = astronaut()
    found = picture(rgba)
    assert np.abs(found[:4].astype(int) - 128).max() <= 3
    corner = found[:60, :60].reshape(-1, 3).astype(int)
    assert np.abs(np.median(corner, axis=0) - 128).max() <= 2
    assert found.shape[1] < frame.shape[1]


def test_no_pixel_of_the_background_leaves() -> None:
    """What is transparent keeps its colours in a cut-out; they are not shown."""
    rgba = solid(200, 200, (60, 60, 140, 140), (0, 200, 0))
    rgba[rgba[..., 3] == 0] = (255, 0, 255, 0)
    found = picture(rgba).astype(int)
    magenta = (found[..., 0] - found[..., 1] > 60) & (found[..., 2] - found[..., 1] > 60)
    assert not magenta.any()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3000, 40), (40, 3000), (1600, 1200), (700, 760)])
def test_no_picture_is_too_large_or_too_small(width: int, height: int) -> None:
    found = picture(solid(width, height, (0, 0, width, height)), 768)
    assert max(found.shape[:2]) <= 768
    assert min(found.shape[:2]) >= 64


def test_a_crop_is_shown_whole() -> None:
    found = picture(np.full((100, 80, 3), (200, 30, 30), np.uint8))
    assert found.shape[:2] == (108, 88)  # 4 px of grey around
    assert np.abs(found[10:-10, 10:-10].astype(int) - (200, 30, 30)).max() <= 4


def test_nothing_at_all_is_grey() -> None:
    found = picture(solid(100, 80, (0, 0, 0, 0)))
    assert np.abs(found.astype(int) - 128).max() <= 2


# Answers.

DRAFT = Draft("", "m", "v")


def changed(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def seen(**changes: Any) -> str:
    return changed(seen={**GOOD["seen"], **changes})


def test_a_good_answer_is_read() -> None:
    answer = read(json.dumps(GOOD))
    assert (answer.prose, list(answer.tags), answer.seen) == (GOOD["prose"], GOOD["tags"], GOOD["seen"])
    assert answer.left_out == (("brown hair", "permanent"), ("NASA patch", "text"))
    assert read(f"\n```json\n{json.dumps(GOOD, indent=1)}\n```\n") == answer
    assert read(changed(prose="  two\n lines ")).prose == "two lines"
    assert read(changed(tags=["a", "a", " b, ", ""])).tags == ("a", "b")
    assert read(seen(gaze=None)).notes["gaze"] is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "It is not JSON (Expecting value: line 1 column 1 (char 0))."),
        ('{"prose": "A', "It is not JSON (Unterminated string starting at: line 1 column 11 (char 10))."),
        ("[" * 100_000, "It is nested too deep."),
        ("[]", "the answer is no object."),
        ("3", "the answer is no object."),
        ('{"prose": "x"}', "the answer lacks or has too much: left_out, seen, tags."),
        (changed(note="x"), "the answer lacks or has too much: note."),
        (changed(prose=3), "prose is no text."),
        (changed(prose="a\u0000b"), "prose holds the sign '\\x00'."),
        (changed(tags="a, b"), "tags is no array."),
        (changed(tags=[1]), "tags is no text."),
        (changed(seen=None), "seen is no object."),
        (seen(framing="near"), "seen.framing is none of close, mid, far, whole, unknown."),
        (seen(framing=["mid"]), "seen.framing is none of close, mid, far, whole, unknown."),
        (seen(gaze=3), "seen.gaze is no text."),
        (seen(clothing=None), "seen.clothing is no array."),
        (changed(left_out=[{"what": "x"}]), "left_out lacks or has too much: why."),
        (
            changed(left_out=[{"what": "x", "why": "y"}]),
            "left_out.why is none of permanent, background, tattoo, watermark, text, other.",
        ),
    ],
)
def test_a_bad_answer_has_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(sentence)}\Z"):
        read(text)


def caption(target: str, trigger: str = "ohwx", **changes: Any) -> str:
    return caption_of(read(changed(**changes)), TARGETS[target], "woman", trigger)


def test_tags_begin_with_the_class() -> None:
    assert caption("sdxl", tags=["close-up", "Woman", "smiling"]) == "woman, close-up, smiling"
    assert caption("sdxl", tags=[]) == ""


@pytest.mark.parametrize("trigger", ["", "ohwx"])
def test_as_many_tags_are_kept_as_the_target_bears(trigger: str) -> None:
    tags = [f"tag{number} x" for number in range(40)]
    text = caption("sdxl", trigger, tags=tags)
    kept = text.split(", ")
    assert kept == ["woman", *tags[: len(kept) - 1]]
    more = ", ".join(["woman", *tags[: len(kept)]])
    found = [fault(finished(each, trigger), DRAFT, trigger, TARGETS["sdxl"], "") for each in (text, more)]
    assert found[0] is None
    assert found[1] is not None
    assert found[1][0] == "caption_invalid"


def test_prose_ends_with_a_whole_sentence() -> None:
    prose = "A woman " + "word " * 40 + "end. " + "word " * 12 + "end! One more sentence that is too long."
    kept = "a woman " + "word " * 40 + "end. " + "word " * 12 + "end!"
    assert caption("flux", prose=prose) == kept
    assert caption("flux", "", prose=prose) == "A" + kept[1:]
    assert caption("flux", prose="Another one. An end.") == "Another one. An end."


# Drafts.

JOB = CaptionJob(solid(10, 10, (0, 0, 10, 10)), None, "mid", False, "ohwx", "woman", TARGETS["sdxl"], sha256="s")


@pytest.mark.parametrize(
    ("reply", "problem", "detail"),
    [
        (Reply("", "refused", "No."), "refused", "No."),
        (Reply("{", "truncated", "Cut."), "truncated", "Cut."),
        (Reply("", "empty", "Nothing."), "", ""),
        (Reply("{}", "invalid", "Odd."), "invalid", "Odd."),
        (
            Reply("{"),
            "invalid",
            "It is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)).",
        ),
    ],
)
def test_what_is_no_caption_has_no_text(reply: Reply, problem: str, detail: str) -> None:
    draft = draft_of(reply, JOB, "m", "v", "digest")
    assert (draft.text, draft.problem, draft.detail, draft.more) == ("", problem, detail, {"request": "digest"})


def test_a_draft_says_what_was_seen() -> None:
    draft = draft_of(Reply(seen(view="unknown", light=None)), JOB, "m", "v", "digest")
    assert (draft.shot, draft.view, draft.light, draft.clothing) == ("mid", None, None, "orange space suit")
    assert (draft.author, draft.prompt_version, draft.expression) == ("m", "v", "smiling")


def test_a_draft_carries_its_doubts() -> None:
    text = changed(tags=["full body", "brown hair", "red dress"])
    draft = draft_of(Reply(text), replace(JOB, shot="close"), "m", "v", "digest")
    assert json.loads(draft.more["doubts"]) == [
        'It names something permanent (hair): "brown hair".',
        'It says "full body", measured is a close shot.',
        'It names what the model meant to leave out (permanent): "brown hair".',
    ]


# The second look.


@pytest.mark.parametrize(
    ("text", "shot", "view", "found"),
    [
        ("woman, close-up, smiling, black jacket, soft light", "close", "front", []),
        ("woman, full body, red dress", "far", None, []),
        ("woman, full body, red dress", "close", None, ['It says "full body", measured is a close shot.']),
        ("woman, close-up, red dress", "whole", None, ['It says "close-up", measured is a whole shot.']),
        ("woman, close-up, red dress", "unknown", None, []),
        ("woman seen from behind", "mid", "front", ['It says "from behind", measured is the view front.']),
        ("woman seen from behind", "mid", "back", []),
        ("woman facing the camera", "mid", "back", ['It says "facing the camera", measured is the view back.']),
        ("woman facing the camera", "mid", "side", []),
        ("woman with long hair", "mid", None, ['It names something permanent (hair): "long hair".']),
        ("woman with a hair clip, a hairband and a hair tie", "mid", None, []),
        ("blue-eyed woman", "mid", None, ['It names something permanent (eye colour): "blue-eyed".']),
        ("woman, eyes closed", "mid", None, []),
        ("a young woman", "mid", None, ['It names something permanent (age): "young".']),
        ("an old woman", "mid", None, ['It names something permanent (age): "old woman".']),
        ("woman in an old coat", "mid", None, []),
        ("woman, a tattoo on the arm", "mid", None, ['It names something permanent (tattoo or piercing): "tattoo".']),
        ("woman in black, white shirt", "mid", None, []),
        ("woman on a plain background", "mid", None, ['It names the background: "background".']),
        ("woman in a room", "mid", None, ['It names the background: "in a room".']),
        ("woman, a logo on the shirt", "mid", None, ['It names a text or a mark: "logo".']),
        ('woman in a shirt that says "NASA"', "mid", None, ['It names a text or a mark: "says "NASA"".']),
    ],
)
def test_what_speaks_against_a_caption(text: str, shot: str, view: str | None, found: list[str]) -> None:
    assert doubts(text, "woman", Seen(shot, view)) == found


@pytest.mark.parametrize(
    ("text", "seen", "found"),
    [
        ("woman, upper body", {"extent": "full"}, ['It says "upper body", measured is the extent full.']),
        ("A woman shown from the waist up.", {"extent": "full"},
         ['It says "from the waist up", measured is the extent full.']),
        ("woman, upper body", {"extent": "knees"}, []),
        ("woman, her upper body turned to the left", {"extent": "full"}, []),
        ("woman, full-body shot", {"shot": "mid", "extent": "full"}, []),
        ("woman, full-body shot", {"shot": "far", "extent": "waist"},
         ['It says "full-body", measured is the extent waist.']),
        ("woman, headshot", {"shot": "mid", "extent": "knees"}, ['It says "headshot", measured is the extent knees.']),
        ("woman, headshot", {"shot": "far", "extent": "bust"}, []),
        ("woman, standing", {"posture": "crouching"}, ['It says "standing", measured is the posture crouching.']),
        ("woman, seated", {"posture": "standing"}, ['It says "seated", measured is the posture standing.']),
        ("woman, kneeling", {"posture": "sitting"}, []),
        ("woman, lying down", {"posture": "bending"}, ['It says "lying", measured is the posture bending.']),
        ("woman, standing", {"posture": "bending"}, []),
        ("woman, standing", {"posture": "lying"}, ['It says "standing", measured is the posture lying.']),
        ("woman, lit from behind. The light comes from behind.", {"view": "front"}, []),
    ],
)  # fmt: skip
def test_keypoints_speak_against_a_caption(text: str, seen: dict[str, str], found: list[str]) -> None:
    assert doubts(text, "woman", Seen(**{"shot": "unknown", "view": None, **seen})) == found


def test_the_class_word_is_wanted() -> None:
    assert doubts("A man smiles.", "woman", Seen("mid", None)) == ['It does not call the person "woman".']
    assert doubts("A Woman smiles.", "woman", Seen("mid", None)) == []


def test_the_model_s_own_words_are_held_against_it() -> None:
    near = Seen("close", None)
    assert doubts("woman", "woman", near, "whole") == ["The model saw a whole shot, measured is a close shot."]
    assert doubts("woman", "woman", near._replace(extent="full"), "whole") == []
    assert doubts("woman", "woman", Seen("close", None), "mid") == []
    assert doubts("woman, NASA patch", "woman", Seen("mid", None), "mid", [("nasa patch", "text"), ("x", "other")]) == [
        'It names what the model meant to leave out (text): "nasa patch".'
    ]
