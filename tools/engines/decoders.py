"""Which decoder takes the pictures out of a video: NVDEC, PyAV's software, or decord, as `[extract] decoder` says.

Heavy libraries are imported where something is decoded, or a decoder is asked for by name.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tools.mill.settings import UsageError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from tools.media.decode import Shown, Tally

NAMES = ("auto", "nvdec", "pyav", "decord")

DECORD = "decord-1"
"""What a recipe calls decord's pictures, raised by hand when our use of it changes them. PyAV's need no name: wherever
they are decoded they are the same."""


class Untrusted(Exception):
    """A decoder's pictures of this source are not what the container says; the message is a sentence for people."""


def check(name: str) -> None:
    """Raise UsageError for a decoder that there is not, or that cannot run on this machine."""
    if name not in NAMES:
        raise UsageError(f"[extract] decoder is {name!r}, which is none. There are: {', '.join(NAMES)}.")
    lack = lacks(name)
    if lack:
        raise UsageError(f'[extract] decoder is {name!r}, but {lack}. Set it to "auto" or "pyav".')


def lacks(name: str) -> str | None:
    """What a decoder lacks on this machine, in words without a full stop; None where it can run."""
    if name == "nvdec":
        from tools.engines import nvdec

        return nvdec.lack()
    if name == "decord" and importlib.util.find_spec("decord") is None:
        return "the package decord is not installed here (pip install decord, or build it with CUDA)"
    return None


def frames_of(
    name: str, path: bytes, video: tuple[InputContainer, VideoStream], tally: Tally, threads: int
) -> Iterator[Shown]:
    """Yield every frame of a video, as `tools.media.decode.decode` does, by the decoder of that name.

    path: absolute; video: the same file, opened in software, from which nothing was read yet. tally says in the end
    which decoder it was. Raises UsageError where the decoder cannot run here, Untrusted where it must not.
    """
    from tools.media.decode import decode

    if name != "auto":
        check(name)
    if name == "decord":
        from tools.engines.decord_reader import decoded

        return decoded(path, video, tally, threads)
    if name == "pyav" or lacks("nvdec"):
        return decode(*video, tally, threads)
    return _on_the_gpu(path, video, tally, threads, demanded=name == "nvdec")


def _on_the_gpu(
    path: bytes, video: tuple[InputContainer, VideoStream], tally: Tally, threads: int, *, demanded: bool
) -> Iterator[Shown]:
    from tools.engines import nvdec
    from tools.media.decode import decode

    why = nvdec.unfit(video[1])
    if why is not None:
        tally.fallback = f"{why[0].upper()}{why[1:]}."
        return decode(*video, tally, threads)
    tally.decoder, tally.device = "nvdec", nvdec.DEVICE

    def lost() -> None:
        """Raise where it was not the stream but the GPU that was demanded: software must not go on in its place."""
        lack = nvdec.look() if demanded else None
        if lack:
            raise UsageError(f'[extract] decoder is "nvdec", but the GPU was lost: {lack}. Mend that and go on.')

    return fallen_back(nvdec.decoded(path, tally), lambda: decode(*video, tally, threads), tally, lost)


def fallen_back(
    first: Iterator[Shown], software: Callable[[], Iterator[Shown]], tally: Tally, lost: Callable[[], None]
) -> Iterator[Shown]:
    """The frames of the first decoder, and from where it refuses to go on those of software, each one once.

    tally: becomes that of the software, which decodes from the beginning. lost: called at a refusal, before software
    takes over.
    """
    from tools.engines.nvdec import Refused
    from tools.media.decode import Tally

    n_shown = 0
    try:
        for shown in first:
            yield shown
            n_shown += 1
        return
    except Refused as refusal:
        why = str(refusal)
    lost()
    vars(tally).update(vars(Tally(fallback=f"NVDEC was tried, but {why}.")))
    for shown in software():
        if shown.index >= n_shown:
            yield shown
