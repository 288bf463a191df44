"""A workspace whose people are known by heart, without looking at any picture: faces are points."""

from __future__ import annotations

from typing import Any

from made_faces import RED, face
from making import Mill

from tools.mill.tool import Result, Row

PLACES = {0: face(0.0), 1: face(0.1), 2: face(0.2), 3: face(1.0), 4: face(1.1), 5: face(2.0)}
"""The face of each of six photographs: one person three times, one twice, one once."""


def stocked(mill: Mill) -> Mill:
    """Six photographs that have been looked through up to embed; two videos that are none."""
    mill.put(*(f"{number}.jpg" for number in PLACES), folder="00_raw_photos")
    mill.run("intake")
    mill.run("extract", mill.frames(1))
    mill.run("detect", lambda row: Result() if _number(mill, row) is None else mill.persons((0, 0, 200, 600))(row))
    mill.run("embed", lambda row: Result(measures=_measured(_number(mill, row))))
    return mill


def recognised(mill: Mill, identity: str) -> Mill:
    """As `stocked`, and the three photographs of one person are recognised by reference photos; nobody said a word."""
    stocked(mill)

    def answer(row: Row) -> Result:
        number = _number(mill, row)
        assert number is not None
        cluster = 1 if number < 3 else 2 if number < 5 else 3
        known = {"identity": identity, "distance": 0.3} if cluster == 1 else {"distance": 0.55}
        return Result(measures={"cluster": cluster, "track": row["address"], "unwanted": 0, **known})

    mill.run("match", answer)
    return mill


def _number(mill: Mill, row: Row) -> int | None:
    """The number of the photograph that an item comes from, None of a video."""
    source = str(row["address"]).split("/")[0]
    (shown,) = mill.db.execute(
        "select shown from file join item on item.id = file.item_id where item.address = ?", (source,)
    ).fetchone()
    return int(shown[0]) if str(shown).endswith(".jpg") else None


def _measured(number: int | None) -> dict[str, Any]:
    assert number is not None
    return {"embedding": PLACES[number].astype("<f4").tobytes(), "face_height_px": 100.0, "colours": RED}


def persons(mill: Mill) -> dict[int, int]:
    """The id of the person of each photograph."""
    rows = mill.db.execute("select id, address from item where kind = 'person' and newest order by id").fetchall()
    return dict(sorted((_number(mill, row) or 0, int(row["id"])) for row in rows))
