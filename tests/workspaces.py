"""Workspaces for tests of the whole chain, and the natural keys by which two of them are compared."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
CLIPS = ROOT.parent / "shared" / "clips"

_OURS = ("MAKE", "MFLAGS", "MILL_", "BASE", "ITEM", "WHY", "TEST", "DATASET", "JOBS", "RETRY", "ACCEPT", "PYTEST")


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what an outer make or a test left in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | more


def make(
    *words: str, base: Path, env: Mapping[str, str] | None = None, timeout_s: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run make in the project as a person would, but without worker processes unless env says otherwise: they cost more
    than so small a workspace is worth.
    """
    return subprocess.run(
        ["make", *words, f"BASE={base}"],
        cwd=ROOT,
        env=environment(JOBS="0") | (env or {}),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def tool(name: str, *words: str, base: Path, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
    """Run one tool as a program."""
    return subprocess.run(
        [sys.executable, "-m", f"tools.{name}", "--base", str(base), *words],
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def portraits(base: Path, n: int = 3, config: str = "") -> Path:
    """A workspace of photographs: one person, differently framed and lit, so that several are worth choosing."""
    import skimage.data

    folder = base / "00_raw_photos"
    folder.mkdir(parents=True)
    image = Image.fromarray(skimage.data.astronaut())
    for index in range(n):
        margin = 12 * index
        framed = image.crop((margin, 0, 512 - margin // 2, 512 - margin)).resize((640, 640), Image.Resampling.LANCZOS)
        framed.point(lambda value, gain=1 - 0.08 * index: int(value * gain)).save(folder / f"portrait {index}.png")
    (base / "config.toml").write_text(config or "[score]\nmin_crop_mp = 0.05\n", encoding="utf-8")
    return base


def ask(base: Path, question: str, *values: object) -> list[tuple[object, ...]]:
    """Rows of a workspace's manifest."""
    db = sqlite3.connect(base / "manifest.db")
    try:
        return [tuple(row) for row in db.execute(question, values)]
    finally:
        db.close()


def natural(base: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a manifest says, by natural keys: nothing of when, where and in which order it was found out."""
    return {
        "items": ask(base, "select kind, address, version, path, sha256 from item where newest order by 1, 2, 3"),
        "outcomes": ask(
            base,
            """select tool, dataset, item.kind, address, version, status, reason, detail, passed, live
            from outcome join step on step.id = outcome.step_id join item on item.id = outcome.item_id
            where latest and live order by 1, 2, 3, 4, 5""",
        ),
        "final": ask(base, "select dataset, path, caption, source_path, time_s from final order by 1, 2"),
    }


def files(base: Path, *folders: str) -> list[str]:
    """All files below some folders of a workspace, as paths below it."""
    return sorted(
        str(path.relative_to(base)) for folder in folders for path in (base / folder).rglob("*") if path.is_file()
    )


def funnel_holds(base: Path) -> bool:
    """The accounting identity, in every row."""
    return ask(base, "select * from funnel where inputs <> ok + rejected + failed + waiting or waiting < 0") == []
