"""A light table for tests: a table over a workspace, and somebody who asks it through Datasette's own client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tools.lighttable.access import Access
from tools.lighttable.app import desk_of, table

PORT = 8001
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"


class Visitor:
    """Somebody at a light table: signed in, unless `signed_in` says otherwise."""

    def __init__(self, base: Path, *, signed_in: bool = True) -> None:
        self.datasette, self.access = table(base, PORT)
        self.base, self.desk = base, desk_of(self.datasette)
        self.signed_in = signed_in

    def ask(self, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        """Whatever is asked, with the headers of a browser at the table's own page unless they are given."""
        headers = {"host": HOST} | ({"cookie": f"{self.access.cookie}={self.access.badge()}"} if self.signed_in else {})
        headers |= options.pop("headers", {})
        asked = self.datasette.client.request(
            method, path, headers={k: v for k, v in headers.items() if v is not None}, **options
        )
        answer: httpx.Response = asyncio.run(asked)
        return answer

    def post(self, path: str, said: object, headers: Mapping[str, str | None] | None = None) -> httpx.Response:
        own = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "content-type": "application/json"}
        return self.ask(path, "POST", content=json.dumps(said), headers={**own, **(headers or {})})

    def close(self) -> None:
        self.desk.close()


def access_of(visitor: Visitor) -> Access:
    return visitor.access
