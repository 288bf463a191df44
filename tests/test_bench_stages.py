"""The bench of the stages that run networks: its ratios, its floor, its peers, its workspaces. No figure is judged."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from workspaces import ask

from tools.bench import detect, floor, gpu, people, rembg_loop, stages
from tools.bench.programs import Spent, spent_on
from tools.bench.result import Line, Missing
from tools.bench.sizes import SMALL
from tools.media.image import read_rgb, read_rgba

shared = pytest.mark.skipif(not people.SHARED.exists(), reason="../shared is not there")
networks = pytest.mark.skipif(
    importlib.util.find_spec("ultralytics") is None or importlib.util.find_spec("rembg") is None,
    reason="ultralytics and rembg are not installed (LIGHT=1)",
)


def took(wall: float, cpu: float) -> Spent:
    return Spent(wall, cpu)


ROUNDS = [
    stages.Round(
        *(took(12.0, 20.0), took(2.0, 4.0), took(30.0, 24.0), took(5.0, 6.0)),
        {"forward pass": took(4.0, 8.0), "decoding": took(1.0, 2.0)},
    ),
    stages.Round(
        *(took(9.0, 19.0), took(3.0, 3.0), took(18.0, 27.0), took(6.0, 7.0)),
        {"forward pass": took(3.0, 9.0), "decoding": took(2.0, 1.0)},
    ),
    stages.Round(
        *(took(14.0, 33.0), took(4.0, 5.0), took(14.0, 30.0), took(4.0, 5.0)),
        {"forward pass": took(6.0, 8.5), "decoding": took(2.0, 1.5)},
    ),
]


PEER = stages.Peer("peer", lambda source, out: (), 1.5)


def test_the_best_of_each_side_counts_and_the_spread_is_within_rounds() -> None:
    lines = {line.name: line for line in stages.lines("mask", PEER, 40, ROUNDS)}
    assert next(iter(lines)) == "time by the floor's, without start-up, processors"
    work = lines["time by the floor's, without start-up, processors"]
    # (19 - 3) / (8 + 1); within rounds 16 / 10, 16 / 10, 28 / 10.
    assert (work.value, work.low, work.high) == (pytest.approx(16 / 9), 1.6, 2.8)
    assert (work.bound, work.at_least, work.judgement) == (1.15, False, "no, by 55 %")
    clock = lines["time by the floor's, without start-up"]
    assert (clock.value, clock.low, clock.high, clock.bound) == (pytest.approx(7 / 4), 1.2, 2.0, None)
    assert lines["time by the floor's, start-up too"].value == pytest.approx(9 / 4)
    assert lines["time by the floor's, start-up too, processors"].value == pytest.approx(19 / 9)
    times = lines["times as fast as peer, start-up too"]
    assert (times.value, times.low, times.high) == (pytest.approx(14 / 9), 1.0, 2.5)
    assert (times.bound, times.at_least, times.judgement) == (1.5, True, "yes")
    alone = lines["times as fast as peer, without start-up"]
    assert (alone.value, alone.bound) == (pytest.approx(10 / 7), None)
    assert lines["times as fast as peer, start-up too, processors"].value == pytest.approx(24 / 19)
    assert lines["times as fast as peer, without start-up, processors"].value == pytest.approx(19 / 16)


def test_the_seconds_behind_the_ratios_are_told() -> None:
    lines = [line for line in stages.lines("mask", PEER, 40, ROUNDS) if line.unit == "s"]
    assert [(line.name, line.value, line.low, line.high) for line in lines[:4]] == [
        ("python -m tools.mask, 40 images", 9.0, 9.0, 14.0),
        ("python -m tools.mask, 40 images, processors", 19.0, 19.0, 33.0),
        ("python -m tools.mask, few images", 2.0, 2.0, 4.0),
        ("python -m tools.mask, few images, processors", 3.0, 3.0, 5.0),
    ]
    assert [line.name for line in lines if "processors" not in line.name] == [
        "python -m tools.mask, 40 images",
        "python -m tools.mask, few images",
        "peer, 40 images",
        "peer, few images",
        "floor: forward pass",
        "floor: decoding",
    ]


def test_on_a_gpu_the_clock_is_held_to_the_floor() -> None:
    lines = {line.name: line for line in stages.lines("mask", PEER, 40, ROUNDS, "wall")}
    assert lines["time by the floor's, without start-up"].bound == 1.15
    assert lines["time by the floor's, without start-up, processors"].bound is None


def test_a_programs_processors_are_told_beside_the_clock() -> None:
    code = "import time; time.sleep(0.3)\nwhile time.process_time() < 0.3: pass"
    spent = spent_on((sys.executable, "-c", code))
    assert spent.wall >= 0.55, "the sleep and the loop"
    assert 0.3 <= spent.cpu < spent.wall - 0.25, "not the sleep"


def made(items: Sequence[float], out: str, more: float) -> floor.Part:
    """A part that sleeps as long as its items say together, and writes down what it did."""

    def part() -> None:
        time.sleep(sum(items) + more)
        with Path(out).open("a", encoding="utf-8") as file:
            file.write(json.dumps(items) + "\n")

    return part


def test_each_process_does_its_share_beside_the_others(tmp_path: Path) -> None:
    out = tmp_path / "done"
    with floor.crew(2) as crew:
        crew.hold("sleep", made, [0.1, 0.2, 0.3], str(out), 0.1)
        assert not out.exists(), "nothing is done before it is timed"
        spent = [crew.spent("sleep") for _ in range(2)]
    assert all(each.wall >= 0.5 for each in spent), "the longer share, with 0.1 s more"
    assert all(each.cpu < 0.2 for each in spent), "who sleeps takes no processor"
    assert sorted(out.read_text(encoding="utf-8").splitlines()) == ["[0.1, 0.3]"] * 2 + ["[0.2]"] * 2


def test_what_goes_wrong_in_a_process_is_said(tmp_path: Path) -> None:
    with floor.crew(1) as crew:
        crew.hold("decode", detect.decoding, [tmp_path / "nowhere.webp"])
        with pytest.raises(FileNotFoundError, match="nowhere"):
            crew.spent("decode")


@shared
def test_windows_differ_and_a_copy_leaves_its_workspace_alone(tmp_path: Path) -> None:
    base = tmp_path / "workspace"
    people.workspace(base, 8, "cpu", ("intake", "extract"))
    photos = sorted((base / "00_raw_photos").iterdir())
    assert len({photo.read_bytes() for photo in photos}) == 8
    assert {max(read_rgb(photo).shape[:2]) for photo in photos} == {people.SIDE_PX}
    assert ask(base, "select inputs, ok from funnel where tool = 'extract' and kind = 'frame'") == [(8, 8)]
    before = (base / "manifest.db").read_bytes()
    with people.fresh(base) as place:
        people.said(people.tool("intake", place, "--min-side", "99999", "--quiet"))
        assert ask(place, "select count(*) from outcome where status = 'rejected' and latest") == [(8,)]
    assert (base / "manifest.db").read_bytes() == before
    assert not place.exists()


def test_without_the_networks_it_says_what_is_lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "SHARED", tmp_path)
    with pytest.raises(Missing, match=rf"^{tmp_path}/coco is not there: the networks are measured on it$"):
        people.workspace(tmp_path / "workspace", 1, "cpu", ())


def test_peers_get_a_flat_folder_of_the_same_files(tmp_path: Path) -> None:
    files = [tmp_path / name / "same.webp" for name in "ba"]
    for file in files:
        file.parent.mkdir()
        file.write_text(file.parent.name, encoding="utf-8")
    folder = people.flat(files, tmp_path / "flat")
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    assert found == {"00000.webp": "b", "00001.webp": "a"}


@shared
@networks
@pytest.mark.filterwarnings("default")
def test_the_loop_of_rembg_writes_what_rembg_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("U2NET_HOME", str(people.PORTRAITS.parent.resolve()))
    source = people.flat(sorted((people.SHARED / "coco").glob("*.jpg"))[:1], tmp_path / "source")
    out = tmp_path / "out"
    out.mkdir()
    rembg_loop.main("u2net_custom", str(people.PORTRAITS.resolve()), str(source), str(out))
    (picture,) = source.iterdir()
    (cutout,) = out.iterdir()
    assert cutout.name == "00000.png"
    alpha = read_rgba(cutout)[..., 3]
    assert alpha.shape == read_rgb(picture).shape[:2]
    assert 0 < (alpha > 127).mean() < 1


@networks
def test_without_a_gpu_one_line_says_so(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA GPU")
    (line,) = gpu.measure(tmp_path, SMALL)
    assert line == Line(
        "detect and mask on a CUDA GPU", None, "ratio", missing="torch sees no CUDA GPU on this machine"
    )
    assert line.judgement == ""
