"""The captions page: what is asked and counted, what is written, and reviewing texts in a real browser."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import Visitor, paint, rows
from manifest_filled import filled

from tools.lighttable import caption_asked, caption_replace, caption_rows, captioned, writes
from tools.lighttable.caption_asked import Wanted
from tools.training.targets import target_of

EVIL = '<img src=x onerror="alert(1)">"><script>alert(2)</script>\x07\n\u202eend'
TEXT = "emma, close-up, red coat, soft light"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = filled(tmp_path_factory.mktemp("captioned"))
    (base / "config.toml").write_text('[dataset.default]\ntrigger = "emma"\n', encoding="utf-8")
    paint(base)
    return base


@pytest.fixture(scope="module")
def visitor(base: Path) -> Iterator[Visitor]:
    visitor = Visitor(base)
    yield visitor
    visitor.close()


@pytest.fixture(autouse=True)
def _unsaid(base: Path) -> Iterator[None]:
    """After each test the texts are the captioner's again."""
    yield
    standing = rows(
        base,
        "select uid from decision as said where verdict <> 'undo' "
        "and not exists (select 1 from decision as undo where undo.undoes = said.uid)",
    )
    if standing:
        writes.undo(base, [uid for (uid,) in standing])


def lines(base: Path) -> list[captioned.Line]:
    db = sqlite3.connect(base / "manifest.db")
    db.row_factory = sqlite3.Row
    try:
        return list(caption_rows.read(db, captioned.rules_of(base)))
    finally:
        db.close()


def said(base: Path) -> list[tuple[int, str, str]]:
    """The texts of people that stand: (cut-out, text, actor)."""
    return rows(
        base,
        """select item_id, value, actor from decision as said where verdict = 'caption'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def change(base: Path, question: str, *values: object) -> None:
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute(question, values)
    db.close()


def write(visitor: Visitor, *texts: tuple[int, str, str], **more: object) -> Any:
    """POST texts as (cut-out, what stood before, what is to stand)."""
    given = [{"dataset": "default", "id": item, "before": before, "text": text} for item, before, text in texts]
    return visitor.post("/-/captions/save", {"texts": given, "expected": len(given)} | more)


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


# --- what is asked ---


def a_line(number: int, text: str, **facts: Any) -> captioned.Line:
    base = captioned.Line(
        *("emma", number, "v", f"s{number % 2}/t1/p1", "1", True, 0.0, "mid", "front", number, ""),
        *(None, text, "template", "builtin template-2"),
    )
    return replace(base, **facts)


RULES = captioned.Rules("emma", "ohwx", target_of("flux"), ("photo", "low quality"))


def judged(*texts: str, **facts: Any) -> list[captioned.Line]:
    return list(captioned.judged([a_line(number, text, **facts) for number, text in enumerate(texts, 1)], RULES))


FIFTEEN = "ohwx, " + " ".join(f"w{number}" for number in range(14))


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        (FIFTEEN, ("fine",)),
        (FIFTEEN.removesuffix(" w13"), ("short",)),
        (f"{FIFTEEN} {'a ' * 45}".strip(), ("fine",)),
        (f"{FIFTEEN} {'a ' * 46}".strip(), ("long",)),
        (f"{FIFTEEN} photo", ("forbidden",)),
        (f"{FIFTEEN} photos", ("fine",)),
        (f"{FIFTEEN} Low Quality", ("forbidden",)),
        (FIFTEEN.replace("ohwx", "ohwxy"), ("untriggered",)),
        (FIFTEEN.upper(), ("fine",)),
        (f"{FIFTEEN}\x07", ("unreadable",)),
        (f"{FIFTEEN}, full body, full body", ("doubted",)),
        (f"{FIFTEEN} seen from behind", ("doubted",)),
    ],
)
def test_the_checks_of_a_text(text: str, checks: tuple[str, ...]) -> None:
    (line,) = judged(text, shot="unknown")
    assert line.checks == checks, line.doubts


def test_tokens_count_where_a_target_has_a_bound() -> None:
    rules = captioned.Rules("emma", "", target_of("sdxl"), ())
    fits, not_any_more = (" ".join(["red"] * n) for n in (60, 60))
    assert [line.checks for line in captioned.judged([a_line(1, fits)], rules)] == [("fine",)]
    long = not_any_more.replace("red red", "unbelievably red", 8)  # four tokens each, where it was one
    assert [line.checks for line in captioned.judged([a_line(1, long)], rules)] == [("long",)]


def test_texts_that_come_again_are_found_whatever_their_case() -> None:
    one, other, third = judged(FIFTEEN, FIFTEEN.title(), f"{FIFTEEN} a")
    assert "repeated" in one.checks
    assert "repeated" in other.checks
    assert third.checks == ("fine",)


LINES = judged(f"{FIFTEEN} red coat", "ohwx, a blue coat", "a red hat", f"{FIFTEEN} photo, red", shot="close", view="")


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(), [2, 4, 1, 3]),
        (Wanted({"check": ("untriggered",)}), [3]),
        (Wanted({"check": ("untriggered", "forbidden")}), [4, 3]),
        (Wanted({"check": ("short",), "source": ("s0",)}), [2]),
        (Wanted(words=("coat",)), [2, 1]),
        (Wanted(words=("coat", "-red")), [2]),
        (Wanted(q="RED C"), [1]),
        (Wanted(least=4, most=4), [2]),
        (Wanted(least=5), [4, 1]),
        (Wanted(sort="words"), [3, 2, 4, 1]),
        (Wanted(sort="-words"), [4, 1, 2, 3]),
        (Wanted(sort="text"), [3, 2, 4, 1]),
        (Wanted(sort="rank"), [1, 2, 3, 4]),
        (Wanted({"author": ("person",)}), []),
    ],
)
def test_filters_and_orders(wanted: Wanted, ids: list[int]) -> None:
    found = [line.id for line in caption_asked.find(LINES, wanted).lines]
    assert found == ids if wanted.sort in ("", "rank", "text") else sorted(found) == sorted(ids)
    if wanted.sort.endswith("words"):
        counts = [line.words for line in caption_asked.find(LINES, wanted).lines]
        assert counts == sorted(counts, reverse=wanted.sort.startswith("-"))


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted({"check": ("short",)}), Wanted({"source": ("s1",)}, words=("red",)), Wanted(least=5)]
)
def test_counts_are_what_choosing_gives(wanted: Wanted) -> None:
    for facet, values in caption_asked.find(LINES, wanted).counts.items():
        for value, n in values.items():
            alone = Wanted({**wanted.chosen, facet: (value,)}, wanted.words, wanted.q, wanted.least, wanted.most)
            assert n == len(caption_asked.find(LINES, alone).lines), (facet, value)


def test_the_address_holds_the_whole_state() -> None:
    from urllib.parse import urlsplit

    from datasette.utils import MultiParams

    from tools.lighttable.pages.decide import _parsed

    wanted = Wanted({"check": ("short", "long"), "reason": ("",)}, ("coat", "-hat"), "a&b=ü", 3, None, "-words", 2, 20)
    address = wanted.address(page=2)
    assert caption_asked.parse(MultiParams(_parsed(urlsplit(address).query))) == wanted
    assert Wanted().address() == "/-/captions"
    assert wanted.with_word("hat") == wanted.address(words=("coat",))
    assert wanted.with_word("new") == wanted.address(words=("coat", "-hat", "new"))


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
    from tools.mill.manifest import sql

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
    write(visitor, (21, "emma, a new hat", "emma, another"))
    second = said(base)[-1][1]
    assert second == "emma, another"
    last = rows(base, "select uid from decision order by id desc limit 1")[0][0]
    assert visitor.post("/-/decide/undo", {"words": [last]}).status_code == 200
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


# --- find and replace ---


@pytest.mark.parametrize(
    ("change", "text", "after"),
    [
        (caption_replace.Change("red", "blue"), "a red hat, Red, redder", "a blue hat, blue, redder"),
        (caption_replace.Change("red", "blue", case=True), "a red hat, Red", "a blue hat, Red"),
        (caption_replace.Change("red", "blue", whole=False), "redder", "blueder"),
        (caption_replace.Change("red", ""), "emma, red, hat", "emma, hat"),
        (caption_replace.Change("hat", ""), "emma, red hat", "emma, red"),
        (caption_replace.Change("a.b", r"\1"), "a.b axb", r"\1 axb"),
        (caption_replace.Change("red", "blue  \n "), "a red", "a blue"),
    ],
)
def test_a_word_is_replaced(change: caption_replace.Change, text: str, after: str) -> None:
    assert change.of(text) == after


def test_a_difference_is_told_by_words() -> None:
    assert caption_replace.diff("a red coat, soft", "a blue coat, soft") == [
        *(("same", "a "), ("gone", "red"), ("new", "blue"), ("same", " coat, soft"))
    ]


def test_what_a_change_does_is_told_in_pieces() -> None:
    change = caption_replace.Change("red", "blue")
    before = "a Red coat, red"
    assert caption_replace.pieces(before, change.of(before), change) == [
        *(("same", "a "), ("gone", "Red"), ("new", "blue")),
        *(("same", " coat, "), ("gone", "red"), ("new", "blue")),
    ]
    without = caption_replace.Change("red", "")
    told = caption_replace.pieces("emma, red, hat", without.of("emma, red, hat"), without)
    assert "".join(text for kind, text in told if kind != "gone") == "emma, hat"
    assert "".join(text for kind, text in told if kind != "new") == "emma, red, hat"


def test_a_preview_writes_nothing_and_shows_each_change(base: Path, visitor: Visitor) -> None:
    page = visitor.ask("/-/captions/preview?find=red&into=%3Cblue%3E&whole=1").text
    assert page.count("<del>red</del><ins>&lt;blue&gt;</ins>") == 2
    assert 'data-n="2"' in page
    assert "Nothing would change in 2 texts." in visitor.ask("/-/captions/preview?find=zzz").text
    assert "Nothing would change in 0 texts." in visitor.ask("/-/captions/preview?find=red&shot=far").text
    assert said(base) == []


# --- in a browser ---


@pytest.fixture(scope="module")
def page(base: Path) -> Iterator[Any]:
    with looking(base, viewport={"width": 1280, "height": 800}, color_scheme="dark") as page:
        yield page


def opened(page: Any, address: str = "/-/captions") -> Any:
    """The page as if it were opened for the first time."""
    page.evaluate("sessionStorage.clear()")
    page.goto(address)
    return page


def state(page: Any, item: int, name: str) -> Any:
    """The message of one row, once it is in a state."""
    row = page.locator(f"#l-default-{item}[data-state={name}]")
    row.wait_for()
    return row.locator(".state")


def field(page: Any, item: int) -> Any:
    return page.locator(f"#l-default-{item} textarea")


def marked(page: Any) -> str:
    return str(page.locator(".cap.marked").get_attribute("data-id"))


def toast(page: Any, text: str) -> None:
    page.locator(".toast", has_text=text).first.wait_for()
    page.evaluate("document.getElementById('toasts').replaceChildren()")


def test_a_text_is_edited_saved_and_undone_by_keys_alone(page: Any, base: Path) -> None:
    opened(page)
    assert marked(page) == "21"
    page.keyboard.press("Enter")
    page.keyboard.type(", a hat")
    assert page.locator("#l-default-21 .state").inner_text() == "not saved yet"
    assert page.locator("#l-default-21 output").inner_text() == "8 of 60 words, about 14 of 75 tokens"
    page.keyboard.press("Control+Enter")
    assert state(page, 21, "saved").inner_text() == "saved, Z takes it back"
    assert said(base) == [(21, f"{TEXT}, a hat", "ann")]
    page.locator(".cap.marked[data-id='25']").wait_for()
    assert page.locator("#l-default-21 .by b").inner_text() == "ann"
    page.keyboard.press("z")
    toast(page, "Undone: 1 image")
    page.locator("#l-default-21 .by b", has_text="template").wait_for()
    assert field(page, 21).input_value() == TEXT
    assert said(base) == []


def test_the_counts_follow_what_is_written(page: Any) -> None:
    opened(page)
    repeated = page.locator("[data-facet=check][data-value=repeated] b")
    assert repeated.inner_text() == "2"
    page.keyboard.press("Enter")
    page.keyboard.type(", a hat")
    page.keyboard.press("Enter")
    page.locator("#heading", has_text="1 by hand").wait_for()
    assert repeated.count() == 0
    assert page.locator("#l-default-25 .flag").count() == 0  # its text is no other's any more
    page.keyboard.press("z")
    page.locator("[data-facet=check][data-value=repeated]").wait_for()


def test_leaving_saves_and_escape_restores(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma, left by the mouse")
    page.locator("h1").click()
    state(page, 21, "saved")
    assert [row[1] for row in said(base)] == ["emma, left by the mouse"]
    field(page, 25).fill("emma, a mistake")
    page.keyboard.press("Escape")
    assert field(page, 25).input_value() == TEXT
    page.keyboard.press("u")  # the mark is on a text that nobody wrote by hand
    page.locator(".toast.error", has_text="Nobody wrote this text by hand").wait_for()
    assert len(said(base)) == 1
    page.keyboard.press("k")
    page.keyboard.press("u")
    toast(page, "1 text taken back")
    assert said(base) == []
    page.keyboard.press("z")
    toast(page, "1 text written again")
    assert [row[1] for row in said(base)] == ["emma, left by the mouse"]


def test_a_refusal_is_told_beside_the_text_and_nothing_is_lost(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma \u202e back")
    page.keyboard.press("Control+Enter")
    told = state(page, 21, "refused").inner_text()
    assert told == r"The text holds the sign '\u202e', which trainers cannot read. Nothing was written."
    assert field(page, 21).input_value() == "emma \u202e back"
    assert page.locator("#l-default-21 mark.unseen").count() == 1
    assert said(base) == []
    page.keyboard.press("Escape")
    assert field(page, 21).input_value() == TEXT


def test_lines_become_one_line(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma,\na hat\r\n  and a\tcoat")
    page.keyboard.press("Enter")
    state(page, 21, "saved")
    assert [row[1] for row in said(base)] == ["emma, a hat and a coat"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "emma", "a red coat", "O'Brien's well-lit 35mm photo_shoot!!", "déjà vu — naïve café", "№ 5 ½ Ⅳ 二三"),
        *("self-made, it's they'll 'tis", "x" * 90, "emoji 👩🏽‍🚀 in space", "a,b;c...d", "under_score __ 1_000"),
    ],
)
def test_what_is_typed_is_counted_as_the_captioner_counts(page: Any, text: str) -> None:
    from tools.describe.tokens import tokens_about
    from tools.describe.wording import words

    if page.url.split("/-/")[-1] != "captions":
        opened(page)
    counted = page.evaluate(
        "async (text) => { const t = await import('/-/table/captions_text.js'); "
        "return [t.words(text), t.tokensAbout(text)]; }",
        text,
    )
    assert counted == [words(text), tokens_about(text)]


def test_trigger_and_forbidden_words_are_marked_while_typing(page: Any) -> None:
    opened(page)
    field(page, 21).fill("Emma, a PHOTO of photography, red")
    marks = page.locator("#l-default-21 .paper mark")
    assert marks.evaluate_all("(all) => all.map((one) => [one.className, one.textContent])") == [
        *(["trigger", "Emma"], ["forbidden", "PHOTO"])
    ]
    field(page, 21).fill("emmas")
    assert marks.count() == 0
    page.keyboard.press("Escape")


def test_a_text_that_is_too_long_says_so_and_its_field_grows(page: Any) -> None:
    opened(page)
    before = field(page, 21).bounding_box()["height"]
    field(page, 21).fill("emma " + "red " * 60)
    assert page.locator("#l-default-21 .count.bad output").inner_text().endswith("sdxl wants at most 60 words")
    assert field(page, 21).bounding_box()["height"] > before
    page.keyboard.press("Escape")


def test_copying_to_the_selected_is_confirmed_and_one_undo(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("Enter")
    page.keyboard.type(", a hat")
    page.keyboard.press("Enter")
    page.locator(".cap.marked[data-id='25']").wait_for()
    page.keyboard.press("k")
    page.keyboard.press("a")
    page.locator("#marked", has_text="all 2 selected").wait_for()
    page.keyboard.press("v")
    asked = page.locator("#confirm-text")
    asked.wait_for()
    assert asked.inner_text() == f"1 other image will be described as: {TEXT}, a hat"
    page.keyboard.press("Enter")
    toast(page, "1 text copied")
    assert [row[:2] for row in said(base)] == [(21, f"{TEXT}, a hat"), (25, f"{TEXT}, a hat")]
    page.keyboard.press("z")
    toast(page, "Undone: 1 image")
    assert [row[0] for row in said(base)] == [21]


def test_find_and_replace_shows_chooses_confirms_and_is_undone_at_once(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("r")
    page.keyboard.type("red coat")
    page.keyboard.press("Tab")
    page.keyboard.type("blue coat")
    page.locator("#replace-preview ins").nth(1).wait_for()
    assert page.locator("#replace-do").inner_text() == "Change 2 texts"
    page.locator(".changes input").first.uncheck()
    assert page.locator("#replace-do").inner_text() == "Change 1 text"
    page.locator("#replace-all").check()
    page.locator("#replace-do").click()
    assert page.locator("#confirm-text").inner_text() == "2 texts will be changed. Is that right?"
    assert said(base) == []
    page.keyboard.press("Enter")
    toast(page, "2 texts changed")
    blue = TEXT.replace("red", "blue")
    assert [row[:2] for row in said(base)] == [(21, blue), (25, blue)]
    page.locator("#l-default-25 textarea").wait_for()
    page.keyboard.press("z")
    toast(page, "Undone: 2 images")
    assert said(base) == []


def test_a_version_is_restored(page: Any, base: Path) -> None:
    opened(page)
    field(page, 21).fill("emma, for now")
    page.keyboard.press("Enter")
    state(page, 21, "saved")
    page.keyboard.press("k")
    page.keyboard.press("h")
    now = page.locator("#history-list li", has_text="emma, for now").first.locator("button")
    assert (now.inner_text(), now.is_disabled()) == ("Stands now", True)
    page.locator("#history-list li", has_text=TEXT).last.locator("button").click()
    toast(page, "1 text restored")
    assert [row[1] for row in said(base)] == ["emma, for now", TEXT]


def test_an_image_is_rejected_for_its_dataset_and_comes_back(page: Any, base: Path) -> None:
    opened(page)
    page.keyboard.press("x")
    page.locator("#reason-text").fill("eyes closed")
    page.keyboard.press("Enter")
    toast(page, "1 image rejected")
    page.locator("#l-default-21.gone").wait_for()
    assert rows(base, "select verdict, dataset, item_id from decision order by id desc limit 1") == [
        ("reject", "default", 21)
    ]
    page.keyboard.press("z")
    toast(page, "Undone: 1 image")
    page.locator("#l-default-21:not(.gone)").wait_for()


def test_search_and_words_lead_to_addresses(page: Any) -> None:
    opened(page)
    page.keyboard.press("/")
    page.keyboard.type("RED")
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/captions?q=RED")
    assert page.locator("#l-default-21 mark.sought").inner_text(timeout=2000) == "red"
    page.locator(".cloud a", has_text="coat").click()
    page.wait_for_url("**/-/captions?word=coat&q=RED")
    page.keyboard.press("n")
    toast(page, "Every image here has a caption.")


def test_a_phone_shows_the_text_and_does_not_scroll_sideways(page: Any, base: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert field(page, 21).bounding_box()["width"] > 330
    field(page, 21).fill("emma, from a phone")
    page.locator("h1").click()
    state(page, 21, "saved")
    assert [row[1] for row in said(base)] == ["emma, from a phone"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1280, "height": 800})
