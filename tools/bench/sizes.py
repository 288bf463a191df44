"""How large the bench measures: the sizes that count, and small ones that only show that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """rounds: how often what is compared is done in turn; chains: how often all stages run over the demo footage.

    clip_s: seconds of the 1080p clip for extraction, people_s: of those for memory. outcomes: in the two manifests that
    are compared. raw_files: of the workspace where nothing is to be done. clips: few and many, for memory. photos: with
    people, for detect; half as many for mask. network_rounds: of these two.

    table_outcomes: in the manifest of the light table, 300,000 items; loads: of each of its pages.
    """

    rounds: int = 5
    chains: int = 3
    clip_s: float = 48.0
    people_s: float = 6.0
    outcomes: tuple[int, int] = (10_000, 1_000_000)
    raw_files: int = 100_000
    clips: tuple[int, int] = (100, 1_000)
    photos: int = 96
    network_rounds: int = 5
    table_outcomes: int = 840_000
    loads: int = 40


SMALL = Sizes(1, 1, 1.0, 0.4, (240, 2_400), 40, (2, 4), 4, 1, 2_400, 2)
