"""Deciding: keep, reject, pin, clear and undo as any page sends them, one image or all that match."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lighting import OWN, Visitor, rows, tiles
from making import Mill
from manifest_filled import filled
from workspaces import ROOT, environment

from tools.lighttable import naming, writes
from tools.mill import settle
from tools.mill.manifest import connect, sql, transaction
from tools.mill.settings import UsageError


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Visitor]:
    visitor = Visitor(filled(tmp_path))
    yield visitor
    visitor.close()


def standing(base: Path) -> list[tuple[object, ...]]:
    return rows(
        base,
        """select verdict, item_id, dataset, note from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def test_a_decision_is_a_row_and_obeyed(table: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILL_ACTOR", "ann")
    told = table.post("/-/decide/write", {"verdict": "keep", "ids": [24], "set": "score:cutout", "why": "fine"}).json()
    assert told["fates"] == {"24": {"id": 24, "state": "in", "reason": "", "verdict": "keep"}}
    row = rows(table.base, "select uid, verdict, kind, item_id, dataset, note, actor from decision")
    assert row == [(told["words"][0], "keep", "cutout", 24, "", "fine", "ann")]
    assert tiles(table.ask("/-/gallery?set=score:cutout&verdict=keep").text) == [(24, "in", "keep")]
    undone = table.post("/-/decide/undo", {"words": told["words"], "set": "score:cutout"}).json()
    assert undone["fates"]["24"] == {"id": 24, "state": "out", "reason": "blurry", "verdict": ""}
    assert table.post("/-/decide/undo", {"words": told["words"]}).json() == {"gone": True}


def test_of_several_those_that_cannot_obey_are_named_and_nothing_is_written(table: Visitor) -> None:
    wanted = {"verdict": "keep", "ids": [24, 23, 21], "set": "score:cutout"}
    told = table.post("/-/decide/write", wanted).json()
    assert told["refused"] == [23]
    assert told["why"].startswith("cutout 23 cannot be kept: same_moment")
    assert rows(table.base, "select * from decision") == []
    assert table.post("/-/decide/write", {**wanted, "except": [23]}).json()["ids"] == [24, 21]
    assert rows(table.base, "select verdict, item_id from decision") == [("keep", 24), ("keep", 21)]


def test_all_that_match_but_some(table: Visitor) -> None:
    said = {"verdict": "pin", "all": "?set=score:cutout&state=in", "set": "score:cutout", "expected": 3}
    assert table.post("/-/decide/write", {**said, "except": [23]}).json()["ids"] == [21, 25]


def test_all_that_match_need_their_number(table: Visitor) -> None:
    said = {"verdict": "pin", "all": "?set=score:cutout&state=in", "set": "score:cutout"}
    wrong = table.post("/-/decide/write", {**said, "expected": 4})
    assert wrong.json()["error"].startswith("3 images match now, not the number you confirmed.")
    assert rows(table.base, "select count(*) from decision") == [(0,)]
    assert table.post("/-/decide/write", {**said, "expected": 3}).json()["ids"] == [21, 23, 25]


def test_clear_takes_back_what_was_said_of_the_image_itself(table: Visitor) -> None:
    writes.decide(table.base, "reject", [21, 24], why="x")
    writes.decide(table.base, "keep", [24])
    told = table.post("/-/decide/clear", {"ids": [24, 25], "set": "score:cutout"}).json()
    assert told["ids"] == [24]
    assert standing(table.base) == [("reject", 21, "", "x")]
    assert table.post("/-/decide/undo", {"words": told["words"], "set": "score:cutout"}).json()["ids"] == [24]
    assert standing(table.base) == [("reject", 21, "", "x"), ("reject", 24, "", "x"), ("keep", 24, "", None)]
    assert table.post("/-/decide/undo", {"words": told["words"]}).json() == {"gone": True}
    none = table.post("/-/decide/clear", {"ids": [25]}).json()["error"]
    assert none == "There is no decision on this image itself. Its page shows what it obeys."


def test_clear_in_a_datasets_set_leaves_what_was_said_of_other_datasets(table: Visitor) -> None:
    (table.base / "config.toml").write_text("[dataset.default]\n[dataset.other]\n")
    for dataset in ("", "default", "other"):
        writes.decide(table.base, "reject", [21], dataset)
    table.post("/-/decide/clear", {"ids": [21], "set": "select.default:cutout"})
    assert standing(table.base) == [("reject", 21, "other", None)]
    table.post("/-/decide/clear", {"ids": [21], "set": "score:cutout"})
    assert standing(table.base) == []


def test_a_decision_of_many_is_named_by_its_two_ends(table: Visitor) -> None:
    told = table.post("/-/decide/write", {"verdict": "reject", "ids": [12, 13, 14, 21], "why": "x"}).json()
    assert told["words"] == [rows(table.base, f"select uid from decision where id = {n}")[0][0] for n in (1, 4)]
    writes.decide(table.base, "keep", [24])
    writes.clear(table.base, [13])
    assert table.post("/-/decide/undo", {"words": told["words"]}).json()["ids"] == [12, 14, 21]
    assert standing(table.base) == [("keep", 24, "", None)]


def test_what_one_word_said_together_is_said_again_together(table: Visitor) -> None:
    naming.identify(table.base, [15, 16], "emma")
    naming.identify(table.base, [14], "ida")
    taken = naming.forget(table.base, [15], expected=2)
    assert standing(table.base) == [("identity", 14, "", None)]
    table.post("/-/decide/undo", {"words": taken.written.span})
    question = "select item_id, value, together from decision where id > 5 order by item_id"
    (one, other) = rows(table.base, question)
    assert (one[:2], other[:2]) == ((15, "emma"), (16, "emma"))
    assert one[2]
    assert one[2] == other[2]
    naming.forget(table.base, [16], expected=2)
    assert standing(table.base) == [("identity", 14, "", None)]


def test_all_that_match_are_cleared_where_their_number_is_right(table: Visitor) -> None:
    writes.decide(table.base, "pin", [21, 25])
    asked = {"all": "?set=score:cutout&state=in&per=1", "set": "score:cutout"}
    wrong = table.post("/-/decide/clear", {**asked, "expected": 4})
    assert wrong.json()["error"].startswith("3 images match now, not the number you confirmed.")
    assert table.post("/-/decide/clear", {**asked, "expected": 3}).json()["ids"] == [21, 25]


def test_a_keep_that_only_a_pin_could_do_says_so_and_writes_nothing(table: Visitor) -> None:
    told = table.post("/-/decide/write", {"verdict": "keep", "ids": [23]}).json()
    assert list(told) == ["pin"]
    assert told["pin"].startswith("cutout 23 cannot be kept: ")
    assert told["pin"].endswith(" A keep only overrides limits.")
    assert rows(table.base, "select * from decision") == []


def test_what_it_settles_is_what_a_command_settles(table: Visitor) -> None:
    """What one decision can change is settled alone; settling everything finds nothing more."""
    question = "select id, passed, live, decision_id from outcome order by id"
    seen = [rows(table.base, question)]
    acts = [
        lambda: writes.decide(table.base, "reject", [12]),
        lambda: writes.decide(table.base, "keep", [24]),
        lambda: writes.decide(table.base, "reject", [1], "default"),
        lambda: writes.clear(table.base, [12]),
        lambda: writes.decide(table.base, "reject", [4, 21]),
        lambda: writes.decide(table.base, "pin", [21]),
        lambda: writes.clear(table.base, [1, 4, 24]),
    ]
    for act in acts:
        act()
        found = rows(table.base, question)
        assert found != seen[-1]
        db = connect(table.base)
        with transaction(db):
            settle.settle(db)
        db.close()
        assert rows(table.base, question) == found
        seen.append(found)


def test_a_dataset_that_is_none_is_an_error(table: Visitor) -> None:
    with pytest.raises(UsageError, match=r"^There is no dataset nobody\.$"):
        writes.decide(table.base, "reject", [21], "nobody")


def test_a_pipeline_and_a_reviewer_write_at_the_same_time(table: Visitor) -> None:
    """Another process holds the lock for a second; the decision waits for it, and neither is lost."""
    code = (
        "import sys, time; from pathlib import Path; from tools.mill.manifest import *\n"
        "db = connect(Path(sys.argv[1]))\n"
        "with transaction(db): set_meta(db, 'run', '1'); print('held', flush=True); time.sleep(1)"
    )
    words = [sys.executable, "-c", code, str(table.base)]
    with subprocess.Popen(words, env=environment(PYTHONPATH=str(ROOT)), stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        assert tiles(table.ask("/-/gallery").text)
        assert table.post("/-/decide/write", {"verdict": "pin", "ids": [21]}).status_code == 200
        assert other.wait(timeout=20) == 0
    assert rows(table.base, "select value from meta where key = 'run'") == [("1",)]
    assert rows(table.base, "select verdict, item_id from decision") == [("pin", 21)]


@pytest.mark.parametrize(
    ("path", "said", "sentence"),
    [
        ("decide/write", {"verdict": "reject", "ids": [21], "why": "\ud800"}, "why is to be a text of at most 2,000"),
        ("decide/undo", {"words": ["x"]}, "There is nothing to undo."),
        ("final/clear", {"dataset": "nope", "ids": [21]}, "There is no dataset nope. Nothing was written."),
        ("people/move", {"like": 21, "expected": 0, "name": "x"}, "Nobody waits who is like it. Load the page again;"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(table: Visitor, path: str, said: object, sentence: str) -> None:
    answer = table.post(f"/-/{path}", said)
    assert (answer.status_code, answer.json()["error"][: len(sentence)]) == (400, sentence)
    assert rows(table.base, "select * from decision") == []


def test_a_number_too_long_for_any_is_a_sentence(table: Visitor) -> None:
    answer = table.ask("/-/decide/write", "POST", OWN, content=b'{"ids": [' + b"9" * 5000 + b"]}")
    assert (answer.status_code, answer.json()["error"]) == (400, "A JSON object was expected. Nothing was written.")
    assert table.ask(f"/-/gallery?set=score:cutout&run={'9' * 30}").status_code == 200


def test_a_packaged_image_and_its_text_stand_for_their_cutout(table: Visitor) -> None:
    """As `make reject` has it: so that the next best takes its place."""
    images = dict(rows(table.base, "select item_id, caption_id from package_item order by item_id"))
    (image, text), *_ = images.items()
    cutout = rows(table.base, "select parent_id from item where id = ?", image)[0][0]
    for pointed_at in (image, text):
        told = table.post("/-/decide/write", {"verdict": "reject", "ids": [pointed_at], "why": "x"}).json()
        assert told["ids"] == [pointed_at]
        assert standing(table.base) == [("reject", cutout, "default", "x")]
        live = "select count(*) from outcome where item_id = ? and latest and live"
        assert rows(table.base, live, image) == [(0,)]
        assert table.post("/-/decide/clear", {"ids": [pointed_at]}).json()["ids"] == [pointed_at]
        assert standing(table.base) == []
        assert rows(table.base, live, image)[0][0] > 0


def test_clear_finds_a_decision_that_came_from_another_address(mill: Mill) -> None:
    mill.run_all()
    mill.decide("reject", mill.ids("person")[0])
    mill.run("detect", mill.persons((0.0, 0.0, 100.0, 150.0)), version=mill.versions["detect"] + 1)
    mill.run_all()
    here = mill.ids("person")[0]
    assert rows(mill.base, "select count(*) from decision join item using (kind, address) where item.newest") == [(0,)]
    assert writes.clear(mill.base, [here]).ids == [here]
    assert standing(mill.base) == []


def test_a_source_has_the_name_that_footage_gave_it(tmp_path: Path) -> None:
    """A photo whose bytes also lie among the references."""
    base = filled(tmp_path)
    with sqlite3.connect(base / "manifest.db") as db:
        photo = "(select id from item where kind = 'photo')"
        columns = "address, version, path, sha256, made, newest, created_at, step_id"
        db.execute(f"insert into item (kind, {columns}) select 'reference', {columns} from item where id = {photo}")
        db.execute(f"update item set path = 'b' where id = {photo}")
        db.execute("update item set path = 'a' where kind = 'reference'")
        address = db.execute(f"select address from item where id = {photo}").fetchone()
        names = dict(db.execute(sql("pages/gallery.names"), {"addresses": json.dumps(address)}).fetchall())
    assert names == {address[0]: "portrait.jpg"}
