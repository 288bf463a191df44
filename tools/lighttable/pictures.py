"""Pictures: an item's picture by its id, in a few fixed sizes, each made once and kept below the workspace.

What lies in `cache/thumbs/` can be removed at any time. No row speaks of it; gc removes the oldest beyond a bound.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasette.utils.asgi import Request, Response

from tools.care.ours import WRITTEN, all_users_folders, is_below
from tools.care.thumbs import FOLDER
from tools.lighttable.desk import Desk
from tools.mill.manifest import sql
from tools.mill.plan import FOLDERS

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = 2
"""Bumped by hand when the bytes of thumbnails change."""

SIZES: Mapping[str, int] = {"96": 96, "256": 256, "512": 512, "1024": 1024, "full": 0}
"""The longer side in pixels; 0 is the whole picture."""

KEEP = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
JPEG_QUALITY, WEBP_QUALITY = 82, 82
STATIC = Path(__file__).parent / "static"
INSTEAD = {"nothing": STATIC / "nothing.svg", "outside": STATIC / "outside.svg"}
"""What stands for an item without a picture, by the key of what is shown: a video that gave no frame; a source of the
user's that is a link to outside the workspace, and gave no frame."""

TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PN": "image/png", b"RIF": "image/webp"}


@dataclass(frozen=True)
class Shown:
    """Which file shows an item: its absolute path, b"" where there is none, and the version that the picture has."""

    path: bytes
    version: str
    key: str


def find(db: sqlite3.Connection, base: Path, item_id: int) -> Shown | None:
    """Which file shows an item; None where there is no such item, or its file lies outside.

    Of a photo that is a link to outside it is the frame that was taken from it.
    """
    row = db.execute(sql("pages/picture"), {"item": item_id}).fetchone()
    if row is None:
        return None
    if row["path"] is None:
        return Shown(b"", row["version"], "nothing")
    own = row["kind"] in ("photo", "background", "reference")
    path = os.path.join(os.fsencode(base), os.fsencode(row["folder"]) if own else b"", _raw(row["path"]))
    if is_inside(base, path):
        return _shown(row, path)
    if not own:
        return None
    made = db.execute(sql("pages/picture.made"), {"item": item_id}).fetchone()
    path = os.path.join(os.fsencode(base), _raw(made["path"])) if made else b""
    return _shown(made, path) if made and is_inside(base, path) else Shown(b"", row["version"], "outside")


def _raw(path: str | bytes) -> bytes:
    return path if isinstance(path, bytes) else os.fsencode(path)


def _shown(row: sqlite3.Row, path: bytes) -> Shown:
    seen = f"{VERSION}\0{row['kind']}\0{row['address']}\0{row['version']}\0{os.fsdecode(_raw(row['path']))}"
    return Shown(path, row["version"], hashlib.sha256(os.fsencode(seen)).hexdigest()[:32])


def is_inside(base: Path, path: bytes) -> bool:
    """Whether a file lies, links followed, in a folder of this workspace that tools write or the user fills."""
    home = os.fsencode(base)
    roots = [os.path.realpath(os.path.join(home, folder)) for folder in (*WRITTEN, *map(os.fsencode, FOLDERS.values()))]
    real = os.path.realpath(path)
    return any(is_below(real, root) for root in (*roots, *all_users_folders(base)))


def thumbnail(base: Path, shown: Shown, size: str) -> bytes:
    """The bytes of a picture in one of SIZES, from the cache or made now. Raises MediaError, OSError."""
    return remembered(base, shown.key, size, lambda: _make(shown.path, SIZES[size]))


def remembered(base: Path, key: str, size: str, make: Callable[[], bytes]) -> bytes:
    """A picture from the cache, or made now and kept there. size: the word of its folder."""
    kept = base / FOLDER / size / key[:2] / key
    try:
        return kept.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        pass  # not made yet, or there can be no cache
    made = make()
    _keep(kept, made)
    return made


def _make(path: bytes, side_px: int) -> bytes:
    from PIL import Image

    from tools.media.image import encode_jpeg, read_rgba

    pixels = read_rgba(path, least_px=side_px)
    if not side_px and (raw := _servable(path)):
        return raw
    opaque = bool((pixels[..., 3] == 255).all())
    if opaque and not side_px:
        return encode_jpeg(pixels[..., :3].copy())
    image = Image.fromarray(pixels[..., :3].copy() if opaque else pixels)
    if side_px:
        image.thumbnail(
            (side_px, side_px), Image.Resampling.BOX if max(image.size) > 4 * side_px else Image.Resampling.LANCZOS
        )
    return _encoded(image, opaque)


def _servable(path: bytes) -> bytes | None:
    """A file as it is, where every browser shows it the right way up: what our own tools write."""
    if not path.endswith((b".webp", b".png")):
        return None
    with open(path, "rb") as file:
        return file.read()


def _encoded(image: Image, opaque: bool) -> bytes:
    import io

    out = io.BytesIO()
    if opaque:
        image.save(out, "JPEG", quality=JPEG_QUALITY)
    else:
        image.save(out, "WEBP", quality=WEBP_QUALITY, method=1)
    return out.getvalue()


def _keep(path: Path, data: bytes) -> None:
    """Put a picture into the cache. Where that cannot be written it is made again next time, nothing else is lost."""
    part = path.with_suffix(f".part-{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()


async def answer(desk: Desk, request: Request) -> Response:
    """The picture of `item` in `size`. Kept for good by the browser where the address names the version."""
    size = request.url_vars["size"]
    shown = await desk.read(lambda db: find(db, desk.base, int(request.url_vars["item"])))
    return await sent(desk, request, shown, size, lambda one: thumbnail(desk.base, one, size))


async def sent(
    desk: Desk, request: Request, shown: Shown | None, size: str, paint: Callable[[Shown], bytes]
) -> Response:
    """A picture as an answer. paint: its bytes; it may raise MediaError and OSError."""
    from tools.media.errors import MediaError

    if shown is None:
        return Response("There is nothing to see.", status=404)
    if not shown.path:
        return Response(INSTEAD[shown.key].read_text(), headers={"x-keep": ASK_AGAIN}, content_type="image/svg+xml")
    etag = f'"{shown.key}-{size}"'
    headers = {"etag": etag, "x-keep": KEEP if request.args.get("v") == shown.version else ASK_AGAIN}
    if etag in request.headers.get("if-none-match", ""):
        return Response("", status=304, headers=headers)
    try:
        data = await desk.paint(paint, shown)
    except (MediaError, OSError):
        return Response("The picture cannot be read. make verify says what is wrong with it.", status=404)
    kind = TYPES.get(data[:3], "application/octet-stream")
    return Response(data, headers=headers, content_type=kind)
