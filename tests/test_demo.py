"""The demo footage is what it says: films with cuts, faces near and far, and four videos that intake turns away."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import dlib
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from skimage import data

from tools import demo, intake
from tools.media.camera import FPS, Film
from tools.media.place import GARDEN, YARD, place
from tools.mill.plan import FOLDERS
from tools.mill.tool import Bench, Dataset, Result

FULL = all(importlib.util.find_spec(name) for name in ("ultralytics", "matplotlib"))
full_only = pytest.mark.skipif(not FULL, reason="ultralytics, which carries two of the pictures, is not installed")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "work: space"
    demo.make_footage(place)
    return place


def contents(base: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(base)): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def video(base: Path, name: str) -> Path:
    return base / FOLDERS["video"] / name


def decode(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(f"file:{path}") as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def looked_at(base: Path, kind: str, path: Path) -> Result:
    row = {"item_id": 1, "kind": kind, "address": "a" * 32, "folder": FOLDERS[kind], "raw_path": path.name.encode()}
    return intake.work(row, Bench(base, intake.Params(), Dataset()))


@full_only
def test_what_there_is(base: Path) -> None:
    assert sorted(contents(base)) == [
        "00_background_library/garden.webp",
        "00_background_library/rocket.jpg",
        "00_background_library/yard.webp",
        "00_raw_photos/astronaut.png",
        "00_raw_photos/grace_hopper.jpg",
        "00_raw_videos/broken off.mp4",
        "00_raw_videos/medley.webm",
        "00_raw_videos/only text.mp4",
        "00_raw_videos/portrait.mp4",
        "00_raw_videos/same as portrait.mp4",
        "00_raw_videos/street.mp4",
        "00_raw_videos/too small.mp4",
        "00_raw_videos/touchline.mp4",
    ]
    assert sum(map(len, contents(base).values())) < 8_000_000
    assert sorted(path.name for path in base.iterdir()) == sorted(FOLDERS.values())


@full_only
def test_intake_takes_the_good_and_tells_the_bad(base: Path) -> None:
    bounds = {limit.key: limit.default for limit in intake.LIMITS}
    for film in demo.films():
        result = looked_at(base, "video", video(base, film.name))
        assert result.verdict == intake.OK
        facts = result.facts
        assert (facts["width_px"], facts["height_px"]) == (film.width_px, film.height_px)
        assert facts["duration_s"] == pytest.approx(sum(shot.seconds for shot in film.shots), abs=0.001)
        small = result.measures["short_side_px"] < bounds["min_side"]
        assert small == (film.name == "too small.mp4")
    codecs = {film.name: looked_at(base, "video", video(base, film.name)).facts["codec"] for film in demo.films()}
    assert (codecs["portrait.mp4"], codecs["medley.webm"]) == ("h264", "vp9")
    broken = looked_at(base, "video", video(base, "broken off.mp4"))
    assert broken.measures["missing_share"] > bounds["max_missing"]
    assert looked_at(base, "video", video(base, "only text.mp4")).verdict.reason == "impostor"
    assert video(base, "same as portrait.mp4").read_bytes() == video(base, "portrait.mp4").read_bytes()
    for kind in ("photo", "background"):
        for path in (base / FOLDERS[kind]).iterdir():
            assert looked_at(base, kind, path).verdict == intake.OK


def cuts(film: Film) -> list[int]:
    """The first frame of each shot but the first that does not begin where the last one ended."""
    found, frame = [], 0
    for before, after in pairwise(film.shots):
        frame += round(before.seconds * FPS)
        if before.picture != after.picture or before.end != after.start:
            found.append(frame)
    return found


@full_only
def test_cuts_are_where_they_should_be_and_nowhere_else(base: Path) -> None:
    for film in demo.films()[:4]:
        frames = decode(video(base, film.name))
        assert len(frames) == sum(round(shot.seconds * FPS) for shot in film.shots)
        small = [frame[::8, ::8].astype(float) for frame in frames]
        steps = np.array([np.abs(after - before).mean() for before, after in pairwise(small)])
        # A whip pan changes much too, but no more than the frame before it or after it.
        jumps = [
            i + 1 for i, step in enumerate(steps) if step > 20 and step > 3 * np.median(steps[max(0, i - 3) : i + 4])
        ]
        assert jumps == cuts(film), film.name


@full_only
def test_faces_are_found_near_and_far(base: Path) -> None:
    detector = dlib.get_frontal_face_detector()
    shares = []
    for film in demo.films()[:4]:
        for frame in decode(video(base, film.name))[6::25]:
            shares += [face.height() / frame.shape[0] for face in detector(frame, 1)]
    assert len(shares) >= 12
    assert min(shares) < 0.10  # of the frame, which a far person's crop is a part of
    assert max(shares) > 0.45
    assert any(0.15 < share < 0.30 for share in shares)


@full_only
def test_the_same_every_time_also_after_a_killed_run(base: Path, tmp_path: Path) -> None:
    left = tmp_path / demo.PART / FOLDERS["video"] / "half.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    made = demo.make_footage(tmp_path)
    assert contents(tmp_path) == contents(base)
    assert sorted(str(path.relative_to(tmp_path)) for path in made) == sorted(contents(base))


def test_a_light_installation_still_gets_films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("ultralytics", "matplotlib"):
        monkeypatch.setitem(sys.modules, package, None)
    demo.make_footage(tmp_path)
    names = sorted(path.name for path in (tmp_path / FOLDERS["video"]).iterdir())
    assert names == [
        "broken off.mp4",
        "medley.webm",
        "only text.mp4",
        "portrait.mp4",
        "same as portrait.mp4",
        "too small.mp4",
    ]
    assert looked_at(tmp_path, "video", video(tmp_path, "medley.webm")).verdict == intake.OK


@pytest.mark.parametrize("kind", FOLDERS)
def test_never_beside_a_users_file(tmp_path: Path, kind: str) -> None:
    own = tmp_path / FOLDERS[kind] / "NAME" / "mine.bin"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    answer = CliRunner().invoke(demo.demo, ["--base", str(tmp_path)])
    assert answer.exit_code == 0
    assert answer.output == f"{tmp_path} has sources of its own. Demo footage goes only where there are none.\n"
    assert contents(tmp_path) == {str(own.relative_to(tmp_path)): b"mine"}
    with pytest.raises(FileExistsError, match="has sources of its own"):
        demo.make_footage(tmp_path)


def test_nothing_heavy_is_imported_to_find_the_pictures(tmp_path: Path) -> None:
    (tmp_path / FOLDERS["photo"]).mkdir()
    (tmp_path / FOLDERS["photo"] / "mine.png").write_bytes(b"mine")
    code = (
        "import sys\nfrom tools import demo\ndemo.find_pictures()\n"
        "demo.demo(['--base', sys.argv[1]], standalone_mode=False)\n"
        "print(sorted({'torch', 'ultralytics', 'cv2', 'numpy', 'av', 'skimage'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


def test_the_yard_is_a_calm_wall_above_a_floor_that_comes_closer() -> None:
    yard = place(data.gravel(), data.gravel(), YARD, 640, 480).astype(float).mean(axis=2)
    assert yard.shape == (480, 640)
    wall, far, near = yard[40:280], yard[320:360], yard[430:470]

    def grain(part: NDArray[Any]) -> float:
        """How far stones reach: the correlation of neighbours two columns apart."""
        return float(np.corrcoef(part[:, 2:].ravel(), part[:, :-2].ravel())[0, 1])

    assert wall.std() < 0.5 * near.std()
    assert wall.mean() > near.mean()
    assert grain(near) > grain(far) + 0.1


def test_the_garden_is_a_warm_wall_above_a_green_lawn() -> None:
    garden = place(data.gravel(), data.grass(), GARDEN, 640, 480).astype(float)
    red, green, blue = garden[20:280].mean(axis=(0, 1))
    assert red > green + 20 > blue + 40
    red, green, blue = garden[330:].mean(axis=(0, 1))
    assert green > red + 15 > blue + 30
