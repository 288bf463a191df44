"""Histories: whatever happened before, what stands depends on the end alone, and no moment in between lies."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from making import Answer, Mill

from tools.mill import settle
from tools.mill.manifest import transaction
from tools.mill.plan import PLAN
from tools.mill.settings import UsageError
from tools.mill.tool import Result, Row, failed, rejected


def shown(mill: Mill) -> set[tuple[Any, ...]]:
    """What stands, by natural keys."""
    return set(
        mill.all(
            """select step.tool, step.dataset, item.kind, item.address, item.version, item.path, outcome.status,
            outcome.reason, outcome.detail, outcome.passed, decision.verdict, decision.address
            from outcome join step on step.id = outcome.step_id join item on item.id = outcome.item_id
            left join decision on decision.id = outcome.decision_id
            where latest and live and step.active"""
        )
    )


class History:
    """A mill to which things happen at random, each followed by a check; what it shows depends on the end alone."""

    def __init__(self, mill: Mill, seed: int) -> None:
        self.mill, self.random = mill, random.Random(seed)
        self.content = dict.fromkeys(("frame", "crop", "mask"), "first")
        self.sharp = 0.4
        self.said: dict[tuple[str, str], list[str]] = {}

    def answers(self) -> dict[str, Answer]:
        """What the steps give: some frames without a person, some blurry, some failing masks, all by address."""
        mill, content = self.mill, dict(self.content)

        def fate(row: Row, of: int) -> int:
            return sum(str(row["address"]).encode()) % of

        def persons(row: Row) -> Result:
            if fate(row, 5) == 0:
                return Result(rejected("no_person", "Nobody."))
            boxes: list[tuple[float, float, float, float]] = [(0, 0, 100, 200), (500, 0, 600, 200)]
            return mill.persons(*boxes[: 1 + fate(row, 2)], content=content["crop"])(row)

        def cutout(row: Row) -> Result:
            if fate(row, 7) == 1:
                return Result(rejected("empty_mask", "The mask is empty."))
            return Result(made=(mill.cutout(row, content["mask"]),))

        def frames(row: Row) -> Result:
            return mill.frames(3 if content["frame"] == "first" else 2, content["frame"])(row)

        def score(row: Row) -> Result:
            return Result(measures={"sharpness": 0.3 + fate(row, 4) / 10})

        return {"extract": frames, "detect": persons, "mask": cutout, "score": score}

    def work(self, upto: str) -> None:
        for tool in (step.tool for step in PLAN):
            bounds = {"min_sharpness": self.sharp} if tool == "score" else None
            self.mill.run(tool, self.answers().get(tool), bounds=bounds, batch=2, check=True, retry=True)
            if tool == upto:
                break
        self.mill.bound("score", min_sharpness=self.sharp)

    def happen(self) -> None:
        """One thing that a person, a disk or a new version may do."""
        mill, pick = self.mill, self.random
        match pick.choice(["content", "content", "bound", "work", "decide", "decide", "undo", "vanish", "break"]):
            case "content":
                what, tool = pick.choice([("frame", "extract"), ("crop", "detect"), ("mask", "mask")])
                self.content[what] = "second" if self.content[what] == "first" else "first"
                mill.versions[tool] = mill.versions.get(tool, 1) + 1
            case "bound":
                self.sharp = pick.choice([0.2, 0.4, 0.5])
                mill.bound("score", min_sharpness=self.sharp)
            case "work":
                self.work(pick.choice(["extract", "detect", "mask", "package"]))
            case "decide":
                kind, verdict = pick.choice(["video", "frame", "person", "cutout"]), pick.choice(["keep", "reject"])
                found = mill.ids(kind)
                if found:
                    self.decide(verdict, pick.choice(found))
            case "break":
                tool = pick.choice(["extract", "detect", "mask", "score", "composite"])
                mill.versions[tool] = mill.versions.get(tool, 1) + 1
                mill.run(tool, lambda row: Result(failed("It broke.")), batch=2, check=True)
            case "undo":
                said = mill.all("select item_id from decision where verdict <> 'undo'")
                if said:
                    self.decide("undo", pick.choice(said))
            case "vanish":
                here, away = mill.base / "00_raw_videos" / "a.mp4", mill.base / "away.mp4"
                if away.exists():
                    away.rename(here)
                else:
                    here.rename(away)
                mill.refresh()

    def decide(self, verdict: str, item_id: int) -> None:
        kind, address = self.mill.one("select kind, address from item where id = ?", item_id)
        said = self.said.get((kind, address), [])
        after = self.said | {(kind, address): said[:-1] if verdict == "undo" else [*said, verdict]}
        if self.at_odds(after):
            return
        try:
            self.mill.decide(verdict, item_id)
        except UsageError:
            return  # a defect cannot be kept, and what was said of nobody cannot be taken back
        self.said = after

    def at_odds(self, said: dict[tuple[str, str], list[str]]) -> bool:
        """Whether something is kept below what is rejected: it stays, but is not made anew, so history counts there."""
        stands = {key: verdicts[-1] for key, verdicts in said.items() if verdicts}
        kept = [address for (_, address), verdict in stands.items() if verdict == "keep"]
        out = [address for (_, address), verdict in stands.items() if verdict == "reject"]
        return any(f"{below}/".startswith(f"{above}/") for below in kept for above in out)


@pytest.mark.parametrize("seed", range(8))
def test_what_stands_is_the_same_whatever_went_before(mill: Mill, tmp_path: Path, seed: int) -> None:
    """After any history: the funnel's identity at each batch, nothing to settle or to do at the end, and all that
    stands is what a new workspace would show that gets the same sources, answers, bounds and decisions."""
    history = History(mill, seed)
    history.work("package")
    for _ in range(12):
        history.happen()
        mill.check()
    away = mill.base / "away.mp4"
    if away.exists():
        away.rename(mill.base / "00_raw_videos" / "a.mp4")
        mill.refresh()
    history.work("package")
    mill.check()
    assert sum(row["waiting"] for row in mill.funnel().values()) == 0

    fresh = Mill(tmp_path / "fresh")
    fresh.put("a.mp4", "b.mp4")
    fresh.versions = dict(mill.versions)
    anew = History(fresh, 0)
    anew.content, anew.sharp = history.content, history.sharp
    anew.work("package")
    with transaction(fresh.db):
        for row in mill.db.execute("select * from decision order by id").fetchall():
            columns = dict(row) | {"item_id": None}
            del columns["id"]
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            fresh.db.execute(f"insert into decision ({names}) values ({marks})", tuple(columns.values()))
        settle.mark(fresh.db)
    fresh.settle()
    anew.work("package")
    assert shown(mill) == shown(fresh)
    fresh.db.close()
