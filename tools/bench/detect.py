"""Detect with the engine yolo: against `yolo predict`, and against the least that it can cost."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tools.bench import people, stages
from tools.bench.floor import Part, crew
from tools.bench.programs import said, tool
from tools.bench.result import Line
from tools.bench.sizes import Sizes
from tools.bench.stages import START, Peer, Stage
from tools.detect import Params
from tools.mill import machine

TITLE = "Detect by yolo against yolo predict and against the floor"
HOW = f"""\
Windows of four photographs, each enlarged to {people.SIDE_PX} px, as frames in WebP: three people in each on average.
YOLO11n-pose at imgsz = {people.IMGSZ_PX} on the processor; the smaller a network, the more the code around it shows.
{START}
The peer is `yolo pose predict save_crop=True save=False` over the same files: it decodes, finds the same people and
writes their boxes as JPEG, one image after the other. detect writes padded crops as WebP of quality 90, each synced to
disk, and measures faces, landmarks, sharpness and poses besides. The floor is the forward pass over pictures that lie
ready scaled, decoding the frames and encoding the crops, each alone on all cores."""

FORWARD, DECODE, ENCODE = "forward pass", "decoding the frames", "encoding the crops"
_CROPS = """
    select frame.path, person.crop_x_px as x, person.crop_y_px as y, item.width, item.height
    from item join person on person.item_id = item.id join item as frame on frame.id = item.parent_id
    where item.kind = 'person' and item.newest and item.path is not null order by item.address
    """
_FRAMES = "select path from item where kind = 'frame' and newest and path is not null order by address"


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """On the processor."""
    yield from measure_on("cpu", folder, sizes)


def measure_on(device: str, folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Do the same work in turn, round by round."""
    base = folder / "detect" / "workspace"
    people.workspace(base, sizes.photos, device, ("intake", "extract"))
    frames = [base / row["path"] for row in people.asked(base, _FRAMES)]
    stage = Stage("detect", base, peer(device), frames)
    crops = _crops(stage)
    with ExitStack() as stack:
        cores = stack.enter_context(crew(machine.cores()))
        network = cores if device == "cpu" else stack.enter_context(crew(1))
        network.hold(FORWARD, forward, frames, device)
        cores.hold(DECODE, decoding, frames)
        cores.hold(ENCODE, encoding, crops)
        parts = ((FORWARD, network), (DECODE, cores), (ENCODE, cores))
        judged: stages.Kind = "cpu" if device == "cpu" else "wall"
        yield from stages.lines("detect", stage.peer, len(frames), stage.rounds(sizes.network_rounds, parts), judged)
    yield from stage.peaks()


def peer(device: str) -> Peer:
    """`yolo predict`, that saves crops and draws nothing; offline, like detect."""
    from tools.engines.ultralytics_setup import WORDS
    from tools.engines.weights import user_cache

    words = (
        *(str(Path(sys.executable).parent / "yolo"), "pose", "predict", f"model={people.POSES}"),
        *(f"imgsz={people.IMGSZ_PX}", f"conf={people.KEEP}", "save=False", "save_crop=True", "verbose=False"),
        *(f"device={'cpu' if device == 'cpu' else 0}", *(() if device == "cpu" else ("half=True",))),
    )
    place = {"YOLO_CONFIG_DIR": str(user_cache().parent / "ultralytics")}
    return Peer("yolo predict", lambda source, out: (*words, f"source={source}", f"project={out}"), 1.0, WORDS | place)


def _crops(stage: Stage) -> list[tuple[Path, int, int, int, int]]:
    """What detect cuts out: of which frame, left, top, width, height."""
    with people.fresh(stage.base) as place:
        said(tool("detect", place, "--quiet"))
        rows = people.asked(place, _CROPS)
    return [(stage.base / row["path"], row["x"], row["y"], row["width"], row["height"]) for row in rows]


def forward(frames: Sequence[Path], device: str) -> Part:
    """The bare network over a share of the frames, in batches as detect is set; they lie scaled on the device."""
    import torch

    from tools.engines.letterbox import fitted, fitting
    from tools.engines.yolo_file import chosen_device, opened
    from tools.media.image import read_rgb

    network = opened(people.POSES.resolve(), chosen_device(device))
    torch.set_num_threads(1)
    by_size: dict[tuple[int, int], list[Any]] = {}
    for frame in frames:
        image = read_rgb(frame)
        fit = fitting(image.shape[:2], people.IMGSZ_PX, int(network.stride))
        pixels = torch.from_numpy(fitted(image, fit)).to(network.device).permute(2, 0, 1)
        by_size.setdefault(fit.padded, []).append((pixels.half() if network.fp16 else pixels.float()) / 255)
    step = Params().batch
    batches = [torch.stack(same[at : at + step]) for same in by_size.values() for at in range(0, len(same), step)]

    def part() -> None:
        with torch.inference_mode():
            for batch in batches:
                network(batch)
            if network.device.type == "cuda":
                torch.cuda.synchronize()

    part()
    return part


def decoding(files: Sequence[Path]) -> Part:
    from tools.media.image import read_rgb

    def part() -> None:
        for file in files:
            read_rgb(file)

    return part


def encoding(crops: Sequence[tuple[Path, int, int, int, int]]) -> Part:
    from tools.media.image import encode_webp, read_rgb

    params = Params()
    pixels = [read_rgb(file)[y : y + height, x : x + width] for file, x, y, width, height in crops]

    def part() -> None:
        for each in pixels:
            encode_webp(each, params.webp_quality, params.webp_effort)

    return part
