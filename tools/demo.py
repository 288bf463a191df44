"""Make demo footage, to see the mill turn: camera moves over photographs that installed packages carry.

Reads: the pictures of scikit-image and, where they are installed, ultralytics and matplotlib.
Writes: raw videos, photos and backgrounds into a workspace that has none; four of the videos are there to be rejected.
Example: python -m tools.demo --base data/data_TEST

The pictures stay what their owners made them, and none is part of this project. astronaut (Eileen Collins) and rocket
are NASA's and SpaceX's, grass and gravel are CC0Textures's, grace_hopper is the US Navy's: all in the public
domain. bus and zidane come with ultralytics, a package under AGPL-3.0. All are read from the packages of this machine
and stay in the workspace.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tools.mill.plan import FOLDERS
from tools.mill.walk import walk

if TYPE_CHECKING:
    from tools.media.camera import Film

PICTURES = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "grass": ("skimage", "data/grass.png"),
    "gravel": ("skimage", "data/gravel.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "bus": ("ultralytics", "assets/bus.jpg"),
    "zidane": ("ultralytics", "assets/zidane.jpg"),
    "grace_hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}
"""Where a picture lies: the package and the path in it."""

FILMED = ("astronaut", "bus", "zidane")
BACKGROUNDS = ("rocket",)
PHOTOS = ("astronaut", "grace_hopper")

PLACE_PX = (1280, 960)

TOO_SMALL_PX = (160, 120)
BROKEN_OFF_SHARE = 0.45
NOTES = "Not a video: a text file with a video's name. Framemill says so and goes on.\n"

# Without mbtree, whose lookahead gives other bytes now and then, even in one thread.
H264 = {"preset": "superfast", "crf": "21", "x264-params": "mbtree=0"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "crf": "30", "b": "0"}
PART = ".part-demo"
"""Where the footage grows, in the workspace."""


def find_pictures() -> Mapping[str, Path]:
    """The pictures that the installed packages carry, found without importing any of them."""
    found = {}
    for name, (package, inside) in PICTURES.items():
        spec = importlib.util.find_spec(package)
        if spec and spec.submodule_search_locations:
            path = Path(spec.submodule_search_locations[0]) / inside
            if path.is_file():
                found[name] = path
    return found


def films() -> tuple[Film, ...]:
    """The films to shoot, in the pixels of the pictures."""
    from tools.media.camera import Film, Shot, View

    whole, face = View(256, 256, 505), View(226, 140, 250)
    portrait = (
        Shot("astronaut", 1.6, whole, View(240, 200, 420)),
        Shot("astronaut", 1.4, View(240, 200, 420), face),
        Shot("astronaut", 1.2, View(232, 190, 330, blur_px=6), View(232, 190, 330)),
        Shot("astronaut", 0.8, face, View(390, 150, 250), fast=True),
    )
    touchline = (
        Shot("zidane", 1.2, View(640, 360, 1270), View(640, 360, 1180)),
        Shot("zidane", 1.6, View(640, 360, 1180), View(990, 215, 640)),
        Shot("zidane", 0.6, View(990, 215, 640), View(500, 330, 640), fast=True),
        Shot("zidane", 1.6, View(985, 172, 520), View(985, 166, 460)),
    )
    street = (
        Shot("bus", 2.0, View(310, 540, 600), View(500, 540, 600)),
        Shot("bus", 1.4, View(320, 560, 600), View(225, 620, 400)),
        Shot("bus", 1.2, View(190, 590, 330, blur_px=4), View(190, 590, 330)),
    )
    medley = (
        Shot("zidane", 0.8, View(980, 222, 700), View(980, 212, 660)),
        Shot("astronaut", 0.8, View(246, 150, 490), View(240, 140, 450)),
        Shot("bus", 0.8, View(405, 620, 800), View(380, 620, 700)),
        Shot("astronaut", 0.8, View(224, 112, 350), View(224, 106, 320)),
        Shot("zidane", 0.8, View(985, 166, 480), View(985, 170, 500)),
    )
    return (
        Film("portrait.mp4", 480, 480, "libx264", H264, portrait),
        Film("touchline.mp4", 960, 540, "libx264", H264, touchline),
        Film("street.mp4", 540, 960, "libx264", H264, street),
        Film("medley.webm", 848, 480, "libvpx-vp9", VP9, medley),
        Film("too small.mp4", *TOO_SMALL_PX, "libx264", H264, portrait[:1]),
    )


def has_sources(base: Path) -> bool:
    """Whether a user's file lies in any raw folder of the workspace."""
    return next(walk(base), None) is not None


def make_footage(base: Path) -> tuple[Path, ...]:
    """Write the demo footage into a workspace without sources; returns the paths of the files.

    Nothing appears in the raw folders before all of it is made. Raises FileExistsError where there are sources,
    FileNotFoundError where scikit-image has lost its pictures, OSError where the workspace cannot be written.
    """
    if has_sources(base):
        raise FileExistsError(f"{base} has sources of its own. Demo footage goes only where there are none.")
    pictures = find_pictures()
    if "astronaut" not in pictures:
        raise FileNotFoundError("scikit-image has lost its picture astronaut.png. Install the requirements again.")
    part = base / PART
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    try:
        for folder in FOLDERS.values():
            (base / folder).mkdir(parents=True, exist_ok=True)
            (part / folder).mkdir(parents=True)
        _shoot_all(part / FOLDERS["video"], pictures)
        _add_rejects(part / FOLDERS["video"])
        for kind, names in (("background", BACKGROUNDS), ("photo", PHOTOS)):
            for path in (pictures[name] for name in names if name in pictures):
                shutil.copyfile(path, part / FOLDERS[kind] / path.name)
        _add_places(part / FOLDERS["background"], pictures)
        made = sorted(path.relative_to(part) for path in part.rglob("*") if path.is_file())
        for path in made:
            (part / path).rename(base / path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return tuple(base / path for path in made)


def _shoot_all(folder: Path, pictures: Mapping[str, Path]) -> None:
    import cv2

    from tools.media.camera import shoot
    from tools.media.image import read_rgb

    cv2.setNumThreads(1)
    decoded = {name: read_rgb(pictures[name]) for name in FILMED if name in pictures}
    # FFmpeg takes a colon in a path for a protocol, so it writes where no user chose the name.
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(2) as threads:
        shots = ((film, [shot for shot in film.shots if shot.picture in decoded]) for film in films())
        jobs = [
            threads.submit(shoot, dataclasses.replace(film, shots=there), decoded, Path(place))
            for film, there in shots
            if there
        ]
        for job in jobs:
            shutil.copy(job.result(), folder)


def _add_rejects(folder: Path) -> None:
    portrait = (folder / "portrait.mp4").read_bytes()
    (folder / "same as portrait.mp4").write_bytes(portrait)
    (folder / "broken off.mp4").write_bytes(portrait[: int(len(portrait) * BROKEN_OFF_SHARE)])
    (folder / "only text.mp4").write_text(NOTES, encoding="utf-8")


def _add_places(folder: Path, pictures: Mapping[str, Path]) -> None:
    """Places with a floor, for those who stand."""
    from tools.media.image import encode_webp, read_rgb
    from tools.media.place import GARDEN, YARD, place

    for name, floor, look in (("garden", "grass", GARDEN), ("yard", "gravel", YARD)):
        if "gravel" in pictures and floor in pictures:
            stones, ground = (read_rgb(pictures[picture])[..., 0] for picture in ("gravel", floor))
            (folder / f"{name}.webp").write_bytes(encode_webp(place(stones, ground, look, *PLACE_PX)))


@click.command("demo", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
def demo(base: Path) -> None:
    """Make the footage and name its files on stdout; say so where there are sources already."""
    if has_sources(base):
        click.echo(f"{base} has sources of its own. Demo footage goes only where there are none.")
        return
    for path in make_footage(base):
        click.echo(path)


if __name__ == "__main__":
    from tools.mill.command import guard

    guard(lambda: demo.main(prog_name="python -m tools.demo", standalone_mode=False))
