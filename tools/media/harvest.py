"""Takes the chosen frames out of a video: decodes, chooses and encodes at the same time, on all cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

import cv2
from av.video.frame import VideoFrame

from tools.engines.decoders import frames_of
from tools.media.burnt import Burnt, Watch
from tools.media.colour import webp_of
from tools.media.decode import Tally, decode
from tools.media.luma import luma_of
from tools.media.sharpest import Choice, Status, choose, rules_for
from tools.media.upright import Turn, shown_size, turn_of, upright
from tools.media.video import open_video

T = TypeVar("T")

Keep = Callable[[int, bytes], T]
"""Puts a picture away, given its time in microseconds and its bytes as WebP. Called from several threads at once."""

AHEAD = 2
"""How many chosen frames may wait for each thread that encodes: enough to keep it busy, few enough to hold."""


@dataclass(frozen=True)
class Plan:
    """What to take. fps: windows a second; max_frames: of one source, at most.

    identical: near duplicates differ by less, in levels of luma (0 to 255). cut_correlation: neighbours that correlate
    less are of two shots. quality: of the WebP, 0 to 100; effort: libwebp's method, 0 to 6. threads: of the decoder,
    and as many again to encode, which take turns. decoder: as `[extract] decoder` names them.
    """

    fps: float = 2.0
    max_frames: int = 600
    identical: float = 1.5
    cut_correlation: float = 0.5
    quality: int = 90
    effort: int = 2
    threads: int = 1
    decoder: str = "auto"


@dataclass(frozen=True)
class Taken(Generic[T]):
    """One frame of the harvest, as in `sharpest.Choice`. kept: what `keep` returned; None for what is only told of."""

    status: Status
    time_us: int
    index: int
    shot: int
    width: int
    height: int
    n_candidates: int
    tenengrad: float | None
    difference: float | None
    kept: T | None


@dataclass(frozen=True)
class Harvest(Generic[T]):
    """Everything that came out of a video, in the order of time, and what decoding counted. window_s: in seconds.

    burnt: what stands still over each shot, by its number, in shares of the frame as it is shown.
    """

    taken: tuple[Taken[T], ...]
    tally: Tally
    window_s: float
    burnt: Mapping[int, Burnt]


def harvest(path: bytes, duration_s: float, plan: Plan, keep: Keep[T]) -> Harvest[T]:
    """Decode a whole video, choose the sharpest frame of each window, and keep those as WebP.

    path: absolute; duration_s: as `probe` measured it. Raises MediaError where the file does not open, and what keep
    raises; UsageError and Untrusted as `frames_of`.
    """
    cv2.setNumThreads(1)  # tiny pictures: threads cost more than they give, and all cores are busy
    rules = rules_for(duration_s, plan.fps, plan.max_frames, plan.cut_correlation, plan.identical)
    tally, watched = Tally(), _Watched()
    with open_video(path) as (container, stream), _encoders(plan.threads) as encoders:
        aspect = stream.sample_aspect_ratio
        frames = frames_of(plan.decoder, path, (container, stream), tally, plan.threads)
        choices = choose(frames, rules)
        taken = [encoders.submit(_take, choice, aspect, plan, keep) for choice in watched.passed(choices)]
    return Harvest(tuple(future.result() for future in taken), tally, rules.window_us / 1e6, watched.found())


class _Watched:
    """Looks at the sound frames as they pass, for what stands still over their shots."""

    def __init__(self) -> None:
        self._watch = Watch()
        self._turns: dict[int, Turn] = {}

    def passed(self, choices: Iterator[Choice]) -> Iterator[Choice]:
        for choice in choices:
            if choice.status != "corrupt_frame":
                self._turns.setdefault(choice.shot, turn_of(choice.shown.frame))
                self._watch.see(choice.shot, luma_of(choice.shown.frame))
            yield choice

    def found(self) -> dict[int, Burnt]:
        return {shot: _upright(burnt, self._turns[shot]) for shot, burnt in self._watch.finish().items()}


def _upright(burnt: Burnt, turn: Turn) -> Burnt:
    overlays = burnt.overlays
    return Burnt(upright(burnt.picture, turn), overlays and tuple(upright(box, turn) for box in overlays))


def floor(path: bytes, indices: Collection[int], plan: Plan, keep: Keep[T]) -> int:
    """The least that a harvest can cost: decode the same video, encode the frames with these indices, measure nothing.

    Returns how many frames were decoded.
    """
    tally = Tally()
    with open_video(path) as (container, stream), _encoders(plan.threads) as encoders:
        aspect = stream.sample_aspect_ratio
        for shown in decode(container, stream, tally, plan.threads):
            if shown.index in indices:
                encoders.submit(_picture, shown.frame, shown.time_us, aspect, plan, keep)
    return tally.n_frames


class _Encoders:
    """A few threads, and no more than a few frames that wait for them."""

    def __init__(self, pool: ThreadPoolExecutor, threads: int) -> None:
        self._pool = pool
        self._waiting: deque[Future[object]] = deque()
        self._most = threads * (1 + AHEAD)

    def submit(self, call: Callable[..., T], *arguments: object) -> Future[T]:
        """Start a call; waits where too many are on their way, and raises what the oldest of them raised."""
        if len(self._waiting) >= self._most:
            self._waiting.popleft().result()
        future = self._pool.submit(call, *arguments)
        self._waiting.append(future)  # type: ignore[arg-type]
        return future

    def finish(self) -> None:
        while self._waiting:
            self._waiting.popleft().result()


@contextmanager
def _encoders(threads: int) -> Iterator[_Encoders]:
    with ThreadPoolExecutor(threads, "encode") as pool:
        encoders = _Encoders(pool, threads)
        try:
            yield encoders
            encoders.finish()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _take(choice: Choice, aspect: Fraction | None, plan: Plan, keep: Keep[T]) -> Taken[T]:
    shown = choice.shown
    width, height = shown_size(shown.frame, aspect)
    kept = _picture(shown.frame, shown.time_us, aspect, plan, keep) if choice.status == "kept" else None
    return Taken(
        *(choice.status, shown.time_us, shown.index, choice.shot, width, height),
        *(choice.n_candidates, choice.tenengrad, choice.difference, kept),
    )


def _picture(frame: VideoFrame, time_us: int, aspect: Fraction | None, plan: Plan, keep: Keep[T]) -> T:
    return keep(time_us, webp_of(frame, aspect, plan.quality, plan.effort))
