"""rembg's sessions, watched: fed by us, and asked for no more than the one output that counts.

rembg stretches every output to black and white, so that a network which saw nobody seems to have seen somebody, and one
that saw nothing but zeros divides by zero. What comes out is looked at before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

EVEN = 1e-6
"""Outputs that differ by less say nothing about where anybody is."""


class Flat(Exception):
    """The network saw nobody, or nothing but one person. full: which of the two."""

    def __init__(self, full: bool) -> None:
        super().__init__("The mask is full." if full else "The mask is empty.")
        self.full = full


class Watched:
    """An onnxruntime session that answers with its first output alone, once that has been looked at."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._first = [session.get_outputs()[0].name]
        self.providers: list[str] = session.get_providers()

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def get_providers(self) -> list[str]:
        return self.providers

    def run(self, _names: Any, feed: Any) -> list[NDArray[np.floating[Any]]]:
        """Raises Flat, ArithmeticError for values that are no numbers, ValueError for a shape that is no mask's."""
        (out,) = self._session.run(self._first, feed)
        if out.ndim != 4 or out.shape[0] != 1 or min(out.shape) == 0:
            raise ValueError(f"its output has the shape {out.shape}, a mask 1 x 1 x height x width")
        if not np.isfinite(out).all():
            raise ArithmeticError("The mask network gave values that are no numbers.")
        if out.shape[1] == 1:
            _look(out)
        return [out]


def _look(out: NDArray[np.floating[Any]]) -> None:
    """Raise Flat where nobody is likely anywhere, or everywhere. The network gives probabilities, or log odds."""
    least, most = float(out.min()), float(out.max())
    middle = 0.5 if least > -1e-3 and most < 1.0 + 1e-3 else 0.0
    if most <= middle or least > middle or most - least < EVEN:
        raise Flat(least > middle)


def _scaled(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture at that width and height: halved as often as it can be, which takes a tenth of the time of the mean
    of an uneven area, and the rest between pixels."""
    while min(picture.shape[1] / size[0], picture.shape[0] / size[1]) >= 2.0:
        half = picture.shape[1] // 2, picture.shape[0] // 2
        picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    across, down = picture.shape[1] / size[0], picture.shape[0] / size[1]
    if max(across, down) > 2.0:
        method = cv2.INTER_AREA
    else:
        method = cv2.INTER_LINEAR if max(across, down) > 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, size, interpolation=method), dtype=np.uint8)


def quick(kind: type[Any], files: Sequence[Path]) -> type[Any]:
    """rembg's session class of a model, over these files, that takes the picture from its attribute `picture`.

    size: width and height of the network's picture, once one has gone through; blank: an image of that size.
    """

    class Quick(kind):  # type: ignore[misc]
        picture: NDArray[np.uint8]
        size = (1, 1)
        blank = Image.new("L", (1, 1))

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            if inner := getattr(self, "inner_session", None):
                self.inner_session = Watched(inner)

        @classmethod
        def download_models(cls, *_args: Any, **_options: Any) -> Any:
            return tuple(map(str, files)) if len(files) > 1 else str(files[0])

        def normalize(self, _img: Any, mean: Any, std: Any, size: tuple[int, int], *_args: Any, **_options: Any) -> Any:
            """As rembg's, in single precision: scaled, divided by the brightest value, normalised; 1 x 3 x h x w."""
            if self.size != size:
                self.size, self.blank = size, Image.new("L", size)
            small = _scaled(self.picture, size)
            brightest = max(int(small.max()), 1)
            values = np.empty((1, 3, size[1], size[0]), dtype=np.float32)
            for plane, level, middle, spread in zip(values[0], cv2.split(small), mean, std, strict=True):
                np.multiply(level, np.float32(1.0 / (brightest * spread)), out=plane)
                plane -= np.float32(middle / spread)
            return {self.inner_session.get_inputs()[0].name: values}

    Quick.__name__ = kind.__name__
    return Quick
