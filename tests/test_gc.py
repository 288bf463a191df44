"""gc: only what nothing of today needs goes, told and written down, and comes back where its settings do."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from caring import change, fresh, ran_since, runs, said
from killing import CHEAP, TOOLS, Stations, chain, deed, run
from sound import WRITTEN, all_of, differences, faults
from workspaces import ask, files, funnel_holds, natural, tool

from tools.care import garbage
from tools.gc import main
from tools.mill.lock import Held, hold
from tools.mill.manifest import SQL, connect, sql
from tools.mill.settings import UsageError

AFTER = TOOLS[TOOLS.index("detect") + 1]
COARSER = ("--webp-quality", "50")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Stations:
    return Stations(tmp_path_factory.mktemp("stations"))


@pytest.fixture(scope="module")
def moved(stations: Stations) -> Path:
    """The whole chain, and then once more with coarser crops: persons and all below them are there twice."""
    base = fresh(stations.after("package"), stations.after("package").with_name("moved"))
    run(base, deed("detect", *COARSER), *chain(AFTER))
    return base


@pytest.fixture
def base(moved: Path, tmp_path: Path) -> Path:
    return fresh(moved, tmp_path / "work")


def superseded(base: Path) -> set[str]:
    """What is not in force, by another way than gc finds it: image and mask files of items that are not newest."""
    rows = ask(
        base,
        """select path from item where not newest and path is not null
        union select mask_path from composite join item on item.id = item_id where not newest""",
    )
    return {str(path) for (path,) in rows}


def on_disk(base: Path) -> dict[str, int]:
    return {path: (base / path).stat().st_size for path in files(base, *WRITTEN)}


def test_what_earlier_settings_made_goes_and_no_row_speaks_of_it(base: Path) -> None:
    before, goes, natural_before = on_disk(base), superseded(base), natural(base)
    assert {path.split("/")[0] for path in goes} == {"02_person_crops", "03_masked_subjects", "05_augmented"}
    freed = sum(before[path] for path in goes)
    code, lines, told = said(main, base)
    assert code == 0
    assert told == f"gc: {len(goes)} superseded files removed, {freed / 1e3:.0f} kB freed.\n"
    assert sum(int(re.search(r": (\d+) files?, ", line)[1]) for line in lines) == len(goes)  # type: ignore[index]
    assert on_disk(base) == {path: size for path, size in before.items() if path not in goes}
    assert natural(base) == natural_before
    assert superseded(base) == {""}
    assert faults(base) == []
    audited = ask(base, "select path from audit where actor = 'gc' and action = 'superseded_removed' and sha256 <> ''")
    assert {path for (path,) in audited} == goes
    assert said(main, base) == (0, [], "gc: nothing is superseded.\n")


def test_the_links_to_people_stay_and_lead_to_what_is_there(base: Path) -> None:
    people = sorted(path for path in (base / "people").rglob("*") if path.is_symlink())
    assert {path.relative_to(base / "people").parts[0] for path in people} >= {"shot"}
    assert all(path.resolve().parts[-3] == "02_person_crops" for path in people)
    said(main, base)
    assert sorted(path for path in (base / "people").rglob("*") if path.is_symlink()) == people
    assert all(path.exists() for path in people)


def test_what_was_removed_is_made_again_where_its_settings_return(base: Path, stations: Stations) -> None:
    said(main, base)
    last = runs(base)
    run(base, *chain())
    ran = dict(ran_since(base, last))
    assert ran["detect"], "its recipe is another one, as without gc"
    assert [(ran["mask"],)] == ask(base, "select inputs from funnel where tool = 'mask' and kind = 'person'")
    assert ran["composite"]
    assert faults(base) == []
    assert differences(base, all_of(stations.after("package"))) == []


def test_without_gc_the_same_return_opens_no_image_below(moved: Path, tmp_path: Path, stations: Stations) -> None:
    """What gc costs: this is why it is not done by itself."""
    base = fresh(moved, tmp_path / "kept")
    last = runs(base)
    run(base, *chain())
    assert "mask" not in dict(ran_since(base, last))
    assert differences(base, all_of(stations.after("package"))) == []


def test_after_it_the_next_make_has_nothing_to_do(base: Path) -> None:
    said(main, base)
    last = runs(base)
    run(base, deed("intake"), deed("extract"), deed("detect", *COARSER), *chain(AFTER))
    assert ran_since(base, last) == []


def test_a_dry_run_tells_the_same_and_changes_nothing(base: Path) -> None:
    tables = ("item", "outcome", "audit", "step", "meta")
    before, rows = on_disk(base), [ask(base, f"select * from {table}") for table in tables]
    code, lines, told = said(main, base, "--dry-run")
    assert code == 0
    assert told.endswith(" kB. Nothing was changed.\n")
    assert on_disk(base) == before
    assert [ask(base, f"select * from {table}") for table in tables] == rows
    assert said(main, base)[1] == lines


def test_what_is_rejected_or_not_chosen_is_not_superseded(stations: Stations, tmp_path: Path) -> None:
    base = fresh(stations.after("package"), tmp_path / "work")
    run(base, deed("score", "--min-sharpness", "0.99"), *chain("select"))
    assert ask(base, "select count(*) from selection where chosen") == [(0,)]
    before = on_disk(base)
    assert said(main, base) == (0, [], "gc: nothing is superseded.\n")
    assert on_disk(base) == before
    last = runs(base)
    run(base, *chain("score"))
    assert "composite" not in dict(ran_since(base, last)), "moving the limit back makes no image again"
    assert differences(base, all_of(stations.after("package"))) == []


def test_what_hangs_on_a_source_that_is_gone_is_kept_for_its_return(stations: Stations, tmp_path: Path) -> None:
    base = fresh(stations.after("package"), tmp_path / "work")
    photo = base / "00_raw_photos" / "photo 0.png"
    photo.rename(tmp_path / "away")
    run(base, *chain())
    before = on_disk(base)
    kept = ask(base, "select count(*), sum(bytes) from item where not newest and parent_id is not null and path <> ''")
    code, lines, told = said(main, base)
    n, size = (int(str(value)) for value in kept[0])
    assert n >= 3
    assert (code, lines) == (0, [])
    assert told == (
        "gc: nothing is superseded.\n"
        f"gc: kept for sources that are gone and may come back: {n} files ({size / 1e3:.0f} kB).\n"
    )
    assert on_disk(base) == before
    (tmp_path / "away").rename(photo)
    last = runs(base)
    run(base, *chain())
    assert "mask" not in dict(ran_since(base, last))
    assert differences(base, all_of(stations.after("package"))) == []


def test_a_dataset_that_is_no_longer_configured_gives_its_composites(stations: Stations, tmp_path: Path) -> None:
    base = fresh(stations.after("package"), tmp_path / "work")
    two = "[dataset.default]\n[dataset.small]\ncount = 1\n"
    (base / "config.toml").write_text(CHEAP + two, encoding="utf-8")
    run(base, *chain("select", dataset="small"))
    with_small = all_of(base)
    (base / "config.toml").write_text(CHEAP, encoding="utf-8")
    composites = files(base, "05_augmented/small")
    assert composites
    size = sum(os.stat(base / path).st_size for path in composites)
    assert said(main, base)[1] == [f"05_augmented: {len(composites)} files, {size / 1e3:.0f} kB"]
    assert files(base, "05_augmented/small") == []
    assert files(base, "07_final_training/small"), "a package is the user's"
    assert faults(base) == []
    (base / "config.toml").write_text(CHEAP + two, encoding="utf-8")
    run(base, *chain("select", dataset="small"))
    assert differences(base, with_small) == []
    assert files(base, "05_augmented/small") == composites


def test_a_file_that_two_items_share_stays_while_one_of_them_is_needed(base: Path) -> None:
    [(kept,)] = ask(base, "select path from item where newest and kind = 'cutout' order by id limit 1")
    [(old,)] = ask(base, "select id from item where not newest and kind = 'cutout' order by id limit 1")
    change(base, "update item set path = ? where id = ?", kept, old)
    said(main, base)
    assert (base / str(kept)).is_file()
    assert ask(base, "select path from item where id = ?", old) == [(kept,)]


def test_killed_in_between_the_next_one_removes_the_rest(base: Path) -> None:
    goes = superseded(base)
    code = (
        "import os, sys; from tools.care import garbage; real = os.unlink; left = 3\n"
        "def unlink(path, **more):\n    global left; left -= '_' in str(path); left or os.kill(os.getpid(), 9)\n"
        "    real(path, **more)\nos.unlink = unlink; from tools.gc import main; main(['--base', sys.argv[1]])"
    )
    python = str(SQL.parent / ".venv" / "bin" / "python")
    killed = subprocess.run([python, "-c", code, base], cwd=SQL.parent, check=False)
    assert killed.returncode == -9
    left = {path for path in goes if (base / path).exists()}
    assert 0 < len(left) < len(goes)
    assert not any(ask(base, "select 1 from item where path = ?", path) for path in left), (
        "no row claims what may be gone"
    )
    again = said(main, base)
    assert again[2].startswith(f"gc: {len(left)} superseded file")
    assert not any((base / path).exists() for path in goes)
    assert faults(base) == []
    assert funnel_holds(base)


def test_it_waits_for_a_tool_at_work_and_needs_a_manifest(base: Path, tmp_path: Path) -> None:
    before = on_disk(base)
    with hold(base, "mask"), pytest.raises(Held, match=r"^mask is already running on "):
        said(main, base)
    assert on_disk(base) == before
    with pytest.raises(UsageError, match=r"manifest\.db does not exist"):
        said(main, tmp_path / "nowhere")
    with hold(base, "mask"):
        assert tool("gc", base=base).returncode == 75
        assert tool("gc", "--dry-run", base=base).returncode == 0


def test_a_folder_that_cannot_be_written_stops_it_and_no_row_lies(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows first, then files: what could not be removed is no one's any more, and the next one takes it."""
    real = os.unlink

    def refuse(path: Path, **more: int) -> None:
        if "02_person_crops" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        real(path, **more)

    monkeypatch.setattr("tools.care.garbage.os.unlink", refuse)
    with pytest.raises(PermissionError):
        said(main, base)
    monkeypatch.undo()
    said(main, base)
    assert faults(base) == []


def test_reachable_is_all_that_is_in_force(moved: Path) -> None:
    with closing(connect(moved)) as db:
        reachable = {row[0] for row in db.execute(sql("care/reachable"))}
        in_force = {row[0] for row in db.execute("select id from item where newest")}
        assert in_force <= reachable
        garbage.find(db)
        assert {waste.path for batch in garbage.pages(db, moved) for waste in batch} == superseded(moved)
