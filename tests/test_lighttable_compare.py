"""Compare: what its pages show, the masks that it serves, and what may be swapped."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from compared import COMPOSITE, CUTOUT, PERSON, TWIN, compared, mask
from lighting import Visitor, rows
from PIL import Image

from tools.lighttable.comparing import BONES
from tools.mill.manifest import connect


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Visitor]:
    visitor = Visitor(compared(tmp_path))
    yield visitor
    visitor.close()


def stage(table: Visitor, query: str) -> str:
    answer = table.ask(f"/-/compare/stage?set=score:cutout&{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


# --- pages ---


def test_by_itself_it_begins_with_the_cut_outs_that_were_judged(table: Visitor) -> None:
    html = table.ask("/-/compare").text
    assert 'data-set="score:cutout"' in html
    assert re.findall(r'id="f(\d+)"', html) == ["21", "23", "24", "25"]
    assert f'data-mode="mask" data-item="{CUTOUT}"' in html
    assert f"/-/picture/{PERSON}/full" in html
    assert f"/-/picture/{CUTOUT}/full" in html


def test_it_goes_through_the_set_that_the_gallery_showed(table: Visitor) -> None:
    html = table.ask("/-/compare?set=score:cutout&sort=-sharpness&per=2&page=2&item=25").text
    shown = re.findall(r'id="i(\d+)"', table.ask("/-/gallery?set=score:cutout&sort=-sharpness&per=2&page=2").text)
    assert re.findall(r'id="f(\d+)"', html) == shown
    assert 'href="/-/gallery?set=score%3Acutout&amp;sort=-sharpness&amp;per=2&amp;page=2"' in html
    last = table.ask("/-/compare?set=score:cutout&per=2&page=1&last=1").text
    assert 'data-item="23"' in last


def test_an_item_alone_finds_its_set_and_its_page_there(table: Visitor) -> None:
    html = table.ask("/-/compare?item=25&per=2").text
    assert 'data-set="score:cutout"' in html
    assert 'data-page="2"' in html
    assert re.findall(r'id="f(\d+)"', html) == ["24", "25"]
    assert 'data-set="detect:person"' in table.ask(f"/-/compare?item={PERSON}").text


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("set=score:cutout&item=21", "mask"),
        ("set=detect:person&item=14", "frame"),
        ("set=extract:frame&item=5", "frame"),
        ("set=extract:frame&item=6", "groups"),
        ("set=select.default:cutout&item=23", "groups"),
        ("set=select.default:cutout&item=21", "mask"),
        ("set=package.default:composite&item=26", "composite"),
        ("set=select.default:cutout&item=23&mode=frame", "frame"),
    ],
)
def test_each_kind_is_looked_at_in_its_own_way_first(table: Visitor, query: str, mode: str) -> None:
    assert f'class="compare" id="compare" data-mode="{mode}"' in table.ask(f"/-/compare?{query}").text


def test_every_item_can_be_compared_in_every_way(table: Visitor) -> None:
    for (item,) in rows(table.base, "select id from item"):
        for mode in ("mask", "frame", "composite", "groups"):
            answer = table.ask(f"/-/compare?item={item}&mode={mode}")
            assert answer.status_code == 200, (item, mode, answer.text)


def test_the_frame_shows_boxes_and_all_keypoints(table: Visitor) -> None:
    html = stage(table, f"item={CUTOUT}&mode=frame")
    frame, crop = html.split('data-part="b"')
    for part in (frame, crop):
        assert len(re.findall(r'class="joint ', part)) == 16
        assert len(re.findall(r'class="bone ', part)) == len(BONES) - 2
        assert len(re.findall(r'<rect class="own"', part)) == 1
    assert 'viewBox="0 0 1280 720"' in frame
    assert 'viewBox="0 0 220 620"' in crop
    assert 'data-left="90" data-top="90"' in crop
    assert "<dt>keypoints</dt><dd>12 of 17</dd>" in crop
    assert "This detector gives no keypoints." in stage(table, "item=23&mode=frame")


def test_what_is_not_there_is_said(table: Visitor) -> None:
    assert "No cut-out was made of it." in stage(table, "item=16&mode=mask")
    assert "Nobody was found in this frame." in stage(table, "item=7&mode=frame")
    assert "No composite was made of it" in stage(table, "item=24&mode=composite")
    assert "Not stored: near-duplicate of this frame, difference 0.5." in stage(table, "item=6&mode=frame")
    nothing = table.ask("/-/compare?set=score:cutout&reason=nonsense")
    assert "Nothing matches these filters." in nothing.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("item=999", "There is no item 999 in this workspace."),
        ("mode=upside-down", "upside-down is no way to compare. There are: mask, frame, composite, groups."),
        ("set=score:video", "There is no set score:video."),
        ("mode=%3Cscript%3E", "&lt;script&gt; is no way to compare."),
    ],
)
def test_a_strange_address_is_a_sentence(table: Visitor, query: str, sentence: str) -> None:
    answer = table.ask(f"/-/compare?{query}")
    assert answer.status_code == 404
    assert sentence in answer.text
    assert table.ask("/-/compare?item=%00&group=-1&page=99999999999999999999").status_code == 200
    assert table.ask("/-/compare/stage?set=score:cutout").status_code == 404


def test_an_empty_workspace_says_so(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    visitor = Visitor(tmp_path)
    assert "There is nothing to compare yet." in visitor.ask("/-/compare").text
    assert visitor.ask("/-/compare/stage?mode=groups").status_code == 404
    visitor.close()


# --- the mask of a composite ---


def with_mask(base: Path, path: str = "05_augmented/default/masks/3937.png") -> Path:
    file = base / path
    file.parent.mkdir(parents=True, exist_ok=True)
    mask(file, (300, 400, 500, 1024), (1024, 1024))
    return file


def test_a_mask_is_served_by_the_rules_of_pictures(table: Visitor) -> None:
    with_mask(table.base)
    answer = table.ask(f"/-/compare/mask/{COMPOSITE}/256?v={'0' * 16}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in answer.headers["cache-control"]
    assert Image.open(io.BytesIO(answer.content)).size == (256, 256)
    again = table.ask(f"/-/compare/mask/{COMPOSITE}/256", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert table.ask(f"/-/compare/mask/{CUTOUT}/256").status_code == 404
    assert table.ask(f"/-/compare/mask/{COMPOSITE}/257").status_code == 404
    assert 'data-part="c"' in stage(table, f"item={CUTOUT}&mode=composite")


@pytest.mark.parametrize("path", ["../secret.png", "/etc/passwd", "manifest.db", "05_augmented/../../secret.png"])
def test_a_mask_outside_the_workspace_is_not_served(table: Visitor, path: str) -> None:
    mask(table.base.parent / "secret.png", (0, 0, 9, 9))
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update composite set mask_path = ?", (path,))
    assert table.ask(f"/-/compare/mask/{COMPOSITE}/256").status_code == 404
    assert 'data-part="b"' in stage(table, f"item={CUTOUT}&mode=composite")


def with_cutout(base: Path) -> None:
    """The cut-out of 220 x 620 px, opaque from 10 to 200 across and from 10 to 600 down."""
    (path,) = rows(base, "select path from item where id = ?", CUTOUT)[0]
    file = base / path
    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGBA", (220, 620), (0, 0, 0, 0))
    image.paste((200, 100, 50, 255), (10, 10, 200, 600))
    image.save(file, lossless=True)


def test_a_cut_out_lies_where_it_lies_in_its_composite(table: Visitor) -> None:
    """The mask's left side is at 300 of 1024, the subject's at 10 of the cut-out, and 190 px wide."""
    file = with_mask(table.base)
    mask(file, (300, 400, 490, 990), (1024, 1024))
    with_cutout(table.base)
    html = stage(table, f"item={COMPOSITE}&mode=composite")
    assert 'data-left="290.0" data-top="390.0" data-scale="1.0"' in html


# --- swapping ---


def decided(base: Path) -> list[tuple[str, int, str]]:
    return rows(
        base,
        """select verdict, item_id, dataset from decision as said where verdict <> 'undo'
        and not exists (select 1 from decision as undo where undo.undoes = said.uid) order by id""",
    )


def test_who_is_kept_can_be_swapped_and_that_taken_back(table: Visitor) -> None:
    said = {"wanted": TWIN, "kept": CUTOUT, "set": "select.default:cutout"}
    answer = table.post("/-/compare/swap", said).json()
    assert decided(table.base) == [("pin", TWIN, "default")]
    assert answer["fates"][str(TWIN)]["verdict"] == "pin"
    shown = table.ask(f"/-/compare/stage?set=select.default:cutout&item={TWIN}&mode=groups").text
    assert re.findall(
        r'id="m(\d+)" data-id="\d+" data-kind="cutout" data-state="(\w+)" data-verdict="(\w*)"', shown
    ) == [
        (str(CUTOUT), "in", ""),
        (str(TWIN), "out", "pin"),
    ]
    back = table.post("/-/decide/undo", {"words": answer["words"], "set": said["set"]})
    assert back.status_code == 200
    assert decided(table.base) == []


def test_a_pinned_one_gives_way_to_another(table: Visitor) -> None:
    word = "select.default:cutout"
    table.post("/-/decide/write", {"verdict": "pin", "ids": [CUTOUT], "dataset": "default", "set": word})
    answer = table.post("/-/compare/swap", {"wanted": TWIN, "kept": CUTOUT, "set": word}).json()
    assert decided(table.base)[1:] == [("pin", TWIN, "default"), ("reject", CUTOUT, "default")]
    assert answer["fates"][str(CUTOUT)]["state"] == "out"
    table.post("/-/decide/undo", {"words": answer["words"], "set": word})
    assert decided(table.base) == [("pin", CUTOUT, "default")]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"wanted": 6, "kept": 5, "set": "extract:frame"}, "frame 6 cannot be pinned: near_duplicate"),
        ({"wanted": TWIN, "kept": TWIN, "set": "select.default:cutout"}, "Choose an image other than the kept one."),
        ({"wanted": TWIN, "kept": 10**6, "set": "select.default:cutout"}, "These images are no longer there."),
        ({"wanted": TWIN, "kept": CUTOUT, "set": "nonsense"}, "There is no set nonsense."),
        ({"wanted": "x", "kept": CUTOUT, "set": ""}, "The images are not named as a list of ids."),
    ],
)
def test_what_cannot_be_swapped_is_said_and_nothing_written(
    table: Visitor, said: dict[str, Any], sentence: str
) -> None:
    answer = table.post("/-/compare/swap", said)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)
    assert decided(table.base) == []


def test_a_rejected_one_stays_in_sight(table: Visitor) -> None:
    """It no longer reaches select nor score; what was said of it still stands beside it."""
    table.post("/-/decide/write", {"verdict": "reject", "ids": [CUTOUT], "set": "select.default:cutout"})
    shown = table.ask(f"/-/compare/stage?set=select.default:cutout&item={CUTOUT}&mode=groups").text
    members = re.findall(r'id="m(\d+)" data-id="\d+" data-kind="cutout" data-state="(\w+)" data-verdict="(\w*)"', shown)
    assert members == [(str(CUTOUT), "out", "reject"), (str(TWIN), "out", "")]
    alone = stage(table, f"item={CUTOUT}")
    assert 'data-badge="reject"' in alone
    assert re.search(r'<p class="standing" data-state="out">.*rejected by hand</p>', alone)


def test_what_is_out_for_what_is_above_says_so(table: Visitor) -> None:
    with sqlite3.connect(table.base / "manifest.db") as db:
        db.execute("update outcome set live = 0, passed = 0 where item_id = ?", (CUTOUT,))
    assert re.search(r'<p class="standing" data-state="out">.*ancestor out</p>', stage(table, f"item={CUTOUT}"))
