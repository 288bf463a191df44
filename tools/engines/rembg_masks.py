"""The masker rembg: any of its networks, by name, on this machine.

D. Gatis: rembg. The network and what belongs to it (its size, how the picture is prepared, how its output is read) are
rembg's; the picture is scaled and the mask enlarged here, once each, and of the mask only the person is kept whose crop
it is (`matte.whose`).
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from tools.engines import checks, onnx_devices
from tools.engines.protocols import MaskJob
from tools.engines.rembg_setup import sessions
from tools.engines.watched import Flat, Watched, quick
from tools.matte.body import Pose
from tools.matte.matting import Trimap, refined
from tools.matte.outline import softened
from tools.matte.whose import mine
from tools.media.geometry import Alpha, Rgb
from tools.mill.settings import UsageError

COARSE = 1.5
"""A crop so many times larger than the network's picture gets its outline from the crop's own edges."""

EDGES_PX = 12.0e6
"""Pixels on which that is done at most: it needs some 50 bytes for each."""

SAM_SIDE_PX = 1024
SURE_KEYPOINT = 0.5

Floats = NDArray[np.floating[Any]]


class Settings(checks.RembgSettings, Protocol):
    """device: auto, cpu, cuda, cuda:N or tensorrt. The others as in the tool's Params."""

    @property
    def matting_erode_px(self) -> int: ...

    @property
    def post_process(self) -> bool: ...


class Rembg:
    name = "rembg"

    def __init__(self, params: Settings, files: Sequence[Path], digest: str) -> None:
        """files: the network. Raises UsageError where it cannot run here or is none of the form that model names."""
        self.digest = digest
        self._params, self._files = params, files
        self._session = _opened(params, files)
        if params.model == "sam":
            self.device = onnx_devices.used(params.device, self._session.encoder.get_providers(), "[mask] device")
            return
        watched: Watched = self._session.inner_session
        self.device = onnx_devices.used(params.device, watched.providers, "[mask] device")
        with _told(params.model, files), _enough_memory(files):
            # A first picture proves that the network takes what this model gives, and warms it up.
            self._mask_of(np.zeros((8, 8, 3), np.uint8))

    def run(self, jobs: list[MaskJob]) -> list[Alpha]:
        with _enough_memory(self._files):
            return [self._one(job) for job in jobs]

    def _one(self, job: MaskJob) -> Alpha:
        height, width = job.image.shape[:2]
        coarse = self._pointed_at(job) if self._params.model == "sam" else self._mask_of(job.image)
        if coarse.min() == coarse.max():
            return np.full((height, width), coarse.flat[0], dtype=np.uint8)
        across, down = coarse.shape[1] / width, coarse.shape[0] / height
        own = mine(coarse, job.image, _pose(job, across, down))
        alpha = self._enlarged(job.image, own)
        if self._params.post_process:
            from rembg.bg import post_process

            alpha = np.asarray(post_process(alpha), dtype=np.uint8)
        if self._params.alpha_matting:
            params = self._params
            bounds = Trimap(params.matting_foreground, params.matting_background, params.matting_erode_px)
            alpha = refined(job.image, alpha, bounds)
        return alpha

    def _mask_of(self, image: Rgb) -> NDArray[np.uint8]:
        """The network's mask at its own size: height x width, uint8."""
        session = self._session
        session.picture = image
        try:
            masks = session.predict(session.blank)
        except Flat as flat:
            return np.full(session.size[::-1], 255 if flat.full else 0, dtype=np.uint8)
        return functools.reduce(np.maximum, (np.asarray(mask.convert("L")) for mask in masks))

    def _pointed_at(self, job: MaskJob) -> NDArray[np.uint8]:
        """Segment Anything's mask of what box and keypoints point at, at most 1024 px."""
        height, width = job.image.shape[:2]
        scale = min(1.0, SAM_SIDE_PX / max(height, width))
        small = _resized(job.image, max(1, round(width * scale)), max(1, round(height * scale)))
        prompt = sam_prompt(job, scale)
        (mask,) = self._session.predict(Image.fromarray(small), sam_prompt=prompt)
        return np.asarray(mask, dtype=np.uint8)

    def _enlarged(self, image: Rgb, mask: NDArray[np.uint8]) -> Alpha:
        """The mask at the crop's size; where that is much larger, with the crop's own edges."""
        height, width = image.shape[:2]
        if (mask > 127).any() and max(width / mask.shape[1], height / mask.shape[0]) > COARSE:
            fine = _resized(image, *_within(image.shape, EDGES_PX))
            size = _within(fine.shape, mask.size)
            there = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR))
            mask = softened(fine, (there > 127).astype(np.uint8))
        if mask.shape == (height, width):
            return mask
        return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def sam_prompt(job: MaskJob, scale: float) -> list[dict[str, Any]]:
    """What Segment Anything is asked for: the person's box, with their sure keypoints inside it."""
    box = job.box.scaled(scale)
    sure = [point for point in job.keypoints or () if point.confidence >= SURE_KEYPOINT]
    points = [{"type": "point", "label": 1, "data": [point.x * scale, point.y * scale]} for point in sure]
    return [*points, {"type": "rectangle", "label": 2, "data": list(box)}]


def _opened(params: Settings, files: Sequence[Path]) -> Any:
    """rembg's session over exactly these files: it looks for none itself and downloads none."""
    options = onnxruntime.SessionOptions()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdigit():
        # A worker's share of the cores; onnxruntime would take them all.
        options.intra_op_num_threads = options.inter_op_num_threads = int(threads)
    made = quick(sessions()[params.model], files)
    with _told(params.model, files):
        # rembg's custom forms refuse to be made without a path, which `files` already gives.
        return made(params.model, options, providers=onnx_devices.asked(params.device), model_path=str(files[0]))


def _enough_memory(files: Sequence[Path]) -> AbstractContextManager[None]:
    return onnx_devices.enough_memory(files, "Set [mask] model to a smaller one, or [mask] device to cpu.")


class _told:  # noqa: N801
    """Turns what onnxruntime says of a file into a sentence that names the file and the remedy."""

    def __init__(self, model: str, files: Sequence[Path]) -> None:
        self._model, self._files = model, files

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (*onnx_devices.errors(), ValueError, IndexError, OSError)):
            reason = " ".join(str(error).split())[:300]
            raise UsageError(
                f"The network {', '.join(map(str, self._files))} does not run as rembg's {self._model}: {reason}. "
                "Fetch it again with `make models`, or set [mask] model to the form that it has."
            ) from error


def _within(shape: tuple[int, ...], pixels: float) -> tuple[int, int]:
    """Width and height of a picture of that shape, made smaller where it has more pixels."""
    scale = min(1.0, math.sqrt(pixels / (shape[0] * shape[1])))
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def _resized(image: Rgb, width: int, height: int) -> Rgb:
    if (height, width) == image.shape[:2]:
        return image
    shrinks = width < image.shape[1] or height < image.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)


def _pose(job: MaskJob, across: float, down: float) -> Pose:
    """Who is meant in pixels of the mask, whose sides may be scaled by different factors."""

    def box(each: Any) -> Any:
        return type(each)(each.x0 * across, each.y0 * down, each.x1 * across, each.y1 * down)

    points = job.keypoints and tuple(point._replace(x=point.x * across, y=point.y * down) for point in job.keypoints)
    return Pose(box(job.box), job.face and box(job.face), points, tuple(map(box, job.others)), job.slack, job.whole)
