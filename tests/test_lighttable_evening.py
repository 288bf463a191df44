"""An evening at the light table: real clips through the chain, a reviewer at a real browser, and `make all` obeys."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browsing import looking
from PIL import Image
from workspaces import CLIPS, ROOT, ask, environment, files, funnel_holds, make

READY = ("-o", ".venv/.ready")
CONFIG = """\
[intake]
min_side = 240
[detect]
engine = "builtin"
min_height_px = 32
[match]
max_faceless = 1
max_distance = 0.545
unsure_distance = 0.572
[mask]
engine = "builtin"
[score]
min_crop_mp = 0.01
[dataset.default]
trigger = "emx7"
count = 5
"""
"""Limits lowered for small clips, and set so that match is unsure of one face of the performer, at 0.558."""

TEXT = "emx7, person, on a dark stage, singing"
STANDS = "verdict <> 'undo' and not exists (select 1 from decision as undo where undo.undoes = said.uid)"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Two clips, a reference cut out of one of them, after `make all`."""
    if not CLIPS.is_dir():
        pytest.skip("../shared/clips is not there")
    base = tmp_path / "it's $HOME"
    (base / "00_raw_videos").mkdir(parents=True)
    for name in ("stage-performer.mp4", "street-walk-5frames.mp4"):
        shutil.copy(CLIPS / name, base / "00_raw_videos")
    reference(CLIPS / "stage-performer.mp4", base / "00_reference_faces" / "emma" / "face.png")
    (base / "config.toml").write_text(CONFIG, encoding="utf-8")
    made(base)
    return base


def reference(clip: Path, target: Path) -> None:
    """The performer's face at 6.32 s, and as much again around it; above the frame it is black."""
    import av

    with av.open(str(clip)) as container:
        frame = next(one for one in container.decode(video=0) if one.time is not None and one.time > 6.32)
    target.parent.mkdir(parents=True)
    face = Image.fromarray(frame.to_ndarray(format="rgb24")).crop((111, -43, 381, 227))
    face.resize((480, 480), Image.Resampling.BICUBIC).save(target)


def made(base: Path, target: str = "all") -> None:
    done = make(*READY, target, base=base)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def reviewing(base: Path) -> Iterator[str]:
    """`make review` as a person types it; gives the link, and ends it by Ctrl-C."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["make", *READY, "review", f"BASE={base}", f"PORT={port}"]
    own = {name: value for name, value in environment().items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    own |= {"MILL_ACTOR": "ann", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        words, cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as table:
        try:
            assert table.stdout
            yield table.stdout.readline().strip()
        finally:
            os.killpg(table.pid, signal.SIGINT)
            _, errors = table.communicate(timeout=20)
    assert "The light table is closed. The next `make` obeys what you decided.\n" in errors, errors


def told(page: Any, text: str) -> None:
    """Wait for the message that ends a decision, and let it go."""
    page.locator(".toast", has_text=text).first.wait_for()
    page.evaluate("document.getElementById('toasts').replaceChildren()")


def are_seen(page: Any, pictures: str) -> bool:
    """Whether every picture is there, decoded."""
    seen = "async (one) => { one.loading = 'eager'; await one.decode(); return one.naturalWidth > 1; }"
    found = page.evaluate(f"Promise.all([...document.querySelectorAll('{pictures}')].map({seen}))")
    return bool(found) and all(found)


def marked(page: Any) -> int:
    return int(page.locator("[data-id].marked").first.get_attribute("data-id"))


def reject_two(page: Any) -> list[int]:
    """Of the final set, all but the best: the second and the third leave, for one reason."""
    page.goto("/-/final?by=rank")
    assert page.locator(".board .card").count() == 5
    assert are_seen(page, ".board .card img")
    page.keyboard.press("ArrowRight")
    gone = [marked(page)]
    page.keyboard.press("x")
    page.locator("#reason-text").fill("somebody else")
    page.keyboard.press("Enter")
    told(page, "1 image rejected")
    gone.append(marked(page))
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    told(page, "1 image rejected")
    return gone


def keep_a_crop(page: Any) -> int:
    page.goto("/-/gallery?set=detect:person&state=out&reason=low_confidence")
    assert are_seen(page, ".tile img")
    kept = marked(page)
    page.keyboard.press("p")
    told(page, "1 image kept")
    return kept


def settle_the_unsure(page: Any) -> int:
    page.goto("/-/people")
    card = page.locator(".unsure .card")
    assert card.count() == 1
    assert are_seen(page, ".unsure img")
    unsure = int(card.get_attribute("data-id"))
    page.keyboard.press("1")
    told(page, "1 image: emma.")
    return unsure


def write_a_caption(page: Any, cutout: int) -> None:
    page.goto("/-/captions")
    while marked(page) != cutout:
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type(TEXT)
    page.keyboard.press("Control+Enter")
    page.locator(f"#l-default-{cutout}[data-state=saved]").wait_for()


def package(base: Path) -> dict[str, bytes]:
    folder = "07_final_training/default"
    names = [name for name in files(base, folder) if "/masks/" not in name and name.endswith((".png", ".txt"))]
    return {name: (base / name).read_bytes() for name in names}


def chosen(base: Path) -> list[int]:
    rows = ask(base, "select item_id from selection where chosen order by rank")
    return [int(str(item)) for (item,) in rows]


def stands(base: Path, tool: str, item: int) -> list[tuple[object, ...]]:
    """Whether an item passes a step, and of its cut-outs those that were made."""
    question = """select outcome.passed, (select count(*) from item as below where below.parent_id = outcome.item_id
        and below.newest and below.kind = 'cutout' and below.path is not null)
        from outcome join step on step.id = outcome.step_id
        where step.tool = ? and outcome.item_id = ? and outcome.kind = 'person' and outcome.latest and outcome.live"""
    return ask(base, question, tool, item)


def test_a_reviewer_decides_and_the_package_follows(base: Path) -> None:
    before, first = package(base), chosen(base)
    assert (len(first), len(before)) == (5, 10)
    with looking(base, reviewing, viewport={"width": 1440, "height": 900}) as page:
        assert are_seen(page, "main img")
        gone = reject_two(page)
        kept = keep_a_crop(page)
        unsure = settle_the_unsure(page)
        write_a_caption(page, first[0])
    assert gone == first[1:3]
    assert stands(base, "match", unsure) == [(0, 0)]
    assert ask(base, f"select verdict, item_id, actor from decision as said where {STANDS} order by id") == [
        *(("reject", item, "ann") for item in gone),
        ("keep", kept, "ann"),
        ("identity", unsure, "ann"),
        ("caption", first[0], "ann"),
    ]
    assert package(base) == before  # nothing happens until make is typed
    made(base)
    now, after = chosen(base), package(base)
    assert len(now) == 5
    assert not {*gone} & {*now}
    assert {*now} - {*first}  # stand-ins
    assert stands(base, "detect", kept)[0][0] == 1
    assert stands(base, "match", unsure) == [(1, 1)]
    rows = ask(base, "select path, caption, cutout_id from final")
    assert {name for name in after if name.endswith(".png")} == {str(path) for path, _, _ in rows}
    for path, caption, cutout in rows:
        name = str(path)
        assert after[name.replace(".png", ".txt")].decode().strip() == caption
        assert (caption == TEXT) == (cutout == first[0])
        assert cutout not in first or after[name] == before[name]
        assert cutout in first or name not in before
    assert funnel_holds(base)
    made(base, "qc")
