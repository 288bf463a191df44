"""Pictures for tests, made from a real photograph that scikit-image carries."""

from __future__ import annotations

import importlib.util
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tools.media.errors import MediaError
from tools.media.image import read_rgb

Array = NDArray[Any]


def photograph() -> Array:
    """96x64x3 of a real photograph: the face of scikit-image's astronaut."""
    spec = importlib.util.find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    image = Image.open(Path(spec.origin).parent / "data" / "astronaut.png")
    return np.asarray(image.crop((170, 60, 290, 240)).resize((64, 96)))


PHOTO = photograph()
HEIGHT, WIDTH = PHOTO.shape[:2]


def saved(array: Array, kind: str, **options: Any) -> bytes:
    """The bytes of a picture file of Pillow's kind."""
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def put(folder: Path, data: bytes, name: str = "picture.png") -> bytes:
    """Write a file and return its raw path."""
    path = folder / name
    path.write_bytes(data)
    return os.fsencode(path)


def distance(found: Array, wanted: Array) -> float:
    """The largest difference of two pictures, of 255."""
    assert found.shape == wanted.shape
    assert found.dtype == np.uint8
    return float(np.abs(found.astype(float) - wanted).max())


def refusal(path: bytes, **options: float) -> tuple[str, str]:
    """The reason and the sentence for which a picture cannot be read."""
    with pytest.raises(MediaError) as caught:
        read_rgb(path, **options)
    return caught.value.reason, caught.value.detail
