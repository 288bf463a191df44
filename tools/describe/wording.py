"""Words for what was measured, in the style of the base model: comma-separated tags, or a few plain sentences.

What the model shall take as the person itself (hair, eyes, build, age) is never named: the trigger stands for it. Each
thing can be said in several ways, and the image's address draws one: forty captions in the same words would teach the
words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.describe.clothes import Worn
from tools.describe.colours import family

Ways = Mapping[str, Sequence[str]]

SHOT_TAG: Ways = {
    "close": ("close-up portrait", "close-up", "head and shoulders portrait"),
    "bust": ("head and shoulders portrait", "head and shoulders"),
    "mid": ("medium shot", "upper body", "half-length portrait"),
    "whole": ("full-body shot", "full body", "full-length portrait"),
    "far": ("three-quarter length portrait", "medium full shot"),
}
SHOT_PHRASE: Ways = {
    "close": ("in a close-up portrait", "shown in close-up, head and shoulders", "in a head and shoulders portrait"),
    "bust": ("in a head and shoulders portrait", "shown with head and shoulders"),
    "mid": ("in a medium shot", "shown from about the waist up", "in a half-length portrait"),
    "whole": ("in a full-body shot", "shown from head to toe", "in a full-length portrait"),
    "far": ("in a medium full shot", "in a three-quarter length portrait"),
    "unknown": ("shown as a single figure", "shown alone"),
}
VIEW: Ways = {
    "front": ("facing the camera", "seen from the front"),
    "three-quarter": ("turned slightly to the side", "in three-quarter view"),
    "side": ("in profile", "seen from the side"),
    "back": ("seen from behind", "turned away from the camera"),
}
POSTURE: Ways = {
    "sitting": ("sitting", "seated"),
    "crouching": ("crouching", "in a crouch"),
    "bending": ("bending", "bent at the waist"),
    "lying": ("lying", "lying down"),
}
ARMS: Ways = {"up": ("hand raised", "one arm up"), "out": ("arm held out", "one arm out")}
"""Standing and hanging arms go without saying."""

EXPRESSION: Ways = {"smiling": ("smiling", "with a smile"), "mouth open": ("mouth open", "with an open mouth")}
LIGHT_TAG: Ways = {
    "backlit": ("backlit", "lit from behind"),
    "dim": ("dim light", "low light"),
    "bright": ("bright light", "bright lighting"),
    "high-contrast": ("hard side light", "light from one side"),
    "soft": ("soft light", "soft lighting", "even light"),
    "red": ("red stage light",),
    "green": ("green stage light",),
    "blue": ("blue stage light",),
    "purple": ("purple stage light",),
}
LIGHT_SENTENCE: Ways = {
    "backlit": ("The light comes from behind.", "The figure is lit from behind."),
    "dim": ("The light is dim.", "There is little light."),
    "bright": ("The light is bright.", "The scene is lit brightly."),
    "high-contrast": ("The light comes from one side and leaves the other in shadow.", "One side lies in shadow."),
    "soft": ("The light is soft and even.", "Soft light falls evenly on the face.", "The lighting is soft."),
    "red": ("The stage light is red.", "Red stage light falls on the figure."),
    "green": ("The stage light is green.", "Green stage light falls on the figure."),
    "blue": ("The stage light is blue.", "Blue stage light falls on the figure."),
    "purple": ("The stage light is purple.", "Purple stage light falls on the figure."),
}
FILLERS = (
    "There is only this one figure to be seen, and nobody else.",
    "The figure is alone, and nobody else is in the frame.",
    "Nobody else is to be seen, only this one figure.",
)
STILL = ("This is a single still frame.", "It is one still moment, without motion.")
"""FILLERS, then STILL: said where little was measured and a caption would be shorter than the model was trained on."""


@dataclass(frozen=True)
class Told:
    """What is said of one image. shot: how much is seen (`figure.framing`); seed: decides between ways to say it."""

    trigger: str
    class_word: str
    shot: str
    view: str | None
    expression: str | None
    worn: Worn
    light: str | None
    seed: str = ""
    posture: str | None = None
    arms: str | None = None

    def one(self, ways: Sequence[str], name: str) -> str:
        """One of several ways to say a thing, drawn by seed and name."""
        drawn = hashlib.sha256(f"{self.seed}\0{name}".encode()).digest()
        return ways[int.from_bytes(drawn[:4]) % len(ways)]


def words(text: str) -> int:
    """How many words a caption has: runs of letters and digits, hyphens and apostrophes inside."""
    return len(re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", text))


def tags(told: Told) -> str:
    """A caption of tags, the trigger first; behind the framing their order is drawn."""
    rest = [
        *_bearing(told),
        told.expression and told.one(EXPRESSION[told.expression], "expression"),
        *_cloth_tags(told),
        told.light and told.one(LIGHT_TAG[told.light], "light"),
    ]
    parts = [part for part in rest if part]
    if told.one(("first", "last"), "order") == "last":
        parts = parts[::-1]
    shot = told.one(SHOT_TAG[told.shot], "shot") if told.shot in SHOT_TAG else None
    return ", ".join(part for part in (told.trigger, told.class_word, shot, *parts) if part)


def prose(told: Told, min_words: int) -> str:
    """A caption of sentences, the trigger first."""
    someone = f"{'an' if told.class_word[:1].lower() in 'aeiou' else 'a'} {told.class_word}"
    start = f"{told.trigger}, {someone}" if told.trigger else someone[0].upper() + someone[1:]
    phrases = [
        told.one(SHOT_PHRASE[told.shot], "shot"),
        *_bearing(told),
        told.expression and told.one(EXPRESSION[told.expression], "expression"),
    ]
    sentences = [f"{', '.join(part for part in (start, *phrases) if part)}."]
    more = [_cloth_sentence(told), told.one(LIGHT_SENTENCE[told.light], "light") if told.light else None]
    if told.one(("clothes", "light"), "order") == "light":
        more = more[::-1]
    sentences += [sentence for sentence in more if sentence]
    for name, fillers in (("filler", FILLERS), ("still", STILL)):
        if words(" ".join(sentences)) < min_words:
            sentences.append(told.one(fillers, name))
    return " ".join(sentences)


def _bearing(told: Told) -> list[str]:
    """How somebody is turned and holds themselves."""
    said = ((VIEW, told.view, "view"), (POSTURE, told.posture, "posture"), (ARMS, told.arms, "arms"))
    return [told.one(ways[what], name) for ways, what, name in said if what]


def worn(told: Told) -> str | None:
    """The clothes in the fewest words, as captions are asked for them later."""
    return ", ".join(_parts(told.worn)) or None


def _parts(found: Worn) -> list[str]:
    upper, lower = " and ".join(found.upper), " and ".join(found.lower)
    if found.upper and found.lower and family(found.upper[0]) != family(found.lower[0]):
        return [f"{upper} top", f"{lower} bottoms"]
    if found.upper:
        return [f"{upper} clothing"]
    return [f"{lower} bottoms"] if lower else []


def _cloth_tags(told: Told) -> list[str]:
    parts = _parts(told.worn)
    if len(parts) == 1 and parts[0].endswith(" clothing"):
        return [told.one((parts[0], parts[0].removesuffix("ing") + "es"), "clothes")]
    return parts


def _cloth_sentence(told: Told) -> str | None:
    parts = _parts(told.worn)
    if not parts:
        return None
    if parts[0].endswith(" clothing"):
        colour = parts[0].removesuffix(" clothing")
        ways = (f"The clothing is {colour}.", f"The clothes are {colour}.", f"The figure is dressed in {colour}.")
        return told.one(ways, "clothes")
    listed = " and ".join(f"{'an' if part[0] in 'aeiou' else 'a'} {part}" if "top" in part else part for part in parts)
    return told.one((f"The clothes are {listed}.", f"The figure wears {listed}."), "clothes")
