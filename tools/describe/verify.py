"""A second look at a caption: words that contradict what was measured, and what should not be in it at all.

Rules over words, no model: they find what is said in so many words, and say so in a sentence. They decide nothing: a
person reads them (`make query Q=caption_doubts`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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
FROM_BEHIND = r"from behind|back view|rear view|back to the camera|facing away"
FROM_FRONT = (
    r"facing the camera|front view|frontal|seen from the front|looking (?:directly )?(?:at|into) the (?:camera|viewer)"
)
SHOTS: Mapping[str, str] = {"close": TOO_FAR, "mid": TOO_FAR, "far": TOO_NEAR, "whole": TOO_NEAR}
VIEWS: Mapping[str, str] = {"front": FROM_BEHIND, "three-quarter": FROM_BEHIND, "back": FROM_FRONT}


def doubts(
    text: str,
    class_word: str,
    shot: str | None,
    view: str | None,
    framing: str = "unknown",
    left_out: Sequence[tuple[str, str]] = (),
) -> list[str]:
    """What speaks against a caption, as sentences; [] where nothing does.

    text: without the trigger. class_word: what the person is to be called. shot: as measured, close, mid, far, whole or
    unknown. view: as measured, front, three-quarter, side, back or None. framing: as the model says it saw it.
    left_out: what it left out, and why.
    """
    said = [] if _found(re.escape(class_word), text) else [f'It does not call the person "{class_word}".']
    for what, pattern in PERMANENT.items():
        said += [f'It names something permanent ({what}): "{found}".' for found in _found(pattern, text)]
    said += [f'It names the background: "{found}".' for found in _found(BACKGROUND, text)]
    said += [f'It names a text or a mark: "{found}".' for found in _found(MARKS, text)]
    said += against_measured(text, shot, view)
    if {shot, framing} in ({"close", "far"}, {"close", "whole"}):
        said.append(f"The model saw a {framing} shot, measured is a {shot} shot.")
    said += [
        f'It names what the model meant to leave out ({why}): "{what}".'
        for what, why in left_out
        if len(what) > 2 and _found(re.escape(what), text)
    ]
    return list(dict.fromkeys(said))


def contradictions(text: str, shot: str | None, view: str | None) -> list[str]:
    """What of a caption cannot be true, as sentences: against what was measured, and against itself."""
    said = against_measured(text, shot, view)
    for one, other in ((TOO_NEAR, TOO_FAR), (FROM_BEHIND, FROM_FRONT)):
        both = [*_found(one, text)[:1], *_found(other, text)[:1]]
        if len(both) == 2:
            said.append(f'It says both "{both[0]}" and "{both[1]}".')
    return said


def against_measured(text: str, shot: str | None, view: str | None) -> list[str]:
    """What of a caption contradicts the shot and the view that were measured, as sentences."""
    said = [f'It says "{found}", measured is a {shot} shot.' for found in _found(SHOTS.get(shot or "", ""), text)]
    return said + [
        f'It says "{found}", measured is the view {view}.' for found in _found(VIEWS.get(view or "", ""), text)
    ]


def _found(pattern: str, text: str) -> list[str]:
    """What of a text a pattern finds as whole words, whatever the case."""
    if not pattern:
        return []
    return [match[0] for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?!\w)", text, re.IGNORECASE)]
