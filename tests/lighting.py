"""A light table for tests: a table over a workspace, and somebody who asks it through Datasette's own client."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tools.lighttable.app import desk_of, table

PORT = 8001
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"
OWN = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "content-type": "application/json"}
"""The headers of a request that a page of the table sends."""


class Visitor:
    """Somebody at a light table: signed in, unless `signed_in` says otherwise."""

    def __init__(self, base: Path, *, signed_in: bool = True) -> None:
        self.datasette, self.access = table(base, PORT)
        self.base, self.desk = base, desk_of(self.datasette)
        self.signed_in = signed_in

    @property
    def cookie(self) -> str:
        return f"{self.access.cookie}={self.access.badge()}"

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        own = {"host": HOST} | ({"cookie": self.cookie} if self.signed_in else {}) | dict(headers or {})
        answer: httpx.Response = asyncio.run(self.datasette.client.request(method, path, headers=own, **more))
        return answer

    def post(self, path: str, said: object) -> httpx.Response:
        return self.ask(path, "POST", OWN, content=json.dumps(said))

    def raw(
        self, method: str, path: bytes, headers: Sequence[tuple[str, str]], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """What comes back for exactly these bytes, which a client might put right. path: with its query."""
        return asyncio.run(self._raw(method, path, headers, body))

    async def _raw(
        self, method: str, path: bytes, headers: Sequence[tuple[str, str]], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        name, _, query = path.partition(b"?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": name.decode("latin-1"),
            "raw_path": name,
            "query_string": query,
            "root_path": "",
            "headers": [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", PORT),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.datasette.client.app(scope, receive, send)
        found = {key.decode().lower(): value.decode("latin-1") for key, value in sent[0]["headers"]}
        return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])

    def close(self) -> None:
        self.desk.close()


def rows(base: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(base / "manifest.db")
    try:
        return db.execute(question, values).fetchall()
    finally:
        db.close()


def unsay(base: Path) -> None:
    """Take back every decision that stands."""
    from tools.lighttable import writes

    standing = rows(
        base,
        "select uid from decision as said where verdict <> 'undo' "
        "and not exists (select 1 from decision as undo where undo.undoes = said.uid)",
    )
    if standing:
        writes.take_back(base, [uid for (uid,) in standing])


def paint(base: Path) -> None:
    """Give every item of a filled manifest that has a path a picture there; cut-outs are transparent around a disc."""
    for item_id, kind, path in rows(base, "select id, kind, path from item where path is not null and kind <> 'video'"):
        file = base / path
        file.parent.mkdir(parents=True, exist_ok=True)
        size = (220, 320) if kind in ("person", "cutout") else (640, 360)
        shade = (item_id * 37 % 256, item_id * 91 % 256, item_id * 53 % 256)
        if kind == "cutout":
            image = Image.new("RGBA", size, (0, 0, 0, 0))
            image.paste((*shade, 255), (40, 40, 180, 300))
        else:
            image = Image.new("RGB", size, shade)
        image.save(file, "JPEG" if file.suffix == ".jpg" else file.suffix[1:].upper())


def tiles(html: str) -> list[tuple[int, str, str]]:
    """(id, state, verdict) of the tiles of a page."""
    found = re.findall(r'<li class="tile" id="i(\d+)" data-id="\d+" data-state="(\w+)" data-verdict="(\w*)"', html)
    return [(int(item), state, verdict) for item, state, verdict in found]
