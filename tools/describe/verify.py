"""A second look at a caption: words that contradict what was measured, and what should not be in it at all.

Rules over words, no model: they find what is said in so many words, and say so in a sentence. They decide nothing: a
person reads them (`make query Q=caption_doubts`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

PERMANENT: Mapping[str, str] = {
    "hair": r"(?:\w+[- ])?hair(?!\s*(?:clip|tie|band|pin|net|brush))|blonde?|brunette|redhead|bald|ponytail|bangs",
    "beard": r"beard(?:ed)?|stubble|moustache|mustache|goatee",
    "eye colour": r"(?:blue|green|brown|hazel|grey|gray|dark|light)[- ]eye[sd]|(?:blue|green|brown|hazel) eyes",
    "skin": r"skin(?:ned)?|complexion|freckle[sd]?|mole|birthmark|scar(?:red|s)?|wrinkle[sd]?",
    "body": r"slim|slender|skinny|thin build|muscular|athletic build|overweight|chubby|petite|stocky|curvy|tall",
    "age": r"young|youthful|old(?:er)? (?:man|woman|person|lady|gentleman)|elderly|middle-aged|teenage[rd]?|"
    r"in (?:his|her) (?:twenties|thirties|forties|fifties|sixties)|\d+[- ]years?[- ]old",
    "origin": r"asian|caucasian|african|hispanic|latin[ao]|european|indian|(?:black|white) (?:man|woman|person)",
    "looks": r"handsome|beautiful|pretty|attractive|gorgeous|stunning|cute",
    "tattoo or piercing": r"tattoo(?:s|ed)?|piercings?|pierced",
}
BACKGROUND = (
    r"backgrounds?|backdrops?|scenery|in front of an? (?:wall|window|building|tree|screen)|indoors|outdoors|"
    r"against an? \w+ (?:wall|sky)|in an? (?:room|street|park|forest|studio|kitchen|office|garden)|"
    r"on (?:the|a) (?:beach|street|stage)"
)
MARKS = r"watermarks?|logos?|lettering|subtitles?|signature|text (?:reading|saying)|(?:reads|saying|says) [\"'“].*"

TOO_NEAR = r"close-up|close up|headshot|head and shoulders|face only"
TOO_FAR = r"full[- ]body|full[- ]length|whole body|head to toe|wide shot|long shot"
TO_THE_WAIST = r"upper[- ]body(?: shot| portrait)?(?=\s*(?:[,.;]|$))|half[- ]length|(?:from the )?waist[- ]up"
FROM_BEHIND = r"(?<!lit )(?<!light )(?<!light comes )from behind|back view|rear view|back to the camera|facing away"
FROM_FRONT = (
    r"facing the camera|front view|frontal|seen from the front|looking (?:directly )?(?:at|into) the (?:camera|viewer)"
)
SHOTS: Mapping[str, str] = {"close": TOO_FAR, "mid": TOO_FAR, "far": TOO_NEAR, "whole": TOO_NEAR}
EXTENTS: Mapping[str, str] = {
    "head": TOO_FAR,
    "bust": TOO_FAR,
    "waist": TOO_FAR,
    "knees": TOO_NEAR,
    "full": f"{TOO_NEAR}|{TO_THE_WAIST}",
}
SITTING, CROUCHING = r"sitting|seated|sits", r"crouch(?:ing|ed|es)|in a crouch|squatting|kneeling|kneels"
LYING, STANDING = r"lying|reclining|reclined", r"standing|stands"
POSTURES: Mapping[str, str] = {
    "standing": f"{SITTING}|{CROUCHING}|{LYING}",
    "sitting": f"{STANDING}|{LYING}",
    "crouching": f"{STANDING}|{LYING}",
    "bending": f"{SITTING}|{LYING}",
    "lying": f"{STANDING}|{SITTING}|{CROUCHING}",
}
"""Sitting and crouching look much alike: neither speaks against the other."""

VIEWS: Mapping[str, str] = {"front": FROM_BEHIND, "three-quarter": FROM_BEHIND, "back": FROM_FRONT}


class Seen(NamedTuple):
    """What was measured of a person, each None where nothing tells.

    shot: close, mid, far, whole or unknown. view: front, three-quarter, side, back. extent: how far down they are seen,
    head, bust, waist, knees, full. posture: standing, sitting, crouching, bending, lying.
    """

    shot: str | None
    view: str | None
    extent: str | None = None
    posture: str | None = None


def doubts(
    text: str,
    class_word: str,
    seen: Seen,
    framing: str = "unknown",
    left_out: Sequence[tuple[str, str]] = (),
) -> list[str]:
    """What speaks against a caption, as sentences; [] where nothing does.

    text: without the trigger. class_word: what the person is to be called. framing: as the model says it saw it.
    left_out: what it left out, and why.
    """
    said = [] if _found(re.escape(class_word), text) else [f'It does not call the person "{class_word}".']
    for what, pattern in PERMANENT.items():
        said += [f'It names something permanent ({what}): "{found}".' for found in _found(pattern, text)]
    said += [f'It names the background: "{found}".' for found in _found(BACKGROUND, text)]
    said += [f'It names a text or a mark: "{found}".' for found in _found(MARKS, text)]
    said += against_measured(text, seen)
    if seen.extent is None and {seen.shot, framing} in ({"close", "far"}, {"close", "whole"}):
        said.append(f"The model saw a {framing} shot, measured is a {seen.shot} shot.")
    said += [
        f'It names what the model meant to leave out ({why}): "{what}".'
        for what, why in left_out
        if len(what) > 2 and _found(re.escape(what), text)
    ]
    return list(dict.fromkeys(said))


def contradictions(text: str, seen: Seen) -> list[str]:
    """What of a caption cannot be true, as sentences: against what was measured, and against itself."""
    said = against_measured(text, seen)
    for one, other in ((TOO_NEAR, TOO_FAR), (FROM_BEHIND, FROM_FRONT)):
        both = [*_found(one, text)[:1], *_found(other, text)[:1]]
        if len(both) == 2:
            said.append(f'It says both "{both[0]}" and "{both[1]}".')
    return said


def against_measured(text: str, seen: Seen) -> list[str]:
    """What of a caption contradicts what was measured, as sentences. Where the extent is known, the shot is not asked:
    it says how large somebody is, not how much of them is seen."""
    shot = None if seen.extent else seen.shot
    rules = (
        (SHOTS, shot, f"a {shot} shot"),
        (EXTENTS, seen.extent, f"the extent {seen.extent}"),
        (VIEWS, seen.view, f"the view {seen.view}"),
        (POSTURES, seen.posture, f"the posture {seen.posture}"),
    )
    return [
        f'It says "{found}", measured is {told}.'
        for patterns, value, told in rules
        for found in _found(patterns.get(value or "", ""), text)
    ]


def _found(pattern: str, text: str) -> list[str]:
    """What of a text a pattern finds as whole words, whatever the case."""
    if not pattern:
        return []
    return [match[0] for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?!\w)", text, re.IGNORECASE)]
