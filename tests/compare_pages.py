"""A workspace to compare pictures in: a mask, keypoints, a large cut-out, hostile names; and how to look at it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from lighting import paint, rows
from manifest_filled import filled
from PIL import Image

SET = "set=score:cutout"
EVIL = '<img src=x onerror="alert(1)">"><script>alert(2)</script>'


def compared(folder: Path) -> Path:
    """That workspace in an empty folder."""
    base = filled(folder)
    paint(base)
    masks = base / "05_augmented" / "default" / "masks"
    masks.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (1024, 1024), 0)
    image.paste(255, (300, 400, 490, 990))
    for (path,) in rows(base, "select mask_path from composite"):
        image.save(base / path)
    (path,) = rows(base, "select path from item where id = 21")[0]
    cutout = Image.new("RGBA", (220, 620), (0, 0, 0, 0))
    cutout.paste((200, 100, 50, 255), (10, 10, 200, 600))
    cutout.save(base / path, lossless=True)
    keypoints = [[100.0 + at, 20.0 + 30 * at, 0.9] for at in range(17)]
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update person set keypoints_json = ? where item_id = 14", (json.dumps(keypoints),))
        db.execute("update file set shown = ? where id = 1", (f"{EVIL}.mp4",))
        db.execute("update outcome set detail = ? where status <> 'ok'", (EVIL,))
        db.execute('update "select" set score_parts = ?', (EVIL,))
    return base


def said(base: Path) -> list[tuple[str, int, str, str]]:
    """What stands: (verdict, item, dataset, actor)."""
    return rows(
        base,
        """select verdict, item_id, dataset, actor from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def shows(page: Any, item: int) -> None:
    """Wait until an item is looked at, and the page listens."""
    page.locator(f".look[data-item='{item}']").wait_for()
    page.locator("#place:not(:empty)").wait_for()


def open_(page: Any, path: str, **kept: str) -> None:
    """Open an address with nothing remembered but what is named."""
    page.goto("/-/compare")
    page.evaluate(
        "kept => { localStorage.clear(); for (const name in kept) localStorage.setItem(name, kept[name]); }", kept
    )
    page.goto(path)
    page.locator("#place:not(:empty)").wait_for()


def planes(page: Any) -> list[dict[str, float]]:
    """Where each picture lies in its view, in CSS pixels."""
    return page.evaluate(
        """[...document.querySelectorAll('.view')].map((view) => {
            const own = view.getBoundingClientRect();
            const box = view.querySelector('.plane').getBoundingClientRect();
            return {x: box.x - own.x, y: box.y - own.y, width: box.width, height: box.height};
        })"""
    )
