"""Known: the few questions that stamps ask of the manifest. Standard library only, and fast."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from tools.mill.plan import Step


class Manifest:
    """The few questions that stamps ask of the manifest; a workspace without one answers that nothing was done."""

    def __init__(self, base: Path) -> None:
        path = base.absolute() / "manifest.db"
        self.db: sqlite3.Connection | None = None
        if path.exists():
            self.db = sqlite3.connect(path, timeout=60)

    def __enter__(self) -> Manifest:
        return self

    def __exit__(self, *_: object) -> None:
        if self.db is not None:
            self.db.close()

    def _ask(self, question: str, *values: object) -> list[Any]:
        """The first row, or an empty one where the manifest is not there or not yet made."""
        if self.db is None:
            return []
        try:
            return list(self.db.execute(question, values).fetchone() or [])
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise

    def state(self, name: str) -> list[Any]:
        """Which manifest this is, and the step's last run in it: a stamp speaks of no other."""
        return [self._ask("select value from meta where key = 'uid'"), self.last_run(name)]

    def last_run(self, name: str) -> list[Any]:
        tool, _, dataset = name.partition(".")
        return self._ask(
            """select max(run.id) from run join step on step.id = run.step_id
            where step.tool = ? and step.dataset = ?""",
            *(tool, dataset),
        )

    def lost(self, name: str) -> list[Any]:
        """When `verify` last had something of a step made again."""
        return self._ask("select value from meta where key = 'lost.' || ?", name)

    def pinned(self, kind: str) -> str | None:
        """What `engine = "auto"` means in this workspace; None as long as nothing was done."""
        row = self._ask("select value from meta where key = 'engine.' || ?", kind)
        return str(row[0]) if row else None

    def packaged(self, dataset: str) -> bool:
        """Whether a dataset has a package with images in it."""
        question = """select 1 from package join step on step.id = package.step_id
            join package_item on package_item.package_id = package.id
            where package.state = 'current' and step.dataset = ? limit 1"""
        return bool(self._ask(question, dataset))

    def failed(self, name: str) -> int:
        tool, _, dataset = name.partition(".")
        row = self._ask(
            # In the order of the index outcome_funnel, so that only the failed are read.
            """select count(*) from step
            cross join step_kind on step_kind.step_id = step.id
            cross join outcome
                on outcome.step_id = step.id and outcome.kind = step_kind.kind
                and outcome.recipe_id = step.recipe_id and outcome.status = 'failed'
            where step.tool = ? and step.dataset = ? and outcome.latest and outcome.live""",
            *(tool, dataset),
        )
        return int(row[0]) if row else 0

    def unusable(self, name: str, reasons: tuple[str, ...]) -> int:
        """How many items stand rejected at a step for one of some reasons."""
        tool, _, dataset = name.partition(".")
        marks = ", ".join("?" * len(reasons))
        row = reasons and self._ask(
            f"""select count(*) from step join outcome on outcome.step_id = step.id
            where step.tool = ? and step.dataset = ? and latest and live and not passed and reason in ({marks})""",
            *(tool, dataset, *reasons),
        )
        return int(row[0]) if row else 0

    def decisions(self, step: Step, dataset: str) -> list[Any]:
        kinds = (*step.takes, *step.makes)
        marks = ", ".join("?" * len(kinds))
        found = self._ask(
            f"select count(*), max(id) from decision where dataset in ('', ?) and kind in ({marks})", dataset, *kinds
        )
        return found or [0, None]
