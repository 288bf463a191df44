"""Take the frames worth having out of the videos: of each window of time the sharpest. A photo becomes one frame.

Reads: videos and photos that passed intake.  Writes: frame (WebP).
Rejects: of the source: extractor_rejected; of the frame: near_duplicate, corrupt_frame.
Example: python -m tools.extract --base data --fps 4 --limit 2

Windows of 1/fps seconds are counted from the first picture; where that would give more than max_frames, they are
longer, so that the frames are spread over the whole source. A window that a cut divides gives a frame of its longer
part, so that a frame never stands for two shots. Times are the container's own; where its clock has no zero of its own
(MPEG-TS, AVI and others), the first picture is at 0.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.files import Stored
from tools.mill.tool import OK, Bench, Dataset, Made, Reason, Result, Row, Tool, Verdict, failed, operational, rejected

if TYPE_CHECKING:
    from tools.media.burnt import Burnt
    from tools.media.decode import Tally
    from tools.media.errors import MediaError
    from tools.media.harvest import Harvest, Plan, Taken

VERSION = 2


@dataclass(frozen=True)
class Params:
    """[extract] in config.toml.

    fps: windows a second. max_frames: of one source. identical: mean difference of luma to the frame kept last, in
    levels of 255, below which a frame is a near duplicate. cut_correlation: of two frames in a row, seen at 64 x 36,
    below which there is a cut. webp_quality: 0 to 100. webp_effort: 0 to 6.
    decoder: a name of `tools.engines.decoders`.
    """

    fps: float = 2.0
    max_frames: int = 600
    identical: float = 1.5
    cut_correlation: float = 0.5
    webp_quality: int = 90
    webp_effort: int = 2
    decoder: str = operational("auto")
    deadline_s: float = operational(3600.0)
    memory_mb: int = operational(4096)

    def __post_init__(self) -> None:
        if not self.fps > 0:
            raise ValueError(f"extract.fps = {self.fps:g}: it must be above 0, as 2 for two frames a second.")
        if self.max_frames < 1:
            raise ValueError(f"extract.max_frames = {self.max_frames}: it must be at least 1.")
        if not 0 <= self.webp_quality <= 100:
            raise ValueError(f"extract.webp_quality = {self.webp_quality}: it must be from 0 to 100.")
        if not 0 <= self.webp_effort <= 6:
            raise ValueError(f"extract.webp_effort = {self.webp_effort}: it must be from 0 to 6.")


REASONS = (
    Reason(
        "extractor_rejected",
        "defect",
        "No frame came out of it.",
        "The detail says why. Copy it again, or convert it (ffmpeg -i IN -c:v libx264 OUT.mp4).",
    ),
    Reason(
        "near_duplicate",
        "choice",
        "It looks the same as the frame kept before it, so no file was made.",
        "Nothing is lost. A lower extract.identical keeps more.",
    ),
    Reason(
        "corrupt_frame",
        "defect",
        "All frames of its window are damaged.",
        "Copy the video again if the original plays well there.",
    ),
)


def work(row: Row, bench: Bench[Params]) -> Result:
    """Make frames of one source. Raises only for what is no fault of the source: a full disk, no memory."""
    from tools.engines.decoders import Untrusted
    from tools.media.errors import MediaError

    try:
        result = _photo(row, bench) if row["kind"] == "photo" else _video(row, bench)
    except MediaError as error:
        result = Result(_verdict_on_opening(error))
    except Untrusted as error:
        result = Result(failed(str(error)))
    return result if _unchanged(row, bench) else Result(failed("It was changed after intake had read it. Type make."))


def _unchanged(row: Row, bench: Bench[Params]) -> bool:
    """Whether the file is still the one whose digest the frames' addresses begin with. A file that is gone says so."""
    try:
        stat = os.stat(bench.source(row))
    except FileNotFoundError:
        return True
    return (stat.st_size, stat.st_mtime_ns) == (row["size"], row["mtime_ns"])


def stamp(time_us: int) -> str:
    """A presentation time as it stands in addresses and file names: seconds, six digits before and after the point."""
    return f"{time_us // 1_000_000:06d}.{time_us % 1_000_000:06d}"


def plan_of(params: Params, threads: int) -> Plan:
    from tools.media.harvest import Plan

    return Plan(
        fps=params.fps,
        max_frames=params.max_frames,
        identical=params.identical,
        cut_correlation=params.cut_correlation,
        quality=params.webp_quality,
        effort=params.webp_effort,
        threads=threads,
        decoder=params.decoder,
    )


def _video(row: Row, bench: Bench[Params]) -> Result:
    from tools.media.harvest import harvest

    source = str(row["address"])
    gathered = harvest(
        bench.source(row),
        float(row["duration_s"]),
        plan_of(bench.params, bench.threads),
        lambda time_us, data: _store(bench, source, time_us, data),
    )
    return Result(
        _verdict(gathered, row["declared_frames"]),
        measures=_measures(gathered, row["declared_frames"]),
        made=tuple(_frame(source, taken, gathered.burnt.get(taken.shot)) for taken in gathered.taken),
        device=gathered.tally.device,
    )


def _store(bench: Bench[Params], source: str, time_us: int, data: bytes) -> Stored:
    from hashlib import sha256

    name = f"{stamp(time_us)}_{sha256(data).hexdigest()[:12]}.webp"
    return bench.store(f"01_extracted_frames/{source[:12]}/{name}", data)


def _verdict(gathered: Harvest[Stored], declared: int | None) -> Verdict:
    tally = gathered.tally
    if not any(taken.kept for taken in gathered.taken):
        return rejected("extractor_rejected", nothing_sentence(tally))
    return Verdict(detail=loss_sentence(tally, declared))


def nothing_sentence(tally: Tally) -> str:
    """Why no frame came out."""
    if tally.n_frames:
        return f"All {tally.n_frames} frames that could be decoded are damaged."
    return f"Not one frame could be decoded: {tally.error or 'the file ends before the first'}."


def loss_sentence(tally: Tally, declared: int | None) -> str | None:
    """What a user reads of a source that gave frames, but not all that it declares, or not all sound."""
    lost = []
    if declared and declared > tally.n_frames:
        lost.append(f"{tally.n_frames} of {declared} declared frames came out")
    if tally.n_damaged:
        lost.append(f"{tally.n_damaged} are damaged and were passed over")
    return f"{', '.join(lost)}." if lost else None


def _measures(gathered: Harvest[Stored], declared: int | None) -> Row:
    tally = gathered.tally
    return {
        "window_s": gathered.window_s,
        "decoded_frames": tally.n_frames,
        "missing_frames": None if declared is None else max(0, declared - tally.n_frames),
        "damaged_frames": tally.n_damaged,
        "decode_errors": tally.n_errors,
        "decoder": tally.decoder,
        "decoder_fallback": tally.fallback,
        "shots": len({taken.shot for taken in gathered.taken}),
    }


def _frame(source: str, taken: Taken[Stored], burnt: Burnt | None) -> Made:
    return Made(
        kind="frame",
        address=f"{source}/t{stamp(taken.time_us)}",
        file=taken.kept,
        width=taken.width,
        height=taken.height,
        facts={
            "time_s": taken.time_us / 1e6,
            "frame_index": taken.index,
            "shot": taken.shot,
            **_bounds(burnt, taken.width, taken.height),
        },
        measures={
            "candidates": taken.n_candidates,
            "luma_tenengrad": taken.tenengrad,
            "luma_difference": taken.difference,
            "overlays_json": _overlays(burnt, taken.width, taken.height),
        },
        verdict=_verdict_on_frame(taken),
    )


def _bounds(burnt: Burnt | None, width: int, height: int) -> Row:
    """The picture without bars in whole pixels of the frame, inwards where a pixel belongs to both."""
    if burnt is None:
        return dict.fromkeys(("picture_x0_px", "picture_y0_px", "picture_x1_px", "picture_y1_px"))
    box = burnt.picture
    return {
        "picture_x0_px": math.ceil(round(box.x0 * width, 3)),
        "picture_y0_px": math.ceil(round(box.y0 * height, 3)),
        "picture_x1_px": math.floor(round(box.x1 * width, 3)),
        "picture_y1_px": math.floor(round(box.y1 * height, 3)),
    }


def _overlays(burnt: Burnt | None, width: int, height: int) -> str | None:
    if burnt is None or burnt.overlays is None:
        return None
    boxes = [(box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height) for box in burnt.overlays]
    return json.dumps([[round(value, 1) for value in box] for box in boxes])


def _verdict_on_frame(taken: Taken[Stored]) -> Verdict:
    if taken.status == "near_duplicate":
        return rejected("near_duplicate", f"It differs from the frame kept before it by {taken.difference:.2f} levels.")
    if taken.status == "corrupt_frame":
        return rejected("corrupt_frame", "Its window holds no sound frame.")
    return OK


def _verdict_on_opening(error: MediaError) -> Verdict:
    """A file that cannot be read now may be readable later; one that was read and is no video will never be."""
    if error.reason == "unreadable":
        return failed(error.detail)
    return rejected("extractor_rejected", error.detail)


def _photo(row: Row, bench: Bench[Params]) -> Result:
    from tools.media.burnt import burnt_in_one
    from tools.media.image import encode_webp, read_rgb
    from tools.media.luma import luma_of_rgb, shrink, tenengrad

    rgb = read_rgb(bench.source(row), math.inf)  # intake has judged its size
    luma = luma_of_rgb(rgb)
    height, width = luma.shape
    source = str(row["address"])
    stored = _store(bench, source, 0, encode_webp(rgb, bench.params.webp_quality, bench.params.webp_effort))
    made = Made(
        kind="frame",
        address=f"{source}/t{stamp(0)}",
        file=stored,
        width=width,
        height=height,
        facts={"time_s": 0.0, "frame_index": 0, "shot": 0, **_bounds(burnt_in_one(luma), width, height)},
        measures={
            "candidates": 1,
            "luma_tenengrad": tenengrad(shrink(luma)),
            "luma_difference": None,
            "overlays_json": None,
        },
    )
    return Result(made=(made,))


def causes(params: Params, dataset: Dataset) -> Mapping[str, str]:
    """What the decoder adds to the recipe: decord's pictures are its own; PyAV's are the same on any device."""
    from tools.engines.decoders import DECORD

    return {"decoder": DECORD} if params.decoder == "decord" else {}


def remarks(bench: Bench[Params]) -> tuple[str, ...]:
    """Nothing to say; raises UsageError, before any work, where the decoder that is named cannot run here."""
    from tools.engines.decoders import check

    check(bench.params.decoder)
    return ()


TOOL = Tool("extract", VERSION, Params, (), REASONS, work, causes=causes, remarks=remarks)

if __name__ == "__main__":
    from tools.mill.command import main

    main("extract")
