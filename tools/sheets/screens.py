"""Photographs of the light table's pages, by a headless Chromium: what the documentation shows of them."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

WEBP_QUALITY = 82


@dataclass(frozen=True)
class Screen:
    """name: of the file. address: of the page. dark, phone: how it is looked at."""

    name: str
    address: str
    dark: bool = False
    phone: bool = False


def photograph(base: Path, screens: Iterable[Screen], folder: Path) -> None:
    """Write FOLDER/table-NAME.webp for each screen. Raises ClickException where there is no browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise click.ClickException("Chromium is not installed. On Debian: apt-get install chromium.")
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with _served(base) as link, sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        context = browser.new_context(base_url=link.split("/-/")[0])
        page = context.new_page()
        page.goto(link)
        for screen in screens:
            page.set_viewport_size({"width": 390, "height": 844} if screen.phone else {"width": 1440, "height": 900})
            page.emulate_media(color_scheme="dark" if screen.dark else "light", reduced_motion="reduce")
            page.goto(screen.address)
            page.wait_for_load_state("networkidle")
            with Image.open(io.BytesIO(page.screenshot())) as shot:
                shot.convert("RGB").save(folder / f"table-{screen.name}.webp", quality=WEBP_QUALITY, method=6)
        browser.close()


@contextmanager
def _served(base: Path) -> Iterator[str]:
    """The light table on a free port; gives the link that signs in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    words = [sys.executable, "-m", "tools.review", "--base", str(base), "--port", port, "--no-open"]
    own = os.environ | {"PYTHONUNBUFFERED": "1", "MILL_ACTOR": "you"}
    with subprocess.Popen(words, env=own, stdout=subprocess.PIPE, text=True) as table:
        try:
            assert table.stdout
            yield table.stdout.readline().strip()
        finally:
            table.send_signal(signal.SIGINT)
