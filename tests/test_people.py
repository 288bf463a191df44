"""make people: who there is, as a table and on a contact sheet."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from albums import persons, stocked
from asking import ask
from making import Mill
from PIL import Image
from skimage import data

from tools import status
from tools.decide import decide
from tools.mill.manifest import sql
from tools.mill.words import command
from tools.name import name
from tools.people import State, main, table, tell

Run = Callable[..., Any]


@pytest.fixture
def album(mill: Mill, run_tool: Run) -> Mill:
    stocked(mill)
    run_tool(mill.base, "match")
    return mill


def listed(mill: Mill) -> list[dict[str, Any]]:
    return [dict(row) for row in mill.db.execute(sql("people/list"))]


def test_the_list_counts_images_sources_and_the_unsure(album: Mill, run_tool: Run) -> None:
    assert [(row["cluster"], row["name"], row["images"], row["sources"], row["unsure"]) for row in listed(album)] == [
        (1, None, 3, 3, 0),
        (2, None, 2, 2, 0),
        (3, None, 1, 1, 0),
    ]
    name(album.base, 1, "emma")
    run_tool(album.base, "match", options={"max_distance": -1})  # whoever has a distance is unsure
    assert [(row["name"], row["unsure"]) for row in listed(album)] == [(None, 3), (None, 0), (None, 0)]
    run_tool(album.base, "match")
    assert [(row["name"], row["unsure"]) for row in listed(album)] == [("emma", 0), (None, 0), (None, 0)]


def test_the_table_has_those_without_a_face_last() -> None:
    row = {"name": "emma", "images": 2, "sources": 1, "unsure": 0}
    found = table([row | {"cluster": 1}, row | {"cluster": None, "name": None}])
    assert found.columns == ("cluster", "name", "images", "sources", "unsure")
    assert found.rows == [[1, "emma", 2, 1, 0], ["no face", None, 2, 1, 0]]


def test_what_to_type_next_is_told() -> None:
    row = {"cluster": 1, "name": None, "images": 2, "sources": 1, "unsure": 0}
    assert list(tell(Path("data"), [row], [""], State()))[2:] == [
        "Pictures: data/sheets/people.jpg",
        "Name somebody: make name CLUSTER=1 AS=NAME",
        'Then say in config.toml whom a dataset is about: [dataset.NAME] subject = "NAME"',
    ]
    assert list(tell(Path("data"), [row | {"name": "emma"}], ["emma"], State()))[2:] == [
        "Pictures: data/sheets/people.jpg"
    ]
    many = [row | {"cluster": number} for number in range(1, 62)]
    assert "Pictures: data/sheets/people.jpg (the first 60; 1 more have fewer images)" in list(
        tell(Path("data"), many, ["emma"], State())
    )
    assert list(tell(Path("data"), [], [""], State())) == [
        "Nobody whose face shows was found yet. make stage2 looks for people."
    ]


def test_the_status_tells_how_many_people_there_are_and_what_to_say(album: Mill, run_tool: Run) -> None:
    told = ask(status.main, album.base)[0]
    assert "People: 3, with images: cluster 1 3, cluster 2 2, cluster 3 1. See them: make people BASE=" in told
    assert "Dataset default takes everybody. To make it about one: make name BASE=" in told
    assert 'CLUSTER=1 AS=NAME, then [dataset.default] subject = "NAME" in' in told
    (album.base / "config.toml").write_text('[dataset.one]\nsubject = "emma"\n')
    name(album.base, 1, "emma")
    run_tool(album.base, "match")
    told = ask(status.main, album.base)[0]
    assert "People: 3, with images: emma 3, cluster 2 2, cluster 3 1." in told
    assert "takes everybody" not in told


def test_what_was_said_since_is_told_until_it_is_obeyed(album: Mill, run_tool: Run) -> None:
    sentence = f"Names were given or taken back since these people were put together: {command(album.base, 'stage2')} "

    def told() -> bool:
        return f"\n{sentence}obeys.\n" in ask(main, album.base)[0]

    assert not told()
    name(album.base, 1, "emma")
    assert told()
    run_tool(album.base, "match")
    assert not told()
    decide(album.base, "undo", [str(persons(album)[1])], "", "")
    assert told()
    run_tool(album.base, "match")
    assert not told()


def test_a_lost_picture_is_left_out_and_told(album: Mill) -> None:
    """Of six faces the files are made here, but for one that is lost and one that is torn."""
    paths = [row[0] for row in album.db.execute("select path from item where kind = 'person' and newest order by id")]
    for path in paths:
        (album.base / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 600), "white").save(album.base / path, "PNG")
    album.db.execute("update person set face_x0_px = 50, face_y0_px = 50, face_x1_px = 150, face_y1_px = 150")
    assert "not on the sheet" not in ask(main, album.base)[0]
    (album.base / paths[0]).unlink()
    assert (
        f"\n1 picture is lost and not on the sheet: {command(album.base, 'verify', REPAIR='1')}\n"
        in (ask(main, album.base)[0])
    )
    (album.base / paths[3]).write_bytes(b"torn")
    assert (
        f"\n2 pictures are lost and not on the sheet: {command(album.base, 'verify', REPAIR='1')}\n"
        in (ask(main, album.base)[0])
    )
    assert json.loads(ask(main, album.base, "--json")[0])["lost"] == 2


def test_one_person_is_no_question(workspace: Path, run_tool: Run) -> None:
    """On a real photograph: the sheet shows her face."""
    Image.fromarray(data.astronaut()).save(workspace / "00_raw_photos" / "astronaut.png")
    for tool in ("intake", "extract", "detect", "embed", "match"):
        run_tool(workspace, tool)
    assert "takes everybody" not in ask(status.main, workspace)[0]
    found = json.loads(ask(main, workspace, "--json")[0])
    assert [(row["cluster"], row["images"]) for row in found["people"]] == [(1, 1)]
    sheet = Image.open(found["sheet"])
    assert sheet.format == "JPEG"
    tile = sheet.crop((10, 60, 170, 230)).convert("RGB")
    red, _, blue = (sum(band.getdata()) for band in tile.split())
    assert red > blue  # skin and an orange suit on the dark page
    shutil.rmtree(workspace / "sheets")
    ask(main, workspace)
    assert (workspace / "sheets" / "people.jpg").is_file()
