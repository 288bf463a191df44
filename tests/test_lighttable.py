"""The light table's pages, pictures and decisions, asked through Datasette's own client."""

from __future__ import annotations

import io
import math
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from browsing import serving
from lighting import Visitor, paint, rows, tiles
from manifest_filled import filled
from PIL import Image
from workspaces import ROOT, environment

from tools.care.strays import strays
from tools.lighttable import counted, sets, writes
from tools.lighttable.asked import Query, Range
from tools.lighttable.pages import all_pages
from tools.lighttable.pages.item import gauge
from tools.lighttable.pages.overview import steps
from tools.mill.manifest import connect
from tools.mill.settings import UsageError
from tools.report.story import Check
from tools.review import listening


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Visitor]:
    base = filled(tmp_path)
    paint(base)
    visitor = Visitor(base)
    yield visitor
    visitor.close()


# --- pages ---


def test_every_page_has_its_own_word() -> None:
    words = [page.word for page in all_pages()]
    assert len(words) == len(set(words))
    assert {"overview", "gallery", "item", "picture", "decide"} <= set(words)
    assert [page.word for page in all_pages() if page.title][:3] == ["overview", "final", "gallery"]


def test_the_overview_counts_what_the_funnel_counts(table: Visitor) -> None:
    html = table.ask("/").text
    for tool, kind, inputs in rows(table.base, "select tool, kind, inputs from funnel where inputs"):
        assert re.search(rf"<b>{tool}</b>.*?{kind}</td><td class=\"num\">{inputs}</td>", html, re.DOTALL), (tool, kind)
    assert "dance.mp4" in html
    assert table.ask("/-/overview").text == html


def test_a_bar_is_shared_out_among_what_became_of_it() -> None:
    row = {"stage": 4, "tool": "score", "dataset": "", "kind": "cutout", "inputs": 8}
    wide = {"stage": 1, "tool": "extract", "dataset": "", "kind": "frame", "inputs": 16}
    counts = {"ok": 4, "rejected": 2, "failed": 0, "waiting": 2, "seconds": 1.0}
    why = {"tool": "score", "dataset": "", "kind": "cutout", "reason": "blurry", "n": 2, "share": 0.5}
    _, bar = steps([{**wide, **counts}, {**row, **counts}], [why])
    assert [(part["state"], part["n"], part["share"]) for part in bar["parts"]] == [
        ("in", 4, "25.000"),
        ("out", 2, "12.500"),
        ("waiting", 2, "12.500"),
    ]
    assert bar["reasons"][0]["address"] == "/-/gallery?set=score%3Acutout&reason=blurry"


def test_the_gallery_shows_what_its_address_asks_for(table: Visitor) -> None:
    assert tiles(table.ask("/-/gallery").text) == [(21, "in", ""), (23, "in", ""), (24, "out", ""), (25, "in", "")]
    assert tiles(table.ask("/-/gallery?set=score:cutout&state=out").text) == [(24, "out", "")]
    assert tiles(table.ask("/-/gallery?set=score:cutout&per=2&page=2").text) == [(24, "out", ""), (25, "in", "")]
    assert "Nothing matches these filters." in table.ask("/-/gallery?set=score:cutout&reason=nonsense").text


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("set=score:video", 404, "There is no set score:video."),
        ("range=sharpness", 404, "sharpness is no range. Write name:least:most, as in sharpness:0.2:0.4."),
        ("range=sharpness:a:b", 404, "sharpness:a:b is no range."),
        ("sort=beauty", 404, "score:cutout has no measurement beauty."),
        ("page=0&per=0", 200, ""),
        ("page=99999999999999999999", 200, ""),
        ("run=x&source=%00&verdict=none&shot=';drop table item", 200, ""),
        ("set=%3Cscript%3Ealert(1)%3C/script%3E", 404, "There is no set &lt;script&gt;alert(1)&lt;/script&gt;."),
    ],
)
def test_a_strange_address_is_a_sentence(table: Visitor, query: str, status: int, sentence: str) -> None:
    answer = table.ask(f"/-/gallery?{query}")
    assert answer.status_code == status
    assert sentence in answer.text


def test_an_item_is_explained(table: Visitor) -> None:
    html = table.ask("/-/item/24").text
    assert "It is out." in html
    assert re.search(r"<b>blurry</b>", html)
    for above in (1, 12, 19):
        assert f'href="/-/item/{above}"' in html
    assert "min_sharpness under [score]" in html
    assert "There is no item 999 in this workspace." in table.ask("/-/item/999").text


def test_every_item_has_its_page(table: Visitor) -> None:
    for (item,) in rows(table.base, "select id from item"):
        answer = table.ask(f"/-/item/{item}")
        assert answer.status_code == 200, (item, answer.text)
        assert table.ask(f"/-/picture/{item}/256").status_code == 200, item


@pytest.mark.parametrize(
    ("value", "op", "bound", "places"),
    [(0.3, "<", 0.4, (30.0, 40.0, 40.0, 100.0)), (5.0, ">", 10.0, (33.33, 66.67, 0.0, 66.67))],
)
def test_a_gauge_shows_the_side_that_passes(value: float, op: str, bound: float, places: tuple[float, ...]) -> None:
    found = gauge(Check("blurry", "sharpness", value, op, bound, "score.min_sharpness", False))
    assert (found.value, found.bound, found.good_from, found.good_to) == places


def test_queries_are_datasettes(table: Visitor) -> None:
    assert "Sharpness: its percentiles over all cutouts" in table.ask("/manifest/sharpness").text
    assert table.ask("/manifest/reasons.json?_shape=array").json()
    assert table.ask("/manifest/item/24.json").json()["rows"][0][0] == 24


def test_an_answer_leads_to_its_items_and_comes_before_its_sql_which_is_folded(table: Visitor) -> None:
    html = table.ask("/manifest/rejected?tool=score").text
    (item,) = rows(table.base, "select item_id from outcome where reason = 'blurry' and latest")[0]
    assert f'<a class="shown" href="/-/item/{item}">{item}</a>' in html
    assert html.index('class="rows-and-columns"') < html.index('<details class="folded"><summary>The question in SQL')
    assert html.count("<pre") == 1
    assert 'name="tool"' in html
    assert table.ask("/manifest/rejected.json?tool=score&_shape=array").json()[0]["item_id"] == item
    final = table.ask("/manifest/package").text
    (composite,) = rows(table.base, "select composite_id from final")[0]
    assert f'<a class="shown" href="/-/item/{composite}">{composite}</a>' in final


# --- pictures ---


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/manifest", 200, "Queries"),
        ("/manifest/caption", 200, "rows-and-columns"),
        ("/manifest/caption/1", 404, "There is no such page."),
        ("/manifest?sql=select+'<b>'", 200, "&lt;b&gt;"),
        ("/manifest/failures_by_stage", 200, "select"),
        ("/nothing", 404, "There is no such page."),
    ],
)
def test_datasettes_own_pages_have_our_frame(table: Visitor, path: str, status: int, text: str) -> None:
    answer = table.ask(path)
    assert answer.status_code == status
    assert text in answer.text
    assert '<header class="bar">' in answer.text
    assert "/-/static/app.css" not in answer.text
    assert "<b>" not in answer.text


def test_a_thumbnail_is_made_once_and_kept_by_its_version(table: Visitor) -> None:
    version = rows(table.base, "select version from item where id = 24")[0][0]
    first = table.ask(f"/-/picture/24/96?v={version}")
    image = Image.open(io.BytesIO(first.content))
    assert (image.size, image.mode, first.headers["content-type"]) == ((66, 96), "RGBA", "image/webp")
    assert image.getpixel((1, 1))[3] == 0
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    kept = [path for path in (table.base / "cache" / "thumbs").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [first.content]
    kept[0].write_bytes(b"RIFF kept")
    assert table.ask("/-/picture/24/96").content == b"RIFF kept"
    again = table.ask("/-/picture/24/96", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert table.ask("/-/picture/24/96?v=old").headers["cache-control"] == "private, no-cache"


def test_thumbnails_are_nobodys_stray_files(table: Visitor) -> None:
    assert table.ask("/-/picture/24/96").status_code == 200
    db = connect(table.base)
    found, unsure = strays(db, table.base)
    assert [fault.path for fault in found if fault.path.startswith(b"cache")] == []
    assert unsure == []
    db.close()


def test_opaque_pictures_are_jpeg_and_the_whole_one_is_the_file(table: Visitor) -> None:
    frame = table.ask("/-/picture/12/256")
    assert (frame.headers["content-type"], Image.open(io.BytesIO(frame.content)).size) == ("image/jpeg", (256, 144))
    path = rows(table.base, "select path from item where id = 24")[0][0]
    assert table.ask("/-/picture/24/full").content == (table.base / path).read_bytes()


def test_a_source_is_shown_by_its_file_or_the_frame_in_its_middle(table: Visitor) -> None:
    assert Image.open(io.BytesIO(table.ask("/-/picture/4/256").content)).size == (256, 144)
    middle = table.ask("/-/picture/1/256").content
    assert middle in [table.ask(f"/-/picture/{frame}/256").content for frame in (9, 10)]
    nothing = table.ask("/-/picture/2/256")
    assert (nothing.status_code, nothing.headers["content-type"]) == (200, "image/svg+xml")


def test_a_broken_file_is_no_picture_and_a_full_disk_no_fault(table: Visitor) -> None:
    path = table.base / rows(table.base, "select path from item where id = 23")[0][0]
    path.write_bytes(b"RIFFxxxxWEBP")
    assert table.ask("/-/picture/23/256").status_code == 404
    (table.base / "cache").write_text("no folder")
    assert table.ask("/-/picture/24/256").status_code == 200


def test_counts_are_kept_while_a_run_is_at_work_until_something_is_decided(
    table: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "FRESH_S", 1000.0)
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update run set status = 'running' where id = (select max(id) from run)")
    assert "<b>0</b> of 4 reviewed" in table.ask("/-/gallery").text.replace(' id="reviewed"', "")
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update outcome set latest = 0 where item_id = 23")
    assert "of 4 reviewed" in table.ask("/-/gallery").text
    writes.decide(table.base, "keep", [24])
    assert "<b>1</b> of 3 reviewed" in table.ask("/-/gallery").text.replace(' id="reviewed"', "")


def test_nothing_old_is_shown_while_no_run_is_at_work(table: Visitor) -> None:
    assert "of 4 reviewed" in table.ask("/-/gallery").text
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update outcome set latest = 0 where item_id = 23")
    assert "of 3 reviewed" in table.ask("/-/gallery").text


@pytest.mark.parametrize("most", [0, 50])
def test_counts_brought_up_to_date_are_those_counted_anew(
    table: Visitor, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(counted, "MOST_SOURCES", most)
    with closing(connect(table.base)) as db:
        narrow = Query("score:cutout", ranges=(Range("sharpness", 0.5, math.inf),))
        queries = [*(Query(one.word) for one in sets.all_sets(db)), narrow]

        def remembered() -> list[object]:
            there = sets.all_sets(db)
            found: list[object] = [there]
            for query in (query for query in queries if query.set in {one.word for one in there}):
                one = counted.chosen_set(table.desk, db, there, query.set)
                assert one
                found += [one, sorted(counted.cube(table.desk, db, one, query))]
            return found

        def anew() -> list[object]:
            there = sets.all_sets(db)
            found: list[object] = [there]
            for query in (query for query in queries if query.set in {one.word for one in there}):
                one = sets.chosen_set(db, there, query.set)
                assert one
                found += [one, sorted(sets.cube(db, one, query))]
            return found

        first = remembered()
        words = []
        for verdict, ids in (("reject", [1]), ("keep", [24]), ("pin", [21, 25]), ("reject", [23, 25])):
            words.append(writes.decide(table.base, verdict, ids).words)
            assert remembered() == anew() != first
        writes.clear(table.base, [24])
        assert remembered() == anew()
        for word in words[:1] + words[2:]:
            writes.take_back(table.base, word)
            assert remembered() == anew()
        assert remembered() == first


def test_while_a_run_is_at_work_the_numbers_say_how_old_they_may_be(table: Visitor) -> None:
    sentence = "A run is at work: these numbers are at most 5 seconds old."
    assert sentence not in table.ask("/-/gallery").text
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update run set status = 'running' where id = (select max(id) from run)")
    assert sentence in table.ask("/-/gallery").text


def test_counts_of_while_a_run_was_at_work_are_not_brought_up_to_date(table: Visitor) -> None:
    """A run decides again by another limit and leaves no row: what was counted before that is no ground to stand on."""
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update run set status = 'running' where id = (select max(id) from run)")
    assert "of 4 reviewed" in table.ask("/-/gallery").text
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update outcome set latest = 0 where item_id = 25")
    writes.decide(table.base, "keep", [24])
    assert "<b>1</b> of 3 reviewed" in table.ask("/-/gallery").text.replace(' id="reviewed"', "")


def test_counts_are_not_brought_up_to_date_over_what_a_tool_did(table: Visitor) -> None:
    assert "of 4 reviewed" in table.ask("/-/gallery").text
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update outcome set latest = 0 where item_id = 25")
        db.execute("insert into audit (at, actor, action, why) values ('2024', 'x', 'superseded_removed', 'x')")
    writes.decide(table.base, "keep", [24])
    assert "<b>1</b> of 3 reviewed" in table.ask("/-/gallery").text.replace(' id="reviewed"', "")


# --- the command ---


def run(*words: str) -> subprocess.CompletedProcess[str]:
    own = environment(PYTHONPATH=str(ROOT))
    return subprocess.run(
        [sys.executable, "-m", "tools.review", *words], env=own, capture_output=True, text=True, timeout=60, check=False
    )


def test_without_a_manifest_it_says_what_to_do(tmp_path: Path) -> None:
    done = run("--base", str(tmp_path), "--no-open")
    folder = tmp_path / "00_raw_videos"
    sentence = (
        f"{tmp_path / 'manifest.db'} does not exist. Mend BASE, or put footage into {folder} and type `make all`."
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"Error: {sentence}\n")


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    base = filled(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("--base", str(base), "--port", str(port), "--no-open")
    assert done.returncode == 2
    assert done.stderr == (
        f"Error: Port {port} is in use, perhaps by a light table that is open already. End that one with Ctrl-C, or "
        f"take another port: make review BASE={base} PORT={port + 1}.\n"
    )


def test_of_two_tables_opened_at_once_one_gets_the_port(tmp_path: Path) -> None:
    """Both have looked for the port before either listens with uvicorn: the second is refused, not broken."""
    with listening(tmp_path, 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            UsageError, match=f"^Port {port} is in use.* make review BASE={tmp_path} PORT={port + 1}\\.$"
        ):
            listening(tmp_path, port)


def test_it_prints_a_link_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with serving(filled(tmp_path)) as link:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/-/sign-in\?token=[\w-]{32}", link)
