"""Explain one item, from its source down to the package: why it is in or out, and what would have to change.

Example: python -m tools.explain --base data 1234
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from tools.mill import find
from tools.mill.command import guard
from tools.report import fate
from tools.report.reading import reading
from tools.report.story import Story, read
from tools.report.table import say
from tools.report.telling import tell


def as_json(story: Story, base: Path) -> dict[str, Any]:
    """A story with its fates as plain values."""
    found = fate.fates(story)
    return dataclasses.asdict(story) | {
        "fates": [
            {
                "state": one.state,
                "dataset": one.dataset,
                "item_id": one.link.item_id,
                "tool": one.judgement.tool if one.judgement else None,
                "reason": one.judgement.reason if one.judgement else None,
                "changes": fate.changes(base, one),
            }
            for one in found
        ]
    }


@click.command()
@click.argument("item", nargs=-1, required=True)
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--json", "json_wanted", is_flag=True, help="as JSON on stdout: a list, one object for each item")
def main(item: tuple[str, ...], base: Path, json_wanted: bool) -> None:
    """Explain items. ITEM: ids, paths (also of links in rejected/ or people/ and of a package's images), addresses."""
    with reading(base) as db:
        rows = [row for text in item for row in find.items(db, base, text)]
        stories = [read(db, int(row["id"])) for row in rows]
    if json_wanted:
        click.echo(json.dumps([as_json(story, base) for story in stories], indent=2))
        return
    for place, story in enumerate(stories):
        say(["", *tell(story, base)] if place else tell(story, base))


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
