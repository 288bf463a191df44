"""One composite: the cut-out read, its canvas and ground chosen and made, the two joined, and the mask beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.compose import blend, ground
from tools.compose.draw import seed
from tools.compose.edges import cleaned
from tools.compose.exposure import exposed, exposure_ev
from tools.compose.extent import Extent
from tools.compose.framing import Placement, Rules, Subject, original_region, place
from tools.compose.standing import Body, with_shadow
from tools.compose.subject import subject_of, without_specks
from tools.training.targets import Target

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Picture:
    """image: height x width x 3 uint8 sRGB. mask: height x width uint8, 255 on the subject. scale: of the subject.

    cover: share of the height that shows the subject. flush: the cut sides, in the order left, top, right, bottom.
    exposure_ev: stops by which the subject was brightened. standing: on its feet, with a shadow. halo: of its rim.
    """

    image: Pixels
    mask: Pixels
    scale: float
    cover: float
    flush: tuple[str, ...]
    exposure_ev: float = 0.0
    standing: bool = False
    halo: float | None = None


@dataclass(frozen=True)
class Cutout:
    """A cut-out as a composite needs it.

    rgba: height x width x 4 uint8, straight alpha, the frame's colours also where it is transparent.
    cut: sides at which detection saw the person leave the frame. offset_px: x, y of the cut-out in its frame.
    picture: height x width x 3, what it was cut from. people: boxes in frame pixels of everybody seen in the frame.
    """

    rgba: Pixels
    picture: Pixels
    cut: tuple[str, ...]
    shot: str
    offset_px: tuple[int, int]
    people: Sequence[Box]
    body: Body


@dataclass(frozen=True)
class Grounds:
    """What may stand behind: reading the frame or the background only when the mode asks for it.

    blur_px, own_blur_px: standard deviations on a canvas of 1024 px. max_exposure_ev: how many stops the subject may be
    brightened or darkened to suit it.
    """

    frame: Callable[[], Pixels]
    background: Callable[[], Pixels]
    blur_px: float
    own_blur_px: float
    max_exposure_ev: float = 0.0


def compose(cutout: Cutout, mode: str, address: str, target: Target, rules: Rules, grounds: Grounds) -> Picture:
    """Make a composite. Raises ValueError where nothing of the cut-out is opaque."""
    whole = np.dstack([cutout.rgba[..., :3], without_specks(cutout.rgba[..., 3])])
    clean, halo = (whole, None) if mode == "original" else cleaned(whole, cutout.picture)
    found = subject_of(clean[..., 3], cutout.cut, cutout.shot, cutout.body)
    if found is None:
        raise ValueError("Nothing of the cut-out is opaque, so that there is nothing to compose. Look at its mask.")
    subject, box = found
    if mode == "original":
        return _original(whole[..., 3], cutout, subject, box, target, rules, grounds.frame())
    placement = place(subject, target, rules)
    behind = _behind(cutout, whole[..., 3], mode, address, placement, subject.standing, grounds)
    layer = blend.on_canvas(clean, box, placement)
    # In the light of its own place a subject was filmed.
    ev = 0.0 if mode == "own" else exposure_ev(layer, behind, grounds.max_exposure_ev)
    if subject.standing:
        dither = np.random.Generator(np.random.PCG64(seed(address, "shadow")))
        behind = with_shadow(behind, layer[..., 3], placement.box, dither)
    image = blend.over(exposed(layer, ev), behind)
    return Picture(
        *(image, layer[..., 3], placement.scale, placement.cover, _flush(subject), ev, subject.standing, halo),
    )


def _behind(
    cutout: Cutout, alpha: Pixels, mode: str, address: str, placement: Placement, low: bool, grounds: Grounds
) -> Pixels:
    """What stands behind, of the canvas's size. low: the lower part of a picture, where its ground is."""
    size = placement.width_px, placement.height_px
    if mode == "library":
        return ground.blurred(grounds.background(), address, *size, grounds.blur_px, low=low)
    if mode == "own":
        frame = grounds.frame()
        return ground.own(frame, _people(frame, alpha, cutout), address, *size, grounds.own_blur_px, low=low)
    return {"gradient": ground.gradient, "flat": ground.flat, "noise": ground.noise}[mode](address, *size)


def _original(
    alpha: Pixels, cutout: Cutout, subject: Subject, box: Extent, target: Target, rules: Rules, frame: Pixels
) -> Picture:
    """The frame's own region about the subject, at a canvas's shape, with the mask for masked loss."""
    x, y = cutout.offset_px
    in_frame = (box.x0 + x, box.y0 + y, box.x1 + x, box.y1 + y)
    region = original_region(in_frame, subject.shot, (frame.shape[1], frame.shape[0]), target, rules)
    mask = _in_frame(frame, alpha, cutout.offset_px)
    rows, columns = slice(region.y0, region.y1), slice(region.x0, region.x1)
    size = region.width_px, region.height_px
    scale = region.height_px / (region.y1 - region.y0)
    cover = (min(in_frame[3], region.y1) - max(in_frame[1], region.y0)) / (region.y1 - region.y0)
    return Picture(_shrunk(frame[rows, columns], size), _shrunk(mask[rows, columns], size), scale, cover, ())


def _people(frame: Pixels, alpha: Pixels, cutout: Cutout) -> Pixels:
    """A frame-sized mask of the subject, its whole box and everybody else's: a mask alone may have missed a limb."""
    mask = _in_frame(frame, alpha, cutout.offset_px)
    for x0, y0, x1, y1 in cutout.people:
        mask[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = 255
    return mask


def _in_frame(frame: Pixels, alpha: Pixels, offset_px: tuple[int, int]) -> Pixels:
    mask = np.zeros(frame.shape[:2], np.uint8)
    x, y = offset_px
    part = mask[y : y + alpha.shape[0], x : x + alpha.shape[1]]
    part[:] = alpha[: part.shape[0], : part.shape[1]]
    return mask


def _shrunk(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    return np.ascontiguousarray(cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA), np.uint8)


def _flush(subject: Subject) -> tuple[str, ...]:
    return tuple(side for side in ("left", "top", "right", "bottom") if getattr(subject, side))
