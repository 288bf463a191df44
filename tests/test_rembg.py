"""The engine rembg: what its networks see, of the person whose crop it is, and a sentence for whatever is amiss."""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from networks import constant, constants, greedy
from numpy.typing import NDArray

from tools.engines.protocols import MaskJob
from tools.media.geometry import Box, Keypoint
from tools.mill import gpus
from tools.mill.settings import UsageError

if importlib.util.find_spec("rembg") is None:
    pytest.skip("rembg is not installed (LIGHT=1)", allow_module_level=True)

from tools.engines import onnx_devices
from tools.engines.rembg_masks import Rembg, sam_prompt

pytestmark = pytest.mark.filterwarnings("default")

SHARED = Path(__file__).resolve().parents[2] / "shared"
PORTRAIT = SHARED / "models" / "portrait-u2net-320.onnx"
Rgb = NDArray[np.uint8]
real = pytest.mark.skipif(not PORTRAIT.exists(), reason="the portrait network in ../shared is not there")


@dataclass(frozen=True)
class Settings:
    model: str = "u2net_custom"
    device: str = "cpu"
    alpha_matting: bool = False
    matting_foreground: int = 240
    matting_background: int = 10
    matting_erode_px: int = 10
    post_process: bool = False


def opened(path: Path, **settings: Any) -> Rembg:
    return Rembg(Settings(**settings), [path], "digest")


def refusal(path: Path, **settings: Any) -> str:
    with pytest.raises(UsageError) as raised:
        opened(path, **settings)
    return str(raised.value)


def whole(image: Rgb, **more: Any) -> MaskJob:
    """Everybody in the picture is meant."""
    height, width = image.shape[:2]
    return MaskJob(image, Box(0.0, 0.0, width, height), whole=True, **more)


def blank(height: int, width: int) -> Rgb:
    return np.full((height, width, 3), 128, np.uint8)


def standing(left: int, right: int) -> NDArray[np.float32]:
    """A mask network's answer: an upright block from column `left` to `right` of 320, from head to foot."""
    mask = np.zeros((1, 1, 320, 320), np.float32)
    mask[..., 20:300, left:right] = 1.0
    return mask


def overlap(found: NDArray[np.bool_], drawn: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(found & drawn)) / max(1.0, float(np.count_nonzero(found | drawn)))


def test_its_networks_come_without_what_only_matting_needs() -> None:
    """numba takes two thirds of a worker's start; what needs the whole package still finds it."""
    code = (
        "import sys; from tools.engines.rembg_setup import sessions; found = sessions();"
        "print(len(found) > 10, 'numba' in sys.modules, 'rembg' in sys.modules, sessions() is found);"
        "from rembg.bg import post_process, sessions as theirs; print(theirs is found)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False", "True", "True"]


# What a network gives


def test_the_networks_mask_comes_out_at_the_size_of_the_crop(tmp_path: Path) -> None:
    engine = opened(constant(tmp_path / "net.onnx", standing(80, 240)))
    (alpha,) = engine.run([whole(blank(480, 640))])
    drawn = np.zeros((480, 640), bool)
    drawn[30:450, 160:480] = True
    assert alpha.shape == (480, 640)
    assert alpha.dtype == np.uint8
    assert overlap(alpha > 127, drawn) > 0.98


@pytest.mark.parametrize(
    ("answer", "opacity"),
    [
        (np.zeros((1, 1, 320, 320)), 0),
        (np.ones((1, 1, 320, 320)), 255),
        (np.linspace(0.0, 0.49, 320 * 320).reshape(1, 1, 320, 320), 0),
        (np.linspace(0.51, 1.0, 320 * 320).reshape(1, 1, 320, 320), 255),
        (np.linspace(-9.0, -0.1, 320 * 320).reshape(1, 1, 320, 320), 0),
        (np.linspace(0.1, 9.0, 320 * 320).reshape(1, 1, 320, 320), 255),
    ],
    ids=["zeros", "ones", "nobody is likely", "all is likely", "no log odds over 0", "all log odds over 0"],
)
def test_a_network_that_sees_nobody_or_nothing_else_is_not_stretched(tmp_path: Path, answer: Any, opacity: int) -> None:
    """rembg itself stretches every output from black to white, and divides by zero where all of it is the same."""
    (alpha,) = opened(constant(tmp_path / "net.onnx", answer)).run([whole(blank(50, 40))])
    assert alpha.shape == (50, 40)
    assert (alpha == opacity).all()


def test_a_network_that_gives_no_numbers_fails_with_a_sentence(tmp_path: Path) -> None:
    answer = standing(80, 240)
    answer[..., 0, 0] = np.nan
    with pytest.raises(ArithmeticError) as raised:
        opened(constant(tmp_path / "nan.onnx", answer))
    assert str(raised.value) == "The mask network gave values that are no numbers."


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (3, 12000), (12000, 2000)])
def test_any_size_of_crop_goes_through(tmp_path: Path, shape: tuple[int, int]) -> None:
    engine = opened(constant(tmp_path / "net.onnx", standing(80, 240)))
    (alpha,) = engine.run([whole(blank(*shape))])
    assert alpha.shape == shape


@real
def test_it_sees_what_rembg_itself_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scaled and enlarged in another way, the mask is the library's own."""
    from PIL import Image
    from rembg import new_session, remove

    monkeypatch.setenv("U2NET_HOME", str(PORTRAIT.parent))
    theirs = new_session("u2net_custom", model_path=str(PORTRAIT), providers=["CPUExecutionProvider"])
    ours = opened(PORTRAIT)
    for name in ("biden", "obama", "rose_leslie"):
        path = next((SHARED / "faces" / "known" / name).iterdir())
        image = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
        expected = np.asarray(remove(Image.fromarray(image), session=theirs, only_mask=True))
        (alpha,) = ours.run([whole(image)])
        assert overlap(alpha > 127, expected > 127) > 0.97


@real
def test_the_same_crop_gives_the_same_bytes_in_any_company() -> None:
    path = next((SHARED / "faces" / "known" / "obama").iterdir())
    image = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
    engine = opened(PORTRAIT)
    (alone,) = engine.run([whole(image)])
    first, _, second = engine.run([whole(image), whole(blank(64, 64)), whole(image)])
    assert alone.tobytes() == first.tobytes() == second.tobytes()


# Only the person whose crop it is


@pytest.fixture
def two() -> NDArray[np.float32]:
    """Two people side by side, who touch along column 160."""
    return standing(40, 280)


def painted() -> Rgb:
    """A picture in which the two wear different colours."""
    image = blank(320, 320)
    image[20:300, 40:160] = (200, 40, 40)
    image[20:300, 160:280] = (40, 40, 200)
    return image


LEFT, RIGHT = Box(40.0, 20.0, 160.0, 300.0), Box(160.0, 20.0, 280.0, 300.0)


@pytest.mark.parametrize(("mine", "theirs"), [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_of_two_people_only_the_one_is_kept(tmp_path: Path, two: Any, mine: Box, theirs: Box) -> None:
    engine = opened(constant(tmp_path / "net.onnx", two))
    (alpha,) = engine.run([MaskJob(painted(), mine, others=(theirs,), whole=True)])
    drawn = np.zeros((320, 320), bool)
    drawn[20:300, round(mine.x0) : round(mine.x1)] = True
    assert overlap(alpha > 127, drawn) > 0.93


def test_the_border_between_two_follows_the_picture(tmp_path: Path, two: Any) -> None:
    """The boxes meet at column 160, the colours at 180: the border is where the colours are."""
    image = painted()
    image[20:300, 160:180] = (200, 40, 40)
    engine = opened(constant(tmp_path / "net.onnx", two))
    (alpha,) = engine.run([MaskJob(image, LEFT, others=(RIGHT,), whole=True)])
    assert (alpha[150:250, 165:176] > 127).mean() > 0.9
    assert (alpha[150:250, 186:270] < 128).mean() > 0.9


def test_without_others_nobody_is_taken_away(tmp_path: Path, two: Any) -> None:
    engine = opened(constant(tmp_path / "net.onnx", two))
    (alpha,) = engine.run([MaskJob(painted(), Box(40.0, 20.0, 280.0, 300.0), whole=True)])
    assert overlap(alpha > 127, two[0, 0] > 0.5) > 0.98


def test_what_stands_apart_from_the_person_is_something_else(tmp_path: Path) -> None:
    answer = standing(40, 140)
    answer[..., 250:300, 290:315] = 1.0
    engine = opened(constant(tmp_path / "net.onnx", answer))
    (alpha,) = engine.run([MaskJob(blank(320, 320), Box(40.0, 20.0, 140.0, 300.0), whole=True)])
    assert (alpha[:, 280:] == 0).all()
    assert overlap(alpha > 127, standing(40, 140)[0, 0] > 0.5) > 0.95


@real
def test_on_photographs_the_neighbours_are_left_out() -> None:
    """COCO 196141: a man by a fence, whose crop shows the catcher's helmet before him."""
    drawn = json.loads((SHARED / "coco" / "annotations.json").read_text(encoding="utf-8"))
    people = {each["id"]: each for each in drawn["annotations"]}
    pixels = cv2.imread(str(SHARED / "coco" / "000000196141.jpg"))
    x0, y0, x1, y1 = 545, 70, 615, 230
    image = np.ascontiguousarray(pixels[y0:y1, x0:x1, ::-1])

    def box(identity: int) -> Box:
        x, y, width, height = people[identity]["bbox"]
        return Box(x - x0, y - y0, x + width - x0, y + height - y0).clipped(x1 - x0, y1 - y0)

    mask = np.zeros(pixels.shape[:2], np.uint8)
    for part in people[488308]["segmentation"]:
        cv2.fillPoly(mask, [np.asarray(part).reshape(-1, 2).round().astype(np.int32)], 1)
    person = mask[y0:y1, x0:x1] > 0
    engine = opened(PORTRAIT)
    job = MaskJob(image, box(488308), others=(box(1717641),), whole=True)
    everybody, one = engine.run([replace(job, others=()), job])
    assert overlap(one > 127, person) > overlap(everybody > 127, person) + 0.1


def test_segment_anything_gives_the_mask_of_the_one_it_is_asked_for(tmp_path: Path) -> None:
    """Encoder and decoder in the shapes of the real ones; the mask is the left half of the 1024 x 684 they work on."""
    encoder = constants(
        tmp_path / "sam.encoder.onnx", {"embedding": np.zeros((1, 256, 64, 64))}, {"input_image": (684, 1024, 3)}
    )
    masks = np.full((1, 1, 684, 1024), -1.0)
    masks[..., :342] = 1.0
    decoder = constants(
        tmp_path / "sam.decoder.onnx",
        {"masks": masks, "iou_predictions": np.zeros((1, 1)), "low_res_masks": np.zeros((1, 1, 256, 256))},
        {
            "image_embeddings": (1, 256, 64, 64),
            "point_coords": (1, "points", 2),
            "point_labels": (1, "points"),
            "mask_input": (1, 1, 256, 256),
            "has_mask_input": (1,),
            "orig_im_size": (2,),
        },
    )
    engine = Rembg(Settings("sam"), [encoder, decoder], "digest")
    points = tuple(Keypoint(100.0, 20.0 * index, 0.9) for index in range(17))
    (alpha,) = engine.run([MaskJob(blank(400, 400), Box(0.0, 0.0, 200.0, 400.0), keypoints=points, whole=True)])
    drawn = np.zeros((400, 400), bool)
    drawn[:, :200] = True
    assert overlap(alpha > 127, drawn) > 0.95


def test_segment_anything_is_asked_for_the_box_and_the_sure_keypoints() -> None:
    points = (Keypoint(10.0, 20.0, 0.9), Keypoint(30.0, 40.0, 0.49), Keypoint(50.0, 60.0, 0.5))
    job = MaskJob(blank(100, 100), Box(0.0, 10.0, 80.0, 90.0), keypoints=points)
    assert sam_prompt(job, 0.5) == [
        {"type": "point", "label": 1, "data": [5.0, 10.0]},
        {"type": "point", "label": 1, "data": [25.0, 30.0]},
        {"type": "rectangle", "label": 2, "data": [0.0, 5.0, 40.0, 45.0]},
    ]


# Options


def test_post_processing_makes_the_outline_hard(tmp_path: Path) -> None:
    answer = np.clip(np.linspace(-1.0, 2.0, 320), 0.0, 1.0)[None, None, None, :].repeat(320, axis=2)
    network = constant(tmp_path / "net.onnx", answer)
    (soft,) = opened(network).run([whole(blank(320, 320))])
    (hard,) = opened(network, post_process=True).run([whole(blank(320, 320))])
    assert len(np.unique(soft)) > 50
    assert set(np.unique(hard)) == {0, 255}


def test_alpha_matting_finds_the_soft_edge_that_the_mask_has_not(tmp_path: Path) -> None:
    """A blurred disc over a plain ground: the mask is a hard square around it, matting finds the disc's own opacity."""
    rows, columns = np.mgrid[0:320, 0:320]
    disc = np.clip((100.0 - np.hypot(rows - 160, columns - 160)) / 20.0 + 0.5, 0.0, 1.0)
    image = np.rint(disc[..., None] * (220, 60, 30) + (1 - disc[..., None]) * (20, 40, 160)).astype(np.uint8)
    answer = np.zeros((1, 1, 320, 320), np.float32)
    answer[0, 0] = np.hypot(rows - 160, columns - 160) < 103
    network = constant(tmp_path / "net.onnx", answer)
    (plain,) = opened(network).run([whole(image)])
    (matted,) = opened(network, alpha_matting=True, matting_erode_px=41).run([whole(image)])
    assert np.abs(matted / 255.0 - disc).mean() < 0.3 * np.abs(plain / 255.0 - disc).mean()
    assert np.abs(matted / 255.0 - disc).max() < 0.1


def test_where_nothing_is_sure_matting_leaves_the_mask(tmp_path: Path) -> None:
    network = constant(tmp_path / "net.onnx", standing(150, 156))
    job = whole(blank(320, 320))
    (plain,), (matted,) = (opened(network, alpha_matting=on, matting_erode_px=30).run([job]) for on in (False, True))
    assert plain.tobytes() == matted.tobytes()


def test_matting_a_huge_crop_stays_small(tmp_path: Path) -> None:
    network = constant(tmp_path / "net.onnx", standing(80, 240))
    (alpha,) = opened(network, alpha_matting=True).run([whole(blank(3000, 4000))])
    assert alpha.shape == (3000, 4000)


# Networks and devices that are not what they should be


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: constant(path, np.zeros((1, 1, 512, 512)), (1, 3, 512, 512)), "Got: 320 Expected: 512"),
        (lambda path: constant(path, np.zeros((1, 1, 320, 320)), (1, 4, 320, 320)), "Got: 3 Expected: 4"),
        (
            lambda path: constant(path, np.zeros((320, 320))),
            "its output has the shape (320, 320), a mask 1 x 1 x height",
        ),
        (lambda path: constant(path, np.zeros((1, 0, 320, 320))), "its output has the shape (1, 0, 320, 320)"),
        (lambda path: path.write_bytes(b""), ""),
        (lambda path: path.write_bytes(b"\x89PNG" + bytes(5000)), ""),
    ],
    ids=["larger pictures", "four channels", "no planes", "no mask", "empty file", "no network"],
)
def test_a_network_of_another_form_is_a_sentence(tmp_path: Path, make: Callable[[Path], Any], said: str) -> None:
    path = tmp_path / "odd.onnx"
    make(path)
    told = refusal(path)
    assert told.startswith(f"The network {path} does not run as rembg's u2net_custom: ")
    assert said in told
    assert told.endswith("Fetch it again with `make models`, or set [mask] model to the form that it has.")


def test_a_network_that_needs_more_memory_than_there_is_is_a_sentence(tmp_path: Path) -> None:
    path = greedy(tmp_path / "greedy.onnx")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    # Some systems promise any memory, and kill whoever takes it.
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (4 << 30), before[1]))
    try:
        told = refusal(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert told == (
        f"The device has too little memory for the network {path}. Set [mask] model to a smaller one, or [mask] device "
        "to cpu."
    )


@real
def test_a_truncated_network_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(PORTRAIT.read_bytes()[:100_000])
    assert refusal(path).startswith(f"The network {path} does not run as rembg's u2net_custom: ")


def test_any_form_of_networks_finds_its_own_size(tmp_path: Path) -> None:
    answer = np.zeros((1, 1, 1024, 1024), np.float32)
    answer[..., 100:900, 300:700] = 1.0
    for model in ("dis_custom", "isnet-general-use", "bria-rmbg"):
        engine = opened(constant(tmp_path / f"{model}.onnx", answer, (1, 3, 1024, 1024)), model=model)
        (alpha,) = engine.run([whole(blank(512, 512))])
        assert overlap(alpha > 127, answer[0, 0, ::2, ::2] > 0.5) > 0.98


def test_several_masks_of_one_picture_are_joined(tmp_path: Path) -> None:
    """The network for clothes tells upper, lower and whole-body ones apart: what is worn is all of them."""
    answer = np.zeros((1, 4, 768, 768), np.float32)
    answer[0, 0] = 0.5
    answer[0, 1, 100:300, 200:500] = 1.0
    answer[0, 2, 300:700, 200:500] = 1.0
    engine = opened(constant(tmp_path / "net.onnx", answer, (1, 3, 768, 768)), model="u2net_cloth_seg")
    (alpha,) = engine.run([whole(blank(768, 768))])
    assert overlap(alpha > 127, answer[0, 1:].max(axis=0) > 0.5) > 0.97


def test_a_cuda_device_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    import onnxruntime

    if gpus.found():
        pytest.skip("there is a GPU here")
    told = refusal(constant(tmp_path / "net.onnx", standing(80, 240)), device="cuda")
    if onnx_devices.CUDA in onnxruntime.get_available_providers():
        assert told == "[mask] device is 'cuda', but no NVIDIA GPU is seen here. Set it to auto or cpu."
    else:
        assert told == (
            f"[mask] device is 'cuda', but the installed onnxruntime {onnxruntime.__version__} runs on CPU alone. "
            "Remove .venv and `make all GPU=1`, or set it to auto or cpu."
        )


def test_a_device_that_onnxruntime_silently_left_is_a_sentence() -> None:
    import onnxruntime

    assert onnx_devices.used("auto", ["CPUExecutionProvider"], "[mask] device") == "CPU"
    assert (
        onnx_devices.used("cuda:1", ["CUDAExecutionProvider", "CPUExecutionProvider"], "[mask] device") == "CUDA, CPU"
    )
    with pytest.raises(UsageError) as raised:
        onnx_devices.used("cuda", ["CPUExecutionProvider"], "[mask] device")
    assert str(raised.value) == (
        "[mask] device is 'cuda', but onnxruntime fell back to CPU: the driver, CUDA or cuDNN do not fit onnxruntime "
        f"{onnxruntime.__version__}. Mend that, or set it to auto or cpu."
    )


def test_what_sends_pictures_away_is_no_provider() -> None:
    assert all("Azure" not in str(provider) for provider in onnx_devices.asked("auto"))


def test_nothing_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session runs the file that it was given, whatever lies in rembg's own folders."""
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "home"))
    opened(constant(tmp_path / "u2net.onnx", standing(80, 240)), model="u2net")
    assert not os.path.exists(tmp_path / "home")
