"""The captions page: what is shown and what is written, through Datasette's own client."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from caption_pages import EVIL, TEXT, change, lines, prepared, said, write
from lighting import Visitor, rows, unsay
from manifest_filled import filled

from tools.lighttable import caption_asked
from tools.lighttable.caption_asked import Wanted
from tools.mill.manifest import sql


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("captioned"))


@pytest.fixture(autouse=True)
def _unsaid(base: Path) -> Iterator[None]:
    yield
    unsay(base)


@pytest.fixture(scope="module")
def visitor(base: Path) -> Iterator[Visitor]:
    visitor = Visitor(base)
    yield visitor
    visitor.close()


# --- what is shown ---


def test_each_chosen_image_stands_beside_its_text(visitor: Visitor) -> None:
    page = visitor.ask("/-/captions")
    assert page.status_code == 200
    assert page.text.count('class="cap"') == 2
    assert page.text.count(f">{TEXT}</textarea>") == 2
    assert "It is the text of 2 images." in page.text


@pytest.mark.parametrize(
    ("status", "reason", "detail", "told"),
    [
        ("rejected", "caption_refused", "I cannot.", "No caption: refused."),
        ("rejected", "caption_truncated", "It breaks off.", "No caption: truncated."),
        ("rejected", "caption_empty", "Nothing came.", "No caption: empty."),
        ("failed", "error", "TimeoutError: no answer", "No caption: failed."),
        ("ok", None, None, "No caption: waiting."),
    ],
)
def test_a_missing_caption_comes_first_with_its_reason(
    tmp_path: Path, status: str, reason: str | None, detail: str | None, told: str
) -> None:
    base = filled(tmp_path)
    change(base, "update item set newest = 0 where kind = 'caption' and parent_id = 25")
    step = "(select id from step where tool = 'caption')"
    change(
        base,
        f"update outcome set status = ?, reason = ?, detail = ?, passed = 0 where item_id = 25 and step_id = {step}",
        *(status, reason, detail),
    )
    visitor = Visitor(base)
    try:
        page = visitor.ask("/-/captions").text
        assert page.index('id="l-default-25"') < page.index('id="l-default-21"')
        assert told in page
        assert detail is None or detail in page
        assert "1 missing" in page
        answer = write(visitor, (25, "", "emma, written by hand"))
        assert answer.status_code == 200, answer.text
        page = visitor.ask("/-/captions?check=missing").text
        assert "No text matches" in page
    finally:
        visitor.close()


def test_a_rejected_text_is_missing_and_can_be_taken_over(tmp_path: Path) -> None:
    base = filled(tmp_path)
    change(
        base,
        "update outcome set status = 'rejected', reason = 'caption_invalid', detail = '2 words', passed = 0 "
        "where kind = 'caption' and item_id = (select id from item where kind = 'caption' and parent_id = 21)",
    )
    missing, other = sorted(lines(base), key=lambda line: not line.reason)
    assert (missing.id, missing.reason, missing.detail, missing.text) == (21, "caption_invalid", "2 words", TEXT)
    assert missing.checks == ("missing",)
    assert other.checks == ("fine",)  # a text that is not in use repeats nothing


@pytest.mark.parametrize("earlier", [True, False])
def test_what_was_taken_back_after_a_run_shows_the_text_that_stood_before(tmp_path: Path, earlier: bool) -> None:
    base = filled(tmp_path)
    if earlier:
        change(
            base,
            """insert into item (kind, address, version, parent_id, step_id, made, newest, created_at)
            select kind, address, 'before', parent_id, step_id, 0, 0, created_at from item
            where kind = 'caption' and parent_id = 21""",
        )
        change(
            base,
            """insert into caption (item_id, dataset, text, author, engine, prompt_version, words)
            select id, 'default', 'emma, as before', 'template', '', '', 3 from item where version = 'before'""",
        )
    newest = "select id from item where kind = 'caption' and parent_id = 21 and newest"
    change(base, f"update caption set author = 'person', text = 'emma, by hand' where item_id = ({newest})")
    (line,) = (line for line in lines(base) if line.id == 21)
    assert (line.text, line.author, line.waits) == ("emma, as before" if earlier else "", "", True)
    assert line.checks == (("waits",) if earlier else ("missing", "waits"))


def test_hostile_texts_are_plain_text(tmp_path: Path) -> None:
    base = filled(tmp_path)
    change(base, "update caption set text = ?, prose = ?, tags = ?, doubts = ?", EVIL, EVIL, EVIL, json.dumps([EVIL]))
    change(base, "update file set shown = ? where id = 1", f"{EVIL}.mp4")
    visitor = Visitor(base)
    try:
        for path in (
            "/-/captions",
            "/-/captions/rows?key=default-21",
            "/-/captions/history/21?dataset=default",
            "/-/captions/preview?find=img&into=%3Cb%3E",
            "/-/captions?q=%3Cscript%3E&word=%3Cimg",
        ):
            page = visitor.ask(path)
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert "<img src=x" not in page.text
            assert "\x07" not in page.text
            assert "\u202e" not in page.text
        assert "\\x07\\n\\u202eend" in visitor.ask("/-/captions").text
        assert lines(base)[0].checks[0] == "unreadable"
    finally:
        visitor.close()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("sort=beauty", "Captions have no order beauty. There are: rank, words"),
        ("length=a:b", "a:b is no length. Write least:most in words, as in 10:40."),
    ],
)
def test_what_there_is_not_is_said(visitor: Visitor, query: str, sentence: str) -> None:
    page = visitor.ask(f"/-/captions?{query}")
    assert page.status_code == 404
    assert sentence in page.text


def test_words_are_counted_as_the_query_counts_them(base: Path, visitor: Visitor) -> None:
    db = sqlite3.connect(base / "manifest.db")
    queried = [(word, n) for _, word, n, _ in db.execute(sql("queries/caption_words"), {"dataset": ""})]
    db.close()
    assert list(caption_asked.find(lines(base), Wanted()).terms) == queried


# --- what is written ---


def test_a_text_is_written_as_the_command_writes_it_and_undone(base: Path, visitor: Visitor) -> None:
    told = write(visitor, (21, TEXT, " emma,  a\tnew\nhat ")).json()
    assert told["ids"] == [21]
    assert told["told"] == ["The caption of cutout 21 in default is yours. The next `make` puts it into the package."]
    assert said(base) == [(21, "emma, a new hat", visitor.desk.reviewer)]
    row = visitor.ask("/-/captions/rows?key=default-21").text
    assert ">emma, a new hat</textarea>" in row
    assert "next make" in row
    other = write(visitor, (21, "emma, a new hat", "emma, another")).json()
    second = said(base)[-1][1]
    assert second == "emma, another"
    assert visitor.post("/-/decide/undo", {"words": other["words"]}).status_code == 200
    assert ">emma, a new hat</textarea>" in visitor.ask("/-/captions/rows?key=default-21").text
    assert visitor.post("/-/decide/undo", {"words": told["words"]}).status_code == 200
    assert f">{TEXT}</textarea>" in visitor.ask("/-/captions/rows?key=default-21").text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The text is empty."),
        (" \n", "The text is empty."),
        ("x" * 2001, "The text has 2001 characters; a caption has at most 2000."),
        ("a\x07b", r"The text holds the sign '\x07', which trainers cannot read."),
    ],
)
def test_what_can_be_no_caption_is_refused_with_the_reason(
    base: Path, visitor: Visitor, text: str, sentence: str
) -> None:
    answer = write(visitor, (25, TEXT, "emma, fine"), (21, TEXT, text))
    assert (answer.status_code, answer.json()["error"]) == (400, f"{sentence} Nothing was written.")
    assert said(base) == []


def test_what_was_written_meanwhile_is_not_written_over(base: Path, visitor: Visitor) -> None:
    write(visitor, (21, TEXT, "emma, by another"))
    answer = write(visitor, (25, TEXT, "emma, mine"), (21, TEXT, "emma, mine"))
    assert answer.status_code == 400
    assert answer.json()["error"] == (
        "Another text was written for cutout 21 meanwhile: emma, by another. Nothing was written."
    )
    assert [text for _, text, _ in said(base)] == ["emma, by another"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Choose between 1 and 2,000 texts. Nothing was written."),
        ({"texts": [1]}, "A text is to be an object. Nothing was written."),
        ({"texts": [{"id": 0}]}, "The images are not named as a list of ids. Nothing was written."),
        ({"texts": [{"id": 21, "dataset": "x"}]}, "There is no dataset x."),
        ({"texts": [{"id": 21, "dataset": 1}]}, "dataset is to be a text of at most 20,000 characters."),
        (
            {"texts": [{"id": 23, "dataset": "default", "text": "emma"}]},
            "Cutout 23 is not chosen for default any more.",
        ),
        ({"texts": [{"id": 21}], "expected": 2}, "1 texts were sent, not the number you confirmed."),
    ],
)
def test_a_request_that_is_wrong_is_refused(base: Path, visitor: Visitor, given: object, sentence: str) -> None:
    answer = visitor.post("/-/captions/save", given)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)
    assert said(base) == []


def test_several_are_one_word_and_one_undo(base: Path, visitor: Visitor) -> None:
    told = write(visitor, (21, TEXT, "emma, one"), (25, TEXT, "emma, two"), expected=2).json()
    assert [row[:2] for row in said(base)] == [(21, "emma, one"), (25, "emma, two")]
    shared = [word for (word,) in rows(base, "select together from decision order by id desc limit 2")]
    assert shared[0] == shared[1] is not None  # `make undo` takes them back as one, too
    assert visitor.post("/-/decide/undo", {"words": told["words"]}).json()["ids"] == [21, 25]
    assert said(base) == []


def test_one_of_several_is_taken_back_alone(base: Path, visitor: Visitor) -> None:
    told = write(visitor, (21, TEXT, "emma, one"), (25, TEXT, "emma, two")).json()
    assert visitor.post("/-/captions/clear", {"dataset": "default", "ids": [21]}).json() == {"ids": [21]}
    assert [row[:2] for row in said(base)] == [(25, "emma, two")]
    answer = visitor.post("/-/captions/clear", {"dataset": "default", "ids": [21]})
    assert answer.json() == {"error": "Nobody wrote this text by hand, so there is none to take back."}
    assert visitor.post("/-/decide/undo", {"words": told["words"]}).json()["ids"] == [25]
    assert said(base) == []


def test_the_history_holds_every_text(visitor: Visitor) -> None:
    told = write(visitor, (21, TEXT, "emma, one")).json()
    visitor.post("/-/decide/undo", {"words": told["words"]})
    write(visitor, (21, TEXT, "emma, two"))
    page = visitor.ask("/-/captions/history/21?dataset=default").text
    places = [page.index(text) for text in ("<p>emma, two</p>", "<p>emma, one</p>", f"<p>{TEXT}</p>")]
    assert places == sorted(places)
    assert page[places[0] : places[1]].count("taken back") == 0
    assert page[places[1] :].count("taken back") >= 1


def test_a_text_that_was_edited_in_the_package_is_in_sight_and_comes_before_a_new_one(tmp_path: Path) -> None:
    base = filled(tmp_path)
    (line, _) = lines(base)
    folder = base / "07_final_training" / "default"
    (folder / "masks").mkdir(parents=True)
    image = {"stem": "one", "cutout": line.address, "width_px": 1, "height_px": 1, "sha256": "", "mask_sha256": ""}
    image["caption_sha256"] = hashlib.sha256(TEXT.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"digest": "d", "images": [image]}), encoding="utf-8")
    for name, text in (
        ("one.png", ""),
        ("masks/one.png", ""),
        ("dataset.toml", "x"),
        ("one.txt", "emma, in an editor\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    visitor = Visitor(base)
    try:
        page = visitor.ask("/-/captions").text
        assert page.count("<dd>emma, in an editor</dd>") == 1
        told = write(visitor, (line.id, TEXT, "emma, at the table")).json()
        assert [row[1] for row in said(base)] == ["emma, in an editor", "emma, at the table"]
        assert "<dd>emma, in an editor</dd>" not in visitor.ask("/-/captions").text
        visitor.post("/-/decide/undo", {"words": told["words"]})
        assert [row[1] for row in said(base)] == ["emma, in an editor"]
    finally:
        visitor.close()


def test_a_preview_writes_nothing_and_shows_each_change(base: Path, visitor: Visitor) -> None:
    page = visitor.ask("/-/captions/preview?find=red&into=%3Cblue%3E&whole=1").text
    assert page.count("<del>red</del><ins>&lt;blue&gt;</ins>") == 2
    assert 'data-n="2"' in page
    assert "Nothing would change in 2 texts." in visitor.ask("/-/captions/preview?find=zzz").text
    assert "Nothing would change in 0 texts." in visitor.ask("/-/captions/preview?find=red&shot=far").text
    assert said(base) == []
