"""package and caption: what people did in a package is read back, kept, told, and noticed by make."""

from __future__ import annotations

import os
import shutil

import pytest
from conftest import RunTool
from making import Mill
from packing import bench, name_of
from shelves import Shelf
from stamping import ALL, Check, stamp

from tools import package
from tools.caption_edit import edit
from tools.mill.manifest import sql
from tools.mill.settings import UsageError
from tools.mill.tool import Asked
from tools.mill.words import command
from tools.stamps import changes
from tools.training.edits import touched
from tools.training.readback import read_back, read_back_all

ASKED = Asked(dataset="default")


@pytest.fixture
def shelf(mill: Mill) -> Shelf:
    mill.run_all()
    return Shelf(mill)


def test_an_untouched_package_says_nothing(shelf: Shelf) -> None:
    assert touched(shelf.folder).calls_for_work is False
    assert read_back(shelf.db, shelf.base, ASKED) == ()
    assert shelf.said() == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"ohwx, my own words\n", "ohwx, my own words"),
        (b"\xef\xbb\xbfohwx,  a red\that\r\n", "ohwx, a red hat"),
        (b"ohwx, two\nlines\n\n", "ohwx, two lines"),
        ("ohwx, « café » 猫".encode(), "ohwx, « café » 猫"),
    ],
)
def test_an_edited_text_becomes_a_persons_word(shelf: Shelf, content: bytes, text: str) -> None:
    shelf.text().write_bytes(content)
    told = read_back(shelf.db, shelf.base, ASKED)
    assert told == (f"caption: default/{shelf.text().name} was edited, and is kept.",)
    assert shelf.said() == [(shelf.cutout(), "default", text, "edited in the package")]
    assert read_back(shelf.db, shelf.base, ASKED) == ()


def test_a_missing_trigger_is_told_and_not_mended(shelf: Shelf) -> None:
    shelf.text().write_text("a red hat\n", encoding="utf-8")
    (told,) = read_back(shelf.db, shelf.base, ASKED)
    assert told.endswith("is kept. It does not begin with the trigger, ohwx; it stays as it is.")
    assert shelf.said()[0][2] == "a red hat"


def test_the_next_caption_is_the_persons_and_survives_a_new_package(shelf: Shelf, run_tool: RunTool) -> None:
    shelf.text().write_text("ohwx, my own words\n", encoding="utf-8")
    report = run_tool(shelf.base, "caption", dataset="default")
    assert report.notes[0] == f"caption: default/{shelf.text().name} was edited, and is kept."
    assert shelf.captions() == [("ohwx, my own words", "person")]
    kept = [shelf.rows[0] | {"text": "ohwx, my own words", "caption_version": "new"}, *shelf.rows[1:]]
    shelf.pack(kept)
    assert shelf.text().read_text(encoding="utf-8") == "ohwx, my own words\n"
    assert touched(shelf.folder).texts == {}
    run_tool(shelf.base, "caption", dataset="default", options={"forbidden_words": "own, words"})
    assert shelf.captions() == [("ohwx, my own words", "person")]


def test_what_was_undone_is_not_read_back_from_the_file_that_still_holds_it(shelf: Shelf, run_tool: RunTool) -> None:
    shelf.text().write_text("ohwx, my own words\n", encoding="utf-8")
    run_tool(shelf.base, "caption", dataset="default")
    uid = shelf.mill.one("select uid from decision where verdict = 'caption'")
    shelf.db.execute(
        """insert into decision (uid, kind, address, verdict, undoes, actor, created_at)
        values ('u', 'cutout', ?, 'undo', ?, 'kim', '2999')""",
        (shelf.cutout(), uid),
    )
    assert read_back(shelf.db, shelf.base, ASKED) == ()
    assert len(shelf.said()) == 1
    shelf.pack()
    assert shelf.text().read_text(encoding="utf-8") == f"{shelf.rows[0]['text']}\n"
    shelf.text().write_text("ohwx, my own words\n", encoding="utf-8")
    shelf.db.execute("update package set at = '2999' where state = 'current'")
    assert len(read_back(shelf.db, shelf.base, ASKED)) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"ohwx, caf\xe9\n", "is not UTF-8"),
        (b"o" * 2001, "has 2001 characters; a caption has at most 2000"),
        (b"ohwx\x00", r"holds the sign '\x00', which trainers cannot read"),
    ],
)
def test_what_can_be_no_caption_stops_before_anything_is_lost(shelf: Shelf, content: bytes, why: str) -> None:
    shelf.text(1).write_text("ohwx, fine\n", encoding="utf-8")
    shelf.text(0).write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_back(shelf.db, shelf.base, ASKED)
    fault = f"{shelf.text(0)} {why}. Mend it, or delete it to have its caption put back."
    assert str(refused.value) == f"caption: default/{shelf.text(1).name} was edited, and is kept. {fault}"
    assert [(said[0], said[2]) for said in shelf.said()] == [(shelf.cutout(1), "ohwx, fine")]
    assert shelf.text(0).read_bytes() == content
    with pytest.raises(UsageError) as refused:
        read_back(shelf.db, shelf.base, ASKED)
    assert str(refused.value) == fault


def test_another_images_caption_can_be_written_beside_one_that_can_be_none(shelf: Shelf) -> None:
    shelf.text(0).write_bytes(b"ohwx, caf\xe9\n")
    shelf.text(2).write_text("ohwx, also mine\n", encoding="utf-8")
    (told,) = edit(shelf.base, shelf.cutout(1), "ohwx, mine", "default")
    assert told.startswith("The caption of cutout ")
    assert [(said[0], said[2]) for said in shelf.said()] == [(shelf.cutout(1), "ohwx, mine")]
    with pytest.raises(UsageError, match=r"is not UTF-8\. Mend it, or delete it"):
        edit(shelf.base, shelf.cutout(0), "ohwx, mine", "default")
    assert len(shelf.said()) == 1


@pytest.mark.parametrize(("words", "cut"), [(70, False), (80, True)])
def test_a_text_that_trainers_cut_is_taken_and_told(shelf: Shelf, words: int, cut: bool) -> None:
    # "a woman" is two tokens, each a word that is looked up; the trigger "ohwx" and the comma are two.
    text = "ohwx, " + "a woman " * (words // 2)
    shelf.text().write_text(text, encoding="utf-8")
    (told,) = read_back(shelf.db, shelf.base, ASKED)
    sentence = f" It has about {words + 2} tokens; sdxl reads 75, and trainers leave out the rest."
    assert told == f"caption: default/{shelf.text().name} was edited, and is kept.{sentence * cut}"
    told = edit(shelf.base, shelf.cutout(1), text, "default")[-1]
    assert told.endswith(f"puts it into the package.{sentence * cut}")


def test_the_longest_text_is_taken(shelf: Shelf) -> None:
    shelf.text().write_bytes(b"o" * 2000)
    assert len(read_back(shelf.db, shelf.base, ASKED)) == 1


def test_two_images_of_one_cutout_must_say_the_same(shelf: Shelf) -> None:
    twin = shelf.rows[1] | {"address": shelf.rows[0]["address"].removesuffix("v0") + "v1"}
    shelf.rows = [shelf.rows[0], twin]
    shelf.pack()
    for number, text in enumerate(("ohwx, one", "ohwx, other")):
        shelf.text(number).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="show one cut-out and were edited differently"):
        read_back(shelf.db, shelf.base, ASKED)
    shelf.text(1).write_text("ohwx, one", encoding="utf-8")
    read_back(shelf.db, shelf.base, ASKED)
    assert [said[2] for said in shelf.said()] == ["ohwx, one"]


def test_package_waits_for_texts_that_no_caption_has_taken_up(shelf: Shelf, run_tool: RunTool) -> None:
    shelf.text().write_text("ohwx, my own words\n", encoding="utf-8")
    for told in (f"caption: default/{shelf.text().name} was edited, and is kept. ", ""):
        with pytest.raises(UsageError) as refused:
            read_back_all(shelf.db, shelf.base, ASKED)
        assert str(refused.value) == (
            f"{told}1 text that a person wrote is not in a caption yet. Run caption first, as `make all` does."
        )
    run_tool(shelf.base, "caption", dataset="default")
    assert read_back_all(shelf.db, shelf.base, ASKED) == ()


def test_an_edited_dataset_toml_stays_and_ours_lies_beside_it(shelf: Shelf) -> None:
    toml, new = shelf.folder / "dataset.toml", shelf.folder / "dataset.new.toml"
    ours = toml.read_text(encoding="utf-8")
    toml.write_text(ours + "# mine\n", encoding="utf-8")
    assert not touched(shelf.folder).calls_for_work
    for rows in (shelf.rows[1:], shelf.rows):
        shelf.pack(rows)
        assert toml.read_text(encoding="utf-8") == ours + "# mine\n"
        assert new.read_text(encoding="utf-8").replace(f"{len(rows)} images", "4 images") == ours
        settings = {"name": "default", "trigger": "ohwx"}
        assert package.review(bench(shelf.base, package.Params(), **settings))[1] == (
            f"package: {toml} is yours and stays; ours lies beside it as dataset.new.toml."
        )
    toml.unlink()
    shelf.pack()
    assert toml.read_text(encoding="utf-8") == ours
    assert not new.exists()


def test_what_was_taken_away_or_changed_is_told_and_put_back(shelf: Shelf) -> None:
    stems = [name_of(one) for one in shelf.rows]
    (shelf.folder / f"{stems[0]}.png").unlink()
    (shelf.folder / f"masks/{stems[1]}.png").unlink()
    shelf.text(2).write_text(" \n", encoding="utf-8")
    (shelf.folder / f"{stems[3]}.png").write_bytes(b"painted over")
    gone, changed = package.prepare(shelf.db, shelf.base, ASKED)
    assert gone == (
        f"package: 3 files ({stems[0]}.png, masks/{stems[1]}.png, {stems[2]}.txt) of {shelf.folder} were gone; what "
        f"belongs there is put back. `{command(shelf.base, 'reject', ITEM='…', DATASET='default', WHY='…')}` takes an "
        "image out for good."
    )
    assert changed == (
        f"package: {stems[3]}.png of {shelf.folder} was changed by hand; ours takes that place, yours lies in "
        f"{shelf.folder.parent}/.previous-default until the package changes again."
    )
    assert not package.stands(bench(shelf.base, package.Params(), name="default"))
    shelf.pack()
    assert not touched(shelf.folder).calls_for_work
    assert (shelf.folder.parent / f".previous-default/{stems[3]}.png").read_bytes() == b"painted over"
    assert package.prepare(shelf.db, shelf.base, ASKED) == ()


def test_an_image_that_was_put_there_stays_and_is_told(shelf: Shelf) -> None:
    for name in ("mine.JPG", "notes.md"):
        (shelf.folder / name).write_bytes(b"mine")
    shelf.pack(shelf.rows[1:])
    assert (shelf.folder / "mine.JPG").read_bytes() == b"mine"
    assert package.review(bench(shelf.base, package.Params(), name="default"))[1:] == (
        f"package: mine.JPG in {shelf.folder} was not put there by package. Trainers take that too: give it a caption, "
        "or move it away.",
    )


@pytest.mark.parametrize("what", ["blank", "pipe", "mask", "folder", "toml", "notes"])
def test_make_notices_what_was_done_in_a_package(mill: Mill, check: Check, what: str) -> None:
    shelf = Shelf(mill)
    stamp(mill.base, check)
    if what == "folder":
        shutil.rmtree(shelf.folder)
    elif what in ("blank", "pipe"):
        shelf.text().write_text("", encoding="utf-8")
        if what == "pipe":
            shelf.text().unlink()
            os.mkfifo(shelf.text())
    elif what == "mask":
        (shelf.folder / f"masks/{name_of(shelf.rows[0])}.png").unlink()
    else:
        with (shelf.folder / {"toml": "dataset.toml", "notes": "notes.md"}[what]).open("a") as file:
            file.write("# mine\n")
    assert check() == ([] if what in ("toml", "notes") else ["package.default"])
    if what not in ("toml", "notes"):
        shelf.pack()
        stamp(mill.base, check)
        assert check() == []


def test_an_edited_text_is_read_back_before_make_looks_at_what_is_left(
    mill: Mill, check: Check, capsys: pytest.CaptureFixture[str], run_tool: RunTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(mill)
    stamp(mill.base, check)
    shelf.text().write_text("ohwx, mine\n", encoding="utf-8")
    assert changes.main(["check", str(mill.base)]) == 0
    told = capsys.readouterr()
    assert told.err == f"caption: default/{shelf.text().name} was edited, and is kept.\n"
    assert [said[2] for said in shelf.said()] == ["ohwx, mine"]
    monkeypatch.setenv("MILL_EXPECTED", told.out.splitlines()[1])
    assert run_tool(mill.base, "caption", dataset="default").notes[0] != told.err.strip()
    assert shelf.captions() == [("ohwx, mine", "person")]
    shelf.pack([shelf.rows[0] | {"text": "ohwx, mine", "caption_version": "new"}, *shelf.rows[1:]])
    for name in ALL:
        assert changes.main(["stamp", str(mill.base), name]) == 0
    assert check() == [], "a second make starts nothing"


def test_a_text_that_can_be_none_is_left_to_caption_to_tell(
    mill: Mill, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf = Shelf(mill)
    stamp(mill.base, check)
    shelf.text().write_bytes(b"ohwx, caf\xe9\n")
    assert check() == ["caption.default", "package.default"]
    with pytest.raises(UsageError, match="is not UTF-8"):
        read_back(shelf.db, shelf.base, ASKED)


def test_captions_by_hand_are_listed(shelf: Shelf, run_tool: RunTool) -> None:
    shelf.text().write_text("ohwx, first\n", encoding="utf-8")
    read_back(shelf.db, shelf.base, ASKED)
    shelf.text().write_text("ohwx, second\n", encoding="utf-8")
    run_tool(shelf.base, "caption", dataset="default")
    for dataset in ("", "default"):
        found = shelf.db.execute(sql("queries/captions_by_hand"), {"dataset": dataset}).fetchall()
        assert [(one["text"], one["note"], one["in_force"]) for one in found] == [
            ("ohwx, first", "edited in the package", 0),
            ("ohwx, second", "edited in the package", 1),
        ]
    assert shelf.db.execute(sql("queries/captions_by_hand"), {"dataset": "emma"}).fetchall() == []
