"""A mill without machines: the real plan, manifest, recorder and limits, fed with made-up results.

Each source makes frames, each frame persons, and so on to the package; what a step gives can be told differently, so
that a test says only what it is about.
"""

from __future__ import annotations

import hashlib
import importlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.mill import limits, manifest, recipe, runs, settings, settle, sources, steps
from tools.mill.files import Stored
from tools.mill.manifest import transaction
from tools.mill.plan import BY_TOOL, PLAN
from tools.mill.record import Entry, Recorder
from tools.mill.tool import Asked, Made, Result, Row, Tool

Answer = Callable[[Row], Result]

TALLIED = """
    select step_id, kind, recipe_id, stale, status, coalesce(reason, ''), passed, count(*),
        sum(cast(round(seconds * 1e9) as integer))
    from outcome where latest and live group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
    """
"""What the manifest's tally is to say, counted plainly."""

_KNOWN: Mapping[str, Any] = {"shot": "mid", "mode": "flat", "dataset": "default", "others_json": "[]", "flush": ""}
"""Columns that only take certain values."""


def tool_of(name: str) -> Tool:
    tool: Tool = importlib.import_module(f"tools.{name}").TOOL
    return tool


class Mill:
    """One workspace with its manifest. All that it does to the manifest goes through the core."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.db = manifest.connect(base, create=True)
        self.db.execute("pragma synchronous = off")  # nothing here needs to outlive a loss of power
        self.settings = settings.load(base, {})
        self.versions: dict[str, int] = {}
        self.asked: list[tuple[str, str, str]] = []
        steps.ensure(self.db, self.settings, "intake", "")

    # --- asking ---

    def one(self, question: str, *values: Any) -> Any:
        row = self.db.execute(question, values).fetchone()
        return row[0] if row is not None and len(row) == 1 else row

    def all(self, question: str, *values: Any) -> list[Any]:
        rows = self.db.execute(question, values).fetchall()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def ids(self, kind: str) -> list[int]:
        """Items of a kind that are in force, by address."""
        return self.all("select id from item where kind = ? and newest order by address", kind)

    def passed(self, tool: str, dataset: str = "") -> list[int]:
        """Items that stand live and passed at a step, by address."""
        return self.all(
            """select item.id from outcome join item on item.id = outcome.item_id
            where outcome.step_id = ? and latest and live and passed order by item.kind, item.address""",
            self.step(tool, dataset)["id"],
        )

    def outcome(self, tool: str, item_id: int, dataset: str = "") -> sqlite3.Row:
        row: sqlite3.Row = self.db.execute(
            "select * from outcome where step_id = ? and item_id = ? and latest",
            (self.step(tool, dataset)["id"], item_id),
        ).fetchone()
        return row

    def step(self, tool: str, dataset: str = "") -> sqlite3.Row:
        row: sqlite3.Row = self.db.execute(
            "select * from step where tool = ? and dataset = ?", (tool, self.dataset(tool, dataset))
        ).fetchone()
        return row

    def dataset(self, tool: str, dataset: str) -> str:
        return (dataset or "default") if BY_TOOL[tool].per_dataset else ""

    def queue(self, tool: str, dataset: str = "", *, retry: bool = False, limit: int | None = None) -> list[Row]:
        """What waits at a step, by the recipe that the step goes by."""
        step = self.step(tool, dataset)
        found = steps.Queue(self.db, tool, step["dataset"], step["id"], step["recipe_id"], retry, limit)
        return list(found)

    def funnel(self) -> dict[tuple[str, str, str], sqlite3.Row]:
        return {(row["tool"], row["dataset"], row["kind"]): row for row in self.db.execute("select * from funnel")}

    def check(self, *, at_rest: bool = True) -> None:
        """The funnel's identity and the tally's, and nothing shines that settling would put out.

        At rest also: settling changes nothing, and what the funnel says waits is what the queues hold.
        """
        shining = "select id from outcome where latest and live and passed"
        before = set(self.all(shining))
        self.db.execute("begin immediate")
        settle.settle(self.db)
        after = set(self.all(shining))
        self.db.rollback()
        assert before == after if at_rest else before <= after
        assert self.all("select * from tally where n") == self.all(TALLIED)
        funnel = self.funnel()
        for key, row in funnel.items():
            numbers = [row[name] for name in ("ok", "rejected", "failed", "waiting")]
            assert row["inputs"] == sum(numbers), (key, tuple(row))
            assert min(numbers) >= 0, (key, tuple(row))
        for step in self.db.execute("select * from step where active").fetchall() if at_rest else ():
            takes = BY_TOOL[step["tool"]].takes
            inputs = steps._inputs(step["tool"])
            counted = dict(
                self.db.execute(
                    f"select kind, count(*) from ({inputs}) group by kind", {"dataset": step["dataset"]}
                ).fetchall()
            )
            waiting = [row["kind"] for row in self.queue(step["tool"], step["dataset"])]
            for kind in takes:
                row = funnel[step["tool"], step["dataset"], kind]
                assert counted.get(kind, 0) == row["inputs"], (step["tool"], kind, tuple(row))
                assert waiting.count(kind) == row["waiting"], (step["tool"], kind, tuple(row))

    # --- doing ---

    def put(self, *names: str, folder: str = "00_raw_videos") -> None:
        """Put made-up files into a raw folder and have the manifest follow."""
        for name in names:
            path = self.base / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
        self.refresh()

    def refresh(self) -> None:
        sources.refresh(self.db, self.base, Asked(accept_vanished=True))
        self.settle()

    def settle(self) -> None:
        if settle.is_due(self.db):
            with transaction(self.db):
                settle.settle(self.db)

    def recorder(
        self, tool: str, dataset: str = "", bounds: Mapping[str, float] | None = None, version: int | None = None
    ) -> Recorder:
        """A recorder of a new run, as the loop makes one. bounds: those that differ from the defaults."""
        declared, step = tool_of(tool), self.step(tool, dataset)
        self.versions[tool] = version or self.versions.get(tool, 1)
        full = {limit.key: limit.default for limit in declared.limits} | dict(bounds or {})
        content = recipe.build(tool, self.versions[tool], {}, dataset={"name": step["dataset"]})
        with transaction(self.db):
            recipe_id = recipe.ensure(self.db, content)
            limits.declare(self.db, tool, declared.limits, declared.reasons)
            run_id = runs.begin(self.db, step["id"], recipe_id, full, 0)
            self.db.execute("update step set recipe_id = ? where id = ?", (recipe_id, step["id"]))
        place = next(place for place in settle.places(self.db) if place.step_id == step["id"])
        position = [step.tool for step in PLAN].index(tool)
        return Recorder(self.db, tool, place, position, recipe_id, run_id, declared.limits, declared.reasons, full)

    def run(
        self,
        tool: str,
        answer: Answer | None = None,
        dataset: str = "",
        *,
        bounds: Mapping[str, float] | None = None,
        version: int | None = None,
        batch: int | None = None,
        check: bool = False,
        retry: bool = False,
    ) -> int:
        """Work off what waits at a step; returns how much that was. check: after each batch, the funnel's identity."""
        recorder = self.recorder(tool, dataset, bounds, version)
        rows: Sequence[Row] = self.queue(tool, dataset, retry=retry)
        answer = answer or self.usual(tool, dataset)
        size = batch or max(1, len(rows))
        for start in range(0, len(rows), size):
            with transaction(self.db):
                recorder.record([Entry(row, answer(row), 0.01) for row in rows[start : start + size]])
            if check:
                self.check(at_rest=False)
        with transaction(self.db):
            runs.finish(self.db, recorder.run_id, "done", 0.1)
            if settle.is_due(self.db):
                settle.settle(self.db)
        return len(rows)

    def run_all(self, *, upto: str = "package", batch: int | None = None, check: bool = False) -> dict[str, int]:
        """Every step in turn, each with its usual answers, up to one tool; how much each had to do."""
        done = {}
        for step in PLAN:
            for dataset in sorted(self.settings.datasets) if step.per_dataset else [""]:
                done[f"{step.tool}.{dataset}" if dataset else step.tool] = self.run(
                    step.tool, dataset=dataset, batch=batch, check=check
                )
            if step.tool == upto:
                break
        return done

    def bound(self, tool: str, **bounds: float) -> None:
        """Move bounds, as editing the configuration does: decide again, settle, open nothing."""
        declared, step = tool_of(tool), self.step(tool)
        full = {limit.key: limit.default for limit in declared.limits} | bounds
        with transaction(self.db):
            limits.decide(self.db, step["id"], tool, declared.limits, full)
            settle.mark(self.db)
        self.settle()

    def decide(self, verdict: str, *item_ids: int, dataset: str = "", why: str = "") -> None:
        from tools.decide import decide

        decide(self.base, verdict, [str(item_id) for item_id in item_ids], dataset, why)

    # --- what a step gives ---

    def facts(self, table: str, **known: Any) -> dict[str, Any]:
        """Values for every column of a table that needs one."""
        found: dict[str, Any] = {}
        for column in self.db.execute(f'pragma table_info("{table}")'):
            name, kind, needed = column["name"], column["type"], column["notnull"]
            if needed and not column["pk"]:
                found[name] = {"INTEGER": 0, "REAL": 0.0}.get(kind.upper(), _KNOWN.get(name, "made up"))
        return found | known

    def usual(self, tool: str, dataset: str = "") -> Answer:
        """What a step gives where nothing else is said: all is well. One frame each second, one person a frame."""
        return {
            "intake": lambda row: Result(facts=self.facts(row["kind"]), measures={"short_side_px": 720}),
            "extract": self.frames(2),
            "detect": self.persons((0, 0, 100, 200)),
            "embed": lambda row: Result(measures={"colours": bytes(64)}),
            "match": lambda row: Result(measures={"distance": 0.3, "identity": "Emma"}),
            "mask": lambda row: Result(made=(self.cutout(row),)),
            "score": lambda row: Result(measures={"sharpness": 0.8, "crop_mp": 1.0}),
            "select": lambda row: Result(measures={"score": 0.5, "rank": 1}),
            "composite": lambda row: Result(made=(self.composite(row, self.dataset("composite", dataset)),)),
            "caption": lambda row: Result(made=(self.caption(row, self.dataset("caption", dataset)),)),
            "package": lambda row: Result(),
        }[tool]

    def stored(self, path: str, content: str = "") -> Stored:
        """A file that could have been stored; none is written."""
        data = (content or path).encode()
        return Stored(path, hashlib.sha256(data).hexdigest(), len(data))

    def frames(self, count: int, content: str = "pixels") -> Answer:
        def answer(row: Row) -> Result:
            return Result(made=tuple(self.frame(row, second, content) for second in range(count)))

        return answer

    def frame(self, row: Row, second: int, content: str = "pixels", **changes: Any) -> Made:
        address = f"{row['address']}/t{second:06}.000000"
        stored = self.stored(f"01_extracted_frames/{address}_{content}.webp".replace("/t", "_t"), address + content)
        made = Made("frame", address, stored, 1920, 1080, facts=self.facts("frame", time_s=float(second)))
        return replace(made, **changes)

    def persons(self, *boxes: tuple[float, float, float, float], content: str = "crop") -> Answer:
        def answer(row: Row) -> Result:
            return Result(
                measures={"people_count": len(boxes)}, made=tuple(self.person(row, box, content) for box in boxes)
            )

        return answer

    def person(self, row: Row, box: tuple[float, float, float, float], content: str = "crop", **changes: Any) -> Made:
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        address = f"{row['address']}/p{round(x / 1.92):04}-{round(y / 1.08):04}"
        named = dict(zip(("box_x0_px", "box_y0_px", "box_x1_px", "box_y1_px"), map(float, box), strict=True))
        made = {"facts": self.facts("person", **named), "measures": {"confidence": 0.9, "height_px": 500.0}} | changes
        return Made("person", address, self.stored(f"02_person_crops/{address}_{content}", address + content), **made)

    def cutout(self, row: Row, content: str = "mask", **changes: Any) -> Made:
        stored = self.stored(f"03_masked_subjects/{row['address']}_{content}", row["address"] + content)
        made = {"facts": self.facts("cutout"), "measures": {"coverage": 0.5}} | changes
        return Made("cutout", row["address"], stored, **made)

    def composite(self, row: Row, dataset: str, **changes: Any) -> Made:
        address = f"{row['address']}/{dataset}/v0"
        made = {"facts": self.facts("composite", mask_path=f"05_augmented/{address}_mask")} | changes
        return Made("composite", address, self.stored(f"05_augmented/{address}"), **made)

    def caption(self, row: Row, dataset: str, **changes: Any) -> Made:
        made = {"facts": self.facts("caption", dataset=dataset, text="a person", words=2)} | changes
        return Made("caption", f"{row['address']}/{dataset}", **made)
