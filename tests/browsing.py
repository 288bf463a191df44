"""A real browser at a real light table: headless Chromium, by Playwright, asking `tools.review` on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from workspaces import ROOT, environment

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def serving(base: Path) -> Iterator[str]:
    """`make review` on a workspace; gives the link, and ends it as Ctrl-C does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "tools.review", "--base", str(base), "--port", str(port), "--no-open"]
    own = environment(PYTHONPATH=str(ROOT), MILL_ACTOR="ann", PYTHONUNBUFFERED="1")
    with subprocess.Popen(words, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as table:
        try:
            assert table.stdout
            yield table.stdout.readline().strip()
        finally:
            table.send_signal(signal.SIGINT)
            _, errors = table.communicate(timeout=20)
    assert table.returncode == 0, errors
    assert errors.endswith("The light table is closed. The next `make` obeys what you decided.\n"), errors


def is_fault(said: Any) -> bool:
    """Whether a line of the console is one. Chromium itself writes down each answer that refuses a decision."""
    return said.type in ("error", "warning") and "the server responded with a status of 400" not in said.text


@contextmanager
def looking(
    base: Path, served: Callable[[Path], AbstractContextManager[str]] = serving, **options: Any
) -> Iterator[Any]:
    """A page of a browser that is signed in, on the overview. served: gives the link while the table is open.

    options: of Playwright's `new_context`.

    Skips where there is no browser. Fails on any error of the console and any request to another host.
    """
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    faults: list[str] = []
    with served(base) as link, api.sync_playwright() as playwright:
        home = link.split("/-/")[0]
        sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        page = browser.new_context(base_url=home, **options).new_page()
        page.on("console", lambda said: faults.append(said.text) if is_fault(said) else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(home) else faults.append(asked.url))
        page.set_default_timeout(8000)
        page.goto(link)
        page.wait_for_url(f"{home}/")
        yield page
        browser.close()
    assert not faults, faults


def selected(page: Any, words: str) -> None:
    """Wait until the dock says how many are selected; '' for none."""
    if words:
        page.locator("#marked.selecting", has_text=words).wait_for()
        assert page.locator("#marked").inner_text().splitlines()[0] == words
    else:
        page.locator("#marked:not(.selecting)").wait_for(state="attached")
        assert page.locator(".unselect").count() == 0


def let_go_in_every_way(page: Any, words: str, chosen: str) -> None:
    """What A has selected is let go by A again, by Escape and by the dock's button. chosen: finds what is selected."""
    for way in ("a", "Escape", "button"):
        page.keyboard.press("a")
        selected(page, words)
        assert page.locator(chosen).count() > 0
        if way == "button":
            page.locator(".unselect").click()
        else:
            page.keyboard.press(way)
        selected(page, "")
        assert page.locator(chosen).count() == 0


def settled(page: Any, text: str) -> None:
    """Wait for the message that ends a decision, and let it go."""
    page.locator(".toast", has_text=text).first.wait_for()
    page.evaluate("document.getElementById('toasts').replaceChildren()")
