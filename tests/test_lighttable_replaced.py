"""What lies in a workspace is changed under an open light table: the manifest, the package, the workspace itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from browsing import looking
from lighting import Visitor, paint, rows
from manifest_filled import filled

from tools.lighttable.app import REPLACED


def test_a_package_that_nobody_can_read_leaves_the_page_there(tmp_path: Path) -> None:
    base = filled(tmp_path)
    folder = base / "07_final_training" / "default"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"digest": "d", "images": []}', encoding="utf-8")
    (folder / "dataset.toml").write_text("datasets = 3\n", encoding="utf-8")
    (folder / "one.png").write_bytes(b"no picture")
    visitor = Visitor(base)
    try:
        page = visitor.ask("/-/final")
        assert page.status_code == 200
        assert "dataset.toml cannot be read (datasets is 3, and is to be tables)." in page.text
        (folder / "dataset.toml").write_text("", encoding="utf-8")
        page = visitor.ask("/-/final")
        assert (page.status_code, "cannot be read" in page.text) == (200, False)
    finally:
        visitor.close()


def test_a_manifest_that_was_put_back_closes_the_table(tmp_path: Path) -> None:
    base = filled(tmp_path)
    backup = tmp_path / "backup.db"
    rows(base, "pragma wal_checkpoint(truncate)")
    shutil.copy(base / "manifest.db", backup)
    visitor = Visitor(base)
    try:
        assert visitor.ask("/-/item/21").status_code == 200
        for file in base.glob("manifest.db*"):
            file.unlink()
        missing = visitor.ask("/-/item/21")
        assert (missing.status_code, REPLACED in missing.text) == (503, True)
        shutil.copy(backup, base / "manifest.db")
        for path in ("/", "/-/item/21", "/manifest/decisions"):
            page = visitor.ask(path)
            assert (page.status_code, REPLACED in page.text) == (503, True)
        said = visitor.post("/-/decide/write", {"verdict": "reject", "ids": [21]})
        assert said.status_code == 503
        assert rows(base, "select count(*) from decision where verdict = 'reject'") == [(0,)]
        assert visitor.ask("/-/table/table.css").status_code == 200
    finally:
        visitor.close()
    again = Visitor(base)
    try:
        assert again.ask("/-/item/21").status_code == 200
    finally:
        again.close()


def test_a_tab_forgets_what_it_knew_of_another_workspace(tmp_path: Path) -> None:
    first, second = filled(tmp_path / "first"), filled(tmp_path / "second")
    paint(first)
    visitor, other = Visitor(first), Visitor(second)
    try:
        words = [one.ask("/").text.split('data-manifest="')[1][:12] for one in (visitor, visitor, other)]
        assert words[0] == words[1] != words[2]
    finally:
        visitor.close()
        other.close()
    with looking(first) as page:
        page.goto("/-/gallery?set=score:cutout")
        page.keyboard.press("x")
        page.keyboard.press("Enter")
        page.locator(".toast", has_text="1 image rejected").wait_for()
        page.reload()
        assert page.evaluate("JSON.parse(sessionStorage.decided).length") == 1
        # The same tab comes to another workspace: make review was closed and opened over it, on the same port.
        page.evaluate("word => (sessionStorage.manifest = word)", words[2])
        page.goto("/-/gallery?set=score:cutout")
        page.keyboard.press("z")
        page.locator(".toast", has_text="There is nothing to undo.").wait_for()
