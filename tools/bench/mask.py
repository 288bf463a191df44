"""Mask with the engine rembg: against `rembg p`, and against the least that it can cost."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tools.bench import people, stages
from tools.bench.detect import decoding
from tools.bench.floor import Part, crew
from tools.bench.programs import said, tool
from tools.bench.result import Line
from tools.bench.sizes import Sizes
from tools.bench.stages import START, Peer, Stage
from tools.mill import machine

TITLE = "Mask by rembg against rembg p and against the floor"
HOW = f"""\
The crops that detect cuts out of windows of four photographs of {people.SIDE_PX} px, and a small portrait network of
320 px in the form u2net_custom on the processor. {START}
The peer is `rembg p -m u2net_custom` over the same files: it decodes, scales the network's mask to the crop and writes
PNG, one image after the other. mask keeps of the network's mask the person whose crop it is, finds its outline at the
crop's own size, takes the background out of the edge colours, measures what tells a wrong mask, and writes lossless
WebP, each synced to disk. The floor is onnxruntime over pictures that lie ready scaled, decoding the crops and encoding
the cut-outs, each alone on all cores. Where rembg is installed without its command line, as `make` installs it, the
same loop over the same function of rembg's stands for it; it starts sooner than the command."""

TIMES_REMBG = 1.5
FORWARD, DECODE, ENCODE = "onnxruntime", "decoding the crops", "encoding the cut-outs"
SIDE_PX = 320
CLI = ("filetype", "watchdog", "aiohttp", "asyncer", "fastapi")
"""What rembg's command line imports beside the library."""

_PASSED = """
    select item.path from item join outcome on outcome.item_id = item.id join step on step.id = outcome.step_id
    where step.tool = 'match' and item.kind = 'person' and outcome.latest and outcome.live and outcome.passed
        and item.newest
    order by item.address
    """
_CUTOUTS = "select path from item where kind = 'cutout' and newest and path is not null order by address"


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """On the processor."""
    yield from measure_on("cpu", folder, sizes)


def measure_on(device: str, folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Do the same work in turn, round by round."""
    base = folder / "mask" / "workspace"
    people.workspace(base, sizes.photos // 2, device, ("intake", "extract", "detect", "embed", "match"))
    crops = [base / row["path"] for row in people.asked(base, _PASSED)]
    stage = Stage("mask", base, peer(folder / "mask" / "home"), crops)
    with ExitStack() as stack:
        cores = stack.enter_context(crew(machine.cores()))
        network = cores if device == "cpu" else stack.enter_context(crew(1))
        with people.fresh(base) as place:
            said(tool("mask", place, "--quiet"))
            cores.hold(ENCODE, encoding, [place / row["path"] for row in people.asked(place, _CUTOUTS)])
        network.hold(FORWARD, forward, crops, device)
        cores.hold(DECODE, decoding, crops)
        parts = ((FORWARD, network), (DECODE, cores), (ENCODE, cores))
        judged: stages.Kind = "cpu" if device == "cpu" else "wall"
        yield from stages.lines("mask", stage.peer, len(crops), stage.rounds(sizes.network_rounds, parts), judged)
    yield from stage.peaks()


def peer(home: Path) -> Peer:
    """`rembg p`, or what it does where rembg was installed without its command line.

    home: an empty folder; rembg takes networks from its own place alone, which that becomes.
    """
    home.mkdir()
    model, network = "u2net_custom", home / people.PORTRAITS.name
    shutil.copy(people.PORTRAITS, network)
    environment = {"U2NET_HOME": str(home), "REMBG_HOME": str(home)}
    if all(importlib.util.find_spec(name) for name in CLI):
        extras = json.dumps({"model_path": str(network)})
        words = (str(Path(sys.executable).parent / "rembg"), "p", "-m", model, "-x", extras)
        return Peer("rembg p", lambda source, out: (*words, str(source), str(out)), TIMES_REMBG, environment)
    loop = (sys.executable, "-m", "tools.bench.rembg_loop", model, str(network))
    return Peer("the loop of rembg p", lambda source, out: (*loop, str(source), str(out)), TIMES_REMBG, environment)


def forward(crops: Sequence[Path], device: str) -> Part:
    """The bare network over a share of the crops, one by one: its form takes no batches. They lie scaled in memory."""
    import cv2
    import numpy as np
    import onnxruntime

    from tools.engines import onnx_devices
    from tools.media.image import read_rgb

    options = onnxruntime.SessionOptions()
    if device == "cpu":
        options.intra_op_num_threads = options.inter_op_num_threads = 1
    providers = onnx_devices.asked(device)
    network = onnxruntime.InferenceSession(str(people.PORTRAITS), options, providers=providers)
    onnx_devices.used(device, network.get_providers(), "device")
    name, wanted = network.get_inputs()[0].name, [network.get_outputs()[0].name]
    pictures: list[Any] = []
    for crop in crops:
        small = cv2.resize(read_rgb(crop), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        values = (small.astype(np.float32) / 255.0 - 0.45) / 0.225
        pictures.append(np.ascontiguousarray(values.transpose(2, 0, 1)[None]))

    def part() -> None:
        for picture in pictures:
            network.run(wanted, {name: picture})

    part()
    return part


def encoding(cutouts: Sequence[Path]) -> Part:
    from tools.media.image import encode_webp_lossless, read_rgba

    pixels = [read_rgba(file) for file in cutouts]

    def part() -> None:
        for each in pixels:
            encode_webp_lossless(each)

    return part
