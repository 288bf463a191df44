"""Engines: found by name, identified without being loaded, and the builtin ones do what they promise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from cutouts import FACE, OUTLINE
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from tools import engines
from tools.engines.hog import Hog
from tools.engines.protocols import DetectJob, MaskJob, MatchJob
from tools.framing.detection import Detection
from tools.framing.finding import body_below, face_confidence, joined, merged_windows, people_confidence
from tools.media.geometry import Box, Keypoint
from tools.mill.settings import UsageError

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="module")
def astronaut() -> NDArray[np.uint8]:
    return np.ascontiguousarray(data.astronaut())


@pytest.fixture(scope="module")
def hog() -> Hog:
    return Hog()


@pytest.fixture
def cv2_threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def overlap(found: NDArray[np.bool_], drawn: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(found & drawn)) / float(np.count_nonzero(found | drawn))


# The registry


@pytest.mark.parametrize("kind", sorted(engines.ENGINES))
def test_an_engine_is_what_the_recipe_says_it_is(kind: str) -> None:
    name = engines.resolve(kind, "auto")
    engine = engines.load(kind, name)
    assert engines.identify(kind, name) == engines.EngineIdentity(engine.name, engine.digest)
    assert engines.load(kind, name) is engine


def test_an_unknown_engine_is_a_sentence_that_lists_what_exists() -> None:
    with pytest.raises(UsageError) as raised:
        engines.identify("mask", "rmbg")
    assert str(raised.value) == "[mask] engine is 'rmbg', which is none. There are: auto, rembg, builtin."


def test_missing_weights_are_a_sentence_that_says_what_to_do() -> None:
    with pytest.raises(UsageError) as raised:
        engines.weights_path("nobody.dat")
    assert str(raised.value) == (
        "The face weights nobody.dat are missing. They come with face_recognition_models: remove .venv and `make all`."
    )


def test_the_digest_of_an_engine_with_weights_is_that_of_its_files() -> None:
    import hashlib

    files = [engines.FACE_LANDMARKS, engines.FACE_EMBEDDING]
    parts = ["faces-2", *(hashlib.sha256(engines.weights_path(file).read_bytes()).hexdigest() for file in files)]
    assert engines.identify("embed", "builtin").digest == hashlib.sha256("\n".join(parts).encode()).hexdigest()


def test_onnxruntime_reports_nothing_about_its_use(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    program = "import tools.engines, onnxruntime; onnxruntime.SessionOptions(); onnxruntime.get_available_providers()"
    environment = {name: text for name, text in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-P", "-c", program], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []  # it keeps a number of this machine and what it could not send yet


def test_a_command_that_has_nothing_to_do_loads_no_library() -> None:
    program = (
        "import sys, tools.engines, tools.detect, tools.embed, tools.match, tools.mask, tools.score\n"
        "from tools import engines\n"
        "for tool in (tools.detect, tools.embed, tools.match, tools.mask, tools.score): tool.Params()\n"
        "for kind in engines.ENGINES: engines.identify(kind, 'builtin')\n"
        "print([name for name in ('numpy', 'cv2', 'dlib', 'skimage', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# The detector


def test_a_face_brings_its_body(hog: Hog, astronaut: NDArray[np.uint8]) -> None:
    (person,) = hog.run([DetectJob(astronaut)])[0]  # the badge on her breast looks like a face and is none
    assert person.confidence > 0.9
    assert person.face is not None
    assert person.face.iou(Box(*FACE)) > 0.6
    drawn = Box(60, 10, 362, 511)
    assert person.box.common(drawn) > 0.95 * drawn.area
    assert person.source == "face"
    assert not person.whole


@pytest.mark.parametrize(("face_px", "found"), [(40, True), (24, False)])
def test_faces_are_found_from_forty_pixels_on(
    hog: Hog, astronaut: NDArray[np.uint8], face_px: int, found: bool
) -> None:
    scale = face_px / 100
    small = np.asarray(cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    assert bool(hog.faces(small, 40.0)) is found


def test_a_closer_look_finds_the_small_face_of_somebody_who_was_found(hog: Hog, astronaut: NDArray[np.uint8]) -> None:
    small = np.asarray(cv2.resize(astronaut, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA), np.uint8)
    face = hog.face_in(small, Box(18, 3, 109, 153 + 150))
    assert face is not None
    assert face.iou(Box(*FACE).scaled(0.3)) > 0.5
    assert hog.face_in(small, Box(110, 60, 150, 150)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (2000, 3), (40, 40), (300, 400)])
def test_where_nobody_is_nobody_is_found(hog: Hog, shape: tuple[int, int]) -> None:
    assert hog.run([DetectJob(np.full((*shape, 3), 127, np.uint8))]) == [[]]


def test_windows_that_agree_become_one() -> None:
    boxes = np.array([[0, 0, 10, 20], [1, 0, 11, 20], [50, 0, 60, 20]], dtype=np.float64)
    merged = merged_windows(boxes, np.array([1.0, 3.0, 2.0]))
    assert [(margin, support) for _, margin, support in merged] == [(3.0, 2), (2.0, 1)]
    assert merged[0][0] == pytest.approx((0.75, 0, 10.75, 20), abs=1e-5)
    assert merged[1][0] == pytest.approx((50, 0, 60, 20), abs=1e-5)


def test_confidence_grows_with_what_speaks_for_it() -> None:
    assert face_confidence(-0.1) == pytest.approx(0.5)
    assert face_confidence(-0.5) < 0.2 < 0.9 < face_confidence(0.6)
    assert people_confidence(1.0, 3) < 0.2 < 0.5 < people_confidence(1.0, 12) < people_confidence(2.5, 60)


def test_the_body_of_a_face_stays_in_the_frame() -> None:
    assert body_below(Box(100, 50, 200, 150), 1000, 2000) == pytest.approx((0, 0, 360, 1050))
    assert body_below(Box(500, 200, 600, 300), 1000, 1000) == pytest.approx((340, 145, 760, 1000))


def test_face_and_body_of_one_person_are_joined_and_parts_of_a_body_are_nobody() -> None:
    face = Detection(Box(0, 0, 200, 800), 0.8, "face", Box(80, 40, 120, 80), whole=False)
    own = Detection(Box(40, 30, 160, 420), 0.5, "people", slack=0.1)
    hand = Detection(Box(150, 300, 190, 380), 0.9, "people", slack=0.1)
    other = Detection(Box(500, 0, 600, 300), 0.7, "people", slack=0.1)
    both, alone = joined([face], [own, hand, other])
    assert alone == other
    assert (both.source, both.face, both.whole, both.slack) == ("face+people", face.face, True, 0.1)
    assert both.confidence == pytest.approx(0.9)
    assert both.box == (40, 0, 160, 420)


def test_a_people_box_that_ends_at_the_hips_gives_way_to_the_body_of_the_face() -> None:
    face = Detection(Box(0, 0, 200, 450), 0.8, "face", Box(80, 40, 120, 80), whole=False)
    trunk = Detection(Box(40, 30, 160, 340), 0.5, "people", slack=0.1)
    (both,) = joined([face], [trunk])
    assert (both.box, both.whole, both.slack) == (face.box, False, 0.0)


# The matcher


def test_one_person_is_nearer_to_herself_than_to_another_picture(astronaut: NDArray[np.uint8]) -> None:
    darker = (astronaut * 0.7).astype(np.uint8)
    job = MatchJob(astronaut, Box(*FACE))
    (first,), (again,), (dark,) = engines.load("embed", "builtin").run([job, job, MatchJob(darker)])
    assert first.embedding.shape == (128,)
    assert np.array_equal(first.embedding, again.embedding)
    assert np.linalg.norm(first.embedding - dark.embedding) < 0.4
    assert dark.box.iou(Box(*FACE)) > 0.6


def test_more_crops_of_a_face_bring_two_photographs_of_one_person_nearer(astronaut: NDArray[np.uint8]) -> None:
    small = np.asarray(cv2.resize(astronaut, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), np.uint8)
    jobs = [
        MatchJob(image, Box(*FACE).scaled(size), n) for n in (1, 6) for image, size in ((astronaut, 1), (small, 0.4))
    ]
    one, one_small, six, six_small = (found for (found,) in engines.load("embed", "builtin").run(jobs))
    apart = np.linalg.norm(six.embedding - six_small.embedding)
    assert apart < np.linalg.norm(one.embedding - one_small.embedding)
    assert one.spread is None
    assert six.spread is not None
    assert 0.0 < six.spread < 0.3


def test_a_picture_without_a_face_has_none() -> None:
    assert engines.load("embed", "builtin").run([MatchJob(np.zeros((300, 300, 3), np.uint8))]) == [[]]


# The masker


HERS = ((225, 30), (170, 90), (285, 80), (224, 120), (210, 165), (220, 205), (120, 300), (180, 400), (320, 300))
"""Columns and rows of the astronaut's hair, face, chin, collar, suit, badge and name plate."""

NOT_HERS = ((10, 200), (40, 40), (120, 100), (330, 60), (420, 120), (395, 230), (450, 300), (480, 430), (330, 170))
"""Flag, wall, space shuttle, table and helmet."""


def test_the_astronaut_is_cut_out_with_hair_and_collar_and_without_her_helmet(astronaut: NDArray[np.uint8]) -> None:
    drawn = np.zeros(astronaut.shape[:2], np.uint8)
    cv2.fillPoly(drawn, [np.array(OUTLINE, np.int32)], 1)  # roughly: the hair reaches beyond it
    job = MaskJob(astronaut, Box(40, 0, 390, 512), Box(*FACE), whole=False)
    (alpha,) = engines.load("mask", "builtin").run([job])
    assert alpha.shape == astronaut.shape[:2]
    assert alpha.dtype == np.uint8
    assert overlap(alpha > 127, drawn > 0) > 0.8
    assert [alpha[y, x] for x, y in HERS] == [255] * len(HERS)
    assert [alpha[y, x] for x, y in NOT_HERS] == [0] * len(NOT_HERS)
    assert 0.01 < np.mean((alpha > 0) & (alpha < 255)) < 0.1


def test_the_same_picture_gives_the_same_mask_on_any_number_of_threads(
    astronaut: NDArray[np.uint8], cv2_threads: None
) -> None:
    job = MaskJob(astronaut, Box(40, 0, 390, 512), Box(*FACE), whole=False)
    masks = []
    for threads in (1, 4, 1):
        cv2.setNumThreads(threads)
        cv2.setRNGSeed(threads)
        masks.append(engines.load("mask", "builtin").run([job])[0])
    assert np.array_equal(masks[0], masks[1])
    assert np.array_equal(masks[0], masks[2])


def two_figures() -> NDArray[np.uint8]:
    """Two equal figures on grass: each with head, trunk and legs in colours of its own, side by side."""
    picture = np.full((240, 240, 3), (70, 120, 60), np.uint8)
    noise = np.random.default_rng(0).integers(-12, 13, picture.shape)
    for x in (70, 170):
        cv2.circle(picture, (x, 50), 15, (205, 160, 130), -1)
        cv2.rectangle(picture, (x - 24, 66), (x + 24, 140), (180, 30, 40), -1)
        cv2.rectangle(picture, (x - 20, 141), (x + 20, 215), (30, 40, 120), -1)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def test_only_the_person_who_is_meant_is_cut_out() -> None:
    left, right = Box(44, 33, 96, 217), Box(144, 33, 196, 217)
    (alpha,) = engines.load("mask", "builtin").run([MaskJob(two_figures(), left, others=(right,))])
    drawn = np.zeros(alpha.shape, bool)
    drawn[66:216, 46:95] = True
    drawn[35:66, 55:86] = True
    assert overlap(alpha > 127, drawn) > 0.85
    assert not (alpha[:, 130:] > 127).any()


def test_keypoints_say_where_a_body_is() -> None:
    coco = [(0, 0, 0.0)] * 17
    for index, place in {0: (70, 50), 5: (90, 72), 6: (50, 72), 11: (84, 140), 12: (56, 140)}.items():
        coco[index] = (*place, 0.9)
    for index, place in {13: (84, 178), 14: (56, 178), 15: (84, 212), 16: (56, 212)}.items():
        coco[index] = (*place, 0.9)
    points = tuple(Keypoint(*point) for point in coco)
    (alpha,) = engines.load("mask", "builtin").run([MaskJob(two_figures(), Box(30, 20, 220, 225), keypoints=points)])
    inside = alpha > 127
    assert np.count_nonzero(inside[:, :110]) > 20 * np.count_nonzero(inside[:, 130:])


@pytest.mark.parametrize("shape", [(1, 1), (2, 60), (60, 2), (17, 23)])
def test_tiny_crops_break_nothing(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    (alpha,) = engines.load("mask", "builtin").run([MaskJob(picture, Box(0, 0, shape[1], shape[0]))])
    assert alpha.shape == shape


@pytest.mark.skipif(not (SHARED / "coco").is_dir(), reason="the photographs with hand-drawn outlines are not there")
def test_masks_of_photographs_agree_with_hand_drawn_ones(hog: Hog) -> None:
    notes = json.loads((SHARED / "coco" / "annotations.json").read_text())
    names = {image["id"]: image["file_name"] for image in notes["images"]}
    found = []
    for note in notes["annotations"]:
        if note["num_keypoints"] == 0:  # some twenty pixels of a bystander
            continue
        picture = np.asarray(Image.open(SHARED / "coco" / names[note["image_id"]]).convert("RGB"))
        beside = [each for each in notes["annotations"] if each["image_id"] == note["image_id"] and each is not note]
        found.append(overlap(*masks_of(picture, note, [boxed(each) for each in beside], hog)))
    assert len(found) == 12
    assert np.mean(found) > 0.70
    assert np.min(found) > 0.35


def boxed(note: dict[str, list[float]]) -> Box:
    x, y, width, height = note["bbox"]
    return Box(x, y, x + width, y + height)


def masks_of(
    picture: NDArray[np.uint8], note: dict[str, list[float]], others: list[Box], hog: Hog
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The builtin mask and the drawn one of a person whose true box is given, in the padded crop."""
    from tools.framing.crops import padded

    height, width = picture.shape[:2]
    box = boxed(note)
    crop = padded(box, width, height, 0.15, 0.25)
    drawn = np.zeros((height, width), np.uint8)
    for outline in note["segmentation"]:
        cv2.fillPoly(drawn, [np.rint(np.reshape(outline, (-1, 2))).astype(np.int32)], 1)
    face = hog.face_in(picture, box)
    moved = [each.moved(-crop.x0, -crop.y0) for each in (box, *others)]
    part = np.ascontiguousarray(picture[crop.y0 : crop.y1, crop.x0 : crop.x1])
    job = MaskJob(part, moved[0], face and face.moved(-crop.x0, -crop.y0), others=tuple(moved[1:]), whole=True)
    (alpha,) = engines.load("mask", "builtin").run([job])
    return alpha > 127, drawn[crop.y0 : crop.y1, crop.x0 : crop.x1] > 0
