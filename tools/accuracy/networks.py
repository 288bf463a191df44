"""How right the engines yolo and rembg are, with the two small networks of ../shared, beside the builtin ones."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.engines.protocols import DetectJob, MaskJob
from tools.framing.crops import padded
from tools.framing.detection import Detection
from tools.media.geometry import Alpha, Box, Keypoint, Rgb

DETECTOR, MASKER = "yolo11n-pose-overfit.pt", "portrait-u2net-320.onnx"

SPREAD = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 500.0
"""How far people who draw them disagree about each keypoint, by the person's size: twice COCO's sigmas, for its OKS."""

LEAST_PX = 60.0
"""Smaller people are not cut out."""


@dataclass(frozen=True)
class Drawn:
    """A person as drawn by hand. points: 17 x 3, x, y and 0 where not drawn. mask: height x width of the image."""

    box: Box
    points: NDArray[np.float64]
    mask: NDArray[np.bool_]
    area_px: float


def section(shared: Path) -> str:
    """Raises UsageError where a network cannot run; says so where the packages are not installed (LIGHT=1)."""
    if any(importlib.util.find_spec(name) is None for name in ("ultralytics", "rembg")):
        return "## Networks\n\nNot measured: ultralytics and rembg are not installed here."
    pictures = list(_photographs(shared / "coco"))
    return "\n\n".join(["## Networks", _detection(shared, pictures), _cutting(shared, pictures)])


def _photographs(folder: Path) -> Iterator[tuple[Rgb, list[Drawn]]]:
    drawn = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    for image in drawn["images"]:
        pixels = np.asarray(cv2.imread(str(folder / image["file_name"])))
        people = [each for each in drawn["annotations"] if each["image_id"] == image["id"] and each["num_keypoints"]]
        yield np.ascontiguousarray(pixels[..., ::-1]), [_drawn(each, pixels.shape[:2]) for each in people]


def _drawn(annotation: Any, shape: tuple[int, ...]) -> Drawn:
    x, y, width, height = annotation["bbox"]
    mask = np.zeros(shape[:2], np.uint8)
    for part in annotation["segmentation"]:
        cv2.fillPoly(mask, [np.rint(np.asarray(part).reshape(-1, 2)).astype(np.int32)], 1)
    points = np.asarray(annotation["keypoints"], dtype=np.float64).reshape(-1, 3)
    return Drawn(Box(x, y, x + width, y + height), points, mask > 0, float(annotation["area"]))


def similarity(found: Sequence[Keypoint], drawn: Drawn) -> float:
    """COCO's object keypoint similarity, 0 to 1, over the keypoints that are drawn."""
    seen = drawn.points[:, 2] > 0
    places = np.asarray([(point.x, point.y) for point in found])
    distance2 = ((places - drawn.points[:, :2]) ** 2).sum(axis=1)
    near = np.exp(-distance2 / (2.0 * (drawn.area_px + np.spacing(1)) * SPREAD**2))
    return float(near[seen].mean())


def _detection(shared: Path, pictures: Sequence[tuple[Rgb, list[Drawn]]]) -> str:
    from tools.detect import Params
    from tools.engines.hog import Hog
    from tools.engines.yolo import Yolo

    yolo = Yolo(Params(imgsz=448, device="cpu"), [shared / "models" / DETECTOR], "")
    rows = []
    for name, engine in (("builtin", Hog()), ("yolo", yolo)):
        found = engine.run([DetectJob(image, 20.0) for image, _ in pictures])
        rows.append(_told(name, [(ours, people) for ours, (_, people) in zip(found, pictures, strict=True)]))
    head = (
        "People in four photographs of COCO. Found: the box has an IoU over 0.5 with the one drawn by hand. Keypoints: "
        f"COCO's object keypoint similarity. yolo is {DETECTOR}, that learned these four photographs and hardly "
        "anything else: it shows that the engine is right, not how good real weights are.\n"
    )
    table = "| engine | found | false | IoU, mean | IoU, least | keypoints |\n|---|---|---|---|---|---|"
    return "\n".join([head, table, *rows])


def _told(name: str, pictures: Sequence[tuple[list[Detection], list[Drawn]]]) -> str:
    overlaps, similarities, false, total = [], [], 0, 0
    for found, people in pictures:
        total += len(people)
        best = [max(found, key=lambda each, box=drawn.box: each.box.iou(box), default=None) for drawn in people]  # type: ignore[misc]
        hits = [(each, one) for each, one in zip(best, people, strict=True) if each and each.box.iou(one.box) > 0.5]
        overlaps += [each.box.iou(one.box) for each, one in hits]
        similarities += [similarity(each.keypoints, one) for each, one in hits if each.keypoints]
        false += len(found) - len({id(each) for each, _ in hits})
    keypoints = f"{np.mean(similarities):.2f}" if similarities else "none"
    mean, least = (f"{value:.2f}" for value in (np.mean(overlaps or 0.0), min(overlaps, default=0.0)))
    return f"| {name} | {len(overlaps)} of {total} | {false} | {mean} | {least} | {keypoints} |"


def _cutting(shared: Path, pictures: Sequence[tuple[Rgb, list[Drawn]]]) -> str:
    from tools.engines import rembg_masks
    from tools.engines.grabcut import GrabCut
    from tools.mask import Params

    rembg = rembg_masks.Rembg(Params(model="u2net_custom", device="cpu"), [shared / "models" / MASKER], "")
    everybody = functools.partial(_everybody, rembg)
    jobs = [each for image, people in pictures for each in _jobs(image, people)]
    cutters: list[tuple[str, Callable[[MaskJob], Alpha]]] = [
        ("builtin", lambda job: GrabCut().run([job])[0]),
        ("rembg, everybody in the crop", everybody),
        ("rembg", lambda job: rembg.run([job])[0]),
    ]
    rows = []
    for name, cut in cutters:
        values = [_overlap(cut(job) > 127, mask) for job, mask in jobs]
        rows.append(f"| {name} | {np.mean(values):.2f} | {np.median(values):.2f} | {min(values):.2f} |")
    head = (
        f"Masks of {len(jobs)} people there, cut out of their crops with boxes and keypoints drawn by hand. rembg is "
        f"{MASKER}, a small network for portraits that few of these are. IoU with the outline drawn by hand.\n"
    )
    return "\n".join([head, "| engine | mean | median | least |\n|---|---|---|---|", *rows])


def _everybody(rembg: Any, job: MaskJob) -> Alpha:
    """What the network itself sees, whoever is meant."""
    height, width = job.image.shape[:2]
    alone = replace(job, others=(), keypoints=None, face=None, box=Box(0.0, 0.0, width, height))
    (alpha,) = rembg.run([alone])
    return np.asarray(alpha, dtype=np.uint8)


def _jobs(image: Rgb, people: Sequence[Drawn]) -> Iterator[tuple[MaskJob, NDArray[np.bool_]]]:
    height, width = image.shape[:2]
    for one in people:
        if one.box.height < LEAST_PX:
            continue
        crop = padded(one.box, width, height, 0.15, 0.25)
        size = crop.x1 - crop.x0, crop.y1 - crop.y0
        others = (each.box.moved(-crop.x0, -crop.y0).clipped(*size) for each in people if each is not one)
        points = tuple(Keypoint(x - crop.x0, y - crop.y0, float(seen > 0)) for x, y, seen in one.points.tolist())
        part = (slice(crop.y0, crop.y1), slice(crop.x0, crop.x1))
        yield (
            MaskJob(
                np.ascontiguousarray(image[part]),
                one.box.moved(-crop.x0, -crop.y0),
                keypoints=points,
                others=tuple(other for other in others if other.width > 0 and other.height > 0),
                slack=0.02,
                whole=True,
            ),
            one.mask[part],
        )


def _overlap(found: NDArray[np.bool_], drawn: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(found & drawn)) / max(1.0, float(np.count_nonzero(found | drawn)))
