"""estimate: what the headers tell, reckoned by hand; measured rates before stated ones; nothing is written."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from asking import ask
from caring import change
from footage import Style, pictures, write
from hostile_names import forty
from killing import Stations, copy, deed, run
from PIL import Image
from workspaces import make, tool

from tools.estimate import about, footage_of, main, remarks, sentence
from tools.forecast.forecast import Footage, Forecast, forecast, windows
from tools.forecast.rates import SECONDS, Rates, rates
from tools.media.header import Header, video_header
from tools.mill.plan import PLAN
from tools.mill.settings import UsageError
from tools.sampling.survey import survey

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "clips"
DATASET = {"count": 40, "target": "sdxl"}
EXTRACT = {"fps": 2.0, "max_frames": 600}


def told(base: Path, *words: str) -> str:
    return ask(main, base, *words)[0]


def as_json(base: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(told(base, "--json"))
    return found


def line(found: Forecast, tool: str) -> tuple[int, float, int]:
    [one] = [one for one in found.lines if one.tool == tool]
    return one.items, round(one.seconds, 6), one.bytes


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Two films of 3 and 1.25 s and a photo."""
    base = tmp_path / "my $data's"
    for folder in ("00_raw_videos", "00_raw_photos"):
        (base / folder).mkdir(parents=True)
    write(base / "00_raw_videos" / "a.mp4", pictures(30, 64, 48), Style(fps=10))
    write(base / "00_raw_videos" / "b.mkv", pictures(25, 64, 64), Style(fps=20))
    Image.new("RGB", (100, 50)).save(base / "00_raw_photos" / "c.png")
    return base


def test_headers_say_it_all(base: Path) -> None:
    sources = {one.file.path: one.header for one in survey(base)}
    assert sources == {
        b"a.mp4": Header(64, 48, 3.0, 10.0),
        b"b.mkv": Header(64, 64, 1.25, 20.0),
        b"c.png": Header(100, 50),
    }


def test_only_headers_are_read(tmp_path: Path) -> None:
    """A film whose pictures are all zeroes has a header like any other, and takes no longer."""
    path = write(tmp_path / "a.mp4", pictures(30, 64, 48), Style(fps=10))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4 if data.index(b"moov") > start else len(data)
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    assert video_header(os.fsencode(path)) == Header(64, 48, 3.0, 10.0)


@pytest.mark.parametrize(
    ("seconds", "fps", "most", "expected"),
    [(10.0, 2.0, 600, 20), (10.1, 2.0, 600, 21), (300.0, 2.0, 600, 600), (300.5, 2.0, 600, 600), (0.0, 2.0, 600, 1)],
)
def test_how_many_frames_a_video_gives(seconds: float, fps: float, most: int, expected: int) -> None:
    assert windows(Header(64, 48, seconds, 25.0), fps, most) == expected


def test_numbers_follow_from_each_other() -> None:
    """Everything by hand: 100 frames of 2 megapixels, 1.5 people in nine of ten."""
    footage = Footage([Header(2000, 1000, 40.0, 25.0)], [Header(2000, 1000)] * 20, 0, 0, 0)
    found = forecast(footage, Rates(), EXTRACT, [DATASET], workers=2)
    assert (found.frames, found.duration_s, found.images) == (100, 40.0, 40)
    assert line(found, "intake") == (21, round(21 * SECONDS["intake"] / 2, 6), 0)
    assert line(found, "extract") == (21, round((2 * 40 * 25 * 0.008 + 20 * 0.1) / 2, 6), round(200 * 0.09e6))
    assert line(found, "detect")[:2] == (100, round(100 * SECONDS["detect"] / 2, 6))
    persons = 100 * 0.9 * 1.5
    assert line(found, "mask")[:2] == (round(persons * 0.9), round(persons * 0.9 * SECONDS["mask"] / 2, 6))
    assert line(found, "select")[1] == round(persons * 0.9 * 0.95 * 0.8 * SECONDS["select"], 6), "in one process"
    assert line(found, "composite") == (40, round(40 * SECONDS["composite"] / 2, 6), round(40 * 1.05 * 0.8e6))
    assert line(found, "package")[0] == 40
    assert found.seconds == pytest.approx(sum(one.seconds for one in found.lines))
    assert found.bytes == sum(one.bytes for one in found.lines)
    assert [one.tool for one in found.lines] == [step.tool for step in PLAN]


def test_few_cutouts_bound_the_set_and_each_dataset_has_its_own() -> None:
    footage = Footage([], [Header(2000, 1000)] * 10, 0, 0, 0)
    two = forecast(footage, Rates(), EXTRACT, [DATASET, {"count": 3, "target": "wan"}], workers=1)
    passed = 10 * 0.9 * 1.5 * 0.9 * 0.95 * 0.8
    assert two.images == round(passed + 3)
    assert line(two, "composite")[2] == round((passed * 1.05 + 3 * 0.5) * 0.8e6)


def test_more_workers_than_items_help_no_more() -> None:
    footage = Footage([Header(640, 480, 100.0, 25.0)], [], 0, 0, 0)
    one, many = (forecast(footage, Rates(), EXTRACT, [DATASET], workers=n) for n in (1, 64))
    assert line(one, "extract")[1] == line(many, "extract")[1]
    assert line(many, "detect")[1] == pytest.approx(line(one, "detect")[1] / 64, abs=1e-6)


def test_the_answer_in_one_line_and_by_stage(base: Path) -> None:
    text = told(base).splitlines()
    # 6 and 3 windows and the photo.
    assert text[0].startswith("2 videos and 1 photo (4 s of film): about 10 frames; about ")
    assert text[2].split() == ["stage", "tool", "items", "of", "time", "disk", "rate"]
    assert [row.split()[1] for row in text[3 : 3 + len(PLAN)]] == [step.tool for step in PLAN]
    assert all(row.endswith("stated") for row in text[3 : 3 + len(PLAN)])
    assert (
        f"No run has been timed here. For better numbers: make slice all BASE='{base.parent}/my $data'\"'\"'s' TEST=1"
        in text
    )
    assert text[-1].endswith(" of disk are free.")
    assert sorted(path.name for path in base.iterdir()) == ["00_raw_photos", "00_raw_videos"], "nothing was written"


def test_json_holds_the_same(base: Path) -> None:
    found = as_json(base)
    assert (found["videos"], found["photos"], found["unread"], found["frames"]) == (2, 1, 0, 10)
    assert found["duration_s"] == pytest.approx(4.25)
    assert found["measured"] == []
    lines = found["lines"]
    assert isinstance(lines, list)
    assert math.isclose(sum(one["seconds"] for one in lines), float(str(found["seconds"])))


def test_settings_decide(base: Path) -> None:
    (base / "config.toml").write_text("[extract]\nfps = 4.0\nmax_frames = 7\n[dataset.a]\n[dataset.b]\n")
    assert as_json(base)["frames"] == 7 + 5 + 1


def test_what_cannot_be_opened_is_counted_apart(base: Path) -> None:
    (base / "00_raw_videos" / "broken.mp4").write_bytes(b"no video")
    (base / "00_raw_photos" / "empty.jpg").write_bytes(b"")
    found = as_json(base)
    assert (found["videos"], found["photos"], found["unread"]) == (2, 1, 2)
    assert "2 files cannot be opened; intake will say why." in told(base).splitlines()


def test_rates_are_measured_where_there_are_runs(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = copy(
        Stations(tmp_path_factory.mktemp("stations"), photos=6).after("package"), tmp_path_factory.mktemp("x") / "b"
    )
    change(base, "update outcome set seconds = 2.5 where kind = 'person'")
    change(base, "update outcome set seconds = 1.5 where kind = 'video'")
    known = rates(base)
    assert known.source == base
    assert known.seconds["mask"] == 2.5
    assert {"extract", "detect", "mask"} <= known.measured
    # One film of 1 s at 10 frames a second and 160 x 160 px, shown as long as its pictures last.
    assert known.decode == pytest.approx(1.5 / (0.0256 * 10), rel=0.01)
    told_of = {one["tool"]: one["measured"] for one in as_json(base)["lines"]}  # type: ignore[attr-defined]
    assert told_of["mask"]


@pytest.mark.parametrize(("files", "learned"), [(4, False), (5, True)])
def test_of_fewer_than_five_nothing_is_learned(base: Path, files: int, learned: bool) -> None:
    for number in range(files - 3):
        Image.new("RGB", (64, 64), (number, 9, 9)).save(base / "00_raw_photos" / f"{number}.png")
    (base / "config.toml").write_text("[intake]\nmin_side = 32\n")
    run(base, deed("intake"))
    change(base, "update outcome set seconds = 7.0")
    assert rates(base).seconds["intake"] == (7.0 if learned else SECONDS["intake"])
    assert ("intake" in rates(base).measured) == learned


def test_a_slices_rates_serve_the_workspace_above(base: Path) -> None:
    for number in range(5):
        Image.new("RGB", (64, 64), (number, 9, 9)).save(base / "00_raw_photos" / f"{number}.png")
    test = base / "data_TEST"
    copy(base, test.with_name("aside")).rename(test)
    (test / "config.toml").write_text("[intake]\nmin_side = 32\n")
    run(test, deed("intake"))
    change(test, "update outcome set seconds = 7.0")
    known = rates(base)
    assert (known.source, known.seconds["intake"]) == (test, 7.0)
    assert f"Rates are those of the slice, {test}." in told(base).splitlines()


def test_what_intake_knows_is_not_opened_again(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / "config.toml").write_text("[intake]\nmin_side = 32\n")
    run(base, deed("intake"))
    opened: list[bytes] = []
    monkeypatch.setattr("tools.media.header.video_header", lambda path: opened.append(path) or Header(1, 1))
    before = survey(base)
    assert opened == []
    assert before[2].header == Header(64, 64, 1.25, 20.0)
    os.utime(base / "00_raw_videos" / "a.mp4", (5, 5))
    survey(base)
    assert [os.path.basename(path) for path in opened] == [b"a.mp4"]


@pytest.mark.parametrize(
    ("number", "expected"), [(7, "7"), (99.4, "99"), (4920, "4,900"), (4960, "5,000"), (123456, "120,000")]
)
def test_no_more_digits_than_are_known(number: float, expected: str) -> None:
    assert about(number) == expected


@pytest.mark.parametrize(
    ("found", "workers", "said"),
    [
        (
            Forecast(50, 0, 0, 2460.0, 4920, 40, 840.0, 3_000_000_000, []),
            8,
            "50 videos (41 min 0 s of film): about 4,900 frames; about 14 min 0 s with 8 workers; 3.0 GB.",
        ),
        (
            Forecast(3, 3, 0, 14.2, 33, 33, 41.0, 56_000_000, []),
            2,
            "3 videos and 3 photos (14 s of film): about 33 frames; about 41 s with 2 workers; 56 MB.",
        ),
        (Forecast(0, 1, 0, 0.0, 1, 1, 4.0, 900, []), 1, "1 photo: about 1 frame; about 4 s with 1 worker; 900 bytes."),
        (
            Forecast(0, 0, 2, 0.0, 0, 0, 4.0, 0, []),
            1,
            "Nothing that opens: about 0 frames; about 4 s with 1 worker; 0 bytes.",
        ),
    ],
)
def test_the_sentence(found: Forecast, workers: int, said: str) -> None:
    assert sentence(found, workers) == said


def test_the_time_is_that_of_as_many_workers_as_the_run_gets(base: Path) -> None:
    seconds = {}
    for jobs, workers in (("0", "1 worker"), ("1", "1 worker"), ("2", "2 workers")):
        done = make("estimate", base=base, env={"JOBS": jobs})
        assert f" with {workers}; " in done.stdout.splitlines()[0]
        lines = json.loads(told(base, "--workers", jobs, "--json"))["lines"]
        seconds[jobs] = {one["tool"]: one["seconds"] for one in lines}
    assert seconds["1"] == seconds["0"]
    alone = ("select", "package")
    assert seconds["2"] == pytest.approx({tool: s / (1 if tool in alone else 2) for tool, s in seconds["1"].items()})


def test_make_gives_it_as_json(base: Path) -> None:
    for word, tabular in (("1", False), ("0", True), ("", True)):
        done = make("estimate", f"JSON={word}", base=base, env={"JOBS": "1"})
        assert done.returncode == 0
        assert done.stdout.startswith("{") is not tabular
    asked = json.loads(make("estimate", "JSON=1", base=base, env={"JOBS": "1"}).stdout)
    assert asked == json.loads(told(base, "--workers", "1", "--json")) | {"free_bytes": asked["free_bytes"]}


@pytest.mark.parametrize(("free", "short"), [(1000, False), (999, True)])
def test_too_little_disk_is_told(free: int, short: bool) -> None:
    found = Forecast(1, 0, 0, 1.0, 1, 1, 1.0, 1000, [])
    lines = list(remarks(Path("data"), found, Rates(source=Path("data")), free))
    assert lines[0] == f"{'1.0 kB' if free == 1000 else '999 bytes'} of disk are free."
    assert lines[1:] == (
        ["That is too little by 1 bytes: make room, or take another disk with BASE=…"] if short else []
    )


def test_no_footage_and_hostile_names(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^There is no footage in .*00_raw_videos or .*: make estimate BASE="):
        told(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    (tmp_path / "00_raw_photos").mkdir()
    for name in forty(b".png"):
        path = tmp_path / "x.png"
        Image.new("RGB", (40, 30)).save(path)
        os.rename(path, os.path.join(os.fsencode(tmp_path / "00_raw_photos"), name))
    assert as_json(tmp_path)["photos"] == 40
    done = tool("estimate", base=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/clips is not there")
def test_real_clips(tmp_path: Path) -> None:
    folder = tmp_path / "00_raw_videos"
    folder.mkdir()
    for path in CLIPS.iterdir():
        (folder / path.name).symlink_to(path)
    headers = {one.file.path: one.header for one in survey(tmp_path)}
    dancer, singer = headers[b"street-dancer.avi"], headers[b"stage-performer.mp4"]
    assert dancer
    assert singer
    assert (dancer.width_px, dancer.height_px, dancer.frame_rate_hz) == (1280, 720, 50.0)
    assert dancer.duration_s == pytest.approx(4, abs=0.5)
    assert (singer.width_px, singer.height_px) == (640, 360)
    assert singer.duration_s == pytest.approx(9, abs=0.8)
    footage = footage_of(survey(tmp_path), 0)
    assert (len(footage.videos), footage.unread) == (3, 0)
