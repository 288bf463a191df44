"""Hostile captions and names on the captions page, on a phone: shown as plain text, and nothing runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browsing import looking
from caption_pages import EVIL, change, lines
from lighting import Visitor, paint
from manifest_filled import filled


def test_a_hostile_text_runs_nothing(tmp_path: Path) -> None:
    base = filled(tmp_path)
    change(base, "update caption set text = ?, prose = ?, doubts = ?", EVIL, f"{EVIL} again", json.dumps([EVIL]))
    change(base, "update file set shown = ? where id = 1", f"{EVIL}.mp4")
    of_25 = "kind = 'caption' and item_id = (select id from item where kind = 'caption' and parent_id = 25)"
    change(base, f"update outcome set passed = 0 where {of_25}")
    paint(base)
    phone = {"width": 390, "height": 844}
    with looking(base, viewport=phone, has_touch=True, reduced_motion="reduce") as page:
        page.on("dialog", lambda dialog: pytest.fail(f"A script ran: {dialog.message}"))
        page.goto("/-/captions")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        area = page.locator("#l-default-21 textarea")
        assert "\\x07\\n\\u202eend" in area.input_value()
        page.locator(".about").last.tap()
        page.keyboard.press("n")
        assert page.evaluate("document.activeElement.closest('.cap').dataset.id") == "25"
        page.keyboard.press("Escape")
        page.locator("#l-default-21 [data-do=use]").tap()
        assert area.input_value().count("\\x07") == 1
        page.keyboard.press("Escape")
        page.keyboard.press("h")
        page.locator("#history-list li").first.wait_for()
        page.keyboard.press("Escape")
        page.keyboard.press("r")
        page.keyboard.type("alert")
        page.locator("#replace-preview li", has_text="so it stays").first.wait_for()
        page.locator("#replace-into").fill("<b>x")
        page.locator("#replace-preview ins").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.locator("img[src=x], b:text-is('x')").count() == 0


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
