"""Extraction of a 1080p clip: against ffmpeg's own, and against the least that it can cost."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools import extract
from tools.bench import clips
from tools.bench.programs import said, seconds_of, tool
from tools.bench.result import Line, Missing, median_line
from tools.bench.sizes import Sizes
from tools.media import harvest
from tools.media.colour import webp_of
from tools.media.decode import Tally, decode
from tools.media.video import open_video
from tools.mill import machine
from tools.mill.manifest import NAME, connect, sql
from tools.mill.plan import FOLDERS
from tools.mill.tool import Bench, Dataset

TITLE = "Extraction against ffmpeg and against the floor"
HOW = """\
A 1080p clip of 1,200 frames of H.264 with B-frames, made of camera moves over photographs, at two frames a second to
WebP of quality 90. `python -m tools.extract` is timed as a program, with its start and that of its worker; the work
alone is what the worker does. The peer is `ffmpeg -i CLIP -vf fps=2 -c:v libwebp -q:v 90 out_%06d.webp`, which writes
what it meets, while extract looks at every frame and takes the sharpest. The floor is decoding on all cores and
encoding what was kept on all cores with the same encoder, each alone. All is done in turn, round by round."""

TIMES_FFMPEG, TIMES_FLOOR = 2.5, 1.25
CLIP = "clip.mp4"


@dataclass(frozen=True)
class Round:
    """Seconds of one round: the tool as a program, its work alone, decoding alone, encoding alone, ffmpeg.

    images: that the tool wrote, peer_images: that ffmpeg wrote.
    """

    program: float
    work: float
    decoding: float
    encoding: float
    images: int
    ffmpeg: float = 0.0
    peer_images: int = 0

    @property
    def floor(self) -> float:
        return self.decoding + self.encoding


def measure(folder: Path, sizes: Sizes) -> Iterator[Line]:
    """Do the same work in turn, round by round; what is compared was done in one round."""
    base = folder / "extraction"
    videos = base / FOLDERS["video"]
    videos.mkdir(parents=True)
    clip = clips.full_hd(videos, CLIP, sizes.clip_s)
    said(tool("intake", base, "--quiet"))
    missing = "" if shutil.which("ffmpeg") else "ffmpeg is not installed"
    yield from lines([_round(base, clip, with_peer=not missing) for _ in range(sizes.rounds)], missing)


def lines(rounds: Sequence[Round], missing: str) -> Iterator[Line]:
    """The ratios, each taken within a round, and the seconds they come from. missing: why ffmpeg was not measured."""
    if missing:
        yield Line("times as fast as ffmpeg", None, "ratio", TIMES_FFMPEG, True, missing=missing)
    else:
        times = [each.ffmpeg / each.program for each in rounds]
        yield median_line("times as fast as ffmpeg", times, "ratio", TIMES_FFMPEG, at_least=True)
        yield median_line("times as fast as ffmpeg, the work alone", [r.ffmpeg / r.work for r in rounds], "ratio")
        yield median_line("images written, by ffmpeg's", [each.images / each.peer_images for each in rounds], "ratio")
    yield median_line("time by the floor's, the work alone", [r.work / r.floor for r in rounds], "ratio", TIMES_FLOOR)
    whole = [each.program / each.floor for each in rounds]
    yield median_line("time by the floor's, start-up and manifest too", whole, "ratio", TIMES_FLOOR)
    yield median_line("python -m tools.extract", [each.program for each in rounds], "s")
    if not missing:
        yield median_line("ffmpeg -vf fps=2 -c:v libwebp -q:v 90", [each.ffmpeg for each in rounds], "s")
    yield median_line("floor: decoding on all cores", [each.decoding for each in rounds], "s")
    yield median_line("floor: encoding what was kept on all cores", [each.encoding for each in rounds], "s")


def _round(base: Path, clip: Path, *, with_peer: bool) -> Round:
    with _fresh(base, clip) as place:
        program = seconds_of(tool("extract", place, "--quiet"))
    peer = _ffmpeg(base, clip) if with_peer else (0.0, 0)
    with _fresh(base, clip) as place:
        work, kept = _work(place)
    return Round(program, work, *_floor(clip, kept), len(kept), *peer)


@contextmanager
def _fresh(base: Path, clip: Path) -> Iterator[Path]:
    """A copy of a workspace after intake, in which nothing is extracted yet."""
    with tempfile.TemporaryDirectory(dir=base) as name:
        place = Path(name)
        shutil.copy(base / NAME, place)
        (place / FOLDERS["video"]).mkdir()
        os.link(clip, place / FOLDERS["video"] / CLIP)
        yield place


def _work(base: Path) -> tuple[float, frozenset[int]]:
    """Seconds of extract's pure work in this process, and which frames it kept, as places in the order of showing."""
    with closing(connect(base)) as db:
        row = dict(db.execute(sql("inputs/extract"), {"dataset": ""}).fetchone())
    start = time.perf_counter()
    result = extract.work(row, Bench(base, extract.Params(), Dataset(), {}, machine.cores()))
    seconds = time.perf_counter() - start
    if result.verdict.status != "ok":
        raise Missing(f"extract took nothing from its clip: {result.verdict.detail}")
    return seconds, frozenset(made.facts["frame_index"] for made in result.made if made.file)


def _ffmpeg(base: Path, clip: Path) -> tuple[float, int]:
    """Seconds that ffmpeg takes for as many frames a second, and how many images it wrote."""
    with tempfile.TemporaryDirectory(dir=base) as place:
        encoder = ("-c:v", "libwebp", "-q:v", "90", f"{place}/out_%06d.webp")
        seconds = seconds_of(("ffmpeg", "-v", "error", "-nostdin", "-i", f"file:{clip}", "-vf", "fps=2", *encoder))
        return seconds, len(os.listdir(place))


def _floor(clip: Path, kept: Collection[int]) -> tuple[float, float]:
    """Seconds to decode the clip and do nothing, and to encode the kept frames that are already decoded."""
    path, threads = os.fsencode(clip), machine.cores()
    plan = extract.plan_of(extract.Params(), threads)
    start = time.perf_counter()
    harvest.floor(path, (), plan, lambda time_us, data: None)
    decoding = time.perf_counter() - start
    with open_video(path) as (container, stream), ThreadPoolExecutor(threads) as pool:
        aspect = stream.sample_aspect_ratio
        frames = [shown.frame for shown in decode(container, stream, Tally(), threads) if shown.index in kept]
        start = time.perf_counter()
        for job in [pool.submit(webp_of, frame, aspect, plan.quality, plan.effort) for frame in frames]:
            job.result()
        return decoding, time.perf_counter() - start
