"""Where a cut-out is opaque, and at which of its sides it is cut off."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.compose.extent import OPAQUE, Extent, extent
from tools.compose.framing import Subject
from tools.compose.standing import Body, feet_show, stands

Alpha = NDArray[np.uint8]

SOLID = 250
"""Alpha from which nothing of a ground shines through."""

ISLAND_SHARE = 0.02
"""Islands below this share of the largest part are specks of the mask and left out."""

CONTACT_SHARE = 0.03
"""Share of the subject's extent that must touch the border for it to count as cut there."""

NEAR_BORDER_SHARE = 0.04
"""How near the border of the crop, as a share of its side, the subject must end where detection says it is cut."""

RAGGED_SHARE = 0.15
"""At most this share of the height is hung out of the canvas so that a cut lower side ends in a solid line."""


def without_specks(alpha: Alpha) -> Alpha:
    """H×W uint8 with the islands removed that are small beside the largest part; soft edges stay."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 0).astype(np.uint8), connectivity=8)
    if count <= 2:
        return alpha
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    keep = areas >= ISLAND_SHARE * areas.max()
    return np.where(keep[labels], alpha, 0).astype(np.uint8)


def cut_sides(alpha: Alpha, box: Extent, flagged: Collection[str], feet: bool) -> frozenset[str]:
    """Of left, top, right, bottom those where the subject goes on beyond the picture.

    A side counts where the subject touches the crop's border, where detection flagged it and the subject ends near the
    border, and below wherever no feet show: whatever hid them, or made the mask end, a body has no end above them.
    """
    height, width = alpha.shape
    solid = alpha >= OPAQUE
    contact = {
        "left": (int(solid[:, :2].any(axis=1).sum()), box.y1 - box.y0),
        "right": (int(solid[:, -2:].any(axis=1).sum()), box.y1 - box.y0),
        "top": (int(solid[:2].any(axis=0).sum()), box.x1 - box.x0),
        "bottom": (int(solid[-2:].any(axis=0).sum()), box.x1 - box.x0),
    }
    gap = {
        "left": box.x0 / width,
        "right": (width - box.x1) / width,
        "top": box.y0 / height,
        "bottom": (height - box.y1) / height,
    }
    touching = {side for side, (pixels, length) in contact.items() if pixels >= max(3, CONTACT_SHARE * length)}
    near = {side for side in flagged if gap[side] <= NEAR_BORDER_SHARE}
    return frozenset(touching | near | (set() if feet else {"bottom"}))


def solid_extent(alpha: Alpha, box: Extent, cut: Collection[str]) -> Extent:
    """The box without the ragged or soft rim of its cut sides.

    What is left off hangs out of the canvas, so that the canvas cuts the subject, and no background shows between its
    mask and the edge. Below it goes up to the lowest row that is about as wide as those above.
    """
    solid = alpha[box.y0 : box.y1, box.x0 : box.x1] >= SOLID
    rows, columns = solid.sum(axis=1), solid.sum(axis=0)
    reach = int(len(rows) * RAGGED_SHARE)
    usual = 0.7 * float(np.median(rows[len(rows) - 2 * reach - 1 : len(rows) - reach]))
    least_row, least_column = (max(3.0, CONTACT_SHARE * length) for length in (len(columns), len(rows)))
    return Extent(
        box.x0 + (_ragged(columns[::-1], least_column, NEAR_BORDER_SHARE) if "left" in cut else 0),
        box.y0 + (_ragged(rows[::-1], least_row, NEAR_BORDER_SHARE) if "top" in cut else 0),
        box.x1 - (_ragged(columns, least_column, NEAR_BORDER_SHARE) if "right" in cut else 0),
        box.y1 - (_ragged(rows, usual, RAGGED_SHARE) if "bottom" in cut else 0),
    )


def _ragged(widths: NDArray[np.int_], least: float, share: float) -> int:
    """How many of the last widths are below least; of no more than a share of all."""
    tail = widths[len(widths) - int(len(widths) * share) :]
    wide = np.flatnonzero(tail >= least)
    return len(tail) - 1 - int(wide[-1]) if wide.size else len(tail)


def subject_of(alpha: Alpha, flagged: Collection[str], shot: str, body: Body) -> tuple[Subject, Extent] | None:
    """What framing needs to know of a cut-out's H×W uint8 alpha, and which pixels are placed. None: nothing opaque."""
    box = extent(alpha)
    if box is None:
        return None
    # A face that large has no feet in the picture, whatever the box says.
    feet = shot not in ("close", "mid") and feet_show(box, body)
    cut = cut_sides(alpha, box, flagged, feet)
    standing = "bottom" not in cut and stands(box, body)
    box = solid_extent(alpha, box, cut)
    sides = {side: side in cut for side in ("left", "top", "right", "bottom")}
    return Subject(box.x1 - box.x0, box.y1 - box.y0, **sides, shot=shot, standing=standing), box
