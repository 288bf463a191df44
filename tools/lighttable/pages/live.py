"""Live: what is at work and which moment it is, as JSON, for the pages that are looked at."""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette.utils.asgi import Request, Response

from tools.lighttable.desk import Desk, Page
from tools.lighttable.live import moment
from tools.lighttable.pages.overview import at_work


async def show(desk: Desk, _request: Request) -> Response:
    """`{moment: {word: text}, running: [run]}`; a run as in `/-/overview/running`."""

    def found(db: sqlite3.Connection) -> dict[str, Any]:
        return {"moment": moment(db, desk.base), "running": at_work(desk, db)}

    return desk.json(await desk.read(found))


PAGE = Page("live", "", 0, {"": show})
