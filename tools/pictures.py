"""Make the pictures and tables of the documentation from demo footage, so that they stay true.

Writes docs/pictures/chain.webp, table-PAGE.webp of the light table's pages, and the funnel in README.md.
Example: python -m tools.pictures
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tools.mill.command import guard
from tools.mill.manifest import connect, sql
from tools.mill.settings import ROOT, TEST_NAME
from tools.sheets.screens import Screen, photograph

if TYPE_CHECKING:
    from PIL import Image

COLUMNS = 5
SIDE_PX = 240
GAP_PX = 8
FUNNEL = re.compile(r"(<!-- funnel -->\n```\n).*?(```\n<!-- end -->)", re.DOTALL)


def build(base: Path) -> str:
    """Run everything on demo footage in base; returns what `make status` says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for words in (["all", "TEST=1"], ["qc", "TEST=1"], ["status", "TEST=1"]):
        done = subprocess.run(
            ["make", "--no-print-directory", *words, f"BASE={base}"],
            cwd=ROOT,
            env=environment | {"NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout.replace(str(base), "data")


def draw_chain(base: Path, target: Path) -> None:
    """One column per packaged image: its frame with the box, its crop, its cut-out, and what the trainer gets."""
    from PIL import Image, ImageDraw

    db = connect(base)
    rows = db.execute(sql("docs/chain")).fetchmany(COLUMNS)
    db.close()
    step = SIDE_PX + GAP_PX
    sheet = Image.new("RGB", (len(rows) * step + GAP_PX, 4 * step + GAP_PX), (24, 24, 27))
    for column, row in enumerate(rows):
        frame = Image.open(base / row["frame"]).convert("RGB")
        box = [row["box_x0_px"], row["box_y0_px"], row["box_x1_px"], row["box_y1_px"]]
        ImageDraw.Draw(frame).rectangle(box, outline=(250, 204, 21), width=max(2, frame.width // 160))
        cutout = Image.open(base / row["cutout"]).convert("RGBA")
        board = _checkerboard(cutout.size)
        board.paste(cutout, mask=cutout)
        final = Image.open(base / row["final"]).convert("RGB")
        for line, image in enumerate((frame, Image.open(base / row["crop"]).convert("RGB"), board, final)):
            image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
            left = GAP_PX + column * step + (SIDE_PX - image.width) // 2
            sheet.paste(image, (left, GAP_PX + line * step + (SIDE_PX - image.height) // 2))
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(target, quality=85, method=6)


def _checkerboard(size: tuple[int, int]) -> Image.Image:
    from PIL import Image

    tile = Image.new("L", (2, 2), 210)
    tile.putpixel((0, 0), 160)
    tile.putpixel((1, 1), 160)
    cell = max(8, max(size) // 40)
    row = Image.new("L", size)
    big = tile.resize((2 * cell, 2 * cell), Image.Resampling.NEAREST)
    for top in range(0, size[1], 2 * cell):
        for left in range(0, size[0], 2 * cell):
            row.paste(big, (left, top))
    return row.convert("RGB")


def write_funnel(readme: Path, status: str) -> None:
    """Put the funnel between its two marks in the README."""
    text = readme.read_text(encoding="utf-8")
    new = FUNNEL.sub(lambda match: f"{match[1]}{status.rstrip()}\n{match[2]}", text)
    if new == text and status.rstrip() not in text:
        raise click.ClickException(f"{readme} has no <!-- funnel --> … <!-- end --> around a code block. Put it back.")
    readme.write_text(new, encoding="utf-8")


def screens(base: Path) -> list[Screen]:
    """Every page of the light table, and how it looks in the dark and on a phone."""
    from tools.lighttable.pages import all_pages

    db = connect(base)
    shown = db.execute(sql("docs/chain")).fetchone()["cutout_id"]
    db.close()
    pages = [Screen(page.word, f"/-/{page.word}") for page in all_pages() if page.title]
    item = Screen("item", f"/-/item/{shown}")
    return [*pages, item, Screen("gallery-dark", "/-/gallery", dark=True), Screen("phone", "/-/gallery", phone=True)]


@click.command()
def main() -> None:
    """Make the pictures and tables of the documentation from demo footage."""
    with tempfile.TemporaryDirectory(prefix="framemill-") as folder:
        status = build(Path(folder))
        base, pictures = Path(folder) / TEST_NAME, ROOT / "docs" / "pictures"
        draw_chain(base, pictures / "chain.webp")
        photograph(base, screens(base), pictures)
        write_funnel(ROOT / "README.md", status)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
