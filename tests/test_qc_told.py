"""qc: what it says and keeps, what it opens, what its SQL can ask, and its page."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from caring import change, said
from manifest_filled import filled
from workspaces import ROOT, ask, make

from tools.inspection import functions, keeping, lying
from tools.inspection.checks import checks, parse
from tools.inspection.examine import VIOLATED, Result, Scope, examine
from tools.inspection.opened import composite, cutout, halo, pair, picture
from tools.inspection.page import PAGE, table
from tools.inspection.page import filled as page_of
from tools.inspection.remedy import parts, spelled
from tools.inspection.rim import outlined
from tools.media.image import encode_png
from tools.mill.manifest import connect
from tools.mill.settings import UsageError
from tools.mill.tool import Dataset
from tools.qc import inspect, main
from tools.training.folder import texts_of

BESIDE = {*texts_of([], Dataset(name="default"), 1, 1)}
"""The files that package writes beside its images."""

NAMES = [check.name for check in checks()]
LOOKING = [check.name for check in checks() if check.opens or check.files]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A filled manifest without files: sound in its rows but for those that its story does not tell."""
    return filled(tmp_path / "work")


def asked(base: Path, *names: str, most: int | None = None) -> dict[str, int]:
    """How many violations each of some checks finds."""
    wanted = [check for check in checks() if check.name in names]
    report = inspect(base, wanted, look=True, most=most, workers=0)
    return {one.check.name: one.violations for one in report.results}


# --- what is said and kept ---


def test_what_is_found_becomes_rows_csv_and_json(base: Path) -> None:
    code, lines, _ = said(main, base, "--json")
    told = json.loads("\n".join(lines))
    assert code == 3
    assert [one["name"] for one in told["checks"]] == NAMES
    by_name = {one["name"]: one for one in told["checks"]}
    missing = by_name["ledger_rows_without_files"]
    files = len(ask(base, "select 1 from item where newest and path is not null and parent_id is not null"))
    # Beside them the masks of two composites, the two images of the package, and the files that package adds.
    assert (missing["state"], missing["severity"], missing["n"]) == ("violated", "error", files + 4 + len(BESIDE))
    assert told["errors"] == sum(one["state"] == "violated" and one["severity"] == "error" for one in told["checks"])
    kept = dict(ask(base, "select name, violations from qc_result"))
    assert kept == {name: one["n"] for name, one in by_name.items()}
    assert ask(base, "select errors, warnings, looked from qc_run") == [(told["errors"], told["warnings"], 1)]
    rows = ask(
        base,
        """select item_id, path, detail from qc_violation join qc_result on qc_result.id = qc_result_id
        where name = 'ledger_rows_without_files' order by qc_violation.id""",
    )
    assert rows == [(one["item_id"], one["path"], one["detail"]) for one in missing["violations"]]
    with open(base / keeping.FOLDER / keeping.VIOLATIONS, encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == sum(kept.values())
    mine = [row for row in listed if row["check"] == "ledger_rows_without_files"]
    assert [(int(row["item_id"] or 0) or None, row["path"], row["detail"]) for row in mine] == rows
    with open(base / keeping.FOLDER / keeping.SUMMARY, encoding="utf-8", newline="") as file:
        summed = {row["check"]: row for row in csv.DictReader(file)}
    assert {name: int(row["violations"]) for name, row in summed.items()} == kept
    assert summed["ledger_runs"]["state"] == "passed"


def test_the_next_time_takes_the_violations_place_and_leaves_the_results(base: Path) -> None:
    assert asked(base, "ledger_runs", "ledger_bytes") == {"ledger_bytes": 0, "ledger_runs": 0}
    change(base, "update run set status = 'running', host = 'elsewhere' where id = 1")
    change(base, "update run set status = 'killed' where id = 2")
    change(base, "update outcome set stale = 1 where run_id = 2")
    assert asked(base, "ledger_last_runs") == {"ledger_last_runs": 1}
    assert asked(base, "ledger_failed") == {"ledger_failed": 1}
    assert ask(base, "select count(*) from qc_run") == [(3,)]
    assert ask(base, "select name from qc_violation join qc_result on qc_result.id = qc_result_id") == [
        ("ledger_failed",)
    ]


def test_the_terminal_names_the_first_of_many_and_says_what_to_do(base: Path) -> None:
    code, lines, _ = said(main, base, "--workers", "0")
    assert code == 3
    start = next(place for place, line in enumerate(lines) if line.startswith("error: ledger_rows_without_files, "))
    remedy = next(check.remedy for check in checks() if check.name == "ledger_rows_without_files")
    assert lines[start].endswith(f" violations. {spelled(remedy, base)}")
    assert f"`make verify BASE={base} REPAIR=1`" in lines[start]
    assert [line.startswith("  item ") for line in lines[start + 1 : start + 5]] == [True, True, True, False]
    assert lines[start + 4].endswith(f" more: {base / 'qc_reports' / 'violations.csv'}")
    assert lines[-2].startswith(f"qc: {len(NAMES)} checks, ")


def test_without_files_nothing_is_opened_and_that_is_told(base: Path) -> None:
    code, lines, _ = said(main, base, "--no-files")
    states = dict(ask(base, "select name, state from qc_result"))
    assert [name for name in NAMES if states[name] == "skipped"] == LOOKING
    assert f"and {len(LOOKING)} skipped, as no file was to be looked at." in "\n".join(lines)
    errors = sum(state == VIOLATED and severity == "error" for state, severity in
                 ask(base, "select state, severity from qc_result"))  # fmt: skip
    assert code == (3 if errors else 0)


def test_so_many_files_are_opened_and_always_the_same(base: Path) -> None:
    assert asked(base, "qc4_crops_open", most=2) == {"qc4_crops_open": 2}
    once = ask(base, "select item_id from qc_violation order by 1")
    assert asked(base, "qc4_crops_open", most=2) == {"qc4_crops_open": 2}
    assert ask(base, "select item_id from qc_violation order by 1") == once
    assert asked(base, "qc4_crops_open")["qc4_crops_open"] > 2


def test_a_tool_at_work_is_not_judged(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = asked(base, "ledger_rows_without_files", "qc4_crops_open")
    detect = "(select id from step where tool = 'detect')"
    change(base, f"update run set status = 'running', host = 'elsewhere' where step_id = {detect}")
    crops = ask(base, "select count(*) from item where kind = 'person' and newest")[0][0]
    after = asked(base, "ledger_rows_without_files", "qc4_crops_open")
    assert after == {
        "ledger_rows_without_files": before["ledger_rows_without_files"] - int(str(crops)),
        "qc4_crops_open": 0,
    }
    assert "At work just now, so that their files were not judged: detect." in said(main, base)[1]


def test_a_tool_that_begins_meanwhile_is_not_judged_either(base: Path) -> None:
    """Its run begins behind the moment of the checks: what they miss may have been moved by it."""
    wanted = [check for check in checks() if check.name in ("ledger_rows_without_files", "qc4_crops_open", "qc2_sizes")]
    with closing(connect(base)) as db, closing(connect(base)) as beside:
        functions.register(db)
        watch = lying.watch(beside)
        assert lying.prepare(db, base, look=True) == []
        db.execute("update item set width = 0 where kind = 'person'")
        change(
            base,
            """insert into run (uid, step_id, limits_json, machine_json, host, pid, started_at, finished_at, status)
            select 'since', id, '{}', '{}', '', 0, '', '', 'done' from step where tool = 'detect'""",
        )
        scope = Scope(base, True, None, 0, watch.stirs)
        found = {check.name: list(examine(db, check, scope, Result(check))) for check in wanted}
    assert found["qc4_crops_open"] == []
    assert found["qc2_sizes"], "what the manifest says is of one moment"
    folders = {str(each.path).partition("/")[0] for each in found["ledger_rows_without_files"]}
    assert "02_person_crops" not in folders
    assert folders > {"01_extracted_frames", "03_masked_subjects"}
    assert watch.tools == {"detect"}


@pytest.mark.parametrize(
    ("path", "tool"),
    [("02_person_crops/a/b.webp", "detect"), ("07_final_training/x", "package"), ("score", "score"),
     ("package default", "package"), ("package.default", "package"), (None, ""), ("elsewhere/x", "elsewhere")],
)  # fmt: skip
def test_a_path_speaks_of_the_tool_that_writes_there(path: str | None, tool: str, base: Path) -> None:
    with closing(connect(base)) as db:
        watch = lying.watch(db)
        assert not watch.stirs(path)
        known = db.execute("select 1 from step where tool = ?", (tool,)).fetchone() is not None
        assert lying.Watch(db, 0).stirs(path) is known


def test_the_target_fails_where_an_error_is_found_and_not_for_warnings(base: Path) -> None:
    wanted = ("-o", ".venv/.ready", "qc", "NO_FILES=1")
    done = make(*wanted, base=base)
    assert done.returncode == 2, done.stdout
    assert "error: qc1_measured, " in done.stdout
    change(base, "insert or ignore into extract (outcome_id) select id from outcome where kind = 'video'")
    change(base, "update extract set luma_tenengrad = 1, candidates = 1, window_s = 0.5, decoded_frames = 8")
    change(base, "update score set likeness = null")
    done = make(*wanted, base=base)
    assert done.returncode == 0, done.stdout
    assert ask(base, "select errors from qc_run order by id desc")[0] == (0,)
    assert "warning: ledger_failed, 1 violation." in done.stdout


def test_a_manifest_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"manifest\.db does not exist"):
        inspect(tmp_path, checks(), look=True, most=None, workers=0)
    assert list(tmp_path.iterdir()) == []


def test_a_remedy_is_told_with_the_commands_of_this_workspace() -> None:
    base = Path("/my films/emma")
    assert parts("Look, then make clean all: it is made. If not, make it one.", base) == [
        ("Look, then ", False),
        ("make clean all BASE='/my films/emma'", True),
        (": it is made. If not, make it one.", False),
    ]
    assert spelled("Type make verify REPAIR=1, then make all.", Path("data")) == (
        "Type `make verify REPAIR=1`, then `make all`."
    )
    assert spelled("Write it with make caption-edit.", Path("data")) == (
        "Write it with `make caption-edit ITEM=… TEXT=…`."
    )
    targets = set(re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    known = {word for target in targets for word in target.split()} | {"all", "clean"}
    for check in checks():
        for text, typed in parts(check.remedy, Path("data")):
            assert "make " not in text.replace("make it", "") if not typed else set(text.split()[1:2]) <= known, check


def test_the_files_of_a_package_are_those_that_package_writes(base: Path) -> None:
    asked(base, "ledger_rows_without_files")
    told = ask(base, "select path from qc_violation where path like '07%' and path not like '%.png'")
    assert sorted(Path(str(path)).name for (path,) in told) == sorted(BESIDE)
    change(base, "delete from package_item")
    asked(base, "ledger_rows_without_files")
    assert ask(base, "select path from qc_violation where path like '07%'") == [], "an empty package has none of them"


# --- what a file is found to be ---


def sheet(width: int = 40, height: int = 30, *, depth: int = 3) -> np.ndarray:
    """Pixels of no constant value."""
    return np.random.default_rng(1).integers(0, 256, (height, width, depth), np.uint8)


ROW = {"path": "a.png", "mask_path": "m.png", "width": 40, "height": 30}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (encode_png(sheet()), None),
        (encode_png(sheet(41)), "It is 41×30, its row says 40×30."),
        (b"", "It has no bytes."),
        (None, "It is not there."),
        (encode_png(sheet())[:200], "It cannot be opened: "),
        (b"text", "It cannot be opened: "),
    ],
)
@pytest.mark.parametrize("inspector", [picture, cutout, composite])
def test_a_picture_is_opened_to_its_end(
    inspector: Callable[..., list[str]], content: bytes | None, sentence: str | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    (tmp_path / "m.png").write_bytes(encode_png(sheet(41 if sentence and "41" in sentence else 40)[..., 0].copy()))
    found = inspector(ROW, tmp_path)
    # An opaque picture's alpha is constant, which is a cut-out's second fault.
    found = [one for one in found if inspector is not cutout or not one.startswith("Its alpha")]
    assert len(found) == (1 if sentence else 0), found
    assert all(one.startswith(str(sentence)) for one in found), found


@pytest.mark.parametrize(("value", "faults"), [(0, 1), (255, 1), (None, 0)])
def test_an_alpha_of_one_value_is_a_fault(value: int | None, faults: int, tmp_path: Path) -> None:
    rgba = sheet(depth=4)
    if value is not None:
        rgba[..., 3] = value
    (tmp_path / "a.png").write_bytes(encode_png(rgba))
    assert cutout(ROW, tmp_path) == [f"Its alpha is {value} everywhere."] * faults


def test_a_constant_mask_and_one_of_another_size(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_png(sheet()))
    (tmp_path / "m.png").write_bytes(encode_png(np.full((30, 40), 255, np.uint8)))
    assert composite(ROW, tmp_path) == ["Its mask is 255 everywhere."]
    (tmp_path / "m.png").write_bytes(encode_png(sheet(39)[..., 0].copy()))
    assert composite(ROW, tmp_path) == ["Its mask is 39×30, itself 40×30."]
    assert halo(ROW, tmp_path) == [], "composite says it"
    (tmp_path / "m.png").unlink()
    assert composite(ROW, tmp_path) == ["Its mask: It is not there."]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (b"emx7, a coat\n", []),
        (b"emx7, a coat", []),
        (b" \n", ["The caption is empty."]),
        (b"one\ntwo", ["The caption has several lines; trainers read one."]),
        (b"\xff\xfe", ["The caption is not UTF-8."]),
        (None, ["The caption is not there."]),
    ],
)
def test_a_pair_has_an_image_a_mask_and_one_line(text: bytes | None, sentences: list[str], tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    for name in ("a.png", "masks/a.png"):
        (tmp_path / name).write_bytes(encode_png(sheet()))
    if text is not None:
        (tmp_path / "a.txt").write_bytes(text)
    assert pair({"path": "a.png"}, tmp_path) == sentences
    (tmp_path / "masks" / "a.png").unlink()
    assert pair({"path": "a.png"}, tmp_path) == ["The mask: It is not there.", *sentences]


# --- the line around a subject ---


def disc(subject: int, ground: int, line: int | None, width_px: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A disc before a plain ground, and a line of a colour of its own where the two meet."""
    rows, columns = np.indices((200, 200))
    away = np.hypot(rows - 100, columns - 100)
    rgb = np.full((200, 200, 3), ground, np.uint8)
    rgb[away <= 60] = subject
    if line is not None:
        rgb[abs(away - 60) <= width_px / 2] = line
    return rgb, np.where(away <= 60, 255, 0).astype(np.uint8)


@pytest.mark.parametrize(
    ("subject", "ground", "line", "seen"),
    [
        (60, 160, None, False),
        (60, 160, 255, True),
        (160, 60, 0, True),
        (60, 160, 110, False),  # between the two: what blending gives
        (60, 160, 175, False),  # no more than grain
    ],
)
def test_a_line_that_is_lighter_or_darker_than_both_sides_is_seen(
    subject: int, ground: int, line: int | None, seen: bool
) -> None:
    share = outlined(*disc(subject, ground, line))
    assert share is not None
    assert share > 0.35 if seen else share == 0


def test_without_a_subject_nobody_can_tell() -> None:
    rgb, mask = disc(60, 160, None)
    assert outlined(rgb, np.zeros_like(mask)) is None


# --- what its SQL can ask ---


@pytest.fixture
def bare() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    functions.register(db)
    return db


def value(db: sqlite3.Connection, question: str) -> object:
    return db.execute(question).fetchone()[0]


def test_the_exact_test_agrees_with_counting(bare: sqlite3.Connection) -> None:
    assert value(bare, "select binomial_p(12, 12, 0.5)") == pytest.approx(2 / 2**12)
    assert value(bare, "select binomial_p(0, 3, 0.5)") == pytest.approx(2 / 8)
    assert value(bare, "select binomial_p(1, 2, 0.5)") == 1
    # Four of five at 1/20: five ways times (1/20)^4 19/20, and all five: (1/20)^5; doubled.
    assert value(bare, "select binomial_p(4, 5, 0.05)") == pytest.approx(2 * (5 * 19 + 1) / 20**5)
    assert [value(bare, f"select binomial_p({n}, 5, 0.0)") for n in (0, 1)] == [1, 0]
    assert [value(bare, f"select binomial_p({n}, 5, 1.0)") for n in (5, 4)] == [1, 0]


def test_medians_and_spreads(bare: sqlite3.Connection) -> None:
    bare.execute("create table t (x)")
    bare.executemany("insert into t values (?)", [(1,), (2,), (3,), (4,), (None,)])
    assert value(bare, "select median(x) from t") == 2.5
    assert value(bare, "select spread(x) from t") is None, "four values are too few"
    bare.execute("insert into t values (1000)")
    # Median 3; the distances to it are 2, 1, 0, 1, 997, and their median is 1.
    assert value(bare, "select spread(x) from t") == pytest.approx(1.4826)
    assert value(bare, "select median(x) from t where x > 5000") is None
    assert [value(bare, f"select ln({x})") for x in (1, 0, "null")] == [0, None, None]


def test_words_are_looked_for_as_words_behind_the_trigger(bare: sqlite3.Connection) -> None:
    assert value(bare, "select says('photo, a photo', 'photo', 'photo')") == 1
    assert value(bare, "select says('photo, a coat', 'photo', 'photo')") == 0
    assert value(bare, "select says('emx, photos', 'photo', 'emx')") == 0
    assert value(bare, "select lacks_trigger('a coat', '')") == 0


def test_contradictions_name_both_sides(bare: sqlite3.Connection) -> None:
    told = json.loads(str(value(bare, "select contradictions('a headshot, full body', 'far', null, null, null)")))
    assert told == [
        'It says "headshot", measured is a far shot.',
        'It says both "headshot" and "full body".',
    ]
    assert value(bare, "select contradictions('full body', 'far', 'front', null, null)") == "[]"
    told = json.loads(str(value(bare, "select contradictions('upper body, seated', 'mid', 'back', 'full', 'lying')")))
    assert told == [
        'It says "upper body", measured is the extent full.',
        'It says "seated", measured is the posture lying.',
    ]


# --- the files in sql/qc, and their page ---


def test_every_check_says_what_it_is(base: Path) -> None:
    milestones = {check.milestone for check in checks()}
    assert milestones == {*(f"QC{number}" for number in range(9)), "Ledger"}
    for check in checks():
        assert check.description.endswith("."), check.name
        assert check.remedy.endswith("."), check.name
        assert check.name.startswith(check.milestone.lower()), check.name
    with closing(connect(base)) as db:
        assert [row[1] for row in db.execute("pragma table_info(qc_violation)")][2:] == ["item_id", "path", "detail"]


@pytest.mark.parametrize(
    "text",
    [
        "select 1;",
        "-- Title.\nselect 1;",
        "-- Title.\n-- QC1, error. It is.\nselect 1;",
        "-- Title.\n-- QC1, bad. It is.\n-- Remedy: Do it.\nselect 1;",
    ],
)
def test_a_check_without_its_comment_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^sql/qc/x\.sql does not begin as a check does"):
        parse("x", text)


def test_a_check_that_does_not_fit_the_manifest_is_named(base: Path) -> None:
    text = "-- Title here.\n-- QC1, error. It is.\n-- Remedy: Do it.\nselect * from nowhere;"
    with pytest.raises(UsageError) as caught:
        inspect(base, [parse("x", text)], look=True, most=None, workers=0)
    assert str(caught.value) == "The check x cannot be made: no such table: nowhere. Look at sql/qc/x.sql."
    assert not list((base / keeping.FOLDER).iterdir()), "no half report is left"


def test_the_page_shows_what_the_files_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page_of(text, checks()) == text, "type make qc-page"
    assert all(f"| `{name}` |" in table(checks()) for name in NAMES)
    with pytest.raises(UsageError, match="needs the lines"):
        page_of("no marks", checks())


def test_nothing_is_written_while_checks_are_made(base: Path) -> None:
    writing = parse("x", "-- Title here.\n-- QC1, error. It is.\n-- Remedy: Do it.\ndelete from item;")
    with pytest.raises(UsageError, match="readonly"):
        inspect(base, [writing], look=False, most=None, workers=0)
