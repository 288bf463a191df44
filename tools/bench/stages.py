"""A stage with a network against its peer and against its floor: rounds of the same work, and the lines they give."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench import people
from tools.bench.floor import Crew
from tools.bench.programs import seconds_of, tool
from tools.bench.result import Line, median_line
from tools.bench.watch import peak_pss_mb
from tools.mill import machine

TIMES_FLOOR = 1.15
START = """\
Whole programs are timed, and runs over as many images as there are cores: the difference is the work without start-up
(Python, libraries and network of each process), on both sides alike."""


@dataclass(frozen=True)
class Peer:
    """Another program that does the same. command: its words for a folder of images and an empty folder to write to.

    times: how many times as fast as it the stage is to be.
    """

    name: str
    command: Callable[[Path, Path], Sequence[str]]
    times: float
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """Seconds of one round: a stage over all images and over few, its peer over the same, each part of the floor."""

    whole: float
    few: float
    peer: float
    peer_few: float
    parts: Mapping[str, float]

    @property
    def floor(self) -> float:
        return sum(self.parts.values())


@dataclass(frozen=True)
class Stage:
    """A stage, a workspace in which all of its images wait, and the same images in folders for its peer."""

    name: str
    base: Path
    peer: Peer
    images: Sequence[Path]

    def rounds(self, number: int, parts: Sequence[tuple[str, Crew]]) -> list[Round]:
        """All in turn, round by round. parts: of the floor, held ready by a crew each."""
        few = self.images[: machine.cores()]
        all_of_them = people.flat(self.images, self.base.parent / f"{self.name} all")
        some = people.flat(few, self.base.parent / f"{self.name} few")
        return [
            Round(
                self.seconds(),
                self.seconds("--limit", str(len(few))),
                self.peer_seconds(all_of_them),
                self.peer_seconds(some),
                {name: crew.seconds(name) for name, crew in parts},
            )
            for _ in range(number)
        ]

    def seconds(self, *words: str) -> float:
        with people.fresh(self.base) as place:
            return seconds_of(tool(self.name, place, "--quiet", *words))

    def peer_seconds(self, folder: Path) -> float:
        with tempfile.TemporaryDirectory(dir=self.base.parent) as out:
            return seconds_of(self.peer.command(folder, Path(out)), self.peer.environment)

    def peaks(self) -> Iterator[Line]:
        """The most memory that the stage takes, and its peer."""
        with people.fresh(self.base) as place:
            yield Line(f"peak memory of {self.name}", peak_pss_mb(tool(self.name, place, "--quiet")), "MB")
        folder = self.base.parent / f"{self.name} all"
        with tempfile.TemporaryDirectory(dir=self.base.parent) as out:
            peak = peak_pss_mb(self.peer.command(folder, Path(out)), more=self.peer.environment)
            yield Line(f"peak memory of {self.peer.name}", peak, "MB")


def lines(stage: str, peer: Peer, images: int, rounds: Sequence[Round]) -> Iterator[Line]:
    """The ratios, each taken within a round, and the seconds they come from."""
    work = [(each.whole - each.few) / each.floor for each in rounds]
    yield median_line("time by the floor's, without start-up", work, "ratio", TIMES_FLOOR)
    yield median_line("time by the floor's, start-up too", [each.whole / each.floor for each in rounds], "ratio")
    times = [each.peer / each.whole for each in rounds]
    yield median_line(f"times as fast as {peer.name}, start-up too", times, "ratio", peer.times, at_least=True)
    times = [(each.peer - each.peer_few) / (each.whole - each.few) for each in rounds]
    yield median_line(f"times as fast as {peer.name}, without start-up", times, "ratio")
    yield median_line(f"python -m tools.{stage}, {images} images", [each.whole for each in rounds], "s")
    yield median_line(f"python -m tools.{stage}, few images", [each.few for each in rounds], "s")
    yield median_line(f"{peer.name}, {images} images", [each.peer for each in rounds], "s")
    yield median_line(f"{peer.name}, few images", [each.peer_few for each in rounds], "s")
    for name in rounds[0].parts:
        yield median_line(f"floor: {name}", [each.parts[name] for each in rounds], "s")
