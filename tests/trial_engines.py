"""Detectors that the tests put on the line: each sees nobody, and says what it was asked."""

from __future__ import annotations

import threading
import time
from typing import ClassVar

from tools.engines.protocols import DetectJob
from tools.framing.detection import Detection


class Counting:
    """Takes note of how many questions it gets at once, and of how many were asked while it was busy."""

    name, digest = "counting", ""
    batches: ClassVar[list[int]] = []
    loaded_meanwhile: ClassVar[list[int]] = []
    loaded = 0
    lock = threading.Lock()
    busy = threading.Event()
    patience_s = 0.05

    def run(self, jobs: list[DetectJob]) -> list[list[Detection]]:
        before = Counting.loaded
        Counting.busy.set()
        time.sleep(Counting.patience_s)
        Counting.batches.append(len(jobs))
        Counting.loaded_meanwhile.append(Counting.loaded - before)
        return [[] for _ in jobs]


class Small(Counting):
    """Its device holds two pictures: it finds out, and asks for fewer from then on."""

    name = "small"
    batch = 8

    def run(self, jobs: list[DetectJob]) -> list[list[Detection]]:
        if len(jobs) > 2:
            self.batch = 2
        return super().run(jobs)


class Choking:
    """Cannot bear a picture that begins black, whatever stands beside it."""

    name, digest = "choking", ""

    def run(self, jobs: list[DetectJob]) -> list[list[Detection]]:
        if any(not job.image[0, 0].any() for job in jobs):
            raise ArithmeticError("The network gave values that are no numbers.")
        return [[] for _ in jobs]


class Miscounting(Choking):
    """Forgets the last question of several, and has two answers to a lone one that begins black."""

    name = "miscounting"

    def run(self, jobs: list[DetectJob]) -> list[list[Detection]]:
        if len(jobs) > 1:
            return [[] for _ in jobs[1:]]
        return [[]] if jobs[0].image[0, 0].any() else [[], []]
