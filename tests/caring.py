"""Workspaces for the tests of care: many real small files, and commands run on them in this process."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import click
from click.testing import CliRunner
from killing import CHEAP, copy, deed, run
from PIL import Image
from workspaces import ask

from tools.mill.manifest import connect

N_PHOTOS = 320
_TINY = CHEAP.replace("min_side = 64", "min_side = 32")


def many(base: Path, photos: int = N_PHOTOS) -> Path:
    """A workspace with one small frame of each of so many photographs."""
    folder = base / "00_raw_photos"
    folder.mkdir(parents=True)
    for number in range(photos):
        shade = (number % 256, 255 - number % 256, number // 256 * 90)
        Image.new("RGB", (48, 48), shade).save(folder / f"photo {number:03}.png")
    (base / "config.toml").write_text(_TINY, encoding="utf-8")
    run(base, deed("intake"), deed("extract"))
    return base


def fresh(base: Path, to: Path) -> Path:
    """A copy that may be spoilt. Links and times stay, so that intake finds nothing new but for what is spoilt."""
    if to.exists():
        shutil.rmtree(to)
    return copy(base, to)


def said(command: click.Command, base: Path, *words: str) -> tuple[int, list[str], str]:
    """Exit code, lines on stdout and text on stderr of a command; what it raises is raised."""
    done = CliRunner().invoke(command, ["--base", str(base), *words], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value or 0, done.stdout.splitlines(), done.stderr


def runs(base: Path) -> int:
    return int(str(ask(base, "select coalesce(max(id), 0) from run")[0][0]))


def ran_since(base: Path, last: int) -> list[tuple[object, object]]:
    """Which tools have run since a run, and how many inputs each judged anew."""
    return [
        (tool, n)
        for tool, n in ask(
            base,
            """select tool, (
                select count(*) from outcome join step_kind
                    on step_kind.step_id = outcome.step_id and step_kind.kind = outcome.kind and role = 'input'
                where outcome.run_id = run.id
            ) from run join step on step.id = run.step_id where run.id > ? order by run.id""",
            last,
        )
    ]


def change(base: Path, question: str, *values: object) -> None:
    """Write to a manifest behind everybody's back."""
    with closing(connect(base)) as db:
        db.execute(question, values)
