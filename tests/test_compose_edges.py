"""The rim of a cut-out: its halo by definition and on outlines drawn by hand, and how the outline is drawn in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from cutouts import Pixels, solid

from tools.compose import edges
from tools.composite import LIMITS
from tools.matte.foreground import cut_out
from tools.media.image import read_rgb

COCO = Path(__file__).resolve().parents[2] / "shared" / "coco"
FRONT, BACK = np.array((180, 60, 40)), np.array((20, 120, 200))
MAX_HALO = LIMITS[0].default


def mixed(share: float, back: np.ndarray = BACK) -> tuple[Pixels, Pixels]:
    """A cut-out whose rim of 3 px has so much of the background in it, and the picture that it was cut from."""
    picture = np.full((240, 240, 3), back, np.uint8)
    picture[60:180, 60:180] = np.rint((1 - share) * FRONT + share * back)
    picture[63:177, 63:177] = FRONT
    return np.dstack([picture, solid(240, 240, (60, 60, 180, 180))[..., 3]]), picture


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_halo_is_the_share_of_the_old_background_in_the_rim(share: float) -> None:
    # The disc of the rim is a little narrower than the square one at the corners.
    assert edges.halo(*mixed(share)) == pytest.approx(share, abs=0.03)


def test_a_rim_unlike_the_background_has_a_halo_below_zero() -> None:
    rgba, picture = mixed(0.0)
    rgba[60:180, 60:180, :3] = np.clip(FRONT + 0.2 * (FRONT - BACK), 0, 255)
    rgba[63:177, 63:177, :3] = FRONT
    halo = edges.halo(rgba, picture)
    assert halo is not None
    assert halo < -0.1


def test_a_subject_like_its_background_cannot_be_judged() -> None:
    step = edges.MIN_CONTRAST / np.sqrt(3)
    assert edges.halo(*mixed(0.5, FRONT - round(step - 2))) is None
    assert edges.halo(*mixed(0.5, FRONT - round(step + 2))) is not None


def test_a_rim_of_a_few_pixels_says_nothing() -> None:
    picture = np.full((60, 60, 3), BACK, np.uint8)
    picture[20:26, 20:26] = FRONT
    small = np.dstack([picture, solid(60, 60, (20, 20, 26, 26))[..., 3]])
    assert edges.halo(small, picture) is None
    assert edges.halo(np.dstack([picture, np.full((60, 60), 255, np.uint8)]), picture) is None


def test_the_rim_grows_with_the_picture() -> None:
    assert [edges.rim_px((side, 100)) for side in (400, 874, 876, 2000)] == [3, 3, 4, 8]


def test_the_outline_is_drawn_in_but_not_from_the_edge_of_the_crop() -> None:
    rgba = solid(20, 20, (5, 5, 15, 20), (180, 40, 40))
    for depth in (1, 2):
        drawn = edges.drawn_in(rgba, depth)
        rows, columns = np.nonzero(drawn[..., 3])
        found = columns.min(), rows.min(), columns.max(), rows.max()
        assert found == (5 + depth, 5 + depth, 14 - depth, 19)
        assert (drawn[..., :3] == rgba[..., :3]).all()


def test_a_clean_outline_is_drawn_in_by_one_pixel_and_its_colours_stay() -> None:
    rgba, picture = mixed(0.25)
    cleaned, halo = edges.cleaned(rgba, picture)
    assert halo is not None
    assert halo <= edges.CLEAN
    assert (cleaned == edges.drawn_in(rgba, 1)).all()


def test_a_rim_of_background_is_drawn_in_further() -> None:
    rgba, picture = mixed(1.0)
    before = edges.halo(edges.drawn_in(rgba, 1), picture)
    cleaned, after = edges.cleaned(rgba, picture)
    assert before is not None
    assert after is not None
    assert after < edges.CLEAN < before
    rows, columns = np.nonzero(cleaned[..., 3])
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (63, 63, 176, 176)


@cache
def people() -> tuple[tuple[Pixels, Pixels], ...]:
    """Crops of the people who are outlined by hand, and their masks."""
    if not COCO.is_dir():
        pytest.skip("The photographs of ../shared/coco are not there.")
    return tuple(_people())


def _people() -> Iterator[tuple[Pixels, Pixels]]:
    content = json.loads((COCO / "annotations.json").read_text())
    names = {image["id"]: image["file_name"] for image in content["images"]}
    for person in content["annotations"]:
        if person["iscrowd"] or person["area"] < 4000:
            continue
        picture = read_rgb(next(COCO.rglob(names[person["image_id"]])))
        mask = np.zeros(picture.shape[:2], np.uint8)
        for part in person["segmentation"]:
            cv2.fillPoly(mask, [np.array(part).reshape(-1, 2).round().astype(np.int32)], 255)
        x, y, width, height = (int(value) for value in person["bbox"])
        pad = int(0.2 * max(width, height))
        place = slice(max(0, y - pad), y + height + pad), slice(max(0, x - pad), x + width + pad)
        yield np.ascontiguousarray(picture[place]), np.ascontiguousarray(mask[place])


def halo_left(picture: Pixels, mask: Pixels, grown_px: int) -> float:
    """The halo of a person whose mask was made wider by so many px."""
    size = (2 * grown_px + 1, 2 * grown_px + 1)
    wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size))
    soft = np.asarray(cv2.GaussianBlur(wide, (0, 0), 1.0), np.uint8)
    _, halo = edges.cleaned(cut_out(picture, soft), picture)
    assert halo is not None
    return halo


def test_outlines_drawn_by_hand_stay_below_the_limit_and_wide_ones_do_not() -> None:
    drawn = [halo_left(*person, 0) for person in people()]
    assert len(drawn) >= 9
    assert max(drawn) < MAX_HALO - 0.1
    assert min(halo_left(*person, 6) for person in people()) > MAX_HALO + 0.1


def test_what_is_a_little_too_wide_is_mended() -> None:
    assert max(halo_left(*person, 2) for person in people()) < MAX_HALO
