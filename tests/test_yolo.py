"""The engine yolo: right on the photographs it learned, the same in any batch, and a sentence for whatever is amiss."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from networks import POSE_FACTS, constant, person
from numpy.typing import NDArray

from tools.engines.protocols import DetectJob
from tools.media.geometry import Box
from tools.mill.settings import UsageError

if importlib.util.find_spec("ultralytics") is None or importlib.util.find_spec("torch") is None:
    pytest.skip("ultralytics and torch are not installed (LIGHT=1)", allow_module_level=True)

import torch

from tools.engines.yolo import Yolo
from tools.engines.yolo_file import chosen_device, telling

pytestmark = pytest.mark.filterwarnings("default")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
OVERFIT = SHARED / "models" / "yolo11n-pose-overfit.pt"
Rgb = NDArray[np.uint8]

real = pytest.mark.skipif(not OVERFIT.exists(), reason="the small network in ../shared is not there")


@dataclass(frozen=True)
class Settings:
    imgsz: int = 448
    device: str = "cpu"
    batch: int = 8


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def overfit() -> Yolo:
    return Yolo(Settings(), [OVERFIT], "digest")


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SHARED / "coco" / "annotations.json").read_text(encoding="utf-8"))
    return loaded


def photographs(drawn: dict[str, Any]) -> list[tuple[Rgb, list[Any]]]:
    found = []
    for image in drawn["images"]:
        pixels = cv2.imread(str(SHARED / "coco" / image["file_name"]))
        people = [each for each in drawn["annotations"] if each["image_id"] == image["id"] and each["num_keypoints"]]
        found.append((np.ascontiguousarray(pixels[..., ::-1], dtype=np.uint8), people))
    return found


def box_of(annotation: Any) -> Box:
    x, y, width, height = annotation["bbox"]
    return Box(x, y, x + width, y + height)


def opened(path: Path, **settings: Any) -> Yolo:
    return Yolo(Settings(**settings), [path], "digest")


def refusal(path: Path, **settings: Any) -> str:
    with pytest.raises(UsageError) as raised:
        opened(path, **settings)
    return str(raised.value)


# What it leaves alone


def test_pillow_and_opencv_stay_as_they_were(tmp_path: Path) -> None:
    """A picture that nobody can read is still that, and no package is asked for."""
    (tmp_path / "broken.heic").write_bytes(b"no picture")
    program = (
        "import cv2; from PIL import Image; cv2.setNumThreads(2); before = Image.open\n"
        "import tools.engines.yolo\n"
        f"try: Image.open({str(tmp_path / 'broken.heic')!r})\n"
        "except OSError as error: print(type(error).__name__, Image.open is before, cv2.getNumThreads())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "UnidentifiedImageError True 2\n"


# What it finds


@real
def test_everybody_that_was_drawn_is_found_and_nobody_else(overfit: Yolo, drawn: dict[str, Any]) -> None:
    pictures = photographs(drawn)
    for found, (image, people) in zip(overfit.run([DetectJob(image) for image, _ in pictures]), pictures, strict=True):
        assert len(found) == len(people)
        for annotation in people:
            assert max(each.box.iou(box_of(annotation)) for each in found) > 0.8
        height, width = image.shape[:2]
        for each in found:
            assert each.source == "yolo"
            assert each.whole
            assert each.keypoints is not None
            assert len(each.keypoints) == 17
            assert each.box == each.box.clipped(width, height)
        assert [each.confidence for each in found] == sorted((each.confidence for each in found), reverse=True)


@real
def test_a_batch_finds_what_each_image_alone_shows(overfit: Yolo, drawn: dict[str, Any]) -> None:
    images = [image for image, _ in photographs(drawn)]
    images += [np.ascontiguousarray(image[:, ::-1]) for image in images]
    together = overfit.run([DetectJob(image) for image in images])
    for found, image in zip(together, images, strict=True):
        (alone,) = overfit.run([DetectJob(image)])
        assert len(alone) == len(found)
        for one, other in zip(alone, found, strict=True):
            assert np.allclose(one.box, other.box, atol=0.11)
            assert np.allclose(np.asarray(one.keypoints), np.asarray(other.keypoints), atol=0.11)


@real
def test_it_agrees_with_ultralytics_own_prediction(overfit: Yolo, drawn: dict[str, Any], tmp_path: Path) -> None:
    from ultralytics import YOLO

    theirs = YOLO(str(OVERFIT))
    for image, _ in photographs(drawn):
        (found,) = overfit.run([DetectJob(image, min_confidence=0.3)])
        (result,) = theirs.predict(
            image[..., ::-1].copy(), imgsz=448, conf=0.3, device="cpu", verbose=False, project=str(tmp_path)
        )
        assert np.allclose([each.box for each in found], result.boxes.xyxy.numpy(), atol=0.06)
        points = np.asarray([each.keypoints for each in found])
        assert np.allclose(points, result.keypoints.data.numpy(), atol=0.06)


@real
def test_who_is_less_probable_than_asked_is_left_out(overfit: Yolo, drawn: dict[str, Any]) -> None:
    image, _ = photographs(drawn)[3]
    (all_of_them,) = overfit.run([DetectJob(image, min_confidence=0.3)])
    bound = (all_of_them[1].confidence + all_of_them[2].confidence) / 2
    lenient, strict = overfit.run([DetectJob(image, min_confidence=0.3), DetectJob(image, min_confidence=bound)])
    assert lenient == all_of_them
    assert strict == all_of_them[:2]


@real
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 12000), (12000, 9000)])
def test_any_size_of_image_goes_through(overfit: Yolo, shape: tuple[int, int]) -> None:
    (found,) = overfit.run([DetectJob(np.zeros((*shape, 3), np.uint8))])
    assert found == []


@real
def test_no_images_are_no_question(overfit: Yolo) -> None:
    assert overfit.run([]) == []


def test_a_find_is_where_the_network_saw_it(tmp_path: Path) -> None:
    """640 x 320 goes in at half its size with 80 rows of grey above: back from there it is twice as large."""
    network = constant(tmp_path / "one.onnx", person((160.0, 160.0, 40.0, 60.0), 0.75), facts=POSE_FACTS)
    (found,) = opened(network, imgsz=320).run([DetectJob(np.zeros((320, 640, 3), np.uint8))])
    assert [(each.box, round(each.confidence, 3)) for each in found] == [(Box(280.0, 100.0, 360.0, 220.0), 0.75)]
    assert {(point.x, point.y) for point in found[0].keypoints or ()} == {(320.0, 160.0)}


# The device and its memory


def test_a_cuda_device_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    gpus = torch.cuda.device_count()
    device = f"cuda:{gpus}"
    network = constant(tmp_path / "one.onnx", person((160.0, 160.0, 40.0, 60.0), 0.75), facts=POSE_FACTS)
    assert refusal(network, imgsz=320, device=device) == (
        f"[detect] device is '{device}', but torch sees {gpus} CUDA devices here. Set it to auto or cpu, or mend the "
        "driver: `nvidia-smi` and `make doctor` say more."
    )


def test_a_device_that_is_none_is_a_sentence_that_lists_them() -> None:
    with pytest.raises(UsageError) as raised:
        chosen_device("gpu")
    assert str(raised.value) == (
        "[detect] device is 'gpu', which is none. There are: auto, cpu, mps, cuda, cuda:0, cuda:1 …."
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")
def test_a_gpu_computes_in_half_precision_and_finds_the_same(drawn: dict[str, Any], overfit: Yolo) -> None:
    gpu = opened(OVERFIT, device="auto")
    assert gpu.device == "cuda:0, half precision"
    for image, _ in photographs(drawn):
        (ours,), (theirs,) = gpu.run([DetectJob(image)]), overfit.run([DetectJob(image)])
        assert len(ours) == len(theirs)
        assert all(max(one.box.iou(other.box) for other in theirs) > 0.9 for one in ours)


@real
def test_out_of_memory_halves_the_batch_and_goes_on(
    drawn: dict[str, Any], overfit: Yolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, _ = photographs(drawn)[0]
    expected = overfit.run([DetectJob(image)])
    small = opened(OVERFIT, batch=8)
    seen: list[int] = []
    whole = small._forward

    def with_room_for_two(images: list[Rgb], least: float) -> list[NDArray[np.float32]]:
        seen.append(len(images))
        if len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return whole(images, least)

    monkeypatch.setattr(small, "_forward", with_room_for_two)
    found = small.run([DetectJob(image)] * 7)
    assert seen == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert [len(each) for each in found] == [len(expected[0])] * 7


NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


@pytest.mark.parametrize("error", NO_MEMORY)
def test_a_device_that_is_full_before_anything_is_loaded_is_no_fault_of_the_file(error: Exception) -> None:
    with pytest.raises(UsageError) as raised, telling(Path("a.pt"), "cannot be loaded"):
        raise error
    assert str(raised.value) == (
        "The weights a.pt cannot be loaded: the device has too little memory left, which another program may hold. "
        "Take smaller weights, or set detect.device to cpu."
    )


@real
@pytest.mark.parametrize("error", NO_MEMORY)
def test_one_image_that_is_too_much_for_the_memory_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    small = opened(OVERFIT)

    def none(images: list[Rgb], least: float) -> list[NDArray[np.float32]]:
        raise error

    monkeypatch.setattr(small, "_forward", none)
    with pytest.raises(UsageError) as raised:
        small.run([DetectJob(np.zeros((8, 8, 3), np.uint8))])
    assert str(raised.value) == (
        "The device cpu has too little memory for yolo11n-pose-overfit.pt at 448 px. Lower detect.imgsz, take smaller "
        "weights, or set detect.device to cpu."
    )


# Weights that are not what they should be


@real
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_truncated_weights_are_a_sentence(tmp_path: Path, share: float) -> None:
    whole = OVERFIT.read_bytes()
    path = tmp_path / "cut.pt"
    path.write_bytes(whole[: int(share * len(whole))])
    told = refusal(path)
    assert told.startswith(f"The weights {path} cannot be loaded: ")
    assert told.endswith("Fetch them again with `make models`, or set [detect] weights to others.")


@pytest.mark.parametrize("name", ["picture.pt", "picture.onnx"])
def test_a_file_that_is_no_network_is_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    assert refusal(path).startswith(f"The weights {path} cannot be loaded: ")


@pytest.mark.parametrize(("task", "architecture"), [("detect", "yolo11n.yaml"), ("classify", "yolo11n-cls.yaml")])
def test_weights_for_another_task_are_a_sentence(tmp_path: Path, task: str, architecture: str) -> None:
    from ultralytics import YOLO

    path = tmp_path / "other.pt"
    YOLO(architecture, task=task).save(str(path))
    assert refusal(path) == (
        f"The weights {path} give no keypoints (their task is: {task}); the engine yolo needs a pose network of the "
        "17 COCO keypoints, such as yolo26m-pose.pt. Set [detect] weights to one."
    )


def test_the_newest_architecture_without_suppression_goes_through(tmp_path: Path) -> None:
    """YOLO26 has an end-to-end head: what it gives needs no suppression, and has another shape."""
    from ultralytics.nn.tasks import PoseModel

    torch.manual_seed(0)
    path, network = tmp_path / "yolo26n-pose.pt", PoseModel("yolo26n-pose.yaml", nc=1, verbose=False)
    network.names = {0: "person"}
    torch.save({"model": network, "train_args": {}}, path)
    (found,) = opened(path, imgsz=64).run([DetectJob(np.full((64, 64, 3), 128, np.uint8), min_confidence=0.0)])
    assert found, "an untrained network sees somebody at every probability"
    assert all(len(each.keypoints or ()) == 17 and each.box == each.box.clipped(64, 64) for each in found)


def test_an_export_of_another_size_is_a_sentence(tmp_path: Path) -> None:
    network = constant(tmp_path / "small.onnx", person((160.0, 160.0, 40.0, 60.0), 0.75), facts=POSE_FACTS)
    assert refusal(network, imgsz=448) == (
        f"The weights {network} were exported for pictures of 320 px and take no others. Set [detect] imgsz = 320."
    )


def test_a_size_off_the_networks_grid_is_a_sentence(tmp_path: Path) -> None:
    facts = POSE_FACTS | {"imgsz": "[330, 330]"}
    network = constant(tmp_path / "odd.onnx", person((160.0, 160.0, 40.0, 60.0), 0.75), (1, 3, 330, 330), facts)
    assert refusal(network, imgsz=330) == "[detect] imgsz is 330; odd.onnx needs a multiple of 32, such as 320."


def test_an_export_that_gives_another_shape_is_a_sentence(tmp_path: Path) -> None:
    network = constant(tmp_path / "odd.onnx", np.zeros((1, 84, 10)), facts=POSE_FACTS)
    assert refusal(network, imgsz=320) == (
        f"The weights {network} give an output of shape (1, 84, 10), which is no pose network's. Export them again "
        "with ultralytics."
    )


def test_an_export_that_takes_another_shape_is_a_sentence(tmp_path: Path) -> None:
    network = constant(tmp_path / "odd.onnx", person((1, 1, 1, 1), 0.5), (1, 1, 320, 320), POSE_FACTS)
    assert refusal(network, imgsz=320).startswith(f"The weights {network} do not run: ")


def test_a_network_that_gives_no_numbers_fails_the_image(tmp_path: Path) -> None:
    network = constant(tmp_path / "nan.onnx", np.full((1, 56, 3), np.nan), facts=POSE_FACTS)
    with pytest.raises(ArithmeticError) as raised:
        opened(network, imgsz=320)
    assert str(raised.value) == "The network nan.onnx gave values that are no numbers."


def test_a_tensorrt_engine_without_a_gpu_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "fast.engine"
    path.write_bytes(b"engine")
    assert refusal(path, device="cpu") == (
        f"The weights {path} are for an NVIDIA GPU, and the device is cpu. Set [detect] weights to a .pt."
    )


# Nothing in a file of weights runs


class Canary:
    """Unpickled the ordinary way it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("form", ["zip", "legacy", "bare", "in a real checkpoint"])
def test_nothing_in_a_pt_runs(tmp_path: Path, form: str) -> None:
    song, path = tmp_path / "it ran", tmp_path / "canary.pt"
    content: Any = {"model": Canary(song), "train_args": {}}
    if form == "in a real checkpoint":
        if not OVERFIT.exists():
            pytest.skip("the small network in ../shared is not there")
        content = torch.load(OVERFIT, map_location="cpu", weights_only=False) | {"train_args": Canary(song)}
    if form == "bare":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form != "legacy")
    assert refusal(path).startswith(f"The weights {path} cannot be loaded: ")
    assert not song.exists()
    # The canary does sing: loaded the ordinary way, the same file makes the folder.
    (pickle.loads(path.read_bytes()) if form == "bare" else torch.load(path, map_location="cpu", weights_only=False))
    assert song.is_dir()


def test_a_module_that_a_pt_names_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys
    import types

    made = types.ModuleType("framemill_canary")
    made.Thing = type("Thing", (), {"__module__": "framemill_canary"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "framemill_canary", made)
    path = tmp_path / "needs.pt"
    torch.save({"model": made.Thing()}, path)
    monkeypatch.delitem(sys.modules, "framemill_canary")
    started: list[Any] = []
    monkeypatch.setattr(subprocess, "check_output", lambda *args, **_: started.append(args))
    assert refusal(path).startswith(f"The weights {path} cannot be loaded: ")
    assert started == []


def test_ultralytics_is_told_to_send_and_install_nothing() -> None:
    from ultralytics import utils
    from ultralytics.utils.events import events

    assert utils.SAFE_LOAD
    assert not utils.AUTOINSTALL
    assert not utils.ONLINE
    assert not events.enabled
