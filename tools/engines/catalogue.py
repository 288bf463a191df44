"""The models that engines run: which files each one is, where its library keeps them, on which terms it may be used.

Nothing heavy is imported here. A test holds the names against those that the installed rembg knows.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.engines.weights import required
from tools.mill.settings import UsageError

YOLO_SUFFIXES = (".pt", ".onnx", ".engine")

CUSTOM = ("u2net_custom", "dis_custom", "ben_custom")
"""rembg's forms for networks of the user's: `[mask] weights` names the file."""

REMOTE = ("withoutbg", "atlascloud")
"""rembg's models that send every picture to somebody's server."""

SAM = "sam_vit_b_01ec64"
"""The size of Segment Anything that rembg takes unless told otherwise."""


@dataclass(frozen=True)
class Terms:
    """On which terms something may be used. commercial: whether these allow it for money, without asking anybody.

    source: where that is said.
    """

    what: str
    licence: str
    commercial: bool
    note: str = ""
    source: str = ""


YOURS = "your own"

_U2NET, _DIS = "https://github.com/xuebinqin/U-2-Net", "https://github.com/xuebinqin/DIS"
_BIREFNET = "https://github.com/ZhengPeng7/BiRefNet"


def _birefnet(what: str) -> Terms:
    return Terms(what, "MIT", True, source=_BIREFNET)


MASK_MODELS = {
    "u2net": Terms("general objects, 320 px", "Apache-2.0", True, source=_U2NET),
    "u2netp": Terms("the same, small and rougher", "Apache-2.0", True, source=_U2NET),
    "u2net_human_seg": Terms("people, 320 px", "Apache-2.0", True, source=_U2NET),
    "u2net_cloth_seg": Terms(
        "clothes alone, 768 px", "MIT", True, source="https://github.com/levindabhi/cloth-segmentation"
    ),
    "silueta": Terms("general objects, u2net made smaller", "Apache-2.0", True, source=f"{_U2NET}/issues/295"),
    "isnet-general-use": Terms(
        "general objects, 1024 px", "Apache-2.0", True, "its training set has terms of its own", _DIS
    ),
    "isnet-anime": Terms(
        "drawn figures, 1024 px", "Apache-2.0", True, source="https://github.com/SkyTNT/anime-segmentation"
    ),
    "sam": Terms(
        "what the person's box and keypoints point at, 1024 px",
        "Apache-2.0",
        True,
        source="https://github.com/facebookresearch/segment-anything",
    ),
    "birefnet-general": _birefnet("general objects, 1024 px, fine edges"),
    "birefnet-general-lite": _birefnet("the same, smaller"),
    "birefnet-general-fp16": _birefnet("the same in half precision, for GPUs"),
    "birefnet-portrait": _birefnet("people, 1024 px, fine edges"),
    "birefnet-dis": _birefnet("objects with fine parts, 1024 px"),
    "birefnet-hrsod": _birefnet("objects in large pictures, 1024 px"),
    "birefnet-cod": _birefnet("hidden objects, 1024 px"),
    "birefnet-massive": _birefnet("general objects, 1024 px, more training data"),
    "bria-rmbg": Terms(
        "general objects, 1024 px",
        "CC BY-NC 4.0",
        False,
        "for money only by agreement with Bria AI",
        "https://huggingface.co/briaai/RMBG-2.0",
    ),
    "u2net_custom": Terms("your own network in u2net's form, 320 px", YOURS, True),
    "dis_custom": Terms("your own network in IS-Net's form, 1024 px", YOURS, True),
    "ben_custom": Terms("your own network in BEN's form, 1024 px", YOURS, True),
}
"""What `[mask] model` may be, in rembg's words."""

LANDMARKS = "dlib's 68 landmarks"

PACKAGES = {
    "ultralytics": Terms(
        "the engine yolo and its weights",
        "AGPL-3.0",
        False,
        "else by their enterprise licence",
        "https://www.ultralytics.com/license",
    ),
    "torch": Terms("what yolo runs on", "BSD-3-Clause", True, source="https://github.com/pytorch/pytorch"),
    "rembg": Terms(
        "the engine rembg",
        "MIT",
        True,
        "each of its models has terms of its own",
        "https://github.com/danielgatis/rembg",
    ),
    "onnxruntime": Terms("what rembg runs on", "MIT", True, source="https://github.com/microsoft/onnxruntime"),
    "google-genai": Terms(
        "the captioner vertex",
        "Apache-2.0",
        True,
        "the service is paid, under your contract with Google",
        "https://github.com/googleapis/python-genai",
    ),
    "openai": Terms(
        "the captioner openai",
        "Apache-2.0",
        True,
        "the server and its model have terms of their own",
        "https://github.com/openai/openai-python",
    ),
    "dlib-bin": Terms("faces", "BSL-1.0", True, source="https://github.com/davisking/dlib"),
    "face_recognition_models": Terms(
        "dlib's weights", "CC0-1.0", True, source="https://github.com/ageitgey/face_recognition_models"
    ),
    LANDMARKS: Terms(
        "view, open eyes and expression of a face",
        "CC0-1.0",
        False,
        "learned from iBUG 300-W, which is not for commercial use: detect.landmarks = false does without",
        "https://github.com/davisking/dlib-models",
    ),
    "opencv-python": Terms("people, GrabCut", "Apache-2.0", True, source="https://github.com/opencv/opencv"),
    "av": Terms(
        "decoding",
        "BSD-3-Clause",
        True,
        "with FFmpeg under LGPL-3.0; its wheels hold x264 and x265 too, GPL-2.0, that are not used here",
        "https://github.com/PyAV-Org/PyAV",
    ),
    "pillow": Terms("images", "MIT-CMU", True, source="https://github.com/python-pillow/Pillow"),
    "scikit-image": Terms("measurements", "BSD-3-Clause", True, source="https://github.com/scikit-image/scikit-image"),
    "datasette": Terms("the light table", "Apache-2.0", True, source="https://github.com/simonw/datasette"),
}
"""What the engines and their surroundings come from."""


class YoloSettings(Protocol):
    @property
    def weights(self) -> str: ...


class RembgSettings(Protocol):
    @property
    def model(self) -> str: ...

    @property
    def weights(self) -> str: ...


def check_weights(params: YoloSettings) -> None:
    """Raises UsageError where `[detect] weights` is of no kind that is read."""
    if not params.weights.endswith(YOLO_SUFFIXES):
        kinds = ", ".join(YOLO_SUFFIXES)
        raise UsageError(f"[detect] weights is {params.weights!r}; the engine yolo reads {kinds}, by the file's name.")


def yolo_files(params: YoloSettings, base: Path | None) -> tuple[Path, ...]:
    """The one file that `[detect] weights` names. Raises UsageError where it is missing or of no kind that is read."""
    check_weights(params)
    own = Path(params.weights).parent == Path() and params.weights.endswith(".pt")
    return (required(params.weights, base, "[detect] weights", library="ultralytics" if own else None),)


def check_model(params: RembgSettings) -> None:
    """Raises UsageError where `[mask] model` is none that runs here, or does not say which file it is."""
    model = params.model
    if model in REMOTE:
        raise UsageError(
            f"[mask] model is {model!r}, which sends every picture to a paid service. Framemill cuts out on this "
            f"machine alone: choose one of {', '.join(MASK_MODELS)}."
        )
    if model not in MASK_MODELS:
        raise UsageError(f"[mask] model is {model!r}, which is none. There are: {', '.join(MASK_MODELS)}.")
    if model in CUSTOM and not params.weights:
        raise UsageError(f"[mask] model is {model!r}: say in [mask] weights which ONNX file it is.")


def rembg_files(params: RembgSettings, base: Path | None) -> tuple[Path, ...]:
    """The files of the network that `[mask] model` names. Raises UsageError where one is missing, or there is none."""
    check_model(params)
    model = params.model
    if model in CUSTOM:
        return (required(params.weights, base, "[mask] weights", rembg_homes(model)),)
    more = rembg_homes(model)
    return tuple(required(name, base, "[mask] model", more, "rembg", model) for name in file_names(model))


def file_names(model: str) -> tuple[str, ...]:
    """What rembg calls the files of one of its own models."""
    return (f"{SAM}.encoder.onnx", f"{SAM}.decoder.onnx") if model == "sam" else (f"{model}.onnx",)


def rembg_homes(model: str) -> tuple[Path, ...]:
    """The folders in which rembg itself keeps a model, old and new."""
    data = os.environ.get("XDG_DATA_HOME")
    new = os.environ.get("U2NET_HOME") or os.environ.get("REMBG_HOME") or (f"{data}/rembg" if data else "~/.rembg")
    old = os.environ.get("U2NET_HOME") or f"{data or '~'}/.u2net"
    return Path(new).expanduser() / "models" / model, Path(old).expanduser()
