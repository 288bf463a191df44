"""Whether a package may take another one's place: not where captions that did not come about would empty it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.mill.ends import Stop
from tools.mill.tool import Row
from tools.mill.words import clean, command, listing, plural
from tools.training.edits import read_manifest

MOST = 0.5
"""Share of the images it could have, at most as many as stand there, that may be lost for want of captions."""


def refuse_loss(place: Path, folder: Path, ready: int, rows: Sequence[Row]) -> None:
    """Raise Stop where a package would lose most of its images because the captioner gave no captions.

    place: where the package lies; folder: the same, below the workspace. ready: images that the new one would have;
    rows: those that it was to have. What people rejected is in none of these.
    """
    standing = read_manifest(place)
    have = len(standing["images"]) if standing else 0
    lacking = [row for row in rows if row["caption_lack"] is not None]
    could = min(have, ready + len(lacking))
    if could - ready <= MOST * could:
        return
    base = folder.parent.parent
    counts = Counter(str(row["caption_lack"]) for row in lacking)
    reasons = listing([f"{reason} {n}" for reason, n in counts.most_common()])
    detail = next(
        (f", as in: {clean(row['caption_lack_detail'])}" for row in lacking if row["caption_lack_detail"]), ""
    )
    raise Stop(
        f"{folder.name} keeps its package of {plural(have, 'image')}: a new one would have {ready}, because "
        f"{plural(len(lacking), 'image')} got no caption ({reasons}{detail.rstrip('.')}). Set the captioner right "
        f'and type `{command(base, "all", RETRY_FAILED="1")}`, take [caption] engine = "builtin", or take out what '
        f"you do not want with `{command(base, 'reject', DATASET=folder.name, ITEM='…', WHY='…')}`"
    )
