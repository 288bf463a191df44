"""The page of the checks: what they found, with pictures; what changed; what to type where they were never made."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from lighting import Visitor, paint, rows
from manifest_filled import filled

from tools.inspection.checks import checks
from tools.inspection.remedy import parts
from tools.lighttable.pages.qc import STATES, changes, found_then, headline
from tools.mill.manifest import connect
from tools.mill.words import command
from tools.qc import inspect

EVIL = '<img src=x onerror="alert(1)">'


def check(base: Path, *, look: bool = False) -> None:
    inspect(base, checks(), look=look, most=None, workers=1)


def one(name: str, state: str, n: int, was: str | None, had: int | None, severity: str = "error") -> dict[str, Any]:
    return {"name": name, "state": state, "violations": n, "was": was, "had": had, "severity": severity}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Visitor]:
    visitor = Visitor(filled(tmp_path))
    yield visitor
    visitor.close()


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_where_they_were_never_made_it_says_what_to_type(table: Visitor) -> None:
    text = plain(table.ask("/-/qc").text)
    assert "The checks have not been made yet." in text
    assert command(table.base, "qc") in text
    assert command(table.base, "qc", NO_FILES="1") in text


def test_every_check_is_told_with_its_milestone_and_state(table: Visitor) -> None:
    check(table.base)
    html = table.ask("/-/qc").text
    told = plain(html)
    for made in checks():
        assert f"{made.title} {made.name} " in told or f"{made.title}: does not hold" in told, made.name
    for milestone in {made.milestone for made in checks()}:
        assert f'scope="rowgroup">{milestone}</th>' in html
    for name, n, remedy in rows(table.base, "select name, violations, remedy from qc_result where state = 'violated'"):
        part = html.partition(f'id="{name}"')[2].partition("</section>")[0]
        assert f'<b class="n">{n}</b>' in part
        assert "".join(text for text, _ in parts(remedy, table.base)) in plain(part).replace(" :", ":").replace(
            " ,", ","
        ).replace(" .", ".").replace(" ;", ";")
    skipped = rows(table.base, "select count(*) from qc_result where state = 'skipped'")[0][0]
    assert f"{skipped} skipped" in told
    assert "the manifest alone" in told


def test_what_is_wrong_is_shown_and_leads_to_its_item(table: Visitor) -> None:
    """A cut-out whose size is not that of its crop."""
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update item set width = 7 where kind = 'cutout' and id = 24")
    check(table.base)
    part = table.ask("/-/qc").text.partition('id="qc5_sizes"')[2].partition("</section>")[0]
    assert 'href="/-/item/24"' in part
    assert "no picture" in part, "its file is not there"
    assert "/-/picture/24/" not in part
    paint(table.base)
    part = table.ask("/-/qc").text.partition('id="qc5_sizes"')[2].partition("</section>")[0]
    assert "/-/picture/24/256?v=" in part
    assert "7×620 with a subject of" in part


def test_what_changed_since_the_time_before(table: Visitor) -> None:
    check(table.base)
    assert "Since the time before" not in table.ask("/-/qc").text
    check(table.base)
    assert "Nothing has changed." in table.ask("/-/qc").text
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update item set width = 7 where kind = 'cutout' and id = 24")
    check(table.base)
    title = next(made.title for made in checks() if made.name == "qc5_sizes")
    assert f"↘ {title} holds no longer" in plain(table.ask("/-/qc").text)
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update item set width = 220 where kind = 'cutout' and id = 24")
    check(table.base)
    assert f"↗ {title} holds again" in plain(table.ask("/-/qc").text)


def test_changes_are_the_new_faults_first() -> None:
    found = changes(
        [
            one("same", "violated", 2, "violated", 2),
            one("fewer", "violated", 2, "violated", 1200),
            one("mended", "passed", 0, "violated", 1),
            one("more", "violated", 3, "violated", 2),
            one("broke", "violated", 1, "passed", 0),
            one("unseen", "violated", 1, "skipped", 0),
            one("new", "violated", 1, None, None),
            one("blind", "skipped", 0, "violated", 4),
            one("seen", "passed", 0, "skipped", 0),
            one("hidden", "skipped", 0, "passed", 0),
        ]
    )
    assert [(each["name"], each["how"], each["told"]) for each in found] == [
        ("more", "worse", "found 2 → 3"),
        ("broke", "worse", "holds no longer"),
        ("unseen", "worse", "does not hold; not looked at before"),
        ("new", "worse", "does not hold; a new check"),
        ("blind", "other", "4 before, not looked at this time"),
        ("fewer", "better", "found 1,200 → 2"),
        ("mended", "better", "holds again"),
    ]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([("passed", "error")], "Every stage ran right."),
        ([("passed", "error"), ("skipped", "error")], "Nothing is wrong in what was looked at."),
        ([("violated", "error"), ("violated", "warning"), ("violated", "warning")], "1 error and 2 warnings."),
        ([("violated", "warning"), ("skipped", "error")], "1 warning."),
    ],
)
def test_the_headline_says_what_it_comes_to(states: list[tuple[str, str]], expected: str) -> None:
    assert headline([one("x", state, 1, None, None, severity) for state, severity in states]) == expected


@pytest.mark.parametrize(
    ("errors", "warnings", "expected"),
    [(0, 0, "clean"), (1, 0, "1 error"), (0, 2, "2 warnings"), (3, 1, "3 errors and 1 warning")],
)
def test_a_time_says_in_words_what_it_came_to(errors: int, warnings: int, expected: str) -> None:
    assert found_then({"errors": errors, "warnings": warnings}) == expected


def test_what_holds_bears_no_severity(table: Visitor) -> None:
    check(table.base)
    table_of_all = table.ask("/-/qc").text.partition("<h2>All checks</h2>")[2]
    severities = rows(table.base, "select count(*) from qc_result where state = 'violated'")[0][0]
    assert len(re.findall(r">(?:error|warning)</b>", table_of_all)) == severities > 0
    counts = rows(table.base, "select state, count(*) from qc_result group by state")
    told = plain(table.ask("/-/qc").text)
    assert re.search(
        ", ".join(f"{n} {state}" for state, n in sorted(counts, key=lambda x: STATES.index(x[0]))) + " ·", told
    )


def test_it_says_when_tools_have_worked_since(table: Visitor) -> None:
    check(table.base)
    assert "have worked" not in table.ask("/-/qc").text
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update run set finished_at = '2999-01-01T00:00:00.000Z' where id = 1")
    assert "Tools have worked 1 time since." in plain(table.ask("/-/qc").text)


def test_of_many_violations_the_first_are_shown_and_the_rest_counted(table: Visitor) -> None:
    check(table.base)
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update qc_result set state = 'violated', violations = 1234 where name = 'qc7_repeats'")
        db.executemany(
            """insert into qc_violation (qc_result_id, path, detail)
            select id, ?, 'd' from qc_result where name = 'qc7_repeats'""",
            [(f"p{n}",) for n in range(30)],
        )
    part = table.ask("/-/qc").text.partition('id="qc7_repeats"')[2].partition("</section>")[0]
    assert part.count("<li") == 24
    assert "and 1\u202f210 more" in part
    assert "/manifest/qc_violations?check=qc7_repeats" in part


def test_it_writes_nothing(table: Visitor) -> None:
    check(table.base)
    before = rows(table.base, "select * from qc_result"), rows(table.base, "select * from qc_violation")
    table.ask("/-/qc")
    assert table.post("/-/qc/write", {}).status_code == 405
    assert before == (rows(table.base, "select * from qc_result"), rows(table.base, "select * from qc_violation"))


def test_a_browser_shows_it_on_a_phone_and_as_text(tmp_path: Path) -> None:
    base = filled(tmp_path)
    paint(base)
    connect(base).close()
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update item set width = 7 where kind = 'cutout' and id = 24")
    check(base)
    check(base)
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update qc_violation set path = ?, detail = ?", (EVIL * 3, EVIL))
    with looking(base, viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce") as page:
        page.goto("/-/qc")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("img[src=x]").count() == 0
        assert EVIL in page.locator(".faults li p").first.inner_text()
        for name in ("ledger_rows_without_files", "ledger_bytes"):
            assert page.locator(f"#{name} img").count() == 0 or page.locator(f"#{name}").count() == 0
        picture = page.locator("#qc5_sizes img").first
        assert picture.evaluate("async (one) => { await one.decode(); return one.naturalWidth; }") > 0
        assert picture.get_attribute("alt") == "cutout 24"
        page.locator("#qc5_sizes li > a").first.click()
        page.wait_for_url("**/-/item/24")
