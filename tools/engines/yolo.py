"""The detector yolo: ultralytics' YOLO-pose with weights of the user's choice.

One forward pass gives every person's box, confidence and 17 COCO keypoints (G. Jocher and others: Ultralytics YOLO,
2023 to 2026; D. Maji and others: YOLO-Pose, CVPR workshops 2022). Weights (.pt) are read by the restricted loader,
which knows classes of networks and nothing else: what else a file holds is refused, and never runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.engines import ultralytics_setup
from tools.engines.letterbox import Fit, fitted, fitting
from tools.engines.protocols import DetectJob
from tools.engines.yolo_file import chosen_device, memory_ended, opened, telling
from tools.framing.detection import Detection
from tools.framing.pose import head_box
from tools.media.geometry import Box, Keypoint
from tools.mill.settings import UsageError

ultralytics_setup.prepare()

import torch  # noqa: E402
from ultralytics.utils.nms import non_max_suppression  # noqa: E402

KEYPOINTS = 17
OVERLAP = 0.7
"""Boxes that overlap more (IoU) are one person: ultralytics' own default."""

AT_MOST = 300
"""People of one frame."""

SLACK = 0.02
"""How far a box's sides may be off, as a share of its size."""

NO_CLOCK = 1e9
"""Seconds that non-maximum suppression may take: its default gives up by the clock, and forgets people."""


class Settings(Protocol):
    """imgsz: longer side in pixels at which the network looks. device: auto, cpu, mps, cuda or cuda:N. batch: images
    that go through it at once."""

    @property
    def imgsz(self) -> int: ...

    @property
    def device(self) -> str: ...

    @property
    def batch(self) -> int: ...


class Yolo:
    name = "yolo"

    def __init__(self, params: Settings, files: Sequence[Path], digest: str) -> None:
        """files: the weights. Raises UsageError where they are none for poses, or the device is not there."""
        (self._path,) = files
        self.digest = digest
        device = chosen_device(params.device)
        self._model = opened(self._path, device)
        self._check(params.imgsz)
        self.device = f"{self._model.device}, {'half' if self._model.fp16 else 'full'} precision"
        self._imgsz = params.imgsz
        self.batch = max(1, params.batch)
        with telling(self._path, "do not run"):
            # A first picture proves that the network takes and gives what it should, and warms it up.
            self._forward([np.zeros((*self._frame((params.imgsz, params.imgsz)).padded, 3), np.uint8)], 0.5)

    def run(self, jobs: list[DetectJob]) -> list[list[Detection]]:
        """The people of each image, surest first. Images that become equally large go through the network together."""
        fits = [self._frame(job.image.shape[:2]) for job in jobs]
        found: list[list[Detection]] = [[] for _ in jobs]
        least = min((job.min_confidence for job in jobs), default=0.0)
        for size in dict.fromkeys(fit.padded for fit in fits):
            same = [index for index, fit in enumerate(fits) if fit.padded == size]
            at = 0
            while at < len(same):
                part = same[at : at + self.batch]
                rows = self._tried([fitted(jobs[index].image, fits[index]) for index in part], least)
                for index, people in zip(part, rows or (), strict=False):
                    found[index] = _people(people, fits[index], jobs[index].min_confidence)
                at += len(rows or ())
        return found

    def _frame(self, shape: tuple[int, int]) -> Fit:
        """How an image of that height and width goes into the network."""
        fixed = None if self._flexible else tuple(self._model.imgsz)
        return fitting(shape, self._imgsz, int(self._model.stride), fixed)

    @property
    def _flexible(self) -> bool:
        return self._model.format == "pt" or bool(getattr(self._model, "dynamic", False))

    def _tried(self, images: list[NDArray[np.uint8]], least: float) -> list[NDArray[np.float32]] | None:
        """None where they are too many for the device's memory: from then on fewer go at once."""
        try:
            return self._forward(images, least)
        except RuntimeError as error:
            if not memory_ended(error):
                raise
            if len(images) == 1:
                raise UsageError(
                    f"The device {self._model.device} has too little memory for {self._path.name} at {self._imgsz} px. "
                    "Lower detect.imgsz, take smaller weights, or set detect.device to cpu."
                ) from error
        # Outside the handler, where the error no longer holds the memory.
        self.batch = max(1, len(images) // 2)
        torch.cuda.empty_cache()
        return None

    def _forward(self, images: list[NDArray[np.uint8]], least: float) -> list[NDArray[np.float32]]:
        """Through the network: for each image n x 57 (box, confidence, class, keypoints), in pixels of the network."""
        with torch.inference_mode():
            pixels = torch.from_numpy(np.stack(images)).to(self._model.device)
            pixels = pixels.permute(0, 3, 1, 2).contiguous()
            pixels = (pixels.half() if self._model.fp16 else pixels.float()).div_(255)
            raw = self._model(pixels)
            raw = raw[0] if isinstance(raw, list | tuple) else raw
            self._check_output(raw, len(images))
            kept = non_max_suppression(
                raw,
                conf_thres=least,
                iou_thres=OVERLAP,
                classes=[self._person],
                max_det=AT_MOST,
                nc=len(self._model.names),
                max_time_img=NO_CLOCK,
                end2end=bool(self._model.end2end),
            )
        return [np.asarray(each.float().cpu().numpy()) for each in kept]

    def _check(self, imgsz: int) -> None:
        """Raises UsageError where the network is for another task, or takes pictures of another size."""
        shape = getattr(self._model, "kpt_shape", None)
        if shape is None or tuple(shape) != (KEYPOINTS, 3):
            task = self._model.task or getattr(self._model.model, "task", None) or "not named in the file"
            told = f"{shape[0]} keypoints of its own" if shape is not None else f"no keypoints (their task is: {task})"
            raise UsageError(
                f"The weights {self._path} give {told}; the engine yolo needs a pose network of the 17 COCO keypoints, "
                "such as yolo26m-pose.pt. Set [detect] weights to one."
            )
        names = self._model.names
        people = [index for index, name in names.items() if name == "person" or len(names) == 1]
        if not people:
            raise UsageError(f"The weights {self._path} know no class person. Set [detect] weights to a pose network.")
        self._person = people[0]
        if not self._flexible and max(self._model.imgsz) != imgsz:
            raise UsageError(
                f"The weights {self._path} were exported for pictures of {max(self._model.imgsz)} px and take no "
                f"others. Set [detect] imgsz = {max(self._model.imgsz)}."
            )
        if imgsz % int(self._model.stride):
            raise UsageError(
                f"[detect] imgsz is {imgsz}; {self._path.name} needs a multiple of {int(self._model.stride)}, such as "
                f"{max(1, round(imgsz / int(self._model.stride))) * int(self._model.stride)}."
            )

    def _check_output(self, raw: Any, images: int) -> None:
        """Raises UsageError where what comes out is no pose network's."""
        columns = raw.shape[-1] if self._model.end2end else raw.shape[1]
        wanted = 3 * KEYPOINTS + (6 if self._model.end2end else 4 + len(self._model.names))
        if raw.ndim != 3 or raw.shape[0] != images or columns != wanted:
            raise UsageError(
                f"The weights {self._path} give an output of shape {tuple(raw.shape)}, which is no pose network's. "
                "Export them again with ultralytics."
            )
        # One pass: what is no number, or infinite, is so in the sum as well.
        if not bool(torch.isfinite(raw.sum(dtype=torch.float64))):
            raise ArithmeticError(f"The network {self._path.name} gave values that are no numbers.")


def _people(rows: NDArray[np.float32], fit: Fit, least: float) -> list[Detection]:
    """Rows of the network as people in pixels of the image, surest first."""
    found = []
    for row in rows.astype(np.float64):
        # Rounded: in another batch, or on other cores, the last bits differ.
        points = fit.back(row[6:].reshape(KEYPOINTS, 3))
        points = np.column_stack([points[:, :2].round(1), points[:, 2].round(2)])
        box = Box(*fit.back(row[:4].reshape(2, 2)).round(1).ravel().tolist())
        if row[4] < least or box.width < 1.0 or box.height < 1.0:
            continue
        keypoints = tuple(Keypoint(*point) for point in points.tolist())
        confidence = min(round(float(row[4]), 3), 1.0)
        found.append(Detection(box, confidence, "yolo", head_box(keypoints), keypoints, SLACK, whole=True))
    return sorted(found, key=lambda each: (-each.confidence, each.box))
