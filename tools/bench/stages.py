"""A stage with a network against its peer and against its floor: rounds of the same work, and the lines they give."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from tools.bench import people
from tools.bench.floor import Crew
from tools.bench.programs import Spent, spent_on, tool
from tools.bench.result import Line
from tools.bench.watch import peak_pss_mb
from tools.mill import machine
from tools.mill.staff import NICENESS

TIMES_FLOOR = 1.15
START = """\
Whole programs are timed, and runs over as many images as there are cores: the difference is the work without start-up
(Python, libraries and network of each process), on both sides alike. All is done in turn, in each round in the other
direction, and of each the best counts: others on the machine only ever add. What the spread tells is the ratio within
each round. Against the floor, seconds of processors count (on a GPU those of the clock), since a stage that waits for
nothing takes no more of the clock than its share of them; against the peer those of the clock, since it is for the
stage to use all cores. The other of the two is told."""


@dataclass(frozen=True)
class Peer:
    """Another program that does the same. command: its words for a folder of images and an empty folder to write to.

    times: how many times as fast as it the stage is to be.
    """

    name: str
    command: Callable[[Path, Path], Sequence[str]]
    times: float
    environment: Mapping[str, str] = field(default_factory=dict)


Kind = Literal["cpu", "wall"]


@dataclass(frozen=True)
class Round:
    """What one round took: a stage over all images and over few, its peer over the same, each part of the floor."""

    whole: Spent
    few: Spent
    peer: Spent
    peer_few: Spent
    parts: Mapping[str, Spent]


@dataclass(frozen=True)
class Stage:
    """A stage, a workspace in which all of its images wait, and the same images in folders for its peer."""

    name: str
    base: Path
    peer: Peer
    images: Sequence[Path]

    def rounds(self, number: int, parts: Sequence[tuple[str, Crew]]) -> list[Round]:
        """All in turn, round by round, there and back. parts: of the floor, held ready by a crew each."""
        few = self.images[: machine.cores()]
        all_of_them = people.flat(self.images, self.base.parent / f"{self.name} all")
        some = people.flat(few, self.base.parent / f"{self.name} few")
        work: dict[str, Callable[[], Spent]] = {
            "whole": self.spent,
            "peer": partial(self.peer_spent, all_of_them),
            **{f"part {name}": partial(crew.spent, name) for name, crew in parts},
            "few": partial(self.spent, "--limit", str(len(few))),
            "peer_few": partial(self.peer_spent, some),
        }
        found = []
        for turn in range(number):
            order = list(work) if turn % 2 == 0 else list(work)[::-1]
            took = {name: work[name]() for name in order}
            floor = {name: took.pop(f"part {name}") for name, _ in parts}
            found.append(Round(**took, parts=floor))
        return found

    def spent(self, *words: str) -> Spent:
        with people.fresh(self.base) as place:
            return spent_on(tool(self.name, place, "--quiet", *words))

    def peer_spent(self, folder: Path) -> Spent:
        with tempfile.TemporaryDirectory(dir=self.base.parent) as out:
            # As the workers do, the peer lets others go first: on a busy machine both get the same.
            command = ("nice", "-n", str(NICENESS), *self.peer.command(folder, Path(out)))
            return spent_on(command, self.peer.environment)

    def peaks(self) -> Iterator[Line]:
        """The most memory that the stage takes, and its peer."""
        with people.fresh(self.base) as place:
            yield Line(f"peak memory of {self.name}", peak_pss_mb(tool(self.name, place, "--quiet")), "MB")
        folder = self.base.parent / f"{self.name} all"
        with tempfile.TemporaryDirectory(dir=self.base.parent) as out:
            peak = peak_pss_mb(self.peer.command(folder, Path(out)), more=self.peer.environment)
            yield Line(f"peak memory of {self.peer.name}", peak, "MB")


def lines(stage: str, peer: Peer, images: int, rounds: Sequence[Round], judged: Kind = "cpu") -> Iterator[Line]:
    """The ratios, and the seconds they come from. judged: which seconds count against the floor."""
    other: Kind = "wall" if judged == "cpu" else "cpu"
    yield from _against_the_floor(rounds, judged, TIMES_FLOOR)
    yield from _against_the_floor(rounds, other, None)
    name = f"times as fast as {peer.name}"
    yield _ratio(f"{name}, start-up too", rounds, "wall", _peer, _whole, peer.times, at_least=True)
    yield _ratio(f"{name}, without start-up", rounds, "wall", _peer_work, _work)
    yield _ratio(f"{name}, start-up too{SAID['cpu']}", rounds, "cpu", _peer, _whole)
    yield _ratio(f"{name}, without start-up{SAID['cpu']}", rounds, "cpu", _peer_work, _work)
    spent = {
        f"python -m tools.{stage}, {images} images": [each.whole for each in rounds],
        f"python -m tools.{stage}, few images": [each.few for each in rounds],
        f"{peer.name}, {images} images": [each.peer for each in rounds],
        f"{peer.name}, few images": [each.peer_few for each in rounds],
        **{f"floor: {part}": [each.parts[part] for each in rounds] for part in rounds[0].parts},
    }
    for what, several in spent.items():
        yield _best(what, [each.wall for each in several])
        yield _best(f"{what}{SAID['cpu']}", [each.cpu for each in several])


SAID: Mapping[Kind, str] = {"cpu": ", processors", "wall": ""}


def _against_the_floor(rounds: Sequence[Round], kind: Kind, bound: float | None) -> Iterator[Line]:
    name = "time by the floor's"
    yield _ratio(f"{name}, without start-up{SAID[kind]}", rounds, kind, _work, _floor, bound)
    yield _ratio(f"{name}, start-up too{SAID[kind]}", rounds, kind, _whole, _floor)


Sum = Callable[[Mapping[str, float]], float]


def _whole(took: Mapping[str, float]) -> float:
    return took["whole"]


def _work(took: Mapping[str, float]) -> float:
    return took["whole"] - took["few"]


def _peer(took: Mapping[str, float]) -> float:
    return took["peer"]


def _peer_work(took: Mapping[str, float]) -> float:
    return took["peer"] - took["peer few"]


def _floor(took: Mapping[str, float]) -> float:
    return sum(value for name, value in took.items() if name.startswith("part "))


def _ratio(
    name: str,
    rounds: Sequence[Round],
    kind: Kind,
    over: Sum,
    under: Sum,
    bound: float | None = None,
    *,
    at_least: bool = False,
) -> Line:
    """Of the best of all rounds; the spread is that of the ratios within a round."""
    took = [_took(each, kind) for each in rounds]
    best = {name: min(each[name] for each in took) for name in took[0]}
    each = [over(one) / under(one) for one in took]
    return Line(name, over(best) / under(best), "ratio", bound, at_least, min(each), max(each))


def _took(each: Round, kind: Kind) -> dict[str, float]:
    whole = {"whole": each.whole, "few": each.few, "peer": each.peer, "peer few": each.peer_few}
    parts = {f"part {name}": spent for name, spent in each.parts.items()}
    return {name: getattr(spent, kind) for name, spent in (whole | parts).items()}


def _best(name: str, values: Sequence[float]) -> Line:
    return Line(name, min(values), "s", low=min(values), high=max(values))
