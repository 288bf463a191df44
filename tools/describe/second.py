"""A model's second look at a caption: what it is asked, and its findings as sentences. It decides nothing either."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from tools.describe.form import array, line, one_of, table, unwrap

FAULTS: Mapping[str, str] = {
    "contradicts": "contradicts the picture",
    "background": "is background",
    "permanent": "is permanent",
    "text": "is a text or a mark",
}
LONGEST = 1500
"""Characters of prose, and of tags, that are looked at: longer ones are cut off before they stand beside an image."""

WHY_LENGTH = 200


def request(prose: str, tags: str) -> str:
    """What is asked beside the picture. Trigger and measurements are not in it: it is paid for once."""
    caption = {"prose": prose[:LONGEST], "tags": tags[:LONGEST]}
    return f"Check this caption: {json.dumps(caption, ensure_ascii=False)} Answer with the JSON object alone."


def findings(text: str, caption: str) -> list[str]:
    """What a second look says against a caption, as sentences; findings about words that it has not are left out.

    Raises ValueError with a sentence where the answer has not the form of `prompts/second_look.schema.json`.
    """
    said = []
    for one in array(table(unwrap(text), "the answer", ("findings",))["findings"], "findings"):
        found = table(one, "a finding", ("words", "fault", "why"))
        words = line(found["words"], "words").strip(" .,")
        fault = FAULTS[one_of(found["fault"], "fault", tuple(FAULTS))]
        why = line(found["why"], "why").rstrip(".")[:WHY_LENGTH]
        if words and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", caption, re.IGNORECASE):
            said.append(f'The second look says that "{words}" {fault}: {why}.')
    return list(dict.fromkeys(said))
